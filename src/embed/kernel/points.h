/* SPDX-License-Identifier: BSD-2-Clause */
/* points.h - Winograd's transforms by the ten points of points_plan.h, for the sources of this
 * folder that are compiled once for each instruction set. */
#ifndef EMBED_KERNEL_POINTS_H
#define EMBED_KERNEL_POINTS_H

#include "embed/kernel/points_plan.h"
#include "embed/kernel/vec.h"

/* The values at p and -p; a, b, c: the squares of the other points, zeros of the polynomial that
 * those two are multiplied with. */
MM_INLINE void points_pair(const vec d[MM_POINTS], double p, double a, double b, double c, vec t[2])
{
    const double zeros[] = {-a * b * c, a * b + a * c + b * c, -a - b - c};
    vec even = d[8] + d[6] * (float)zeros[2] + d[4] * (float)zeros[1] + d[2] * (float)zeros[0];
    vec odd = d[7] * (float)p + d[5] * (float)(p * zeros[2]) + d[3] * (float)(p * zeros[1]) +
              d[1] * (float)(p * zeros[0]);
    t[0] = even + odd;
    t[1] = even - odd;
}

/* B^T d: inputs, in the order 0, p, -p, ..., infinity. */
MM_INLINE void points_in(const vec d[MM_POINTS], vec t[MM_POINTS])
{
    const double p[] = MM_POINTS_FINITE;
    const double a = p[0] * p[0], b = p[1] * p[1], c = p[2] * p[2], e = p[3] * p[3];
    const float zeros[] = {
        (float)(a * b * c * e), (float)(-a * b * c - a * b * e - a * c * e - b * c * e),
        (float)(a * b + a * c + a * e + b * c + b * e + c * e), (float)(-a - b - c - e)};
    t[0] = d[8] + d[6] * zeros[3] + d[4] * zeros[2] + d[2] * zeros[1] + d[0] * zeros[0];
    points_pair(d, p[0], b, c, e, t + 1);
    points_pair(d, p[1], a, c, e, t + 3);
    points_pair(d, p[2], a, b, e, t + 5);
    points_pair(d, p[3], a, b, c, t + 7);
    t[9] = d[9] + d[7] * zeros[3] + d[5] * zeros[2] + d[3] * zeros[1] + d[1] * zeros[0];
}

/* A^T m: n outputs, a constant of at most 8. */
MM_INLINE void points_out(const vec m[MM_POINTS], size_t n, vec *y)
{
    const double p[] = MM_POINTS_FINITE;
    double power[] = {1, 1, 1, 1};
    vec sum[4], dif[4];
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++) {
        sum[i] = m[1 + 2 * i] + m[2 + 2 * i];
        dif[i] = m[1 + 2 * i] - m[2 + 2 * i];
    }
    y[0] = m[0] + sum[0] + sum[1] + sum[2] + sum[3];
#pragma GCC unroll 8
    for (size_t k = 1; k < n; k++) {
        const vec *from = k % 2 ? dif : sum;
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            power[i] *= p[i];
        y[k] = from[0] * (float)power[0] + from[1] * (float)power[1] + from[2] * (float)power[2] +
               from[3] * (float)power[3];
    }
    y[n - 1] += m[MM_POINTS - 1];
}

#endif
