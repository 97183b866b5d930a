/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * build_sample.h - a map of more songs than memory holds: standardised and reduced exactly, from
 * all of them; laid out and clustered from a sample; the others placed among the sample, block by
 * block, and given to the nearest cluster.
 */
#ifndef MAP_BUILD_SAMPLE_H
#define MAP_BUILD_SAMPLE_H

#include "map/algorithms.h"
#include "map/blocks.h"
#include "map/reduce.h"

/* Songs that can be laid out within so many bytes: n when all can, 0 when too few to be worth it.
 */
size_t mm_sample_room(size_t n, size_t dim, size_t memory);
/* The least memory that n songs can be mapped in. */
size_t mm_sample_least(size_t n, size_t dim);

struct mm_build {
    const struct mm_algorithm *clusterer, *layout;
    const struct mm_map_settings *settings;
    struct mm_pool *pool;
    const struct mm_progress *progress;
};

/* build.c: clusters and lays out songs that are in memory. map: n, xy and honesty are allocated. */
int mm_build_part(const struct mm_build *build, const struct mm_reduced *songs,
                  const float *previous, struct mm_map *map, struct mm_error *err);

/* What a map holds, not the struct itself. */
void mm_map_release(struct mm_map *map);

/* The whole map but for its inertia, with `count` songs laid out. map as above. */
int mm_build_sample(const struct mm_build *build, const struct mm_standard *standard, size_t count,
                    struct mm_map *map, struct mm_error *err);

#endif
