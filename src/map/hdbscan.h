/* SPDX-License-Identifier: BSD-2-Clause */
/* hdbscan.h - clusters as regions that are denser than what lies around them. */
#ifndef MAP_HDBSCAN_H
#define MAP_HDBSCAN_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

/* One edge of the tree that spans all points. */
struct mm_span_edge {
    uint32_t a, b;
    float length; /* mutual reachability distance */
};

/*
 * The minimum spanning tree over mutual reachability distances: max(|x - y|, core x, core y), where
 * a point's core distance is that to its `neighbours`-th nearest other point. edges: [n - 1],
 * lengths rising. Time grows with n^2, memory with n. n >= 1.
 */
int mm_hdbscan_span(const struct mm_points *points, size_t neighbours, struct mm_pool *pool,
                    const struct mm_progress *progress, struct mm_span_edge *edges,
                    struct mm_error *err);

/*
 * The most stable clusters of at least `least` (>= 2) points in that tree; cluster: [n] 0 .. *k - 1
 * in order of their first point, UINT32_MAX = noise. Where nothing ever falls into two such
 * clusters, all points are one.
 */
int mm_hdbscan_extract(const struct mm_span_edge *edges, size_t n, size_t least, uint32_t *cluster,
                       size_t *k, struct mm_error *err);

#endif
