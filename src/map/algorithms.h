/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * algorithms.h - what a clusterer or a layout is given and what it returns.
 *
 * Both see the songs as points in the space of the main components of the standardised vectors.
 * Each lives in a file of its own and has one row in algorithms.c.
 */
#ifndef MAP_ALGORITHMS_H
#define MAP_ALGORITHMS_H

#include <stdbool.h>

#include "base/pool.h"
#include "map/knn.h"
#include "map/points.h"
#include "musicmap/map.h"

#define MM_LAYOUT_NEIGHBOURS ((size_t)15)

struct mm_algorithm_input {
    struct mm_points points;     /* coordinates in order of falling variance; n >= 1, dim >= 1 */
    struct mm_points directions; /* the same songs along more components, scaled to unit length:
                                    their distances rank as the cosine of the vectors does */
    const struct mm_knn
        *near;       /* the nearest of each, at most MM_LAYOUT_NEIGHBOURS, along the directions */
    size_t clusters; /* wanted; 0 = choose */
    uint64_t seed;
    struct mm_pool *pool;
    const struct mm_progress *progress;
};

struct mm_clustering {
    size_t n_clusters;
    uint32_t *cluster;        /* [n] 0 .. n_clusters-1, none of them empty */
    size_t looked_at;         /* songs that were clustered; 0 = all. The others went with the one of
                                 these that is nearest */
    size_t noise;             /* of these, how many belong nowhere and went with the nearest */
    const char *criterion;    /* static; NULL when the number was given */
    const char *parameter;    /* static; what curve[].k is a number of */
    struct mm_k_point *curve; /* [n_curve] */
    size_t n_curve;
    size_t chosen; /* of the curve's */
};
void mm_clustering_finish(struct mm_clustering *clustering);

struct mm_algorithm_ops {
    /* Clusterers. by_mean: a song belongs to the cluster whose mean is nearest. */
    bool by_mean;
    int (*cluster)(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err);
    /* Layouts. xy: [n][2], any scale. */
    int (*lay_out)(const struct mm_algorithm_input *in, float *xy, struct mm_error *err);
};

extern const struct mm_algorithm_ops mm_clusterer_kmeans;
extern const struct mm_algorithm_ops mm_clusterer_minibatch;
extern const struct mm_algorithm_ops mm_clusterer_gmm;
extern const struct mm_algorithm_ops mm_clusterer_gmm_full;
extern const struct mm_algorithm_ops mm_clusterer_ward;
extern const struct mm_algorithm_ops mm_clusterer_hdbscan;
extern const struct mm_algorithm_ops mm_clusterer_spectral;
extern const struct mm_algorithm_ops mm_layout_umap;
extern const struct mm_algorithm_ops mm_layout_tsne;
extern const struct mm_algorithm_ops mm_layout_pca;

#endif
