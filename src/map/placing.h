/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placing.h - places for further songs among songs that keep theirs.
 *
 * A new song first goes to where most of its neighbours among the old ones lie (not between two
 * places, where it would belong to neither). Then UMAP's forces act on the new songs alone, old
 * ones fixed, as its authors' transform() does (McInnes et al. 2018). The scale that the forces
 * need is taken from the map: old songs lie about 0.2 spreads from their nearest (layout_umap.c).
 */
#ifndef MAP_PLACING_H
#define MAP_PLACING_H

#include "map/knn.h"

/* Neighbours that decide where a song goes. */
#define MM_PLACING_NEIGHBOURS ((size_t)15)

struct mm_placing {
    size_t old;    /* songs that have their places */
    size_t room;   /* for so many new ones */
    float *xy;     /* [old + room][2] in spreads, the new ones behind the old */
    double spread; /* on the map */
    uint64_t seed;
    struct mm_pool *pool;
};

/* xy: [old][2] on the map. */
int mm_placing_init(struct mm_placing *p, const float *xy, size_t old, size_t room, uint64_t seed,
                    struct mm_pool *pool, struct mm_error *err);
void mm_placing_finish(struct mm_placing *p);

/*
 * Fills p->xy for `fresh` new songs. home: [fresh] their neighbours among the old. near, apart:
 * [fresh][k] neighbours whose forces they feel, and distances: numbers below p->old are old songs,
 * the others new ones (home's own where only old ones are known). number: of the first of them
 * among all new songs; what is drawn by lot depends on it.
 */
int mm_placing_move(struct mm_placing *p, size_t fresh, size_t number, const struct mm_knn *home,
                    const uint32_t *near, const float *apart, size_t k,
                    const struct mm_progress *progress, struct mm_error *err);

/* The cluster that most of a new song's neighbours among the old ones are in. cluster: of the old.
 */
uint32_t mm_placing_cluster(const struct mm_knn *home, size_t fresh, const uint32_t *cluster);

#endif
