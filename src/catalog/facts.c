/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.c - what players, servers and DJ programs say of songs. */
#include "catalog/catalog_impl.h"

#include "base/array.h"
#include "base/text.h"

static int insert(struct mm_store *store, int64_t song, const char *source,
                  const struct mm_fact *fact, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "INSERT INTO fact (song, source, name, value)"
                                  " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (song, source, name)"
                                  " DO UPDATE SET value = excluded.value",
                                  &statement, err);
    if (result == 0) {
        mm_bind_int(statement, 1, song);
        mm_bind_text(statement, 2, source);
        mm_bind_text(statement, 3, fact->name);
        mm_bind_text(statement, 4, fact->value);
        result = mm_needs_song(mm_statement_finish(statement, err), song, err);
    }
    return result;
}

static int forget(struct mm_store *store, int64_t song, const char *source, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, "DELETE FROM fact WHERE song = ?1 AND source = ?2",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    mm_bind_text(statement, 2, source);
    return mm_statement_finish(statement, err);
}

static int check_facts(const char *source, const struct mm_fact *facts, size_t n,
                       struct mm_error *err)
{
    int result = mm_check_text(source, "source", err);
    for (size_t i = 0; i < n && result == 0; i++) {
        if (!*facts[i].name || !*facts[i].value)
            return mm_error_set(err, MM_ERR_USAGE, "a fact has a name and a value");
        result = mm_check_text(facts[i].name, "fact's name", err);
        if (result == 0)
            result = mm_check_text(facts[i].value, "fact", err);
    }
    return result;
}

int mm_catalog_put_facts(struct mm_catalog *catalog, int64_t song, const char *source,
                         const struct mm_fact *facts, size_t n, struct mm_error *err)
{
    struct mm_store *store = NULL;
    int result = check_facts(source, facts, n, err);
    if (result == 0)
        result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    result = forget(store, song, source, err);
    for (size_t i = 0; i < n && result == 0; i++)
        result = insert(store, song, source, &facts[i], err);
    return mm_catalog_leave_write(catalog, result, err);
}

#define SELECT "SELECT song, source, name, value FROM fact "
#define ORDER  " ORDER BY song, source, name"

int mm_catalog_each_fact(struct mm_catalog *catalog, int64_t song, const char *name, mm_fact_fn *fn,
                         void *ctx, struct mm_error *err)
{
    struct mm_statement *row;
    int result = mm_catalog_ask(
        catalog, SELECT "WHERE (song = ?1 OR ?1 = 0) AND (name = ?2 OR ?2 = '')" ORDER, &row, err);
    if (result < 0)
        return result;
    mm_bind_int(row, 1, song);
    mm_bind_text(row, 2, name ? name : "");
    while ((result = mm_statement_step(row, err)) == 1) {
        const char *source = mm_column_text(row, 1);
        const struct mm_fact fact = {mm_column_text(row, 2), mm_column_text(row, 3)};
        if (!source || !fact.name || !fact.value)
            result = mm_error_set(err, MM_ERR_INPUT, "the library is damaged: an empty fact");
        else
            result = fn(ctx, mm_column_int(row, 0), source, &fact, err);
        if (result != 0)
            break;
    }
    return mm_catalog_answered(catalog, row, result);
}
