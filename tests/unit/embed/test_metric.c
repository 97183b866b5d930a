/* SPDX-License-Identifier: BSD-2-Clause */
/* The learned metric of timbre against NumPy (tests/data/embed/mm1.py), and what has none. */
#include "musicmap/metric.h"

#include "oracle.h"

enum { SONGS = 3, DIM = 230, STRIDE = DIM + 5 };

static void projects_as_numpy_does(void **state)
{
    (void)state;
    struct mm_error err = {0};
    size_t n;
    float *fixture = oracle_read_fixture("metric", &n);
    assert_int_equal(n, 2 * SONGS * DIM);
    struct mm_metric *metric;
    assert_ok(mm_metric_create("timbre", DIM, &metric, &err), &err);
    assert_non_null(metric);
    float out[SONGS * STRIDE];
    for (size_t i = 0; i < SONGS * STRIDE; i++)
        out[i] = 77;
    mm_metric_apply(metric, fixture, SONGS, out, STRIDE);
    for (size_t song = 0; song < SONGS; song++) {
        oracle_assert_close("metric", out + song * STRIDE, fixture + (SONGS + song) * DIM, DIM, 1);
        for (size_t i = DIM; i < STRIDE; i++)
            assert_true(out[song * STRIDE + i] == 77);
    }
    mm_metric_destroy(metric);
    free(fixture);
}

static void other_vectors_are_compared_as_they_are(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_metric *metric;
    assert_ok(mm_metric_create("mm1", 128, &metric, &err), &err);
    assert_null(metric);
    assert_ok(mm_metric_create("timbre", 2 * DIM, &metric, &err), &err); /* pooled otherwise */
    assert_null(metric);
    mm_metric_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projects_as_numpy_does),
        cmocka_unit_test(other_vectors_are_compared_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
