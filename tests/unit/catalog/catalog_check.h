/* SPDX-License-Identifier: BSD-2-Clause */
/* catalog_check.h - a library in a temporary folder (or in PostgreSQL, its files in the folder),
 * and songs to put into it. */
#ifndef TESTS_CATALOG_CHECK_H
#define TESTS_CATALOG_CHECK_H

#include "both_stores.h"

#include "musicmap/catalog.h"

struct library {
    char *folder;
    struct mm_catalog *catalog;
    struct mm_error err;
};

static const struct mm_vector_kind timbre = {"timbre", "v1 pool=mean", ""};
static const char measure_settings[] = "excerpt=30 peak=sample";

static inline const char *library_name(const struct library *library)
{
    return check_postgres ? check_postgres : library->folder;
}

static inline int library_open(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    library->folder = check_make_folder();
    if (check_postgres) {
        check_sql(check_postgres, "DROP SCHEMA IF EXISTS musicmap CASCADE");
        setenv("MUSICMAP_FILES", library->folder, 1);
    }
    assert_ok(mm_catalog_open(library_name(library), true, &library->catalog, &library->err),
              &library->err);
    *state = library;
    return 0;
}

static inline int library_close(void **state)
{
    struct library *library = *state;
    mm_catalog_close(library->catalog);
    check_remove_folder(library->folder);
    free(library);
    return 0;
}

static inline void library_reopen(struct library *library)
{
    mm_catalog_close(library->catalog);
    assert_ok(mm_catalog_open(library_name(library), false, &library->catalog, &library->err),
              &library->err);
}

/* Adds a song with this key, title and artist (NULL = none); returns its id. */
static inline int64_t add_song(struct library *library, const char *key, const char *artist,
                               const char *title)
{
    struct mm_song song = {.source = "folder",
                           .key = (char *)key,
                           .size = 1000,
                           .mtime_ns = 5,
                           .duration_s = 10.0,
                           .tags = {.title = (char *)title, .artist = (char *)artist}};
    assert_ok(mm_catalog_add_song(library->catalog, &song, &library->err), &library->err);
    assert_true(song.id > 0);
    return song.id;
}

static inline struct mm_measure some_measure(void)
{
    return (struct mm_measure){.excerpt_start_s = 1.5,
                               .excerpt_length_s = 30.0,
                               .onset_s = 2.25,
                               .loudness_lufs = -14.125,
                               .peak_dbfs = -0.5,
                               .tempo_bpm = 120.5,
                               .tempo_confidence = 0.75,
                               .key = 11,
                               .mode = MM_MODE_MAJOR,
                               .key_confidence = 0.25,
                               .intensity = 0.5};
}

static inline void embed_song(struct library *library, int64_t id)
{
    struct mm_measure measure = some_measure();
    float values[3] = {(float)id, 0.5f, -1.0f};
    assert_ok(
        mm_catalog_put_measure(library->catalog, id, measure_settings, &measure, &library->err),
        &library->err);
    assert_ok(mm_catalog_put_vector(library->catalog, id, &timbre, values, 3, &library->err),
              &library->err);
}

#endif
