/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "base/random.h"
#include "map/honesty.h"
#include "map/knn.h"

static struct mm_pool *make_pool(size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool;
    assert_ok(mm_pool_create(jobs, &pool, &err), &err);
    return pool;
}

static struct mm_knn find(const struct mm_points *points, size_t k, enum mm_knn_method method,
                          size_t jobs)
{
    struct mm_error err = {0};
    struct mm_pool *pool = make_pool(jobs);
    struct mm_knn knn;
    assert_ok(mm_knn_find(points, k, method, 1, pool, NULL, &knn, &err), &err);
    mm_pool_destroy(pool);
    return knn;
}

/* Blobs in dim dimensions; every tenth point is a copy of another one. */
static float *make_points(size_t n, size_t dim, size_t blobs, uint64_t seed)
{
    struct mm_random random = mm_random_stream(seed, 0);
    float *x = calloc(n * dim, sizeof *x);
    float *centres = calloc(blobs * dim, sizeof *centres);
    for (size_t i = 0; i < blobs * dim; i++)
        centres[i] = 3 * (float)mm_random_normal(&random);
    for (size_t i = 0; i < n; i++) {
        const float *centre = centres + mm_random_below(&random, blobs) * dim;
        for (size_t j = 0; j < dim; j++)
            x[i * dim + j] = centre[j] + (float)mm_random_normal(&random);
        if (i > 10 && i % 10 == 0)
            memcpy(x + i * dim, x + mm_random_below(&random, i) * dim, dim * sizeof *x);
    }
    free(centres);
    return x;
}

struct pair {
    double d;
    uint32_t id;
};

static int compare_pairs(const void *one, const void *two)
{
    const struct pair *a = one;
    const struct pair *b = two;
    if (a->d < b->d || a->d > b->d)
        return a->d < b->d ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* The neighbours of x by plain sorting; pairs: [n] room. Returns how many there are. */
static size_t sort_all(const struct mm_points *p, const float *x, size_t self, struct pair *pairs)
{
    size_t count = 0;
    for (size_t j = 0; j < p->n; j++) {
        if (j == self)
            continue;
        double d = 0;
        for (size_t t = 0; t < p->dim; t++) {
            double apart = (double)x[t] - (double)p->x[j * p->dim + t];
            d += apart * apart;
        }
        pairs[count++] = (struct pair){sqrt(d), (uint32_t)j};
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    return count;
}

static void check_exact(const struct mm_points *p, size_t k, enum mm_knn_method method)
{
    struct mm_knn knn = find(p, k, method, 2);
    assert_int_equal(knn.n, p->n);
    assert_int_equal(knn.k, k < p->n - 1 ? k : p->n - 1);
    struct pair *pairs = calloc(p->n, sizeof *pairs);
    for (size_t i = 0; i < p->n; i++) {
        sort_all(p, p->x + i * p->dim, i, pairs);
        for (size_t a = 0; a < knn.k; a++) {
            assert_float_equal(knn.distance[i * knn.k + a], pairs[a].d, 1e-4);
            /* Equal distances go by number; others are told apart by rounding only. */
            if (pairs[a].d == 0)
                assert_int_equal(knn.index[i * knn.k + a], pairs[a].id);
            for (size_t b = 0; b < a; b++)
                assert_true(knn.index[i * knn.k + a] != knn.index[i * knn.k + b]);
        }
    }
    free(pairs);
    mm_knn_finish(&knn);
}

static void all_pairs_finds_the_nearest(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 3, 16, 17, 255, 256, 257, 511, 512, 513, 770, 1024, 1300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes - 3 * SANITIZED; s++) {
        float *x = make_points(sizes[s], 11, 5, s);
        check_exact(&(struct mm_points){x, sizes[s], 11}, 15, MM_KNN_ALL_PAIRS);
        free(x);
    }
    float *x = make_points(600, 3, 1, 99);
    check_exact(&(struct mm_points){x, 600, 3}, 1, MM_KNN_ALL_PAIRS);
    check_exact(&(struct mm_points){x, 600, 3}, 90, MM_KNN_ALL_PAIRS);
    free(x);
}

static void the_plane_finds_the_nearest(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 3, 8, 9, 10, 17, 500, 1300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        float *x = make_points(sizes[s], 2, 3, s);
        check_exact(&(struct mm_points){x, sizes[s], 2}, 7, MM_KNN_PLANE);
        for (size_t i = 0; i < sizes[s]; i++) /* on a line, with many equal ones */
            x[2 * i + 1] = 1;
        check_exact(&(struct mm_points){x, sizes[s], 2}, 3, MM_KNN_PLANE);
        free(x);
    }
}

/* What a map of very many equal songs would be: no quadratic time. */
static void the_plane_takes_equal_points(void **state)
{
    (void)state;
    size_t n = 200000;
    float *x = calloc(n, 2 * sizeof *x);
    assert_non_null(x);
    struct mm_knn knn = find(&(struct mm_points){x, n, 2}, 5, MM_KNN_BY_SIZE, 2);
    for (size_t i = 0; i < 5 * n; i++)
        assert_true(knn.distance[i] == 0 && knn.index[i] < n && knn.index[i] != i / 5);
    mm_knn_finish(&knn);
    free(x);
}

static void equal_points_are_neighbours_at_zero(void **state)
{
    (void)state;
    float x[40 * 2];
    for (size_t i = 0; i < 80; i++)
        x[i] = 3;
    for (int method = MM_KNN_ALL_PAIRS; method <= MM_KNN_PLANE; method++) {
        struct mm_knn knn = find(&(struct mm_points){x, 40, 2}, 15, (enum mm_knn_method)method, 1);
        for (size_t i = 0; i < 40 * 15; i++) {
            assert_true(knn.distance[i] == 0);
            assert_true(knn.index[i] < 40 && knn.index[i] != i / 15);
        }
        mm_knn_finish(&knn);
    }
    struct mm_knn alone = find(&(struct mm_points){x, 1, 2}, 15, MM_KNN_BY_SIZE, 1);
    assert_int_equal(alone.k, 0);
    mm_knn_finish(&alone);
}

static void nothing_depends_on_threads(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 1000 : 3000 };
    float *x = make_points(N, 20, 9, 3);
    struct mm_points points = {x, N, 20};
    for (int method = MM_KNN_ALL_PAIRS; method <= MM_KNN_CELLS; method++) {
        struct mm_knn one = find(&points, 12, (enum mm_knn_method)method, 1);
        for (size_t jobs = 2; jobs <= 4; jobs++) {
            struct mm_knn many = find(&points, 12, (enum mm_knn_method)method, jobs);
            assert_memory_equal(many.index, one.index, N * 12 * sizeof *one.index);
            assert_memory_equal(many.distance, one.distance, N * 12 * sizeof *one.distance);
            mm_knn_finish(&many);
        }
        mm_knn_finish(&one);
    }
    free(x);
}

/* The share of the true 15 nearest, over a sample of points. */
static double measure_recall(const struct mm_points *p, const struct mm_knn *knn)
{
    struct pair *pairs = calloc(p->n, sizeof *pairs);
    size_t hits = 0;
    size_t asked = 0;
    for (size_t i = 7; i < p->n; i += p->n / 100) {
        sort_all(p, p->x + i * p->dim, i, pairs);
        for (size_t a = 0; a < knn->k; a++)
            hits += knn->distance[i * knn->k + a] <= pairs[knn->k - 1].d + 1e-4;
        asked += knn->k;
    }
    free(pairs);
    return (double)hits / (double)asked;
}

/* One cloud in 12 dimensions has neighbours across all borders of cells. */
static void cells_find_nearly_all(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 8000 : 30000 };
    static const size_t blobs[] = {1, 40};
    for (size_t b = SANITIZED; b < 2; b++) {
        float *x = make_points(N, 12, blobs[b], b);
        struct mm_points points = {x, N, 12};
        struct mm_knn knn = find(&points, 15, MM_KNN_CELLS, 2);
        double recall = measure_recall(&points, &knn);
        if (recall < 0.95)
            fail_msg("recall %.4f of %zu blobs", recall, blobs[b]);
        for (size_t i = 0; i < N; i++)
            for (size_t a = 1; a < 15; a++)
                assert_true(knn.distance[i * 15 + a] >= knn.distance[i * 15 + a - 1]);
        mm_knn_finish(&knn);
        free(x);
    }
}

static void queries_find_the_nearest(void **state)
{
    (void)state;
    struct mm_error err = {0};
    float *x = make_points(900, 8, 4, 5);
    float *y = make_points(300, 8, 4, 6);
    struct mm_points points = {x, 900, 8};
    struct mm_points queries = {y, 300, 8};
    struct mm_pool *pool = make_pool(2);
    struct mm_knn knn;
    assert_ok(mm_knn_query(&points, &queries, 10, pool, &knn, &err), &err);
    struct pair *pairs = calloc(900, sizeof *pairs);
    for (size_t i = 0; i < 300; i++) {
        sort_all(&points, y + i * 8, SIZE_MAX, pairs);
        for (size_t a = 0; a < 10; a++)
            assert_float_equal(knn.distance[i * 10 + a], pairs[a].d, 1e-4);
    }
    mm_knn_finish(&knn);
    assert_int_equal(mm_knn_query(&points, &queries, 901, pool, &knn, &err), MM_ERR_BUG);
    mm_pool_destroy(pool);
    free(pairs);
    free(y);
    free(x);
}

/* Asked again and again: points in cells, in the plane, and few ones. */
static void an_index_finds_the_nearest(void **state)
{
    (void)state;
    static const struct {
        size_t n, dim;
        double recall;
    } cases[] = {{900, 8, 1}, {25000, 2, 1}, {25000, 24, 0.97}};
    struct mm_pool *pool = make_pool(2);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct mm_error err = {0};
        float *x = make_points(cases[c].n, cases[c].dim, 20, 5);
        float *y = make_points(700, cases[c].dim, 20, 5);
        struct mm_points points = {x, cases[c].n, cases[c].dim};
        struct mm_points queries = {y, 700, cases[c].dim};
        struct mm_knn_index *index;
        struct mm_knn exact;
        assert_ok(mm_knn_index_create(&points, 1, pool, NULL, &index, &err), &err);
        assert_ok(mm_knn_query(&points, &queries, 10, pool, &exact, &err), &err);
        for (size_t turn = 0; turn < 2; turn++) {
            struct mm_knn knn;
            size_t right = 0;
            assert_ok(mm_knn_index_query(index, &queries, 10, pool, &knn, &err), &err);
            for (size_t i = 0; i < 700 * 10; i++) /* of equally far ones any will do */
                right += knn.distance[i] <= exact.distance[i / 10 * 10 + 9] * 1.000001F;
            if (!((double)right >= cases[c].recall * 7000))
                fail_msg("%zu points: %zu of 7000 neighbours", cases[c].n, right);
            mm_knn_finish(&knn);
        }
        struct mm_knn none;
        assert_int_equal(mm_knn_index_query(index, &queries, cases[c].n + 1, pool, &none, &err),
                         MM_ERR_BUG);
        mm_knn_finish(&exact);
        mm_knn_index_destroy(index);
        free(y);
        free(x);
    }
    mm_pool_destroy(pool);
}

/* As the others of a map on which one strange song has all the room. */
static void songs_close_together_at_the_rim_are_told_apart(void **state)
{
    (void)state;
    enum { N = 400, K = 10 };
    float *x = make_points(N, 2, 1, 5);
    for (size_t i = 0; i < (size_t)2 * N; i++)
        x[i] = 0.9F + 1e-4F * x[i];
    struct mm_points points = {x, N, 2};
    struct mm_knn knn = find(&points, K, MM_KNN_BY_SIZE, 1);
    struct pair pairs[N];
    for (size_t i = 0; i < N; i++) {
        sort_all(&points, x + 2 * i, i, pairs);
        for (size_t a = 0; a < K; a++)
            assert_float_equal(knn.distance[i * K + a] / pairs[a].d, 1, 1e-4);
    }
    mm_knn_finish(&knn);
    free(x);
}

/* Five places of twenty songs each: song i lies at place i % 5. */
static void of_equally_near_songs_all_are_neighbours_on_the_map(void **state)
{
    (void)state;
    enum { N = 100, K = 10 };
    struct mm_error err = {0};
    struct mm_pool *pool;
    uint32_t index[N * K];
    float xy[2 * N];
    float honesty[N];
    struct mm_knn knn = {.n = N, .k = K, .index = index};
    assert_ok(mm_pool_create(2, &pool, &err), &err);
    for (uint32_t i = 0; i < N; i++) {
        xy[2 * i] = (float)(i % 5);
        xy[2 * i + 1] = 0;
        for (uint32_t a = 0; a < K; a++) /* every third song's neighbours lie elsewhere by half */
            index[i * K + a] = (i + 5 * (a + 9) + (i % 3 == 0 && a % 2)) % N;
    }
    assert_ok(mm_honesty_measure(&knn, xy, 1, pool, honesty, &err), &err);
    for (uint32_t i = 0; i < N; i++)
        assert_float_equal(honesty[i], (i % 3 ? 1 : 0.5), 1e-6);
    mm_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_finds_the_nearest),
        cmocka_unit_test(the_plane_finds_the_nearest),
        cmocka_unit_test(the_plane_takes_equal_points),
        cmocka_unit_test(equal_points_are_neighbours_at_zero),
        cmocka_unit_test(nothing_depends_on_threads),
        cmocka_unit_test(cells_find_nearly_all),
        cmocka_unit_test(queries_find_the_nearest),
        cmocka_unit_test(an_index_finds_the_nearest),
        cmocka_unit_test(songs_close_together_at_the_rim_are_told_apart),
        cmocka_unit_test(of_equally_near_songs_all_are_neighbours_on_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
