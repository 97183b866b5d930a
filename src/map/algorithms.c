/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/algorithms.h"

#include <stdlib.h>

/* The first row is the default. */
static const struct mm_algorithm clusterers[] = {
    {"kmeans", "K-means from several k-means++ starts", &mm_clusterer_kmeans},
    {"minibatch", "K-means from small batches of songs: rougher, for very many",
     &mm_clusterer_minibatch},
    {"gmm", "mixture of Gaussians, each direction with a width of its own", &mm_clusterer_gmm},
    {"gmm-full", "mixture of Gaussians of any shape, in the main directions",
     &mm_clusterer_gmm_full},
    {"ward", "a tree that joins the clusters that lose least by it", &mm_clusterer_ward},
    {"hdbscan", "crowds denser than what lies around them; songs in none go with the nearest",
     &mm_clusterer_hdbscan},
    {"spectral", "parts of the graph of nearest neighbours that hang together",
     &mm_clusterer_spectral},
};

static const struct mm_algorithm layouts[] = {
    {"umap", "neighbours stay neighbours (McInnes 2018)", &mm_layout_umap},
    {"tsne", "neighbours stay neighbours (van der Maaten 2008, 2014)", &mm_layout_tsne},
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
