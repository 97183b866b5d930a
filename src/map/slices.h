/* SPDX-License-Identifier: BSD-2-Clause */
/* slices.h - gives each of several songs at one place an equal slice of the place's cell. */
#ifndef MAP_SLICES_H
#define MAP_SLICES_H

#include "map/cells.h"

/*
 * rings: one a place, clipped to the box (corners may be added). apex: [rings->n][2] the places.
 * Songs of place i are song[first[i]] .. song[first[i + 1] - 1]; n songs in all. out: one ring a
 * song; a slice begins at its apex. Corners are shared with rings and belong to it: out->corners is
 * NULL.
 */
int mm_slices_cut(struct mm_rings *rings, const struct mm_box *box, const double *apex,
                  const uint32_t *first, const uint32_t *song, size_t n, struct mm_rings *out,
                  struct mm_error *err);

#endif
