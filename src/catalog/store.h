/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - the seam between what the catalog asks and the engine that answers.
 *
 * Above it, songs.c, vectors.c, ... hold SQL that is kept to what SQLite and PostgreSQL both
 * understand (numbered parameters ?1, ON CONFLICT, RETURNING); below it, one file an engine.
 * An engine implements these calls (engine.h) and brings migrations of its own.
 *
 * Threads: a store belongs to the catalog that locks it; no call here locks.
 */
#ifndef CATALOG_STORE_H
#define CATALOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_store;

/* Does this name a PostgreSQL database ("postgresql://...") and not a path? */
bool mm_store_is_uri(const char *name);

/* Opens the database (a file's path or an URI), brings its schema up to date; makes the tables, and
 * the file, where create is set. */
int mm_store_open(const char *name, bool create, struct mm_store **out, struct mm_error *err);
/* What the store is called in words for people: its file, or the URI without a password. */
const char *mm_store_name(const struct mm_store *store);
/* May other machines use the store at the same time? */
bool mm_store_is_shared(const struct mm_store *store);
void mm_store_close(struct mm_store *store);

/* Runs statements that give no rows. */
int mm_store_exec(struct mm_store *store, const char *sql, struct mm_error *err);

/*
 * A read transaction sees one state of the library; only one write transaction runs at a time. In
 * a shared store, transactions BESIDE run side by side (not beside a WRITE): for rows that no two
 * of them write differently. LEASE waits for nobody and is not worth a wait for the disk: should
 * the machine fail, it never happened. In a store of one machine both are WRITE.
 */
enum mm_store_access { MM_STORE_READ, MM_STORE_WRITE, MM_STORE_BESIDE, MM_STORE_LEASE };
int mm_store_begin(struct mm_store *store, enum mm_store_access access, struct mm_error *err);
int mm_store_commit(struct mm_store *store, struct mm_error *err);
void mm_store_rollback(struct mm_store *store);
/* False also after the engine undid a transaction by itself, as it does when the disk is full. */
bool mm_store_in_transaction(const struct mm_store *store);

/* Outside a transaction: sleeps up to seconds, less when songs come or change (then *woken). Only
 * in a shared store. */
int mm_store_wait(struct mm_store *store, double seconds, bool *woken, struct mm_error *err);

/* A transaction in which nothing happens for so long is undone by the server: a frozen process must
 * not keep others waiting. Nothing in a store of one machine. */
int mm_store_limit_idle(struct mm_store *store, double seconds, struct mm_error *err);

/* A part of a write transaction that can be undone by itself; they do not nest. */
int mm_store_savepoint(struct mm_store *store, struct mm_error *err);
int mm_store_savepoint_release(struct mm_store *store, struct mm_error *err);
/* Undoes the part; the whole transaction where even that fails. */
void mm_store_savepoint_rollback(struct mm_store *store);

/* ---- many rows ---- */

/* All static strings. */
struct mm_store_table {
    const char *name;
    const char *columns; /* "a, b, c" */
    const char *kinds;  /* one letter a column: i whole, r real, t text, b bytes; any may be NULL */
    const char *select; /* SELECT columns, in an order that both engines agree on */
    const char *newest; /* SELECT the highest id, where it is counted */
    const char *insert; /* INSERT of the columns as ?1, ?2, ... */
    bool counted;       /* its first column, id, is never given twice */
};
struct mm_statement;
/*
 * Inserts every row that from (of whatever store) has left, as fast as the engine can, inside a
 * WRITE transaction. *rows = how many.
 */
int mm_store_load(struct mm_store *store, const struct mm_store_table *table,
                  struct mm_statement *from, size_t *rows, struct mm_error *err);

/* ---- statements ---- */

struct mm_statement;

/*
 * sql must be a static string: its address is the key under which the compiled statement is kept
 * until the store is closed. Bound text and bytes must live until mm_statement_release().
 */
int mm_store_prepare(struct mm_store *store, const char *sql, struct mm_statement **out,
                     struct mm_error *err);
void mm_statement_release(struct mm_statement *statement); /* NULL is allowed */

/* index counts from 1. What goes wrong is told by the next mm_statement_step(). */
void mm_bind_int(struct mm_statement *statement, int index, int64_t value);
void mm_bind_real(struct mm_statement *statement, int index, double value);
void mm_bind_text(struct mm_statement *statement, int index, const char *text); /* NULL = NULL */
void mm_bind_bytes(struct mm_statement *statement, int index, const void *bytes, size_t count);

/*
 * 1 = a row is there, 0 = no more rows, else an error: MM_ERR_USAGE when the row is there already,
 * MM_ERR_NOT_FOUND when the row it hangs on is not.
 */
int mm_statement_step(struct mm_statement *statement, struct mm_error *err);
/* Steps to the end. */
int mm_statement_run(struct mm_statement *statement, struct mm_error *err);
/* The same, and releases it. */
int mm_statement_finish(struct mm_statement *statement, struct mm_error *err);
/* Releases it too; *out = the number in its first row, which stays what it was without one. */
int mm_statement_number(struct mm_statement *statement, int64_t *out, struct mm_error *err);
/* *out = the number that sql gives, 0 without a row. */
int mm_store_number(struct mm_store *store, const char *sql, int64_t *out, struct mm_error *err);
/* Rows that the last INSERT, UPDATE or DELETE touched. */
size_t mm_store_changes(const struct mm_store *store);

/* column counts from 0; pointers are valid until the next step or release. */
bool mm_column_is_null(struct mm_statement *statement, int column);
int64_t mm_column_int(struct mm_statement *statement, int column);
double mm_column_real(struct mm_statement *statement, int column);
const char *mm_column_text(struct mm_statement *statement, int column); /* NULL for NULL */
const void *mm_column_bytes(struct mm_statement *statement, int column, size_t *count);

#endif
