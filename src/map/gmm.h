/* SPDX-License-Identifier: BSD-2-Clause */
/* gmm.h - mixtures of Gaussians, fitted by expectation maximisation. */
#ifndef MAP_GMM_H
#define MAP_GMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

struct mm_gmm_settings {
    size_t k;
    bool full;             /* covariances of any shape; else diagonal ones */
    bool prior;            /* keep variances from collapsing on a few points (see gmm.c) */
    double least_variance; /* added to every variance */
    double tolerance;      /* of the mean log-likelihood, from round to round; 0 = 1e-3 */
    size_t rounds;         /* at most; 0 = 100 */
};

struct mm_gmm {
    size_t k;              /* components, those that lost all weight included */
    uint32_t *cluster;     /* [n] the most likely component */
    double *weight;        /* [k] sum 1 */
    double *mean;          /* [k][dim] */
    double *variance;      /* [k][dim], or [k][dim][dim] when full */
    double log_likelihood; /* of all points together */
    double bic;            /* -2 log-likelihood + parameters * log n: smaller is better */
};

/* start: [n] 0 .. k-1, the grouping to begin with. */
int mm_gmm_run(const struct mm_points *points, const struct mm_gmm_settings *settings,
               const uint32_t *start, struct mm_pool *pool, const struct mm_progress *progress,
               struct mm_gmm *out, struct mm_error *err);
void mm_gmm_finish(struct mm_gmm *gmm);

#endif
