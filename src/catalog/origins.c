/* SPDX-License-Identifier: BSD-2-Clause */
/* origins.c - where else a song was found, and which parts of a gathering are done. */
#include "catalog/catalog_impl.h"

#include <math.h>

#include "base/array.h"
#include "base/text.h"

void mm_origin_finish(struct mm_origin *origin)
{
    free(origin->source);
    free(origin->key);
    free(origin->plan);
    free(origin->link);
    free(origin->licence);
    *origin = (struct mm_origin){0};
}

static int check_origin(const struct mm_origin *origin, struct mm_error *err)
{
    if (!origin->source || !*origin->source || !origin->key || !*origin->key)
        return mm_error_set(err, MM_ERR_USAGE, "an origin needs a source and a key");
    if (!isfinite(origin->duration_s) || origin->duration_s < 0)
        return mm_error_set(err, MM_ERR_INPUT, "a duration of %g s cannot be", origin->duration_s);
    int result = mm_check_text(origin->source, "source", err);
    if (result == 0)
        result = mm_check_text(origin->plan, "plan", err);
    if (result == 0)
        result = mm_check_text(origin->link, "link", err);
    return result < 0 ? result : mm_check_text(origin->licence, "licence", err);
}

int mm_catalog_put_origin(struct mm_catalog *catalog, const struct mm_origin *origin,
                          struct mm_error *err)
{
    int result = check_origin(origin, err);
    if (result < 0)
        return result;
    struct mm_statement *statement;
    result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                             "INSERT INTO origin (source, key, song, plan, link, licence,"
                             " duration_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                             " ON CONFLICT (source, key) DO UPDATE SET song = excluded.song,"
                             " plan = excluded.plan, link = excluded.link,"
                             " licence = excluded.licence, duration_s = excluded.duration_s",
                             &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, origin->source);
    mm_bind_bytes(statement, 2, origin->key, strlen(origin->key));
    mm_bind_int(statement, 3, origin->song);
    mm_bind_text(statement, 4, origin->plan);
    mm_bind_text(statement, 5, origin->link);
    mm_bind_text(statement, 6, origin->licence);
    mm_bind_real(statement, 7, origin->duration_s);
    return mm_needs_song(mm_catalog_told(catalog, statement, NULL, err), origin->song, err);
}

int mm_catalog_delete_origin(struct mm_catalog *catalog, const char *source, const char *key,
                             struct mm_error *err)
{
    struct mm_statement *statement;
    int result =
        mm_catalog_tell(catalog, MM_STORE_WRITE,
                        "DELETE FROM origin WHERE source = ?1 AND key = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, source);
    mm_bind_bytes(statement, 2, key, strlen(key));
    return mm_catalog_told(catalog, statement, NULL, err);
}

#define SELECT "SELECT source, key, song, plan, link, licence, duration_s FROM origin "

static int read_origin(struct mm_statement *statement, struct mm_origin *out, struct mm_error *err)
{
    *out = (struct mm_origin){.song = mm_column_int(statement, 2)};
    double duration = mm_column_real(statement, 6);
    out->duration_s = isfinite(duration) && duration > 0 ? duration : 0;
    int result = mm_column_take_path(statement, 1, &out->key, err);
    if (result == 0 && (mm_column_take_text(statement, 0, &out->source) < 0 ||
                        mm_column_take_text(statement, 3, &out->plan) < 0 ||
                        mm_column_take_text(statement, 4, &out->link) < 0 ||
                        mm_column_take_text(statement, 5, &out->licence) < 0))
        result = mm_no_memory(err);
    if (result == 0 && !out->source)
        result = mm_error_set(err, MM_ERR_INPUT, "the library is damaged: an origin of no source");
    if (result < 0)
        mm_origin_finish(out);
    return result;
}

int mm_catalog_find_origin(struct mm_catalog *catalog, const char *source, const char *key,
                           struct mm_origin *out, struct mm_error *err)
{
    *out = (struct mm_origin){0};
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, SELECT "WHERE source = ?1 AND key = ?2", &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, source);
    mm_bind_bytes(statement, 2, key, strlen(key));
    result = mm_statement_step(statement, err);
    if (result == 1)
        result = read_origin(statement, out, err);
    else if (result == 0)
        result = MM_ERR_NOT_FOUND;
    return mm_catalog_answered(catalog, statement, result);
}

int mm_catalog_each_origin(struct mm_catalog *catalog, int64_t song, mm_origin_fn *fn, void *ctx,
                           struct mm_error *err)
{
    struct mm_statement *statement;
    const char *sql =
        song ? SELECT "WHERE song = ?1 ORDER BY source, key" : SELECT "ORDER BY source, key";
    int result = mm_catalog_ask(catalog, sql, &statement, err);
    if (result == 0 && song)
        mm_bind_int(statement, 1, song);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        struct mm_origin origin;
        result = read_origin(statement, &origin, err);
        if (result == 0)
            result = fn(ctx, &origin, err);
        mm_origin_finish(&origin);
    }
    return mm_catalog_answered(catalog, statement, result);
}

/* ---- what is done of a gathering ---- */

int mm_catalog_put_done(struct mm_catalog *catalog, const char *run, const char *unit, size_t songs,
                        struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                                 "INSERT INTO done (run, unit, songs) VALUES (?1, ?2, ?3)"
                                 " ON CONFLICT (run, unit) DO UPDATE SET songs = excluded.songs",
                                 &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, run);
    mm_bind_text(statement, 2, unit);
    mm_bind_int(statement, 3, (int64_t)songs);
    return mm_catalog_told(catalog, statement, NULL, err);
}

int mm_catalog_is_done(struct mm_catalog *catalog, const char *run, const char *unit, bool *done,
                       size_t *songs, struct mm_error *err)
{
    *done = false;
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, "SELECT songs FROM done WHERE run = ?1 AND unit = ?2",
                                &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, run);
    mm_bind_text(statement, 2, unit);
    result = mm_statement_step(statement, err);
    *done = result == 1;
    int64_t count = result == 1 ? mm_column_int(statement, 0) : 0;
    *songs = count > 0 ? (size_t)count : 0;
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}

int mm_catalog_clear_done(struct mm_catalog *catalog, const char *run, struct mm_error *err)
{
    size_t n = strlen(run);
    char *behind = mm_strdup(run); /* the first text that does not begin with run */
    if (!behind)
        return mm_no_memory(err);
    if (n)
        behind[n - 1]++;
    struct mm_statement *statement;
    int result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                                 "DELETE FROM done WHERE run >= ?1 AND run < ?2", &statement, err);
    if (result == 0) {
        mm_bind_text(statement, 1, run);
        mm_bind_text(statement, 2, behind);
        result = mm_catalog_told(catalog, statement, NULL, err);
    }
    free(behind);
    return result;
}
