/* SPDX-License-Identifier: BSD-2-Clause */
#include "catalog/care.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/sqlite_file.h"

enum {
    BUSY_MS = 10000,
    PAGES = 1024,   /* copied from one look at the progress to the next */
    MAX_LINES = 20, /* of what is damaged, told one by one */
    APPLICATION_ID = 0x4d4d6170
};

int mm_sqlite_file_error(sqlite3 *db, const char *file, int code, struct mm_error *err)
{
    const char *said = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    int fault = db ? sqlite3_system_errno(db) : 0;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return mm_error_set(err, MM_ERR_AGAIN, "%s: another musicmap is writing to it", file);
    case SQLITE_NOMEM:
        return mm_no_memory(err);
    case SQLITE_FULL:
        return mm_error_set(err, MM_ERR_IO, "%s: the disk is full", file);
    case SQLITE_NOTADB:
        return mm_error_set(err, MM_ERR_INPUT, "%s is no database, or its first page is lost",
                            file);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
        return mm_error_set(err, MM_ERR_INPUT, "%s is damaged (%s)", file, said);
    default:
        return mm_error_set(err, MM_ERR_IO, "%s: %s%s%s", file, said, fault ? ": " : "",
                            fault ? strerror(fault) : "");
    }
}

/* The file may come from anywhere: nothing in its schema may run code of its own. */
int mm_sqlite_file_open(const char *file, int flags, sqlite3 **db, struct mm_error *err)
{
    int code = sqlite3_open_v2(file, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        int result = mm_sqlite_file_error(*db, file, code, err);
        sqlite3_close(*db);
        *db = NULL;
        return result;
    }
    sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sqlite3_busy_timeout(*db, BUSY_MS);
    return 0;
}

static int run(sqlite3 *db, const char *file, const char *sql, struct mm_error *err)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : mm_sqlite_file_error(db, file, code, err);
}

/* ---- copying ---- */

static int pour(sqlite3_backup *backup, const struct mm_progress *progress, struct mm_error *err)
{
    int code;
    do {
        code = sqlite3_backup_step(backup, PAGES);
        size_t total = (size_t)sqlite3_backup_pagecount(backup);
        mm_progress_update(progress, "copying the catalog",
                           total - (size_t)sqlite3_backup_remaining(backup), total);
        if (mm_progress_cancelled(progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
            return mm_error_set(err, MM_ERR_AGAIN, "another musicmap is writing to it");
    } while (code == SQLITE_OK);
    return 0; /* what else went wrong, finish() says */
}

int mm_sqlite_clone(const char *from, const char *to, const struct mm_progress *progress,
                    struct mm_error *err)
{
    sqlite3 *source = NULL;
    sqlite3 *target = NULL;
    int result = mm_sqlite_file_open(from, SQLITE_OPEN_READWRITE, &source, err);
    if (result == MM_ERR_IO) /* a backup on a disk that cannot be written to */
        result = mm_sqlite_file_open(from, SQLITE_OPEN_READONLY, &source, err);
    if (result == 0)
        result = mm_sqlite_file_open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &target, err);
    /* A transaction of our own keeps its moment however long it takes, and whoever writes. */
    if (result == 0)
        result = run(source, from, "BEGIN; SELECT count(*) FROM sqlite_schema", err);
    sqlite3_backup *backup = NULL;
    if (result == 0 && !(backup = sqlite3_backup_init(target, "main", source, "main")))
        result = mm_sqlite_file_error(target, to, sqlite3_errcode(target), err);
    if (backup) {
        result = pour(backup, progress, err);
        int code = sqlite3_backup_finish(backup);
        if (result == 0 && code != SQLITE_OK)
            result = mm_sqlite_file_error(target, to, code, err);
    }
    sqlite3_close(target);
    sqlite3_close(source);
    return result;
}

int mm_sqlite_settle(const char *file, struct mm_error *err)
{
    sqlite3 *db = NULL;
    int result = mm_sqlite_file_open(file, SQLITE_OPEN_READWRITE, &db, err);
    if (result == 0)
        result = run(db, file, "PRAGMA journal_mode = DELETE", err);
    sqlite3_close(db);
    if (result < 0)
        return result;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        result = mm_error_errno(err, errno, "%s", file);
    if (fd >= 0)
        close(fd);
    return result;
}

int mm_sqlite_hold(const char *file, struct mm_error *err)
{
    sqlite3 *db = NULL;
    int result = mm_sqlite_file_open(file, SQLITE_OPEN_READWRITE, &db, err);
    if (result < 0)
        return result;
    sqlite3_busy_timeout(db, 1000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) & 0xff;
    sqlite3_close(db);
    return code == SQLITE_BUSY || code == SQLITE_LOCKED
               ? mm_error_set(err, MM_ERR_AGAIN,
                              "%s: another musicmap is writing to it; end it first", file)
               : 0; /* what is damaged cannot be begun either */
}

/* ---- looking ---- */

static void tell(mm_finding_fn *fn, void *ctx, enum mm_finding_kind kind, const char *advice,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void tell(mm_finding_fn *fn, void *ctx, enum mm_finding_kind kind, const char *advice,
                 const char *format, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    mm_text_clean_line(text);
    fn(ctx, &(struct mm_finding){.kind = kind, .what = text, .advice = advice});
}

static int read_int(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    int value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW)
        value = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    return value;
}

static const char rebuild_it[] = "musicmap doctor --rebuild saves what can be read, and keeps the "
                                 "old file; or musicmap restore FILE --replace, from a backup";

/* Lines of integrity_check but "ok". */
static void check_pages(sqlite3 *db, mm_finding_fn *fn, void *ctx)
{
    sqlite3_stmt *row = NULL;
    int lines = 0;
    int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1000)", -1, &row, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(row, 0);
        code = SQLITE_OK;
        if (line && strcmp(line, "ok") != 0 && ++lines <= MAX_LINES)
            tell(fn, ctx, MM_FINDING_DAMAGE, lines == 1 ? rebuild_it : NULL,
                 "the catalog is damaged: %s", line);
    }
    sqlite3_finalize(row);
    if (code != SQLITE_DONE)
        tell(fn, ctx, MM_FINDING_DAMAGE, lines ? NULL : rebuild_it,
             "the catalog cannot be checked to its end: %s", sqlite3_errmsg(db));
    if (lines > MAX_LINES)
        tell(fn, ctx, MM_FINDING_DAMAGE, NULL, "and %d more of that", lines - MAX_LINES);
}

static void check_links(sqlite3 *db, mm_finding_fn *fn, void *ctx)
{
    static const char sql[] =
        "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check() GROUP BY 1, 2";
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK)
        while (sqlite3_step(row) == SQLITE_ROW)
            tell(fn, ctx, MM_FINDING_STRAY, rebuild_it,
                 "%d rows of %s belong to a %s that is not there", sqlite3_column_int(row, 2),
                 (const char *)sqlite3_column_text(row, 0),
                 (const char *)sqlite3_column_text(row, 1));
    sqlite3_finalize(row);
}

#define BAD_VECTOR                                                                \
    "FROM vector WHERE NOT EXISTS (SELECT 1 FROM vector_kind k WHERE k.id = kind" \
    " AND length(data) IN (2 * k.dim, 4 * k.dim))"
#define BAD_PLACE "FROM map_song WHERE NOT (abs(x) < 1e6 AND abs(y) < 1e6)"
#define BAD_NUMBER                                                            \
    "FROM map_song WHERE NOT EXISTS (SELECT 1 FROM map_cluster c WHERE c.map" \
    " = map_song.map AND c.number = map_song.cluster)"
const struct mm_bad_rows mm_bad_rows[] = {
    {"vectors are of the wrong size", "SELECT count(*) " BAD_VECTOR, "DELETE " BAD_VECTOR},
    {"songs of a map lie nowhere", "SELECT count(*) " BAD_PLACE,
     "DELETE FROM map WHERE id IN (SELECT map " BAD_PLACE ")"},
    {"songs of a map are in a country that is not there", "SELECT count(*) " BAD_NUMBER,
     "DELETE FROM map WHERE id IN (SELECT map " BAD_NUMBER ")"},
    {0},
};

static void check_rows(sqlite3 *db, mm_finding_fn *fn, void *ctx)
{
    for (const struct mm_bad_rows *bad = mm_bad_rows; bad->what; bad++) {
        int n = read_int(db, bad->count);
        if (n > 0)
            tell(fn, ctx, MM_FINDING_STRAY, rebuild_it, "%d %s", n, bad->what);
    }
}

/* True: its tables can be looked at. */
static bool check_kind(sqlite3 *db, mm_finding_fn *fn, void *ctx)
{
    int application = read_int(db, "PRAGMA application_id");
    int version = read_int(db, "PRAGMA user_version");
    int known = mm_sqlite_version();
    if (application < 0 || version < 0) {
        tell(fn, ctx, MM_FINDING_DAMAGE, rebuild_it, "the catalog cannot be read: %s",
             sqlite3_errmsg(db));
        return false;
    }
    if (application != APPLICATION_ID) {
        tell(fn, ctx, MM_FINDING_STATE, "name another folder with --library",
             "the file there is a database of another program");
        return false;
    }
    if (version > known)
        tell(fn, ctx, MM_FINDING_STATE, "update musicmap",
             "the catalog was written by a newer musicmap: its tables are of version %d, this "
             "program knows %d",
             version, known);
    return true;
}

int mm_sqlite_examine(const char *file, mm_finding_fn *fn, void *ctx, struct mm_error *err)
{
    sqlite3 *db = NULL;
    if (access(file, R_OK) != 0)
        return mm_error_errno(err, errno, "%s", file);
    if (access(file, W_OK) != 0)
        tell(fn, ctx, MM_FINDING_STATE, "give yourself the right to write to it (chmod, chown)",
             "%s may not be written to: %s", file, strerror(errno));
    int result = mm_sqlite_file_open(file, SQLITE_OPEN_READWRITE, &db, err);
    if (result < 0)
        return result;
    if (check_kind(db, fn, ctx)) {
        check_pages(db, fn, ctx);
        check_links(db, fn, ctx);
        check_rows(db, fn, ctx);
    }
    sqlite3_close(db);
    return 0;
}
