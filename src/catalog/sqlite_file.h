/* SPDX-License-Identifier: BSD-2-Clause */
/* sqlite_file.h - what sqlite_care.c and sqlite_salvage.c share; nothing else includes this. */
#ifndef CATALOG_SQLITE_FILE_H
#define CATALOG_SQLITE_FILE_H

#include <sqlite3.h>

#include "musicmap/error.h"

/* Opens a file that need not be sound; *db is NULL when that fails. */
int mm_sqlite_file_open(const char *file, int flags, sqlite3 **db, struct mm_error *err);
int mm_sqlite_file_error(sqlite3 *db, const char *file, int code, struct mm_error *err);

/* Rows that no sound library has, though every page is. */
struct mm_bad_rows {
    const char *what, *count, *remove; /* SQL; what is told is behind the count */
};
extern const struct mm_bad_rows mm_bad_rows[]; /* the last has no what */

#endif
