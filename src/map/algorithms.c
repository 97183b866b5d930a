/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/algorithms.h"

#include <stdlib.h>

/* The first row is the default. */
static const struct mm_algorithm clusterers[] = {
    {"kmeans", "K-means from several k-means++ starts", &mm_clusterer_kmeans},
};

static const struct mm_algorithm layouts[] = {
    {"umap", "neighbours stay neighbours (McInnes 2018)", &mm_layout_umap},
    {"pca", "the two directions in which songs differ most", &mm_layout_pca},
};

const struct mm_algorithm *mm_clusterers(size_t *count)
{
    *count = sizeof clusterers / sizeof *clusterers;
    return clusterers;
}

const struct mm_algorithm *mm_layouts(size_t *count)
{
    *count = sizeof layouts / sizeof *layouts;
    return layouts;
}

void mm_clustering_finish(struct mm_clustering *clustering)
{
    free(clustering->cluster);
    free(clustering->curve);
    *clustering = (struct mm_clustering){0};
}
