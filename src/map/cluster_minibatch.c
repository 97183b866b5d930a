/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster_minibatch.c - the clusterer "minibatch". The number of clusters is chosen as for K-means.
 */
#include "map/algorithms.h"
#include "map/choose_k.h"
#include "map/minibatch.h"

static int cluster(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err)
{
    struct mm_kmeans_settings settings = {.k = in->clusters, .seed = in->seed};
    struct mm_kmeans kmeans = {0};
    *out = (struct mm_clustering){0};
    int result = in->clusters ? 0 : mm_choose_k(in, NULL, &settings.k, out, err);
    mm_progress_update(in->progress, "finding clusters", 0, 0);
    if (result == 0)
        result = mm_minibatch_run(&in->points, &settings, in->pool, in->progress, &kmeans, err);
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

const struct mm_algorithm_ops mm_clusterer_minibatch = {.by_mean = true, .cluster = cluster};
