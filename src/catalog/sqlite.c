/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sqlite.c - the embedded store.
 *
 * WAL: readers (the page) never wait for the writer (gather, embed). synchronous = FULL: a commit
 * that returned is on the disk; callers put many rows into one transaction, so that it costs one
 * fsync a batch. No memory map: a file cut short by someone else would be SIGBUS, not an error.
 */
#include "catalog/store.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/engine.h"
#include "catalog/sqlite.h"

enum {
    BUSY_MS = 10000,
    BUSY_ROUND_MS = 20,
    MAX_PATH_BYTES = 500,       /* SQLite takes 512 with what it puts behind the name */
    MAX_VALUE_BYTES = 64 << 20, /* a damaged length must not make us allocate a gigabyte */
};

struct sqlite_statement {
    struct mm_statement base;
    const char *sql;
    sqlite3_stmt *handle;
    struct mm_statement *next; /* in the store's cache */
    bool busy;
    bool cached;
    int bind_fault; /* first SQLITE_* code of a bind */
};

struct sqlite_store {
    struct mm_store base;
    char *file;
    sqlite3 *db;
    struct mm_statement *cache; /* some forty */
};

static struct sqlite_store *of(const struct mm_store *store)
{
    return (struct sqlite_store *)store; /* base is its first member */
}

static struct sqlite_statement *at(const struct mm_statement *statement)
{
    return (struct sqlite_statement *)statement;
}

static const char *sqlite_name(const struct mm_store *store)
{
    return of(store)->file;
}

/* IMMEDIATE: to wait for the writer's lock at the start, not to fail in the middle. */
static const char sql_begin_write[] = "BEGIN IMMEDIATE";
static const char sql_begin_read[] = "BEGIN";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";
static const char sql_savepoint[] = "SAVEPOINT call";
static const char sql_rollback_to[] = "ROLLBACK TO call";
static const char sql_release[] = "RELEASE call";

/* ---- errors ---- */

static int constraint_error(const struct mm_store *store, int extended, struct mm_error *err)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return mm_error_set(err, MM_ERR_USAGE, "is in the library already (%s)",
                            sqlite3_errmsg(of(store)->db));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return mm_error_set(err, MM_ERR_NOT_FOUND, "what this belongs to is not in the library");
    default:
        return mm_error_set(err, MM_ERR_INPUT, "the library refuses a value (%s)",
                            sqlite3_errmsg(of(store)->db));
    }
}

static int store_error(const struct mm_store *store, int code, struct mm_error *err)
{
    const char *said = sqlite3_errmsg(of(store)->db);
    int fault = sqlite3_system_errno(of(store)->db);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return mm_error_set(err, MM_ERR_AGAIN,
                            "%s: another musicmap is writing to it; try again when it is done",
                            of(store)->file);
    case SQLITE_NOMEM:
        return mm_no_memory(err);
    case SQLITE_FULL:
        return mm_error_set(err, MM_ERR_IO, "%s: the disk is full", of(store)->file);
    case SQLITE_READONLY:
        return mm_error_set(err, MM_ERR_IO, "%s: may not be written to (%s)", of(store)->file,
                            said);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return mm_error_set(err, MM_ERR_IO, "%s: %s%s%s", of(store)->file, said, fault ? ": " : "",
                            fault ? strerror(fault) : "");
    case SQLITE_TOOBIG:
        return mm_error_set(err, MM_ERR_LIMIT, "a value is too large for the library");
    case SQLITE_CONSTRAINT:
        return constraint_error(store, sqlite3_extended_errcode(of(store)->db), err);
    case SQLITE_NOTADB:
        return mm_error_set(err, MM_ERR_INPUT, "%s is not a musicmap library", of(store)->file);
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_ERROR: /* our statements are right, so the tables are not */
    case SQLITE_SCHEMA:
        return mm_error_set(err, MM_ERR_INPUT,
                            "%s is damaged (%s): 'musicmap doctor' says what can be saved",
                            of(store)->file, said);
    default:
        return mm_error_set(err, MM_ERR_BUG, "%s: SQLite error %d (%s)", of(store)->file, code,
                            said);
    }
}

/* ---- setting up ---- */

static int sqlite_exec(struct mm_store *store, const char *sql, struct mm_error *err)
{
    int code = sqlite3_exec(of(store)->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

/*
 * The switch to WAL needs the file for itself and does not call the busy handler, so two programs
 * that open a new library together would see "locked". Once it is WAL this is no write at all.
 */
static int use_wal(struct mm_store *store, struct mm_error *err)
{
    int code = SQLITE_OK;
    for (int waited = 0; waited <= BUSY_MS; waited += BUSY_ROUND_MS) {
        code = sqlite3_exec(of(store)->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code != SQLITE_BUSY)
            break;
        nanosleep(&(struct timespec){.tv_nsec = BUSY_ROUND_MS * 1000000L}, NULL);
    }
    return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

/* The file may come from anywhere: nothing in its schema may run code of its own. */
static int distrust(struct mm_store *store, struct mm_error *err)
{
    static const int off[] = {
        SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
        SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML,
        SQLITE_DBCONFIG_DQS_DDL,        SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
    int code = sqlite3_db_config(of(store)->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    for (size_t i = 0; i < sizeof off / sizeof *off && code == SQLITE_OK; i++)
        code = sqlite3_db_config(of(store)->db, off[i], 0, (int *)NULL);
    sqlite3_limit(of(store)->db, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    sqlite3_limit(of(store)->db, SQLITE_LIMIT_ATTACHED, 0);
    return code == SQLITE_OK ? 0 : store_error(store, code, err);
}

static void sqlite_close(struct mm_store *store)
{
    if (!store)
        return;
    while (of(store)->cache) {
        struct mm_statement *first = of(store)->cache;
        of(store)->cache = at(first)->next;
        sqlite3_finalize(at(first)->handle);
        free(first);
    }
    sqlite3_close(of(store)->db);
    free(of(store)->file);
    free(store);
}

/* ---- statements ---- */

static struct mm_statement *find_cached(const struct mm_store *store, const char *sql)
{
    struct mm_statement *statement = of(store)->cache;
    /* What is freed was never in this list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    while (statement && at(statement)->sql != sql)
        statement = at(statement)->next;
    return statement;
}

static int sqlite_prepare(struct mm_store *store, const char *sql, struct mm_statement **out,
                          struct mm_error *err)
{
    *out = NULL;
    struct mm_statement *statement = find_cached(store, sql);
    if (statement && !at(statement)->busy) {
        at(statement)->busy = true;
        *out = statement;
        return 0;
    }
    /* A callback that asks the question it is called for gets a statement of its own. */
    bool cache = !statement;
    struct sqlite_statement *made = calloc(1, sizeof *made);
    if (!made)
        return mm_no_memory(err);
    statement = &made->base;
    int code = sqlite3_prepare_v3(of(store)->db, sql, -1, cache ? SQLITE_PREPARE_PERSISTENT : 0,
                                  &at(statement)->handle, NULL);
    if (code != SQLITE_OK) {
        free(made);
        return store_error(store, code, err);
    }
    statement->store = store;
    at(statement)->sql = sql;
    at(statement)->busy = true;
    at(statement)->cached = cache;
    if (cache) {
        at(statement)->next = of(store)->cache;
        of(store)->cache = statement;
    }
    *out = statement;
    return 0;
}

static void sqlite_release(struct mm_statement *statement)
{
    if (!statement)
        return;
    if (!at(statement)->cached) {
        sqlite3_finalize(at(statement)->handle);
        free(statement);
        return;
    }
    sqlite3_reset(at(statement)->handle);
    sqlite3_clear_bindings(at(statement)->handle);
    at(statement)->bind_fault = SQLITE_OK;
    at(statement)->busy = false;
}

static void note_bind(struct mm_statement *statement, int code)
{
    if (at(statement)->bind_fault == SQLITE_OK)
        at(statement)->bind_fault = code;
}

static void sqlite_bind_int(struct mm_statement *statement, int index, int64_t value)
{
    note_bind(statement, sqlite3_bind_int64(at(statement)->handle, index, value));
}

static void sqlite_bind_real(struct mm_statement *statement, int index, double value)
{
    note_bind(statement, sqlite3_bind_double(at(statement)->handle, index, value));
}

static void sqlite_bind_text(struct mm_statement *statement, int index, const char *text)
{
    note_bind(statement, sqlite3_bind_text64(at(statement)->handle, index, text,
                                             text ? strlen(text) : 0, SQLITE_STATIC, SQLITE_UTF8));
}

static void sqlite_bind_bytes(struct mm_statement *statement, int index, const void *bytes,
                              size_t count)
{
    /* A null pointer would bind NULL, not zero bytes. */
    note_bind(statement, sqlite3_bind_blob64(at(statement)->handle, index, count ? bytes : "",
                                             count, SQLITE_STATIC));
}

static int sqlite_step(struct mm_statement *statement, struct mm_error *err)
{
    int code = at(statement)->bind_fault;
    if (code == SQLITE_OK)
        code = sqlite3_step(at(statement)->handle);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE)
        return 0;
    return store_error(statement->store, code, err);
}

static size_t sqlite_changes(const struct mm_store *store)
{
    return (size_t)sqlite3_changes64(of(store)->db);
}

static bool sqlite_column_is_null(struct mm_statement *statement, int column)
{
    return sqlite3_column_type(at(statement)->handle, column) == SQLITE_NULL;
}

static int64_t sqlite_column_int(struct mm_statement *statement, int column)
{
    return sqlite3_column_int64(at(statement)->handle, column);
}

static double sqlite_column_real(struct mm_statement *statement, int column)
{
    return sqlite3_column_double(at(statement)->handle, column);
}

static const char *sqlite_column_text(struct mm_statement *statement, int column)
{
    return (const char *)sqlite3_column_text(at(statement)->handle, column);
}

static const void *sqlite_column_bytes(struct mm_statement *statement, int column, size_t *count)
{
    const void *bytes = sqlite3_column_blob(at(statement)->handle, column);
    *count = bytes ? (size_t)sqlite3_column_bytes(at(statement)->handle, column) : 0;
    return bytes;
}

/* ---- transactions ---- */

static int run_plain(struct mm_store *store, const char *sql, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = sqlite_prepare(store, sql, &statement, err);
    if (!statement)
        return result;
    result = mm_statement_run(statement, err);
    sqlite_release(statement);
    return result;
}

static bool sqlite_in_transaction(const struct mm_store *store)
{
    return !sqlite3_get_autocommit(of(store)->db);
}

static int sqlite_begin(struct mm_store *store, enum mm_store_access access, struct mm_error *err)
{
    /* One that there was no memory to roll back is still open. */
    int result = sqlite_in_transaction(store) ? run_plain(store, sql_rollback, err) : 0;
    if (result < 0)
        return result;
    return run_plain(store, access == MM_STORE_READ ? sql_begin_read : sql_begin_write, err);
}

static int sqlite_commit(struct mm_store *store, struct mm_error *err)
{
    return run_plain(store, sql_commit, err);
}

static void sqlite_rollback(struct mm_store *store)
{
    if (sqlite_in_transaction(store))
        run_plain(store, sql_rollback, NULL);
}

static int sqlite_savepoint(struct mm_store *store, struct mm_error *err)
{
    return run_plain(store, sql_savepoint, err);
}

static int sqlite_savepoint_release(struct mm_store *store, struct mm_error *err)
{
    return run_plain(store, sql_release, err);
}

static void sqlite_savepoint_rollback(struct mm_store *store)
{
    if (run_plain(store, sql_rollback_to, NULL) < 0 || run_plain(store, sql_release, NULL) < 0)
        sqlite_rollback(store);
}

/* ---- opening ---- */

static const struct mm_engine engine = {
    .close = sqlite_close,
    .name = sqlite_name,
    .exec = sqlite_exec,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .savepoint = sqlite_savepoint,
    .savepoint_release = sqlite_savepoint_release,
    .savepoint_rollback = sqlite_savepoint_rollback,
    .changes = sqlite_changes,
    .prepare = sqlite_prepare,
    .release = sqlite_release,
    .bind_int = sqlite_bind_int,
    .bind_real = sqlite_bind_real,
    .bind_text = sqlite_bind_text,
    .bind_bytes = sqlite_bind_bytes,
    .step = sqlite_step,
    .column_is_null = sqlite_column_is_null,
    .column_int = sqlite_column_int,
    .column_real = sqlite_column_real,
    .column_text = sqlite_column_text,
    .column_bytes = sqlite_column_bytes,
};

/* What undoes things must not need memory on the day it is called. */
static int prepare_transactions(struct mm_store *store, struct mm_error *err)
{
    static const char *const all[] = {sql_begin_write, sql_begin_read,  sql_commit, sql_rollback,
                                      sql_savepoint,   sql_rollback_to, sql_release};
    int result = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all && result == 0; i++) {
        struct mm_statement *statement;
        result = sqlite_prepare(store, all[i], &statement, err);
        sqlite_release(statement);
    }
    return result;
}

static int set_up(struct mm_store *store, struct mm_error *err)
{
    int result = distrust(store, err);
    if (result < 0)
        return result;
    sqlite3_busy_timeout(of(store)->db, BUSY_MS);
    if (sqlite3_db_readonly(of(store)->db, "main") == 1)
        return mm_error_set(err, MM_ERR_IO, "%s: you may not write to it", of(store)->file);
    /* page_size: three vectors of 512 values a page instead of one; it counts for new files only.
     */
    result = sqlite_exec(store,
                         "PRAGMA page_size = 8192;"
                         "PRAGMA mmap_size = 0;"
                         "PRAGMA cell_size_check = ON;"
                         "PRAGMA synchronous = FULL;"
                         "PRAGMA foreign_keys = ON",
                         err);
    if (result == 0)
        result = mm_sqlite_migrate(store, err);
    if (result == 0)
        result = use_wal(store, err);
    if (result == 0)
        result = sqlite_exec(store,
                             "PRAGMA cache_size = -16000;"
                             "PRAGMA temp_store = MEMORY;"
                             "PRAGMA journal_size_limit = 67108864",
                             err);
    if (result == 0)
        result = prepare_transactions(store, err);
    return result;
}

int mm_sqlite_open(const char *file, bool create, struct mm_store **out, struct mm_error *err)
{
    *out = NULL;
    if (strlen(file) > MAX_PATH_BYTES)
        return mm_error_set(err, MM_ERR_LIMIT,
                            "the library's path is too long: %zu bytes, at most %d are possible",
                            strlen(file), MAX_PATH_BYTES);
    struct sqlite_store *made = calloc(1, sizeof *made);
    if (!made || !(made->file = mm_strdup(file))) {
        free(made);
        return mm_no_memory(err);
    }
    made->base.engine = &engine;
    struct mm_store *store = &made->base;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(file, &of(store)->db, flags, NULL);
    int result;
    if (!of(store)->db)
        result = mm_no_memory(err);
    else if (code != SQLITE_OK)
        result = store_error(store, code, err);
    else
        result = set_up(store, err);
    if (result < 0) {
        sqlite_close(store);
        return result;
    }
    *out = store;
    return 0;
}
