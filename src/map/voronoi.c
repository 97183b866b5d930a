/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * voronoi.c - from positions to cells: snap to a fine grid, triangulate, clip, slice, join.
 *
 * The grid has 2^29 to 2^30 steps along the box's larger side. Most floats of a map lie on it, so
 * they lose nothing, and on integers every decision (left or right, inside a circle or not) is
 * exact: no input, however degenerate, can break the diagram.
 */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "map/cells.h"
#include "map/slices.h"
#include "musicmap/map.h"

struct grid {
    double x0, y0; /* of grid point 0, 0; multiples of step */
    double step;   /* a power of two */
    struct mm_box box;
};

struct site {
    struct mm_place place;
    uint32_t song;
};

struct places {
    size_t n;
    struct mm_place *at; /* [n] in order of (x, y) */
    double *apex;        /* [n][2] the same in the plane */
    uint32_t *first;     /* [n + 1] into song */
    uint32_t *song;      /* [songs] */
};

static struct grid make_grid(const struct mm_box *box)
{
    struct grid g;
    double width = box->x1 - box->x0;
    double height = box->y1 - box->y0;
    int exponent;
    frexp(width > height ? width : height, &exponent);
    g.step = ldexp(1, exponent - MM_GRID_BITS);
    g.x0 = floor(box->x0 / g.step) * g.step;
    g.y0 = floor(box->y0 / g.step) * g.step;
    g.box.x0 = (box->x0 - g.x0) / g.step;
    g.box.y0 = (box->y0 - g.y0) / g.step;
    g.box.x1 = (box->x1 - g.x0) / g.step;
    g.box.y1 = (box->y1 - g.y0) / g.step;
    return g;
}

/* The nearest grid point that lies in low .. high, the box's range. */
static int32_t snap(double value, double origin, double step, double low, double high)
{
    double at = rint((value - origin) / step);
    if (at > floor(high))
        at = floor(high);
    if (at < ceil(low))
        at = ceil(low);
    return (int32_t)at;
}

static int compare_sites(const void *one, const void *two)
{
    const struct site *a = one;
    const struct site *b = two;
    if (a->place.x != b->place.x)
        return a->place.x < b->place.x ? -1 : 1;
    if (a->place.y != b->place.y)
        return a->place.y < b->place.y ? -1 : 1;
    return (a->song > b->song) - (a->song < b->song);
}

static void places_finish(struct places *p)
{
    free(p->at);
    free(p->apex);
    free(p->first);
    free(p->song);
    *p = (struct places){0};
}

static int find_places(const float *xy, size_t n, const struct grid *g, struct places *out,
                       struct mm_error *err)
{
    *out = (struct places){0};
    int result = 0;
    struct site *sites = mm_calloc3(n, 1, sizeof *sites);
    out->at = mm_calloc3(n, 1, sizeof *out->at);
    out->apex = mm_calloc3(n, 2, sizeof *out->apex);
    out->first = mm_calloc3(n + 1, 1, sizeof *out->first);
    out->song = mm_calloc3(n, 1, sizeof *out->song);
    if (!sites || !out->at || !out->apex || !out->first || !out->song) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        sites[i].song = (uint32_t)i;
        sites[i].place.x = snap(xy[2 * i], g->x0, g->step, g->box.x0, g->box.x1);
        sites[i].place.y = snap(xy[2 * i + 1], g->y0, g->step, g->box.y0, g->box.y1);
    }
    qsort(sites, n, sizeof *sites, compare_sites);
    for (size_t i = 0; i < n; i++) {
        struct mm_place at = sites[i].place;
        out->song[i] = sites[i].song;
        if (i == 0 || at.x != out->at[out->n - 1].x || at.y != out->at[out->n - 1].y) {
            out->at[out->n] = at;
            out->apex[2 * out->n] = g->x0 + at.x * g->step;
            out->apex[2 * out->n + 1] = g->y0 + at.y * g->step;
            out->first[out->n++] = (uint32_t)i;
        }
    }
    out->first[out->n] = (uint32_t)n;

out:
    free(sites);
    if (result < 0)
        places_finish(out);
    return result;
}

/* From grid units to the caller's, the box's sides exactly. */
static void to_plane(struct mm_rings *rings, const struct grid *g, const struct mm_box *box)
{
    for (size_t i = 0; i < rings->n_corners; i++) {
        double *p = rings->corners + 2 * i;
        p[0] = p[0] == g->box.x0 ? box->x0 : p[0] == g->box.x1 ? box->x1 : g->x0 + p[0] * g->step;
        p[1] = p[1] == g->box.y0 ? box->y0 : p[1] == g->box.y1 ? box->y1 : g->y0 + p[1] * g->step;
    }
}

/* ---- corners that fell together by rounding become one ---- */

static uint32_t root_of(uint32_t *same, uint32_t i)
{
    while (same[i] != i) {
        same[i] = same[same[i]];
        i = same[i];
    }
    return i;
}

static void find_same(const struct mm_rings *rings, const double *corners, uint32_t *same)
{
    for (size_t i = 0; i < rings->n; i++) {
        size_t from = rings->start[i];
        size_t to = rings->start[i + 1];
        for (size_t k = from; k < to; k++) {
            uint32_t a = rings->index[k];
            uint32_t b = rings->index[k + 1 < to ? k + 1 : from];
            if (corners[2 * (size_t)a] != corners[2 * (size_t)b] ||
                corners[2 * (size_t)a + 1] != corners[2 * (size_t)b + 1])
                continue;
            a = root_of(same, a);
            b = root_of(same, b);
            same[a > b ? a : b] = a > b ? b : a;
        }
    }
}

/* Joins corners at one point, drops borders of no length and corners that nothing uses. */
static int tidy(struct mm_rings *rings, double *corners, size_t *n_corners, struct mm_error *err)
{
    uint32_t *same = mm_calloc3(*n_corners, 2, sizeof *same);
    if (!same)
        return mm_no_memory(err);
    uint32_t *number = same + *n_corners;
    for (size_t i = 0; i < *n_corners; i++) {
        same[i] = (uint32_t)i;
        number[i] = UINT32_MAX;
    }
    find_same(rings, corners, same);
    size_t used = 0;
    for (size_t i = 0; i < rings->n; i++) {
        size_t from = used;
        size_t begin = rings->start[i];
        rings->start[i] = (uint32_t)from;
        for (size_t k = begin; k < rings->start[i + 1]; k++) {
            uint32_t at = root_of(same, rings->index[k]);
            if (used == from || rings->index[used - 1] != at)
                rings->index[used++] = at;
        }
        while (used > from + 1 && rings->index[used - 1] == rings->index[from])
            used--;
    }
    rings->start[rings->n] = (uint32_t)used;
    for (size_t k = 0; k < used; k++)
        number[rings->index[k]] = 0;
    size_t count = 0;
    for (size_t i = 0; i < *n_corners; i++) {
        if (number[i] == UINT32_MAX)
            continue;
        number[i] = (uint32_t)count;
        corners[2 * count] = corners[2 * i];
        corners[2 * count + 1] = corners[2 * i + 1];
        count++;
    }
    for (size_t k = 0; k < used; k++)
        rings->index[k] = number[rings->index[k]];
    *n_corners = count;
    free(same);
    return 0;
}

/* ---- borders ---- */

struct side {
    uint64_t key; /* smaller corner, larger corner */
    uint32_t cell;
    bool up; /* runs from the smaller corner to the larger */
};

static int compare_sides(const void *one, const void *two)
{
    const struct side *a = one;
    const struct side *b = two;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->up != b->up)
        return a->up ? -1 : 1;
    return (a->cell > b->cell) - (a->cell < b->cell);
}

static int list_edges(struct mm_voronoi *v, struct mm_error *err)
{
    size_t n = v->start[v->n];
    struct side *sides = mm_calloc3(n, 1, sizeof *sides);
    v->edges = mm_calloc3(n, 1, sizeof *v->edges);
    if (!sides || !v->edges) {
        free(sides);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = v->start[i]; k < v->start[i + 1]; k++) {
            uint32_t a = v->index[k];
            uint32_t b = v->index[k + 1 < v->start[i + 1] ? k + 1 : v->start[i]];
            bool up = a < b;
            sides[k] =
                (struct side){up ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a, (uint32_t)i, up};
        }
    }
    qsort(sides, n, sizeof *sides, compare_sides);
    for (size_t k = 0; k < n; k++) {
        const struct side *s = &sides[k];
        uint32_t low = (uint32_t)(s->key >> 32);
        uint32_t high = (uint32_t)s->key;
        struct mm_voronoi_edge *e = &v->edges[v->n_edges++];
        *e = (struct mm_voronoi_edge){s->up ? low : high, s->up ? high : low, s->cell, UINT32_MAX};
        if (k + 1 < n && s[1].key == s->key && s->up && !s[1].up) {
            e->right = s[1].cell;
            k++;
        }
    }
    free(sides);
    return 0;
}

/* ---- the public calls ---- */

static int check_sites(const float *xy, size_t n, const struct mm_box *box, struct mm_error *err)
{
    if (n == 0)
        return mm_error_set(err, MM_ERR_USAGE, "a map needs at least one song");
    if (!isfinite(box->x0) || !isfinite(box->y0) || !isfinite(box->x1) || !isfinite(box->y1) ||
        !(box->x0 < box->x1) || !(box->y0 < box->y1))
        return mm_error_set(err, MM_ERR_USAGE, "the box around the map has no area");
    for (size_t i = 0; i < n; i++)
        if (!(xy[2 * i] >= box->x0 && xy[2 * i] <= box->x1 && xy[2 * i + 1] >= box->y0 &&
              xy[2 * i + 1] <= box->y1))
            return mm_error_set(err, MM_ERR_USAGE, "song %zu lies outside the map's box", i);
    return 0;
}

int mm_voronoi_create(const float *xy, size_t n, const struct mm_box *box, struct mm_voronoi **out,
                      struct mm_error *err)
{
    *out = NULL;
    int result = check_sites(xy, n, box, err);
    if (result < 0)
        return result;
    struct places places = {0};
    struct mm_delaunay delaunay = {0};
    struct mm_rings rings = {0};
    struct mm_rings cells = {0};
    struct mm_voronoi *v = calloc(1, sizeof *v);
    if (!v)
        return mm_no_memory(err);
    struct grid grid = make_grid(box);
    result = find_places(xy, n, &grid, &places, err);
    if (result == 0)
        result = mm_delaunay_build(places.at, places.n, &delaunay, err);
    if (result == 0)
        result = mm_cells_clip(places.at, places.n, &delaunay, &grid.box, &rings, err);
    if (result < 0)
        goto out;
    to_plane(&rings, &grid, box);
    result = mm_slices_cut(&rings, box, places.apex, places.first, places.song, n, &cells, err);
    if (result == 0)
        result = tidy(&cells, rings.corners, &rings.n_corners, err);
    if (result < 0)
        goto out;
    *v = (struct mm_voronoi){.n = n,
                             .n_corners = rings.n_corners,
                             .corners = rings.corners,
                             .start = cells.start,
                             .index = cells.index};
    rings.corners = NULL;
    cells = (struct mm_rings){0};
    result = list_edges(v, err);

out:
    mm_rings_finish(&cells);
    mm_rings_finish(&rings);
    mm_delaunay_finish(&delaunay);
    places_finish(&places);
    if (result < 0)
        mm_voronoi_destroy(v);
    else
        *out = v;
    return result;
}

void mm_voronoi_destroy(struct mm_voronoi *voronoi)
{
    if (!voronoi)
        return;
    free(voronoi->corners);
    free(voronoi->start);
    free(voronoi->index);
    free(voronoi->edges);
    free(voronoi);
}

struct mm_box mm_box_around(const float *xy, size_t n, double margin)
{
    struct mm_box box = {-1, -1, 1, 1};
    if (n == 0)
        return box;
    box = (struct mm_box){xy[0], xy[1], xy[0], xy[1]};
    for (size_t i = 1; i < n; i++) {
        double x = xy[2 * i];
        double y = xy[2 * i + 1];
        box.x0 = x < box.x0 ? x : box.x0;
        box.y0 = y < box.y0 ? y : box.y0;
        box.x1 = x > box.x1 ? x : box.x1;
        box.y1 = y > box.y1 ? y : box.y1;
    }
    double width = box.x1 - box.x0;
    double height = box.y1 - box.y0;
    double side = width > height ? width : height;
    /* All at one place: a box of the size a map has; never a box without area. */
    double pad = side > 0 ? side * margin : 1;
    double least = (fabs(box.x0) + fabs(box.y0) + side) * 0x1p-20;
    pad = pad > least ? pad : least;
    return (struct mm_box){box.x0 - pad, box.y0 - pad, box.x1 + pad, box.y1 + pad};
}
