/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "../../data/map/clusterings.h"
#include "base/random.h"
#include "map/algorithms.h"
#include "map/countries.h"
#include "map/gmm.h"
#include "map/hdbscan.h"
#include "map/matrix.h"
#include "map/sample.h"
#include "map/ward.h"

static const struct mm_points reference = {clusterings_x, CLUSTERINGS_N, CLUSTERINGS_DIM};

static struct mm_pool *make_pool(size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool;
    mm_matrix_init();
    assert_ok(mm_pool_create(jobs, &pool, &err), &err);
    return pool;
}

static void wards_tree_is_that_of_scipy(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    struct mm_ward_step steps[CLUSTERINGS_N];
    uint32_t cluster[CLUSTERINGS_N];
    assert_ok(mm_ward_tree(&reference, NULL, pool, NULL, steps, &err), &err);
    for (size_t i = 0; i + 1 < CLUSTERINGS_N; i++)
        assert_float_equal(steps[i].height, clusterings_ward_height[i], 1e-4);
    static const struct {
        size_t k;
        const uint32_t *cluster;
    } cuts[] = {{2, clusterings_ward_2}, {4, clusterings_ward_4}, {9, clusterings_ward_9}};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(mm_ward_cut(steps, CLUSTERINGS_N, cuts[i].k, cluster, &err), &err);
        assert_memory_equal(cluster, cuts[i].cluster, sizeof cluster);
    }
    mm_pool_destroy(pool);
}

static void a_weight_is_so_many_points_at_one_place(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(1);
    enum { N = 44 };
    float x[N * CLUSTERINGS_DIM];
    double weight[10];
    size_t n = 0;
    for (size_t i = 0; i < 10; i++) {
        weight[i] = i % 4 == 1 ? 10 : 2;
        for (size_t k = 0; k < (size_t)weight[i]; k++)
            memcpy(x + n++ * CLUSTERINGS_DIM, clusterings_x + i * CLUSTERINGS_DIM,
                   CLUSTERINGS_DIM * sizeof *x);
    }
    struct mm_ward_step many[N];
    struct mm_ward_step few[10];
    struct mm_points all = {x, n, CLUSTERINGS_DIM};
    struct mm_points ten = {clusterings_x, 10, CLUSTERINGS_DIM};
    assert_ok(mm_ward_tree(&all, NULL, pool, NULL, many, &err), &err);
    assert_ok(mm_ward_tree(&ten, weight, pool, NULL, few, &err), &err);
    for (size_t i = 0; i + 10 < n; i++)
        assert_true(many[i].height == 0);
    for (size_t i = 0; i < 9; i++)
        assert_float_equal(few[i].height, many[n - 10 + i].height, 1e-4);
    mm_pool_destroy(pool);
}

static void mixtures_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(3);
    for (int full = 0; full < 2; full++) {
        struct mm_gmm_settings settings = {
            .k = 4, .full = full, .least_variance = 1e-6, .tolerance = 1e-9, .rounds = 5000};
        struct mm_gmm gmm;
        assert_ok(mm_gmm_run(&reference, &settings, clusterings_start, pool, NULL, &gmm, &err),
                  &err);
        assert_float_equal(gmm.log_likelihood,
                           full ? CLUSTERINGS_GMM_FULL_LIKELIHOOD : CLUSTERINGS_GMM_DIAG_LIKELIHOOD,
                           1e-3);
        assert_float_equal(gmm.bic, full ? CLUSTERINGS_GMM_FULL_BIC : CLUSTERINGS_GMM_DIAG_BIC,
                           2e-3);
        assert_memory_equal(gmm.cluster, full ? clusterings_gmm_full : clusterings_gmm_diag,
                            sizeof clusterings_gmm_full);
        const double *mean = full ? clusterings_gmm_full_mean : clusterings_gmm_diag_mean;
        for (size_t i = 0; i < (size_t)4 * CLUSTERINGS_DIM; i++)
            assert_float_equal(gmm.mean[i], mean[i], 1e-2);
        mm_gmm_finish(&gmm);
    }
    mm_pool_destroy(pool);
}

static void one_song_alone_does_not_win_a_mixture(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(1);
    uint32_t start[CLUSTERINGS_N] = {[17] = 1};
    struct mm_gmm_settings settings = {.k = 2, .prior = true, .rounds = 1};
    struct mm_gmm gmm;
    assert_ok(mm_gmm_run(&reference, &settings, start, pool, NULL, &gmm, &err), &err);
    for (size_t i = 0; i < (size_t)2 * CLUSTERINGS_DIM; i++)
        assert_true(gmm.variance[i] > 0.01 && isfinite(gmm.variance[i]));
    assert_true(isfinite(gmm.log_likelihood));
    mm_gmm_finish(&gmm);
    mm_pool_destroy(pool);
}

static void crowds_are_those_of_the_slow_way(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    struct mm_points crowds = {clusterings_crowds, CLUSTERINGS_CROWDS, 2};
    static const struct {
        size_t least, neighbours, k;
        const uint32_t *cluster;
    } cases[] = {{5, 5, 5, clusterings_hdbscan_5_5},
                 {10, 3, 6, clusterings_hdbscan_10_3},
                 {20, 8, 4, clusterings_hdbscan_20_8}};
    for (size_t i = 0; i < 3; i++) {
        struct mm_span_edge edges[CLUSTERINGS_CROWDS];
        uint32_t cluster[CLUSTERINGS_CROWDS];
        size_t k;
        assert_ok(mm_hdbscan_span(&crowds, cases[i].neighbours, pool, NULL, edges, &err), &err);
        assert_ok(mm_hdbscan_extract(edges, CLUSTERINGS_CROWDS, cases[i].least, cluster, &k, &err),
                  &err);
        assert_int_equal(k, cases[i].k);
        assert_memory_equal(cluster, cases[i].cluster, sizeof cluster);
    }
    mm_pool_destroy(pool);
}

/* The tree's length against Kruskal's over the whole matrix, for points of many kinds. */
static void the_spanning_tree_is_the_shortest(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    struct mm_random random = mm_random_stream(3, 3);
    for (size_t round = 0; round < 12; round++) {
        enum { MOST = 200 };
        static float x[MOST * 3];
        static float reach[MOST][MOST];
        size_t n = 2 + mm_random_below(&random, MOST - 1);
        size_t neighbours = 1 + mm_random_below(&random, 6);
        for (size_t i = 0; i < 3 * n; i++) /* every third round on a coarse grid: many ties */
            x[i] =
                round % 3 ? (float)mm_random_normal(&random) : (float)mm_random_below(&random, 4);
        float core[MOST];
        for (size_t i = 0; i < n; i++) {
            float sorted[MOST];
            size_t count = 0;
            for (size_t j = 0; j < n; j++) {
                reach[i][j] = mm_distance2(x + 3 * i, x + 3 * j, 3);
                if (j == i)
                    continue;
                size_t at = count++;
                for (; at > 0 && sorted[at - 1] > reach[i][j]; at--)
                    sorted[at] = sorted[at - 1];
                sorted[at] = reach[i][j];
            }
            core[i] = sorted[(neighbours < count ? neighbours : count) - 1];
        }
        bool inside[MOST] = {true};
        double shortest = 0;
        for (size_t e = 0; e + 1 < n; e++) {
            size_t next = 0;
            float best = INFINITY;
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; inside[i] && j < n; j++) {
                    float d = fmaxf(reach[i][j], fmaxf(core[i], core[j]));
                    if (!inside[j] && d < best) {
                        best = d;
                        next = j;
                    }
                }
            inside[next] = true;
            shortest += sqrtf(best);
        }
        struct mm_span_edge edges[MOST];
        struct mm_points points = {x, n, 3};
        assert_ok(mm_hdbscan_span(&points, neighbours, pool, NULL, edges, &err), &err);
        double length = 0;
        for (size_t e = 0; e + 1 < n; e++) {
            length += edges[e].length;
            assert_true(e == 0 || edges[e].length >= edges[e - 1].length);
        }
        assert_float_equal(length, shortest, 1e-4 * (shortest + 1));
    }
    mm_pool_destroy(pool);
}

/* ---- every row of the table ---- */

static struct mm_clustering run(const struct mm_algorithm *how, const struct mm_points *points,
                                size_t k, size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(jobs);
    struct mm_algorithm_input in = {.points = *points, .clusters = k, .seed = 5, .pool = pool};
    struct mm_clustering out;
    assert_ok(how->ops->cluster(&in, &out, &err), &err);
    mm_pool_destroy(pool);
    bool *used = calloc(out.n_clusters, 1);
    assert_true(out.n_clusters >= 1 && out.n_clusters <= points->n);
    for (size_t i = 0; i < points->n; i++) {
        assert_true(out.cluster[i] < out.n_clusters);
        used[out.cluster[i]] = true;
    }
    for (size_t c = 0; c < out.n_clusters; c++)
        assert_true(used[c]);
    free(used);
    assert_true((k == 0) == (out.criterion != NULL && out.parameter != NULL));
    assert_true(out.noise <= points->n && out.looked_at <= points->n);
    return out;
}

static float *make_blobs(size_t blobs, size_t each, size_t dim, double spread)
{
    struct mm_random random = mm_random_stream(11, 0);
    float *rows = calloc(blobs * each * dim, sizeof *rows);
    float *centres = calloc(blobs * dim, sizeof *centres);
    for (size_t i = 0; i < blobs * dim; i++)
        centres[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < blobs * each * dim; i++)
        rows[i] =
            centres[i / dim % blobs * dim + i % dim] + (float)(spread * mm_random_normal(&random));
    free(centres);
    return rows;
}

static void all_find_separated_crowds(void **state)
{
    (void)state;
    size_t count;
    const struct mm_algorithm *table = mm_clusterers(&count);
    float *rows = make_blobs(6, 20, 8, 0.1);
    struct mm_points points = {rows, 120, 8};
    assert_true(count >= 7);
    for (size_t a = 0; a < count; a++)
        for (size_t k = 0; k <= 6; k += 6) {
            /* Twenty songs do not tell the shape of a crowd in eight directions. */
            if (k == 0 && strcmp(table[a].name, "gmm-full") == 0)
                continue;
            struct mm_clustering c = run(&table[a], &points, k, 2);
            if (c.n_clusters != 6)
                fail_msg("%s found %zu clusters, wanted %zu", table[a].name, c.n_clusters, k);
            for (size_t i = 6; i < 120; i++)
                assert_int_equal(c.cluster[i], c.cluster[i - 6]);
            mm_clustering_finish(&c);
        }
    free(rows);
}

static const struct mm_algorithm *clusterer(const char *name)
{
    size_t count;
    const struct mm_algorithm *table = mm_clusterers(&count);
    while (strcmp(table->name, name) != 0)
        table++;
    return table;
}

/* They lie apart along the first coordinate, as PCA has it, and still do when each is shuffled. */
static void two_crowds_are_counted(void **state)
{
    (void)state;
    static const char *const names[] = {"kmeans", "minibatch", "ward", "spectral", "hdbscan"};
    enum { DIM = 20, FIRST = 100 };
    float *rows = make_blobs(1, 200, DIM, 0.5);
    for (size_t i = FIRST; i < 200; i++)
        rows[i * DIM] += 6;
    for (size_t a = 0; a < 5; a++)
        for (size_t second = 40; second <= 100; second += 60) {
            struct mm_points points = {rows, FIRST + second, DIM};
            struct mm_clustering c = run(clusterer(names[a]), &points, 0, 2);
            if (c.n_clusters != 2)
                fail_msg("%s found %zu clusters", names[a], c.n_clusters);
            mm_clustering_finish(&c);
        }
    free(rows);
}

/* No size of the smallest crowd comes nearer to the number asked for. */
static void crowds_are_as_many_as_asked_where_they_can_be(void **state)
{
    (void)state;
    enum { N = 14 * 19, MOST = 20 };
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    float *rows = make_blobs(14, 19, 3, 0.35);
    struct mm_points points = {rows, N, 3};
    struct mm_span_edge edges[N];
    uint32_t cluster[N];
    size_t found[N] = {0}; /* by the smallest crowd */
    assert_ok(mm_hdbscan_span(&points, 2, pool, NULL, edges, &err), &err);
    for (size_t least = 2; least < N; least++)
        assert_ok(mm_hdbscan_extract(edges, N, least, cluster, &found[least], &err), &err);
    for (size_t wanted = 1; wanted <= MOST; wanted++) {
        struct mm_clustering c = run(clusterer("hdbscan"), &points, wanted, 1);
        for (size_t least = 2; least < N; least++)
            assert_true(labs((long)found[least] - (long)wanted) >=
                        labs((long)c.n_clusters - (long)wanted));
        mm_clustering_finish(&c);
    }
    mm_pool_destroy(pool);
    free(rows);
}

static void none_depends_on_the_number_of_threads(void **state)
{
    (void)state;
    size_t count;
    const struct mm_algorithm *table = mm_clusterers(&count);
    float *rows = make_blobs(6, 20, 8, 0.6);
    struct mm_points points = {rows, 120, 8};
    for (size_t a = 0; a < count; a++)
        for (size_t k = 0; k <= 6; k += 6) {
            struct mm_clustering one = run(&table[a], &points, k, 1);
            for (size_t jobs = 2; jobs <= 3; jobs++) {
                struct mm_clustering many = run(&table[a], &points, k, jobs);
                assert_int_equal(many.n_clusters, one.n_clusters);
                assert_memory_equal(many.cluster, one.cluster, 120 * sizeof(uint32_t));
                assert_int_equal(many.n_curve, one.n_curve);
                for (size_t i = 0; i < one.n_curve; i++)
                    assert_true(many.curve[i].score == one.curve[i].score);
                mm_clustering_finish(&many);
            }
            mm_clustering_finish(&one);
        }
    free(rows);
}

static void all_are_sound_on_few_equal_and_flat_songs(void **state)
{
    (void)state;
    size_t count;
    const struct mm_algorithm *table = mm_clusterers(&count);
    float *rows = make_blobs(3, 20, 4, 0.5);
    for (size_t i = 0; i < 60; i++)
        rows[4 * i + 3] = 7; /* one direction does not vary */
    for (size_t a = 0; a < count; a++)
        for (size_t k = 0; k <= 8; k += k ? 7 : 1)
            for (size_t n = 1; n <= 60; n += n < 5 ? 1 : 31) {
                struct mm_points points = {rows, n, 4};
                struct mm_clustering c = run(&table[a], &points, k, 1);
                mm_clustering_finish(&c);
            }
    for (size_t i = 0; i < 60; i++) /* three places, twenty songs each */
        for (size_t j = 0; j < 4; j++)
            rows[4 * i + j] = (float)(i % 3);
    struct mm_points points = {rows, 60, 4};
    for (size_t a = 0; a < count; a++)
        for (size_t k = 0; k <= 5; k++) {
            struct mm_clustering c = run(&table[a], &points, k, 1);
            for (size_t i = 3; i < 60; i++) /* what is alike stays together where it can */
                assert_true(c.cluster[i] == c.cluster[i - 3] || k > 3);
            mm_clustering_finish(&c);
        }
    memset(rows, 0, (size_t)240 * sizeof *rows);
    for (size_t a = 0; a < count; a++)
        for (size_t k = 0; k <= 3; k++) {
            struct mm_clustering c = run(&table[a], &points, k, 1);
            assert_true(c.n_clusters == 1 || k > 1);
            mm_clustering_finish(&c);
        }
    free(rows);
}

static void songs_outside_the_sample_go_with_the_nearest(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(3);
    float *rows = make_blobs(7, 300, 5, 0.1);
    struct mm_points points = {rows, 2100, 5};
    struct mm_sample sample;
    uint32_t group[500];
    uint32_t spread[2100];
    assert_ok(mm_sample_create(&points, 500, 3, &sample, &err), &err);
    assert_int_equal(sample.points.n, 500);
    for (size_t i = 0; i < 500; i++) {
        assert_true(i == 0 || sample.row[i] > sample.row[i - 1]);
        assert_memory_equal(sample.points.x + 5 * i, rows + (size_t)5 * sample.row[i], 20);
        group[i] = sample.row[i] % 7;
    }
    assert_ok(mm_sample_spread(&sample, group, &points, pool, spread, &err), &err);
    for (size_t i = 0; i < 2100; i++)
        assert_int_equal(spread[i], i % 7);
    mm_sample_finish(&sample);
    mm_pool_destroy(pool);
    free(rows);
}

static void small_clusters_join_their_nearest(void **state)
{
    (void)state;
    struct mm_error err = {0};
    float x[] = {0, 0.1F, 0.2F, 5, 5.1F, 5.2F, 0.6F, 4.9F, 4.5F};
    uint32_t cluster[] = {0, 0, 0, 1, 1, 1, 2, 3, 3};
    struct mm_points points = {x, 9, 1};
    size_t k = 4;
    size_t joined;
    assert_ok(mm_countries_join_small(&points, 3, cluster, &k, &joined, &err), &err);
    assert_true(k == 2 && joined == 2);
    static const uint32_t wanted[] = {0, 0, 0, 1, 1, 1, 0, 1, 1};
    assert_memory_equal(cluster, wanted, sizeof wanted);
    assert_ok(mm_countries_join_small(&points, 100, cluster, &k, &joined, &err), &err);
    assert_int_equal(k, 1); /* the last one stays */
    assert_ok(mm_countries_join_small(&points, 100, cluster, &k, &joined, &err), &err);
    assert_true(k == 1 && joined == 0);
}

static void regions_hold_countries_that_are_alike(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    float x[18];
    uint32_t cluster[18];
    uint32_t region[9];
    size_t n_regions;
    for (uint32_t i = 0; i < 18; i++) { /* nine countries of two songs, three by three */
        x[i] = (float)(100 * (i / 6) + 10 * (i / 2 % 3) + i % 2);
        cluster[i] = i / 2;
    }
    struct mm_points points = {x, 18, 1};
    assert_ok(mm_countries_group(&points, cluster, 9, pool, region, &n_regions, &err), &err);
    assert_int_equal(n_regions, 3);
    for (size_t c = 0; c < 9; c++)
        assert_int_equal(region[c], c / 3);
    assert_ok(mm_countries_group(&points, cluster, 5, pool, region, &n_regions, &err), &err);
    assert_int_equal(n_regions, 0); /* too few to group */
    mm_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wards_tree_is_that_of_scipy),
        cmocka_unit_test(a_weight_is_so_many_points_at_one_place),
        cmocka_unit_test(mixtures_are_those_of_scikit_learn),
        cmocka_unit_test(one_song_alone_does_not_win_a_mixture),
        cmocka_unit_test(crowds_are_those_of_the_slow_way),
        cmocka_unit_test(the_spanning_tree_is_the_shortest),
        cmocka_unit_test(all_find_separated_crowds),
        cmocka_unit_test(two_crowds_are_counted),
        cmocka_unit_test(crowds_are_as_many_as_asked_where_they_can_be),
        cmocka_unit_test(none_depends_on_the_number_of_threads),
        cmocka_unit_test(all_are_sound_on_few_equal_and_flat_songs),
        cmocka_unit_test(small_clusters_join_their_nearest),
        cmocka_unit_test(regions_hold_countries_that_are_alike),
        cmocka_unit_test(songs_outside_the_sample_go_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
