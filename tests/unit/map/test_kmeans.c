/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../../data/map/reference.h"
#include "base/pool.h"
#include "base/random.h"
#include "map/blocks.h"
#include "map/kmeans.h"
#include "map/kmeans_swap.h"
#include "map/matrix.h"
#include "map/pca.h"
#include "map/silhouette.h"

static struct mm_pool *make_pool(size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool;
    mm_matrix_init();
    assert_ok(mm_pool_create(jobs, &pool, &err), &err);
    return pool;
}

static struct mm_kmeans run(const struct mm_points *points, size_t k, uint64_t seed, size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(jobs);
    struct mm_kmeans_settings settings = {.k = k, .single_moves = true, .seed = seed};
    struct mm_kmeans kmeans;
    assert_ok(mm_kmeans_run(points, &settings, pool, NULL, &kmeans, &err), &err);
    mm_pool_destroy(pool);
    return kmeans;
}

/* Every point belongs to its nearest centre, centres are means, inertia is what it says. */
static void check_kmeans(const struct mm_points *p, const struct mm_kmeans *kmeans, double slack)
{
    double inertia = 0;
    size_t used[512] = {0};
    assert_true(kmeans->k >= 1 && kmeans->k <= 512);
    for (size_t i = 0; i < p->n; i++) {
        assert_true(kmeans->cluster[i] < kmeans->k);
        used[kmeans->cluster[i]]++;
        const float *x = p->x + i * p->dim;
        float own = mm_distance2(x, kmeans->centres + kmeans->cluster[i] * p->dim, p->dim);
        for (size_t c = 0; c < kmeans->k; c++)
            assert_true(own <= mm_distance2(x, kmeans->centres + c * p->dim, p->dim) + slack);
        inertia += own;
    }
    for (size_t c = 0; c < kmeans->k; c++)
        assert_true(used[c] > 0);
    assert_true(fabs(inertia - kmeans->inertia) <= 1e-5 * (inertia + 1));
}

/* The reference's standardised vectors along all main components: lossless. */
static float *reference_points(struct mm_points *points, struct mm_pca *pca)
{
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    struct mm_vectors vectors = mm_vectors_in_memory(reference_x, REFERENCE_N, REFERENCE_DIM);
    struct mm_standard standard;
    assert_ok(mm_standard_create(&vectors, NULL, &standard, &err), &err);
    assert_int_equal(standard.varying, REFERENCE_DIM - 1);
    assert_ok(mm_pca_fit(&standard, 50, pool, NULL, pca, &err), &err);
    float *rows = calloc(REFERENCE_N * pca->count, sizeof *rows);
    assert_ok(mm_pca_project(pca, &standard, pca->count, pool, NULL, rows, &err), &err);
    *points = (struct mm_points){rows, REFERENCE_N, pca->count};
    mm_standard_finish(&standard);
    mm_pool_destroy(pool);
    return rows;
}

static void components_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mm_points points;
    struct mm_pca pca;
    float *rows = reference_points(&points, &pca);
    assert_int_equal(pca.count, REFERENCE_COMPONENTS);
    assert_float_equal(pca.total, REFERENCE_DIM - 1, 1e-5);
    for (size_t c = 0; c < pca.count; c++) {
        assert_float_equal(pca.values[c], reference_variance[c], 1e-5);
        double sign = 0;
        for (size_t i = 0; i < REFERENCE_N; i++)
            sign += rows[i * pca.count + c] * reference_projected[i * pca.count + c];
        for (size_t i = 0; i < REFERENCE_N; i++)
            assert_float_equal(rows[i * pca.count + c] * (sign < 0 ? -1 : 1),
                               reference_projected[i * pca.count + c], 1e-4);
        size_t largest = 0;
        for (size_t j = 1; j < pca.dim; j++)
            if (fabsf(pca.basis[c * pca.dim + j]) > fabsf(pca.basis[c * pca.dim + largest]))
                largest = j;
        assert_true(pca.basis[c * pca.dim + largest] > 0);
    }
    mm_pca_finish(&pca);
    free(rows);
}

static void wide_vectors_take_the_short_way_to_the_same_components(void **state)
{
    (void)state;
    enum { N = 30, DIM = 200 };
    struct mm_error err = {0};
    float *rows = calloc((size_t)2 * N * DIM, sizeof *rows);
    struct mm_random random = mm_random_stream(9, 9);
    for (size_t i = 0; i < (size_t)N * DIM; i++)
        rows[i] = (float)mm_random_normal(&random) + (i / DIM % 3 == 0 && i % 2 ? 2.0F : 0.0F);
    for (size_t copy = 0; copy < 8; copy++) { /* 240 vectors, each eight times: no longer wide */
        rows = realloc(rows, (copy + 1) * N * DIM * sizeof *rows);
        memcpy(rows + copy * N * DIM, rows, (size_t)N * DIM * sizeof *rows);
    }
    struct mm_pool *pool = make_pool(3);
    struct mm_pca pca[2];
    for (int wide = 0; wide < 2; wide++) {
        struct mm_vectors vectors = mm_vectors_in_memory(rows, wide ? N : (size_t)8 * N, DIM);
        struct mm_standard standard;
        assert_ok(mm_standard_create(&vectors, NULL, &standard, &err), &err);
        assert_ok(mm_pca_fit(&standard, 10, pool, NULL, &pca[wide], &err), &err);
        mm_standard_finish(&standard);
    }
    assert_int_equal(pca[1].count, 10);
    for (size_t c = 0; c < 10; c++) {
        assert_float_equal(pca[1].values[c], pca[0].values[c], 1e-5);
        for (size_t j = 0; j < DIM; j++)
            assert_float_equal(pca[1].basis[c * DIM + j], pca[0].basis[c * DIM + j], 1e-4);
    }
    mm_pca_finish(&pca[0]);
    mm_pca_finish(&pca[1]);
    mm_pool_destroy(pool);
    free(rows);
}

static void inertia_is_near_the_best_known(void **state)
{
    (void)state;
    struct mm_points points;
    struct mm_pca pca;
    float *rows = reference_points(&points, &pca);
    static const struct {
        size_t k;
        double best; /* of 500 starts */
    } cases[] = {{2, REFERENCE_INERTIA_2}, {4, REFERENCE_INERTIA_4}, {7, REFERENCE_INERTIA_7}};
    for (size_t i = 0; i < 3; i++)
        for (uint64_t seed = 0; seed < (SANITIZED ? 1 : 5); seed++) {
            struct mm_kmeans kmeans = run(&points, cases[i].k, seed, 2);
            check_kmeans(&points, &kmeans, 1e-4);
            assert_int_equal(kmeans.k, cases[i].k);
            assert_true(kmeans.inertia > cases[i].best * (1 - 1e-5));
            assert_true(kmeans.inertia < cases[i].best * 1.005);
            mm_kmeans_finish(&kmeans);
        }
    mm_pca_finish(&pca);
    free(rows);
}

static void silhouettes_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_points points;
    struct mm_pca pca;
    float *rows = reference_points(&points, &pca);
    struct mm_pool *pool = make_pool(2);
    struct mm_distances distances;
    assert_ok(mm_distances_create(&points, pool, &distances, &err), &err);
    static const struct {
        size_t k;
        const uint32_t *cluster;
        double width;
    } cases[] = {{2, reference_cluster_2, REFERENCE_SILHOUETTE_2},
                 {4, reference_cluster_4, REFERENCE_SILHOUETTE_4},
                 {7, reference_cluster_7, REFERENCE_SILHOUETTE_7}};
    for (size_t i = 0; i < 3; i++) {
        double width;
        assert_ok(
            mm_silhouette_measure(&distances, cases[i].cluster, cases[i].k, pool, &width, &err),
            &err);
        assert_float_equal(width, cases[i].width, 1e-5);
    }
    mm_distances_finish(&distances);
    mm_pool_destroy(pool);
    mm_pca_finish(&pca);
    free(rows);
}

/* As where a sample of the songs misses all but one cluster. */
static void clusters_without_songs_tell_no_one_apart(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    const float x[] = {0, 1, 3, 7};
    const uint32_t cluster[] = {1, 1, UINT32_MAX, 1};
    struct mm_distances distances;
    double width;
    assert_ok(mm_distances_create(&(struct mm_points){x, 4, 1}, pool, &distances, &err), &err);
    assert_ok(mm_silhouette_measure(&distances, cluster, 3, pool, &width, &err), &err);
    assert_true(width == 0);
    mm_distances_finish(&distances);
    mm_pool_destroy(pool);
}

static void many_points_give_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 1000 : 3000, DIM = 13, K = N / 10 };
    float *rows = calloc((size_t)N * DIM, sizeof *rows);
    struct mm_random random = mm_random_stream(4, 4);
    for (size_t i = 0; i < (size_t)N * DIM; i++)
        rows[i] = (float)mm_random_normal(&random) + (float)(i / DIM % 11);
    struct mm_points points = {rows, N, DIM};
    struct mm_kmeans one = run(&points, K, 7, 1);
    check_kmeans(&points, &one, 1e-3);
    static const size_t jobs[] = {2, 3, 5};
    for (size_t t = SANITIZED; t < 3 - SANITIZED; t++) {
        struct mm_kmeans many = run(&points, K, 7, jobs[t]);
        assert_int_equal(many.k, one.k);
        assert_memory_equal(many.cluster, one.cluster, N * sizeof(uint32_t));
        assert_memory_equal(many.centres, one.centres, one.k * DIM * sizeof(float));
        assert_true(many.inertia == one.inertia);
        mm_kmeans_finish(&many);
    }
    struct mm_kmeans other = run(&points, K, 8, 1);
    assert_memory_not_equal(other.cluster, one.cluster, N * sizeof(uint32_t));
    mm_kmeans_finish(&other);
    mm_kmeans_finish(&one);
    free(rows);
}

/* So many that starts are tried on a sample: every crowd has a centre, for any number of threads.
 */
static void very_many_points_begin_with_a_sample(void **state)
{
    (void)state;
    enum { N = 30000, DIM = 24, K = 40 };
    float *rows = calloc((size_t)N * DIM, sizeof *rows);
    float *centres = calloc((size_t)K * DIM, sizeof *centres);
    struct mm_random random = mm_random_stream(6, 6);
    for (size_t i = 0; i < (size_t)K * DIM; i++)
        centres[i] = (float)mm_random_normal(&random);
    double least = 0; /* about the inertia of the true centres */
    for (size_t i = 0; i < (size_t)N * DIM; i++) {
        float noise = 0.5F * (float)mm_random_normal(&random);
        rows[i] = centres[i / DIM % K * DIM + i % DIM] + noise;
        least += (double)noise * noise;
    }
    struct mm_points points = {rows, N, DIM};
    struct mm_kmeans one = run(&points, K, 2, 1);
    assert_int_equal(one.k, K);
    check_kmeans(&points, &one, 1e-3);
    assert_true(one.inertia < 1.002 * least);
    struct mm_kmeans three = run(&points, K, 2, 3);
    assert_memory_equal(three.cluster, one.cluster, N * sizeof(uint32_t));
    mm_kmeans_finish(&three);
    mm_kmeans_finish(&one);
    free(centres);
    free(rows);
}

/* Three crowds; two centres share the first, one lies between the others. */
static void a_centre_moves_to_the_crowd_that_has_none(void **state)
{
    (void)state;
    enum { N = 900, DIM = 3 };
    static const float crowds[3][DIM] = {{0, 0, 0}, {20, 0, 0}, {20, 20, 0}};
    float *rows = calloc((size_t)N * DIM, sizeof *rows);
    struct mm_random random = mm_random_stream(3, 3);
    for (size_t i = 0; i < (size_t)N * DIM; i++)
        rows[i] = crowds[i / DIM % 3][i % DIM] + 0.5F * (float)mm_random_normal(&random);
    const struct mm_points points = {rows, N, DIM};
    float centres[3][DIM] = {{-0.5F, 0, 0}, {0.5F, 0, 0}, {20, 10, 0}};
    struct mm_pool *pool = make_pool(2);
    size_t swaps;
    assert_int_equal(mm_kmeans_swap(&points, 3, mm_random_stream(1, 1), pool, centres[0], &swaps),
                     0);
    assert_in_range(swaps, 1, 12);
    bool served[3] = {false};
    for (size_t c = 0; c < 3; c++)
        for (size_t k = 0; k < 3; k++)
            served[k] |= mm_distance2(centres[c], crowds[k], DIM) < 1;
    /* The swap leaves the third centre where it was or moves it, too: then all are served. */
    assert_true(served[0] && (served[1] || served[2]));
    float again[3][DIM];
    memcpy(again, centres, sizeof again);
    assert_int_equal(mm_kmeans_swap(&points, 3, mm_random_stream(1, 2), pool, again[0], &swaps), 0);
    mm_pool_destroy(pool);
    free(rows);
}

static void sums_of_floats_are_those_of_doubles(void **state)
{
    (void)state;
    enum { ROWS = 500, STRIDE = 7, M = 3, N = 4 };
    float floats[ROWS * STRIDE], part[M * N];
    double doubles[ROWS * STRIDE];
    double a[M * 5] = {0};
    double b[M * 5] = {0};
    struct mm_random random = mm_random_stream(4, 4);
    for (size_t i = 0; i < (size_t)ROWS * STRIDE; i++)
        doubles[i] = floats[i] = (float)mm_random_normal(&random);
    a[1] = b[1] = 100; /* is added to */
    mm_matrix_init();
    mm_matrix_add_products(doubles, M, doubles + 3, N, ROWS, STRIDE, a, 5);
    mm_matrix_add_float_products(floats, M, floats + 3, N, ROWS, STRIDE, part, b, 5);
    assert_true(a[1] != 100 && a[4] == 0 && b[4] == 0); /* beyond what was asked for */
    for (size_t i = 0; i < (size_t)M * 5; i++)
        assert_float_equal(a[i], b[i], 1e-3);
}

static void few_different_points_make_few_clusters(void **state)
{
    (void)state;
    float rows[40 * 2];
    for (size_t i = 0; i < 40; i++) {
        rows[2 * i] = (float)(i % 4);
        rows[2 * i + 1] = 1000;
    }
    struct mm_points points = {rows, 40, 2};
    for (size_t k = 1; k <= 50; k += 3) {
        struct mm_kmeans kmeans = run(&points, k, 1, 2);
        assert_int_equal(kmeans.k, k < 4 ? k : 4);
        check_kmeans(&points, &kmeans, 0);
        mm_kmeans_finish(&kmeans);
    }
    struct mm_kmeans single = run(&(struct mm_points){rows, 1, 2}, 3, 1, 1);
    assert_int_equal(single.k, 1);
    assert_true(single.inertia == 0);
    mm_kmeans_finish(&single);
}

static void it_stops_when_told(void **state)
{
    (void)state;
    struct mm_error err = {0};
    float rows[64] = {0};
    rows[7] = 1;
    atomic_int cancel = 1;
    struct mm_progress progress = {.cancel = &cancel};
    struct mm_pool *pool = make_pool(1);
    struct mm_points points = {rows, 32, 2};
    struct mm_kmeans_settings settings = {.k = 2};
    struct mm_kmeans kmeans;
    assert_int_equal(mm_kmeans_run(&points, &settings, pool, &progress, &kmeans, &err),
                     MM_ERR_CANCELLED);
    assert_null(kmeans.cluster);
    settings.k = 0;
    assert_int_equal(mm_kmeans_run(&points, &settings, pool, NULL, &kmeans, &err), MM_ERR_USAGE);
    mm_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_those_of_scikit_learn),
        cmocka_unit_test(wide_vectors_take_the_short_way_to_the_same_components),
        cmocka_unit_test(inertia_is_near_the_best_known),
        cmocka_unit_test(silhouettes_are_those_of_scikit_learn),
        cmocka_unit_test(clusters_without_songs_tell_no_one_apart),
        cmocka_unit_test(many_points_give_the_same_for_any_number_of_threads),
        cmocka_unit_test(very_many_points_begin_with_a_sample),
        cmocka_unit_test(a_centre_moves_to_the_crowd_that_has_none),
        cmocka_unit_test(sums_of_floats_are_those_of_doubles),
        cmocka_unit_test(few_different_points_make_few_clusters),
        cmocka_unit_test(it_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
