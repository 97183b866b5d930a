/* SPDX-License-Identifier: BSD-2-Clause */
/* raw.h - past the catalog, straight to its file: to look and to damage. */
#ifndef TESTS_CATALOG_RAW_H
#define TESTS_CATALOG_RAW_H

#include <sqlite3.h>

#include "catalog_check.h"

/* Takes the step of origins (sqlite_schema.c) back, so that a library looks as older programs made
 * it. */
#define RAW_UNDO_FACTS   "DROP TABLE setting; DROP TABLE fact;"
#define RAW_UNDO_HONESTY RAW_UNDO_FACTS "ALTER TABLE map_song DROP COLUMN honesty;"
#define RAW_UNDO_ORIGINS \
    RAW_UNDO_HONESTY "DROP TABLE origin; DROP TABLE done; ALTER TABLE song DROP COLUMN file;"

static inline char *library_file(const char *folder)
{
    char *path = malloc(strlen(folder) + 32);
    sprintf(path, "%s/catalog.sqlite", folder);
    return path;
}

static inline sqlite3 *raw_open(const char *folder)
{
    char *path = library_file(folder);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    free(path);
    return db;
}

/* Runs sql past all checks; the library may be open elsewhere. */
static inline void raw_run(const char *folder, const char *sql)
{
    sqlite3 *db = raw_open(folder);
    sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", 0, 0, 0);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static inline int64_t raw_int(const char *folder, const char *sql)
{
    sqlite3 *db = raw_open(folder);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* The engine's own word that no page, index or reference is broken. */
static inline void assert_sound(const char *folder)
{
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM pragma_integrity_check "
                                     "WHERE integrity_check <> 'ok'"),
                     0);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#endif
