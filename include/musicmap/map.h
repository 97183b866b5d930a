/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - from vectors to a map: clusters, positions, cells, names and figures of quality.
 *
 * Pure: it knows nothing of catalog or files. Vectors come in blocks through a callback, so they
 * need not fit into memory. Same input and seed, same output, whatever the number of jobs.
 *
 * Threads: calls are self-contained; jobs says how many threads a call may use inside.
 */
#ifndef MUSICMAP_MAP_H
#define MUSICMAP_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "progress.h"

/* ---- the vectors ---- */

struct mm_vectors {
    size_t n;
    size_t dim;
    /* Fills out: [count][dim] with rows first .. first + count - 1. Called from one thread.
     * NULL: ctx is all rows, const float [n][dim]. */
    int (*read)(void *ctx, size_t first, size_t count, float *out, struct mm_error *err);
    void *ctx;
    const float *weight; /* [dim] by which each value counts once it is standardised; NULL = 1 */
};

/* Rows that are in memory already: rows [n][dim], not copied. */
struct mm_vectors mm_vectors_in_memory(const float *rows, size_t n, size_t dim);

/*
 * Standardised vectors along their main components, largest first, at most `most` of them: angles
 * and distances stay as they are where all are kept. *rows: [vectors->n][*dim], free it.
 * also [n_also]: further vectors of as many values, placed along the same components into also_rows
 * [n_also], each to be freed as well; NULL after an error.
 */
int mm_map_reduce(const struct mm_vectors *vectors, const struct mm_vectors *also, size_t n_also,
                  size_t most, size_t jobs, const struct mm_progress *progress, float **rows,
                  float **also_rows, size_t *dim, struct mm_error *err);

/* ---- building ---- */

struct mm_map_settings {
    const char *clusterer; /* a name of mm_clusterers(); NULL = "kmeans" */
    const char *layout;    /* a name of mm_layouts(); NULL = the default */
    size_t clusters;       /* 0 = chosen from the data */
    uint64_t seed;
    size_t jobs; /* 0 = one a core */
    /* Where the same songs were on the last map: [n][2], NAN for one that was not on it. The new
     * map is turned, and mirrored if need be, to lie as that one did. NULL = no last map. */
    const float *previous;
    /* Bytes that the program may take: where all songs cannot be laid out within them, a sample of
     * the songs is, and the others are placed among it. 0 = as many as it takes. */
    size_t memory;
};

/* How the number of clusters was chosen: one row a candidate. */
struct mm_k_point {
    size_t k;
    double score; /* larger is better; what it is: mm_map.k_criterion */
};

struct mm_map {
    size_t n;
    float *xy;      /* [n][2], centred, larger side of the bounding box = 2 (-1..1) */
    float *honesty; /* [n] share of a song's 10 nearest that are among its 10 nearest on the map */
    uint32_t *cluster; /* [n] 0..n_clusters-1; clusters in order of falling size */
    size_t n_clusters;
    uint32_t
        *region; /* [n_clusters] 0..n_regions-1: groups of clusters, in order of falling size */
    size_t n_regions; /* 0: too few clusters to group them */
    double inertia;   /* sum of squared distances to the centres, standardised space */
    size_t looked_at; /* songs that were clustered; above the clusterer's limit a sample, and each
                         other song went with the one of these that is nearest */
    size_t noise;     /* of these, songs that belong to no cluster and went with the nearest */
    /* Songs that were laid out, ascending, where not all were; the others were placed among them:
     * their honesty is of their neighbours among these, and they went with the nearest cluster.
     * NULL = all. */
    uint32_t *laid_out;
    size_t n_laid_out;
    /* When k was chosen; else 0 and NULL. */
    const char *k_criterion;  /* static; what a score is */
    const char *k_parameter;  /* static; what curve[].k is a number of: "clusters", ... */
    struct mm_k_point *curve; /* [n_curve] what was tried */
    size_t n_curve;
    size_t k_chosen;    /* of the curve's */
    size_t least_songs; /* clusters of fewer songs than this were joined to others */
    size_t joined;      /* so many */
};

/* n = 0 is MM_ERR_USAGE; 1, 2 or all-identical songs give a map. Non-finite values: MM_ERR_INPUT.
 * MM_ERR_LIMIT: not within so little memory. */
int mm_map_build(const struct mm_vectors *vectors, const struct mm_map_settings *settings,
                 const struct mm_progress *progress, struct mm_map **out, struct mm_error *err);
void mm_map_destroy(struct mm_map *map);

/* A map that songs were added to or taken from. */
struct mm_map_known {
    const float *xy;         /* [n][2]; NAN: not on it yet */
    const uint32_t *cluster; /* [n] 0..n_clusters-1; not read where xy is NAN */
    size_t n_clusters;
};
/*
 * Finds places and clusters for the songs that are not on the map: near their neighbours, moved by
 * UMAP's forces alone while the others keep their places exactly. Of *out, n, xy (not centred
 * again), cluster, n_clusters (some may be empty by now) and honesty are filled. MM_ERR_USAGE when
 * no song is on the map.
 */
int mm_map_place(const struct mm_vectors *vectors, const struct mm_map_known *known, uint64_t seed,
                 size_t jobs, const struct mm_progress *progress, struct mm_map **out,
                 struct mm_error *err);

struct mm_algorithm_ops; /* src/map/algorithms.h: how it is run */

/* One row of a table in src/map/algorithms.c. All strings are static. */
struct mm_algorithm {
    const char *name;
    const char *summary;
    const struct mm_algorithm_ops *ops;
};
const struct mm_algorithm *mm_clusterers(size_t *count);
const struct mm_algorithm *mm_layouts(size_t *count);

/* ---- Voronoi cells ---- */

struct mm_box {
    double x0, y0, x1, y1;
};

/*
 * Exact Voronoi diagram of n sites clipped to a box. Corners are shared between cells: cell i is
 * the polygon corners[index[start[i]]], ..., corners[index[start[i+1] - 1]], counter-clockwise.
 * Sites at one place share their place's cell: it is cut into equal slices so that each has an area
 * of its own that can be pointed at (one place: closer than a billionth of the box). Every cell can
 * be drawn as a fan of triangles around its first corner. Edges list every border between two cells
 * once.
 */
struct mm_voronoi_edge {
    uint32_t a, b;        /* corners; from a to b runs counter-clockwise around left */
    uint32_t left, right; /* cells on both sides; right = UINT32_MAX at the box */
};
struct mm_voronoi {
    size_t n;
    size_t n_corners;
    double *corners; /* [n_corners][2] */
    uint32_t *start; /* [n + 1] */
    uint32_t *index; /* [start[n]] */
    size_t n_edges;
    struct mm_voronoi_edge *edges;
};
/* xy: [n][2] finite and inside the box; n >= 1. */
int mm_voronoi_create(const float *xy, size_t n, const struct mm_box *box, struct mm_voronoi **out,
                      struct mm_error *err);
void mm_voronoi_destroy(struct mm_voronoi *voronoi);

/* The smallest box around xy plus margin (a share of its larger side) on every side. */
struct mm_box mm_box_around(const float *xy, size_t n, double margin);

/* ---- names ---- */

struct mm_naming {
    size_t n;                         /* songs */
    const char *const *const *labels; /* [n][n_labels[i]] genres, tags */
    const size_t *n_labels;           /* [n] */
    const char *const *fallback;      /* [n] artist or so; may be NULL, and so may its members */
    const uint32_t *cluster;          /* [n] 0..n_clusters-1, in order of falling size */
    size_t n_clusters;
    const uint32_t *region; /* [n_clusters] 0..n_regions-1; NULL when there are no regions */
    size_t n_regions;
};
/*
 * Names for clusters and regions from the labels of their songs: what sets them apart from the rest
 * (log-odds with an informative Dirichlet prior, Monroe et al. 2008), not what is most frequent.
 * The fallback serves where no label does. All names differ, those of regions from those of
 * clusters, too. out: [n_clusters] and out_regions: [n_regions] (NULL when there are none) strings;
 * release each array with mm_names_destroy.
 */
int mm_names_choose(const struct mm_naming *in, char ***out, char ***out_regions,
                    struct mm_error *err);
void mm_names_destroy(char **names, size_t n);

/* ---- quality ---- */

/* Spearman's rank correlation and where it lies with 95 % confidence. NAN for fewer than four
 * pairs, or when one side does not vary. */
struct mm_correlation {
    size_t n;
    double r, low, high;
};
/* x, y: [n] finite. */
int mm_rank_correlation(const double *x, const double *y, size_t n, struct mm_correlation *out,
                        struct mm_error *err);

struct mm_quality {
    size_t songs;
    size_t labels;      /* distinct labels; the label figures are NAN when there are none */
    double p_at_5_high; /* share of the 5 nearest in the vectors' space with the same label */
    double p_at_5_2d;   /* the same on the map */
    size_t asked;       /* songs the neighbour figures are of: all up to 5,000, else 2,500 drawn */
    double trust_at_10; /* trustworthiness, Venna & Kaski 2001: neighbours on the map are true */
    double continuity_at_10;     /* theirs, too: true neighbours are near on the map */
    double kept_neighbours_at_5; /* share of the 5 nearest in high dimension that are 5 nearest in
                                    2-D */
    size_t clusters;
    double ami, nmi; /* clusters against labels; arithmetic normalisation */
    double ari;
    /* Clusters in the space of the standardised vectors (separation.h): the silhouette of at most
     * 4,000 songs, drawn; Davies-Bouldin of all. NAN for one cluster. */
    double silhouette, davies_bouldin;
};
/* label: [n] ids of the true labels, UINT32_MAX = none; NULL = no labels at all. Distances are
 * cosine on standardised values in high dimension, Euclidean on the map. k shrinks when n is small.
 */
int mm_quality_measure(const struct mm_vectors *vectors, const float *xy, const uint32_t *cluster,
                       const uint32_t *label, size_t jobs, struct mm_quality *out,
                       struct mm_error *err);

#endif
