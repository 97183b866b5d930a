/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * umap.h - lays a neighbourhood graph out in the plane: McInnes, Healy & Melville 2018, section 3.2
 * and algorithm 5 (arXiv:1802.03426).
 */
#ifndef MAP_UMAP_H
#define MAP_UMAP_H

#include "map/fuzzy.h"

struct mm_umap_settings {
    double min_dist;  /* distance below which neighbours need not come nearer; 0 .. spread */
    double spread;    /* scale of the layout: over it, a neighbour's pull fades; above 0 */
    double repulsion; /* 1: as in the paper */
    double rate;      /* first learning rate; falls to 0 */
    size_t epochs;
    size_t strangers; /* songs that push one away for every neighbour that pulls it; 5 */
    size_t fixed;     /* songs 0 .. fixed-1 stay where they are; 0: all move */
    uint64_t seed;
};

/*
 * Moves the songs of graph from their first places to better ones. xy: [n][2], finite; places
 * within a few spreads of the middle are good ones to start from, two songs at one place are not.
 * Same input, same output, for any number of jobs.
 */
int mm_umap_optimise(const struct mm_fuzzy *graph, const struct mm_umap_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress, float *xy,
                     struct mm_error *err);

/* a, b of 1 / (1 + a d^2b), the curve nearest to 1 up to min_dist and exp(-(d - min_dist) / spread)
 * beyond (least squares on 0 .. 3 spread). */
void mm_umap_curve(double min_dist, double spread, double *a, double *b);

#endif
