/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - further songs on a map that stays as it is.
 *
 * A new song first goes to where most of its neighbours among the old ones lie (not between two
 * places, where it would belong to neither). Then UMAP's forces act on the new songs alone, old
 * ones fixed, as its authors' transform() does (McInnes et al. 2018). The scale that the forces
 * need is taken from the map: old songs lie about LEAST spreads from their nearest (layout_umap.c).
 */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/random.h"
#include "map/honesty.h"
#include "map/matrix.h"
#include "map/reduce.h"
#include "map/umap.h"

#define NEIGHBOURS ((size_t)15)
#define LEAST      0.2
#define EPOCHS     ((size_t)200)
#define RATE       0.1
#define AROUND     3 /* spreads: neighbours so near to one another lie at one place */

/* Songs in another order: the old ones, then the new ones. */
struct placing {
    size_t n, old, dim;
    uint32_t *song;     /* [n] number of the song at a place of this order */
    float *x;           /* [n][dim] */
    float *xy;          /* [n][2] in spreads */
    double spread;      /* on the map */
    struct mm_knn all;  /* [n] neighbours among all */
    struct mm_knn home; /* [n - old] neighbours of the new among the old */
    struct mm_fuzzy graph;
    const struct mm_map_known *known;
    uint64_t seed;
    struct mm_pool *pool;
};

static void placing_finish(struct placing *p)
{
    mm_fuzzy_finish(&p->graph);
    mm_knn_finish(&p->home);
    mm_knn_finish(&p->all);
    free(p->xy);
    free(p->x);
    free(p->song);
}

static int order_songs(struct placing *p, const struct mm_reduced *songs, struct mm_error *err)
{
    p->dim = songs->more;
    p->song = mm_calloc3(p->n, 1, sizeof *p->song);
    p->x = mm_calloc3(p->n, p->dim, sizeof *p->x);
    p->xy = mm_calloc3(p->n, 2, sizeof *p->xy);
    if (!p->song || !p->x || !p->xy)
        return mm_no_memory(err);
    size_t at = 0;
    for (int fresh = 0; fresh < 2; fresh++) {
        for (size_t i = 0; i < p->n; i++)
            if ((isfinite(p->known->xy[2 * i]) != 0) != fresh)
                p->song[at++] = (uint32_t)i;
        if (!fresh)
            p->old = at;
    }
    for (size_t i = 0; i < p->n; i++)
        memcpy(p->x + i * p->dim, songs->directions + p->song[i] * p->dim, p->dim * sizeof *p->x);
    return 0;
}

static int compare_floats(const void *one, const void *two)
{
    float a = *(const float *)one;
    float b = *(const float *)two;
    return (a > b) - (a < b);
}

/* Reads the spread off the old songs, and gives them their places in spreads. */
static int find_scale(struct placing *p, struct mm_error *err)
{
    for (size_t i = 0; i < p->old; i++)
        for (size_t d = 0; d < 2; d++)
            p->xy[2 * i + d] = p->known->xy[2 * (size_t)p->song[i] + d];
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
    for (size_t i = 0; i < 2 * p->old; i++)
        p->xy[i] = (float)(p->xy[i] / p->spread);
    return 0;
}

/* The middle of the largest group among neighbours. */
static void choose_home(const struct placing *p, size_t fresh, float *xy)
{
    const uint32_t *near = p->home.index + fresh * p->home.k;
    float weight[NEIGHBOURS];
    mm_fuzzy_weigh(p->home.distance + fresh * p->home.k, p->home.k, 1, weight);
    double most = -1;
    double at[3] = {0};
    for (size_t a = 0; a < p->home.k; a++) {
        double sum[3] = {0};
        for (size_t b = 0; b < p->home.k; b++) {
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
    struct mm_random random = mm_random_stream(p->seed, p->old + fresh);
    for (size_t d = 0; d < 2; d++)
        xy[d] = (float)(at[d + 1] / at[0] + 0.05 * mm_random_normal(&random));
}

/* The directed edges of new songs; old ones have none and do not move. */
static int make_graph(struct placing *p, struct mm_error *err)
{
    size_t k = p->all.k;
    size_t fresh = p->n - p->old;
    p->graph.n = p->n;
    p->graph.start = mm_calloc3(p->n + 1, 1, sizeof *p->graph.start);
    p->graph.to = mm_calloc3(fresh, k, sizeof *p->graph.to);
    p->graph.weight = mm_calloc3(fresh, k, sizeof *p->graph.weight);
    if (!p->graph.start || !p->graph.to || !p->graph.weight)
        return mm_no_memory(err);
    for (size_t i = 0; i < fresh; i++) {
        size_t row = (p->old + i) * k;
        p->graph.start[p->old + i + 1] = (i + 1) * k;
        memcpy(p->graph.to + i * k, p->all.index + row, k * sizeof *p->graph.to);
        mm_fuzzy_weigh(p->all.distance + row, k, 1, p->graph.weight + i * k);
    }
    return 0;
}

static int move_songs(struct placing *p, const struct mm_progress *progress, struct mm_error *err)
{
    struct mm_points all = {p->x, p->n, p->dim};
    struct mm_points old = {p->x, p->old, p->dim};
    struct mm_points fresh = {p->x + p->old * p->dim, p->n - p->old, p->dim};
    int result =
        mm_knn_find(&all, NEIGHBOURS, MM_KNN_BY_SIZE, p->seed, p->pool, progress, &p->all, err);
    if (result == 0 && fresh.n > 0)
        result = mm_knn_query(&old, &fresh, NEIGHBOURS < old.n ? NEIGHBOURS : old.n, p->pool,
                              &p->home, err);
    if (result == 0)
        result = find_scale(p, err);
    if (result == 0 && fresh.n > 0)
        result = make_graph(p, err);
    if (result < 0 || fresh.n == 0)
        return result;
    for (size_t i = 0; i < fresh.n; i++)
        choose_home(p, i, p->xy + 2 * (p->old + i));
    struct mm_umap_settings settings = {.min_dist = LEAST,
                                        .spread = 1,
                                        .repulsion = 1,
                                        .rate = RATE,
                                        .epochs = EPOCHS,
                                        .strangers = 5,
                                        .fixed = p->old,
                                        .seed = p->seed};
    return mm_umap_optimise(&p->graph, &settings, p->pool, progress, p->xy, err);
}

/* The cluster that most of a new song's neighbours among the old ones are in. */
static uint32_t choose_cluster(const struct placing *p, size_t fresh)
{
    const uint32_t *near = p->home.index + fresh * p->home.k;
    float weight[NEIGHBOURS];
    mm_fuzzy_weigh(p->home.distance + fresh * p->home.k, p->home.k, 1, weight);
    uint32_t best = 0;
    double most = -1;
    for (size_t a = 0; a < p->home.k; a++) {
        uint32_t cluster = p->known->cluster[p->song[near[a]]];
        double sum = 0;
        for (size_t b = 0; b < p->home.k; b++)
            sum += p->known->cluster[p->song[near[b]]] == cluster ? weight[b] : 0;
        if (sum > most * (1 + 1e-6)) { /* of equals the nearest */
            most = sum;
            best = cluster;
        }
    }
    return best;
}

static int fill_map(const struct placing *p, struct mm_map *map, struct mm_error *err)
{
    float *honesty = mm_calloc3(p->n, 1, sizeof *honesty);
    float *xy = mm_calloc3(p->n, 2, sizeof *xy);
    int result = honesty && xy ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < p->n && result == 0; i++) {
        size_t song = p->song[i];
        bool old = i < p->old;
        for (size_t d = 0; d < 2; d++) {
            map->xy[2 * song + d] =
                old ? p->known->xy[2 * song + d] : (float)(p->xy[2 * i + d] * p->spread);
            xy[2 * i + d] = map->xy[2 * song + d];
        }
        map->cluster[song] = old ? p->known->cluster[song] : choose_cluster(p, i - p->old);
    }
    if (result == 0)
        result = mm_honesty_measure(&p->all, xy, p->seed, p->pool, honesty, err);
    for (size_t i = 0; i < p->n && result == 0; i++)
        map->honesty[p->song[i]] = honesty[i];
    free(xy);
    free(honesty);
    return result;
}

static int check_known(const struct mm_vectors *vectors, const struct mm_map_known *known,
                       size_t *old, struct mm_error *err)
{
    if (vectors->n == 0 || vectors->dim == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there are no songs to place on the map");
    if (vectors->n > INT32_MAX / 2 || vectors->dim > INT32_MAX / 2)
        return mm_error_set(err, MM_ERR_LIMIT, "too many songs for one map");
    *old = 0;
    for (size_t i = 0; i < vectors->n; i++) {
        if (!isfinite(known->xy[2 * i]))
            continue;
        if (!isfinite(known->xy[2 * i + 1]) || known->cluster[i] >= known->n_clusters)
            return mm_error_set(err, MM_ERR_INPUT, "song %zu has no proper place on the map", i);
        ++*old;
    }
    if (*old == 0)
        return mm_error_set(err, MM_ERR_USAGE,
                            "none of the map's songs is left: make a new map instead");
    return 0;
}

int mm_map_place(const struct mm_vectors *vectors, const struct mm_map_known *known, uint64_t seed,
                 size_t jobs, const struct mm_progress *progress, struct mm_map **out,
                 struct mm_error *err)
{
    *out = NULL;
    struct placing p = {.n = vectors->n, .known = known, .seed = seed};
    int result = check_known(vectors, known, &p.old, err);
    if (result < 0)
        return result;
    mm_matrix_init();
    struct mm_standard standard = {0};
    struct mm_reduced songs = {0};
    struct mm_map *map = calloc(1, sizeof *map);
    if (!map)
        return mm_no_memory(err);
    map->n = p.n;
    map->n_clusters = known->n_clusters;
    map->xy = mm_calloc3(p.n, 2, sizeof *map->xy);
    map->cluster = mm_calloc3(p.n, 1, sizeof *map->cluster);
    map->honesty = mm_calloc3(p.n, 1, sizeof *map->honesty);
    result = map->xy && map->cluster && map->honesty ? mm_pool_create(jobs, &p.pool, err)
                                                     : mm_no_memory(err);
    if (result == 0)
        result = mm_standard_create(vectors, progress, &standard, err);
    if (result == 0)
        result = mm_reduce(&standard, p.pool, progress, &songs, err);
    if (result == 0)
        result = order_songs(&p, &songs, err);
    mm_reduced_finish(&songs);
    if (result == 0)
        result = move_songs(&p, progress, err);
    if (result == 0)
        result = fill_map(&p, map, err);
    mm_standard_finish(&standard);
    placing_finish(&p);
    mm_pool_destroy(p.pool);
    if (result < 0)
        mm_map_destroy(map);
    else
        *out = map;
    return result;
}
