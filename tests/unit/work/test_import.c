/* SPDX-License-Identifier: BSD-2-Clause */
/* Importing vectors: hostile arrays, lists of songs, and that it is all or nothing. */
#include <math.h>

#include "base/file.h"
#include "check.h"
#include "musicmap/work.h"
#include "work/npy.h"
#include "work/song_list.h"

/* ---- arrays ---- */

/* A .npy file of version 1 with this header and count floats 0, 1, 2, ...; returns its size. */
static size_t make_npy(unsigned char *out, const char *header, size_t count)
{
    size_t length = strlen(header);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)length;
    out[9] = (unsigned char)(length >> 8);
    memcpy(out + 10, header, length);
    for (size_t i = 0; i < count; i++) {
        float value = (float)i;
        memcpy(out + 10 + length + 4 * i, &value, 4);
    }
    return 10 + length + 4 * count;
}

static void test_arrays(void **state)
{
    (void)state;
    unsigned char bytes[512];
    struct mm_error err = {0};
    struct mm_npy array;
    float row[3];
    size_t size =
        make_npy(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 6);
    assert_ok(mm_npy_parse(bytes, size, &array, &err), &err);
    assert_int_equal(array.rows, 2);
    assert_int_equal(array.columns, 3);
    assert_true(mm_npy_row(&array, 1, row));
    assert_true(row[0] == 3 && row[2] == 5);
    for (size_t cut = 0; cut < size; cut++)
        assert_true(mm_npy_parse(bytes, cut, &array, NULL) < 0);
    assert_true(mm_npy_parse(bytes, size + 1, &array, NULL) < 0);

    size = make_npy(bytes, "{\"shape\":(2,3),'fortran_order':True,'descr':'<f4'}", 6);
    assert_ok(mm_npy_parse(bytes, size, &array, &err), &err);
    assert_true(mm_npy_row(&array, 1, row));
    assert_true(row[0] == 1 && row[1] == 3 && row[2] == 5);

    size = make_npy(bytes, "{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}", 2);
    memcpy(bytes + size - 8, "\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8); /* 1, -2, 2^-24, infinity */
    assert_ok(mm_npy_parse(bytes, size, &array, &err), &err);
    float halves[4];
    assert_false(mm_npy_row(&array, 0, halves));
    assert_true(halves[0] == 1 && halves[1] == -2 && halves[2] == ldexpf(1, -24));

    size = make_npy(bytes, "{'descr': '>f8', 'fortran_order': False, 'shape': (1, 1)}", 2);
    memcpy(bytes + size - 8, "\x40\x09\x21\xfb\x54\x44\x2d\x18", 8);
    assert_ok(mm_npy_parse(bytes, size, &array, &err), &err);
    assert_true(mm_npy_row(&array, 0, row) && row[0] == (float)M_PI);
    memcpy(bytes + size - 8, "\x7f\xe0\x00\x00\x00\x00\x00\x00", 8); /* too large for a float */
    assert_false(mm_npy_row(&array, 0, row));
}

static void test_hostile_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int code;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
         MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1)}",
         MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1)}", MM_ERR_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", MM_ERR_UNSUPPORTED},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)}", MM_ERR_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}", MM_ERR_UNSUPPORTED},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (2, 3)}", MM_ERR_UNSUPPORTED},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (2, 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'shape': (2, 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", MM_ERR_INPUT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x", MM_ERR_INPUT},
        {"{'descr': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'shape': (2, 3)}", MM_ERR_INPUT},
        {"__import__('os').system('true')", MM_ERR_INPUT},
        {"", MM_ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[512];
        struct mm_npy array;
        struct mm_error err = {0};
        size_t size = make_npy(bytes, cases[i].header, 6);
        if (mm_npy_parse(bytes, size, &array, &err) != cases[i].code)
            fail_msg("%s: %s", cases[i].header, err.message);
        assert_true(err.message[0]);
    }
}

/* ---- the whole way ---- */

struct library {
    char *folder;
    struct mm_catalog *catalog;
    size_t unmatched;
    char last[256];
};

static int open_library(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    struct mm_error err = {0};
    library->folder = check_make_folder();
    assert_ok(mm_catalog_open(library->folder, true, &library->catalog, &err), &err);
    static char *const keys[] = {"/music/A/one.mp3", "/music/A/two.mp3", "/music/B/one.mp3",
                                 "/music/B/a, \"b\".mp3"};
    for (size_t i = 0; i < 4; i++) {
        struct mm_song song = {.source = "folder", .key = keys[i], .size = 1, .mtime_ns = 1};
        assert_ok(mm_catalog_add_song(library->catalog, &song, &err), &err);
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

static void note(void *ctx, size_t line, const char *name, const char *why)
{
    struct library *library = ctx;
    library->unmatched++;
    snprintf(library->last, sizeof library->last, "%zu %s: %s", line, name, why);
}

static char *write_file(struct library *library, const char *name, const void *bytes, size_t size)
{
    static char paths[2][4200];
    char *path = paths[strstr(name, "npy") != NULL];
    struct mm_error err = {0};
    snprintf(path, sizeof paths[0], "%s/%s", library->folder, name);
    assert_ok(mm_file_write(path, bytes, size, &err), &err);
    return path;
}

/* Imports rows x 2 values as "clap" for this list; a value of NaN at `bad`, if it is not -1. */
static int import(struct library *library, const char *list_name, const char *list, size_t rows,
                  int bad, struct mm_import_report *report, struct mm_error *err)
{
    unsigned char bytes[512];
    char header[128];
    snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, 2), }",
             rows);
    size_t size = make_npy(bytes, header, 2 * rows);
    float nan = NAN;
    if (bad >= 0)
        memcpy(bytes + size - 8 * rows + 4 * (size_t)bad, &nan, 4);
    library->unmatched = 0;
    *err = (struct mm_error){0};
    struct mm_import what = {.vectors = write_file(library, "v.npy", bytes, size),
                             .songs = write_file(library, list_name, list, strlen(list)),
                             .model = "clap",
                             .unmatched = note,
                             .ctx = library};
    return mm_import_vectors(library->catalog, &what, report, err);
}

static float first_value(struct library *library, int64_t song)
{
    struct mm_error err = {0};
    const struct mm_vector_kind kind = {"clap", "imported", ""};
    float values[2] = {-1, -1};
    int result = mm_catalog_read_vectors(library->catalog, &kind, &song, 1, 2, values, &err);
    return result == 0 ? values[0] : -1;
}

static void test_import(void **state)
{
    struct library *library = *state;
    struct mm_error err;
    struct mm_import_report report;
    assert_ok(import(library, "l.txt", "/music/A/two.mp3\r\nnowhere.mp3\n#3\none.mp3", 4, -1,
                     &report, &err),
              &err);
    assert_int_equal(report.rows, 4);
    assert_int_equal(report.values, 2);
    assert_int_equal(report.matched, 2);
    assert_int_equal(report.unmatched, 2);
    assert_int_equal(report.lacking, 2);
    assert_int_equal(library->unmatched, 2);
    assert_non_null(strstr(library->last, "4 one.mp3: several songs"));
    assert_true(first_value(library, 2) == 0 && first_value(library, 3) == 4);
    assert_true(first_value(library, 1) == -1);
    /* More of them later, as a table, from another machine. */
    assert_ok(import(library, "l.csv",
                     "\xEF\xBB\xBF"
                     "title,Path\n\"one, \"\"x\"\"\",A/one.mp3\n"
                     "x,\"B/a, \"\"b\"\".mp3\"\n",
                     2, -1, &report, &err),
              &err);
    assert_int_equal(report.matched, 2);
    assert_int_equal(report.lacking, 0);
    assert_true(first_value(library, 1) == 0 && first_value(library, 4) == 2);
    assert_true(first_value(library, 3) == 4);
}

static void test_nothing_by_halves(void **state)
{
    struct library *library = *state;
    struct mm_error err;
    struct mm_import_report report;
    static const struct {
        const char *name, *list, *words;
        size_t rows;
        int bad, code;
    } cases[] = {
        {"l.txt", "#1\n#2\n", "names 2 songs, but", 3, -1, MM_ERR_INPUT},
        {"l.txt", "#1\n#2\n#3\n", "row 3 holds", 3, 5, MM_ERR_INPUT},
        {"l.txt", "#1\n#2\nA/one.mp3\n", "lines 1 and 3", 3, -1, MM_ERR_INPUT},
        {"l.txt", "x\ny\n", "names no song", 2, -1, MM_ERR_NOT_FOUND},
        {"l.txt", "#99999999999999999999\n#0\n#-1\n", "names no song", 3, -1, MM_ERR_NOT_FOUND},
        {"l.csv", "\"\n\n\n", "names 1 songs", 2, -1, MM_ERR_INPUT},
        {"l.csv", "path,x\n", "names 0 songs", 2, -1, MM_ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int result = import(library, cases[i].name, cases[i].list, cases[i].rows, cases[i].bad,
                            &report, &err);
        if (result != cases[i].code || !strstr(err.message, cases[i].words))
            fail_msg("%zu: %d, %s", i, result, err.message);
        for (int64_t song = 1; song <= 4; song++)
            assert_true(first_value(library, song) == -1);
    }
    struct mm_import what = {.vectors = "x", .songs = "y", .model = "timbre"};
    assert_int_equal(mm_import_vectors(library->catalog, &what, &report, &err), MM_ERR_USAGE);
    what.model = "a+b";
    assert_int_equal(mm_import_vectors(library->catalog, &what, &report, &err), MM_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test_setup_teardown(test_import, open_library, close_library),
        cmocka_unit_test_setup_teardown(test_nothing_by_halves, open_library, close_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
