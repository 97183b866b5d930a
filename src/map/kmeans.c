/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmeans.c - Lloyd's algorithm (1982) from several k-means++ starts (Arthur & Vassilvitskii 2007),
 * with the greedy choice among a few candidates that their paper suggests.
 *
 * The nearest centre comes from blocked matrix products: |x - c|^2 = |x|^2 - 2 x.c + |c|^2, where
 * |x|^2 does not matter. A cluster that loses all its points takes the point that lies farthest
 * from its own centre. Where there are few points, moving single ones improves the result.
 */
#include "map/kmeans.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/random.h"
#include "map/hartigan.h"
#include "map/matrix.h"

#define ROWS          ((size_t)256) /* points of one round of the pool */
#define COLUMNS       ((size_t)256) /* centres of one product */
#define CENTRES       ((size_t)8)   /* centres of one round */
#define MOST_TRY      8             /* candidates of the greedy choice */
#define HARTIGAN_WORK 4e6  /* songs x clusters x dimensions: above, one point does not matter */
#define TOLERANCE     1e-4 /* of the mean variance: what sklearn stops at, too */

struct lloyd {
    const struct mm_points *points;
    size_t k;
    size_t blocks;
    float *centres;    /* [k][dim] */
    float *half_norm;  /* [k] |c|^2 / 2 */
    uint32_t *cluster; /* [n] */
    float *distance;   /* [n] squared, to the own centre */
    size_t *changed;   /* [blocks] points that moved to another cluster */
    double *part;      /* [blocks][MOST_TRY] sums over a block */
    float *dots;       /* [jobs][ROWS][COLUMNS] */
    uint32_t *first;   /* [k + 1] where a cluster's members begin */
    uint32_t *member;  /* [n] */
    double *shift;     /* [k] squared way a centre went */
    double *sum;       /* [jobs][dim] */
    /* k-means++ */
    size_t tries;
    size_t candidate[MOST_TRY];
    float *to_candidate; /* [MOST_TRY][n] distance to the nearest centre, with the candidate */
    float *norm;         /* [n] |x|^2 */
    float *tried;        /* [MOST_TRY][dim] the candidates */
};

static size_t block_count(const struct lloyd *l, size_t block)
{
    size_t left = l->points->n - block * ROWS;
    return left < ROWS ? left : ROWS;
}

static const float *point(const struct lloyd *l, size_t i)
{
    return l->points->x + i * l->points->dim;
}

static void lloyd_finish(struct lloyd *l)
{
    free(l->centres);
    free(l->half_norm);
    free(l->cluster);
    free(l->distance);
    free(l->changed);
    free(l->part);
    free(l->dots);
    free(l->first);
    free(l->member);
    free(l->shift);
    free(l->sum);
    free(l->to_candidate);
    free(l->norm);
    free(l->tried);
}

static int lloyd_init(struct lloyd *l, const struct mm_points *points, size_t k, size_t jobs)
{
    size_t n = points->n;
    *l = (struct lloyd){.points = points, .k = k, .blocks = (n + ROWS - 1) / ROWS};
    l->centres = mm_calloc3(k, points->dim, sizeof *l->centres);
    l->half_norm = mm_calloc3(k, 1, sizeof *l->half_norm);
    l->cluster = mm_calloc3(n, 1, sizeof *l->cluster);
    l->distance = mm_calloc3(n, 1, sizeof *l->distance);
    l->changed = mm_calloc3(l->blocks, 1, sizeof *l->changed);
    l->part = mm_calloc3(l->blocks, MOST_TRY, sizeof *l->part);
    l->dots = mm_calloc3(jobs, ROWS * COLUMNS, sizeof *l->dots);
    l->first = mm_calloc3(k + 1, 1, sizeof *l->first);
    l->member = mm_calloc3(n, 1, sizeof *l->member);
    l->shift = mm_calloc3(k, 1, sizeof *l->shift);
    l->sum = mm_calloc3(jobs, points->dim, sizeof *l->sum);
    l->to_candidate = mm_calloc3(n, MOST_TRY, sizeof *l->to_candidate);
    l->norm = mm_calloc3(n, 1, sizeof *l->norm);
    l->tried = mm_calloc3(MOST_TRY, points->dim, sizeof *l->tried);
    if (l->centres && l->half_norm && l->cluster && l->distance && l->changed && l->part &&
        l->dots && l->first && l->member && l->shift && l->sum && l->to_candidate && l->norm &&
        l->tried)
        return 0;
    lloyd_finish(l);
    return MM_ERR_NO_MEMORY;
}

/* Rounds with so little work (multiplications) that waking threads would take longer are done here:
 * the same blocks in the same way. */
static void run_blocks(struct mm_pool *pool, size_t n, double work,
                       void (*round)(void *ctx, size_t i, size_t worker), struct lloyd *l)
{
    if (work > 2e5)
        mm_pool_run(pool, n, round, l);
    else
        for (size_t i = 0; i < n; i++)
            round(l, i, 0);
}

static double values(const struct lloyd *l)
{
    return (double)l->points->n * (double)l->points->dim;
}

/* ---- k-means++ ---- */

static void measure_norms(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct lloyd *l = ctx;
    size_t dim = l->points->dim;
    for (size_t i = 0; i < block_count(l, block); i++) {
        const float *x = point(l, block * ROWS + i);
        float sum = 0;
        for (size_t j = 0; j < dim; j++)
            sum += x[j] * x[j];
        l->norm[block * ROWS + i] = sum;
    }
}

/* |x|^2 - 2 x.c + |c|^2; measured plainly where it is so small that rounding would show. */
static void measure_candidates(void *ctx, size_t block, size_t worker)
{
    struct lloyd *l = ctx;
    size_t dim = l->points->dim;
    size_t count = block_count(l, block);
    float *dots = l->dots + worker * ROWS * COLUMNS;
    mm_matrix_dots(l->tried, l->tries, point(l, block * ROWS), count, dim, dots);
    for (size_t t = 0; t < l->tries; t++) {
        float norm = l->norm[l->candidate[t]];
        float *out = l->to_candidate + t * l->points->n + block * ROWS;
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            size_t at = block * ROWS + i;
            float both = l->norm[at] + norm;
            float d = both - 2 * dots[t * count + i];
            if (d < 1e-3F * both)
                d = mm_distance2(point(l, at), l->tried + t * dim, dim);
            out[i] = d < l->distance[at] ? d : l->distance[at];
            sum += out[i];
        }
        l->part[block * MOST_TRY + t] = sum;
    }
}

/* Measures all candidates, takes the one that leaves the least; returns what is left. */
static double take_best_candidate(struct lloyd *l, struct mm_pool *pool, size_t centre)
{
    size_t dim = l->points->dim;
    for (size_t t = 0; t < l->tries; t++)
        memcpy(l->tried + t * dim, point(l, l->candidate[t]), dim * sizeof *l->tried);
    run_blocks(pool, l->blocks, values(l) * (double)l->tries, measure_candidates, l);
    size_t best = 0;
    double least = INFINITY;
    for (size_t t = 0; t < l->tries; t++) {
        double sum = 0;
        for (size_t b = 0; b < l->blocks; b++)
            sum += l->part[b * MOST_TRY + t];
        if (sum < least) {
            least = sum;
            best = t;
        }
    }
    for (size_t b = 0; b < l->blocks; b++)
        l->part[b * MOST_TRY] = l->part[b * MOST_TRY + best];
    memcpy(l->distance, l->to_candidate + best * l->points->n, l->points->n * sizeof *l->distance);
    memcpy(l->centres + centre * dim, l->tried + best * dim, dim * sizeof *l->centres);
    return least;
}

/* A point drawn with probability proportional to its squared distance; part[] holds block sums. */
static size_t draw_point(const struct lloyd *l, double total, struct mm_random *random)
{
    double want = mm_random_unit(random) * total;
    size_t b = 0;
    while (b + 1 < l->blocks && want >= l->part[b * MOST_TRY])
        want -= l->part[b++ * MOST_TRY];
    size_t last = b * ROWS;
    for (size_t i = 0; i < block_count(l, b); i++) {
        if (l->distance[b * ROWS + i] <= 0)
            continue; /* is a centre already */
        last = b * ROWS + i;
        want -= l->distance[last];
        if (want < 0)
            break;
    }
    return last;
}

/* Chooses the first centres; fewer than k when there are fewer different points. */
static void choose_centres(struct lloyd *l, struct mm_pool *pool, struct mm_random *random)
{
    size_t tries = 2 + (size_t)log((double)l->k);
    if (tries > MOST_TRY)
        tries = MOST_TRY;
    for (size_t i = 0; i < l->points->n; i++)
        l->distance[i] = INFINITY;
    l->tries = 1;
    l->candidate[0] = mm_random_below(random, l->points->n);
    double left = take_best_candidate(l, pool, 0);
    l->tries = tries;
    for (size_t c = 1; c < l->k; c++) {
        if (!(left > 0)) {
            l->k = c;
            return;
        }
        for (size_t t = 0; t < tries; t++)
            l->candidate[t] = draw_point(l, left, random);
        left = take_best_candidate(l, pool, c);
    }
}

/* ---- Lloyd's rounds ---- */

static void assign_block(void *ctx, size_t block, size_t worker)
{
    struct lloyd *l = ctx;
    size_t dim = l->points->dim;
    size_t count = block_count(l, block);
    const float *x = point(l, block * ROWS);
    float *dots = l->dots + worker * ROWS * COLUMNS;
    float best[ROWS];
    uint32_t which[ROWS] = {0};
    for (size_t i = 0; i < count; i++)
        best[i] = -INFINITY;
    for (size_t c0 = 0; c0 < l->k; c0 += COLUMNS) {
        size_t columns = l->k - c0 < COLUMNS ? l->k - c0 : COLUMNS;
        mm_matrix_dots(x, count, l->centres + c0 * dim, columns, dim, dots);
        for (size_t i = 0; i < count; i++)
            for (size_t c = 0; c < columns; c++) {
                float near = dots[i * columns + c] - l->half_norm[c0 + c];
                if (near > best[i]) {
                    best[i] = near;
                    which[i] = (uint32_t)(c0 + c);
                }
            }
    }
    size_t changed = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = block * ROWS + i;
        changed += l->cluster[at] != which[i];
        l->cluster[at] = which[i];
        l->distance[at] = mm_distance2(x + i * dim, l->centres + which[i] * dim, dim);
        sum += l->distance[at];
    }
    l->changed[block] = changed;
    l->part[block * MOST_TRY] = sum;
}

static size_t assign(struct lloyd *l, struct mm_pool *pool, double *inertia)
{
    size_t dim = l->points->dim;
    for (size_t c = 0; c < l->k; c++) {
        double norm = 0;
        for (size_t j = 0; j < dim; j++)
            norm += (double)l->centres[c * dim + j] * l->centres[c * dim + j];
        l->half_norm[c] = (float)(norm / 2);
    }
    run_blocks(pool, l->blocks, values(l) * (double)l->k, assign_block, l);
    size_t changed = 0;
    *inertia = 0;
    for (size_t b = 0; b < l->blocks; b++) {
        changed += l->changed[b];
        *inertia += l->part[b * MOST_TRY];
    }
    return changed;
}

static void list_members(struct lloyd *l)
{
    size_t n = l->points->n;
    memset(l->first, 0, (l->k + 1) * sizeof *l->first);
    for (size_t i = 0; i < n; i++)
        l->first[l->cluster[i]]++;
    uint32_t end = 0;
    for (size_t c = 0; c < l->k; c++) {
        end += l->first[c];
        l->first[c] = end;
    }
    l->first[l->k] = end;
    for (size_t i = n; i-- > 0;)
        l->member[--l->first[l->cluster[i]]] = (uint32_t)i;
}

/* Gives each empty cluster the point farthest from its centre, out of a cluster that has others.
 * Sets *repaired; false when there is no such point left. */
static bool repair_empty(struct lloyd *l, bool *repaired)
{
    *repaired = false;
    for (size_t c = 0; c < l->k; c++) {
        if (l->first[c + 1] > l->first[c])
            continue;
        size_t far = SIZE_MAX;
        for (size_t i = 0; i < l->points->n; i++) {
            uint32_t from = l->cluster[i];
            if (l->first[from + 1] - l->first[from] > 1 && l->distance[i] > 0 &&
                (far == SIZE_MAX || l->distance[i] > l->distance[far]))
                far = i;
        }
        if (far == SIZE_MAX)
            return false;
        l->cluster[far] = (uint32_t)c;
        l->distance[far] = 0;
        list_members(l);
        *repaired = true;
    }
    return true;
}

static void move_centres(void *ctx, size_t block, size_t worker)
{
    struct lloyd *l = ctx;
    size_t dim = l->points->dim;
    double *sum = l->sum + worker * dim;
    for (size_t c = block * CENTRES; c < l->k && c < (block + 1) * CENTRES; c++) {
        l->shift[c] = 0;
        size_t count = l->first[c + 1] - l->first[c];
        if (count == 0)
            continue;
        memset(sum, 0, dim * sizeof *sum);
        for (uint32_t m = l->first[c]; m < l->first[c + 1]; m++) {
            const float *x = point(l, l->member[m]);
            for (size_t j = 0; j < dim; j++)
                sum[j] += x[j];
        }
        for (size_t j = 0; j < dim; j++) {
            float mean = (float)(sum[j] / (double)count);
            double d = (double)mean - l->centres[c * dim + j];
            l->shift[c] += d * d;
            l->centres[c * dim + j] = mean;
        }
    }
}

/* Moves all centres to where their points are; how far they went, squared. */
static double follow(struct lloyd *l, struct mm_pool *pool)
{
    list_members(l);
    run_blocks(pool, (l->k + CENTRES - 1) / CENTRES, values(l), move_centres, l);
    double shift = 0;
    for (size_t c = 0; c < l->k; c++)
        shift += l->shift[c];
    return shift;
}

static double mean_variance(const struct mm_points *p)
{
    double total = 0;
    for (size_t j = 0; j < p->dim; j++) {
        double sum = 0;
        double square = 0;
        for (size_t i = 0; i < p->n; i++) {
            double d = (double)p->x[i * p->dim + j] - p->x[j];
            sum += d;
            square += d * d;
        }
        double mean = sum / (double)p->n;
        total += square / (double)p->n - mean * mean;
    }
    return total / (double)p->dim;
}

/* Drops clusters without points. */
static void close_gaps(struct lloyd *l)
{
    size_t dim = l->points->dim;
    uint32_t kept = 0;
    for (size_t c = 0; c < l->k; c++) {
        if (l->first[c + 1] == l->first[c])
            continue;
        for (uint32_t m = l->first[c]; m < l->first[c + 1]; m++)
            l->cluster[l->member[m]] = kept;
        memmove(l->centres + kept * dim, l->centres + c * dim, dim * sizeof *l->centres);
        kept++;
    }
    l->k = kept;
}

static int run_start(struct lloyd *l, const struct mm_kmeans_settings *settings, double least_shift,
                     struct mm_pool *pool, const struct mm_progress *progress, double *inertia)
{
    size_t rounds = settings->rounds ? settings->rounds : 100;
    memset(l->cluster, 0xFF, l->points->n * sizeof *l->cluster);
    for (size_t round = 0; round < rounds; round++) {
        if (mm_progress_cancelled(progress))
            return MM_ERR_CANCELLED;
        size_t changed = assign(l, pool, inertia);
        list_members(l);
        bool repaired;
        if (!repair_empty(l, &repaired))
            close_gaps(l);
        if (changed == 0 && !repaired)
            break;
        double shift = follow(l, pool);
        if (shift <= least_shift && !repaired)
            break;
    }
    /* Centres may have moved since points were assigned: once more, so that both fit. */
    assign(l, pool, inertia);
    list_members(l);
    close_gaps(l);
    if (settings->single_moves && values(l) * (double)l->k < HARTIGAN_WORK) {
        follow(l, pool);
        if (mm_hartigan_improve(l->points, l->k, l->cluster, l->centres) < 0)
            return MM_ERR_NO_MEMORY;
        assign(l, pool, inertia);
        list_members(l);
        close_gaps(l);
    }
    return 0;
}

static size_t default_starts(const struct mm_points *p, size_t k)
{
    double work = (double)p->n * (double)k * (double)p->dim;
    return work < 1e6 ? 40 : work < 4e7 ? 12 : work < 2e8 ? 4 : 2;
}

static int keep(const struct lloyd *l, double inertia, struct mm_kmeans *out)
{
    size_t dim = l->points->dim;
    out->k = l->k;
    out->inertia = inertia;
    memcpy(out->cluster, l->cluster, l->points->n * sizeof *out->cluster);
    memcpy(out->centres, l->centres, l->k * dim * sizeof *out->centres);
    return 0;
}

int mm_kmeans_run(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                  struct mm_pool *pool, const struct mm_progress *progress, struct mm_kmeans *out,
                  struct mm_error *err)
{
    size_t k = settings->k < points->n ? settings->k : points->n;
    size_t starts = settings->starts ? settings->starts : default_starts(points, k);
    *out = (struct mm_kmeans){0};
    struct lloyd l;
    if (k == 0)
        return mm_error_set(err, MM_ERR_USAGE, "K-means needs points and at least one cluster");
    if (points->n > INT32_MAX || lloyd_init(&l, points, k, mm_pool_jobs(pool)) < 0)
        return mm_no_memory(err);
    int result = 0;
    out->cluster = mm_calloc3(points->n, 1, sizeof *out->cluster);
    out->centres = mm_calloc3(k, points->dim, sizeof *out->centres);
    if (!out->cluster || !out->centres) {
        result = mm_no_memory(err);
        goto out;
    }
    out->inertia = INFINITY;
    mm_pool_run(pool, l.blocks, measure_norms, &l);
    double least_shift = TOLERANCE * mean_variance(points);
    for (size_t s = 0; s < starts; s++) {
        struct mm_random random = mm_random_stream(settings->seed, s);
        double inertia = 0;
        l.k = k;
        choose_centres(&l, pool, &random);
        result = run_start(&l, settings, least_shift, pool, progress, &inertia);
        if (result < 0) {
            mm_error_set(err, result, result == MM_ERR_CANCELLED ? "cancelled" : "out of memory");
            goto out;
        }
        if (inertia < out->inertia)
            keep(&l, inertia, out);
    }

out:
    lloyd_finish(&l);
    if (result < 0)
        mm_kmeans_finish(out);
    return result;
}

void mm_kmeans_finish(struct mm_kmeans *kmeans)
{
    free(kmeans->cluster);
    free(kmeans->centres);
    *kmeans = (struct mm_kmeans){0};
}
