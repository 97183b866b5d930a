/* SPDX-License-Identifier: BSD-2-Clause */
/* align.h - a map lies as the last one did: orthogonal Procrustes analysis (Schoenemann 1966). */
#ifndef MAP_ALIGN_H
#define MAP_ALIGN_H

#include <stddef.h>

/*
 * Turns xy: [n][2] around the middle of the songs that both maps have, mirrored if need be, so that
 * the squared distances to previous: [n][2] (moved, not scaled) are least. A song whose previous
 * place is NAN was not on that map. Left as it is when fewer than two songs are on both.
 */
void mm_align(const float *previous, size_t n, float *xy);

#endif
