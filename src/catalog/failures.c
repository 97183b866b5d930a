/* SPDX-License-Identifier: BSD-2-Clause */
/* failures.c - what could not be done, one row a path and stage; and the folders that were
 * gathered. */
#include "catalog/catalog_impl.h"

#include "base/array.h"

/* ---- failures ---- */

static int check_failure(const struct mm_failure *failure, struct mm_error *err)
{
    if (!failure->path || !failure->stage || !failure->reason)
        return mm_error_set(err, MM_ERR_USAGE, "a failure needs a path, a stage and a reason");
    if (failure->size > INT64_MAX)
        return mm_error_set(err, MM_ERR_INPUT, "%s: no file is that large", failure->path);
    int result = mm_check_text(failure->stage, "stage", err);
    return result < 0 ? result : mm_check_text(failure->reason, "reason", err);
}

int mm_catalog_put_failure(struct mm_catalog *catalog, const struct mm_failure *failure,
                           struct mm_error *err)
{
    int result = check_failure(failure, err);
    if (result < 0)
        return result;
    struct mm_statement *statement;
    result =
        mm_catalog_tell(catalog, MM_STORE_WRITE,
                        "INSERT INTO failure (path, stage, song, reason, tries, size, mtime_ns)"
                        " VALUES (?1, ?2, ?3, ?4, CASE WHEN ?5 > 0 THEN ?5 ELSE 1 END, ?6, ?7)"
                        " ON CONFLICT (path, stage) DO UPDATE SET song = excluded.song,"
                        " reason = excluded.reason,"
                        " tries = CASE WHEN ?5 > 0 THEN ?5 ELSE failure.tries + 1 END,"
                        " size = excluded.size, mtime_ns = excluded.mtime_ns",
                        &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, failure->path, strlen(failure->path));
    mm_bind_text(statement, 2, failure->stage);
    if (failure->song)
        mm_bind_int(statement, 3, failure->song);
    mm_bind_text(statement, 4, failure->reason);
    mm_bind_int(statement, 5, failure->tries);
    mm_bind_int(statement, 6, (int64_t)failure->size);
    mm_bind_int(statement, 7, failure->mtime_ns);
    return mm_needs_song(mm_catalog_told(catalog, statement, NULL, err), failure->song, err);
}

int mm_catalog_known_failure(struct mm_catalog *catalog, const char *path, const char *stage,
                             uint64_t size, int64_t mtime_ns, bool *known, struct mm_error *err)
{
    *known = false;
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog,
                                "SELECT 1 FROM failure WHERE path = ?1 AND stage = ?2"
                                " AND size = ?3 AND mtime_ns = ?4",
                                &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, path, strlen(path));
    mm_bind_text(statement, 2, stage);
    mm_bind_int(statement, 3, (int64_t)size);
    mm_bind_int(statement, 4, mtime_ns);
    result = mm_statement_step(statement, err);
    *known = result == 1 && size > 0; /* 0 = not known */
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}

int mm_catalog_clear_failure(struct mm_catalog *catalog, const char *path, const char *stage,
                             struct mm_error *err)
{
    struct mm_statement *statement;
    int result =
        mm_catalog_tell(catalog, MM_STORE_WRITE,
                        "DELETE FROM failure WHERE path = ?1 AND stage = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, path, strlen(path));
    mm_bind_text(statement, 2, stage);
    return mm_catalog_told(catalog, statement, NULL, err);
}

static int tell_failure(struct mm_statement *statement, mm_failure_fn *fn, void *ctx,
                        struct mm_error *err)
{
    char *path = NULL;
    char *stage = NULL;
    char *reason = NULL;
    int result = mm_column_take_path(statement, 0, &path, err);
    if (result == 0 && (mm_column_take_text(statement, 1, &stage) < 0 ||
                        mm_column_take_text(statement, 3, &reason) < 0))
        result = mm_no_memory(err);
    if (result == 0) {
        int64_t tries = mm_column_int(statement, 4);
        int64_t size = mm_column_int(statement, 5);
        struct mm_failure failure = {
            .song = mm_column_int(statement, 2), /* NULL reads as 0 */
            .path = path,
            .stage = stage ? stage : "",
            .reason = reason ? reason : "",
            .tries = tries < 0 || tries > INT32_MAX ? 0 : (int)tries,
            .size = size < 0 ? 0 : (uint64_t)size,
            .mtime_ns = mm_column_int(statement, 6),
        };
        result = fn(ctx, &failure, err);
    }
    free(path);
    free(stage);
    free(reason);
    return result;
}

int mm_catalog_each_failure(struct mm_catalog *catalog, mm_failure_fn *fn, void *ctx,
                            struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_ask(
        catalog,
        "SELECT path, stage, song, reason, tries, size, mtime_ns FROM failure ORDER BY path, stage",
        &statement, err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1)
        result = tell_failure(statement, fn, ctx, err);
    return mm_catalog_answered(catalog, statement, result);
}

/* ---- roots ---- */

int mm_catalog_add_root(struct mm_catalog *catalog, const char *path, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                                 "INSERT INTO root (path) VALUES (?1) ON CONFLICT DO NOTHING",
                                 &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, path, strlen(path));
    return mm_catalog_told(catalog, statement, NULL, err);
}

int mm_catalog_each_root(struct mm_catalog *catalog,
                         int (*fn)(void *ctx, const char *path, struct mm_error *err), void *ctx,
                         struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, "SELECT path FROM root ORDER BY id", &statement, err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        char *path;
        result = mm_column_take_path(statement, 0, &path, err);
        if (result == 0) {
            result = fn(ctx, path, err);
            free(path);
        }
    }
    return mm_catalog_answered(catalog, statement, result);
}
