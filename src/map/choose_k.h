/* SPDX-License-Identifier: BSD-2-Clause */
/* choose_k.h - the number of clusters, from the data. */
#ifndef MAP_CHOOSE_K_H
#define MAP_CHOOSE_K_H

#include "map/algorithms.h"

/* *k: 1 .. n. Fills curve, n_curve and criterion of out. */
int mm_choose_k(const struct mm_algorithm_input *in, size_t *k, struct mm_clustering *out,
                struct mm_error *err);

#endif
