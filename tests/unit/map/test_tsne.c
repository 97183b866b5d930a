/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "../../data/map/layout_reference.h"
#include "base/random.h"
#include "map/quadtree.h"
#include "map/tsne.h"

static struct mm_pool *make_pool(size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool;
    assert_ok(mm_pool_create(jobs, &pool, &err), &err);
    return pool;
}

static struct mm_fuzzy make_affinities(struct mm_pool *pool)
{
    struct mm_error err = {0};
    struct mm_points points = {layout_x, LAYOUT_N, LAYOUT_DIM};
    struct mm_knn knn;
    struct mm_fuzzy p;
    assert_ok(
        mm_knn_find(&points, 3 * LAYOUT_PERPLEXITY, MM_KNN_BY_SIZE, 0, pool, NULL, &knn, &err),
        &err);
    assert_ok(mm_tsne_affinities(&knn, LAYOUT_PERPLEXITY, pool, &p, &err), &err);
    mm_knn_finish(&knn);
    return p;
}

static void affinities_and_objective_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(2);
    struct mm_fuzzy p = make_affinities(pool);
    double sum = 0;
    for (size_t e = 0; e < p.start[LAYOUT_N]; e++)
        sum += p.weight[e];
    assert_float_equal(sum, 1, 1e-5);
    size_t found = 0;
    for (size_t e = p.start[0]; e < p.start[1]; e++) {
        assert_float_equal(p.weight[e], layout_p_row[p.to[e]], 1e-6);
        found++;
    }
    for (size_t j = 0; j < LAYOUT_N; j++)
        found -= layout_p_row[j] > 0;
    assert_int_equal(found, 0);

    double kl;
    float gradient[2 * LAYOUT_N];
    assert_ok(mm_tsne_objective(&p, layout_y, 0, pool, &kl, gradient, &err), &err);
    assert_float_equal(kl, LAYOUT_KL, 1e-3 * LAYOUT_KL);
    for (size_t i = 0; i < (size_t)2 * LAYOUT_N; i++)
        assert_float_equal(gradient[i], layout_gradient[i], 2e-5);
    mm_fuzzy_finish(&p);
    mm_pool_destroy(pool);
}

static void descend(const struct mm_fuzzy *p, size_t jobs, size_t rounds, float *xy)
{
    struct mm_error err = {0};
    struct mm_random random = mm_random_stream(1, 0);
    struct mm_pool *pool = make_pool(jobs);
    struct mm_tsne_settings settings = {
        .rounds = rounds, .early = rounds / 4, .exaggeration = 12, .theta = 0.5};
    for (size_t i = 0; i < (size_t)2 * LAYOUT_N; i++)
        xy[i] = 1e-4F * (float)mm_random_normal(&random);
    assert_ok(mm_tsne_optimise(p, &settings, pool, NULL, xy, &err), &err);
    mm_pool_destroy(pool);
}

static void the_descent_comes_down(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(1);
    struct mm_fuzzy p = make_affinities(pool);
    float xy[2 * LAYOUT_N];
    double kl;
    descend(&p, 2, 600, xy);
    assert_ok(mm_tsne_objective(&p, xy, 0, pool, &kl, NULL, &err), &err);
    if (kl > LAYOUT_TSNE_KL * 1.1)
        fail_msg("%.4f, scikit-learn finds %.4f", kl, LAYOUT_TSNE_KL);
    mm_fuzzy_finish(&p);
    mm_pool_destroy(pool);
}

static void nothing_depends_on_threads(void **state)
{
    (void)state;
    struct mm_pool *pool = make_pool(3);
    struct mm_fuzzy p = make_affinities(pool);
    float one[2 * LAYOUT_N];
    float many[2 * LAYOUT_N];
    descend(&p, 1, 60, one);
    for (size_t jobs = 2; jobs <= 3; jobs++) {
        descend(&p, jobs, 60, many);
        assert_memory_equal(one, many, sizeof one);
    }
    mm_fuzzy_finish(&p);
    mm_pool_destroy(pool);
}

static double push_plainly(const float *xy, size_t n, size_t i, double push[2])
{
    double sum = 0;
    push[0] = push[1] = 0;
    for (size_t j = 0; j < n; j++) {
        if (j == i)
            continue;
        double dx = (double)xy[2 * i] - xy[2 * j];
        double dy = (double)xy[2 * i + 1] - xy[2 * j + 1];
        double q = 1 / (1 + dx * dx + dy * dy);
        sum += q;
        push[0] += q * q * dx;
        push[1] += q * q * dy;
    }
    return sum;
}

/* Scattered, with heaps of equal songs, in a line, all at one place. */
static void the_tree_sums_up_all_songs(void **state)
{
    (void)state;
    enum { N = 1500 };
    static float xy[2 * N];
    struct mm_error err = {0};
    struct mm_quadtree *tree;
    assert_ok(mm_quadtree_create(N, &tree, &err), &err);
    for (int kind = 0; kind < 4; kind++) {
        struct mm_random random = mm_random_stream((uint64_t)kind, 0);
        for (size_t i = 0; i < N; i++)
            for (size_t d = 0; d < 2; d++)
                xy[2 * i + d] = kind == 3                 ? 5
                                : kind == 2 && d == 1     ? -1
                                : kind == 1 && i % 3 == 0 ? (float)(i % 9)
                                                          : 20 * (float)mm_random_normal(&random);
        mm_quadtree_build(tree, xy);
        for (size_t i = 0; i < N; i += 7) {
            double exact[2];
            double sum = push_plainly(xy, N, i, exact);
            double all[2] = {0};
            assert_float_equal(mm_quadtree_push(tree, (uint32_t)i, 0, all), sum, 1e-4 * sum);
            assert_float_equal(all[0], exact[0], 1e-4 * sum);
            assert_float_equal(all[1], exact[1], 1e-4 * sum);
            double near[2] = {0};
            assert_float_equal(mm_quadtree_push(tree, (uint32_t)i, 0.5, near), sum, 0.05 * sum);
            assert_float_equal(near[0], exact[0], 0.05 * sum);
        }
    }
    mm_quadtree_destroy(tree);
    mm_quadtree_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(affinities_and_objective_are_those_of_scikit_learn),
        cmocka_unit_test(the_descent_comes_down),
        cmocka_unit_test(nothing_depends_on_threads),
        cmocka_unit_test(the_tree_sums_up_all_songs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
