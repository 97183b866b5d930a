/* SPDX-License-Identifier: BSD-2-Clause */
/* catalog_impl.h - what the files of this room share. */
#ifndef CATALOG_IMPL_H
#define CATALOG_IMPL_H

#include "catalog/store.h"
#include "musicmap/catalog.h"

struct mm_catalog;

/*
 * Every call of the room is one scope. A read scope sees one state of the library. A write scope
 * is done as a whole or not at all, also inside the caller's transaction; leave_write() undoes it
 * when result is negative and returns what the caller is to return. A failed enter needs no leave.
 */
int mm_catalog_enter_read(struct mm_catalog *catalog, struct mm_store **store,
                          struct mm_error *err);
void mm_catalog_leave_read(struct mm_catalog *catalog);
int mm_catalog_enter_write(struct mm_catalog *catalog, struct mm_store **store,
                           struct mm_error *err);
/* The same with another access than MM_STORE_WRITE, where no transaction is open. */
int mm_catalog_enter(struct mm_catalog *catalog, enum mm_store_access access,
                     struct mm_store **store, struct mm_error *err);
int mm_catalog_leave_write(struct mm_catalog *catalog, int result, struct mm_error *err);

/*
 * A scope around one statement. ask() reads: step through the rows, then answered() releases the
 * statement (NULL after an ask that failed), leaves and returns result. tell() writes: bind, then
 * told() runs it to its end and leaves; *changed (may be NULL) = the rows that it touched. One that
 * failed needs neither.
 */
int mm_catalog_ask(struct mm_catalog *catalog, const char *sql, struct mm_statement **out,
                   struct mm_error *err);
int mm_catalog_answered(struct mm_catalog *catalog, struct mm_statement *statement, int result);
int mm_catalog_tell(struct mm_catalog *catalog, enum mm_store_access access, const char *sql,
                    struct mm_statement **out, struct mm_error *err);
int mm_catalog_told(struct mm_catalog *catalog, struct mm_statement *statement, size_t *changed,
                    struct mm_error *err);

/* Sleeps up to seconds, less when songs come or change. No transaction may be open. */
int mm_catalog_wait(struct mm_catalog *catalog, double seconds, bool *woken, struct mm_error *err);

int mm_catalog_limit_idle(struct mm_catalog *catalog, double seconds, struct mm_error *err);

/* Runs a statement with one parameter that gives no rows. */
int mm_store_run_int(struct mm_store *store, const char *sql, int64_t value, struct mm_error *err);

/* Runs statement to its end and gathers the ids in its first column; free(*ids). Releases it. */
int mm_store_collect_ids(struct mm_statement *statement, int64_t **ids, size_t *count,
                         struct mm_error *err);

/* Text of a column as clean UTF-8 on the heap; NULL stays NULL. 0 or MM_ERR_NO_MEMORY. */
int mm_column_take_text(struct mm_statement *statement, int column, char **out);
/* Bytes of a column as a string on the heap; MM_ERR_INPUT when they hold a NUL. */
int mm_column_take_path(struct mm_statement *statement, int column, char **out,
                        struct mm_error *err);

/* MM_ERR_INPUT when text (may be NULL) is not UTF-8; what names it in the message. */
int mm_check_text(const char *text, const char *what, struct mm_error *err);

int mm_no_song(int64_t id, struct mm_error *err); /* MM_ERR_NOT_FOUND, "there is no song 12" */
/* Says so where result is MM_ERR_NOT_FOUND: the song was what a row hangs on. Returns result. */
int mm_needs_song(int result, int64_t id, struct mm_error *err);

#endif
