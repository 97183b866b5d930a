/* SPDX-License-Identifier: BSD-2-Clause */
/* The curve, the sheet of small maps, and regions on the picture. */
#include "check.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "musicmap/view.h"
#include "synthetic.h"
#include "view/canvas.h"
#include "view/picture.h"

static char *path_in(const char *folder, const char *name, char path[4200])
{
    snprintf(path, 4200, "%s/%s", folder, name);
    return path;
}

static char *read_text(const char *path)
{
    struct mm_error err = {0};
    char *bytes;
    size_t count;
    assert_ok(mm_file_read(path, (size_t)50 << 20, &bytes, &count, &err), &err);
    unlink(path);
    return bytes;
}

static void the_curve_marks_what_was_chosen(void **state)
{
    (void)state;
    char folder[] = "/tmp/musicmap-test-XXXXXX";
    char path[4200];
    struct mm_error err = {0};
    assert_non_null(mkdtemp(folder));
    double k[] = {2, 3, 5, 9, 17};
    double score[] = {-0.1, 0.2, 0.5, 0.45, 0.3};
    struct mm_curve curve = {"How many?", "clusters", "score", 5, k, score, 5};
    static const char *const names[] = {"c.svg", "c.png", "c.pdf"};
    static const char *const begins[] = {"<?xml", "\x89PNG", "%PDF"};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(mm_draw_curve(&curve, path_in(folder, names[i], path), &err), &err);
        char *bytes = read_text(path);
        assert_memory_equal(bytes, begins[i], 4);
        free(bytes);
    }
    curve.n = 1; /* one candidate has no line, all the same */
    assert_ok(mm_draw_curve(&curve, path_in(folder, "one.svg", path), &err), &err);
    unlink(path);
    score[1] = score[0];
    curve.n = 2;
    assert_ok(mm_draw_curve(&curve, path_in(folder, "flat.svg", path), &err), &err);
    unlink(path);
    score[0] = NAN;
    assert_int_equal(mm_draw_curve(&curve, path_in(folder, "nan.svg", path), &err), MM_ERR_USAGE);
    curve.n = 0;
    assert_int_equal(mm_draw_curve(&curve, path, &err), MM_ERR_USAGE);
    assert_int_equal(rmdir(folder), 0); /* nothing was left behind */
}

static void the_sheet_holds_every_map(void **state)
{
    (void)state;
    char folder[] = "/tmp/musicmap-test-XXXXXX";
    char path[4200];
    struct mm_error err = {0};
    assert_non_null(mkdtemp(folder));
    float xy[] = {-1, -1, 1, 1, 0, 0.5F};
    uint32_t group[] = {0, 7, UINT32_MAX};
    struct mm_contact contacts[9];
    for (size_t i = 0; i < 9; i++)
        contacts[i] = (struct mm_contact){3, xy, group, "title & <markup>", "note"};
    assert_ok(mm_draw_contacts(contacts, 9, path_in(folder, "s.svg", path), &err), &err);
    char *svg = read_text(path);
    assert_non_null(strstr(svg, "width=\"1764")); /* four columns, three rows */
    free(svg);
    assert_ok(mm_draw_contacts(contacts, 1, path_in(folder, "s.png", path), &err), &err);
    unlink(path);
    assert_int_equal(mm_draw_contacts(contacts, 0, path, &err), MM_ERR_USAGE);
    assert_int_equal(mm_draw_contacts(contacts, 401, path, &err), MM_ERR_USAGE);
    assert_int_equal(mm_draw_contacts(contacts, 1, path_in(folder, "s.gif", path), &err),
                     MM_ERR_USAGE);
    assert_int_equal(rmdir(folder), 0);
}

static void regions_are_drawn_and_checked(void **state)
{
    (void)state;
    char folder[] = "/tmp/musicmap-test-XXXXXX";
    char path[4200];
    struct mm_error err = {0};
    struct synthetic s;
    struct mm_scene *scene;
    assert_non_null(mkdtemp(folder));
    synthetic_make(&s, 400, 8, 1, 0);
    static const char *const regions[] = {"North", "South \xff"};
    uint32_t region[] = {0, 1, 0, 1, 0, 1, 0, 1};
    s.input.n_regions = 2;
    s.input.region_names = regions;
    s.input.region = region;
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    for (size_t c = 0; c < 8; c++)
        assert_memory_equal(scene->countries[c].region, regions[c % 2], 5);
    struct mm_draw_settings settings = {.cells = MM_DRAW_SONGS};
    assert_ok(mm_draw(scene, &settings, path_in(folder, "r.svg", path), NULL, &err), &err);
    unlink(path);
    mm_scene_destroy(scene);
    region[3] = 2;
    assert_int_equal(mm_scene_create(&s.input, &scene, &err), MM_ERR_INPUT);
    synthetic_finish(&s);
    assert_int_equal(rmdir(folder), 0);
}

/* cairo finishes a PDF when its surface goes away: not into a stream that is closed by then. */
static void what_is_given_up_is_not_finished(void **state)
{
    (void)state;
    static const enum mm_canvas_format formats[] = {MM_CANVAS_SVG, MM_CANVAS_PNG, MM_CANVAS_PDF};
    for (size_t i = 0; i < 3; i++) {
        char *bytes = NULL;
        size_t size = 0;
        struct mm_canvas *canvas;
        struct mm_error err = {0};
        FILE *stream = open_memstream(&bytes, &size);
        assert_non_null(stream);
        assert_ok(mm_canvas_create(formats[i], 40, 30, "T", stream, &canvas, &err), &err);
        mm_canvas_rectangle(canvas, 0, 0, 20, 20);
        mm_canvas_fill(canvas, mm_paper, false);
        fclose(stream);
        size_t before = size;
        mm_canvas_destroy(canvas);
        assert_int_equal(size, before);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_marks_what_was_chosen),
        cmocka_unit_test(the_sheet_holds_every_map),
        cmocka_unit_test(regions_are_drawn_and_checked),
        cmocka_unit_test(what_is_given_up_is_not_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
