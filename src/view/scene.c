/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.c - what picture and page both show: cells joined into countries, their colours, and where
 * their names stand.
 *
 * A country may lie in pieces, since neighbours in many dimensions need not be neighbours on the
 * map. Cells of one country that share an edge are one piece (union-find over the diagram's edges);
 * the name belongs into the largest.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/view.h"
#include "view/palette.h"
#include "view/region.h"
#include "view/scene.h"

#define MARGIN       0.08       /* of the map's larger side, on every side */
#define LEAST_ASPECT 0.5        /* a map of songs in one line still gets some height */
#define NO_CELL      UINT32_MAX /* beyond the box */

/* The scene as its owner sees it. The public struct comes first: destroy() casts back. */
struct own_scene {
    struct mm_scene scene;
    float *xy;
    uint32_t *cluster;
    struct mm_country *countries;
    struct mm_voronoi *voronoi;
    char **regions; /* [n_regions] names */
    size_t n_regions;
};

struct pieces {
    uint32_t *root;    /* [n_songs] a cell that stands for the piece */
    double *area;      /* [n_songs] of a cell; of the whole piece at its root */
    uint32_t *largest; /* [n_countries] root of the largest piece, NO_CELL without songs */
};

static int check_input(const struct mm_scene_input *input, struct mm_error *err)
{
    if (input->n_songs == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there are no songs to make a map of");
    if (input->n_songs >= UINT32_MAX / 8 || input->n_countries >= UINT32_MAX / 8)
        return mm_error_set(err, MM_ERR_LIMIT, "too many songs for one map");
    if (input->n_countries == 0)
        return mm_error_set(err, MM_ERR_USAGE, "a map needs at least one cluster");
    for (size_t i = 0; i < input->n_songs; i++) {
        if (input->cluster[i] >= input->n_countries)
            return mm_error_set(err, MM_ERR_INPUT, "song %zu is in cluster %u of %zu", i,
                                input->cluster[i], input->n_countries);
        if (!isfinite(input->xy[2 * i]) || !isfinite(input->xy[2 * i + 1]))
            return mm_error_set(err, MM_ERR_INPUT, "the place of song %zu is not a number", i);
    }
    for (size_t i = 0; i < input->n_countries && input->n_regions > 0; i++)
        if (input->region[i] >= input->n_regions)
            return mm_error_set(err, MM_ERR_INPUT, "cluster %zu is in region %u of %zu", i,
                                input->region[i], input->n_regions);
    return 0;
}

static int copy_regions(struct own_scene *own, const struct mm_scene_input *input)
{
    own->regions = mm_calloc3(input->n_regions, 1, sizeof *own->regions);
    if (!own->regions)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < input->n_regions; i++) {
        const char *given = input->region_names[i];
        own->regions[i] = mm_text_clean_utf8(given, strlen(given));
        if (!own->regions[i])
            return MM_ERR_NO_MEMORY;
        own->n_regions++;
    }
    for (size_t i = 0; i < input->n_countries && input->n_regions > 0; i++)
        own->countries[i].region = own->regions[input->region[i]];
    return 0;
}

static int copy_input(struct own_scene *own, const struct mm_scene_input *input)
{
    size_t n = input->n_songs;
    own->xy = mm_calloc3(n, 2, sizeof *own->xy);
    own->cluster = mm_calloc3(n, 1, sizeof *own->cluster);
    own->countries = mm_calloc3(input->n_countries, 1, sizeof *own->countries);
    if (!own->xy || !own->cluster || !own->countries)
        return MM_ERR_NO_MEMORY;
    memcpy(own->xy, input->xy, 2 * n * sizeof *own->xy);
    memcpy(own->cluster, input->cluster, n * sizeof *own->cluster);
    own->scene.n_countries = input->n_countries;
    own->scene.countries = own->countries;
    for (size_t i = 0; i < input->n_countries; i++) {
        const char *given = input->names && input->names[i] ? input->names[i] : "";
        char *name = mm_text_clean_utf8(given, strlen(given));
        if (name && !*name) {
            free(name);
            name = mm_format("Country %zu", i + 1);
        }
        if (!name)
            return MM_ERR_NO_MEMORY;
        own->countries[i].name = name;
    }
    for (size_t i = 0; i < n; i++)
        own->countries[own->cluster[i]].n_songs++;
    return copy_regions(own, input);
}

static struct mm_box make_box(const float *xy, size_t n)
{
    /* The fewer songs, the larger the cells: those at the rim shall be as large as the others. */
    struct mm_box box = mm_box_around(xy, n, fmin(0.05 + 0.8 / sqrt((double)n), 0.35));
    double width = box.x1 - box.x0;
    double height = box.y1 - box.y0;
    double more_x = fmax(LEAST_ASPECT * height - width, 0) / 2;
    double more_y = fmax(LEAST_ASPECT * width - height, 0) / 2;
    return (struct mm_box){box.x0 - more_x, box.y0 - more_y, box.x1 + more_x, box.y1 + more_y};
}

static double cell_area(const struct mm_voronoi *v, size_t cell)
{
    double twice = 0;
    uint32_t first = v->start[cell];
    const double *o = v->corners + 2 * (size_t)v->index[first];
    for (uint32_t i = first + 1; i + 1 < v->start[cell + 1]; i++) {
        const double *p = v->corners + 2 * (size_t)v->index[i];
        const double *q = v->corners + 2 * (size_t)v->index[i + 1];
        twice += (p[0] - o[0]) * (q[1] - o[1]) - (q[0] - o[0]) * (p[1] - o[1]);
    }
    return twice / 2;
}

static uint32_t find_root(uint32_t *root, uint32_t cell)
{
    while (root[cell] != cell) {
        root[cell] = root[root[cell]];
        cell = root[cell];
    }
    return cell;
}

static bool same_country(const struct own_scene *own, const struct mm_voronoi_edge *edge)
{
    return edge->right != NO_CELL && own->cluster[edge->left] == own->cluster[edge->right];
}

/* Joins cells to pieces, adds areas up, and finds each country's largest piece. */
static int make_pieces(struct own_scene *own, struct pieces *pieces)
{
    size_t n = own->scene.n_songs;
    const struct mm_voronoi *v = own->voronoi;
    pieces->root = mm_calloc3(n, 1, sizeof *pieces->root);
    pieces->area = mm_calloc3(n, 1, sizeof *pieces->area);
    pieces->largest = mm_calloc3(own->scene.n_countries, 1, sizeof *pieces->largest);
    if (!pieces->root || !pieces->area || !pieces->largest)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        pieces->root[i] = (uint32_t)i;
    for (size_t e = 0; e < v->n_edges; e++) {
        if (!same_country(own, v->edges + e))
            continue;
        uint32_t a = find_root(pieces->root, v->edges[e].left);
        uint32_t b = find_root(pieces->root, v->edges[e].right);
        pieces->root[a > b ? a : b] = a > b ? b : a;
    }
    for (size_t i = 0; i < n; i++)
        pieces->root[i] = find_root(pieces->root, (uint32_t)i);
    for (size_t i = 0; i < n; i++) {
        double area = cell_area(v, i);
        own->countries[own->cluster[i]].area += area;
        pieces->area[pieces->root[i]] += area; /* a root comes before its cells */
    }
    for (size_t c = 0; c < own->scene.n_countries; c++)
        pieces->largest[c] = NO_CELL;
    for (size_t i = 0; i < n; i++) {
        uint32_t *largest = pieces->largest + own->cluster[i];
        if (pieces->root[i] == i &&
            (*largest == NO_CELL || pieces->area[i] > pieces->area[*largest]))
            *largest = (uint32_t)i;
    }
    return 0;
}

static void finish_pieces(struct pieces *pieces)
{
    free(pieces->root);
    free(pieces->area);
    free(pieces->largest);
}

/* The country whose largest piece this cell belongs to, NO_CELL when to none. */
static uint32_t main_country(const struct own_scene *own, const struct pieces *pieces,
                             uint32_t cell)
{
    uint32_t country = own->cluster[cell];
    return pieces->largest[country] == pieces->root[cell] ? country : NO_CELL;
}

static struct mm_segment segment_of(const struct mm_voronoi *v, const struct mm_voronoi_edge *edge)
{
    const double *a = v->corners + 2 * (size_t)edge->a;
    const double *b = v->corners + 2 * (size_t)edge->b;
    return (struct mm_segment){a[0], a[1], b[0], b[1]};
}

/*
 * Collects the borders of the largest pieces: *segments of country c are start[c] .. start[c+1]-1.
 * start: [n_countries + 2] zeroed.
 */
static int outline_pieces(const struct own_scene *own, const struct pieces *pieces, size_t *start,
                          struct mm_segment **segments)
{
    const struct mm_voronoi *v = own->voronoi;
    for (int fill = 0; fill < 2; fill++) {
        for (size_t e = 0; e < v->n_edges; e++) {
            const struct mm_voronoi_edge *edge = v->edges + e;
            if (same_country(own, edge))
                continue;
            for (int side = 0; side < 2; side++) {
                uint32_t cell = side ? edge->right : edge->left;
                uint32_t c = cell == NO_CELL ? NO_CELL : main_country(own, pieces, cell);
                if (c == NO_CELL)
                    continue;
                if (fill)
                    (*segments)[start[c + 1]++] = segment_of(v, edge);
                else
                    start[c + 2]++;
            }
        }
        if (fill)
            break;
        for (size_t c = 2; c <= own->scene.n_countries + 1; c++)
            start[c] += start[c - 1];
        *segments = mm_calloc3(start[own->scene.n_countries + 1], 1, sizeof **segments);
        if (!*segments)
            return MM_ERR_NO_MEMORY;
    }
    return 0;
}

/* The middle of the piece's root cell: cells are convex, so it is inside. */
static void middle_of_cell(const struct mm_voronoi *v, uint32_t cell, double *x, double *y)
{
    double n = v->start[cell + 1] - v->start[cell];
    *x = *y = 0;
    for (uint32_t i = v->start[cell]; i < v->start[cell + 1]; i++) {
        *x += v->corners[2 * (size_t)v->index[i]] / n;
        *y += v->corners[2 * (size_t)v->index[i] + 1] / n;
    }
}

static int place_names(struct own_scene *own, const struct pieces *pieces, struct mm_error *err)
{
    size_t *start = calloc(own->scene.n_countries + 2, sizeof *start);
    struct mm_segment *segments = NULL;
    int result = 0;
    if (!start || outline_pieces(own, pieces, start, &segments) < 0) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t c = 0; c < own->scene.n_countries && result == 0; c++) {
        struct mm_country *country = own->countries + c;
        country->x = (own->scene.box.x0 + own->scene.box.x1) / 2;
        country->y = (own->scene.box.y0 + own->scene.box.y1) / 2;
        if (pieces->largest[c] == NO_CELL)
            continue;
        struct mm_pole pole;
        double x;
        double y;
        middle_of_cell(own->voronoi, pieces->largest[c], &x, &y);
        result = mm_region_pole(segments + start[c], start[c + 1] - start[c], x, y, &pole, err);
        country->x = pole.x;
        country->y = pole.y;
        country->label_radius = pole.radius;
    }
out:
    free(segments);
    free(start);
    return result;
}

static int by_pair(const void *one, const void *two)
{
    const struct mm_border *a = one;
    const struct mm_border *b = two;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    if (a->b != b->b)
        return a->b < b->b ? -1 : 1;
    /* Equal pairs by length, so that the sum below does not depend on how qsort leaves them. */
    return (a->length > b->length) - (a->length < b->length);
}

/* Every pair of countries that touch, once, with the length of their border. */
static int list_borders(const struct own_scene *own, struct mm_border **out, size_t *count)
{
    const struct mm_voronoi *v = own->voronoi;
    struct mm_border *borders = mm_calloc3(v->n_edges, 1, sizeof *borders);
    size_t n = 0;
    if (!borders)
        return MM_ERR_NO_MEMORY;
    for (size_t e = 0; e < v->n_edges; e++) {
        if (v->edges[e].right == NO_CELL || same_country(own, v->edges + e))
            continue;
        uint32_t a = own->cluster[v->edges[e].left];
        uint32_t b = own->cluster[v->edges[e].right];
        struct mm_segment s = segment_of(v, v->edges + e);
        borders[n++] =
            (struct mm_border){a < b ? a : b, a < b ? b : a, hypot(s.x1 - s.x0, s.y1 - s.y0)};
    }
    qsort(borders, n, sizeof *borders, by_pair);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && borders[kept - 1].a == borders[i].a && borders[kept - 1].b == borders[i].b)
            borders[kept - 1].length += borders[i].length;
        else
            borders[kept++] = borders[i];
    }
    *out = borders;
    *count = kept;
    return 0;
}

static int paint(struct own_scene *own, struct mm_error *err)
{
    size_t n = own->scene.n_countries;
    struct mm_border *borders = NULL;
    size_t n_borders = 0;
    uint32_t *colours = mm_calloc3(n, 1, sizeof *colours);
    int result;
    if (!colours || list_borders(own, &borders, &n_borders) < 0) {
        result = mm_no_memory(err);
        goto out;
    }
    result = mm_palette_assign(n, borders, n_borders, colours, &own->scene.close_pairs, err);
    for (size_t i = 0; i < n && result == 0; i++)
        own->countries[i].colour = colours[i];
out:
    free(borders);
    free(colours);
    return result;
}

int mm_scene_create(const struct mm_scene_input *input, struct mm_scene **out, struct mm_error *err)
{
    return mm_scene_create_in_box(input, NULL, out, err);
}

int mm_scene_create_in_box(const struct mm_scene_input *input, const struct mm_box *box,
                           struct mm_scene **out, struct mm_error *err)
{
    *out = NULL;
    int result = check_input(input, err);
    if (result < 0)
        return result;
    struct pieces pieces = {0};
    struct own_scene *own = calloc(1, sizeof *own);
    if (!own)
        return mm_no_memory(err);
    if (copy_input(own, input) < 0) {
        result = mm_no_memory(err);
        goto out;
    }
    struct mm_scene *scene = &own->scene;
    scene->n_songs = input->n_songs;
    scene->xy = own->xy;
    scene->cluster = own->cluster;
    scene->box = box ? *box : make_box(own->xy, scene->n_songs);
    result = mm_voronoi_create(own->xy, scene->n_songs, &scene->box, &own->voronoi, err);
    if (result < 0)
        goto out;
    scene->voronoi = own->voronoi;
    if (make_pieces(own, &pieces) < 0) {
        result = mm_no_memory(err);
        goto out;
    }
    result = place_names(own, &pieces, err);
    if (result == 0)
        result = paint(own, err);
out:
    finish_pieces(&pieces);
    if (result < 0)
        mm_scene_destroy(&own->scene);
    else
        *out = &own->scene;
    return result;
}

void mm_scene_destroy(struct mm_scene *scene)
{
    struct own_scene *own = (struct own_scene *)scene;
    if (!own)
        return;
    for (size_t i = 0; own->countries && i < own->scene.n_countries; i++)
        free((char *)own->countries[i].name);
    free(own->countries);
    for (size_t i = 0; i < own->n_regions; i++)
        free(own->regions[i]);
    free(own->regions);
    free(own->xy);
    free(own->cluster);
    mm_voronoi_destroy(own->voronoi);
    free(own);
}
