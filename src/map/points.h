/* SPDX-License-Identifier: BSD-2-Clause */
/* points.h - a few points in memory, and how far they are from one another. */
#ifndef MAP_POINTS_H
#define MAP_POINTS_H

#include <stddef.h>

struct mm_points {
    const float *x; /* [n][dim] */
    size_t n;
    size_t dim;
};

/* Squared Euclidean distance; 0 exactly for equal points. Eight running sums, so that compilers
 * make vectors of them without reordering anything. */
static inline float mm_distance2(const float *a, const float *b, size_t dim)
{
    float sum[8] = {0};
    size_t i = 0;
    for (; i + 8 <= dim; i += 8)
        for (size_t j = 0; j < 8; j++) {
            float d = a[i + j] - b[i + j];
            sum[j] += d * d;
        }
    for (size_t j = 0; i < dim; i++, j++) {
        float d = a[i] - b[i];
        sum[j] += d * d;
    }
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

#endif
