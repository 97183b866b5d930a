/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "base/random.h"
#include "map/align.h"
#include "musicmap/map.h"

enum { N = 600, DIM = 12, BLOBS = 20 };

static float *make_songs(size_t n)
{
    struct mm_random random = mm_random_stream(11, 0);
    static float centre[BLOBS * DIM];
    for (size_t i = 0; i < (size_t)BLOBS * DIM; i++)
        centre[i] = 2 * (float)mm_random_normal(&random);
    float *rows = calloc(n * DIM, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < DIM; j++)
            rows[i * DIM + j] = centre[i % BLOBS * DIM + j] + (float)mm_random_normal(&random);
    return rows;
}

static struct mm_map *build(const float *rows, size_t n, const float *previous, uint64_t seed)
{
    struct mm_error err = {0};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, n, DIM);
    struct mm_map_settings settings = {.clusters = BLOBS, .seed = seed, .previous = previous};
    struct mm_map *map;
    assert_ok(mm_map_build(&vectors, &settings, NULL, &map, &err), &err);
    return map;
}

/* ---- turning ---- */

static void a_turned_map_is_turned_back(void **state)
{
    (void)state;
    struct mm_random random = mm_random_stream(3, 0);
    float old[2 * 50];
    float xy[2 * 50];
    for (int mirror = -1; mirror <= 1; mirror += 2)
        for (double turn = 0; turn < 6; turn += 0.7) {
            for (size_t i = 0; i < 50; i++) {
                old[2 * i] = (float)mm_random_normal(&random);
                old[2 * i + 1] = 0.5F * (float)mm_random_normal(&random);
                double x = 3 * old[2 * i] + 7; /* scaled and moved, too */
                double y = 3 * mirror * old[2 * i + 1] - 2;
                xy[2 * i] = (float)(cos(turn) * x - sin(turn) * y);
                xy[2 * i + 1] = (float)(sin(turn) * x + cos(turn) * y);
            }
            old[10] = NAN; /* this song is new */
            double new_x = xy[10];
            /* A map that lies so already stays as it is, to the bit. */
            assert_int_equal(mm_align(old, 50, xy), mirror < 0 || turn > 0);
            assert_true(isfinite(new_x) && isfinite(xy[10]));
            for (size_t i = 6; i < 50; i++)
                for (size_t d = 0; d < 2; d++)
                    assert_float_equal(xy[2 * i + d] - xy[d], 3 * (old[2 * i + d] - old[d]), 1e-4);
        }
}

static void nothing_to_go_by_leaves_a_map_alone(void **state)
{
    (void)state;
    float xy[] = {1, 2, 3, 4, 5, 7};
    float before[6];
    float one[] = {NAN, NAN, 3, 3, NAN, NAN};
    float same[] = {2, 2, 2, 2, 2, 2};
    memcpy(before, xy, sizeof xy);
    assert_false(mm_align(one, 3, xy));
    assert_false(mm_align(same, 3, xy));
    assert_memory_equal(before, xy, sizeof xy);

    float line[] = {1, 1, 2, 2.1F, 3, 2.9F, 5, 5}; /* a new map lies flat */
    mm_align_flat(4, line);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(line[2 * i + 1]) < 0.1F);
    assert_float_equal(line[6] - line[0], hypot(4, 4), 1e-2);
}

/* Another seed, and the same songs are about where they were: nearer than half as far as two songs
 * of the map are from one another on average. */
static void a_new_map_lies_as_the_last_one(void **state)
{
    (void)state;
    float *rows = make_songs(N);
    struct mm_map *first = build(rows, N, NULL, 1);
    float turned[2 * N];
    for (size_t i = 0; i < N; i++) { /* as if it had been made by another program */
        turned[2 * i] = -first->xy[2 * i + 1];
        turned[2 * i + 1] = -first->xy[2 * i];
    }
    struct mm_map *second = build(rows, N, turned, 1);
    double way = 0;
    for (size_t i = 0; i < N; i++)
        way = fmax(way, hypot(second->xy[2 * i] - turned[2 * i],
                              second->xy[2 * i + 1] - turned[2 * i + 1]));
    assert_true(way < 1e-3);
    mm_map_destroy(second);
    mm_map_destroy(first);
    free(rows);
}

/* Made of the same songs once more, a map that had been turned to lie as another did is the same to
 * the bit: places are rounded, and their angle must not creep. */
static void a_map_made_again_is_the_same(void **state)
{
    (void)state;
    enum { OLD = 120, ALL = 150 };
    float *rows = make_songs(ALL);
    struct mm_map *first = build(rows, OLD, NULL, 1);
    float previous[2 * ALL];
    for (size_t i = 0; i < 2 * (size_t)ALL; i++)
        previous[i] = i < 2 * (size_t)OLD ? first->xy[i] : NAN;
    static const char *const layouts[] = {"pca", "umap"};
    for (size_t l = 0; l < 2; l++) {
        float last[2 * ALL];
        memcpy(last, previous, sizeof last);
        for (int times = 0; times < 5; times++) {
            struct mm_error err = {0};
            struct mm_vectors vectors = mm_vectors_in_memory(rows, ALL, DIM);
            struct mm_map_settings settings = {
                .layout = layouts[l], .clusters = BLOBS, .seed = 1, .previous = last};
            struct mm_map *map;
            assert_ok(mm_map_build(&vectors, &settings, NULL, &map, &err), &err);
            if (times > 0)
                assert_memory_equal(last, map->xy, sizeof last);
            memcpy(last, map->xy, sizeof last);
            mm_map_destroy(map);
        }
    }
    mm_map_destroy(first);
    free(rows);
}

/* ---- placing ---- */

/* Trustworthiness at 10 of songs `first` and later alone. */
static double measure_trust(const float *rows, const float *xy, size_t first)
{
    enum { K = 10 };
    double far[N];
    double flat[N];
    double strangers = 0;
    for (size_t i = first; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            double dot = 0;
            double one = 0;
            double two = 0;
            for (size_t d = 0; d < DIM; d++) {
                dot += (double)rows[i * DIM + d] * rows[j * DIM + d];
                one += (double)rows[i * DIM + d] * rows[i * DIM + d];
                two += (double)rows[j * DIM + d] * rows[j * DIM + d];
            }
            far[j] = j == i ? -1 : 1 - dot / sqrt(one * two);
            flat[j] =
                j == i ? INFINITY : hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1]);
        }
        for (size_t a = 0; a < K; a++) {
            size_t nearest = 0;
            for (size_t j = 1; j < N; j++)
                nearest = flat[j] < flat[nearest] ? j : nearest;
            flat[nearest] = INFINITY;
            size_t rank = 0;
            for (size_t j = 0; j < N; j++)
                rank += far[j] < far[nearest];
            strangers += rank > K ? (double)(rank - K) : 0;
        }
    }
    double k = K;
    double asked = (double)(N - first);
    return 1 - 2 * strangers / (asked * k * (2 * N - 3 * k - 1));
}

/* 5 % new songs: the old ones stay to the bit, the new ones land among their neighbours. */
static void new_songs_land_well_and_old_ones_stay(void **state)
{
    (void)state;
    enum { OLD = N - N / 20 };
    struct mm_error err = {0};
    float *rows = make_songs(N);
    struct mm_map *old = build(rows, OLD, NULL, 1);
    float xy[2 * N];
    uint32_t cluster[N] = {0};
    memcpy(xy, old->xy, 2 * OLD * sizeof *xy);
    memcpy(cluster, old->cluster, OLD * sizeof *cluster);
    for (size_t i = 2 * OLD; i < 2 * N; i++)
        xy[i] = NAN;
    struct mm_map_known known = {xy, cluster, old->n_clusters};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, N, DIM);
    struct mm_map *map[3];
    for (size_t jobs = 1; jobs <= 3; jobs++)
        assert_ok(mm_map_place(&vectors, &known, 5, jobs, NULL, &map[jobs - 1], &err), &err);
    assert_int_equal(map[0]->n, N);
    assert_memory_equal(map[0]->xy, old->xy, 2 * OLD * sizeof(float));
    assert_memory_equal(map[0]->cluster, old->cluster, OLD * sizeof(uint32_t));
    assert_memory_equal(map[0]->xy, map[1]->xy, 2 * N * sizeof(float));
    assert_memory_equal(map[0]->xy, map[2]->xy, 2 * N * sizeof(float));
    double trust = measure_trust(rows, map[0]->xy, OLD);
    if (trust < 0.9)
        fail_msg("trustworthiness of the new songs: %.3f", trust);
    size_t right = 0; /* in the cluster of a song of their blob */
    for (size_t i = OLD; i < N; i++) {
        assert_true(map[0]->honesty[i] >= 0 && map[0]->honesty[i] <= 1);
        right += map[0]->cluster[i] == map[0]->cluster[i % BLOBS];
        for (size_t j = 0; j < i; j++)
            assert_true(map[0]->xy[2 * i] != map[0]->xy[2 * j]);
    }
    assert_true(right >= (N - OLD) * 8 / 10);
    for (size_t i = 0; i < 3; i++)
        mm_map_destroy(map[i]);
    mm_map_destroy(old);
    free(rows);
}

static void odd_maps_are_placed_on_or_refused(void **state)
{
    (void)state;
    struct mm_error err = {0};
    float *rows = make_songs(20);
    float xy[40];
    uint32_t cluster[20] = {0};
    struct mm_map_known known = {xy, cluster, 1};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, 20, DIM);
    struct mm_map *map;
    for (size_t old = 0; old <= 20; old += old < 3 ? 1 : 17) {
        for (size_t i = 0; i < 40; i++)
            xy[i] = i < 2 * old ? 0.25F : NAN; /* all at one place */
        int result = mm_map_place(&vectors, &known, 1, 1, NULL, &map, &err);
        assert_int_equal(result, old == 0 ? MM_ERR_USAGE : 0);
        for (size_t i = 0; old > 0 && i < 40; i++)
            assert_true(isfinite(map->xy[i]) && (i >= 2 * old || map->xy[i] == 0.25F));
        if (result == 0)
            mm_map_destroy(map);
    }
    cluster[3] = 7;
    assert_int_equal(mm_map_place(&vectors, &known, 1, 1, NULL, &map, &err), MM_ERR_INPUT);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turned_map_is_turned_back),
        cmocka_unit_test(nothing_to_go_by_leaves_a_map_alone),
        cmocka_unit_test(a_new_map_lies_as_the_last_one),
        cmocka_unit_test(a_map_made_again_is_the_same),
        cmocka_unit_test(new_songs_land_well_and_old_ones_stay),
        cmocka_unit_test(odd_maps_are_placed_on_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
