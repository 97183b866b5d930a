/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "base/random.h"
#include "map/umap.h"

static struct mm_pool *make_pool(size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool;
    assert_ok(mm_pool_create(jobs, &pool, &err), &err);
    return pool;
}

/* With distances 1, 2, 3, 4 the weights 1 + x + x^2 + x^3 shall be log2(4) = 2, so x = exp(-1 /
 * sigma) is the inverse of the tribonacci constant 1.839286755... */
static void weights_are_those_of_the_paper(void **state)
{
    (void)state;
    static const float distance[] = {1, 2, 3, 4};
    const double x = 1 / 1.8392867552141612;
    float weight[4];
    mm_fuzzy_weigh(distance, 4, 2.5, weight);
    assert_float_equal(weight[0], 1, 1e-7);
    assert_float_equal(weight[1], x, 1e-5);
    assert_float_equal(weight[2], x * x, 1e-5);
    assert_float_equal(weight[3], x * x * x, 1e-5);

    /* rho is the least distance above 0: what lies at 0 is as near as the nearest. With 0, 1, 2:
     * 1 + 1 + x > log2(3) for all sigma; the least sigma takes over. */
    static const float doubled[] = {0, 1, 2};
    mm_fuzzy_weigh(doubled, 3, 1, weight);
    assert_true(weight[0] == 1 && weight[1] == 1 && weight[2] < 1e-30F);

    static const float equal[] = {0, 0, 0};
    mm_fuzzy_weigh(equal, 3, 0, weight);
    assert_true(weight[0] == 1 && weight[1] == 1 && weight[2] == 1);
}

static double weight_of(const struct mm_fuzzy *g, uint32_t from, uint32_t to)
{
    for (size_t e = g->start[from]; e < g->start[from + 1]; e++)
        if (g->to[e] == to)
            return g->weight[e];
    return 0;
}

/* Songs 0, 1, 2, 3 in a row with gaps 1, 2, 4: two neighbours each. The nearer one weighs 1 and the
 * other 0 (log2(2) = 1) but for song 1 of two unequal neighbours at 1 and 2, likewise. */
static void both_directions_join(void **state)
{
    (void)state;
    static uint32_t index[] = {1, 2, 0, 2, 1, 0, 2, 1};
    static float distance[] = {1, 3, 1, 2, 2, 3, 4, 6};
    struct mm_knn knn = {.n = 4, .k = 2, .index = index, .distance = distance};
    struct mm_error err = {0};
    struct mm_fuzzy g;
    struct mm_pool *pool = make_pool(2);
    assert_ok(mm_fuzzy_create(&knn, pool, &g, &err), &err);
    float w[4][2];
    double mean = (1 + 3 + 1 + 2 + 2 + 3 + 4 + 6) / 8.0;
    for (size_t i = 0; i < 4; i++)
        mm_fuzzy_weigh(distance + 2 * i, 2, mean, w[i]);
    assert_float_equal(weight_of(&g, 0, 1), w[0][0] + w[1][0] - w[0][0] * w[1][0], 1e-7);
    assert_float_equal(weight_of(&g, 1, 2), w[1][1] + w[2][0] - w[1][1] * w[2][0], 1e-7);
    assert_float_equal(weight_of(&g, 2, 3), w[3][0], 1e-7);
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t j = 0; j < 4; j++)
            assert_true(weight_of(&g, i, j) == weight_of(&g, j, i));
    assert_true(weight_of(&g, 0, 3) == 0);
    mm_fuzzy_finish(&g);
    mm_pool_destroy(pool);
}

/* What SciPy's curve_fit gives for the same 300 points (umap-learn's find_ab_params). */
static void the_curve_is_the_nearest_one(void **state)
{
    (void)state;
    static const double known[][4] = {
        {0.1, 1, 1.57694346, 0.89506088}, {0.9, 1, 0.16490389, 1.80303847},
        {1.0, 2, 0.09171551, 1.33416656}, {0.5, 4, 0.11597563, 0.92185509},
        {0.5, 1, 0.58303004, 1.33416733}, {0.0, 1, 1.93280839, 0.79049690}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double a;
        double b;
        mm_umap_curve(known[i][0], known[i][1], &a, &b);
        assert_float_equal(a, known[i][2], 1e-5);
        assert_float_equal(b, known[i][3], 1e-5);
    }
}

enum { N = 400, DIM = 6, BLOBS = 8 };

static struct mm_fuzzy make_graph(struct mm_pool *pool)
{
    static float x[N * DIM];
    struct mm_random random = mm_random_stream(4, 0);
    float centre[BLOBS * DIM];
    for (size_t i = 0; i < (size_t)BLOBS * DIM; i++)
        centre[i] = 10 * (float)mm_random_normal(&random);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < DIM; j++)
            x[i * DIM + j] = centre[i % BLOBS * DIM + j] + (float)mm_random_normal(&random);
    struct mm_error err = {0};
    struct mm_knn knn;
    struct mm_fuzzy graph;
    assert_ok(
        mm_knn_find(&(struct mm_points){x, N, DIM}, 10, MM_KNN_BY_SIZE, 0, pool, NULL, &knn, &err),
        &err);
    assert_ok(mm_fuzzy_create(&knn, pool, &graph, &err), &err);
    mm_knn_finish(&knn);
    return graph;
}

static void place_at_random(float *xy)
{
    struct mm_random random = mm_random_stream(7, 0);
    for (size_t i = 0; i < 2 * N; i++)
        xy[i] = (float)(20 * mm_random_unit(&random) - 10);
}

static void optimise(const struct mm_fuzzy *graph, size_t fixed, size_t epochs, size_t jobs,
                     float *xy)
{
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(jobs);
    struct mm_umap_settings settings = {.min_dist = 0.1,
                                        .spread = 1,
                                        .repulsion = 1,
                                        .rate = 0.2,
                                        .epochs = epochs,
                                        .strangers = 5,
                                        .fixed = fixed,
                                        .seed = 3};
    assert_ok(mm_umap_optimise(graph, &settings, pool, NULL, xy, &err), &err);
    mm_pool_destroy(pool);
}

static double distance(const float *xy, size_t i, size_t j)
{
    return hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1]);
}

/* From random places, songs of one blob find together. */
static void blobs_come_apart(void **state)
{
    (void)state;
    struct mm_pool *pool = make_pool(1);
    struct mm_fuzzy graph = make_graph(pool);
    static float xy[2 * N];
    place_at_random(xy);
    optimise(&graph, 0, 300, 2, xy);
    size_t right = 0;
    for (size_t i = 0; i < N; i++) {
        size_t nearest = i == 0;
        for (size_t j = 0; j < N; j++)
            if (j != i && distance(xy, i, j) < distance(xy, i, nearest))
                nearest = j;
        right += nearest % BLOBS == i % BLOBS;
        assert_true(distance(xy, i, nearest) > 0);
        assert_true(fabsf(xy[2 * i]) < 100 && fabsf(xy[2 * i + 1]) < 100);
    }
    assert_true(right == N);
    mm_fuzzy_finish(&graph);
    mm_pool_destroy(pool);
}

static void nothing_depends_on_threads(void **state)
{
    (void)state;
    struct mm_pool *pool = make_pool(3);
    struct mm_fuzzy graph = make_graph(pool);
    static float one[2 * N];
    static float many[2 * N];
    for (size_t epochs = 20; epochs <= 21; epochs++) {
        place_at_random(one);
        optimise(&graph, 0, epochs, 1, one);
        for (size_t jobs = 2; jobs <= 4; jobs++) {
            place_at_random(many);
            optimise(&graph, 0, epochs, jobs, many);
            assert_memory_equal(one, many, sizeof one);
        }
    }
    mm_fuzzy_finish(&graph);
    mm_pool_destroy(pool);
}

static void fixed_songs_stay(void **state)
{
    (void)state;
    struct mm_pool *pool = make_pool(2);
    struct mm_fuzzy graph = make_graph(pool);
    static float before[2 * N];
    static float after[2 * N];
    place_at_random(before);
    memcpy(after, before, sizeof before);
    optimise(&graph, 390, 25, 2, after);
    assert_memory_equal(before, after, 2 * 390 * sizeof(float));
    for (size_t i = 390; i < N; i++)
        assert_true(before[2 * i] != after[2 * i]);
    mm_fuzzy_finish(&graph);
    mm_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_paper), cmocka_unit_test(both_directions_join),
        cmocka_unit_test(the_curve_is_the_nearest_one),   cmocka_unit_test(blobs_come_apart),
        cmocka_unit_test(nothing_depends_on_threads),     cmocka_unit_test(fixed_songs_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
