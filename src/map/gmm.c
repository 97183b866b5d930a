/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gmm.c - expectation maximisation (Dempster, Laird, Rubin 1977) for mixtures of Gaussians.
 *
 * Full covariances are used through their Cholesky factors: |L^-1 (x - m)|^2. Shares are computed
 * as logarithms, so that far points do not underflow.
 *
 * With a prior the fit is the mode of the posterior instead of the maximum of the likelihood
 * (Fraley & Raftery 2007, their conjugate prior without the one on the means): each component
 * begins with dim + 2 imagined observations (diagonal: 3 for each direction) of the whole cloud's
 * scatter, shrunk to a k-th of its volume. A component on one song then is not infinitely likely,
 * and BIC can be compared between numbers of components.
 */
#include "map/gmm.h"

#include <math.h>

#include "base/array.h"
#include "map/matrix.h"

#define BLOCK     ((size_t)256) /* points of one round of the pool */
#define LOG_2_PI  1.8378770664093453
#define LEAST_LOG (-1e300)

#define DIAGONAL_COUNT   2.0
#define DIAGONAL_SCATTER 0.2

struct em {
    const struct mm_points *points;
    const struct mm_gmm_settings *settings;
    struct mm_gmm *gmm;
    size_t k;
    size_t blocks;
    size_t width;        /* numbers of a covariance: dim, or dim * dim */
    double *scatter;     /* [width] of the prior; zeros without */
    double prior_count;  /* imagined observations */
    double *factor;      /* [k][width] 1 / variance, or lower Cholesky factors */
    double *constant;    /* [k] log of weight and norming constant */
    double *share;       /* [n][k] of each point in each component */
    double *total;       /* [k] sum of shares */
    double *likelihood;  /* [blocks] */
    double *room;        /* [jobs][dim] */
    double *mean_before; /* [k][dim] */
};

static size_t block_end(const struct em *e, size_t block)
{
    size_t end = (block + 1) * BLOCK;
    return end < e->points->n ? end : e->points->n;
}

static double work_of(const struct em *e)
{
    return (double)e->points->n * (double)e->k * (double)e->width;
}

/* ---- expectation ---- */

/* Squared Mahalanobis distance of a point to component c. room: [dim] */
static double mahalanobis(const struct em *e, const float *x, size_t c, double *room)
{
    size_t dim = e->points->dim;
    const double *mean = e->gmm->mean + c * dim;
    const double *factor = e->factor + c * e->width;
    double sum = 0;
    if (!e->settings->full) {
        for (size_t j = 0; j < dim; j++)
            sum += (x[j] - mean[j]) * (x[j] - mean[j]) * factor[j];
        return sum;
    }
    for (size_t j = 0; j < dim; j++) { /* forward substitution */
        double y = x[j] - mean[j];
        for (size_t i = 0; i < j; i++)
            y -= factor[j * dim + i] * room[i];
        room[j] = y / factor[j * dim + j];
        sum += room[j] * room[j];
    }
    return sum;
}

static void expect_block(void *ctx, size_t block, size_t worker)
{
    struct em *e = ctx;
    size_t dim = e->points->dim;
    double *room = e->room + worker * dim;
    e->likelihood[block] = 0;
    for (size_t i = block * BLOCK; i < block_end(e, block); i++) {
        double *share = e->share + i * e->k;
        const float *x = e->points->x + i * dim;
        double most = LEAST_LOG;
        uint32_t which = 0;
        for (size_t c = 0; c < e->k; c++) {
            share[c] = e->constant[c] - mahalanobis(e, x, c, room) / 2;
            if (share[c] > most) {
                most = share[c];
                which = (uint32_t)c;
            }
        }
        double sum = 0;
        for (size_t c = 0; c < e->k; c++)
            sum += exp(share[c] - most);
        /* cppcheck-suppress invalidFunctionArg ; >= 1: the most likely adds exp(0) */
        double all = most + log(sum);
        for (size_t c = 0; c < e->k; c++)
            share[c] = exp(share[c] - all);
        e->gmm->cluster[i] = which;
        e->likelihood[block] += all;
    }
}

/* ---- maximisation ---- */

/* The prior's observations and the least variance; then what mahalanobis() wants. */
static int factorise(struct em *e, size_t c)
{
    size_t dim = e->points->dim;
    double *variance = e->gmm->variance + c * e->width;
    double *factor = e->factor + c * e->width;
    size_t step = e->settings->full ? dim + 1 : 1; /* from one diagonal element to the next */
    double count = e->total[c] + e->prior_count;
    for (size_t j = 0; j < e->width; j++)
        variance[j] = count > 0 ? (variance[j] + e->scatter[j]) / count : 0;
    double determinant = 0;
    for (size_t j = 0; j < dim; j++)
        variance[j * step] += e->settings->least_variance;
    memcpy(factor, variance, e->width * sizeof *factor);
    if (e->settings->full && mm_matrix_cholesky(factor, dim) < 0)
        return MM_ERR_BUG;
    for (size_t j = 0; j < dim; j++) {
        double f = factor[j * step];
        determinant += e->settings->full ? 2 * log(f) : log(f);
        if (!e->settings->full)
            factor[j] = 1 / f;
    }
    e->constant[c] = log(e->gmm->weight[c]) - ((double)dim * LOG_2_PI + determinant) / 2;
    return 0;
}

/* Sums of one component: its weight, mean and scatter. */
static void maximise(void *ctx, size_t c, size_t worker)
{
    (void)worker;
    struct em *e = ctx;
    size_t n = e->points->n;
    size_t dim = e->points->dim;
    double *mean = e->gmm->mean + c * dim;
    double *variance = e->gmm->variance + c * e->width;
    double total = 0;
    memset(mean, 0, dim * sizeof *mean);
    memset(variance, 0, e->width * sizeof *variance);
    for (size_t i = 0; i < n; i++) {
        double share = e->share[i * e->k + c];
        const float *x = e->points->x + i * dim;
        total += share;
        for (size_t j = 0; j < dim && share > 0; j++)
            mean[j] += share * x[j];
    }
    for (size_t j = 0; j < dim; j++)
        mean[j] = total > 0 ? mean[j] / total : e->mean_before[c * dim + j];
    for (size_t i = 0; i < n; i++) {
        double share = e->share[i * e->k + c];
        if (share < 1e-12) /* no matrix is moved by that */
            continue;
        const float *x = e->points->x + i * dim;
        for (size_t j = 0; j < dim; j++) {
            double d = share * (x[j] - mean[j]);
            if (!e->settings->full)
                variance[j] += d * (x[j] - mean[j]);
            for (size_t l = 0; e->settings->full && l <= j; l++)
                variance[j * dim + l] += d * (x[l] - mean[l]);
        }
    }
    for (size_t j = 0; e->settings->full && j < dim; j++)
        for (size_t l = j + 1; l < dim; l++)
            variance[j * dim + l] = variance[l * dim + j];
    e->total[c] = total;
    e->gmm->weight[c] = total / (double)n;
}

static int maximise_all(struct em *e, struct mm_pool *pool)
{
    memcpy(e->mean_before, e->gmm->mean, e->k * e->points->dim * sizeof *e->mean_before);
    mm_pool_run_sized(pool, e->k, work_of(e), maximise, e);
    for (size_t c = 0; c < e->k; c++)
        if (factorise(e, c) < 0)
            return MM_ERR_BUG;
    return 0;
}

static double expect_all(struct em *e, struct mm_pool *pool)
{
    mm_pool_run_sized(pool, e->blocks, work_of(e), expect_block, e);
    double sum = 0;
    for (size_t b = 0; b < e->blocks; b++)
        sum += e->likelihood[b];
    return sum;
}

static int run_rounds(struct em *e, struct mm_pool *pool, const struct mm_progress *progress)
{
    double tolerance = e->settings->tolerance > 0 ? e->settings->tolerance : 1e-3;
    size_t rounds = e->settings->rounds ? e->settings->rounds : 100;
    double before = -INFINITY;
    int result = maximise_all(e, pool);
    for (size_t round = 0; round < rounds && result == 0; round++) {
        if (mm_progress_cancelled(progress))
            return MM_ERR_CANCELLED;
        double now = expect_all(e, pool) / (double)e->points->n;
        result = maximise_all(e, pool);
        if (fabs(now - before) < tolerance)
            break;
        before = now;
    }
    if (result == 0) /* so that clusters and figures are those of the parameters returned */
        e->gmm->log_likelihood = expect_all(e, pool);
    return result;
}

/* ---- beginning and end ---- */

static void set_prior(struct em *e)
{
    const struct mm_points *p = e->points;
    double *mean = e->room;
    double n = (double)p->n;
    if (!e->settings->prior)
        return;
    memset(mean, 0, p->dim * sizeof *mean);
    for (size_t i = 0; i < p->n * p->dim; i++)
        mean[i % p->dim] += p->x[i] / n;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->dim; j++) {
            double d = (p->x[i * p->dim + j] - mean[j]) / n;
            if (!e->settings->full)
                e->scatter[j] += d * (p->x[i * p->dim + j] - mean[j]);
            for (size_t l = 0; e->settings->full && l < p->dim; l++)
                e->scatter[j * p->dim + l] += d * (p->x[i * p->dim + l] - mean[l]);
        }
    double shrink = pow((double)e->k, -2 / (double)p->dim);
    if (!e->settings->full)
        shrink *= DIAGONAL_SCATTER;
    for (size_t j = 0; j < e->width; j++)
        e->scatter[j] *= shrink;
    /* The mode of the posterior counts dim + 2 more (inverse Wishart). */
    e->prior_count = e->settings->full ? 2 * (double)p->dim + 4 : DIAGONAL_COUNT;
}

static double count_parameters(const struct em *e)
{
    double dim = (double)e->points->dim;
    double shape = e->settings->full ? dim * (dim + 1) / 2 : dim;
    return (double)e->k * (dim + shape) + (double)e->k - 1;
}

static int em_init(struct em *e, const uint32_t *start, size_t jobs)
{
    size_t n = e->points->n;
    size_t dim = e->points->dim;
    struct mm_gmm *gmm = e->gmm;
    gmm->cluster = mm_calloc3(n, 1, sizeof *gmm->cluster);
    gmm->weight = mm_calloc3(e->k, 1, sizeof *gmm->weight);
    gmm->mean = mm_calloc3(e->k, dim, sizeof *gmm->mean);
    gmm->variance = mm_calloc3(e->k, e->width, sizeof *gmm->variance);
    e->scatter = mm_calloc3(e->width, 1, sizeof *e->scatter);
    e->factor = mm_calloc3(e->k, e->width, sizeof *e->factor);
    e->constant = mm_calloc3(e->k, 1, sizeof *e->constant);
    e->share = mm_calloc3(n, e->k, sizeof *e->share);
    e->total = mm_calloc3(e->k, 1, sizeof *e->total);
    e->likelihood = mm_calloc3(e->blocks, 1, sizeof *e->likelihood);
    e->room = mm_calloc3(jobs, dim, sizeof *e->room);
    e->mean_before = mm_calloc3(e->k, dim, sizeof *e->mean_before);
    if (!gmm->cluster || !gmm->weight || !gmm->mean || !gmm->variance || !e->scatter ||
        !e->factor || !e->constant || !e->share || !e->total || !e->likelihood || !e->room ||
        !e->mean_before)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        e->share[i * e->k + start[i]] = 1;
    set_prior(e);
    return 0;
}

static void em_finish(struct em *e)
{
    free(e->scatter);
    free(e->factor);
    free(e->constant);
    free(e->share);
    free(e->total);
    free(e->likelihood);
    free(e->room);
    free(e->mean_before);
}

int mm_gmm_run(const struct mm_points *points, const struct mm_gmm_settings *settings,
               const uint32_t *start, struct mm_pool *pool, const struct mm_progress *progress,
               struct mm_gmm *out, struct mm_error *err)
{
    *out = (struct mm_gmm){.k = settings->k};
    size_t dim = points->dim;
    struct em e = {.points = points,
                   .settings = settings,
                   .gmm = out,
                   .k = settings->k,
                   .blocks = (points->n + BLOCK - 1) / BLOCK,
                   .width = settings->full ? dim * dim : dim};
    int result = em_init(&e, start, mm_pool_jobs(pool));
    if (result == 0)
        result = run_rounds(&e, pool, progress);
    if (result == 0)
        out->bic = count_parameters(&e) * log((double)points->n) - 2 * out->log_likelihood;
    em_finish(&e);
    if (result == 0)
        return 0;
    mm_gmm_finish(out);
    return mm_error_set(err, result,
                        result == MM_ERR_CANCELLED   ? "cancelled"
                        : result == MM_ERR_NO_MEMORY ? "out of memory"
                                                     : "a covariance has no Cholesky factor");
}

void mm_gmm_finish(struct mm_gmm *gmm)
{
    free(gmm->cluster);
    free(gmm->weight);
    free(gmm->mean);
    free(gmm->variance);
    *gmm = (struct mm_gmm){0};
}
