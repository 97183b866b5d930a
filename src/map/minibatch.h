/* SPDX-License-Identifier: BSD-2-Clause */
/* minibatch.h - K-means from small batches of points. */
#ifndef MAP_MINIBATCH_H
#define MAP_MINIBATCH_H

#include "map/kmeans.h"

/* As mm_kmeans_run (settings: k, seed, rounds = batches at most), for about the time of one of its
 * rounds. */
int mm_minibatch_run(const struct mm_points *points, const struct mm_kmeans_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress,
                     struct mm_kmeans *out, struct mm_error *err);

#endif
