/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>

#include "musicmap/view.h"
#include "synthetic.h"
#include "view/region.h"

static void test_pole_of_a_letter_l(void **state)
{
    (void)state;
    /* The foot is 4 x 2, the stem 1 wide: the best place is in the foot. */
    const struct mm_segment l[] = {{0, 0, 4, 0}, {4, 2, 4, 0}, {4, 2, 1, 2},
                                   {1, 6, 1, 2}, {1, 6, 0, 6}, {0, 0, 0, 6}};
    struct mm_pole pole;
    struct mm_error err = {0};
    assert_ok(mm_region_pole(l, 6, 0.5, 5, &pole, &err), &err);
    assert_true(fabs(pole.radius - 1) < 0.19 && pole.radius > 0.99); /* the inner corner helps */
    assert_true(pole.y < 2 && pole.x > 0.9 && pole.x < 3.1);
}

static void test_pole_beside_a_hole(void **state)
{
    (void)state;
    const struct mm_segment ring[] = {{0, 0, 9, 0}, {9, 0, 9, 9}, {9, 9, 0, 9}, {0, 9, 0, 0},
                                      {2, 2, 6, 2}, {6, 2, 6, 6}, {6, 6, 2, 6}, {2, 6, 2, 2}};
    struct mm_pole pole;
    struct mm_error err = {0};
    assert_ok(mm_region_pole(ring, 8, 1, 1, &pole, &err), &err);
    assert_true(pole.x > 6 && pole.y > 6);
    /* On the diagonal: distance to the corner of the hole equals that to both walls. */
    assert_true(fabs(pole.radius - 3 * sqrt(2) / (1 + sqrt(2))) < 0.01);
    assert_true(mm_region_distance(ring, 8, 4, 4) < 0);
    assert_true(mm_region_distance(ring, 8, 1, 4) > 0);
}

static void test_pole_of_next_to_nothing(void **state)
{
    (void)state;
    const struct mm_segment sliver[] = {{0, 0, 1, 0}, {1, 0, 1, 1e-9}, {1, 1e-9, 0, 0}};
    struct mm_pole pole;
    struct mm_error err = {0};
    assert_ok(mm_region_pole(sliver, 3, 0.7, 1e-10, &pole, &err), &err);
    assert_true(pole.radius >= 0 && pole.x >= 0 && pole.x <= 1);
    assert_ok(mm_region_pole(NULL, 0, 3, 4, &pole, &err), &err);
    assert_true(pole.x == 3 && pole.y == 4 && pole.radius == 0);
}

static double cell_distance(const struct mm_voronoi *v, size_t cell, double x, double y)
{
    double least = INFINITY; /* to the lines of its sides; negative = outside */
    for (uint32_t i = v->start[cell]; i < v->start[cell + 1]; i++) {
        uint32_t next = i + 1 < v->start[cell + 1] ? i + 1 : v->start[cell];
        const double *p = v->corners + 2 * (size_t)v->index[i];
        const double *q = v->corners + 2 * (size_t)v->index[next];
        double length = hypot(q[0] - p[0], q[1] - p[1]);
        double d = (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]);
        if (length > 0)
            least = fmin(least, d / length);
    }
    return least;
}

static void check_scene(size_t n, size_t k, uint64_t seed)
{
    struct synthetic s;
    struct mm_scene *scene;
    struct mm_error err = {0};
    synthetic_make(&s, n, k, seed, 0.03);
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    double area = 0;
    size_t songs = 0;
    for (size_t c = 0; c < k; c++) {
        const struct mm_country *country = scene->countries + c;
        area += country->area;
        songs += country->n_songs;
        assert_true(country->label_radius > 0);
        /* The place of the name is in a cell of the country. */
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found = s.cluster[i] == c &&
                    cell_distance(scene->voronoi, i, country->x, country->y) > -1e-9;
        assert_true(found);
        /* The circle around it meets no foreign song. */
        for (size_t i = 0; i < n; i++) {
            double d = hypot(s.xy[2 * i] - country->x, s.xy[2 * i + 1] - country->y);
            assert_true(s.cluster[i] == c || d > country->label_radius);
        }
    }
    const struct mm_box *box = &scene->box;
    double whole = (box->x1 - box->x0) * (box->y1 - box->y0);
    assert_true(fabs(area - whole) < 1e-6 * whole);
    assert_int_equal(songs, n);
    mm_scene_destroy(scene);
    synthetic_finish(&s);
}

static void test_countries(void **state)
{
    (void)state;
    check_scene(1, 1, 1);
    check_scene(2, 2, 1);
    check_scene(3, 2, 1);
    check_scene(126, 12, 1);
    check_scene(1000, 40, 2);
    check_scene(5000, 126, 3);
}

static void test_all_at_one_place(void **state)
{
    (void)state;
    float xy[12] = {0};
    uint32_t cluster[6] = {0, 1, 0, 1, 2, 0};
    const char *names[3] = {"a", "b", "c"};
    struct mm_scene_input input = {
        .n_songs = 6, .xy = xy, .cluster = cluster, .n_countries = 3, .names = names};
    struct mm_scene *scene;
    struct mm_error err = {0};
    assert_ok(mm_scene_create(&input, &scene, &err), &err);
    for (size_t c = 0; c < 3; c++)
        assert_true(scene->countries[c].label_radius > 0 && scene->countries[c].area > 0);
    mm_scene_destroy(scene);
}

static void test_strange_names_and_empty_countries(void **state)
{
    (void)state;
    float xy[4] = {0, 0, 1, 1};
    uint32_t cluster[2] = {0, 2};
    const char *names[4] = {"\xff\x01 x\n", NULL, "", "unused"};
    struct mm_scene_input input = {
        .n_songs = 2, .xy = xy, .cluster = cluster, .n_countries = 4, .names = names};
    struct mm_scene *scene;
    struct mm_error err = {0};
    assert_ok(mm_scene_create(&input, &scene, &err), &err);
    assert_string_equal(scene->countries[0].name, "\xef\xbf\xbd x");
    assert_string_equal(scene->countries[1].name, "Country 2");
    assert_string_equal(scene->countries[2].name, "Country 3");
    assert_int_equal(scene->countries[3].n_songs, 0);
    assert_true(scene->countries[3].label_radius == 0 && isfinite(scene->countries[3].x));
    mm_scene_destroy(scene);
}

static void test_wrong_input(void **state)
{
    (void)state;
    float xy[2] = {0, NAN};
    uint32_t cluster[1] = {0};
    const char *names[1] = {"a"};
    struct mm_scene *scene;
    struct mm_error err = {0};
    struct mm_scene_input input = {
        .n_songs = 0, .xy = xy, .cluster = cluster, .n_countries = 1, .names = names};
    assert_int_equal(mm_scene_create(&input, &scene, &err), MM_ERR_USAGE);
    assert_null(scene);
    input.n_songs = 1;
    assert_int_equal(mm_scene_create(&input, &scene, &err), MM_ERR_INPUT);
    xy[1] = 0;
    cluster[0] = 1;
    assert_int_equal(mm_scene_create(&input, &scene, &err), MM_ERR_INPUT);
    cluster[0] = 0;
    input.n_countries = 0;
    assert_int_equal(mm_scene_create(&input, &scene, &err), MM_ERR_USAGE);
    assert_string_equal(err.message, "a map needs at least one cluster");
    mm_scene_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pole_of_a_letter_l),
        cmocka_unit_test(test_pole_beside_a_hole),
        cmocka_unit_test(test_pole_of_next_to_nothing),
        cmocka_unit_test(test_countries),
        cmocka_unit_test(test_all_at_one_place),
        cmocka_unit_test(test_strange_names_and_empty_countries),
        cmocka_unit_test(test_wrong_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
