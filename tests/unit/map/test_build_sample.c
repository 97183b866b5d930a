/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of more songs than may be held in memory. */
#include "check.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"
#include "map/build_sample.h"

enum { N = SANITIZED ? 1800 : 3000, DIM = 16, BLOBS = 8 };

/* Songs that are made where they are read: none is in memory. */
struct songs {
    float centre[BLOBS * DIM];
    size_t fail_at; /* reading fails from this song on; 0 = never */
};

static size_t blob_of(size_t song)
{
    return song * 7 % 16 % BLOBS; /* the first blobs are no larger than the last */
}

static int read_songs(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    const struct songs *songs = ctx;
    if (songs->fail_at && first + count > songs->fail_at)
        return mm_error_set(err, MM_ERR_IO, "the disk is gone");
    assert_true(count <= 4096);
    for (size_t i = 0; i < count; i++) {
        struct mm_random random = mm_random_stream(77, first + i);
        for (size_t j = 0; j < DIM; j++)
            out[i * DIM + j] = songs->centre[blob_of(first + i) * DIM + j] +
                               0.3F * (float)mm_random_normal(&random);
    }
    return 0;
}

static struct mm_vectors make_songs(struct songs *songs)
{
    struct mm_random random = mm_random_stream(5, 0);
    *songs = (struct songs){0};
    for (size_t i = 0; i < (size_t)BLOBS * DIM; i++)
        songs->centre[i] = 2 * (float)mm_random_normal(&random);
    return (struct mm_vectors){.n = N, .dim = DIM, .read = read_songs, .ctx = songs};
}

/* Memory in which about `songs` of them can be laid out. */
static size_t memory_for(size_t songs)
{
    size_t low = 0;
    size_t high = (size_t)1 << 40;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(mm_sample_room(N, DIM, middle) < songs ? &low : &high) = middle;
    }
    return high;
}

static struct mm_map *build(const struct mm_vectors *vectors, struct mm_map_settings settings)
{
    struct mm_error err = {0};
    struct mm_map *map;
    assert_ok(mm_map_build(vectors, &settings, NULL, &map, &err), &err);
    return map;
}

static void check_map(const struct mm_map *map)
{
    size_t size[1000] = {0};
    double high[2] = {-1, -1};
    double low[2] = {1, 1};
    assert_int_equal(map->n, N);
    assert_true(map->n_clusters < 1000);
    for (size_t i = 0; i < N; i++) {
        assert_true(map->cluster[i] < map->n_clusters);
        assert_true(map->honesty[i] >= 0 && map->honesty[i] <= 1);
        size[map->cluster[i]]++;
        for (size_t d = 0; d < 2; d++) {
            assert_true(isfinite(map->xy[2 * i + d]));
            low[d] = fmin(low[d], map->xy[2 * i + d]);
            high[d] = fmax(high[d], map->xy[2 * i + d]);
        }
    }
    for (size_t d = 0; d < 2; d++)
        assert_float_equal(low[d], -high[d], 1e-5);
    assert_float_equal(fmax(high[0], high[1]), 1, 1e-5);
    for (size_t c = 0; c < map->n_clusters; c++)
        assert_true(size[c] > 0 && (c == 0 || size[c] <= size[c - 1]));
    for (size_t c = 0; c < map->n_clusters && map->n_regions; c++)
        assert_true(map->region[c] < map->n_regions);
}

/* Every song lies among its own blob's songs, and belongs to its cluster. */
static void check_blobs(const struct mm_map *map)
{
    double middle[BLOBS][3] = {0};
    for (size_t i = 0; i < N; i++) {
        double *m = middle[blob_of(i)];
        m[0] += map->xy[2 * i];
        m[1] += map->xy[2 * i + 1];
        m[2]++;
        assert_int_equal(map->cluster[i], map->cluster[i % 16]);
    }
    size_t astray = 0;
    for (size_t i = 0; i < N; i++) {
        size_t best = 0;
        double least = INFINITY;
        for (size_t b = 0; b < BLOBS; b++) {
            double d = hypot(map->xy[2 * i] - middle[b][0] / middle[b][2],
                             map->xy[2 * i + 1] - middle[b][1] / middle[b][2]);
            if (d < least) {
                least = d;
                best = b;
            }
        }
        astray += best != blob_of(i);
    }
    assert_int_equal(astray, 0);
}

static void few_songs_are_laid_out_and_all_are_on_the_map(void **state)
{
    (void)state;
    struct songs songs;
    struct mm_vectors vectors = make_songs(&songs);
    static const char *const clusterers[] = {"kmeans", "ward"};
    for (size_t c = SANITIZED; c < 2; c++) {
        struct mm_map *map = build(&vectors, (struct mm_map_settings){.memory = memory_for(1000),
                                                                      .clusters = c ? BLOBS : 0,
                                                                      .clusterer = clusterers[c]});
        check_map(map);
        assert_int_equal(map->n_clusters, BLOBS);
        assert_true(map->n_laid_out >= 1000 && map->n_laid_out < 1100);
        for (size_t i = 1; i < map->n_laid_out; i++)
            assert_true(map->laid_out[i] > map->laid_out[i - 1] && map->laid_out[i] < N);
        check_blobs(map);
        mm_map_destroy(map);
    }
}

/* Songs that were placed are as near to their neighbours as those that were laid out. */
static void the_placed_are_as_honest_as_the_others(void **state)
{
    (void)state;
    struct songs songs;
    struct mm_vectors vectors = make_songs(&songs);
    struct mm_map *map =
        build(&vectors, (struct mm_map_settings){.memory = memory_for(1500), .clusters = BLOBS});
    double sum[2] = {0};
    for (size_t i = 0, at = 0; i < N; i++) {
        bool laid_out = at < map->n_laid_out && map->laid_out[at] == i;
        at += laid_out;
        sum[laid_out] += map->honesty[i];
    }
    double laid_out = sum[1] / (double)map->n_laid_out;
    double placed = sum[0] / (double)(N - map->n_laid_out);
    if (!(placed > 0.8 * laid_out))
        fail_msg("honesty %.3f of the placed, %.3f of the others", placed, laid_out);
    mm_map_destroy(map);
}

static void it_does_not_depend_on_threads(void **state)
{
    (void)state;
    struct songs songs;
    struct mm_vectors vectors = make_songs(&songs);
    struct mm_map_settings settings = {
        .memory = memory_for(1000), .clusters = BLOBS, .seed = 4, .jobs = 1};
    struct mm_map *one = build(&vectors, settings);
    settings.jobs = 3;
    struct mm_map *three = build(&vectors, settings);
    assert_memory_equal(one->xy, three->xy, (size_t)N * 2 * sizeof *one->xy);
    assert_memory_equal(one->cluster, three->cluster, N * sizeof *one->cluster);
    assert_memory_equal(one->honesty, three->honesty, N * sizeof *one->honesty);
    mm_map_destroy(three);
    mm_map_destroy(one);
}

static void it_lies_as_the_last_one_did(void **state)
{
    (void)state;
    struct songs songs;
    struct mm_vectors vectors = make_songs(&songs);
    struct mm_map_settings settings = {
        .memory = memory_for(1000), .clusters = BLOBS, .layout = "pca"};
    struct mm_map *one = build(&vectors, settings);
    float *turned = calloc((size_t)N * 2, sizeof *turned);
    for (size_t i = 0; i < N; i++) {
        turned[2 * i] = -one->xy[2 * i + 1];
        turned[2 * i + 1] = one->xy[2 * i];
    }
    settings.previous = turned;
    struct mm_map *two = build(&vectors, settings);
    double apart = 0;
    for (size_t i = 0; i < 2 * (size_t)N; i++)
        apart += fabs(two->xy[i] - turned[i]);
    assert_true(apart / (2.0 * N) < 0.05);
    mm_map_destroy(two);
    free(turned);
    mm_map_destroy(one);
}

static void the_room_follows_the_memory(void **state)
{
    (void)state;
    assert_int_equal(mm_sample_room(5000000, 512, 0), 5000000);
    assert_int_equal(mm_sample_room(1000, 512, 1), 1000);
    assert_int_equal(mm_sample_room(5000000, 512, 1 << 20), 0);
    size_t least = mm_sample_least(5000000, 512);
    assert_int_equal(mm_sample_room(5000000, 512, least), 1000);
    assert_int_equal(mm_sample_room(5000000, 512, least - 1), 0);
    size_t room = mm_sample_room(5000000, 512, (size_t)2 << 30);
    assert_true(room > 100000 && room < 1000000);
    assert_true(mm_sample_room(5000000, 512, (size_t)3 << 30) > room);
    assert_int_equal(mm_sample_room(5000000, 512, (size_t)1 << 40), 5000000);
}

struct stop {
    atomic_int cancel;
    size_t calls, after;
};

static void stop_after(void *ctx, const char *stage, size_t done, size_t total)
{
    struct stop *stop = ctx;
    assert_non_null(stage);
    assert_true(total == 0 || done <= total);
    if (stop->calls++ == stop->after)
        atomic_store(&stop->cancel, 1);
}

static void what_goes_wrong_is_told(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct songs songs;
    struct mm_vectors vectors = make_songs(&songs);
    struct mm_map_settings settings = {
        .memory = memory_for(1000), .clusters = BLOBS, .layout = "pca"};
    struct mm_map *map;
    songs.fail_at = N - 1;
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_IO);
    assert_string_equal(err.message, "the disk is gone");
    songs.fail_at = 0;
    size_t cancelled = 0;
    for (size_t after = 0; after < 60; after += 3) {
        struct stop stop = {.after = after};
        struct mm_progress progress = {stop_after, &stop, &stop.cancel};
        int result = mm_map_build(&vectors, &settings, &progress, &map, &err);
        assert_true(result == 0 || result == MM_ERR_CANCELLED);
        cancelled += result == MM_ERR_CANCELLED;
        mm_map_destroy(map);
        if (result == 0)
            break;
    }
    assert_true(cancelled > 2);
    settings.memory = 1 << 20;
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_LIMIT);
    assert_non_null(strstr(err.message, "MB at least"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_songs_are_laid_out_and_all_are_on_the_map),
        cmocka_unit_test(the_placed_are_as_honest_as_the_others),
        cmocka_unit_test(it_does_not_depend_on_threads),
        cmocka_unit_test(it_lies_as_the_last_one_did),
        cmocka_unit_test(the_room_follows_the_memory),
        cmocka_unit_test(what_goes_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
