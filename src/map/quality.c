/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quality.c - figures that tell how much of the vectors' neighbourhoods a map keeps.
 *
 * A song is compared with every other, in blocks of queries: all songs up to MOST_ALL, above that
 * SAMPLE drawn from them (a figure's standard error is then below 0.005). Cosine similarities come
 * from matrix products of rows of unit length. Ties are broken by the song's number, so that
 * figures do not depend on the order of work.
 */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/random.h"
#include "map/agreement.h"
#include "map/blocks.h"
#include "map/matrix.h"
#include "map/separation.h"
#include "musicmap/map.h"

#define QUERIES  ((size_t)16)   /* songs of one round */
#define COLUMNS  ((size_t)2048) /* songs of one matrix product */
#define MOST_K   10
#define MOST_ALL ((size_t)5000) /* songs of which all are asked for their neighbours */
#define SAMPLE   ((size_t)2500) /* of more, so many are */

/* Counts only, so that adding them up is exact. */
struct figures {
    size_t same_high, same_2d; /* neighbours with the query's label */
    size_t kept;               /* of the near ones in high dimension, near on the map, too */
    size_t strangers;          /* sum of rank - k over map neighbours that are none in truth */
    size_t lost;    /* the other way round: over neighbours in truth that are none on the map */
    size_t queries; /* labelled ones */
};

struct quality {
    size_t n, dim;
    size_t count;      /* songs that are asked */
    uint32_t *query;   /* [count] their numbers */
    const float *rows; /* [n][dim] of unit length */
    const float *xy;
    const uint32_t *label; /* NULL: none */
    size_t near;           /* min(5, n - 1) */
    size_t trust;          /* neighbourhood of the trustworthiness */
    struct figures *part;  /* [blocks] */
    float *asked;          /* [jobs][QUERIES][dim] rows of the queries */
    float *far;            /* [jobs][QUERIES][n] distances in high dimension: 1 - cosine */
    float *flat;           /* [jobs][n] squared distances on the map */
    float *dots;           /* [jobs][QUERIES][COLUMNS] */
};

/* The k smallest of distance[0 .. n-1] except number `self`, nearest first. */
static void find_nearest(const float *distance, size_t n, size_t self, size_t k, uint32_t *out)
{
    float limit[MOST_K] = {0};
    size_t count = 0;
    for (size_t j = 0; j < n; j++) {
        if (j == self || (count == k && !(distance[j] < limit[k - 1])))
            continue;
        size_t at = count < k ? count++ : k - 1;
        for (; at > 0 && distance[j] < limit[at - 1]; at--) {
            limit[at] = limit[at - 1];
            out[at] = out[at - 1];
        }
        limit[at] = distance[j];
        out[at] = (uint32_t)j;
    }
}

/* 1 for the nearest. */
static size_t rank_of(const float *distance, size_t n, size_t self, size_t song)
{
    float d = distance[song];
    size_t nearer = 0;
    for (size_t j = 0; j < song; j++)
        nearer += distance[j] <= d;
    for (size_t j = song + 1; j < n; j++)
        nearer += distance[j] < d;
    bool counts_self = self < song ? distance[self] <= d : distance[self] < d;
    return 1 + nearer - counts_self;
}

static size_t count_same(const uint32_t *label, size_t self, const uint32_t *near, size_t k)
{
    size_t same = 0;
    for (size_t i = 0; i < k; i++)
        same += label[near[i]] == label[self];
    return same;
}

static void measure_song(const struct quality *q, size_t i, const float *far, float *flat,
                         struct figures *f)
{
    for (size_t j = 0; j < q->n; j++) {
        float dx = q->xy[2 * j] - q->xy[2 * i];
        float dy = q->xy[2 * j + 1] - q->xy[2 * i + 1];
        flat[j] = dx * dx + dy * dy;
    }
    uint32_t high[MOST_K] = {0};
    uint32_t map[MOST_K] = {0};
    size_t k = q->trust > q->near ? q->trust : q->near;
    find_nearest(far, q->n, i, k, high);
    find_nearest(flat, q->n, i, k, map);
    for (size_t a = 0; a < q->near; a++)
        for (size_t b = 0; b < q->near; b++)
            f->kept += high[a] == map[b];
    for (size_t a = 0; a < q->trust; a++) {
        size_t rank = rank_of(far, q->n, i, map[a]);
        f->strangers += rank > q->trust ? rank - q->trust : 0;
        rank = rank_of(flat, q->n, i, high[a]);
        f->lost += rank > q->trust ? rank - q->trust : 0;
    }
    if (q->label && q->label[i] != UINT32_MAX) {
        f->queries++;
        f->same_high += count_same(q->label, i, high, q->near);
        f->same_2d += count_same(q->label, i, map, q->near);
    }
}

static void measure_block(void *ctx, size_t block, size_t worker)
{
    struct quality *q = ctx;
    size_t first = block * QUERIES;
    size_t count = q->count - first < QUERIES ? q->count - first : QUERIES;
    float *asked = q->asked + worker * QUERIES * q->dim;
    float *far = q->far + worker * QUERIES * q->n;
    float *dots = q->dots + worker * QUERIES * COLUMNS;
    for (size_t i = 0; i < count; i++)
        memcpy(asked + i * q->dim, q->rows + q->query[first + i] * q->dim, q->dim * sizeof *asked);
    for (size_t j0 = 0; j0 < q->n; j0 += COLUMNS) {
        size_t columns = q->n - j0 < COLUMNS ? q->n - j0 : COLUMNS;
        mm_matrix_dots(asked, count, q->rows + j0 * q->dim, columns, q->dim, dots);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < columns; j++)
                far[i * q->n + j0 + j] = 1 - dots[i * columns + j];
    }
    for (size_t i = 0; i < count; i++)
        measure_song(q, q->query[first + i], far + i * q->n, q->flat + worker * q->n,
                     &q->part[block]);
}

/* All vectors standardised and scaled to unit length: rows [n][dim]. */
static int read_rows(const struct mm_standard *standard, float *rows, struct mm_error *err)
{
    int result = 0;
    size_t n = standard->vectors->n;
    size_t dim = standard->vectors->dim;
    for (size_t first = 0; first < n && result == 0; first += MM_BLOCK_ROWS) {
        size_t count = mm_block_rows(n, first);
        result = mm_standard_read(standard, first, count, rows + first * dim, err);
        for (size_t i = first; result == 0 && i < first + count; i++) {
            double norm = 0;
            for (size_t j = 0; j < dim; j++)
                norm += (double)rows[i * dim + j] * rows[i * dim + j];
            double scale = norm > 0 ? 1 / sqrt(norm) : 0;
            for (size_t j = 0; j < dim; j++)
                rows[i * dim + j] = (float)(rows[i * dim + j] * scale);
        }
    }
    return result;
}

/* One song of each of q->count equal parts of the list. */
static void choose_queries(struct quality *q)
{
    struct mm_random random = mm_random_stream(0, q->n);
    for (size_t i = 0; i < q->count; i++) {
        size_t from = i * q->n / q->count;
        q->query[i] = (uint32_t)(from + mm_random_below(&random, (i + 1) * q->n / q->count - from));
    }
}

/* Adds the blocks up. */
static void sum_up(const struct quality *q, size_t blocks, struct mm_quality *out)
{
    struct figures sum = {0};
    for (size_t b = 0; b < blocks; b++) {
        sum.same_high += q->part[b].same_high;
        sum.same_2d += q->part[b].same_2d;
        sum.kept += q->part[b].kept;
        sum.strangers += q->part[b].strangers;
        sum.lost += q->part[b].lost;
        sum.queries += q->part[b].queries;
    }
    double k = (double)q->trust;
    double worst = (double)q->count * k * (2 * (double)q->n - 3 * k - 1) / 2;
    out->asked = q->count;
    out->trust_at_10 = q->trust > 0 ? 1 - (double)sum.strangers / worst : 1;
    out->continuity_at_10 = q->trust > 0 ? 1 - (double)sum.lost / worst : 1;
    out->kept_neighbours_at_5 = (double)sum.kept / (double)(q->count * q->near);
    if (sum.queries > 0) {
        out->p_at_5_high = (double)sum.same_high / (double)(sum.queries * q->near);
        out->p_at_5_2d = (double)sum.same_2d / (double)(sum.queries * q->near);
    }
}

static int measure_neighbours(const struct mm_standard *standard, const float *xy,
                              const uint32_t *label, struct mm_pool *pool, struct mm_quality *out,
                              struct mm_error *err)
{
    size_t n = standard->vectors->n;
    size_t jobs = mm_pool_jobs(pool);
    int result = 0;
    struct quality q = {.n = n, .dim = standard->vectors->dim, .xy = xy, .label = label};
    q.count = n <= MOST_ALL ? n : SAMPLE;
    size_t blocks = (q.count + QUERIES - 1) / QUERIES;
    q.near = n - 1 < 5 ? n - 1 : 5;
    q.trust = (n - 1) / 2 < 10 ? (n - 1) / 2 : 10; /* it is defined for k < n / 2 */
    float *rows = mm_calloc3(n, q.dim, sizeof *rows);
    q.rows = rows;
    q.query = mm_calloc3(q.count, 1, sizeof *q.query);
    q.part = mm_calloc3(blocks, 1, sizeof *q.part);
    q.asked = mm_calloc3(jobs, QUERIES * q.dim, sizeof *q.asked);
    q.far = mm_calloc3(jobs, QUERIES * n, sizeof *q.far);
    q.flat = mm_calloc3(jobs, n, sizeof *q.flat);
    q.dots = mm_calloc3(jobs, QUERIES * COLUMNS, sizeof *q.dots);
    if (!rows || !q.query || !q.part || !q.asked || !q.far || !q.flat || !q.dots) {
        result = mm_no_memory(err);
        goto out;
    }
    choose_queries(&q);
    result = read_rows(standard, rows, err);
    if (result < 0)
        goto out;
    mm_pool_run(pool, blocks, measure_block, &q);
    sum_up(&q, blocks, out);

out:
    free(q.dots);
    free(q.flat);
    free(q.far);
    free(q.asked);
    free(q.part);
    free(q.query);
    free(rows);
    return result;
}

static int compare_ids(const void *one, const void *two)
{
    uint32_t x = *(const uint32_t *)one;
    uint32_t y = *(const uint32_t *)two;
    return (x > y) - (x < y);
}

/* Sorts ids, drops doubles; the number left. */
static size_t unique_ids(uint32_t *ids, size_t n)
{
    size_t used = 0;
    if (n > 1)
        qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 0; i < n; i++)
        if (used == 0 || ids[i] != ids[used - 1])
            ids[used++] = ids[i];
    return used;
}

static uint32_t number_of(const uint32_t *ids, size_t n, uint32_t id)
{
    const uint32_t *at = bsearch(&id, ids, n, sizeof *ids, compare_ids);
    return (uint32_t)(at - ids);
}

/* Counts clusters and labels; how they agree on the songs that have a label. */
static int measure_agreement(const uint32_t *cluster, const uint32_t *label, size_t n,
                             struct mm_quality *out, struct mm_error *err)
{
    int result = 0;
    uint32_t *room = mm_calloc3(n, 4, sizeof *room);
    if (!room)
        return mm_no_memory(err);
    uint32_t *clusters = room;
    uint32_t *labels = room + n;
    uint32_t *a = room + 2 * n;
    uint32_t *b = room + 3 * n;
    size_t n_labelled = 0;
    memcpy(clusters, cluster, n * sizeof *clusters);
    out->clusters = unique_ids(clusters, n);
    for (size_t i = 0; label && i < n; i++)
        if (label[i] != UINT32_MAX)
            labels[n_labelled++] = label[i];
    out->labels = unique_ids(labels, n_labelled);
    size_t count = 0;
    for (size_t i = 0; i < n && n_labelled > 0; i++) {
        if (label[i] == UINT32_MAX)
            continue;
        a[count] = number_of(clusters, out->clusters, cluster[i]);
        b[count++] = number_of(labels, out->labels, label[i]);
    }
    if (count > 0) {
        struct mm_agreement agreement;
        result = mm_agreement_measure(a, out->clusters, b, out->labels, count, &agreement, err);
        if (result == 0) {
            out->ami = agreement.ami;
            out->nmi = agreement.nmi;
            out->ari = agreement.ari;
        }
    }
    free(room);
    return result;
}

static int measure_separation(const struct mm_standard *standard, const uint32_t *cluster,
                              struct mm_pool *pool, struct mm_quality *out, struct mm_error *err)
{
    size_t n = standard->vectors->n;
    uint32_t *ids = mm_calloc3(n, 2, sizeof *ids);
    if (!ids)
        return mm_no_memory(err);
    uint32_t *number = ids + n;
    memcpy(ids, cluster, n * sizeof *ids);
    size_t k = unique_ids(ids, n);
    for (size_t i = 0; i < n; i++)
        number[i] = number_of(ids, k, cluster[i]);
    struct mm_separation separation;
    int result = mm_separation_measure(standard, number, k, pool, &separation, err);
    if (result == 0) {
        out->silhouette = separation.silhouette;
        out->davies_bouldin = separation.davies_bouldin;
    }
    free(ids);
    return result;
}

int mm_quality_measure(const struct mm_vectors *vectors, const float *xy, const uint32_t *cluster,
                       const uint32_t *label, size_t jobs, struct mm_quality *out,
                       struct mm_error *err)
{
    *out = (struct mm_quality){.songs = vectors->n,
                               .p_at_5_high = NAN,
                               .p_at_5_2d = NAN,
                               .trust_at_10 = 1,
                               .continuity_at_10 = 1,
                               .silhouette = NAN,
                               .davies_bouldin = NAN,
                               .ari = NAN,
                               .kept_neighbours_at_5 = 1,
                               .ami = NAN,
                               .nmi = NAN};
    if (vectors->n == 0 || vectors->dim == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there are no songs to judge a map of");
    int result = measure_agreement(cluster, label, vectors->n, out, err);
    if (result < 0 || vectors->n == 1)
        return result;
    mm_matrix_init();
    struct mm_standard standard = {0};
    struct mm_pool *pool;
    result = mm_pool_create(jobs, &pool, err);
    if (result < 0)
        return result;
    result = mm_standard_create(vectors, NULL, &standard, err);
    if (result == 0)
        result = measure_neighbours(&standard, xy, label, pool, out, err);
    if (result == 0)
        result = measure_separation(&standard, cluster, pool, out, err);
    mm_standard_finish(&standard);
    mm_pool_destroy(pool);
    return result;
}
