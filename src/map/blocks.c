/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/blocks.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

/* A dimension whose spread is below this share of its mean holds only rounding errors. */
#define LEAST_SPREAD 1e-6

struct mm_vectors mm_vectors_in_memory(const float *rows, size_t n, size_t dim)
{
    union {
        const float *rows;
        void *ctx;
    } as = {.rows = rows};
    return (struct mm_vectors){.n = n, .dim = dim, .read = NULL, .ctx = as.ctx};
}

static int read_rows(const struct mm_vectors *v, size_t first, size_t count, float *out,
                     struct mm_error *err)
{
    if (v->read)
        return v->read(v->ctx, first, count, out, err);
    const float *rows = v->ctx;
    memcpy(out, rows + first * v->dim, count * v->dim * sizeof *out);
    return 0;
}

/* The first of the values that is not finite; count when there is none. */
static size_t find_not_finite(const float *x, size_t count)
{
    float zero[8] = {0}; /* becomes NAN; compilers make vectors of it */
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t j = 0; j < 8; j++)
            zero[j] += x[i + j] * 0;
    for (; i < count; i++)
        zero[0] += x[i] * 0;
    float sum = 0;
    for (size_t j = 0; j < 8; j++)
        sum += zero[j];
    if (sum == 0)
        return count;
    for (i = 0; i < count && isfinite(x[i]);)
        i++;
    return i;
}

/* Adds a block to the sums of (value - origin) and its square; origin is the first row. */
static int add_block(const struct mm_vectors *v, size_t first, const float *rows, size_t count,
                     double *origin, double *sum, double *square, struct mm_error *err)
{
    size_t bad = find_not_finite(rows, count * v->dim);
    if (bad < count * v->dim)
        return mm_error_set(err, MM_ERR_INPUT, "vector %zu holds a value that is not a number",
                            first + bad / v->dim);
    for (size_t j = 0; first == 0 && j < v->dim; j++)
        origin[j] = rows[j];
    for (size_t i = 0; i < count; i++) {
        const float *row = rows + i * v->dim;
        for (size_t j = 0; j < v->dim; j++) {
            double x = row[j] - origin[j];
            sum[j] += x;
            square[j] += x * x;
        }
    }
    return 0;
}

/* From sums to mean and scale. Shifting by the first row makes a constant's variance exactly 0. */
static void finish_sums(struct mm_standard *out, const double *origin, const double *sum,
                        const double *square)
{
    double n = (double)out->vectors->n;
    for (size_t j = 0; j < out->vectors->dim; j++) {
        double mean = sum[j] / n;
        double variance = square[j] / n - mean * mean;
        out->mean[j] = origin[j] + mean;
        double spread = variance > 0 ? sqrt(variance) : 0;
        bool varies = spread > 0 && spread > LEAST_SPREAD * fabs(out->mean[j]);
        out->scale[j] = varies ? 1 / spread : 0;
        out->varying += varies;
        if (out->vectors->weight)
            out->scale[j] *= (double)out->vectors->weight[j];
    }
}

int mm_standard_create(const struct mm_vectors *vectors, const struct mm_progress *progress,
                       struct mm_standard *out, struct mm_error *err)
{
    size_t dim = vectors->dim;
    int result = 0;
    *out = (struct mm_standard){.vectors = vectors};
    out->mean = mm_calloc3(dim, 1, sizeof *out->mean);
    out->scale = mm_calloc3(dim, 1, sizeof *out->scale);
    double *sums = mm_calloc3(dim, 3, sizeof *sums);
    float *rows = mm_calloc3(MM_BLOCK_ROWS, dim, sizeof *rows);
    if (!out->mean || !out->scale || !sums || !rows) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t first = 0; first < vectors->n; first += MM_BLOCK_ROWS) {
        size_t count = mm_block_rows(vectors->n, first);
        mm_progress_update(progress, "reading vectors", first, vectors->n);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            goto out;
        }
        result = read_rows(vectors, first, count, rows, err);
        if (result == 0)
            result = add_block(vectors, first, rows, count, sums, sums + dim, sums + 2 * dim, err);
        if (result < 0)
            goto out;
    }
    finish_sums(out, sums, sums + dim, sums + 2 * dim);

out:
    free(rows);
    free(sums);
    if (result < 0)
        mm_standard_finish(out);
    return result;
}

void mm_standard_finish(struct mm_standard *standard)
{
    free(standard->mean);
    free(standard->scale);
    *standard = (struct mm_standard){0};
}

int mm_standard_read(const struct mm_standard *standard, size_t first, size_t count, float *out,
                     struct mm_error *err)
{
    size_t dim = standard->vectors->dim;
    int result = read_rows(standard->vectors, first, count, out, err);
    if (result < 0)
        return result;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < dim; j++) {
            float *x = &out[i * dim + j];
            *x = (float)((*x - standard->mean[j]) * standard->scale[j]);
        }
    return 0;
}
