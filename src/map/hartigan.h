/* SPDX-License-Identifier: BSD-2-Clause */
/* hartigan.h - improves a K-means solution by moving single points. */
#ifndef MAP_HARTIGAN_H
#define MAP_HARTIGAN_H

#include <stdint.h>

#include "map/points.h"
#include "musicmap/error.h"

/*
 * cluster: [n], centres: [k][dim] means of their points; both are improved in place. No cluster
 * loses its last point. One thread; 0 or MM_ERR_NO_MEMORY.
 */
int mm_hartigan_improve(const struct mm_points *points, size_t k, uint32_t *cluster,
                        float *centres);

#endif
