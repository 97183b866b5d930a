/* SPDX-License-Identifier: BSD-2-Clause */
/* spectral.h - songs as the slow vibrations of the graph of their neighbours see them. */
#ifndef MAP_SPECTRAL_H
#define MAP_SPECTRAL_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

/*
 * out: [n][m], the eigenvectors to the m largest eigenvalues (falling; values: [m], 1 at most) of
 * D^-1/2 W D^-1/2, where W holds the weights between near neighbours and D its row sums. Time grows
 * with n m^2. 1 <= m <= n.
 */
int mm_spectral_embed(const struct mm_points *points, size_t m, uint64_t seed, struct mm_pool *pool,
                      const struct mm_progress *progress, float *out, double *values,
                      struct mm_error *err);

#endif
