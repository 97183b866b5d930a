/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * choose_k.c - tries numbers of clusters and takes the one whose clusters are told apart best: the
 * largest mean silhouette (Rousseeuw 1987).
 */
#include "map/choose_k.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/kmeans.h"

#define MOST_SAMPLE ((size_t)2000) /* songs looked at */
#define MOST_K      ((size_t)400)
#define MOST_CURVE  ((size_t)40)

struct silhouette {
    const struct mm_points *points;
    const struct mm_kmeans *kmeans;
    double *width; /* [n] */
    double *sum;   /* [jobs][k] */
    size_t *size;  /* [k] */
};

static void measure_song(void *ctx, size_t i, size_t worker)
{
    struct silhouette *s = ctx;
    const struct mm_points *p = s->points;
    size_t k = s->kmeans->k;
    double *sum = s->sum + worker * k;
    memset(sum, 0, k * sizeof *sum);
    for (size_t j = 0; j < p->n; j++)
        sum[s->kmeans->cluster[j]] +=
            sqrtf(mm_distance2(p->x + i * p->dim, p->x + j * p->dim, p->dim));
    uint32_t own = s->kmeans->cluster[i];
    double other = INFINITY;
    for (size_t c = 0; c < k; c++)
        if (c != own && sum[c] / (double)s->size[c] < other)
            other = sum[c] / (double)s->size[c];
    double in = s->size[own] > 1 ? sum[own] / (double)(s->size[own] - 1) : 0;
    double larger = in > other ? in : other;
    s->width[i] = s->size[own] > 1 && larger > 0 ? (other - in) / larger : 0;
}

static int mean_silhouette(const struct mm_points *points, const struct mm_kmeans *kmeans,
                           struct mm_pool *pool, double *out)
{
    struct silhouette s = {.points = points, .kmeans = kmeans};
    s.width = mm_calloc3(points->n, 1, sizeof *s.width);
    s.sum = mm_calloc3(mm_pool_jobs(pool), kmeans->k, sizeof *s.sum);
    s.size = mm_calloc3(kmeans->k, 1, sizeof *s.size);
    int result = s.width && s.sum && s.size ? 0 : MM_ERR_NO_MEMORY;
    if (result == 0) {
        for (size_t i = 0; i < points->n; i++)
            s.size[kmeans->cluster[i]]++;
        mm_pool_run(pool, points->n, measure_song, &s);
        *out = 0;
        for (size_t i = 0; i < points->n; i++)
            *out += s.width[i] / (double)points->n;
    }
    free(s.width);
    free(s.sum);
    free(s.size);
    return result;
}

static int try_k(const struct mm_algorithm_input *in, const struct mm_points *points, size_t k,
                 double *score, struct mm_error *err)
{
    struct mm_kmeans_settings settings = {.k = k, .starts = 3, .seed = in->seed};
    struct mm_kmeans kmeans;
    int result = mm_kmeans_run(points, &settings, in->pool, in->progress, &kmeans, err);
    if (result < 0)
        return result;
    *score = 0;
    if (kmeans.k > 1 && mean_silhouette(points, &kmeans, in->pool, score) < 0)
        result = mm_no_memory(err);
    mm_kmeans_finish(&kmeans);
    return result;
}

/* Every (n / MOST_SAMPLE)-th song or so, drawn with the seed, in order. */
static float *draw_sample(const struct mm_algorithm_input *in, size_t count)
{
    const struct mm_points *p = &in->points;
    float *rows = mm_calloc3(count, p->dim, sizeof *rows);
    if (!rows)
        return NULL;
    struct mm_random random = mm_random_stream(in->seed, 0x5A);
    size_t taken = 0;
    for (size_t i = 0; i < p->n && taken < count; i++)
        if (mm_random_below(&random, p->n - i) < count - taken)
            memcpy(rows + taken++ * p->dim, p->x + i * p->dim, p->dim * sizeof *rows);
    return rows;
}

int mm_choose_k(const struct mm_algorithm_input *in, size_t *k, struct mm_clustering *out,
                struct mm_error *err)
{
    size_t n = in->points.n < MOST_SAMPLE ? in->points.n : MOST_SAMPLE;
    int result = 0;
    *k = 1;
    out->criterion = "mean silhouette";
    float *sample = draw_sample(in, n);
    out->curve = mm_calloc3(MOST_CURVE, 1, sizeof *out->curve);
    if (!sample || !out->curve) {
        result = mm_no_memory(err);
        goto out;
    }
    struct mm_points points = {sample, n, in->points.dim};
    size_t most = n / 3 < MOST_K ? n / 3 : MOST_K;
    double best = 0;
    for (size_t at = 2; at <= most && out->n_curve < MOST_CURVE; at += 1 + at / 8) {
        double score;
        mm_progress_update(in->progress, "choosing the number of clusters", at, most);
        result = try_k(in, &points, at, &score, err);
        if (result < 0)
            goto out;
        out->curve[out->n_curve++] = (struct mm_k_point){at, score};
        if (score > best) {
            best = score;
            *k = at;
        }
    }

out:
    free(sample);
    if (result < 0)
        mm_clustering_finish(out);
    return result;
}
