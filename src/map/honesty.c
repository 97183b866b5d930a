/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/honesty.h"

#include <math.h>

int mm_honesty_measure(const struct mm_knn *knn, const float *xy, uint64_t seed,
                       struct mm_pool *pool, float *out, struct mm_error *err)
{
    size_t k = knn->k < MM_HONESTY_NEIGHBOURS ? knn->k : MM_HONESTY_NEIGHBOURS;
    if (k == 0) {
        for (size_t i = 0; i < knn->n; i++)
            out[i] = 1;
        return 0;
    }
    struct mm_points map = {xy, knn->n, 2};
    struct mm_knn flat;
    int result = mm_knn_find(&map, k, MM_KNN_BY_SIZE, seed, pool, NULL, &flat, err);
    for (size_t i = 0; i < knn->n && result == 0; i++) {
        size_t both = 0;
        float last = flat.distance[i * k + k - 1];
        /* Of songs that are equally far any may be in the list: each is as near as its last. */
        for (size_t a = 0; a < k; a++) {
            const float *other = xy + 2 * (size_t)knn->index[i * knn->k + a];
            both += sqrtf(mm_distance2(xy + 2 * i, other, 2)) <= last;
        }
        out[i] = (float)both / (float)k;
    }
    mm_knn_finish(&flat);
    return result;
}
