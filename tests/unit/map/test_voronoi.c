/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <math.h>
#include <stdbool.h>

#include "base/random.h"
#include "musicmap/map.h"

static const struct mm_box unit_box = {-1.1, -1.1, 1.1, 1.1};

static double corner_x(const struct mm_voronoi *v, size_t k)
{
    return v->corners[2 * (size_t)v->index[k]];
}

static double corner_y(const struct mm_voronoi *v, size_t k)
{
    return v->corners[2 * (size_t)v->index[k] + 1];
}

static double cell_area(const struct mm_voronoi *v, size_t i)
{
    double x0 = corner_x(v, v->start[i]);
    double y0 = corner_y(v, v->start[i]);
    double sum = 0;
    for (size_t k = v->start[i] + 1; k + 1 < v->start[i + 1]; k++)
        sum += (corner_x(v, k) - x0) * (corner_y(v, k + 1) - y0) -
               (corner_x(v, k + 1) - x0) * (corner_y(v, k) - y0);
    return sum / 2;
}

/* How far (x, y) lies outside the cell, seen from its worst edge; <= 0 inside. Convex cells. */
static double outside_by(const struct mm_voronoi *v, size_t i, double x, double y)
{
    double worst = -INFINITY;
    for (size_t k = v->start[i]; k < v->start[i + 1]; k++) {
        size_t next = k + 1 < v->start[i + 1] ? k + 1 : v->start[i];
        double dx = corner_x(v, next) - corner_x(v, k);
        double dy = corner_y(v, next) - corner_y(v, k);
        double side = (dy * (x - corner_x(v, k)) - dx * (y - corner_y(v, k))) / hypot(dx, dy);
        worst = side > worst ? side : worst;
    }
    return worst;
}

static bool cell_has_edge(const struct mm_voronoi *v, size_t cell, uint32_t a, uint32_t b)
{
    for (size_t k = v->start[cell]; k < v->start[cell + 1]; k++) {
        size_t next = k + 1 < v->start[cell + 1] ? k + 1 : v->start[cell];
        if (v->index[k] == a && v->index[next] == b)
            return true;
    }
    return false;
}

static bool on_box(const struct mm_voronoi *v, const struct mm_box *box, uint32_t a, uint32_t b)
{
    const double *p = v->corners + 2 * (size_t)a;
    const double *q = v->corners + 2 * (size_t)b;
    return (p[0] == q[0] && (p[0] == box->x0 || p[0] == box->x1)) ||
           (p[1] == q[1] && (p[1] == box->y0 || p[1] == box->y1));
}

/* Every cell can be drawn as a fan around its first corner. */
static void check_fan(const struct mm_voronoi *v, size_t i, double whole)
{
    size_t first = v->start[i];
    for (size_t k = first + 1; k + 1 < v->start[i + 1]; k++) {
        double area =
            (corner_x(v, k) - corner_x(v, first)) * (corner_y(v, k + 1) - corner_y(v, first)) -
            (corner_x(v, k + 1) - corner_x(v, first)) * (corner_y(v, k) - corner_y(v, first));
        assert_true(area > -1e-12 * whole);
    }
}

/* What must hold of any diagram. Slices of songs at one place may not be convex. */
static void check_diagram(const struct mm_voronoi *v, const float *xy, size_t n,
                          const struct mm_box *box, bool convex)
{
    double width = box->x1 - box->x0;
    double height = box->y1 - box->y0;
    double sum = 0;
    assert_int_equal(v->n, n);
    assert_int_equal(v->start[0], 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(v->start[i + 1] >= v->start[i] + 3);
        double area = cell_area(v, i);
        check_fan(v, i, width * height);
        if (!(area > 0))
            fail_msg("cell %zu of %zu has area %g", i, n, area);
        sum += area;
        if (convex && outside_by(v, i, xy[2 * i], xy[2 * i + 1]) > 1e-9 * (width + height))
            fail_msg("song %zu of %zu is outside its cell by %g", i, n,
                     outside_by(v, i, xy[2 * i], xy[2 * i + 1]));
    }
    assert_true(fabs(sum / (width * height) - 1) < 1e-9);
    for (size_t i = 0; i < v->n_corners; i++) {
        assert_true(v->corners[2 * i] >= box->x0 && v->corners[2 * i] <= box->x1);
        assert_true(v->corners[2 * i + 1] >= box->y0 && v->corners[2 * i + 1] <= box->y1);
    }
    size_t uses = 0;
    for (size_t i = 0; i < v->n_edges; i++) {
        const struct mm_voronoi_edge *e = &v->edges[i];
        assert_true(e->left < n && cell_has_edge(v, e->left, e->a, e->b));
        uses += 1 + (e->right != UINT32_MAX);
        if (e->right != UINT32_MAX)
            assert_true(e->right < n && cell_has_edge(v, e->right, e->b, e->a));
        else
            assert_true(on_box(v, box, e->a, e->b));
    }
    assert_int_equal(uses, v->start[n]);
}

static struct mm_voronoi *make(const float *xy, size_t n, const struct mm_box *box)
{
    struct mm_error err = {0};
    struct mm_voronoi *v;
    assert_ok(mm_voronoi_create(xy, n, box, &v, &err), &err);
    return v;
}

static void check_all(const float *xy, size_t n, const struct mm_box *box, bool convex)
{
    struct mm_voronoi *v = make(xy, n, box);
    check_diagram(v, xy, n, box, convex);
    mm_voronoi_destroy(v);
}

static void few_songs_share_the_box(void **state)
{
    (void)state;
    static const float one[] = {0.3F, -0.2F};
    struct mm_voronoi *v = make(one, 1, &unit_box);
    check_diagram(v, one, 1, &unit_box, true);
    assert_int_equal(v->n_corners, 4);
    assert_int_equal(v->n_edges, 4);
    mm_voronoi_destroy(v);

    static const float two[] = {-0.5F, 0, 0.5F, 0};
    v = make(two, 2, &unit_box);
    check_diagram(v, two, 2, &unit_box, true);
    assert_int_equal(v->n_corners, 6);
    assert_int_equal(v->n_edges, 7);
    assert_float_equal(cell_area(v, 0), 2.42, 1e-12);
    mm_voronoi_destroy(v);

    static const float three[] = {-0.5F, 0, 0.5F, 0, 0, 0.7F};
    v = make(three, 3, &unit_box);
    check_diagram(v, three, 3, &unit_box, true);
    assert_float_equal(cell_area(v, 0), cell_area(v, 1), 1e-9);
    mm_voronoi_destroy(v);
}

static void songs_on_a_line_get_strips(void **state)
{
    (void)state;
    float xy[2 * 50];
    for (int direction = 0; direction < 4; direction++) {
        for (int i = 0; i < 50; i++) {
            float t = -1 + (float)i / 32; /* exact, so exactly on a line */
            xy[2 * i] = direction == 0 ? 0.25F : t;
            xy[2 * i + 1] = direction == 0 ? t : direction == 1 ? -0.5F : direction == 2 ? t : -t;
        }
        struct mm_voronoi *v = make(xy, 50, &unit_box);
        check_diagram(v, xy, 50, &unit_box, true);
        if (direction < 2)
            assert_float_equal(cell_area(v, 20), 2.2 / 32, 1e-12);
        mm_voronoi_destroy(v);
    }
    for (int i = 0; i < 50; i++) { /* nearly on a line: rounding moves them off it */
        xy[2 * i] = (float)i / 49;
        xy[2 * i + 1] = (float)i / 49 * 0.3331F;
    }
    check_all(xy, 50, &unit_box, true);
}

static void songs_at_one_place_get_equal_slices(void **state)
{
    (void)state;
    static float xy[2 * 1000];
    struct mm_random random = mm_random_stream(1, 2);
    for (size_t n = 2; n <= 1000; n = n * 3 - 1) {
        for (size_t i = 0; i < 2 * n; i++)
            xy[i] = 0.125F;
        struct mm_voronoi *v = make(xy, n, &unit_box);
        check_diagram(v, xy, n, &unit_box, false);
        for (size_t i = 0; i < n; i++)
            assert_float_equal(cell_area(v, i), 4.84 / (double)n, 1e-9);
        mm_voronoi_destroy(v);
    }
    for (size_t i = 0; i < 1000; i++) { /* 40 places, 25 songs at each on average */
        xy[2 * i] = (float)mm_random_below(&random, 8) / 8;
        xy[2 * i + 1] = (float)mm_random_below(&random, 5) / 8;
    }
    check_all(xy, 1000, &unit_box, false);
    struct mm_box tight = {0, 0, 0.875, 0.5}; /* places on its sides and corners */
    check_all(xy, 1000, &tight, false);
}

static void corners_of_a_grid_are_shared_by_four(void **state)
{
    (void)state;
    enum { SIDE = 33 };
    static float xy[2 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        xy[2 * i] = (float)(i % SIDE - 16) / 16;
        xy[2 * i + 1] = (float)(i / SIDE - 16) / 16; /* exact */
    }
    struct mm_box box = {-1 - 1.0 / 32, -1 - 1.0 / 32, 1 + 1.0 / 32, 1 + 1.0 / 32};
    struct mm_voronoi *v = make(xy, SIDE * SIDE, &box);
    check_diagram(v, xy, SIDE * SIDE, &box, true);
    assert_int_equal(v->n_corners, (SIDE + 1) * (SIDE + 1));
    assert_int_equal(v->n_edges, 2 * SIDE * (SIDE + 1));
    mm_voronoi_destroy(v);
    struct mm_box tight = {-1, -1, 1, 1}; /* songs on the box's sides */
    v = make(xy, SIDE * SIDE, &tight);
    check_diagram(v, xy, SIDE * SIDE, &tight, true);
    mm_voronoi_destroy(v);
}

static uint32_t nearest(const float *xy, size_t n, double x, double y)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        double d = (xy[2 * i] - x) * (xy[2 * i] - x) + (xy[2 * i + 1] - y) * (xy[2 * i + 1] - y);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return (uint32_t)best;
}

static void every_point_is_in_the_cell_of_the_nearest_song(void **state)
{
    (void)state;
    static float xy[2 * 300];
    struct mm_random random = mm_random_stream(3, 4);
    for (size_t i = 0; i < 600; i++)
        xy[i] = (float)(2 * mm_random_unit(&random) - 1);
    struct mm_voronoi *v = make(xy, 300, &unit_box);
    check_diagram(v, xy, 300, &unit_box, true);
    for (size_t i = 0; i < 3000; i++) {
        double x = 2.2 * mm_random_unit(&random) - 1.1;
        double y = 2.2 * mm_random_unit(&random) - 1.1;
        assert_true(outside_by(v, nearest(xy, 300, x, y), x, y) < 1e-9);
    }
    mm_voronoi_destroy(v);
}

static void a_hundred_thousand_songs(void **state)
{
    (void)state;
    size_t n = 100000;
    float *xy = malloc(2 * n * sizeof *xy);
    struct mm_random random = mm_random_stream(5, 6);
    for (size_t i = 0; i < 2 * n; i++)
        xy[i] = (float)(2 * mm_random_unit(&random) - 1);
    check_all(xy, n, &unit_box, true);
    for (size_t i = 0; i < 2 * n; i++) /* blobs: close together, with long gaps between them */
        xy[i] = (float)((double)mm_random_below(&random, 7) / 4 - 0.75 +
                        1e-4 * mm_random_normal(&random));
    check_all(xy, n, &unit_box, false);
    free(xy);
}

/* One case of many: what makes floating-point Voronoi codes fail. */
static size_t degenerate(struct mm_random *r, float *xy)
{
    size_t n = 1 + mm_random_below(r, 60);
    double tiny = ldexp(1, -(int)mm_random_below(r, 40));
    double turn = mm_random_unit(r) * 6.283;
    size_t kind = mm_random_below(r, 8);
    for (size_t i = 0; i < n; i++) {
        double u = mm_random_unit(r);
        double w = mm_random_unit(r);
        double x = 2 * u - 1;
        double y = 2 * w - 1;
        double angle = 6.283185307179586 * (double)i / (double)n;
        if (kind == 0) { /* on a circle */
            x = cos(angle + turn);
            y = sin(angle + turn);
        } else if (kind == 1) { /* nearly on a line */
            y = x * cos(turn) + tiny * (w - 0.5);
        } else if (kind == 2) { /* a coarse grid with duplicates */
            x = rint(3 * x) / 3;
            y = rint(3 * y) / 3;
        } else if (kind == 3) { /* tight heaps */
            x = rint(x) * 0.9 + tiny * (u - 0.5);
            y = rint(y) * 0.9 + tiny * (w - 0.5);
        } else if (kind == 4) { /* on the box's sides */
            x = i % 2 ? (u < 0.5 ? -1.1 : 1.1) : x;
            y = i % 2 ? y : (w < 0.5 ? -1.1 : 1.1);
        } else if (kind == 5) { /* circle and centre, flattened */
            x = i ? cos(angle) : 0;
            y = i ? tiny * sin(angle) : 0;
        } else if (kind == 6) { /* a lattice turned by any angle */
            x = 0.1 * (cos(turn) * (double)(i % 8) - sin(turn) * (double)(i / 8));
            y = 0.1 * (sin(turn) * (double)(i % 8) + cos(turn) * (double)(i / 8));
        } else { /* one line and one song beside it */
            y = i ? 0.5 : 0.5 + tiny * 0.25;
        }
        xy[2 * i] = fminf(fmaxf((float)x, -1.1F), 1.1F);
        xy[2 * i + 1] = fminf(fmaxf((float)y, -1.1F), 1.1F);
    }
    return n;
}

static void degenerate_songs(void **state)
{
    (void)state;
    static const struct mm_box box = {-1.1F, -1.1F, 1.1F, 1.1F};
    struct mm_random random = mm_random_stream(7, 8);
    float xy[2 * 64];
    for (int i = 0; i < 3000; i++) {
        size_t n = degenerate(&random, xy);
        check_all(xy, n, &box, false);
    }
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_voronoi *v;
    float xy[] = {0, 0, 2, 0};
    assert_int_equal(mm_voronoi_create(xy, 0, &unit_box, &v, &err), MM_ERR_USAGE);
    assert_null(v);
    assert_int_equal(mm_voronoi_create(xy, 2, &unit_box, &v, &err), MM_ERR_USAGE);
    xy[2] = NAN;
    assert_int_equal(mm_voronoi_create(xy, 2, &unit_box, &v, &err), MM_ERR_USAGE);
    struct mm_box flat = {-1, 0, 1, 0};
    assert_int_equal(mm_voronoi_create(xy, 1, &flat, &v, &err), MM_ERR_USAGE);
    mm_voronoi_destroy(NULL);
}

static void the_box_has_room(void **state)
{
    (void)state;
    static const float xy[] = {-1, -0.5F, 1, 0.5F};
    struct mm_box box = mm_box_around(xy, 2, 0.1);
    assert_float_equal(box.x0, -1.2, 1e-12);
    assert_float_equal(box.y1, 0.7, 1e-12);
    box = mm_box_around(xy, 1, 0.1); /* one place */
    assert_true(box.x1 > box.x0 && box.y1 > box.y0);
    box = mm_box_around(xy, 2, 0);
    assert_true(box.x0 <= -1 && box.x1 >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_songs_share_the_box),
        cmocka_unit_test(songs_on_a_line_get_strips),
        cmocka_unit_test(songs_at_one_place_get_equal_slices),
        cmocka_unit_test(corners_of_a_grid_are_shared_by_four),
        cmocka_unit_test(every_point_is_in_the_cell_of_the_nearest_song),
        cmocka_unit_test(a_hundred_thousand_songs),
        cmocka_unit_test(degenerate_songs),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(the_box_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
