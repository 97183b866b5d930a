/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - what an engine behind store.h brings: one const table of calls. Each call does what
 * the call of the same name in store.h promises. An engine's own structs begin with these two.
 */
#ifndef CATALOG_ENGINE_H
#define CATALOG_ENGINE_H

#include "catalog/store.h"

struct mm_store {
    const struct mm_engine *engine;
};

struct mm_statement {
    struct mm_store *store;
};

struct mm_engine {
    bool shared; /* other machines may write at the same time */
    void (*close)(struct mm_store *store);
    const char *(*name)(const struct mm_store *store);
    int (*exec)(struct mm_store *store, const char *sql, struct mm_error *err);
    int (*begin)(struct mm_store *store, enum mm_store_access access, struct mm_error *err);
    int (*commit)(struct mm_store *store, struct mm_error *err);
    void (*rollback)(struct mm_store *store);
    bool (*in_transaction)(const struct mm_store *store);
    int (*savepoint)(struct mm_store *store, struct mm_error *err);
    int (*savepoint_release)(struct mm_store *store, struct mm_error *err);
    void (*savepoint_rollback)(struct mm_store *store);
    size_t (*changes)(const struct mm_store *store);
    /* NULL where nobody else can change anything. */
    int (*wait)(struct mm_store *store, double seconds, bool *woken, struct mm_error *err);
    int (*limit_idle)(struct mm_store *store, double seconds, struct mm_error *err); /* or NULL */
    /* NULL where inserting row by row is as good. */
    int (*load_begin)(struct mm_store *store, const struct mm_store_table *table,
                      struct mm_error *err);
    int (*load_row)(struct mm_store *store, const struct mm_store_table *table,
                    struct mm_statement *from, struct mm_error *err);
    int (*load_end)(struct mm_store *store, int result, struct mm_error *err);
    int (*prepare)(struct mm_store *store, const char *sql, struct mm_statement **out,
                   struct mm_error *err);
    void (*release)(struct mm_statement *statement);
    void (*bind_int)(struct mm_statement *statement, int index, int64_t value);
    void (*bind_real)(struct mm_statement *statement, int index, double value);
    void (*bind_text)(struct mm_statement *statement, int index, const char *text);
    void (*bind_bytes)(struct mm_statement *statement, int index, const void *bytes, size_t count);
    int (*step)(struct mm_statement *statement, struct mm_error *err);
    bool (*column_is_null)(struct mm_statement *statement, int column);
    int64_t (*column_int)(struct mm_statement *statement, int column);
    double (*column_real)(struct mm_statement *statement, int column);
    const char *(*column_text)(struct mm_statement *statement, int column);
    const void *(*column_bytes)(struct mm_statement *statement, int column, size_t *count);
};

/* file: a path. */
int mm_sqlite_open(const char *file, bool create, struct mm_store **out, struct mm_error *err);
/* name: postgresql://... */
int mm_postgres_open(const char *name, bool create, struct mm_store **out, struct mm_error *err);

#endif
