/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_tsne.c - the layout "tsne": Barnes-Hut t-SNE from the main plane on (Kobak & Berens 2019).
 */
#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/algorithms.h"
#include "map/tsne.h"

#define PERPLEXITY 30
#define ACROSS     1e-4 /* the first places' spread along the main direction */

static void place_first(const struct mm_algorithm_input *in, float *xy)
{
    struct mm_random random = mm_random_stream(in->seed, 0x74736e65);
    size_t n = in->points.n;
    size_t dim = in->points.dim;
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += (double)in->points.x[i * dim] * in->points.x[i * dim];
    double scale = square > 0 ? ACROSS / sqrt(square / (double)n) : 0;
    for (size_t i = 0; i < 2 * n; i++) {
        double x = i % 2 < dim ? in->points.x[i / 2 * dim + i % 2] * scale : 0;
        xy[i] =
            (float)(x + 0.01 * ACROSS * mm_random_normal(&random)); /* so that equals can part */
    }
}

static int lay_out(const struct mm_algorithm_input *in, float *xy, struct mm_error *err)
{
    size_t n = in->points.n;
    memset(xy, 0, 2 * n * sizeof *xy);
    if (n == 1)
        return 0;
    struct mm_knn knn = {0};
    struct mm_fuzzy p = {0};
    double perplexity = fmax(fmin(PERPLEXITY, (double)(n - 1) / 3), 1);
    int result = mm_knn_find(&in->directions, (size_t)(3 * perplexity), MM_KNN_BY_SIZE, in->seed,
                             in->pool, in->progress, &knn, err);
    if (result == 0)
        result = mm_tsne_affinities(&knn, perplexity, in->pool, &p, err);
    mm_knn_finish(&knn);
    if (result == 0) {
        static const struct mm_tsne_settings settings = {
            .rounds = 1000, .early = 250, .exaggeration = 12, .theta = 0.5};
        place_first(in, xy);
        result = mm_tsne_optimise(&p, &settings, in->pool, in->progress, xy, err);
    }
    mm_fuzzy_finish(&p);
    return result;
}

const struct mm_algorithm_ops mm_layout_tsne = {.lay_out = lay_out};
