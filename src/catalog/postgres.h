/* SPDX-License-Identifier: BSD-2-Clause */
/* postgres.h - what the files of the PostgreSQL store share; nothing else includes this. */
#ifndef CATALOG_POSTGRES_H
#define CATALOG_POSTGRES_H

#include <libpq-fe.h>

#include "catalog/engine.h"

struct postgres_statement;

struct postgres_store {
    struct mm_store base;
    char *uri;   /* as given, passwords and all: never shown */
    char *shown; /* for messages */
    PGconn *connection;
    unsigned generation; /* counts connections: statements are prepared once in each */
    double idle_s;       /* a transaction may idle so long */
    unsigned listening;  /* the generation in which LISTEN was said */
    unsigned n_names;
    struct postgres_statement *cache;
    struct postgres_statement *streaming; /* whose rows are on their way; NULL = nobody's */
    size_t changes;
    unsigned char *load; /* rows on their way to a COPY */
    size_t load_length, load_capacity;
};

static inline struct postgres_store *postgres_of(const struct mm_store *store)
{
    return (struct postgres_store *)store; /* base is its first member */
}

/* Fills err with what the server (result) or the connection (result NULL) says; the code. */
int mm_postgres_error(const struct postgres_store *store, const PGresult *result,
                      struct mm_error *err);

/* Takes the rest of the streaming statement's rows into memory: the connection is free then. */
void mm_postgres_free_connection(struct postgres_store *store);
void mm_postgres_drop_statements(struct postgres_store *store);

/*
 * Makes our tables or brings them up to date, each step a transaction. MM_ERR_NOT_FOUND: they are
 * not there, and create is not set. MM_ERR_UNSUPPORTED: made by a newer program.
 */
int mm_postgres_migrate(struct mm_store *store, bool create, struct mm_error *err);

/* ---- many rows (postgres_load.c) ---- */

int mm_postgres_load_begin(struct mm_store *store, const struct mm_store_table *table,
                           struct mm_error *err);
int mm_postgres_load_row(struct mm_store *store, const struct mm_store_table *table,
                         struct mm_statement *from, struct mm_error *err);
int mm_postgres_load_end(struct mm_store *store, int result, struct mm_error *err);

/* ---- statements (postgres_statement.c) ---- */

int mm_postgres_prepare(struct mm_store *store, const char *sql, struct mm_statement **out,
                        struct mm_error *err);
void mm_postgres_release(struct mm_statement *statement);
void mm_postgres_bind_int(struct mm_statement *statement, int index, int64_t value);
void mm_postgres_bind_real(struct mm_statement *statement, int index, double value);
void mm_postgres_bind_text(struct mm_statement *statement, int index, const char *text);
void mm_postgres_bind_bytes(struct mm_statement *statement, int index, const void *bytes,
                            size_t count);
int mm_postgres_step(struct mm_statement *statement, struct mm_error *err);
bool mm_postgres_column_is_null(struct mm_statement *statement, int column);
int64_t mm_postgres_column_int(struct mm_statement *statement, int column);
double mm_postgres_column_real(struct mm_statement *statement, int column);
const char *mm_postgres_column_text(struct mm_statement *statement, int column);
const void *mm_postgres_column_bytes(struct mm_statement *statement, int column, size_t *count);

#endif
