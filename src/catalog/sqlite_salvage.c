/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sqlite_salvage.c - what can still be read of a damaged catalog, into a new one.
 *
 * A table is read from its front until a damaged page, then from its back until one. Between the
 * two, tables that are counted (their rows have numbers, and the pages above the leaves find them)
 * are asked number by number: only the rows of damaged leaves are lost. Tables go in the order in
 * which they hang on one another; what hangs on a lost row is refused by the new catalog.
 */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/care.h"
#include "catalog/copy.h"
#include "catalog/sqlite_file.h"

enum { MAX_MISSES = 100000, BATCH = 4096 };

struct salvage {
    sqlite3 *old, *fresh;
    const char *old_name, *fresh_name;
    const struct mm_progress *progress;
    struct mm_salvage_report *report;
    sqlite3_stmt *insert;
    int columns;
    size_t written; /* since the last commit */
};

/* ---- the question a table is asked ---- */

static bool has_column(sqlite3 *db, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

/* Its columns; NULL for those that an older program's table lacks. False: there is no such table.
 */
static bool list_columns(struct salvage *s, const struct mm_store_table *table,
                         struct mm_text *list)
{
    bool any = false;
    char *names = mm_strdup(table->columns);
    for (char *rest = names, *name; rest && (name = strsep(&rest, ","));) {
        name += strspn(name, " ");
        bool there = has_column(s->old, table->name, name);
        any = any || there;
        mm_text_addf(list, "%s%s", list->length ? ", " : "", there ? name : "NULL");
    }
    list->failed = list->failed || !names;
    free(names);
    return any;
}

/* ORDER BY of its select, each term turned round for the way back. */
static void add_order(struct mm_text *sql, const struct mm_store_table *table, bool numbered,
                      bool back)
{
    mm_text_add(sql, " ORDER BY ");
    if (numbered) {
        mm_text_add(sql, back ? "rowid DESC" : "rowid");
        return;
    }
    char *terms = mm_strdup(strstr(table->select, " ORDER BY ") + strlen(" ORDER BY "));
    const char *between = "";
    for (char *rest = terms, *term; rest && (term = strsep(&rest, ",")); between = ", ")
        mm_text_addf(sql, "%s%s%s", between, term + strspn(term, " "), back ? " DESC" : "");
    sql->failed = sql->failed || !terms;
    free(terms);
}

/* ---- rows ---- */

/* Into the new catalog; a negative result is of the new one, not of the row. */
static int put_row(struct salvage *s, sqlite3_stmt *row, struct mm_error *err)
{
    for (int i = 0; i < s->columns; i++)
        sqlite3_bind_value(s->insert, i + 1, sqlite3_column_value(row, i + 1)); /* 0: its number */
    int code = sqlite3_step(s->insert);
    sqlite3_reset(s->insert);
    if ((code & 0xff) == SQLITE_CONSTRAINT || (code & 0xff) == SQLITE_MISMATCH) {
        s->report->refused++;
        return 0;
    }
    if (code != SQLITE_DONE)
        return mm_sqlite_file_error(s->fresh, s->fresh_name, code, err);
    s->report->rows++;
    mm_progress_update(s->progress, "saving rows", s->report->rows, 0);
    if (mm_progress_cancelled(s->progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    if (++s->written % BATCH != 0)
        return 0;
    code = sqlite3_exec(s->fresh, "COMMIT; BEGIN", NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : mm_sqlite_file_error(s->fresh, s->fresh_name, code, err);
}

/* Reads on until the end (*whole) or a damaged page; *last is the number of the last row. */
static int read_on(struct salvage *s, sqlite3_stmt *row, sqlite3_int64 *last, bool *whole,
                   struct mm_error *err)
{
    int result = 0;
    int code = SQLITE_ROW;
    while (result == 0 && (code = sqlite3_step(row)) == SQLITE_ROW) {
        *last = sqlite3_column_int64(row, 0);
        result = put_row(s, row, err);
    }
    *whole = code == SQLITE_DONE;
    return result;
}

static sqlite3_stmt *ask(sqlite3 *db, struct mm_text *sql)
{
    sqlite3_stmt *row = NULL;
    if (!sql->failed)
        sqlite3_prepare_v2(db, sql->data, -1, &row, NULL);
    mm_text_finish(sql);
    return row;
}

/* Whether its rows have numbers of their own. */
static bool is_numbered(sqlite3 *db, const struct mm_store_table *table)
{
    struct mm_text sql = {0};
    mm_text_addf(&sql, "SELECT rowid FROM %s", table->name);
    sqlite3_stmt *row = ask(db, &sql);
    sqlite3_finalize(row);
    return row != NULL;
}

/* The highest number a table can hold: of the last row that the back could read, else the last one
 * that was given. */
static sqlite3_int64 last_number(struct salvage *s, const struct mm_store_table *table,
                                 sqlite3_int64 read)
{
    sqlite3_stmt *row = NULL;
    sqlite3_int64 last = 0;
    if (read < INT64_MAX)
        return read;
    if (sqlite3_prepare_v2(s->old, "SELECT seq FROM sqlite_sequence WHERE name = ?1", -1, &row,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_text(row, 1, table->name, -1, SQLITE_STATIC);
        if (sqlite3_step(row) == SQLITE_ROW)
            last = sqlite3_column_int64(row, 0) + 1;
    }
    sqlite3_finalize(row);
    return last;
}

/* Numbers between those that front and back could read, one by one; not on and on where the pages
 * that lead to them are lost. */
static int fill_gap(struct salvage *s, const struct mm_store_table *table, const char *columns,
                    const sqlite3_int64 ends[2], struct mm_error *err)
{
    struct mm_text sql = {0};
    mm_text_addf(&sql, "SELECT rowid, %s FROM %s WHERE rowid = ?1", columns, table->name);
    sqlite3_stmt *row = ask(s->old, &sql);
    sqlite3_int64 before = last_number(s, table, ends[1]);
    int result = 0;
    int misses = 0;
    for (sqlite3_int64 id = ends[0] + 1; row && id < before && result == 0 && misses < MAX_MISSES;
         id++) {
        sqlite3_bind_int64(row, 1, id);
        int code = sqlite3_step(row);
        misses = code == SQLITE_ROW ? 0 : misses + 1;
        if (code == SQLITE_ROW)
            result = put_row(s, row, err);
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    return result;
}

static int read_table(struct salvage *s, const struct mm_store_table *table, const char *columns,
                      struct mm_error *err)
{
    sqlite3_int64 ends[2] = {0, INT64_MAX};
    bool numbered = is_numbered(s->old, table);
    bool whole = false;
    int result = 0;
    for (int back = 0; back < 2 && !whole && result == 0; back++) {
        struct mm_text sql = {0};
        mm_text_addf(&sql, "SELECT %s, %s FROM %s NOT INDEXED", numbered ? "rowid" : "0", columns,
                     table->name);
        add_order(&sql, table, numbered, back);
        sqlite3_stmt *row = ask(s->old, &sql);
        if (row)
            result = read_on(s, row, &ends[back], &whole, err);
        sqlite3_finalize(row);
        s->report->torn += !whole && !back;
    }
    return !whole && numbered && result == 0 ? fill_gap(s, table, columns, ends, err) : result;
}

static int save_table(struct salvage *s, const struct mm_store_table *table, struct mm_error *err)
{
    struct mm_text columns = {0};
    int result = 0;
    bool there = list_columns(s, table, &columns); /* an older program's catalog may lack it */
    if (columns.failed)
        result = mm_no_memory(err);
    if (there && result == 0) {
        int code = sqlite3_prepare_v2(s->fresh, table->insert, -1, &s->insert, NULL);
        s->columns = (int)strlen(table->kinds);
        result = code == SQLITE_OK ? read_table(s, table, columns.data, err)
                                   : mm_sqlite_file_error(s->fresh, s->fresh_name, code, err);
        sqlite3_finalize(s->insert);
        s->insert = NULL;
    }
    mm_text_finish(&columns);
    return result;
}

int mm_sqlite_salvage(const char *damaged, const char *fresh, const struct mm_progress *progress,
                      struct mm_salvage_report *report, struct mm_error *err)
{
    struct salvage s = {
        .old_name = damaged, .fresh_name = fresh, .progress = progress, .report = report};
    int result = mm_sqlite_file_open(damaged, SQLITE_OPEN_READWRITE, &s.old, err);
    if (result == 0) /* the old file stays as it is, and its journal with it */
        sqlite3_db_config(s.old, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    if (result == 0)
        result = mm_sqlite_file_open(fresh, SQLITE_OPEN_READWRITE, &s.fresh, err);
    if (result == 0 &&
        sqlite3_exec(s.fresh, "PRAGMA foreign_keys = ON; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        result = mm_sqlite_file_error(s.fresh, fresh, sqlite3_errcode(s.fresh), err);
    for (const struct mm_store_table *t = mm_catalog_tables(); t->name && result == 0; t++)
        result = save_table(&s, t, err);
    for (const struct mm_bad_rows *bad = mm_bad_rows; bad->what && result == 0; bad++) {
        int code = sqlite3_exec(s.fresh, bad->remove, NULL, NULL, NULL);
        result = code == SQLITE_OK ? 0 : mm_sqlite_file_error(s.fresh, fresh, code, err);
        report->refused += (size_t)sqlite3_changes(s.fresh);
    }
    if (result == 0) {
        int code = sqlite3_exec(s.fresh, "COMMIT", NULL, NULL, NULL);
        result = code == SQLITE_OK ? 0 : mm_sqlite_file_error(s.fresh, fresh, code, err);
    }
    sqlite3_close(s.fresh);
    sqlite3_close(s.old);
    return result;
}
