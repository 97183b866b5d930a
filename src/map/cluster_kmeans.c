/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster_kmeans.c - the clusterer "kmeans": K-means, with k chosen from the data if none is asked.
 */
#include "map/algorithms.h"
#include "map/choose_k.h"
#include "map/kmeans.h"

static int cluster(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err)
{
    struct mm_kmeans_settings settings = {
        .k = in->clusters, .single_moves = true, .seed = in->seed};
    *out = (struct mm_clustering){0};
    if (in->clusters == 0) {
        int result = mm_choose_k(in, NULL, &settings.k, out, err);
        if (result < 0)
            return result;
    }
    mm_progress_update(in->progress, "finding clusters", 0, 0);
    struct mm_kmeans kmeans;
    int result = mm_kmeans_run(&in->points, &settings, in->pool, in->progress, &kmeans, err);
    if (result < 0) {
        mm_clustering_finish(out);
        return result;
    }
    out->n_clusters = kmeans.k;
    out->cluster = kmeans.cluster;
    kmeans.cluster = NULL;
    mm_kmeans_finish(&kmeans);
    return 0;
}

const struct mm_algorithm_ops mm_clusterer_kmeans = {.by_mean = true, .cluster = cluster};
