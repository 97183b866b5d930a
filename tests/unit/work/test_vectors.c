/* SPDX-License-Identifier: BSD-2-Clause */
/* Vectors of several models joined: which songs, which values, how loud each model is. */
#include <math.h>

#include "check.h"
#include "map/blocks.h"
#include "musicmap/join.h"
#include "work/vectors.h"

#define SONGS 7

struct library {
    char *folder;
    struct mm_catalog *catalog;
};

static void put(struct library *library, int64_t song, const char *model, size_t dim)
{
    struct mm_error err = {0};
    const struct mm_vector_kind kind = {model, "v1", ""};
    float values[8];
    for (size_t i = 0; i < dim; i++)
        values[i] = (float)((double)(song * song % 5) * (double)(i + 1) + 100.0 * (double)dim);
    assert_ok(mm_catalog_put_vector(library->catalog, song, &kind, values, dim, &err), &err);
}

/* Songs 1 .. SONGS; all but 2 have "small" (2 values), all but 5 have "large" (8). */
static int open_library(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    struct mm_error err = {0};
    library->folder = check_make_folder();
    assert_ok(mm_catalog_open(library->folder, true, &library->catalog, &err), &err);
    for (int64_t i = 1; i <= SONGS; i++) {
        char key[16];
        snprintf(key, sizeof key, "/%d", (int)i);
        struct mm_song song = {.source = "folder", .key = key, .size = 1, .mtime_ns = 1};
        assert_ok(mm_catalog_add_song(library->catalog, &song, &err), &err);
        assert_int_equal(song.id, i);
        if (i != 2)
            put(library, i, "small", 2);
        if (i != 5)
            put(library, i, "large", 8);
    }
    *state = library;
    return 0;
}

static int close_library(void **state)
{
    struct library *library = *state;
    mm_catalog_close(library->catalog);
    check_remove_folder(library->folder);
    free(library);
    return 0;
}

/* The sum of squares over all songs of the dimensions first .. first + count - 1. */
static double loudness(const float *rows, size_t n, size_t dim, size_t first, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = first; j < first + count; j++)
            sum += (double)rows[i * dim + j] * rows[i * dim + j];
    return sum / (double)n;
}

static void test_join(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    static const int64_t both[] = {1, 3, 4, 6, 7};
    static const struct {
        const char *model;
        double small, large; /* what each adds to the square of a song's length */
    } cases[] = {{"small+large", 1, 1}, {"small+0.5*large", 1, 0.25}, {"2*small+large", 4, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct mm_song_vectors v;
        assert_ok(mm_song_vectors_init(&v, library->catalog, cases[c].model, &err), &err);
        assert_int_equal(v.n, 5);
        assert_memory_equal(v.ids, both, sizeof both);
        assert_int_equal(v.dim, 10);
        assert_string_equal(v.model, cases[c].model);
        struct mm_vectors reader = mm_song_vectors_reader(&v);
        float rows[50];
        assert_ok(reader.read(reader.ctx, 1, 2, rows, &err), &err);
        assert_true(rows[0] == 4 + 200 && rows[10] == 1 + 200); /* songs 3 and 4 */
        assert_true(rows[2] == 4 + 800 && rows[9] == 8 * 4 + 800);
        struct mm_standard standard;
        assert_ok(mm_standard_create(&reader, NULL, &standard, &err), &err);
        assert_ok(mm_standard_read(&standard, 0, 5, rows, &err), &err);
        assert_true(fabs(loudness(rows, 5, 10, 0, 2) - cases[c].small) < 1e-5);
        assert_true(fabs(loudness(rows, 5, 10, 2, 8) - cases[c].large) < 1e-5);
        mm_standard_finish(&standard);
        mm_song_vectors_finish(&v);
    }
}

/* Beside another model timbre's values are compared in the learned metric; alone as they are. */
static void test_metric(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    const struct mm_vector_kind kind = {"timbre", "v1", ""};
    enum { DIM = 230 };
    float values[DIM];
    for (size_t i = 0; i < DIM; i++)
        values[i] = (float)(i % 7);
    assert_ok(mm_catalog_put_vector(library->catalog, 4, &kind, values, DIM, &err), &err);
    struct mm_metric *metric;
    float want[DIM];
    assert_ok(mm_metric_create("timbre", DIM, &metric, &err), &err);
    char settings[80];
    snprintf(settings, sizeof settings, "1*small(v1) + 1*timbre(v1 metric=%s)",
             mm_metric_version(metric));
    mm_metric_apply(metric, values, 1, want, DIM);
    mm_metric_destroy(metric);
    struct mm_song_vectors v;
    float row[2 + DIM];
    assert_ok(mm_song_vectors_init(&v, library->catalog, "small+timbre", &err), &err);
    assert_int_equal(v.n, 1);
    struct mm_vectors reader = mm_song_vectors_reader(&v);
    assert_ok(reader.read(reader.ctx, 0, 1, row, &err), &err);
    assert_true(row[0] == 1 + 200); /* song 4 */
    assert_memory_equal(row + 2, want, sizeof want);
    assert_ok(mm_song_vectors_stored(&v, row, &err), &err);
    assert_true(row[0] == 1 + 200);
    assert_memory_equal(row + 2, values, sizeof values);
    assert_string_equal(v.settings, settings);
    mm_song_vectors_finish(&v);
    assert_ok(mm_song_vectors_init(&v, library->catalog, "timbre", &err), &err);
    reader = mm_song_vectors_reader(&v);
    assert_ok(reader.read(reader.ctx, 0, 1, row, &err), &err);
    assert_memory_equal(row, values, sizeof values);
    mm_song_vectors_finish(&v);
}

static void test_single(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    struct mm_song_vectors v;
    assert_ok(mm_song_vectors_init(&v, library->catalog, "large", &err), &err);
    assert_int_equal(v.n, 6);
    assert_null(mm_song_vectors_reader(&v).weight);
    assert_string_equal(v.settings, "v1");
    mm_song_vectors_finish(&v);
    /* Nobody says which: what most songs have, the newer of two. */
    assert_ok(mm_song_vectors_init(&v, library->catalog, NULL, &err), &err);
    assert_string_equal(v.model, "large");
    mm_song_vectors_finish(&v);
}

static void test_what_is_not_there(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    struct mm_song_vectors v;
    assert_int_equal(mm_song_vectors_init(&v, library->catalog, "small+none", &err),
                     MM_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "musicmap embed --model none"));
    for (int64_t i = 3; i <= SONGS; i++)
        assert_ok(mm_catalog_delete_song(library->catalog, i, &err), &err);
    assert_ok(mm_catalog_delete_song(library->catalog, 1, &err), &err);
    put(library, 2, "third", 3);
    assert_int_equal(mm_song_vectors_init(&v, library->catalog, "small+third", &err),
                     MM_ERR_NOT_FOUND);
}

static void test_parse(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_join join;
    assert_ok(mm_join_parse("mm1+timbre", &join, &err), &err);
    assert_int_equal(join.n, 2);
    assert_true(join.part[0].weight == 1 && join.part[1].weight == 2);
    assert_ok(mm_join_parse("mm1+1*timbre", &join, &err), &err);
    assert_true(join.part[1].weight == 1);
    assert_ok(mm_join_parse("timbre", &join, &err), &err);
    assert_true(join.n == 1 && join.part[0].weight == 1 && !join.part[0].pool[0]);
    assert_ok(mm_join_parse("timbre:mean+0.5*timbre:meanmax", &join, &err), &err);
    assert_true(join.n == 2 && join.part[1].weight == 0.5);
    assert_string_equal(join.part[1].name, "timbre");
    assert_string_equal(join.part[1].pool, "meanmax");
    assert_int_equal(mm_join_check("timbre:max", &err), MM_ERR_USAGE);
    static const char *const wrong[] = {
        "",      "+",        "a+",   "a++b", "a+a",      "0*a",       "-1*a",
        "nan*a", "1e9*a",    "a*2",  "a b",  "*a",       "a+b+c+d+e", "\xff",
        "inf*a", "0x1*a+b*", "a+2*", "a:",   "a:median", ":max",      "a:max+a:max"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err = (struct mm_error){0};
        assert_int_equal(mm_join_parse(wrong[i], &join, &err), MM_ERR_USAGE);
        assert_true(err.message[0]);
    }
    assert_ok(mm_join_check("timbre+musicnn-msd", &err), &err);
    assert_int_equal(mm_join_check("timbre+clap", &err), MM_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_join, open_library, close_library),
        cmocka_unit_test_setup_teardown(test_metric, open_library, close_library),
        cmocka_unit_test_setup_teardown(test_single, open_library, close_library),
        cmocka_unit_test_setup_teardown(test_what_is_not_there, open_library, close_library),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
