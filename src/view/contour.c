/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marching squares (Lorensen & Cline's idea in two dimensions) with linear interpolation. Every
 * crossing of a grid edge is left by exactly one piece of line, the one with the higher side on its
 * left, so the pieces form a permutation of the crossings and its cycles are the rings.
 */
#include "view/contour.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"

#define NONE UINT32_MAX

void mm_contours_finish(struct mm_contours *rings)
{
    free(rings->xy);
    free(rings->end);
    *rings = (struct mm_contours){0};
}

struct work {
    const struct mm_grid *grid;
    const float *field;
    double level;
    uint32_t *next; /* [2 * w * h] by edge: 2 * node = to the right of node, + 1 = above it */
};

static double value_at(const struct work *k, size_t i, size_t j)
{
    const struct mm_grid *g = k->grid;
    if (i == 0 || j == 0 || i + 1 == g->w || j + 1 == g->h)
        return -HUGE_VAL;
    return k->field[j * g->w + i] - k->level;
}

/*
 * Corners of a square: 0 = (i, j), 1 = right, 2 = right above, 3 = above. Sides: 0 = below, 1 =
 * right, 2 = above, 3 = left; side s lies between corners s and s + 1.
 */
static uint32_t side_edge(const struct mm_grid *g, size_t i, size_t j, int side)
{
    size_t node = (j + (side == 2)) * g->w + i + (side == 1);
    return (uint32_t)(2 * node + (side == 1 || side == 3));
}

/* From side a to side b, higher ground on the left: */
static const int8_t lines[16][2][2] = {
    [0] = {{-1, -1}, {-1, -1}}, [1] = {{0, 3}, {-1, -1}},  [2] = {{1, 0}, {-1, -1}},
    [3] = {{1, 3}, {-1, -1}},   [4] = {{2, 1}, {-1, -1}},  [5] = {{0, 3}, {2, 1}},
    [6] = {{2, 0}, {-1, -1}},   [7] = {{2, 3}, {-1, -1}},  [8] = {{3, 2}, {-1, -1}},
    [9] = {{0, 2}, {-1, -1}},   [10] = {{1, 0}, {3, 2}},   [11] = {{1, 2}, {-1, -1}},
    [12] = {{3, 1}, {-1, -1}},  [13] = {{0, 1}, {-1, -1}}, [14] = {{3, 0}, {-1, -1}},
    [15] = {{-1, -1}, {-1, -1}}};

static void march(struct work *k)
{
    const struct mm_grid *g = k->grid;
    for (size_t j = 0; j + 1 < g->h; j++)
        for (size_t i = 0; i + 1 < g->w; i++) {
            int mask = (value_at(k, i, j) >= 0) | (value_at(k, i + 1, j) >= 0) << 1 |
                       (value_at(k, i + 1, j + 1) >= 0) << 2 | (value_at(k, i, j + 1) >= 0) << 3;
            for (int l = 0; l < 2; l++)
                if (lines[mask][l][0] >= 0)
                    k->next[side_edge(g, i, j, lines[mask][l][0])] =
                        side_edge(g, i, j, lines[mask][l][1]);
        }
}

static void crossing(const struct work *k, uint32_t edge, double *out)
{
    const struct mm_grid *g = k->grid;
    size_t i = edge / 2 % g->w;
    size_t j = edge / 2 / g->w;
    bool up = edge & 1;
    double a = value_at(k, i, j);
    double b = value_at(k, i + !up, j + up);
    /* On the rim, where one end is minus infinity, the line keeps to the middle. */
    double t = isfinite(a) && isfinite(b) && a != b ? a / (a - b) : 0.5;
    out[0] = g->x0 + ((double)i + (up ? 0 : t)) * g->step;
    out[1] = g->y0 + ((double)j + (up ? t : 0)) * g->step;
}

static int follow(struct work *k, struct mm_contours *out)
{
    size_t room = 0;
    size_t ends = 0;
    size_t n_edges = 2 * k->grid->w * k->grid->h;
    for (size_t first = 0; first < n_edges; first++) {
        if (k->next[first] == NONE)
            continue;
        uint32_t edge = (uint32_t)first;
        while (k->next[edge] != NONE) {
            if (mm_array_reserve(&out->xy, &room, 2 * (out->n_points + 1)) < 0)
                return MM_ERR_NO_MEMORY;
            crossing(k, edge, out->xy + 2 * out->n_points++);
            uint32_t next = k->next[edge];
            k->next[edge] = NONE;
            edge = next;
        }
        if (mm_array_reserve(&out->end, &ends, out->n_rings + 1) < 0)
            return MM_ERR_NO_MEMORY;
        out->end[out->n_rings++] = out->n_points;
    }
    return 0;
}

int mm_contour(const struct mm_grid *grid, const float *field, double level,
               struct mm_contours *out, struct mm_error *err)
{
    *out = (struct mm_contours){0};
    struct work k = {grid, field, level, mm_calloc3(grid->w, grid->h, 2 * sizeof *k.next)};
    int result = MM_ERR_NO_MEMORY;
    if (k.next) {
        memset(k.next, 0xFF, 2 * grid->w * grid->h * sizeof *k.next);
        march(&k);
        result = follow(&k, out);
    }
    free(k.next);
    if (result == 0)
        return 0;
    mm_contours_finish(out);
    return mm_no_memory(err);
}
