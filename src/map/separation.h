/* SPDX-License-Identifier: BSD-2-Clause */
/* separation.h - how far clusters lie apart in the space of the standardised vectors. */
#ifndef MAP_SEPARATION_H
#define MAP_SEPARATION_H

#include <stdint.h>

#include "base/pool.h"
#include "map/blocks.h"

/* Songs whose silhouette is measured; from more, so many are drawn. */
#define MM_SEPARATION_SAMPLE ((size_t)4000)

struct mm_separation {
    double silhouette; /* mean width, -1 .. 1, larger is better; Rousseeuw 1987 */
    /* Mean over clusters of how wide a cluster and its worst neighbour are together, by the
     * distance of their middles: 0 and more, smaller is better; Davies & Bouldin 1979, of all
     * songs. */
    double davies_bouldin;
};

/* cluster: [n] 0 .. k-1, none empty. Both figures are NAN for fewer than two clusters. */
int mm_separation_measure(const struct mm_standard *standard, const uint32_t *cluster, size_t k,
                          struct mm_pool *pool, struct mm_separation *out, struct mm_error *err);

#endif
