/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/placing.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/umap.h"

#define LEAST  0.2
#define EPOCHS ((size_t)200)
#define RATE   0.1
#define AROUND 3 /* spreads: neighbours so near to one another lie at one place */

static int compare_floats(const void *one, const void *two)
{
    float a = *(const float *)one;
    float b = *(const float *)two;
    return (a > b) - (a < b);
}

/* Reads the spread off the old songs. */
static int find_scale(struct mm_placing *p, struct mm_error *err)
{
    struct mm_knn flat = {0};
    int result = mm_knn_find(&(struct mm_points){p->xy, p->old, 2}, 1, MM_KNN_BY_SIZE, p->seed,
                             p->pool, NULL, &flat, err);
    if (result < 0)
        return result;
    double median = 0;
    if (flat.k == 1) {
        qsort(flat.distance, p->old, sizeof *flat.distance, compare_floats);
        median = flat.distance[p->old / 2];
    }
    mm_knn_finish(&flat);
    p->spread = median > 0 ? median / LEAST : 0.1;
    return 0;
}

int mm_placing_init(struct mm_placing *p, const float *xy, size_t old, size_t room, uint64_t seed,
                    struct mm_pool *pool, struct mm_error *err)
{
    *p = (struct mm_placing){.old = old, .room = room, .seed = seed, .pool = pool};
    p->xy = mm_calloc3(old + room, 2, sizeof *p->xy);
    if (!p->xy)
        return mm_no_memory(err);
    memcpy(p->xy, xy, 2 * old * sizeof *xy);
    int result = find_scale(p, err);
    for (size_t i = 0; i < 2 * old && result == 0; i++)
        p->xy[i] = (float)(p->xy[i] / p->spread);
    return result;
}

void mm_placing_finish(struct mm_placing *p)
{
    free(p->xy);
    p->xy = NULL;
}

/* The middle of the largest group among neighbours. */
static void choose_home(const struct mm_placing *p, const struct mm_knn *home, size_t fresh,
                        size_t number, float *xy)
{
    const uint32_t *near = home->index + fresh * home->k;
    float weight[MM_PLACING_NEIGHBOURS];
    mm_fuzzy_weigh(home->distance + fresh * home->k, home->k, 1, weight);
    double most = -1;
    double at[3] = {0};
    for (size_t a = 0; a < home->k; a++) {
        double sum[3] = {0};
        for (size_t b = 0; b < home->k; b++) {
            const float *one = p->xy + 2 * (size_t)near[a];
            const float *two = p->xy + 2 * (size_t)near[b];
            if (hypotf(one[0] - two[0], one[1] - two[1]) > AROUND)
                continue;
            sum[0] += weight[b];
            sum[1] += (double)weight[b] * two[0];
            sum[2] += (double)weight[b] * two[1];
        }
        if (sum[0] > most * (1 + 1e-6)) {
            most = sum[0];
            memcpy(at, sum, sizeof at);
        }
    }
    struct mm_random random = mm_random_stream(p->seed, p->old + number);
    for (size_t d = 0; d < 2; d++)
        xy[d] = (float)(at[d + 1] / at[0] + 0.05 * mm_random_normal(&random));
}

/* The directed edges of new songs; old ones have none and do not move. */
static int make_graph(const struct mm_placing *p, size_t fresh, const uint32_t *near,
                      const float *apart, size_t k, struct mm_fuzzy *graph, struct mm_error *err)
{
    graph->n = p->old + fresh;
    graph->start = mm_calloc3(graph->n + 1, 1, sizeof *graph->start);
    graph->to = mm_calloc3(fresh, k, sizeof *graph->to);
    graph->weight = mm_calloc3(fresh, k, sizeof *graph->weight);
    if (!graph->start || !graph->to || !graph->weight)
        return mm_no_memory(err);
    memcpy(graph->to, near, fresh * k * sizeof *near);
    for (size_t i = 0; i < fresh; i++) {
        graph->start[p->old + i + 1] = (i + 1) * k;
        mm_fuzzy_weigh(apart + i * k, k, 1, graph->weight + i * k);
    }
    return 0;
}

int mm_placing_move(struct mm_placing *p, size_t fresh, size_t number, const struct mm_knn *home,
                    const uint32_t *near, const float *apart, size_t k,
                    const struct mm_progress *progress, struct mm_error *err)
{
    if (fresh == 0 || fresh > p->room || home->k > MM_PLACING_NEIGHBOURS)
        return fresh == 0 ? 0 : mm_error_set(err, MM_ERR_BUG, "placing %zu songs", fresh);
    for (size_t i = 0; i < fresh; i++)
        choose_home(p, home, i, number + i, p->xy + 2 * (p->old + i));
    struct mm_fuzzy graph = {0};
    struct mm_umap_settings settings = {.min_dist = LEAST,
                                        .spread = 1,
                                        .repulsion = 1,
                                        .rate = RATE,
                                        .epochs = EPOCHS,
                                        .strangers = 5,
                                        .fixed = p->old,
                                        .seed = p->seed + number};
    int result = make_graph(p, fresh, near, apart, k, &graph, err);
    if (result == 0)
        result = mm_umap_optimise(&graph, &settings, p->pool, progress, p->xy, err);
    mm_fuzzy_finish(&graph);
    return result;
}

uint32_t mm_placing_cluster(const struct mm_knn *home, size_t fresh, const uint32_t *cluster)
{
    const uint32_t *near = home->index + fresh * home->k;
    float weight[MM_PLACING_NEIGHBOURS];
    mm_fuzzy_weigh(home->distance + fresh * home->k, home->k, 1, weight);
    uint32_t best = 0;
    double most = -1;
    for (size_t a = 0; a < home->k; a++) {
        double sum = 0;
        for (size_t b = 0; b < home->k; b++)
            sum += cluster[near[b]] == cluster[near[a]] ? weight[b] : 0;
        if (sum > most * (1 + 1e-6)) { /* of equals the nearest */
            most = sum;
            best = cluster[near[a]];
        }
    }
    return best;
}
