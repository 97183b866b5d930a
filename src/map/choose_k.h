/* SPDX-License-Identifier: BSD-2-Clause */
/* choose_k.h - how many clusters the songs fall into. */
#ifndef MAP_CHOOSE_K_H
#define MAP_CHOOSE_K_H

#include "map/algorithms.h"

/* Whatever groups points into a wanted number of clusters. */
struct mm_grouper {
    void *ctx;
    size_t most; /* clusters to try; 0 = as many as make sense */
    /* cluster: [points->n] 0 .. *found - 1. points are the same in every call. */
    int (*group)(void *ctx, const struct mm_algorithm_input *in, const struct mm_points *points,
                 size_t k, uint32_t *cluster, size_t *found, struct mm_error *err);
};

/* The number of clusters at which `grouper` (NULL = K-means) tells a sample of the points apart
 * best. Fills out->criterion, ->parameter ->curve and ->chosen,
 * and nothing else. */
int mm_choose_k(const struct mm_algorithm_input *in, const struct mm_grouper *grouper, size_t *k,
                struct mm_clustering *out, struct mm_error *err);

#endif
