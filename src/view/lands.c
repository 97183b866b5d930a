/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lands.c - regions of countries on the picture: a broad line where two of them touch, and their
 * names in wide, pale letters under those of the countries. A region is known by its sound and may
 * lie in several places: its name stands in the middle of the largest, as broad as that is, and is
 * left out where no place holds most of it.
 */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "view/picture.h"

#define BORDER   5.5  /* width of the line, pixels of a sheet of 2400 */
#define SMALLEST 18.0 /* letters, in the same pixels */
#define LARGEST  52.0
#define REACH    0.1 /* songs of one place are no farther apart than this part of the map */
#define MOST_OF  0.6 /* of its songs must a region have in a place to be named there */

static const struct mm_paint border = {0x4d4238, 0.35};
static const struct mm_paint letters = {0x4d4238, 0.34};

static const char *region_of(const struct mm_scene *scene, uint32_t song)
{
    return scene->countries[scene->cluster[song]].region;
}

void mm_lands_paint_borders(const struct mm_picture *p)
{
    const struct mm_scene *scene = p->scene;
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t i = 0; i < v->n_edges; i++) {
        const struct mm_voronoi_edge *e = &v->edges[i];
        if (e->right == UINT32_MAX || region_of(scene, e->left) == region_of(scene, e->right))
            continue;
        const double *a = v->corners + 2 * (size_t)e->a;
        const double *b = v->corners + 2 * (size_t)e->b;
        mm_canvas_move(p->canvas, mm_sheet_x(&p->sheet, a[0]), mm_sheet_y(&p->sheet, a[1]));
        mm_canvas_line(p->canvas, mm_sheet_x(&p->sheet, b[0]), mm_sheet_y(&p->sheet, b[1]));
    }
    mm_canvas_stroke(p->canvas, border, BORDER * p->sheet.u, false);
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* Places: songs of one region that touch and are not far apart. parent: [n_songs] */
static void find_places(const struct mm_scene *scene, uint32_t *parent)
{
    const struct mm_voronoi *v = scene->voronoi;
    double side = fmax(scene->box.x1 - scene->box.x0, scene->box.y1 - scene->box.y0);
    for (size_t i = 0; i < scene->n_songs; i++)
        parent[i] = (uint32_t)i;
    for (size_t i = 0; i < v->n_edges; i++) {
        uint32_t a = v->edges[i].left;
        uint32_t b = v->edges[i].right;
        if (b == UINT32_MAX || region_of(scene, a) != region_of(scene, b))
            continue;
        if (hypot((double)scene->xy[2 * a] - scene->xy[2 * b],
                  (double)scene->xy[2 * a + 1] - scene->xy[2 * b + 1]) > REACH * side)
            continue;
        a = root_of(parent, a);
        b = root_of(parent, b);
        parent[a > b ? a : b] = a < b ? a : b;
    }
}

/* A region's largest place, on the sheet. */
struct extent {
    const char *name;
    size_t all; /* songs of the region */
    size_t n;
    double x, y; /* the middle */
    double wide; /* mean distance from it along x */
};

/* Measures the place with this root; roots: [n_songs]. */
static struct extent measure(const struct mm_picture *p, const uint32_t *roots, uint32_t root)
{
    const struct mm_scene *scene = p->songs;
    struct extent e = {.name = region_of(scene, root)};
    for (size_t i = 0; i < scene->n_songs; i++)
        if (roots[i] == root) {
            e.x += mm_sheet_x(&p->sheet, scene->xy[2 * i]);
            e.y += mm_sheet_y(&p->sheet, scene->xy[2 * i + 1]);
            e.n++;
        }
    e.x /= (double)e.n;
    e.y /= (double)e.n;
    for (size_t i = 0; i < scene->n_songs; i++) {
        e.all += region_of(scene, (uint32_t)i) == e.name;
        if (roots[i] == root)
            e.wide += fabs(mm_sheet_x(&p->sheet, scene->xy[2 * i]) - e.x) / (double)e.n;
    }
    return e;
}

static int letter(const struct mm_picture *p, const struct extent *e, struct mm_error *err)
{
    struct mm_type type = {
        .size = MM_LETTER_SIZE, .weight = 500, .italic = true, .tracking = 0.28, .lines = 1};
    struct mm_lettering *lettering;
    int result = mm_lettering_create(p->canvas, e->name, &type, &lettering, err);
    if (result < 0)
        return result;
    double w = mm_lettering_width(lettering);
    double h = mm_lettering_height(lettering);
    /* Four mean distances: about as far as songs spread evenly reach. */
    double scale = fmin(4 * e->wide / w, LARGEST * p->sheet.u / MM_LETTER_SIZE);
    const struct mm_rect *f = &p->sheet.frame;
    double x = fmin(fmax(e->x - w * scale / 2, f->x), f->x + f->w - w * scale);
    double y = fmin(fmax(e->y - h * scale / 2, f->y), f->y + f->h - h * scale);
    if (scale * MM_LETTER_SIZE >= SMALLEST * p->sheet.u)
        mm_canvas_letter(p->canvas, lettering, x, y, scale, letters, mm_no_paint, 0);
    mm_lettering_destroy(lettering);
    return 0;
}

int mm_lands_letter(const struct mm_picture *p, struct mm_error *err)
{
    const struct mm_scene *scene = p->songs;
    uint32_t *roots = mm_calloc3(scene->n_songs, 1, sizeof *roots);
    uint32_t *size = mm_calloc3(scene->n_songs, 1, sizeof *size);
    int result = roots && size ? 0 : mm_no_memory(err);
    if (result == 0) {
        find_places(scene, roots);
        for (size_t i = 0; i < scene->n_songs; i++)
            size[roots[i] = root_of(roots, (uint32_t)i)]++;
    }
    for (size_t i = 0; i < scene->n_songs && result == 0; i++) {
        /* Less than a hundredth of the map is no place; the others are few. */
        if (100 * (size_t)size[i] < scene->n_songs || !region_of(scene, (uint32_t)i))
            continue;
        struct extent e = measure(p, roots, (uint32_t)i);
        if ((double)e.n >= MOST_OF * (double)e.all)
            result = letter(p, &e, err);
    }
    free(size);
    free(roots);
    return result;
}
