/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/silhouette.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

struct measuring {
    const struct mm_points *points;
    float *distances;
};

static void measure_row(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    const struct measuring *m = ctx;
    const struct mm_points *p = m->points;
    for (size_t j = 0; j < p->n; j++)
        m->distances[i * p->n + j] =
            sqrtf(mm_distance2(p->x + i * p->dim, p->x + j * p->dim, p->dim));
}

int mm_distances_create(const struct mm_points *points, struct mm_pool *pool,
                        struct mm_distances *out, struct mm_error *err)
{
    *out = (struct mm_distances){points->n, mm_calloc3(points->n, points->n, sizeof *out->d)};
    if (!out->d)
        return mm_no_memory(err);
    mm_pool_run(pool, points->n, measure_row, &(struct measuring){points, out->d});
    return 0;
}

void mm_distances_finish(struct mm_distances *distances)
{
    free(distances->d);
    *distances = (struct mm_distances){0};
}

struct silhouette {
    const struct mm_distances *distances;
    const uint32_t *cluster;
    size_t k;
    double *size;  /* [k] */
    double *sum;   /* [jobs][k] */
    double *width; /* [n] */
};

static void measure_song(void *ctx, size_t i, size_t worker)
{
    struct silhouette *s = ctx;
    size_t n = s->distances->n;
    const float *d = s->distances->d + i * n;
    double *sum = s->sum + worker * s->k;
    memset(sum, 0, s->k * sizeof *sum);
    uint32_t own = s->cluster[i];
    if (own == UINT32_MAX) {
        s->width[i] = 0;
        return;
    }
    for (size_t j = 0; j < n; j++)
        if (s->cluster[j] != UINT32_MAX)
            sum[s->cluster[j]] += d[j];
    double b = INFINITY;
    for (size_t c = 0; c < s->k; c++)
        if (c != own && s->size[c] > 0)
            b = fmin(b, sum[c] / s->size[c]);
    double a = sum[own] / (s->size[own] - 1);
    bool told = s->size[own] > 1 && isfinite(b); /* from songs of another cluster */
    s->width[i] = told && fmax(a, b) > 0 ? (b - a) / fmax(a, b) : 0;
}

int mm_silhouette_measure(const struct mm_distances *distances, const uint32_t *cluster, size_t k,
                          struct mm_pool *pool, double *out, struct mm_error *err)
{
    *out = 0;
    if (k < 2)
        return 0;
    struct silhouette s = {.distances = distances, .cluster = cluster, .k = k};
    s.size = mm_calloc3(k, 1, sizeof *s.size);
    s.sum = mm_calloc3(mm_pool_jobs(pool), k, sizeof *s.sum);
    s.width = mm_calloc3(distances->n, 1, sizeof *s.width);
    int result = s.size && s.sum && s.width ? 0 : mm_no_memory(err);
    if (result == 0) {
        for (size_t i = 0; i < distances->n; i++)
            if (cluster[i] != UINT32_MAX)
                s.size[cluster[i]]++;
        double work = (double)distances->n * (double)distances->n;
        mm_pool_run_sized(pool, distances->n, work, measure_song, &s);
        for (size_t i = 0; i < distances->n; i++)
            *out += s.width[i];
        *out /= (double)distances->n;
    }
    free(s.width);
    free(s.sum);
    free(s.size);
    return result;
}
