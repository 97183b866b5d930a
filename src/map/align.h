/* SPDX-License-Identifier: BSD-2-Clause */
/* align.h - a map lies as the last one did: orthogonal Procrustes analysis (Schoenemann 1966). */
#ifndef MAP_ALIGN_H
#define MAP_ALIGN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Turns xy: [n][2] around 0, mirrored if need be, so that the squared distances to previous: [n][2]
 * (moved, not scaled) are least. A song whose previous place is NAN was not on that map. False, and
 * nothing done, when fewer than two places are on both or when it lies so already. What was turned
 * so once is turned by the same angle again, to the bit.
 */
bool mm_align(const float *previous, size_t n, float *xy);

/* Without a last map to go by: turned so that the map's main axis lies flat, as pages and screens
 * do. */
void mm_align_flat(size_t n, float *xy);

#endif
