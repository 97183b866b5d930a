/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors that were computed elsewhere: all of the array is checked before the first row is
 * written, and everything is written in one transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/embed.h"
#include "musicmap/join.h"
#include "musicmap/work.h"
#include "work/npy.h"
#include "work/song_list.h"

#define FILE_LIMIT  ((size_t)4 << 30)
#define MOST_VALUES 65536 /* of a vector */

struct import {
    const struct mm_import *what;
    struct mm_import_report *report;
    char *bytes;
    struct mm_npy array;
    struct mm_song_list list;
    int64_t *songs; /* [rows] 0 = none */
    float *row;     /* [columns] */
};

static int check_name(const char *model, struct mm_error *err)
{
    if (!mm_join_is_name(model))
        return mm_error_set(err, MM_ERR_USAGE,
                            "\"%.80s\" cannot be a model's name: letters, digits, . _ and - can",
                            model);
    if (mm_model_find(model))
        return mm_error_set(err, MM_ERR_USAGE,
                            "%s is a model of musicmap's own; imported vectors need another name",
                            model);
    return 0;
}

static int read_array(struct import *in, struct mm_error *err)
{
    size_t size;
    int result = mm_file_read(in->what->vectors, FILE_LIMIT, &in->bytes, &size, err);
    if (result < 0)
        return result;
    result = mm_npy_parse((const unsigned char *)in->bytes, size, &in->array, err);
    if (result < 0)
        return mm_error_prefix(err, "%s", in->what->vectors);
    if (in->array.columns > MOST_VALUES)
        return mm_error_set(err, MM_ERR_LIMIT, "%s: a vector of %zu values is too long (%d)",
                            in->what->vectors, in->array.columns, MOST_VALUES);
    in->row = mm_calloc3(in->array.columns, sizeof *in->row, 1);
    if (!in->row)
        return mm_no_memory(err);
    for (size_t i = 0; i < in->array.rows; i++)
        if (!mm_npy_row(&in->array, i, in->row))
            return mm_error_set(err, MM_ERR_INPUT,
                                "%s: row %zu holds a value that is no finite number: nothing was "
                                "imported",
                                in->what->vectors, i + 1);
    in->report->rows = in->array.rows;
    in->report->values = in->array.columns;
    return 0;
}

static int compare_ids(const void *one, const void *two)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)two;
    return (a > b) - (a < b);
}

/* Sets in->songs; a name that is none, or was given before, is told. */
static int match(struct import *in, struct mm_catalog *catalog, struct mm_error *err)
{
    const char *slash = strrchr(in->what->songs, '/');
    char *folder =
        slash ? mm_strndup(in->what->songs, (size_t)(slash - in->what->songs) + 1) : mm_strdup(".");
    struct mm_song_finder *finder = NULL;
    int result = folder ? mm_song_finder_create(catalog, folder, &finder, err) : mm_no_memory(err);
    for (size_t i = 0; i < in->list.n && result == 0; i++) {
        const char *why;
        in->songs[i] = mm_song_finder_find(finder, in->list.names[i], &why);
        if (in->songs[i] == 0 && in->what->unmatched)
            in->what->unmatched(in->what->ctx, in->list.line[i], in->list.names[i], why);
        in->report->matched += in->songs[i] != 0;
    }
    mm_song_finder_destroy(finder);
    free(folder);
    in->report->unmatched = in->list.n - in->report->matched;
    return result;
}

/* Two rows for one song: nobody can know which is right. */
static int check_twice(const struct import *in, struct mm_error *err)
{
    int64_t *sorted = mm_calloc3(in->list.n, sizeof *sorted, 1);
    if (!sorted)
        return mm_no_memory(err);
    memcpy(sorted, in->songs, in->list.n * sizeof *sorted);
    qsort(sorted, in->list.n, sizeof *sorted, compare_ids);
    int64_t twice = 0;
    for (size_t i = 1; i < in->list.n && !twice; i++)
        if (sorted[i] == sorted[i - 1])
            twice = sorted[i];
    free(sorted);
    size_t lines[2] = {0};
    size_t found = 0;
    for (size_t i = 0; twice && i < in->list.n && found < 2; i++)
        if (in->songs[i] == twice)
            lines[found++] = in->list.line[i];
    return twice ? mm_error_set(err, MM_ERR_INPUT,
                                "%s names the same song in lines %zu and %zu: nothing was imported",
                                in->what->songs, lines[0], lines[1])
                 : 0;
}

static int find_songs(struct import *in, struct mm_catalog *catalog, struct mm_error *err)
{
    int result = mm_song_list_read(in->what->songs, &in->list, err);
    if (result < 0)
        return result;
    if (in->list.n != in->array.rows)
        return mm_error_set(err, MM_ERR_INPUT, "%s names %zu songs, but %s has %zu rows",
                            in->what->songs, in->list.n, in->what->vectors, in->array.rows);
    in->songs = mm_calloc3(in->list.n, sizeof *in->songs, 1);
    if (!in->songs)
        return mm_no_memory(err);
    result = match(in, catalog, err);
    if (result == 0 && in->report->matched == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "%s names no song of this library: paths as \"musicmap gather\" saw "
                              "them are understood, or the last parts of them",
                              in->what->songs);
    return result == 0 ? check_twice(in, err) : result;
}

static int write_rows(struct import *in, struct mm_catalog *catalog, struct mm_error *err)
{
    const struct mm_vector_kind kind = {
        .model = in->what->model, .settings = "imported", .segment = ""};
    int result = mm_catalog_begin(catalog, err);
    if (result < 0)
        return result;
    for (size_t i = 0; i < in->array.rows && result == 0; i++) {
        if (in->songs[i] == 0)
            continue;
        mm_npy_row(&in->array, i, in->row);
        result =
            mm_catalog_put_vector(catalog, in->songs[i], &kind, in->row, in->array.columns, err);
    }
    int64_t *ids = NULL;
    if (result == 0)
        result = mm_catalog_todo(catalog, NULL, &kind, true, &ids, &in->report->lacking, err);
    free(ids);
    if (result == 0)
        result = mm_catalog_commit(catalog, err);
    if (result < 0)
        mm_catalog_rollback(catalog);
    return result;
}

int mm_import_vectors(struct mm_catalog *catalog, const struct mm_import *what,
                      struct mm_import_report *report, struct mm_error *err)
{
    *report = (struct mm_import_report){0};
    struct import in = {.what = what, .report = report};
    int result = check_name(what->model, err);
    if (result == 0)
        result = read_array(&in, err);
    if (result == 0)
        result = find_songs(&in, catalog, err);
    if (result == 0)
        result = write_rows(&in, catalog, err);
    free(in.row);
    free(in.songs);
    mm_song_list_finish(&in.list);
    free(in.bytes);
    return result;
}
