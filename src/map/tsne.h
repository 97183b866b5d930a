/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsne.h - t-SNE: van der Maaten & Hinton 2008, with the sparse affinities and the quadtree of van
 * der Maaten 2014 ("Barnes-Hut").
 *
 * Threads: calls are self-contained; same input, same output, for any number of jobs.
 */
#ifndef MAP_TSNE_H
#define MAP_TSNE_H

#include "map/fuzzy.h"

/*
 * p_ij: a song's neighbours get Gaussian weights whose entropy is log(perplexity); both directions
 * are added and all divided by 2n, so that they sum to 1. knn->k should be 3 * perplexity; where
 * it is less than perplexity the weights are equal.
 */
int mm_tsne_affinities(const struct mm_knn *knn, double perplexity, struct mm_pool *pool,
                       struct mm_fuzzy *out, struct mm_error *err);

struct mm_tsne_settings {
    size_t rounds;       /* in all; 1000 */
    size_t early;        /* first of them in which neighbours pull `exaggeration` times as hard */
    double exaggeration; /* 12 */
    double theta; /* a cell of the tree with side < theta * distance counts as one song; 0.5 */
    double rate;  /* learning rate; 0 = max(n / exaggeration / 4, 50) (Belkina et al. 2019) */
};

/* Moves songs from their first places (about 1e-4 across, no two the same). xy: [n][2]. */
int mm_tsne_optimise(const struct mm_fuzzy *p, const struct mm_tsne_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress, float *xy,
                     struct mm_error *err);

/*
 * The Kullback-Leibler divergence of p from the map's similarities (1 / (1 + d^2), normalised over
 * all pairs), and its gradient [n][2] where that is not NULL.
 */
int mm_tsne_objective(const struct mm_fuzzy *p, const float *xy, double theta, struct mm_pool *pool,
                      double *kl, float *gradient, struct mm_error *err);

#endif
