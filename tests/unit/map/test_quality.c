/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "../../data/map/layout_reference.h"
#include "../../data/map/reference.h"
#include "base/random.h"
#include "map/agreement.h"
#include "musicmap/map.h"

static struct mm_quality measure(const float *rows, size_t n, size_t dim, const float *xy,
                                 const uint32_t *cluster, const uint32_t *label, size_t jobs)
{
    struct mm_error err = {0};
    struct mm_vectors vectors = mm_vectors_in_memory(rows, n, dim);
    struct mm_quality quality;
    assert_ok(mm_quality_measure(&vectors, xy, cluster, label, jobs, &quality, &err), &err);
    return quality;
}

static struct mm_quality measure_reference(const uint32_t *cluster, const uint32_t *label)
{
    return measure(reference_x, REFERENCE_N, REFERENCE_DIM, reference_xy, cluster, label, 2);
}

static void figures_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct mm_quality q = measure_reference(reference_guess, reference_label);
    assert_int_equal(q.songs, REFERENCE_N);
    assert_int_equal(q.labels, 4);
    assert_int_equal(q.clusters, 5);
    assert_float_equal(q.p_at_5_high, REFERENCE_P_HIGH, 1e-12);
    assert_float_equal(q.p_at_5_2d, REFERENCE_P_2D, 1e-12);
    assert_float_equal(q.trust_at_10, REFERENCE_TRUST, 1e-12);
    assert_float_equal(q.kept_neighbours_at_5, REFERENCE_KEPT, 1e-12);
    assert_float_equal(q.ami, REFERENCE_AMI, 1e-9);
    assert_float_equal(q.nmi, REFERENCE_NMI, 1e-9);
}

static void all_figures_are_those_of_scikit_learn(void **state)
{
    (void)state;
    for (size_t jobs = 1; jobs <= 2; jobs++) {
        struct mm_quality q =
            measure(layout_x, LAYOUT_N, LAYOUT_DIM, layout_y, layout_guess, layout_group, jobs);
        assert_int_equal(q.asked, LAYOUT_N);
        assert_float_equal(q.trust_at_10, LAYOUT_TRUST, 1e-12);
        assert_float_equal(q.continuity_at_10, LAYOUT_CONTINUITY, 1e-12);
        assert_float_equal(q.ari, LAYOUT_ARI, 1e-9);
        assert_float_equal(q.silhouette, LAYOUT_SILHOUETTE, 1e-5);
        assert_float_equal(q.davies_bouldin, LAYOUT_DAVIES_BOULDIN, 1e-5);
    }
}

/* With 6,000 songs, 2,500 are asked: the figures of a plain plane that is its own map are 1. */
static void many_songs_are_sampled(void **state)
{
    (void)state;
    enum { MANY = 6000 };
    static float rows[MANY * 3];
    static float xy[MANY * 2];
    static uint32_t label[MANY];
    struct mm_random random = mm_random_stream(8, 0);
    for (size_t i = 0; i < MANY; i++) {
        double turn = 6.283185307179586 * mm_random_unit(&random);
        rows[3 * i] = xy[2 * i] = (float)cos(turn); /* on a circle, cosine ranks as distance */
        rows[3 * i + 1] = xy[2 * i + 1] = (float)sin(turn);
        label[i] = turn > 3;
    }
    struct mm_quality q = measure(rows, MANY, 3, xy, label, label, 2);
    assert_int_equal(q.asked, 2500);
    assert_true(q.trust_at_10 > 0.999 && q.continuity_at_10 > 0.999);
    assert_true(q.p_at_5_2d > 0.99 && q.ari == 1);
    assert_true(q.silhouette > 0.3 && q.silhouette < 0.8);
}

static void songs_without_a_label_are_left_out(void **state)
{
    (void)state;
    struct mm_quality q = measure_reference(reference_guess, reference_partial);
    assert_int_equal(q.labels, 4);
    assert_float_equal(q.p_at_5_high, REFERENCE_P_HIGH_PARTIAL, 1e-12);
    assert_float_equal(q.ami, REFERENCE_AMI_PARTIAL, 1e-9);

    q = measure_reference(reference_guess, NULL);
    assert_int_equal(q.labels, 0);
    assert_true(isnan(q.p_at_5_high) && isnan(q.p_at_5_2d) && isnan(q.ami) && isnan(q.nmi));
    assert_float_equal(q.trust_at_10, REFERENCE_TRUST, 1e-12);
}

static void extreme_groupings_have_defined_figures(void **state)
{
    (void)state;
    uint32_t own[REFERENCE_N];
    uint32_t same[REFERENCE_N] = {0};
    for (uint32_t i = 0; i < REFERENCE_N; i++)
        own[i] = 1000 * i;
    struct mm_quality q = measure_reference(own, reference_label);
    assert_float_equal(q.ami, REFERENCE_AMI_OWN, 1e-9);
    assert_float_equal(q.nmi, REFERENCE_NMI_OWN, 1e-9);
    q = measure_reference(same, same);
    assert_true(q.ami == 1 && q.nmi == 1 && q.ari == 1 && q.p_at_5_high == 1);
    q = measure_reference(same, reference_label);
    assert_float_equal(q.ami, 0, 1e-12);
    assert_float_equal(q.nmi, 0, 1e-12);
    q = measure_reference(own, own);
    assert_float_equal(q.nmi, 1, 1e-12);
    for (uint32_t n = 1; n <= 200; n++) { /* what is left of the sums is rounding */
        struct mm_error err = {0};
        struct mm_agreement a;
        uint32_t each[200];
        for (uint32_t i = 0; i < n; i++)
            each[i] = i;
        assert_ok(mm_agreement_measure(each, n, each, n, n, &a, &err), &err);
        assert_true(a.ami == 1 && a.nmi == 1 && a.ari == 1);
    }
}

static void few_or_equal_songs_have_figures(void **state)
{
    (void)state;
    float rows[3 * 12] = {0};
    float xy[2 * 12] = {0};
    uint32_t cluster[12] = {0};
    for (size_t n = 1; n <= 12; n++) { /* all the same song */
        struct mm_quality q = measure(rows, n, 3, xy, cluster, cluster, 1);
        assert_true(q.trust_at_10 == 1 && q.kept_neighbours_at_5 == 1);
        assert_true(n == 1 || q.p_at_5_high == 1);
    }
    struct mm_error err = {0};
    struct mm_quality q;
    struct mm_vectors none = mm_vectors_in_memory(rows, 0, 3);
    assert_int_equal(mm_quality_measure(&none, xy, cluster, NULL, 1, &q, &err), MM_ERR_USAGE);
}

static void figures_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { N = 300, DIM = 20 };
    static float rows[N * DIM];
    static float xy[N * 2];
    static uint32_t label[N];
    struct mm_random random = mm_random_stream(1, 1);
    for (size_t i = 0; i < (size_t)N * DIM; i++)
        rows[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < 2 * N; i++)
        xy[i] = rows[i / 2 * DIM + i % 2];
    for (size_t i = 0; i < N; i++)
        label[i] = (uint32_t)mm_random_below(&random, 9);
    struct mm_quality one = measure(rows, N, DIM, xy, label, label, 1);
    for (size_t jobs = 2; jobs <= 5; jobs++) {
        struct mm_quality many = measure(rows, N, DIM, xy, label, label, jobs);
        assert_true(many.p_at_5_high == one.p_at_5_high && many.p_at_5_2d == one.p_at_5_2d);
        assert_true(many.trust_at_10 == one.trust_at_10);
        assert_true(many.kept_neighbours_at_5 == one.kept_neighbours_at_5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_scikit_learn),
        cmocka_unit_test(all_figures_are_those_of_scikit_learn),
        cmocka_unit_test(many_songs_are_sampled),
        cmocka_unit_test(songs_without_a_label_are_left_out),
        cmocka_unit_test(extreme_groupings_have_defined_figures),
        cmocka_unit_test(few_or_equal_songs_have_figures),
        cmocka_unit_test(figures_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
