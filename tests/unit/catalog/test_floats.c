/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of two bytes, and libraries that keep vectors so. */
#include <math.h>

#include "catalog/floats.h"
#include "catalog_check.h"

/* What Python's struct.pack('<e', x) makes of these. */
static const struct {
    float value;
    unsigned half;
} known[] = {
    {0x0.0p+0F, 0x0000},
    {-0x0.0p+0F, 0x8000},
    {0x1.0000000000000p+0F, 0x3c00},
    {-0x1.0000000000000p+1F, 0xc000},
    {0x1.ffc0000000000p+15F, 0x7bff},
    {0x1.ffde000000000p+15F, 0x7bff},
    {0x1.99999a0000000p-4F, 0x2e66},
    {0x1.5555560000000p-2F, 0x3555},
    {0x1.921fb60000000p+1F, 0x4248},
    {0x1.fffffe0000000p-25F, 0x0001},
    {0x1.fffffe0000000p-26F, 0x0000},
    {0x1.0000020000000p-25F, 0x0001},
    {0x1.8000000000000p-24F, 0x0002},
    {0x1.ff80000000000p-15F, 0x03ff},
    {0x1.0000000000000p-14F, 0x0400},
    {0x1.ffc0000000000p-15F, 0x0400},
    {0x1.0020000000000p+0F, 0x3c00},
    {0x1.0020000000000p+0F, 0x3c00},
    {0x1.0060000000000p+0F, 0x3c02},
    {0x1.0020000000000p+11F, 0x6800},
    {0x1.0060000000000p+11F, 0x6802},
    {-0x1.b7cdfe0000000p-34F, 0x8000},
    {0x1.ad7f2a0000000p-24F, 0x0002},
    {0x1.34a4560000000p+10F, 0x64d3},
    {-0x1.0128840000000p+9F, 0xe005},
    {0x1.45c24e0000000p-17F, 0x00a3},
    {-0x1.b225f20000000p-15F, 0x8364},
    {0x1.2e50540000000p+5F, 0x50b9},
    {-0x1.41ca780000000p-26F, 0x8000},
    {0x1.30c9060000000p-9F, 0x18c3},
    {0x1.7f8f360000000p-28F, 0x0000},
    {-0x1.e125600000000p+0F, 0xbf85},
    {-0x1.aa4f400000000p+12F, 0xeea9},
    {0x1.53c9dc0000000p-26F, 0x0000},
    {-0x1.4af1d40000000p-4F, 0xad2c},
    {0x1.5cd7060000000p-11F, 0x1173},
    {-0x1.77e44e0000000p-10F, 0x95e0},
    {-0x1.b2f50a0000000p-18F, 0x806d},
    {-0x1.69816c0000000p-9F, 0x99a6},
    {-0x1.430de40000000p-18F, 0x8051},
};

static void halves_are_the_nearest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        unsigned char bytes[2];
        float back;
        assert_int_equal(mm_encode_halves(&known[i].value, 1, bytes), 2);
        if ((bytes[0] | bytes[1] << 8) != (int)known[i].half)
            fail_msg("%a became %04x, not %04x", known[i].value, bytes[0] | bytes[1] << 8,
                     known[i].half);
        assert_true(mm_decode_vector(bytes, 2, 1, &back));
        assert_true(fabsf(back - known[i].value) <=
                    fmaxf(fabsf(known[i].value) * 0x1p-11F, 0x1p-25F));
    }
}

static void every_half_comes_back(void **state)
{
    (void)state;
    for (unsigned half = 0; half < 65536; half++) {
        unsigned char bytes[2] = {(unsigned char)half, (unsigned char)(half >> 8)};
        unsigned char again[2];
        float value;
        bool finite = (half & 0x7c00) != 0x7c00;
        assert_int_equal(mm_decode_vector(bytes, 2, 1, &value), finite);
        if (!finite)
            continue;
        assert_int_equal(mm_encode_halves(&value, 1, again), 2);
        assert_memory_equal(again, bytes, 2);
    }
}

static void too_large_is_told(void **state)
{
    (void)state;
    const float large[][2] = {{1, 65520}, {-65520, 1}, {1e30F, 0}, {0, -3e38F}};
    unsigned char bytes[4];
    float values[2];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mm_encode_halves(large[i], 2, bytes), 0);
    for (size_t size = 0; size < 16; size++) /* no other length is a vector of two */
        assert_int_equal(mm_decode_vector((const unsigned char[16]){0}, size, 2, values),
                         size == 4 || size == 8);
}

static const struct mm_vector_kind kind = {"timbre", "v1", ""};

static void read_back(struct library *library, int64_t song, float values[3])
{
    assert_ok(mm_catalog_read_vectors(library->catalog, &kind, &song, 1, 3, values, &library->err),
              &library->err);
}

static void put(struct library *library, int64_t song, const float values[3])
{
    assert_ok(mm_catalog_put_vector(library->catalog, song, &kind, values, 3, &library->err),
              &library->err);
}

static void a_library_keeps_half(void **state)
{
    struct library *library = *state;
    const float values[3] = {0.1F, -1000.3F, 1e-6F};
    const float large[3] = {0.1F, 70000, 0};
    float out[3];
    bool half = true;
    int64_t a = add_song(library, "/a", NULL, "T");
    int64_t b = add_song(library, "/b", NULL, "T");
    int64_t c = add_song(library, "/c", NULL, "T");
    assert_ok(mm_catalog_keeps_half(library->catalog, &half, &library->err), &library->err);
    assert_false(half);
    put(library, a, values);
    assert_ok(mm_catalog_keep_half(library->catalog, true, &library->err), &library->err);
    put(library, b, values);
    put(library, c, large);
    library_reopen(library);
    assert_ok(mm_catalog_keeps_half(library->catalog, &half, &library->err), &library->err);
    assert_true(half);
    read_back(library, a, out); /* what was there stays as exact as it was */
    assert_memory_equal(out, values, sizeof out);
    read_back(library, b, out);
    assert_float_equal(out[0], 0.0999756, 1e-7);
    assert_float_equal(out[1], -1000.5, 1e-7);
    read_back(library, c, out); /* cannot be said in two bytes */
    assert_memory_equal(out, large, sizeof out);
    assert_ok(mm_catalog_keep_half(library->catalog, false, &library->err), &library->err);
    put(library, b, values);
    read_back(library, b, out);
    assert_memory_equal(out, values, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_are_the_nearest),
        cmocka_unit_test(every_half_comes_back),
        cmocka_unit_test(too_large_is_told),
    };
    const struct CMUnitTest of_libraries[] = {
        cmocka_unit_test_setup_teardown(a_library_keeps_half, library_open, library_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + run_on_both_stores(of_libraries);
}
