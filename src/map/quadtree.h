/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quadtree.h - sums over all other songs of a force that falls with distance, far ones in bulk
 * (Barnes & Hut 1986).
 *
 * Threads: building is for one thread; mm_quadtree_push for any number.
 */
#ifndef MAP_QUADTREE_H
#define MAP_QUADTREE_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_quadtree;

/* A tree for n songs, to be built anew whenever they moved. */
int mm_quadtree_create(size_t n, struct mm_quadtree **out, struct mm_error *err);
void mm_quadtree_destroy(struct mm_quadtree *tree);

/* xy: [n][2] finite; read until the next build. */
void mm_quadtree_build(struct mm_quadtree *tree, const float *xy);

/* The songs in an order in which neighbours are near one another: [n]. */
const uint32_t *mm_quadtree_order(const struct mm_quadtree *tree);

/*
 * With q = 1 / (1 + d^2) between song i and every other one: adds q^2 (x_i - x_j) to push[0],
 * q^2 (y_i - y_j) to push[1] and returns the sum of q. Cells with side < theta * distance count as
 * one song with their weight.
 */
double mm_quadtree_push(const struct mm_quadtree *tree, uint32_t i, double theta, double push[2]);

#endif
