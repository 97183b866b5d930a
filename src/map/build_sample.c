/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/build_sample.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/countries.h"
#include "map/honesty.h"
#include "map/pca.h"
#include "map/placing.h"

#define LEAST_SONGS ((size_t)1000) /* a sample of fewer tells too little */

/* What a map takes, in bytes (bench/load measures it): the program and its libraries; a song that
 * is on the map; one that is laid out, with its neighbours, beside its components. */
#define BYTES_FIXED    ((size_t)64 << 20)
#define BYTES_SONG     ((size_t)128)
#define BYTES_LAID_OUT ((size_t)256)
#define BYTES_COMPONENT \
    ((size_t)10) /* its place along it, twice for neighbours, once for clusters */

/* New songs that are placed at once: few against those that stay, so that memory stays flat. */
#define MOST_PLACED  ((size_t)16384)
#define LEAST_PLACED ((size_t)1024)

/* ---- memory ---- */

static size_t laid_out_bytes(size_t n, size_t dim)
{
    size_t components = dim < MM_MOST_DIRECTIONS ? dim : MM_MOST_DIRECTIONS;
    return BYTES_LAID_OUT + BYTES_COMPONENT * (components < n ? components : n);
}

static size_t fixed_bytes(size_t n, size_t dim)
{
    size_t matrices = 3 * sizeof(double) * dim * dim;
    size_t block = MOST_PLACED * (dim * sizeof(float) + laid_out_bytes(n, dim));
    return BYTES_FIXED + matrices + block + n * BYTES_SONG;
}

size_t mm_sample_room(size_t n, size_t dim, size_t memory)
{
    size_t fixed = fixed_bytes(n, dim);
    if (memory == 0 || n <= LEAST_SONGS)
        return n;
    if (memory <= fixed)
        return 0;
    size_t room = (memory - fixed) / laid_out_bytes(n, dim);
    return room >= n ? n : room < LEAST_SONGS ? 0 : room;
}

size_t mm_sample_least(size_t n, size_t dim)
{
    return fixed_bytes(n, dim) + LEAST_SONGS * laid_out_bytes(n, dim);
}

/* ---- some of the songs ---- */

/* Reads the rows that are listed, ascending, out of blocks of all. */
struct some {
    const struct mm_vectors *all;
    const uint32_t *row;
    float *block; /* [MM_BLOCK_ROWS][dim] */
};

static int read_all(const struct mm_vectors *all, size_t first, size_t count, float *out,
                    struct mm_error *err)
{
    if (all->read)
        return all->read(all->ctx, first, count, out, err);
    memcpy(out, (const float *)all->ctx + first * all->dim, count * all->dim * sizeof *out);
    return 0;
}

static int read_some(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    const struct some *s = ctx;
    size_t dim = s->all->dim;
    size_t end = first + count;
    for (size_t i = first; i < end;) {
        size_t from = s->row[i];
        size_t rows = s->row[end - 1] + 1 - from;
        rows = rows < MM_BLOCK_ROWS ? rows : MM_BLOCK_ROWS;
        int result = read_all(s->all, from, rows, s->block, err);
        if (result < 0)
            return result;
        for (; i < end && s->row[i] < from + rows; i++)
            memcpy(out + (i - first) * dim, s->block + (s->row[i] - from) * dim, dim * sizeof *out);
    }
    return 0;
}

/* ---- the whole ---- */

struct sampling {
    const struct mm_build *build;
    const struct mm_standard *standard; /* of all songs */
    struct mm_pca pca;
    struct some some;
    uint32_t *row;             /* [laid out] which songs they are, ascending */
    struct mm_map part;        /* of those */
    float *directions;         /* [laid out][pca.count], theirs */
    float *mean;               /* [clusters][dim] */
    size_t dim;                /* components that clusterers see */
    struct mm_knn_index *near; /* by sound */
    struct mm_knn_index *flat; /* on the map */
    struct mm_placing placing;
    struct mm_map *map;
};

static void draw_rows(size_t n, size_t count, uint64_t seed, uint32_t *row)
{
    struct mm_random random = mm_random_stream(seed, 0);
    size_t taken = 0;
    for (size_t i = 0; taken < count; i++) /* Knuth's algorithm S: keeps their order */
        if (mm_random_below(&random, n - i) < count - taken)
            row[taken++] = (uint32_t)i;
}

static int reduce_rows(struct sampling *s, const uint32_t *row, size_t count,
                       struct mm_reduced *out, struct mm_error *err)
{
    s->some.row = row;
    struct mm_vectors vectors = *s->standard->vectors;
    vectors.n = count;
    vectors.read = read_some;
    vectors.ctx = &s->some;
    struct mm_standard standard = *s->standard;
    standard.vectors = &vectors;
    return mm_reduce_along(&s->pca, &standard, s->build->pool, NULL, out, err);
}

static int find_means(struct sampling *s, const struct mm_reduced *songs, struct mm_error *err)
{
    size_t k = s->part.n_clusters;
    s->dim = songs->dim;
    s->mean = mm_calloc3(k, s->dim, sizeof *s->mean);
    double *sum = mm_calloc3(k, s->dim + 1, sizeof *sum);
    int result = s->mean && sum ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < s->part.n && result == 0; i++) {
        double *at = sum + s->part.cluster[i] * (s->dim + 1);
        at[s->dim]++;
        for (size_t j = 0; j < s->dim; j++)
            at[j] += songs->rows[i * s->dim + j];
    }
    for (size_t c = 0; c < k && result == 0; c++)
        for (size_t j = 0; j < s->dim; j++)
            s->mean[c * s->dim + j] =
                (float)(sum[c * (s->dim + 1) + j] / sum[c * (s->dim + 1) + s->dim]);
    free(sum);
    return result;
}

/* Where the last map had the songs that are laid out. *out: NULL when there was none. */
static int pick_previous(const struct sampling *s, float **out, struct mm_error *err)
{
    const float *all = s->build->settings->previous;
    *out = NULL;
    if (!all)
        return 0;
    if (!(*out = mm_calloc3(s->part.n, 2, sizeof **out)))
        return mm_no_memory(err);
    for (size_t i = 0; i < s->part.n; i++)
        memcpy(*out + 2 * i, all + 2 * (size_t)s->row[i], 2 * sizeof **out);
    return 0;
}

/* Clusters and lays out the sample. */
static int build_part(struct sampling *s, struct mm_error *err)
{
    struct mm_reduced songs = {0};
    float *previous = NULL;
    size_t n = s->part.n;
    s->part.xy = mm_calloc3(n, 2, sizeof *s->part.xy);
    s->part.honesty = mm_calloc3(n, 1, sizeof *s->part.honesty);
    int result = s->part.xy && s->part.honesty ? 0 : mm_no_memory(err);
    if (result == 0)
        result = reduce_rows(s, s->row, n, &songs, err);
    if (result == 0)
        result = pick_previous(s, &previous, err);
    if (result == 0)
        result = mm_build_part(s->build, &songs, previous, &s->part, err);
    if (result == 0)
        result = find_means(s, &songs, err);
    s->directions = songs.directions;
    songs.directions = NULL;
    free(previous);
    mm_reduced_finish(&songs);
    return result;
}

static int make_ready(struct sampling *s, size_t room, struct mm_error *err)
{
    const struct mm_build *b = s->build;
    struct mm_points sound = {s->directions, s->part.n, s->pca.count};
    struct mm_points plane = {s->part.xy, s->part.n, 2};
    uint64_t seed = b->settings->seed;
    int result = mm_knn_index_create(&sound, seed, b->pool, b->progress, &s->near, err);
    if (result == 0)
        result = mm_knn_index_create(&plane, seed, b->pool, NULL, &s->flat, err);
    if (result == 0)
        result = mm_placing_init(&s->placing, s->part.xy, s->part.n, room, seed, b->pool, err);
    return result;
}

static uint32_t nearest_mean(const struct sampling *s, const float *x)
{
    uint32_t best = 0;
    float least = INFINITY;
    for (size_t c = 0; c < s->part.n_clusters; c++) {
        float d = mm_distance2(x, s->mean + c * s->dim, s->dim);
        if (d < least) {
            least = d;
            best = (uint32_t)c;
        }
    }
    return best;
}

/* The share of a song's nearest by sound that are its nearest on the map, of those laid out. */
static float honesty_of(const uint32_t *near, const uint32_t *flat, size_t k)
{
    size_t both = 0;
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++)
            both += near[a] == flat[b];
    return k ? (float)both / (float)k : 1;
}

static int store_block(struct sampling *s, const uint32_t *row, const struct mm_reduced *songs,
                       const struct mm_knn *home, struct mm_error *err)
{
    float *xy = s->placing.xy + 2 * s->part.n;
    size_t k = home->k < MM_HONESTY_NEIGHBOURS ? home->k : MM_HONESTY_NEIGHBOURS;
    struct mm_knn flat;
    for (size_t i = 0; i < 2 * home->n; i++)
        xy[i] = (float)(xy[i] * s->placing.spread);
    int result = mm_knn_index_query(s->flat, &(struct mm_points){xy, home->n, 2}, k, s->build->pool,
                                    &flat, err);
    if (result < 0)
        return result;
    bool by_mean = s->build->clusterer->ops->by_mean;
    for (size_t i = 0; i < home->n; i++) {
        memcpy(s->map->xy + 2 * (size_t)row[i], xy + 2 * i, 2 * sizeof *xy);
        s->map->cluster[row[i]] = by_mean ? nearest_mean(s, songs->rows + i * songs->dim)
                                          : mm_placing_cluster(home, i, s->part.cluster);
        s->map->honesty[row[i]] = honesty_of(home->index + i * home->k, flat.index + i * k, k);
    }
    mm_knn_finish(&flat);
    return 0;
}

/* row: [count] songs that were not laid out; number: of the first of them among all those. */
static int place_block(struct sampling *s, const uint32_t *row, size_t count, size_t number,
                       struct mm_error *err)
{
    size_t k = MM_PLACING_NEIGHBOURS < s->part.n ? MM_PLACING_NEIGHBOURS : s->part.n;
    struct mm_reduced songs = {0};
    struct mm_knn home = {0};
    int result = reduce_rows(s, row, count, &songs, err);
    if (result == 0)
        result =
            mm_knn_index_query(s->near, &(struct mm_points){songs.directions, count, songs.more}, k,
                               s->build->pool, &home, err);
    if (result == 0)
        result = mm_placing_move(&s->placing, count, number, &home, home.index, home.distance,
                                 home.k, NULL, err);
    if (result == 0)
        result = store_block(s, row, &songs, &home, err);
    mm_knn_finish(&home);
    mm_reduced_finish(&songs);
    return result;
}

static int place_rest(struct sampling *s, struct mm_error *err)
{
    const struct mm_progress *progress = s->build->progress;
    size_t room = s->part.n / 8;
    room = room < LEAST_PLACED ? LEAST_PLACED : room > MOST_PLACED ? MOST_PLACED : room;
    size_t rest = s->map->n - s->part.n;
    uint32_t *row = mm_calloc3(room, 1, sizeof *row);
    int result = row ? make_ready(s, room, err) : mm_no_memory(err);
    size_t count = 0;
    size_t done = 0;
    for (size_t i = 0, at = 0; i < s->map->n && result == 0; i++) {
        if (at < s->part.n && s->row[at] == i)
            at++;
        else
            row[count++] = (uint32_t)i;
        if (count < room && i + 1 < s->map->n)
            continue;
        mm_progress_update(progress, "placing the other songs", done, rest);
        if (mm_progress_cancelled(progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
        else if (count > 0)
            result = place_block(s, row, count, done, err);
        done += count;
        count = 0;
    }
    free(row);
    return result;
}

/* All that part knows becomes the map's. */
static void take_part(struct sampling *s)
{
    struct mm_map *map = s->map;
    struct mm_map *part = &s->part;
    for (size_t i = 0; i < part->n; i++) {
        memcpy(map->xy + 2 * (size_t)s->row[i], part->xy + 2 * i, 2 * sizeof *map->xy);
        map->honesty[s->row[i]] = part->honesty[i];
        map->cluster[s->row[i]] = part->cluster[i];
    }
    map->n_clusters = part->n_clusters;
    map->region = part->region;
    map->n_regions = part->n_regions;
    map->looked_at = part->looked_at;
    map->noise = part->noise;
    map->k_criterion = part->k_criterion;
    map->k_parameter = part->k_parameter;
    map->curve = part->curve;
    map->n_curve = part->n_curve;
    map->k_chosen = part->k_chosen;
    map->least_songs = part->least_songs;
    map->joined = part->joined;
    map->laid_out = s->row;
    map->n_laid_out = part->n;
    part->region = NULL;
    part->curve = NULL;
    s->row = NULL;
}

static void sampling_finish(struct sampling *s)
{
    mm_knn_index_destroy(s->near);
    mm_knn_index_destroy(s->flat);
    mm_placing_finish(&s->placing);
    mm_pca_finish(&s->pca);
    mm_map_release(&s->part);
    free(s->directions);
    free(s->mean);
    free(s->row);
    free(s->some.block);
}

int mm_build_sample(const struct mm_build *build, const struct mm_standard *standard, size_t count,
                    struct mm_map *map, struct mm_error *err)
{
    struct sampling s = {.build = build, .standard = standard, .map = map};
    s.some.all = standard->vectors;
    s.some.block = mm_calloc3(MM_BLOCK_ROWS, standard->vectors->dim, sizeof *s.some.block);
    s.row = mm_calloc3(count, 1, sizeof *s.row);
    s.part.n = count;
    map->cluster = mm_calloc3(map->n, 1, sizeof *map->cluster);
    int result = s.some.block && s.row && map->cluster ? 0 : mm_no_memory(err);
    if (result == 0)
        result =
            mm_pca_fit(standard, MM_MOST_DIRECTIONS, build->pool, build->progress, &s.pca, err);
    if (result == 0) {
        draw_rows(map->n, count, build->settings->seed, s.row);
        result = build_part(&s, err);
    }
    if (result == 0)
        result = place_rest(&s, err);
    if (result == 0) {
        take_part(&s);
        result = mm_countries_renumber(map, err);
    }
    sampling_finish(&s);
    return result;
}
