/* SPDX-License-Identifier: BSD-2-Clause */
/* honesty.h - how far a song's surroundings on the map can be believed. */
#ifndef MAP_HONESTY_H
#define MAP_HONESTY_H

#include "map/knn.h"

/* Neighbours that are compared; fewer where there are fewer songs. */
#define MM_HONESTY_NEIGHBOURS ((size_t)10)

/*
 * out: [n] the share of the song's nearest in high dimension (knn) that are among as many nearest
 * on the map (xy: [n][2]; all that are as near as the last of these count); 0 .. 1, and 1 where
 * there is no other song.
 */
int mm_honesty_measure(const struct mm_knn *knn, const float *xy, uint64_t seed,
                       struct mm_pool *pool, float *out, struct mm_error *err);

#endif
