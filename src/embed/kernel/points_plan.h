/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * points_plan.h - the ten points at which the kernels of this folder evaluate polynomials for
 * F(8, 3) (winograd.h) and F(4, 7) (tall.h), and what they make of weights; for the files of this
 * folder only. The transforms of inputs and outputs: points.h.
 *
 * The points are 0, the four below and their negatives, and infinity; among numbers of few digits
 * those with which a convolution F(8 x 6, 3 x 3) was most exact, 1.8 times more so than with 1/2,
 * 1, 3/2, 2.
 */
#ifndef EMBED_KERNEL_POINTS_PLAN_H
#define EMBED_KERNEL_POINTS_PLAN_H

#include <stddef.h>

#define MM_POINTS 10
#define MM_POINTS_FINITE        \
    {                           \
        0.375, 0.75, 1.25, 2.25 \
    }

/* G g for `taps` weights g: the values of their polynomial at the points, divided by the product of
 * the differences to the other points. Point i goes to out[i * step]. */
void mm_points_weights(const double *g, size_t taps, double *out, size_t step);

#endif
