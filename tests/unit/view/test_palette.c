/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "musicmap/view.h"
#include "synthetic.h"
#include "view/colour.h"
#include "view/palette.h"
#include "view/shade.h"

/* Lab pairs and their distance from Sharma, Wu, Dalal 2005, table 1. */
static void test_delta_e_is_the_published_one(void **state)
{
    (void)state;
    static const double pairs[][7] = {
        {50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425},
        {50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000},
        {50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792},
        {50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195},
        {50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045},
        {50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065},
        {50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492},
        {50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977},
        {50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030},
        {50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535},
        {60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644},
        {63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630},
        {22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373},
        {90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381},
        {2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const double *p = pairs[i];
        struct mm_lab one = {p[0], p[1], p[2]};
        struct mm_lab two = {p[3], p[4], p[5]};
        assert_true(fabs(mm_colour_delta_e(one, two) - p[6]) < 1e-4);
        assert_true(fabs(mm_colour_delta_e(two, one) - p[6]) < 1e-4);
    }
}

static void test_lab_there_and_back(void **state)
{
    (void)state;
    struct mm_lab red = mm_colour_lab(0xff0000);
    assert_true(fabs(red.l - 53.24) < 0.01 && fabs(red.a - 80.09) < 0.02 &&
                fabs(red.b - 67.20) < 0.02);
    for (uint32_t rgb = 0; rgb < 0x1000000; rgb += 0x3571) {
        int inside;
        assert_int_equal(mm_colour_from_lab(mm_colour_lab(rgb), &inside), rgb);
        assert_true(inside);
    }
    int inside;
    mm_colour_from_lab((struct mm_lab){50, 120, -120}, &inside);
    assert_false(inside);
}

/* A dichromat sees greys as they are, and confuses what the normal eye tells apart. */
static void test_dichromats(void **state)
{
    (void)state;
    for (uint32_t grey = 0; grey < 256; grey += 5)
        for (int v = 1; v < MM_VISIONS; v++) {
            struct mm_lab seen = mm_colour_seen(grey * 0x010101, (enum mm_vision)v);
            assert_true(mm_colour_delta_e(seen, mm_colour_lab(grey * 0x010101)) < 0.6);
        }
    double normal = mm_colour_delta_e(mm_colour_lab(0xd05050), mm_colour_lab(0x70801e));
    double deutan = mm_colour_delta_e(mm_colour_seen(0xd05050, MM_VISION_DEUTERANOPIA),
                                      mm_colour_seen(0x70801e, MM_VISION_DEUTERANOPIA));
    assert_true(normal > 40 && deutan < 15);
}

/* The ends of a scale are numbers as people write them. */
static void test_ends_of_a_scale(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } ends[] = {{1987, "1987"}, {2026, "2026"}, {0, "0"},        {1, "1"},          {174.31, "174"},
                {0.25, "0.25"}, {12.5, "12.5"}, {999.7, "1000"}, {123456, "123456"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char text[48];
        mm_shade_number(ends[i].value, text, sizeof text);
        assert_string_equal(text, ends[i].text);
    }
}

/* Every pair of n countries touches: 16 is what the last palette holds. */
static void test_all_neighbours(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 18; n++) {
        struct mm_border borders[18 * 17 / 2] = {0};
        size_t count = 0;
        for (uint32_t a = 0; a < n; a++)
            for (uint32_t b = a + 1; b < n; b++)
                borders[count++] = (struct mm_border){a, b, 1.0 + a};
        uint32_t colours[18];
        size_t close;
        struct mm_error err = {0};
        assert_ok(mm_palette_assign(n, borders, count, colours, &close, &err), &err);
        size_t seen = 0;
        for (size_t i = 0; i < count; i++)
            seen += mm_colour_difference(colours[borders[i].a], colours[borders[i].b]) <
                    MM_PALETTE_LEAST;
        assert_int_equal(close, seen);
        if (n <= 16)
            assert_int_equal(close, 0);
        else
            assert_true(close >= 1 && close <= 2 * (n - 16));
    }
}

static void check_scene(size_t n, size_t k, uint64_t seed, double stray)
{
    struct synthetic s;
    struct mm_scene *scene;
    struct mm_error err = {0};
    synthetic_make(&s, n, k, seed, stray);
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t e = 0; e < v->n_edges; e++) {
        if (v->edges[e].right == UINT32_MAX)
            continue;
        uint32_t a = scene->cluster[v->edges[e].left];
        uint32_t b = scene->cluster[v->edges[e].right];
        double d =
            a == b ? 99
                   : mm_colour_difference(scene->countries[a].colour, scene->countries[b].colour);
        if (d < MM_PALETTE_LEAST)
            fail_msg("n %zu k %zu seed %d: %06x and %06x differ by %.2f", n, k, (int)seed,
                     scene->countries[a].colour, scene->countries[b].colour, d);
    }
    assert_int_equal(scene->close_pairs, 0);
    mm_scene_destroy(scene);
    synthetic_finish(&s);
}

static void test_neighbours_differ(void **state)
{
    (void)state;
    for (size_t k = 1; k <= 200; k += k < 20 ? 1 : 9)
        for (uint64_t seed = 0; seed < 3; seed++)
            check_scene(8 * k + 20, k, seed, 0.05);
    check_scene(5000, 60, 1, 0.02);
    check_scene(126, 12, 2, 0.5);
}

/* Countries hopelessly mixed: an honest count, not an endless search. */
static void test_hopeless_mixture(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene;
    struct mm_error err = {0};
    synthetic_make(&s, 3000, 60, 1, 1);
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    assert_true(scene->close_pairs > 0);
    mm_scene_destroy(scene);
    synthetic_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta_e_is_the_published_one),
        cmocka_unit_test(test_lab_there_and_back),
        cmocka_unit_test(test_dichromats),
        cmocka_unit_test(test_ends_of_a_scale),
        cmocka_unit_test(test_all_neighbours),
        cmocka_unit_test(test_neighbours_differ),
        cmocka_unit_test(test_hopeless_mixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
