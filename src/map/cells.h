/* SPDX-License-Identifier: BSD-2-Clause */
/* cells.h - the Voronoi cells of places on the grid, clipped to a box. */
#ifndef MAP_CELLS_H
#define MAP_CELLS_H

#include "map/delaunay.h"
#include "musicmap/map.h"

/* Convex polygons that share corners: ring i is index[start[i]] .. index[start[i + 1] - 1]. */
struct mm_rings {
    size_t n;
    uint32_t *start; /* [n + 1] */
    uint32_t *index; /* [start[n]] */
    size_t n_corners;
    double *corners; /* [n_corners][2] */
};
void mm_rings_finish(struct mm_rings *rings);

/*
 * One ring a place, counter-clockwise, in grid units. box: in grid units, holds all places. A
 * corner where several cells meet is one corner, also where more than three do.
 */
int mm_cells_clip(const struct mm_place *places, size_t n, const struct mm_delaunay *d,
                  const struct mm_box *box, struct mm_rings *out, struct mm_error *err);

#endif
