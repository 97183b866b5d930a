/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "musicmap/map.h"

static struct mm_correlation measure(const double *x, const double *y, size_t n)
{
    struct mm_error err = {0};
    struct mm_correlation c;
    assert_ok(mm_rank_correlation(x, y, n, &c, &err), &err);
    assert_int_equal(c.n, n);
    return c;
}

/* scipy.stats.spearmanr(x, y) */
static void ties_are_ranked_as_scipy_does(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 2, 3, 5, 8, 8, 8, 9, 4, 7, 6};
    static const double y[] = {3, 1, 4, 4, 6, 5, 9, 2, 8, 7, 7, 10};
    struct mm_correlation c = measure(x, y, 12);
    assert_float_equal(c.r, 0.5256711270631841, 1e-12);
    assert_float_equal(c.low, -0.11237366481705706, 1e-9);
    assert_float_equal(c.high, 0.8567881042664582, 1e-9);
}

static void any_rising_curve_is_one(void **state)
{
    (void)state;
    double x[50];
    double y[50];
    double down[50];
    for (size_t i = 0; i < 50; i++) {
        x[i] = (double)(i * 7 % 50);
        y[i] = exp(x[i]);
        down[i] = -x[i] * x[i] * x[i];
    }
    assert_true(measure(x, y, 50).r == 1 && measure(x, y, 50).low > 0.99);
    assert_true(measure(x, down, 50).r == -1 && measure(x, down, 50).high < -0.99);
}

static void nothing_is_said_of_too_little(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4, 5};
    static const double same[] = {2, 2, 2, 2, 2};
    assert_true(isnan(measure(x, x, 0).r) && isnan(measure(x, x, 3).r));
    assert_true(isnan(measure(x, same, 5).r) && isnan(measure(same, x, 5).low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_are_ranked_as_scipy_does),
        cmocka_unit_test(any_rising_curve_is_one),
        cmocka_unit_test(nothing_is_said_of_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
