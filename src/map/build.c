/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * build.c - a map from vectors: standardise, reduce to the main components, cluster, lay out, and
 * bring both into the form the header promises.
 */
#include <math.h>

#include "base/array.h"
#include "map/algorithms.h"
#include "map/align.h"
#include "map/blocks.h"
#include "map/build_sample.h"
#include "map/countries.h"
#include "map/honesty.h"
#include "map/matrix.h"
#include "map/reduce.h"

static const struct mm_algorithm *find(const struct mm_algorithm *table, size_t count,
                                       const char *name)
{
    if (!name)
        return &table[0];
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static int find_algorithms(struct mm_build *build, struct mm_error *err)
{
    const struct mm_map_settings *settings = build->settings;
    size_t count;
    const struct mm_algorithm *table = mm_clusterers(&count);
    build->clusterer = find(table, count, settings->clusterer);
    if (!build->clusterer)
        return mm_error_set(err, MM_ERR_USAGE, "there is no clusterer \"%s\"", settings->clusterer);
    table = mm_layouts(&count);
    build->layout = find(table, count, settings->layout);
    if (!build->layout)
        return mm_error_set(err, MM_ERR_USAGE, "there is no layout \"%s\"", settings->layout);
    return 0;
}

/* Centred on 0, larger side of the bounding box 2; what has no extent stays at 0. */
static void normalise(float *xy, size_t n)
{
    double low[2] = {xy[0], xy[1]};
    double high[2] = {xy[0], xy[1]};
    for (size_t i = 0; i < 2 * n; i++) {
        low[i % 2] = fmin(low[i % 2], xy[i]);
        high[i % 2] = fmax(high[i % 2], xy[i]);
    }
    double side = fmax(high[0] - low[0], high[1] - low[1]);
    double scale = side > 0 ? 2 / side : 0;
    for (size_t i = 0; i < 2 * n; i++)
        xy[i] = (float)((xy[i] - (low[i % 2] + high[i % 2]) / 2) * scale);
}

/* Squared distances to the clusters' means over all dimensions, not only the main components:
 * what all vectors have less what the means have. */
static int measure_inertia(const struct mm_standard *standard, struct mm_map *map,
                           struct mm_error *err)
{
    size_t dim = standard->vectors->dim;
    int result = 0;
    double total = 0;
    double *sums = mm_calloc3(map->n_clusters, dim, sizeof *sums);
    size_t *sizes = mm_calloc3(map->n_clusters, 1, sizeof *sizes);
    float *rows = mm_calloc3(MM_BLOCK_ROWS, dim, sizeof *rows);
    if (!sums || !sizes || !rows) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t first = 0; first < map->n; first += MM_BLOCK_ROWS) {
        size_t count = mm_block_rows(map->n, first);
        result = mm_standard_read(standard, first, count, rows, err);
        if (result < 0)
            goto out;
        for (size_t i = 0; i < count; i++) {
            uint32_t c = map->cluster[first + i];
            sizes[c]++;
            for (size_t j = 0; j < dim; j++) {
                double x = rows[i * dim + j];
                total += x * x;
                sums[c * dim + j] += x;
            }
        }
    }
    for (size_t c = 0; c < map->n_clusters; c++)
        for (size_t j = 0; j < dim; j++)
            total -= sums[c * dim + j] * sums[c * dim + j] / (double)sizes[c];
    map->inertia = fmax(total, 0);

out:
    free(rows);
    free(sizes);
    free(sums);
    return result;
}

/* Turns the layout as the last map lay, and gives it the size and middle that maps have. previous:
 * as in mm_map_settings. */
static void settle(const float *previous, struct mm_map *map)
{
    mm_align_flat(map->n, map->xy);
    normalise(map->xy, map->n);
    if (previous && mm_align(previous, map->n, map->xy))
        normalise(map->xy, map->n);
}

/* The root of n: a style of a small library has few songs, and its layout keeps more neighbours
 * when it is not asked for the ones in other styles. */
static size_t choose_neighbours(size_t n)
{
    size_t root = (size_t)sqrt((double)n);
    return root > MM_LAYOUT_NEIGHBOURS    ? MM_LAYOUT_NEIGHBOURS
           : root < MM_HONESTY_NEIGHBOURS ? MM_HONESTY_NEIGHBOURS
                                          : root;
}

int mm_build_part(const struct mm_build *build, const struct mm_reduced *songs,
                  const float *previous, struct mm_map *map, struct mm_error *err)
{
    const struct mm_map_settings *settings = build->settings;
    struct mm_knn near = {0};
    int result = mm_knn_find(&(struct mm_points){songs->directions, map->n, songs->more},
                             choose_neighbours(map->n), MM_KNN_BY_SIZE, settings->seed, build->pool,
                             build->progress, &near, err);
    if (result < 0)
        return result;
    struct mm_algorithm_input in = {.points = {songs->rows, map->n, songs->dim},
                                    .directions = {songs->directions, map->n, songs->more},
                                    .near = &near,
                                    .clusters = settings->clusters,
                                    .seed = settings->seed,
                                    .pool = build->pool,
                                    .progress = build->progress};
    result = mm_countries_find(build->clusterer, &in, map, err);
    if (result == 0)
        result = build->layout->ops->lay_out(&in, map->xy, err);
    if (result == 0) {
        settle(previous, map);
        result = mm_honesty_measure(&near, map->xy, settings->seed, build->pool, map->honesty, err);
    }
    mm_knn_finish(&near);
    return result;
}

static int build_whole(const struct mm_build *build, const struct mm_standard *standard,
                       struct mm_map *map, struct mm_error *err)
{
    struct mm_reduced songs = {0};
    int result = mm_reduce(standard, build->pool, build->progress, &songs, err);
    if (result == 0)
        result = mm_build_part(build, &songs, build->settings->previous, map, err);
    mm_reduced_finish(&songs);
    return result;
}

static int build_any(const struct mm_build *build, const struct mm_standard *standard,
                     struct mm_map *map, struct mm_error *err)
{
    size_t dim = standard->vectors->dim;
    size_t room = mm_sample_room(map->n, dim, build->settings->memory);
    if (room == 0)
        return mm_error_set(err, MM_ERR_LIMIT,
                            "a map of %zu songs with vectors of %zu values takes %zu MB at least",
                            map->n, dim, (mm_sample_least(map->n, dim) >> 20) + 1);
    if (room == map->n)
        return build_whole(build, standard, map, err);
    int result = mm_build_sample(build, standard, room, map, err);
    if (result == 0) /* songs were placed beyond what had been the rim */
        normalise(map->xy, map->n);
    return result;
}

int mm_map_build(const struct mm_vectors *vectors, const struct mm_map_settings *settings,
                 const struct mm_progress *progress, struct mm_map **out, struct mm_error *err)
{
    *out = NULL;
    if (vectors->n == 0 || vectors->dim == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there are no songs to make a map of");
    if (vectors->n > INT32_MAX / 2 || vectors->dim > INT32_MAX / 2)
        return mm_error_set(err, MM_ERR_LIMIT, "too many songs for one map");
    mm_matrix_init();
    struct mm_build build = {.settings = settings, .progress = progress};
    struct mm_standard standard = {0};
    struct mm_map *map = calloc(1, sizeof *map);
    if (!map)
        return mm_no_memory(err);
    map->n = vectors->n;
    map->xy = mm_calloc3(map->n, 2, sizeof *map->xy);
    map->honesty = mm_calloc3(map->n, 1, sizeof *map->honesty);
    int result = map->xy && map->honesty ? find_algorithms(&build, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_pool_create(settings->jobs, &build.pool, err);
    if (result == 0)
        result = mm_standard_create(vectors, progress, &standard, err);
    if (result == 0)
        result = build_any(&build, &standard, map, err);
    if (result == 0)
        result = measure_inertia(&standard, map, err);
    mm_standard_finish(&standard);
    mm_pool_destroy(build.pool);
    if (result < 0)
        mm_map_destroy(map);
    else
        *out = map;
    return result;
}

void mm_map_release(struct mm_map *map)
{
    free(map->xy);
    free(map->honesty);
    free(map->cluster);
    free(map->region);
    free(map->curve);
    free(map->laid_out);
}

void mm_map_destroy(struct mm_map *map)
{
    if (!map)
        return;
    mm_map_release(map);
    free(map);
}
