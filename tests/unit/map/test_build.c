/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>
#include <stdbool.h>

#include "../../data/map/reference.h"
#include "base/random.h"
#include "musicmap/map.h"

static struct mm_map *build(const float *rows, size_t n, size_t dim,
                            const struct mm_map_settings *settings)
{
    struct mm_error err = {0};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, n, dim);
    struct mm_map *map;
    assert_ok(mm_map_build(&vectors, settings, NULL, &map, &err), &err);
    return map;
}

/* What must hold of any map. */
static void check_map(const struct mm_map *map, size_t n)
{
    size_t size[1000] = {0};
    assert_int_equal(map->n, n);
    assert_true(map->n_clusters >= 1 && map->n_clusters <= n && map->n_clusters < 1000);
    float low[2] = {1, 1};
    float high[2] = {-1, -1};
    for (size_t i = 0; i < n; i++) {
        assert_true(map->cluster[i] < map->n_clusters);
        size[map->cluster[i]]++;
        for (size_t j = 0; j < 2; j++) {
            low[j] = fminf(low[j], map->xy[2 * i + j]);
            high[j] = fmaxf(high[j], map->xy[2 * i + j]);
        }
    }
    for (size_t c = 0; c < map->n_clusters; c++)
        assert_true(size[c] > 0 && (c == 0 || size[c] <= size[c - 1]));
    for (size_t j = 0; j < 2; j++) {
        assert_float_equal(low[j], -high[j], 1e-6);
        assert_true(high[j] <= 1.000001F);
    }
    assert_true(isfinite(map->inertia) && map->inertia >= 0);
}

/* Blobs of `each` songs around `blobs` centres. */
static float *make_blobs(size_t blobs, size_t each, size_t dim, double spread, uint64_t seed)
{
    struct mm_random random = mm_random_stream(seed, 0);
    float *rows = calloc(blobs * each * dim, sizeof *rows);
    float *centres = calloc(blobs * dim, sizeof *centres);
    for (size_t i = 0; i < blobs * dim; i++)
        centres[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < blobs * each; i++)
        for (size_t j = 0; j < dim; j++)
            rows[i * dim + j] =
                centres[i % blobs * dim + j] + (float)(spread * mm_random_normal(&random));
    free(centres);
    return rows;
}

static void separated_blobs_are_found(void **state)
{
    (void)state;
    float *rows = make_blobs(7, 40, 24, 0.15, 1);
    struct mm_map *map = build(rows, 280, 24, &(struct mm_map_settings){.clusters = 7});
    check_map(map, 280);
    assert_int_equal(map->n_clusters, 7);
    assert_null(map->k_criterion);
    for (size_t i = 7; i < 280; i++)
        assert_int_equal(map->cluster[i], map->cluster[i - 7]);
    mm_map_destroy(map);

    map = build(rows, 280, 24, &(struct mm_map_settings){0}); /* k from the data */
    check_map(map, 280);
    assert_int_equal(map->n_clusters, 7);
    assert_non_null(map->k_criterion);
    assert_true(map->n_curve > 3);
    mm_map_destroy(map);
    free(rows);
}

/* They are the clearest cluster of all, but no country: the others' number counts. */
static void two_silent_songs_do_not_hide_the_others(void **state)
{
    (void)state;
    enum { BLOBS = 30, EACH = 5, DIM = 24, N = BLOBS * EACH + 2 };
    static const char *const names[] = {"kmeans", "minibatch", "ward", "spectral"};
    float *blobs = make_blobs(BLOBS, EACH, DIM, 1.4, 1);
    float rows[N * DIM];
    memcpy(rows, blobs, sizeof rows - (size_t)2 * DIM * sizeof *rows);
    for (size_t i = (size_t)(N - 2) * DIM; i < (size_t)N * DIM; i++)
        rows[i] = -10;
    for (size_t a = 0; a < 4; a++) {
        struct mm_map_settings settings = {.clusterer = names[a], .layout = "pca"};
        struct mm_map *map = build(rows, N, DIM, &settings);
        if (map->n_clusters < 10) /* these overlap much */
            fail_msg("%s found %zu countries", names[a], map->n_clusters);
        mm_map_destroy(map);
    }
    free(blobs);
}

static void the_map_does_not_depend_on_threads(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 270 : 630, DIM = 60 };
    float *rows = make_blobs(9, N / 9, DIM, 0.8, 2);
    struct mm_map *one = build(rows, N, DIM, &(struct mm_map_settings){.seed = 3, .jobs = 1});
    static const size_t jobs[] = {2, 3, 5};
    for (size_t t = SANITIZED; t < 3 - SANITIZED; t++) {
        struct mm_map *many =
            build(rows, N, DIM, &(struct mm_map_settings){.seed = 3, .jobs = jobs[t]});
        assert_int_equal(many->n_clusters, one->n_clusters);
        assert_memory_equal(many->xy, one->xy, N * 2 * sizeof(float));
        assert_memory_equal(many->cluster, one->cluster, N * sizeof(uint32_t));
        assert_true(many->inertia == one->inertia);
        assert_int_equal(many->n_curve, one->n_curve);
        for (size_t i = 0; i < one->n_curve; i++)
            assert_true(many->curve[i].score == one->curve[i].score);
        mm_map_destroy(many);
    }
    mm_map_destroy(one);
    free(rows);
}

static void pca_and_inertia_are_as_scikit_learn_finds_them(void **state)
{
    (void)state;
    struct mm_map *map =
        build(reference_x, REFERENCE_N, REFERENCE_DIM,
              &(struct mm_map_settings){.layout = "pca", .clusters = 4, .seed = 1});
    check_map(map, REFERENCE_N);
    assert_float_equal(map->inertia, REFERENCE_INERTIA_4, 0.005 * REFERENCE_INERTIA_4);
    /* Same picture up to sign, shift and scale: all distances have one ratio. */
    double ratio = 0;
    for (size_t i = 1; i < REFERENCE_N; i++) {
        double ours = hypot(map->xy[2 * i] - map->xy[0], map->xy[2 * i + 1] - map->xy[1]);
        double theirs =
            hypot(reference_xy[2 * i] - reference_xy[0], reference_xy[2 * i + 1] - reference_xy[1]);
        if (i == 1)
            ratio = ours / theirs;
        assert_float_equal(ours / theirs, ratio, 1e-4);
    }
    mm_map_destroy(map);
}

static void small_and_flat_libraries_have_maps(void **state)
{
    (void)state;
    float *rows = make_blobs(1, 40, 5, 1, 4);
    for (size_t n = 1; n <= 12; n += n > 3 && SANITIZED ? 4 : 1)
        for (size_t clusters = 0; clusters <= 13; clusters += clusters ? 6 : 1) {
            struct mm_map *map = build(rows, n, 5, &(struct mm_map_settings){.clusters = clusters});
            check_map(map, n);
            assert_true(clusters == 0 || map->n_clusters == (clusters < n ? clusters : n));
            mm_map_destroy(map);
        }
    for (size_t i = 0; i < 200; i++) /* all identical */
        rows[i] = (float)(i % 5);
    for (size_t clusters = 0; clusters <= 3; clusters++) {
        struct mm_map *map =
            build(rows, 40, 5, &(struct mm_map_settings){.layout = "pca", .clusters = clusters});
        check_map(map, 40);
        assert_int_equal(map->n_clusters, 1);
        assert_true(map->xy[7] == 0 && map->xy[8] == 0);
        mm_map_destroy(map);
    }
    for (size_t i = 0; i < 40; i++) /* one dimension varies */
        rows[5 * i + 2] = (float)i;
    struct mm_map *map =
        build(rows, 40, 5, &(struct mm_map_settings){.layout = "pca", .clusters = 2});
    check_map(map, 40);
    assert_true(map->xy[1] == 0 && fabsf(map->xy[0]) == 1);
    mm_map_destroy(map);
    free(rows);
}

/* Every layout gives each song a place of its own that is not far from all others, even to equal
 * songs; "pca" alone keeps them together. */
static void songs_do_not_share_places(void **state)
{
    (void)state;
    enum { MOST = 60 };
    float *rows = make_blobs(3, MOST / 3, 8, 0.2, 6);
    size_t n_layouts;
    const struct mm_algorithm *layouts = mm_layouts(&n_layouts);
    for (size_t l = 0; l < n_layouts; l++)
        for (size_t equal = 0; equal <= MOST && strcmp(layouts[l].name, "pca") != 0;
             equal += SANITIZED ? MOST / 2 : 20) {
            for (size_t i = 1; i < equal; i++)
                memcpy(rows + i * 8, rows, 8 * sizeof *rows);
            struct mm_map *map = build(
                rows, MOST, 8, &(struct mm_map_settings){.layout = layouts[l].name, .clusters = 3});
            check_map(map, MOST);
            for (size_t i = 0; i < MOST; i++) {
                double nearest = INFINITY;
                for (size_t j = 0; j < MOST; j++)
                    if (j != i)
                        nearest = fmin(nearest, hypot(map->xy[2 * i] - map->xy[2 * j],
                                                      map->xy[2 * i + 1] - map->xy[2 * j + 1]));
                assert_true(nearest > 1e-3 && nearest < 0.7);
            }
            mm_map_destroy(map);
        }
    free(rows);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_map *map;
    float rows[] = {1, 2, 3, NAN, 5, 6};
    struct mm_map_settings settings = {0};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, 3, 2);
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_INPUT);
    assert_null(map);
    rows[3] = INFINITY;
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_INPUT);
    rows[3] = 4;
    settings.layout = "tea leaves";
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_USAGE);
    settings.layout = NULL;
    settings.clusterer = "guess";
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_USAGE);
    settings.clusterer = NULL;
    vectors.n = 0;
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_USAGE);
    mm_map_destroy(NULL);
}

static int failing_read(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    (void)ctx;
    if (first >= 2000)
        return mm_error_set(err, MM_ERR_IO, "the disk is gone");
    memset(out, 0, 3 * count * sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[3 * i] = (float)(first + i);
    return 0;
}

static void a_failing_reader_ends_the_call(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_map *map;
    struct mm_vectors vectors = {.n = 5000, .dim = 3, .read = failing_read};
    struct mm_map_settings settings = {0};
    assert_int_equal(mm_map_build(&vectors, &settings, NULL, &map, &err), MM_ERR_IO);
    assert_string_equal(err.message, "the disk is gone");
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

static void it_can_be_cancelled_at_any_point(void **state)
{
    (void)state;
    float *rows = make_blobs(5, 18, 12, 0.5, 5);
    struct mm_vectors vectors = mm_vectors_in_memory(rows, 90, 12);
    struct mm_map_settings settings = {0};
    size_t cancelled = 0;
    for (size_t after = 0; after < 60; after += SANITIZED ? 7 : 1) {
        struct mm_error err = {0};
        struct stop stop = {.after = after};
        struct mm_progress progress = {stop_after, &stop, &stop.cancel};
        struct mm_map *map;
        int result = mm_map_build(&vectors, &settings, &progress, &map, &err);
        assert_true(result == 0 || result == MM_ERR_CANCELLED);
        cancelled += result == MM_ERR_CANCELLED;
        mm_map_destroy(map);
    }
    assert_true(cancelled > 3);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separated_blobs_are_found),
        cmocka_unit_test(two_silent_songs_do_not_hide_the_others),
        cmocka_unit_test(the_map_does_not_depend_on_threads),
        cmocka_unit_test(pca_and_inertia_are_as_scikit_learn_finds_them),
        cmocka_unit_test(small_and_flat_libraries_have_maps),
        cmocka_unit_test(songs_do_not_share_places),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_failing_reader_ends_the_call),
        cmocka_unit_test(it_can_be_cancelled_at_any_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
