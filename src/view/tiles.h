/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiles.h - the songs of a map in an order in which neighbours are near, and cut into tiles.
 * Format: doc/protocol.md, "MMP1". Pure functions.
 */
#ifndef VIEW_TILES_H
#define VIEW_TILES_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/map.h"
#include "view/blob.h"

enum { MM_TILE_SONGS = 16384 };

/* The songs' places along a Hilbert curve over the box: order[i] is the song that comes i-th. Songs
 * in one square of 2^-16 of the box keep their order. order: [n], xy: [n][2]. */
int mm_tiles_order(const float *xy, size_t n, const struct mm_box *box, uint32_t *order,
                   struct mm_error *err);

/* What a tile says of songs; all arrays by the songs' own numbers. */
struct mm_tile_songs {
    const uint32_t *order; /* [n] */
    const uint32_t *id;
    const float *xy;         /* [n][2] */
    const uint32_t *cluster; /* below 65,535 */
    const float *gain;       /* linear */
    const float *onset;      /* seconds */
};
/* The tile of the songs order[first] .. order[first + count - 1]. */
int mm_tile_create(const struct mm_tile_songs *songs, size_t first, size_t count,
                   struct mm_blob **out, struct mm_error *err);

#endif
