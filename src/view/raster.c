/* SPDX-License-Identifier: BSD-2-Clause */
/* Cells are convex: on each line of nodes one covers a single stretch, found from its sides. */
#include "view/raster.h"

#include <math.h>
#include <stddef.h>

struct stretch {
    double low, high;
};

/* Where the horizontal line at y meets the cell; low > high when nowhere. */
static struct stretch meet(const struct mm_voronoi *v, size_t cell, double y)
{
    struct stretch s = {HUGE_VAL, -HUGE_VAL};
    for (uint32_t i = v->start[cell]; i < v->start[cell + 1]; i++) {
        uint32_t next = i + 1 < v->start[cell + 1] ? i + 1 : v->start[cell];
        const double *p = v->corners + 2 * (size_t)v->index[i];
        const double *q = v->corners + 2 * (size_t)v->index[next];
        if ((p[1] > y) == (q[1] > y))
            continue;
        double x = p[0] + (q[0] - p[0]) * (y - p[1]) / (q[1] - p[1]);
        s.low = fmin(s.low, x);
        s.high = fmax(s.high, x);
    }
    return s;
}

/* How many of n nodes stand below `value`; the first that does not has this number. */
static size_t nodes_up_to(double origin, double step, double value, size_t n)
{
    double at = ceil((value - origin) / step);
    return at <= 0 ? 0 : at >= (double)n ? n : (size_t)at;
}

static void fill_cell(const struct mm_scene *scene, const struct mm_grid *g, const float *land,
                      size_t cell, uint32_t *country)
{
    const struct mm_voronoi *v = scene->voronoi;
    double y0 = HUGE_VAL;
    double y1 = -HUGE_VAL;
    for (uint32_t i = v->start[cell]; i < v->start[cell + 1]; i++) {
        double y = v->corners[2 * (size_t)v->index[i] + 1];
        y0 = fmin(y0, y);
        y1 = fmax(y1, y);
    }
    size_t j1 = nodes_up_to(g->y0, g->step, y1, g->h);
    for (size_t j = nodes_up_to(g->y0, g->step, y0, g->h); j < j1; j++) {
        struct stretch s = meet(v, cell, g->y0 + (double)j * g->step);
        size_t i1 = nodes_up_to(g->x0, g->step, s.high, g->w);
        for (size_t i = nodes_up_to(g->x0, g->step, s.low, g->w); i < i1; i++) {
            size_t node = j * g->w + i;
            if (!land || land[node] >= 0)
                country[node] = scene->cluster[cell];
        }
    }
}

void mm_raster_countries(const struct mm_scene *scene, const struct mm_grid *grid,
                         const float *land, uint32_t *country)
{
    for (size_t i = 0; i < grid->w * grid->h; i++)
        country[i] = UINT32_MAX;
    for (size_t cell = 0; cell < scene->voronoi->n; cell++)
        fill_cell(scene, grid, land, cell, country);
}
