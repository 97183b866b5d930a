/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.h - many maps of one library, and figures that tell them apart.
 *
 * Nothing is stored in the library. Threads: a call is self-contained.
 */
#ifndef MUSICMAP_LAB_H
#define MUSICMAP_LAB_H

#include "work.h"

/* What to combine: every member of each list with every member of the others. */
struct mm_lab_grid {
    const char *const *models; /* [n_models] as mm_map_options.model */
    size_t n_models;
    const char *const *clusterers; /* [n_clusterers] */
    size_t n_clusterers;
    const size_t *clusters; /* [n_clusters] 0 = chosen from the data */
    size_t n_clusters;
    const char *const *layouts; /* [n_layouts] */
    size_t n_layouts;
    enum mm_label_kind label;
    size_t resamples; /* for the stability; 0 = do not measure it */
    uint64_t seed;
    size_t jobs; /* 0 = one a core */
};

struct mm_lab_row {
    const char *model, *clusterer, *layout; /* the grid's strings */
    size_t clusters;                        /* asked for */
    char *failure;                          /* NULL; else why there is no map: the rest is empty */
    struct mm_quality quality;
    double stability; /* mean ARI of the clusters with those of four fifths of the songs; NAN */
    double seconds;   /* to cluster and lay out, wall clock */
    double peak_mb;   /* of memory while that was done; NAN where the system does not tell */
    size_t n;
    float *xy;         /* [n][2] */
    uint32_t *cluster; /* [n] */
    uint32_t *label;   /* [n] UINT32_MAX = none */
};

struct mm_lab {
    size_t n;
    struct mm_lab_row *rows; /* models slowest, then clusterers, clusters, layouts */
};

/* A combination that cannot be mapped becomes a row with its reason. Release with mm_lab_destroy.
 */
int mm_lab_run(struct mm_catalog *catalog, const struct mm_lab_grid *grid,
               const struct mm_progress *progress, struct mm_lab **out, struct mm_error *err);
void mm_lab_destroy(struct mm_lab *lab);

#endif
