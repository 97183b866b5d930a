/* SPDX-License-Identifier: BSD-2-Clause */
/* countries.h - from points to what is on the map: clusters that are large enough to be shown, the
 * largest first, and the regions they form. */
#ifndef MAP_COUNTRIES_H
#define MAP_COUNTRIES_H

#include "map/algorithms.h"

/* Fills in all of map that tells of clusters and regions. */
int mm_countries_find(const struct mm_algorithm *clusterer, const struct mm_algorithm_input *in,
                      struct mm_map *map, struct mm_error *err);

/* Puts clusters and regions in order of falling size again, after songs were added to them. */
int mm_countries_renumber(struct mm_map *map, struct mm_error *err);

/* The songs that a cluster must have to be a country, where the number k was chosen. */
size_t mm_countries_least(size_t n, size_t k);

/*
 * Joins every cluster of fewer than `least` points to the one that loses least by it (as Ward's
 * method counts), the smallest first. cluster: [n] 0 .. *k - 1 without gaps, and so afterwards.
 * *joined: how many there were.
 */
int mm_countries_join_small(const struct mm_points *points, size_t least, uint32_t *cluster,
                            size_t *k, size_t *joined, struct mm_error *err);

/*
 * Groups k clusters into regions of at least two by Ward's method over their centres. Fewer than
 * six clusters have none: *n_regions = 0. region: [k] in order of falling number of points.
 */
int mm_countries_group(const struct mm_points *points, const uint32_t *cluster, size_t k,
                       struct mm_pool *pool, uint32_t *region, size_t *n_regions,
                       struct mm_error *err);

#endif
