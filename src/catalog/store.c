/* SPDX-License-Identifier: BSD-2-Clause */
/* store.c - hands every call of store.h to the engine that the store was opened with. */
#include "catalog/store.h"

#include <string.h>

#include "catalog/engine.h"

bool mm_store_is_uri(const char *name)
{
    return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

int mm_store_open(const char *name, bool create, struct mm_store **out, struct mm_error *err)
{
    return mm_store_is_uri(name) ? mm_postgres_open(name, create, out, err)
                                 : mm_sqlite_open(name, create, out, err);
}

bool mm_store_is_shared(const struct mm_store *store)
{
    return store->engine->shared;
}

const char *mm_store_name(const struct mm_store *store)
{
    return store->engine->name(store);
}

void mm_store_close(struct mm_store *store)
{
    if (store)
        store->engine->close(store);
}

int mm_store_exec(struct mm_store *store, const char *sql, struct mm_error *err)
{
    return store->engine->exec(store, sql, err);
}

/* ---- transactions ---- */

int mm_store_begin(struct mm_store *store, enum mm_store_access access, struct mm_error *err)
{
    return store->engine->begin(store, access, err);
}

int mm_store_commit(struct mm_store *store, struct mm_error *err)
{
    return store->engine->commit(store, err);
}

void mm_store_rollback(struct mm_store *store)
{
    store->engine->rollback(store);
}

bool mm_store_in_transaction(const struct mm_store *store)
{
    return store->engine->in_transaction(store);
}

int mm_store_wait(struct mm_store *store, double seconds, bool *woken, struct mm_error *err)
{
    *woken = false;
    if (!store->engine->wait)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "%s has no other users", mm_store_name(store));
    return store->engine->wait(store, seconds, woken, err);
}

int mm_store_limit_idle(struct mm_store *store, double seconds, struct mm_error *err)
{
    return store->engine->limit_idle ? store->engine->limit_idle(store, seconds, err) : 0;
}

int mm_store_savepoint(struct mm_store *store, struct mm_error *err)
{
    return store->engine->savepoint(store, err);
}

int mm_store_savepoint_release(struct mm_store *store, struct mm_error *err)
{
    return store->engine->savepoint_release(store, err);
}

void mm_store_savepoint_rollback(struct mm_store *store)
{
    store->engine->savepoint_rollback(store);
}

/* ---- statements ---- */

int mm_store_prepare(struct mm_store *store, const char *sql, struct mm_statement **out,
                     struct mm_error *err)
{
    return store->engine->prepare(store, sql, out, err);
}

void mm_statement_release(struct mm_statement *statement)
{
    if (statement)
        statement->store->engine->release(statement);
}

void mm_bind_int(struct mm_statement *statement, int index, int64_t value)
{
    statement->store->engine->bind_int(statement, index, value);
}

void mm_bind_real(struct mm_statement *statement, int index, double value)
{
    statement->store->engine->bind_real(statement, index, value);
}

void mm_bind_text(struct mm_statement *statement, int index, const char *text)
{
    statement->store->engine->bind_text(statement, index, text);
}

void mm_bind_bytes(struct mm_statement *statement, int index, const void *bytes, size_t count)
{
    statement->store->engine->bind_bytes(statement, index, bytes, count);
}

int mm_statement_step(struct mm_statement *statement, struct mm_error *err)
{
    return statement->store->engine->step(statement, err);
}

int mm_statement_run(struct mm_statement *statement, struct mm_error *err)
{
    int result;
    do
        result = mm_statement_step(statement, err);
    while (result == 1);
    return result;
}

int mm_statement_finish(struct mm_statement *statement, struct mm_error *err)
{
    int result = mm_statement_run(statement, err);
    mm_statement_release(statement);
    return result;
}

int mm_statement_number(struct mm_statement *statement, int64_t *out, struct mm_error *err)
{
    int result = mm_statement_step(statement, err);
    if (result == 1) {
        *out = mm_column_int(statement, 0);
        result = mm_statement_run(statement, err);
    }
    mm_statement_release(statement);
    return result;
}

int mm_store_number(struct mm_store *store, const char *sql, int64_t *out, struct mm_error *err)
{
    *out = 0;
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    return result < 0 ? result : mm_statement_number(statement, out, err);
}

size_t mm_store_changes(const struct mm_store *store)
{
    return store->engine->changes(store);
}

bool mm_column_is_null(struct mm_statement *statement, int column)
{
    return statement->store->engine->column_is_null(statement, column);
}

int64_t mm_column_int(struct mm_statement *statement, int column)
{
    return statement->store->engine->column_int(statement, column);
}

double mm_column_real(struct mm_statement *statement, int column)
{
    return statement->store->engine->column_real(statement, column);
}

const char *mm_column_text(struct mm_statement *statement, int column)
{
    return statement->store->engine->column_text(statement, column);
}

const void *mm_column_bytes(struct mm_statement *statement, int column, size_t *count)
{
    return statement->store->engine->column_bytes(statement, column, count);
}

/* ---- many rows ---- */

static void bind_column(struct mm_statement *to, int column, char kind, struct mm_statement *from)
{
    size_t count;
    if (mm_column_is_null(from, column))
        return; /* unbound is NULL */
    switch (kind) {
    case 'i':
        mm_bind_int(to, column + 1, mm_column_int(from, column));
        break;
    case 'r':
        mm_bind_real(to, column + 1, mm_column_real(from, column));
        break;
    case 't':
        mm_bind_text(to, column + 1, mm_column_text(from, column));
        break;
    default: {
        const void *bytes = mm_column_bytes(from, column, &count);
        mm_bind_bytes(to, column + 1, bytes, count);
    }
    }
}

static int insert_row(struct mm_store *store, const struct mm_store_table *table,
                      struct mm_statement *from, struct mm_error *err)
{
    struct mm_statement *to;
    int result = mm_store_prepare(store, table->insert, &to, err);
    if (result < 0)
        return result;
    for (int column = 0; table->kinds[column]; column++)
        bind_column(to, column, table->kinds[column], from);
    return mm_statement_finish(to, err);
}

int mm_store_load(struct mm_store *store, const struct mm_store_table *table,
                  struct mm_statement *from, size_t *rows, struct mm_error *err)
{
    const struct mm_engine *engine = store->engine;
    *rows = 0;
    int result = engine->load_begin ? engine->load_begin(store, table, err) : 0;
    if (result < 0)
        return result;
    while ((result = mm_statement_step(from, err)) == 1) {
        result = engine->load_row ? engine->load_row(store, table, from, err)
                                  : insert_row(store, table, from, err);
        if (result < 0)
            break;
        ++*rows;
    }
    return engine->load_end ? engine->load_end(store, result, err) : result;
}
