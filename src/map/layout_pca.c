/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_pca.c - the map is the plane of the two main components: the points' first coordinates. */
#include "map/algorithms.h"

static int lay_out(const struct mm_algorithm_input *in, float *xy, struct mm_error *err)
{
    (void)err;
    for (size_t i = 0; i < in->points.n; i++) {
        const float *x = in->points.x + i * in->points.dim;
        xy[2 * i] = x[0];
        xy[2 * i + 1] = in->points.dim > 1 ? x[1] : 0;
    }
    return 0;
}

const struct mm_algorithm_ops mm_layout_pca = {.lay_out = lay_out};
