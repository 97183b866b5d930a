/* SPDX-License-Identifier: BSD-2-Clause */
/* Mean and maximum over windows. Sums are kept in double and taken in order of time, so a song's
 * vector does not depend on threads or batches. */
#include "embed/pooling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct mm_pooling {
    enum mm_pool_kind kind;
    size_t dim;
    const char *const *tag_names;
    size_t n_tags;
    size_t n_windows;
    double first_s;  /* time of the first window */
    double *sum;     /* [dim] */
    float *max;      /* [dim] */
    double *tag_sum; /* [n_tags] */
    float *all;      /* [n_windows][dim], MM_POOL_NONE only */
    size_t all_capacity;
    double *times; /* [n_windows], MM_POOL_NONE only */
    size_t times_capacity;
};

size_t mm_pooling_length(enum mm_pool_kind kind, size_t dim)
{
    return kind == MM_POOL_MEANMAX ? 2 * dim : dim;
}

const char *mm_pooling_name(enum mm_pool_kind kind)
{
    switch (kind) {
    case MM_POOL_MEAN:
        return "mean";
    case MM_POOL_MAX:
        return "max";
    case MM_POOL_MEANMAX:
        return "meanmax";
    case MM_POOL_NONE:
        return "none";
    }
    return NULL;
}

int mm_pooling_create(enum mm_pool_kind kind, size_t dim, const char *const *tag_names,
                      size_t n_tags, struct mm_pooling **out, struct mm_error *err)
{
    *out = NULL;
    if (!mm_pooling_name(kind) || dim == 0)
        return mm_error_set(err, MM_ERR_USAGE, "no such pooling");
    struct mm_pooling *pooling = calloc(1, sizeof *pooling);
    if (!pooling)
        return mm_no_memory(err);
    pooling->kind = kind;
    pooling->dim = dim;
    pooling->tag_names = tag_names;
    pooling->n_tags = n_tags;
    pooling->sum = mm_calloc3(dim, 1, sizeof *pooling->sum);
    pooling->max = mm_calloc3(dim, 1, sizeof *pooling->max);
    pooling->tag_sum = mm_calloc3(n_tags, 1, sizeof *pooling->tag_sum);
    if (!pooling->sum || !pooling->max || !pooling->tag_sum) {
        mm_pooling_destroy(pooling);
        return mm_no_memory(err);
    }
    mm_pooling_reset(pooling);
    *out = pooling;
    return 0;
}

void mm_pooling_destroy(struct mm_pooling *pooling)
{
    if (!pooling)
        return;
    free(pooling->sum);
    free(pooling->max);
    free(pooling->tag_sum);
    free(pooling->all);
    free(pooling->times);
    free(pooling);
}

void mm_pooling_reset(struct mm_pooling *pooling)
{
    pooling->n_windows = 0;
    for (size_t i = 0; i < pooling->dim; i++) {
        pooling->sum[i] = 0;
        pooling->max[i] = -INFINITY;
    }
    for (size_t i = 0; i < pooling->n_tags; i++)
        pooling->tag_sum[i] = 0;
}

static int keep_window(struct mm_pooling *pooling, const float *values, double seconds,
                       struct mm_error *err)
{
    size_t need;
    if (__builtin_mul_overflow(pooling->n_windows + 1, pooling->dim, &need) ||
        mm_array_reserve(&pooling->all, &pooling->all_capacity, need) < 0 ||
        mm_array_reserve(&pooling->times, &pooling->times_capacity, pooling->n_windows + 1) < 0)
        return mm_no_memory(err);
    memcpy(pooling->all + pooling->n_windows * pooling->dim, values, pooling->dim * sizeof *values);
    pooling->times[pooling->n_windows] = seconds;
    return 0;
}

int mm_pooling_add(struct mm_pooling *pooling, const float *values, const float *tags,
                   double seconds, struct mm_error *err)
{
    for (size_t i = 0; i < pooling->dim; i++)
        if (!isfinite(values[i]))
            return mm_error_set(err, MM_ERR_INPUT, "the model gave a number that is not finite");
    for (size_t i = 0; tags && i < pooling->n_tags; i++)
        if (!isfinite(tags[i]))
            return mm_error_set(err, MM_ERR_INPUT, "the model gave a tag that is not finite");
    if (pooling->kind == MM_POOL_NONE) {
        int result = keep_window(pooling, values, seconds, err);
        if (result < 0)
            return result;
    }
    for (size_t i = 0; i < pooling->dim; i++) {
        pooling->sum[i] += (double)values[i];
        pooling->max[i] = fmaxf(pooling->max[i], values[i]);
    }
    for (size_t i = 0; tags && i < pooling->n_tags; i++)
        pooling->tag_sum[i] += (double)tags[i];
    if (pooling->n_windows++ == 0)
        pooling->first_s = seconds;
    return 0;
}

/* values: [dim] or, for meanmax, [2 dim]. */
static void write_pooled(const struct mm_pooling *pooling, float *values)
{
    size_t dim = pooling->dim;
    if (pooling->kind == MM_POOL_MAX) {
        memcpy(values, pooling->max, dim * sizeof *values);
        return;
    }
    for (size_t i = 0; i < dim; i++)
        values[i] = (float)(pooling->sum[i] / (double)pooling->n_windows);
    if (pooling->kind == MM_POOL_MEANMAX)
        memcpy(values + dim, pooling->max, dim * sizeof *values);
}

int mm_pooling_take(struct mm_pooling *pooling, struct mm_embedding *out, struct mm_error *err)
{
    *out = (struct mm_embedding){0};
    if (pooling->n_windows == 0)
        return mm_error_set(err, MM_ERR_BUG, "the model gave no window");
    out->n_windows = pooling->kind == MM_POOL_NONE ? pooling->n_windows : 1;
    out->dim = mm_pooling_length(pooling->kind, pooling->dim);
    out->n_tags = pooling->n_tags;
    out->tag_names = pooling->tag_names;
    if (pooling->n_tags && !(out->tag_values = calloc(pooling->n_tags, sizeof *out->tag_values)))
        goto no_memory;
    for (size_t i = 0; i < pooling->n_tags; i++)
        out->tag_values[i] = (float)(pooling->tag_sum[i] / (double)pooling->n_windows);
    if (pooling->kind == MM_POOL_NONE) {
        out->values = pooling->all;
        out->timestamps = pooling->times;
        pooling->all = NULL;
        pooling->times = NULL;
        pooling->all_capacity = pooling->times_capacity = 0;
    } else {
        out->values = calloc(out->dim, sizeof *out->values);
        out->timestamps = calloc(1, sizeof *out->timestamps);
        if (!out->values || !out->timestamps)
            goto no_memory;
        write_pooled(pooling, out->values);
        out->timestamps[0] = pooling->first_s;
    }
    mm_pooling_reset(pooling);
    return 0;
no_memory:
    mm_embedding_finish(out);
    return mm_no_memory(err);
}

void mm_embedding_finish(struct mm_embedding *embedding)
{
    if (!embedding)
        return;
    free(embedding->values);
    free(embedding->timestamps);
    free(embedding->tag_values);
    *embedding = (struct mm_embedding){0};
}
