/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout_umap.c - the layout "umap": neighbours, their graph, and its layout from the main plane
 * on.
 *
 * The authors' constants make pictures of dots: at their learning rate of 1 the songs of a style
 * end in a heap, and a cell of a heap is too small to be pointed at. Small steps and many of them,
 * a larger least distance and a push that is not cut off between near songs spread each heap out
 * (300 demo songs, distances to the nearest song, 10th to 90th percentile of a map two wide: 0.002
 * to 0.015 with theirs, 0.020 to 0.042 with these) and keep as many neighbours (0.75 of 5 with
 * both). The way a song can go in all, rate x epochs, is the same for all sizes.
 */
#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/algorithms.h"
#include "map/fuzzy.h"
#include "map/umap.h"

#define LEAST  0.2  /* distance below which neighbours need not come nearer */
#define FAR    2.5  /* the farthest song's first place from the middle */
#define JITTER 1e-3 /* so that equal songs can part */
#define WAY    62.5 /* rate x epochs */

static size_t choose_epochs(size_t n)
{
    return n <= 2000 ? 1000 : n <= 10000 ? 500 : n <= 50000 ? 300 : 200;
}

/* The plane of the two main components, scaled; songs at one place a little apart. */
static void place_first(const struct mm_algorithm_input *in, float *xy)
{
    struct mm_random random = mm_random_stream(in->seed, 0x756d6170);
    size_t n = in->points.n;
    size_t dim = in->points.dim;
    double most = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < 2; d++) {
            xy[2 * i + d] = d < dim ? in->points.x[i * dim + d] : 0;
            most = fmax(most, fabsf(xy[2 * i + d]));
        }
    for (size_t i = 0; i < 2 * n; i++)
        xy[i] = (float)((most > 0 ? xy[i] * FAR / most : 0) + JITTER * mm_random_normal(&random));
}

static int lay_out(const struct mm_algorithm_input *in, float *xy, struct mm_error *err)
{
    size_t n = in->points.n;
    memset(xy, 0, 2 * n * sizeof *xy);
    if (n == 1)
        return 0;
    struct mm_fuzzy graph = {0};
    int result = mm_fuzzy_create(in->near, in->pool, &graph, err);
    if (result == 0) {
        place_first(in, xy);
        size_t epochs = choose_epochs(n);
        struct mm_umap_settings settings = {.min_dist = LEAST,
                                            .spread = 1,
                                            .repulsion = 1,
                                            .rate = WAY / (double)epochs,
                                            .epochs = epochs,
                                            .strangers = 5,
                                            .seed = in->seed};
        result = mm_umap_optimise(&graph, &settings, in->pool, in->progress, xy, err);
    }
    mm_fuzzy_finish(&graph);
    return result;
}

const struct mm_algorithm_ops mm_layout_umap = {.lay_out = lay_out};
