/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/sample.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/matrix.h"

#define ROWS    ((size_t)128) /* points of one round of the pool */
#define COLUMNS ((size_t)1024)

int mm_sample_create(const struct mm_points *all, size_t most, uint64_t seed, struct mm_sample *out,
                     struct mm_error *err)
{
    *out = (struct mm_sample){.points = *all};
    if (all->n <= most)
        return 0;
    size_t dim = all->dim;
    out->x = mm_calloc3(most, dim, sizeof *out->x);
    out->row = mm_calloc3(most, 1, sizeof *out->row);
    if (!out->x || !out->row) {
        mm_sample_finish(out);
        return mm_no_memory(err);
    }
    struct mm_random random = mm_random_stream(seed, 0);
    size_t taken = 0;
    for (size_t i = 0; taken < most; i++) /* Knuth's algorithm S: keeps their order */
        if (mm_random_below(&random, all->n - i) < most - taken) {
            memcpy(out->x + taken * dim, all->x + i * dim, dim * sizeof *out->x);
            out->row[taken++] = (uint32_t)i;
        }
    out->points = (struct mm_points){out->x, most, dim};
    return 0;
}

void mm_sample_finish(struct mm_sample *sample)
{
    free(sample->x);
    free(sample->row);
    *sample = (struct mm_sample){0};
}

struct spread {
    const struct mm_points *all;
    const struct mm_points *sample;
    const uint32_t *group;
    float *half_norm; /* [sample->n] |s|^2 / 2 */
    float *dots;      /* [jobs][ROWS][COLUMNS] */
    uint32_t *out;
};

/* The nearest s has the largest x.s - |s|^2 / 2. */
static void spread_block(void *ctx, size_t block, size_t worker)
{
    const struct spread *s = ctx;
    size_t dim = s->all->dim;
    size_t first = block * ROWS;
    size_t count = s->all->n - first < ROWS ? s->all->n - first : ROWS;
    float *dots = s->dots + worker * ROWS * COLUMNS;
    float best[ROWS];
    for (size_t i = 0; i < count; i++)
        best[i] = -INFINITY;
    for (size_t c0 = 0; c0 < s->sample->n; c0 += COLUMNS) {
        size_t columns = s->sample->n - c0 < COLUMNS ? s->sample->n - c0 : COLUMNS;
        mm_matrix_dots(s->all->x + first * dim, count, s->sample->x + c0 * dim, columns, dim, dots);
        for (size_t i = 0; i < count; i++)
            for (size_t c = 0; c < columns; c++) {
                float near = dots[i * columns + c] - s->half_norm[c0 + c];
                if (near > best[i]) {
                    best[i] = near;
                    s->out[first + i] = s->group[c0 + c];
                }
            }
    }
}

int mm_sample_spread(const struct mm_sample *sample, const uint32_t *group,
                     const struct mm_points *all, struct mm_pool *pool, uint32_t *out,
                     struct mm_error *err)
{
    size_t n = sample->points.n;
    size_t dim = all->dim;
    if (!sample->row) {
        memcpy(out, group, n * sizeof *out);
        return 0;
    }
    struct spread s = {.all = all, .sample = &sample->points, .group = group, .out = out};
    s.half_norm = mm_calloc3(n, 1, sizeof *s.half_norm);
    s.dots = mm_calloc3(mm_pool_jobs(pool), ROWS * COLUMNS, sizeof *s.dots);
    int result = s.half_norm && s.dots ? 0 : mm_no_memory(err);
    if (result == 0) {
        for (size_t i = 0; i < n; i++) {
            double norm = 0;
            for (size_t j = 0; j < dim; j++)
                norm += (double)sample->points.x[i * dim + j] * sample->points.x[i * dim + j];
            s.half_norm[i] = (float)(norm / 2);
        }
        mm_pool_run(pool, (all->n + ROWS - 1) / ROWS, spread_block, &s);
        for (size_t i = 0; i < n; i++)
            out[sample->row[i]] = group[i];
    }
    free(s.dots);
    free(s.half_norm);
    return result;
}
