/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "base/random.h"
#include "musicmap/spectrum.h"

static void power_is_that_of_the_plain_sum(void **state)
{
    (void)state;
    struct mm_error err = {0};
    static const size_t sizes[] = {16, 400, 512, 2048};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = sizes[s];
        struct mm_fft *fft;
        assert_ok(mm_fft_create(n, &fft, &err), &err);
        float *x = calloc(n, sizeof *x);
        float *w = calloc(n, sizeof *w);
        float *power = calloc(n / 2 + 1, sizeof *power);
        struct mm_random r = {n};
        for (size_t i = 0; i < n; i++)
            x[i] = (float)(2 * mm_random_unit(&r) - 1);
        mm_window_hann(n, w);
        mm_fft_power(fft, x, w, power);
        for (size_t k = 0; k <= n / 2; k++) {
            double re = 0;
            double im = 0;
            for (size_t i = 0; i < n; i++) {
                double turn = 2 * M_PI * (double)(k * i % n) / (double)n;
                re += (double)x[i] * (double)w[i] * cos(turn);
                im -= (double)x[i] * (double)w[i] * sin(turn);
            }
            double want = re * re + im * im;
            assert_true(fabs(power[k] - want) <= 1e-4 * (want + (double)n * 1e-2));
        }
        free(power);
        free(w);
        free(x);
        mm_fft_destroy(fft);
    }
    struct mm_fft *none;
    assert_int_equal(mm_fft_create(15, &none, &err), MM_ERR_USAGE);
}

static void mel_triangles_have_unit_area(void **state)
{
    (void)state;
    struct mm_error err = {0};
    for (int scale = MM_MEL_HTK; scale <= MM_MEL_SLANEY; scale++) {
        struct mm_mel *mel;
        assert_ok(mm_mel_create((enum mm_mel_scale)scale, 48000, 2048, 128, 0, 24000, &mel, &err),
                  &err);
        float bins[1025];
        float bands[128];
        for (size_t i = 0; i < 1025; i++)
            bins[i] = 48000.0f / 2048.0f; /* integrates every triangle */
        mm_mel_apply(mel, bins, bands);
        /* The narrow ones at the bottom are coarsely sampled by the bins; the wide ones are exact.
         */
        for (size_t m = 64; m < 128; m++)
            assert_true(fabsf(bands[m] - 1.0f) < 0.02f);
        mm_mel_destroy(mel);
    }
    struct mm_mel *none;
    assert_int_equal(mm_mel_create(MM_MEL_HTK, 48000, 2048, 0, 0, 24000, &none, &err),
                     MM_ERR_USAGE);
}

static void test_logarithm(void **state)
{
    (void)state;
    static const float special[] = {1e-37f,      1e-10f, 0.70710677f, 0.70710683f,
                                    0.99999994f, 1,      1.0000001f,  1.4142135f,
                                    2,           10,     1e37f};
    float value = 1.2e-38f;
    for (size_t i = 0; i < 20000; i++, value *= 1.0087f) {
        float in = i < sizeof special / sizeof special[0] ? special[i] : value;
        float out = in;
        double want = 10 * log10((double)in);
        mm_log10_scaled(&out, 1, 10);
        if (!(fabs((double)out - want) <= 2e-6 + fabs(want) * 2e-7))
            fail_msg("10 log10(%g) is not %.9g", (double)in, (double)out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logarithm),
        cmocka_unit_test(power_is_that_of_the_plain_sum),
        cmocka_unit_test(mel_triangles_have_unit_area),
    };
    return cmocka_run_group_tests_name("spectrum", tests, NULL, NULL);
}
