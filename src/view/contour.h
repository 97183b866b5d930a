/* SPDX-License-Identifier: BSD-2-Clause */
/* contour.h - fields of numbers on a grid, and their contour lines as closed rings. */
#ifndef VIEW_CONTOUR_H
#define VIEW_CONTOUR_H

#include <stddef.h>

#include "musicmap/error.h"

/* Node (i, j) stands at x0 + i * step, y0 + j * step; number j * w + i. */
struct mm_grid {
    size_t w, h;
    double x0, y0, step;
};

/* Closed lines. Ring r is points end[r - 1] (0 for the first) .. end[r] - 1. */
struct mm_contours {
    double *xy; /* [n_points][2] */
    size_t n_points;
    size_t *end; /* [n_rings] */
    size_t n_rings;
};
void mm_contours_finish(struct mm_contours *rings);

/*
 * The lines where field ([h][w]) crosses level, the higher side on the left. The field counts as
 * below the level beyond the grid and on its rim, so that all lines close.
 */
int mm_contour(const struct mm_grid *grid, const float *field, double level,
               struct mm_contours *out, struct mm_error *err);

#endif
