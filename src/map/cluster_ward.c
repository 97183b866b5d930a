/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster_ward.c - the clusterer "ward". Of more than MM_SAMPLE_MOST songs it looks at a sample. */
#include "base/array.h"
#include "map/algorithms.h"
#include "map/choose_k.h"
#include "map/sample.h"
#include "map/ward.h"

/* One tree answers for every number of clusters. */
struct tree {
    struct mm_ward_step *steps;
};

static int grow(struct tree *tree, const struct mm_algorithm_input *in,
                const struct mm_points *points, struct mm_error *err)
{
    tree->steps = mm_calloc3(points->n, 1, sizeof *tree->steps);
    if (!tree->steps)
        return mm_no_memory(err);
    return mm_ward_tree(points, NULL, in->pool, in->progress, tree->steps, err);
}

static int group(void *ctx, const struct mm_algorithm_input *in, const struct mm_points *points,
                 size_t k, uint32_t *cluster, size_t *found, struct mm_error *err)
{
    struct tree *tree = ctx;
    int result = tree->steps ? 0 : grow(tree, in, points, err);
    *found = k;
    return result < 0 ? result : mm_ward_cut(tree->steps, points->n, k, cluster, err);
}

static int choose(const struct mm_algorithm_input *in, size_t *k, struct mm_clustering *out,
                  struct mm_error *err)
{
    struct tree tree = {0};
    int result = mm_choose_k(in, &(struct mm_grouper){&tree, 0, group}, k, out, err);
    free(tree.steps);
    return result;
}

static int cluster(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err)
{
    size_t k = in->clusters;
    uint32_t *own = NULL;
    struct tree tree = {0};
    struct mm_sample sample = {0};
    *out = (struct mm_clustering){0};
    int result = k == 0 ? choose(in, &k, out, err) : 0;
    if (result == 0)
        result = mm_sample_create(&in->points, MM_SAMPLE_MOST, in->seed, &sample, err);
    if (result < 0)
        goto out;
    size_t n = sample.points.n;
    out->n_clusters = k < n ? k : n;
    out->looked_at = sample.row ? n : 0;
    own = mm_calloc3(n, 1, sizeof *own);
    out->cluster = mm_calloc3(in->points.n, 1, sizeof *out->cluster);
    result = own && out->cluster ? grow(&tree, in, &sample.points, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_ward_cut(tree.steps, n, out->n_clusters, own, err);
    if (result == 0)
        result = mm_sample_spread(&sample, own, &in->points, in->pool, out->cluster, err);

out:
    free(tree.steps);
    free(own);
    mm_sample_finish(&sample);
    if (result < 0)
        mm_clustering_finish(out);
    return result;
}

const struct mm_algorithm_ops mm_clusterer_ward = {.cluster = cluster};
