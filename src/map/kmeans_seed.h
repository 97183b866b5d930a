/* SPDX-License-Identifier: BSD-2-Clause */
/* kmeans_seed.h - where K-means begins: the greedy k-means++ of Arthur & Vassilvitskii (2007). */
#ifndef MAP_KMEANS_SEED_H
#define MAP_KMEANS_SEED_H

#include "base/pool.h"
#include "base/random.h"
#include "map/points.h"

struct mm_seeder;

/* For any number of draws; NULL when memory is out. points and pool must outlive it. */
struct mm_seeder *mm_seeder_create(const struct mm_points *points, struct mm_pool *pool);
void mm_seeder_destroy(struct mm_seeder *seeder);

/* Chooses k of the points; centres: [k][dim]. Returns how many: fewer when there are fewer
 * different points. */
size_t mm_seeder_choose(struct mm_seeder *seeder, size_t k, struct mm_random *random,
                        float *centres);

#endif
