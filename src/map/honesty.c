/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/honesty.h"

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
        for (size_t a = 0; a < k; a++)
            for (size_t b = 0; b < k; b++)
                both += knn->index[i * knn->k + a] == flat.index[i * k + b];
        out[i] = (float)both / (float)k;
    }
    mm_knn_finish(&flat);
    return result;
}
