/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <cairo.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "musicmap/view.h"
#include "synthetic.h"
#include "view/colour.h"
#include "view/picture.h"

#define MOST_BYTES ((size_t)100 << 20)

static struct mm_scene *make_scene(struct synthetic *s, size_t n, size_t k, double stray)
{
    struct mm_scene *scene;
    struct mm_error err = {0};
    synthetic_make(s, n, k, 1, stray);
    assert_ok(mm_scene_create(&s->input, &scene, &err), &err);
    return scene;
}

static void drop_scene(struct synthetic *s, struct mm_scene *scene)
{
    mm_scene_destroy(scene);
    synthetic_finish(s);
}

static char *draw(const struct mm_scene *scene, const struct mm_draw_settings *settings,
                  const char *folder, const char *name, size_t *count,
                  struct mm_draw_report *report)
{
    char path[4200];
    char *bytes;
    struct mm_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(mm_draw(scene, settings, path, report, &err), &err);
    assert_ok(mm_file_read(path, MOST_BYTES, &bytes, count, &err), &err);
    return bytes;
}

/* ---- labels ---- */

static void check_labels(size_t n, size_t k, double stray, enum mm_draw_cells cells, int width,
                         int height)
{
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, n, k, stray);
    struct mm_draw_settings settings = {cells, "Labels", width, height, NULL, NULL};
    struct mm_picture *p;
    struct mm_error err = {0};
    FILE *stream = fopen("/dev/null", "wb");
    assert_ok(mm_picture_create(scene, &settings, MM_CANVAS_PDF, stream, &p, &err), &err);
    size_t placed = 0;
    size_t names = 0;
    for (size_t a = 0; a < k; a++) {
        const struct mm_label *l = p->labels + a;
        if (l->kind == MM_LABEL_AS_NOTHING)
            continue;
        placed++;
        names += l->kind == MM_LABEL_AS_NAME;
        const struct mm_rect *f = &p->sheet.frame;
        assert_true(l->x - l->w / 2 >= f->x && l->x + l->w / 2 <= f->x + f->w);
        assert_true(l->y - l->h / 2 >= f->y && l->y + l->h / 2 <= f->y + f->h);
        for (size_t b = 0; b < a; b++) {
            const struct mm_label *o = p->labels + b;
            if (o->kind != MM_LABEL_AS_NOTHING && fabs(l->x - o->x) < (l->w + o->w) / 2 &&
                fabs(l->y - o->y) < (l->h + o->h) / 2)
                fail_msg("%zu songs: the names of countries %zu and %zu overlap", n, a, b);
        }
    }
    if (placed * 10 < k * 9 || names * 10 < k * 8)
        fail_msg("%zu songs, %zu countries: %zu named, %zu of them in words", n, k, placed, names);
    mm_picture_destroy(p);
    fclose(stream);
    drop_scene(&s, scene);
}

static void test_labels(void **state)
{
    (void)state;
    check_labels(1, 1, 0, MM_DRAW_SONGS, 0, 0);
    check_labels(126, 12, 0.02, MM_DRAW_SONGS, 0, 0);
    check_labels(1000, 40, 0.05, MM_DRAW_SONGS, 1600, 2400);
    if (SANITIZED) /* larger ones take seconds, and the same way */
        return;
    check_labels(1008, 126, 0.02, MM_DRAW_CLUSTERS, 0, 0);
    check_labels(126, 42, 0.02, MM_DRAW_SONGS, 0, 0);
    check_labels(1008, 126, 0.02, MM_DRAW_SONGS, 0, 0);
    check_labels(5000, 126, 0.02, MM_DRAW_SONGS, 0, 0);
    check_labels(20000, 160, 0.01, MM_DRAW_SONGS, 0, 0);
}

static bool overlap(const struct mm_land_name *n, double x, double y, double w, double h)
{
    return fabs(n->x - x) < (n->w + w) / 2 && fabs(n->y - y) < (n->h + h) / 2;
}

static void check_land_names(const struct mm_picture *p)
{
    const struct mm_rect *f = &p->sheet.frame;
    for (size_t i = 0; i < p->n_lands; i++) {
        const struct mm_land_name *n = &p->lands[i];
        assert_true(n->x - n->w / 2 >= f->x && n->x + n->w / 2 <= f->x + f->w);
        assert_true(n->y - n->h / 2 >= f->y && n->y + n->h / 2 <= f->y + f->h);
        assert_true(n->size >= 20 * p->sheet.u * 0.999);
        for (size_t c = 0; c < p->songs->n_countries; c++) {
            const struct mm_label *l = &p->labels[c];
            if (l->kind != MM_LABEL_AS_NOTHING && overlap(n, l->x, l->y, l->w, l->h))
                fail_msg("region %zu lies over country %zu", i, c);
        }
        for (size_t b = 0; b < i; b++)
            if (overlap(n, p->lands[b].x, p->lands[b].y, p->lands[b].w, p->lands[b].h))
                fail_msg("the names of regions %zu and %zu overlap", i, b);
    }
}

/* Regions are sectors about the middle, so that they are in one piece. */
static void check_regions(size_t n, size_t k, enum mm_draw_cells cells, size_t least)
{
    static const char *const names[] = {"South", "Far & Wide", "Northern Lights", "日本",
                                        "The Longest Name That Any Region Ever Had"};
    struct synthetic s;
    synthetic_make(&s, n, k, 1, 0);
    uint32_t *region = calloc(k, sizeof *region);
    assert_non_null(region);
    for (size_t i = 0; i < n; i++)
        region[s.cluster[i]] = (uint32_t)fmod(
            (atan2((double)s.xy[2 * i + 1], (double)s.xy[2 * i]) + M_PI) * 5 / (2 * M_PI), 5);
    s.input.n_regions = 5;
    s.input.region_names = names;
    s.input.region = region;
    struct mm_draw_settings settings = {cells, "Regions", 0, 0, NULL, NULL};
    struct mm_scene *scene;
    struct mm_picture *p;
    struct mm_error err = {0};
    FILE *stream = fopen("/dev/null", "wb");
    assert_ok(mm_scene_create(&s.input, &scene, &err), &err);
    assert_ok(mm_picture_create(scene, &settings, MM_CANVAS_PDF, stream, &p, &err), &err);
    check_land_names(p);
    if (p->n_lands < least)
        fail_msg("%zu songs: %zu of 5 regions named", n, p->n_lands);
    mm_picture_destroy(p);
    fclose(stream);
    free(region);
    drop_scene(&s, scene);
}

static void test_regions_lie_beside_countries(void **state)
{
    (void)state;
    check_regions(126, 12, MM_DRAW_SONGS, 3);
    check_regions(1008, 60, MM_DRAW_SONGS, 4);
    if (SANITIZED)
        return;
    check_regions(20000, 160, MM_DRAW_SONGS, 4);
    check_regions(1008, 60, MM_DRAW_CLUSTERS, 0);
}

/* ---- outlines, coast ---- */

static void test_outlines_hold_their_countries(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, 1000, 30, 0.1);
    struct mm_outlines *o;
    struct mm_error err = {0};
    assert_ok(mm_outlines_create(scene, &o, &err), &err);
    for (size_t c = 0; c < scene->n_countries; c++) {
        double area = 0;
        for (size_t r = o->first[c]; r < o->first[c + 1]; r++) {
            size_t first = r > 0 ? o->end[r - 1] : 0;
            for (size_t i = first; i < o->end[r]; i++) {
                size_t next = i + 1 < o->end[r] ? i + 1 : first;
                const double *p = scene->voronoi->corners + 2 * (size_t)o->corner[i];
                const double *q = scene->voronoi->corners + 2 * (size_t)o->corner[next];
                area += (p[0] * q[1] - q[0] * p[1]) / 2;
            }
        }
        assert_true(fabs(area - scene->countries[c].area) < 1e-9);
    }
    mm_outlines_destroy(o);
    drop_scene(&s, scene);
}

static void test_every_song_is_on_land(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 126, 2, 7, 5000};
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes - 3 * SANITIZED; t++) {
        struct synthetic s;
        struct mm_scene *scene = make_scene(&s, sizes[t], sizes[t] < 5 ? 1 : 5, 0.1);
        struct mm_coast *coast;
        struct mm_error err = {0};
        assert_ok(mm_coast_create(scene, &coast, &err), &err);
        const struct mm_grid *g = &coast->grid;
        for (size_t i = 0; i < sizes[t]; i++) {
            size_t x = (size_t)((scene->xy[2 * i] - g->x0) / g->step + 0.5);
            size_t y = (size_t)((scene->xy[2 * i + 1] - g->y0) / g->step + 0.5);
            assert_true(coast->land[y * g->w + x] > 0);
        }
        /* And the land ends before the cells do. */
        for (size_t i = 0; i < coast->shore.n_points; i++) {
            const double *at = coast->shore.xy + 2 * i;
            assert_true(at[0] > scene->box.x0 && at[0] < scene->box.x1 && at[1] > scene->box.y0 &&
                        at[1] < scene->box.y1);
        }
        mm_coast_destroy(coast);
        drop_scene(&s, scene);
    }
}

static void test_contour_of_two_hills(void **state)
{
    (void)state;
    float field[40 * 60];
    struct mm_grid g = {60, 40, -1, 2, 0.5};
    for (size_t j = 0; j < 40; j++)
        for (size_t i = 0; i < 60; i++) {
            double a = hypot((double)i - 15, (double)j - 20);
            double b = hypot((double)i - 45, (double)j - 20);
            field[j * 60 + i] = (float)-fmin(a, b);
        }
    struct mm_contours c;
    struct mm_error err = {0};
    assert_ok(mm_contour(&g, field, -10, &c, &err), &err);
    assert_int_equal(c.n_rings, 2);
    assert_int_equal(c.end[1], c.n_points);
    for (size_t i = 0; i < c.n_points; i++) {
        double x = i < c.end[0] ? 6.5 : 21.5;
        double d = hypot(c.xy[2 * i] - x, c.xy[2 * i + 1] - 12);
        double other = hypot(c.xy[2 * i] - (28 - x), c.xy[2 * i + 1] - 12);
        assert_true(fabs(fmin(d, other) - 5) < 0.02);
    }
    mm_contours_finish(&c);
    /* High all over: one ring along the rim. */
    for (size_t i = 0; i < 40 * 60; i++)
        field[i] = 1;
    assert_ok(mm_contour(&g, field, 0, &c, &err), &err);
    assert_int_equal(c.n_rings, 1);
    mm_contours_finish(&c);
}

/* ---- files ---- */

/* Well-formed as XML goes: tags nest, attributes are quoted, nothing is left unescaped. */
static void check_xml(const char *text)
{
    const char *open[64];
    size_t depth = 0;
    const char *p = strchr(text, '>') + 1; /* behind <?xml ...?> */
    for (; *p; p++) {
        if (*p == '&')
            assert_true(strspn(p + 1, "abcdefghijklmnopqrstuvwxyz#0123456789") < 10 &&
                        p[1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz#0123456789")] == ';');
        assert_true(*p != '>');
        if (*p != '<')
            continue;
        bool closing = p[1] == '/';
        const char *name = p + 1 + closing;
        size_t length = strcspn(name, " />\n");
        p = name + length;
        char quote = 0;
        for (; *p && (quote || *p != '>'); p++) {
            assert_true(*p != '<');
            if (quote)
                quote = *p == quote ? 0 : quote;
            else if (*p == '"' || *p == '\'')
                quote = *p;
        }
        assert_true(*p == '>' && !quote);
        if (closing) {
            assert_true(depth > 0);
            depth--;
            assert_true(strncmp(open[depth], name, length) == 0);
        } else if (p[-1] != '/') {
            assert_true(depth < 64);
            open[depth++] = name;
        }
    }
    assert_int_equal(depth, 0);
}

static void test_svg(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, 300, 55, 0.02); /* names with <, & and quotes */
    char *folder = check_make_folder();
    struct mm_draw_settings settings = {MM_DRAW_SONGS, "<script>&\"'", 0, 0, NULL, NULL};
    size_t one;
    size_t two;
    char *a = draw(scene, &settings, folder, "a.svg", &one, NULL);
    char *b = draw(scene, &settings, folder, "b.SVG", &two, NULL);
    assert_int_equal(one, two);
    assert_memory_equal(a, b, one);
    assert_true(strncmp(a, "<?xml", 5) == 0 && strstr(a, "width=\"2400"));
    assert_null(strstr(a, "<script"));
    assert_null(strstr(a, "<image")); /* nothing fell back to pixels */
    check_xml(a);
    free(a);
    free(b);
    check_remove_folder(folder);
    drop_scene(&s, scene);
}

static void test_png(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, 126, 12, 0);
    char *folder = check_make_folder();
    struct mm_draw_settings settings = {MM_DRAW_SONGS, NULL, 900, 600, NULL, NULL};
    size_t one;
    size_t two;
    char *a = draw(scene, &settings, folder, "a.png", &one, NULL);
    char *b = draw(scene, &settings, folder, "b.png", &two, NULL);
    assert_int_equal(one, two);
    assert_memory_equal(a, b, one);
    char path[4200];
    snprintf(path, sizeof path, "%s/a.png", folder);
    cairo_surface_t *image = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(image), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(image), 900);
    assert_int_equal(cairo_image_surface_get_height(image), 600);
    /* Each country's colour is to be found on the sheet. */
    const unsigned char *data = cairo_image_surface_get_data(image);
    size_t stride = (size_t)cairo_image_surface_get_stride(image);
    for (size_t c = 0; c < scene->n_countries; c++) {
        size_t found = 0;
        for (size_t y = 0; y < 600; y++)
            for (size_t x = 0; x < 900; x++) {
                uint32_t pixel;
                memcpy(&pixel, data + y * stride + 4 * x, 4);
                found += (pixel & 0xFFFFFF) == scene->countries[c].colour;
            }
        assert_true(found > 20);
    }
    cairo_surface_destroy(image);
    free(a);
    free(b);
    check_remove_folder(folder);
    drop_scene(&s, scene);
}

static const char *find_last(const char *bytes, size_t count, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = count - length + 1; i-- > 0;)
        if (memcmp(bytes + i, word, length) == 0)
            return bytes + i;
    return NULL;
}

static void test_pdf(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, 126, 12, 0);
    char *folder = check_make_folder();
    struct mm_draw_settings settings = {MM_DRAW_CLUSTERS, "Wand", 1684, 1191, NULL, NULL};
    size_t one;
    size_t two;
    struct mm_draw_report report;
    char *a = draw(scene, &settings, folder, "a.pdf", &one, &report);
    char *b = draw(scene, &settings, folder, "b.pdf", &two, NULL);
    assert_int_equal(report.countries, 12);
    assert_true(report.named >= 11);
    assert_int_equal(one, two);
    assert_memory_equal(a, b, one);
    assert_true(strncmp(a, "%PDF-1.", 7) == 0);
    assert_null(find_last(a, one, "/CreationDate"));
    const char *xref = find_last(a, one, "startxref");
    assert_non_null(xref);
    size_t at = strtoull(xref + 9, NULL, 10);
    assert_true(at < one && strncmp(a + at, "xref", 4) == 0);
    assert_non_null(find_last(a, one, "%%EOF"));
    free(a);
    free(b);
    check_remove_folder(folder);
    drop_scene(&s, scene);
}

static void test_few_songs(void **state)
{
    (void)state;
    char *folder = check_make_folder();
    const size_t sizes[] = {1, 2, 3};
    for (size_t i = 0; i < 3; i++)
        for (int cells = 0; cells < 2; cells++) {
            struct synthetic s;
            struct mm_scene *scene = make_scene(&s, sizes[i], sizes[i] == 3 ? 2 : sizes[i], 0);
            struct mm_draw_settings settings = {
                (enum mm_draw_cells)cells, "Few", 300, 400, NULL, NULL};
            struct mm_draw_report report;
            size_t count;
            free(draw(scene, &settings, folder, "few.png", &count, &report));
            assert_int_equal(report.named, scene->n_countries);
            drop_scene(&s, scene);
        }
    /* All at one place, one of the countries without songs. */
    float xy[10] = {0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F};
    uint32_t cluster[5] = {0, 0, 2, 2, 2};
    const char *names[3] = {"one", "two", "three"};
    struct mm_scene_input input = {
        .n_songs = 5, .xy = xy, .cluster = cluster, .n_countries = 3, .names = names};
    struct mm_scene *scene;
    struct mm_error err = {0};
    assert_ok(mm_scene_create(&input, &scene, &err), &err);
    for (int cells = 0; cells < 2; cells++) {
        struct mm_draw_settings settings = {(enum mm_draw_cells)cells, NULL, 0, 0, NULL, NULL};
        struct mm_draw_report report;
        size_t count;
        free(draw(scene, &settings, folder, "same.svg", &count, &report));
        assert_int_equal(report.countries, 2);
    }
    mm_scene_destroy(scene);
    check_remove_folder(folder);
}

static void test_what_cannot_be_drawn(void **state)
{
    (void)state;
    struct synthetic s;
    struct mm_scene *scene = make_scene(&s, 20, 3, 0);
    struct mm_draw_settings settings = {MM_DRAW_SONGS, NULL, 0, 0, NULL, NULL};
    struct mm_error err = {0};
    char *folder = check_make_folder();
    char path[4200];
    assert_int_equal(mm_draw(scene, &settings, "map.gif", NULL, &err), MM_ERR_USAGE);
    assert_string_equal(err.message, "map.gif: a picture's name ends in .svg, .png or .pdf");
    assert_int_equal(mm_draw(scene, &settings, "a.png/map", NULL, &err), MM_ERR_USAGE);
    snprintf(path, sizeof path, "%s/none/map.svg", folder);
    assert_int_equal(mm_draw(scene, &settings, path, NULL, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_draw(scene, &settings, "/proc/map.svg", NULL, &err) < 0, 1);
    snprintf(path, sizeof path, "%s/map.png", folder);
    settings.width = 40000;
    assert_int_equal(mm_draw(scene, &settings, path, NULL, &err), MM_ERR_USAGE);
    settings.width = settings.height = 29000;
    assert_int_equal(mm_draw(scene, &settings, path, NULL, &err), MM_ERR_USAGE);
    settings.width = -5;
    assert_int_equal(mm_draw(scene, &settings, path, NULL, &err), MM_ERR_USAGE);
    assert_int_equal(rmdir(folder), 0); /* nothing was left behind */
    free(folder);
    if (access("/dev/full", W_OK) == 0) { /* the disk is full while writing */
        FILE *full = fopen("/dev/full", "wb");
        struct mm_picture *p;
        struct mm_draw_settings plain = {MM_DRAW_SONGS, NULL, 0, 0, NULL, NULL};
        assert_ok(mm_picture_create(scene, &plain, MM_CANVAS_PNG, full, &p, &err), &err);
        setvbuf(full, NULL, _IONBF, 0);
        assert_int_equal(mm_canvas_finish(p->canvas, &err), MM_ERR_IO);
        mm_picture_destroy(p);
        fclose(full);
    }
    drop_scene(&s, scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_regions_lie_beside_countries),
        cmocka_unit_test(test_outlines_hold_their_countries),
        cmocka_unit_test(test_every_song_is_on_land),
        cmocka_unit_test(test_contour_of_two_hills),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_pdf),
        cmocka_unit_test(test_few_songs),
        cmocka_unit_test(test_what_cannot_be_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
