/* SPDX-License-Identifier: BSD-2-Clause */
/* hull.h - the one door to qhull. */
#ifndef MAP_HULL_H
#define MAP_HULL_H

#include "map/delaunay.h"

/*
 * Delaunay triangles as qhull finds them in floating point: triangles [*n_triangles][3], turning
 * left; free them. What it returns may lack places that lie very close together or hold triangles
 * that overlap by rounding: the caller checks. Where qhull gives up *n_triangles is 0.
 */
int mm_hull_triangulate(const struct mm_place *places, size_t n, uint32_t **triangles,
                        size_t *n_triangles, struct mm_error *err);

#endif
