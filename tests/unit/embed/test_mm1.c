/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm1 against PyTorch: tests/data/embed/mm1.py made the numbers, from the weights in the program
 * and energies that a formula gives.
 */
#include <math.h>

#include "embed/mm1_net.h"
#include "embed/weights_data.h"
#include "oracle.h"

#define PATCHES 3

static const unsigned char *weights(size_t *size)
{
    *size = (size_t)(mm_mm1_weights_end - mm_mm1_weights);
    return mm_mm1_weights;
}

/* Energies over five decades that look like nothing in particular; the same in mm1.py. */
static void fill(float *energy, size_t patch)
{
    for (size_t t = 0; t < MM_MM1_FRAMES; t++)
        for (size_t b = 0; b < MM_MM1_BANDS; b++) {
            double x = sin(0.37 * (double)(t + 1) * (double)(patch + 1)) +
                       cos(0.11 * (double)b * (double)(patch + 2) + 0.05 * (double)t);
            energy[t * MM_MM1_BANDS + b] = (float)pow(10, 1.2 * x - 0.02 * (double)b);
        }
}

static void test_parity(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_mm1_net *net;
    struct mm_mm1_work *work;
    size_t size, n;
    const unsigned char *bytes = weights(&size);
    float *want = oracle_read_fixture("mm1", &n);
    assert_int_equal(n, PATCHES * MM_MM1_DIM);
    static const char *const kernels[] = {"generic", NULL};
    for (size_t k = 0; k < 2; k++) {
        const struct mm_kernels *table =
            kernels[k] ? mm_kernels_find(kernels[k]) : mm_kernels_best();
        assert_ok(mm_mm1_net_create(bytes, size, table, &net, &err), &err);
        assert_ok(mm_mm1_work_create(net, &work, &err), &err);
        float got[PATCHES * MM_MM1_DIM];
        for (size_t p = 0; p < PATCHES; p++) {
            float energy[MM_MM1_FRAMES * MM_MM1_BANDS];
            fill(energy, p);
            mm_mm1_picture(energy);
            mm_mm1_net_run(net, work, energy, got + p * MM_MM1_DIM);
        }
        oracle_assert_close("mm1", got, want, n, 1);
        mm_mm1_work_destroy(work);
        mm_mm1_net_destroy(net);
    }
    free(want);
}

/* How loud a song is does not matter, and silence is legal. */
static void test_level(void **state)
{
    (void)state;
    float a[MM_MM1_FRAMES * MM_MM1_BANDS];
    float b[MM_MM1_FRAMES * MM_MM1_BANDS];
    fill(a, 1);
    for (size_t i = 0; i < MM_MM1_FRAMES * MM_MM1_BANDS; i++)
        b[i] = a[i] * 0.0625F;
    mm_mm1_picture(a);
    mm_mm1_picture(b);
    for (size_t i = 0; i < MM_MM1_FRAMES * MM_MM1_BANDS; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-5F);
    memset(b, 0, sizeof b);
    mm_mm1_picture(b);
    assert_true(b[0] == -6);
}

static void test_damaged_weights(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_mm1_net *net;
    size_t size;
    const unsigned char *bytes = weights(&size);
    unsigned char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    for (size_t cut = 0; cut < size; cut += 1009)
        assert_int_equal(mm_mm1_net_create(copy, cut, mm_kernels_best(), &net, &err), MM_ERR_INPUT);
    assert_int_equal(mm_mm1_net_create(copy, size + 1, mm_kernels_best(), &net, &err),
                     MM_ERR_INPUT);
    copy[8]++; /* the first array's rank */
    assert_int_equal(mm_mm1_net_create(copy, size, mm_kernels_best(), &net, &err), MM_ERR_INPUT);
    copy[8]--;
    copy[16] = 0xff; /* its first value: not a number */
    copy[17] = 0x7f;
    assert_int_equal(mm_mm1_net_create(copy, size, mm_kernels_best(), &net, &err), MM_ERR_INPUT);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parity),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_damaged_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
