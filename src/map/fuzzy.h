/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzzy.h - the neighbourhood graph that UMAP lays out: McInnes, Healy & Melville 2018, section
 * 3.1 (arXiv:1802.03426).
 *
 *     struct mm_fuzzy graph;
 *     int result = mm_fuzzy_create(&knn, pool, &graph, err);
 *     for (size_t e = graph.start[i]; e < graph.start[i + 1]; e++) ... graph.to[e], graph.weight[e]
 */
#ifndef MAP_FUZZY_H
#define MAP_FUZZY_H

#include "map/knn.h"

struct mm_fuzzy {
    size_t n;
    size_t *start; /* [n + 1] */
    uint32_t *to;  /* [start[n]] rising within a song; both directions of an edge are there */
    float *weight; /* [start[n]] above 0, at most 1; the same in both directions */
};

/*
 * From the distances of a song to its k neighbours, rising, to the weights of the edges:
 * exp(-max(0, d - rho) / sigma), where rho is the least distance above 0 and sigma makes the
 * weights add up to log2(k) (their equation for sigma_i). Where no sigma does (equal distances), it
 * is at least a thousandth of `mean`, the mean distance in the whole graph, or of the song's own
 * mean. weight: [k].
 */
void mm_fuzzy_weigh(const float *distance, size_t k, double mean, float *weight);

/* The weights of both directions a, b become a + b - a b (the probabilistic t-conorm). */
int mm_fuzzy_create(const struct mm_knn *knn, struct mm_pool *pool, struct mm_fuzzy *out,
                    struct mm_error *err);

/* Makes a graph of any directed weights: weight [n][k], beside knn's neighbours, 0 or more. Of a
 * pair's two weights (0 where one is not the other's neighbour) it keeps one. */
enum mm_join {
    MM_JOIN_UNION, /* a + b - a b */
    MM_JOIN_SUM,
};
int mm_fuzzy_join(const struct mm_knn *knn, const float *weight, enum mm_join how,
                  struct mm_pool *pool, struct mm_fuzzy *out, struct mm_error *err);
void mm_fuzzy_finish(struct mm_fuzzy *graph);

#endif
