/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/reduce.h"

#include <math.h>

#include "base/array.h"

/* Components that clusterers see: as many as carry most of the variance. */
#define MOST_COMPONENTS ((size_t)50)

static void scale_to_unit(float *x, size_t dim)
{
    double sum = 0;
    for (size_t j = 0; j < dim; j++)
        sum += (double)x[j] * x[j];
    double scale = sum > 0 ? 1 / sqrt(sum) : 0;
    for (size_t j = 0; j < dim; j++)
        x[j] = (float)(x[j] * scale);
}

int mm_reduce_along(const struct mm_pca *pca, const struct mm_standard *standard,
                    struct mm_pool *pool, const struct mm_progress *progress,
                    struct mm_reduced *out, struct mm_error *err)
{
    size_t n = standard->vectors->n;
    int result;
    *out = (struct mm_reduced){.more = pca->count};
    out->dim = pca->count < MOST_COMPONENTS ? pca->count : MOST_COMPONENTS;
    out->rows = mm_calloc3(n, out->dim, sizeof *out->rows);
    out->directions = mm_calloc3(n, out->more, sizeof *out->directions);
    if (!out->rows || !out->directions)
        result = mm_no_memory(err);
    else
        result = mm_pca_project(pca, standard, out->more, pool, progress, out->directions, err);
    for (size_t i = 0; i < n && result == 0; i++) {
        float *x = out->directions + i * out->more;
        memcpy(out->rows + i * out->dim, x, out->dim * sizeof *x);
        scale_to_unit(x, out->more);
    }
    if (result < 0)
        mm_reduced_finish(out);
    return result;
}

int mm_reduce(const struct mm_standard *standard, struct mm_pool *pool,
              const struct mm_progress *progress, struct mm_reduced *out, struct mm_error *err)
{
    struct mm_pca pca = {0};
    *out = (struct mm_reduced){0};
    int result = mm_pca_fit(standard, MM_MOST_DIRECTIONS, pool, progress, &pca, err);
    if (result == 0)
        result = mm_reduce_along(&pca, standard, pool, progress, out, err);
    mm_pca_finish(&pca);
    return result;
}

void mm_reduced_finish(struct mm_reduced *reduced)
{
    free(reduced->rows);
    free(reduced->directions);
    *reduced = (struct mm_reduced){0};
}
