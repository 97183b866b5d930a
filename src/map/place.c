/* SPDX-License-Identifier: BSD-2-Clause */
/* place.c - further songs on a map that stays as it is: see placing.h. */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "map/honesty.h"
#include "map/matrix.h"
#include "map/placing.h"
#include "map/reduce.h"

/* Songs in another order: the old ones, then the new ones. */
struct order {
    size_t n, old, dim;
    uint32_t *song;    /* [n] number of the song at a place of this order */
    float *x;          /* [n][dim] */
    float *xy;         /* [n][2] on the map */
    uint32_t *cluster; /* [n] */
    struct mm_knn all; /* [n] neighbours among all */
    const struct mm_map_known *known;
};

static void order_finish(struct order *o)
{
    mm_knn_finish(&o->all);
    free(o->cluster);
    free(o->xy);
    free(o->x);
    free(o->song);
}

static int order_songs(struct order *o, const struct mm_reduced *songs, struct mm_error *err)
{
    o->dim = songs->more;
    o->song = mm_calloc3(o->n, 1, sizeof *o->song);
    o->cluster = mm_calloc3(o->n, 1, sizeof *o->cluster);
    o->x = mm_calloc3(o->n, o->dim, sizeof *o->x);
    o->xy = mm_calloc3(o->n, 2, sizeof *o->xy);
    if (!o->song || !o->cluster || !o->x || !o->xy)
        return mm_no_memory(err);
    size_t at = 0;
    for (int fresh = 0; fresh < 2; fresh++)
        for (size_t i = 0; i < o->n; i++)
            if ((isfinite(o->known->xy[2 * i]) != 0) != fresh)
                o->song[at++] = (uint32_t)i;
    for (size_t i = 0; i < o->n; i++) {
        size_t song = o->song[i];
        memcpy(o->x + i * o->dim, songs->directions + song * o->dim, o->dim * sizeof *o->x);
        if (i < o->old) {
            memcpy(o->xy + 2 * i, o->known->xy + 2 * song, 2 * sizeof *o->xy);
            o->cluster[i] = o->known->cluster[song];
        }
    }
    return 0;
}

/* Fills xy and cluster of the new ones. */
static int place_songs(struct order *o, uint64_t seed, struct mm_pool *pool,
                       const struct mm_progress *progress, struct mm_error *err)
{
    size_t count = o->n - o->old;
    size_t k = MM_PLACING_NEIGHBOURS;
    struct mm_points all = {o->x, o->n, o->dim};
    struct mm_points old = {o->x, o->old, o->dim};
    struct mm_points fresh = {o->x + o->old * o->dim, count, o->dim};
    struct mm_knn home = {0};
    struct mm_placing p = {0};
    int result = mm_knn_find(&all, k, MM_KNN_BY_SIZE, seed, pool, progress, &o->all, err);
    if (result < 0 || count == 0)
        return result;
    result = mm_knn_query(&old, &fresh, k < old.n ? k : old.n, pool, &home, err);
    if (result == 0)
        result = mm_placing_init(&p, o->xy, o->old, count, seed, pool, err);
    if (result == 0)
        result = mm_placing_move(&p, count, 0, &home, o->all.index + o->old * o->all.k,
                                 o->all.distance + o->old * o->all.k, o->all.k, progress, err);
    for (size_t i = 0; i < count && result == 0; i++) {
        o->cluster[o->old + i] = mm_placing_cluster(&home, i, o->cluster);
        for (size_t d = 0; d < 2; d++)
            o->xy[2 * (o->old + i) + d] = (float)(p.xy[2 * (o->old + i) + d] * p.spread);
    }
    mm_placing_finish(&p);
    mm_knn_finish(&home);
    return result;
}

static int fill_map(const struct order *o, uint64_t seed, struct mm_pool *pool, struct mm_map *map,
                    struct mm_error *err)
{
    float *honesty = mm_calloc3(o->n, 1, sizeof *honesty);
    if (!honesty)
        return mm_no_memory(err);
    int result = mm_honesty_measure(&o->all, o->xy, seed, pool, honesty, err);
    for (size_t i = 0; i < o->n && result == 0; i++) {
        size_t song = o->song[i];
        memcpy(map->xy + 2 * song, o->xy + 2 * i, 2 * sizeof *map->xy);
        map->cluster[song] = o->cluster[i];
        map->honesty[song] = honesty[i];
    }
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
    struct order o = {.n = vectors->n, .known = known};
    struct mm_pool *pool = NULL;
    int result = check_known(vectors, known, &o.old, err);
    if (result < 0)
        return result;
    mm_matrix_init();
    struct mm_standard standard = {0};
    struct mm_reduced songs = {0};
    struct mm_map *map = calloc(1, sizeof *map);
    if (!map)
        return mm_no_memory(err);
    map->n = o.n;
    map->n_clusters = known->n_clusters;
    map->xy = mm_calloc3(o.n, 2, sizeof *map->xy);
    map->cluster = mm_calloc3(o.n, 1, sizeof *map->cluster);
    map->honesty = mm_calloc3(o.n, 1, sizeof *map->honesty);
    result = map->xy && map->cluster && map->honesty ? mm_pool_create(jobs, &pool, err)
                                                     : mm_no_memory(err);
    if (result == 0)
        result = mm_standard_create(vectors, progress, &standard, err);
    if (result == 0)
        result = mm_reduce(&standard, pool, progress, &songs, err);
    if (result == 0)
        result = order_songs(&o, &songs, err);
    mm_reduced_finish(&songs);
    if (result == 0)
        result = place_songs(&o, seed, pool, progress, err);
    if (result == 0)
        result = fill_map(&o, seed, pool, map, err);
    mm_standard_finish(&standard);
    order_finish(&o);
    mm_pool_destroy(pool);
    if (result < 0)
        mm_map_destroy(map);
    else
        *out = map;
    return result;
}
