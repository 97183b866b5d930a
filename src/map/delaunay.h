/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delaunay.h - the Delaunay triangulation of places on an integer grid, exact.
 *
 * Half-edges: triangle t owns the half-edges 3t, 3t+1, 3t+2, counter-clockwise. Half-edge h runs
 * from place origin[h] to the origin of the next one in its triangle; twin[h] runs the other way in
 * the triangle beyond, MM_NO_EDGE where the hull is.
 */
#ifndef MAP_DELAUNAY_H
#define MAP_DELAUNAY_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

#define MM_NO_EDGE    UINT32_MAX
#define MM_GRID_BITS  30 /* so that the in-circle determinant fits into 128 bits */
#define MM_MAX_PLACES ((size_t)1 << 28)

struct mm_place {
    int32_t x, y; /* 0 .. 2^MM_GRID_BITS */
};

struct mm_delaunay {
    size_t n;
    size_t n_half;    /* 0 when all places lie on one line */
    uint32_t *origin; /* [n_half] */
    uint32_t *twin;   /* [n_half] */
    uint32_t
        *leaves; /* [n] a half-edge that leaves the place; the one on the hull if there is one */
};

static inline uint32_t mm_half_next(uint32_t h)
{
    return h % 3 == 2 ? h - 2 : h + 1;
}

static inline uint32_t mm_half_prev(uint32_t h)
{
    return h % 3 == 0 ? h + 2 : h - 1;
}

/* places: [n], all different, in order of (x, y); n >= 1. Release with mm_delaunay_finish. */
int mm_delaunay_build(const struct mm_place *places, size_t n, struct mm_delaunay *out,
                      struct mm_error *err);
void mm_delaunay_finish(struct mm_delaunay *d);

/* Whether d lies inside (1), on (0) or outside (-1) the circle through a, b, c (turning left). */
int mm_place_in_circle(struct mm_place a, struct mm_place b, struct mm_place c, struct mm_place d);

#endif
