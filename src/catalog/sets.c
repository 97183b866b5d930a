/* SPDX-License-Identifier: BSD-2-Clause */
/* sets.c - kept radio sets, version by version, and the log of what was played. */
#include "catalog/catalog_impl.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

void mm_set_record_finish(struct mm_set_record *set)
{
    if (!set)
        return;
    free(set->name);
    free(set->request);
    free(set->report);
    free(set->songs);
    *set = (struct mm_set_record){0};
}

/* ---- writing ---- */

static int check_record(const struct mm_set_record *set, struct mm_error *err)
{
    if (!set->name || !*set->name || !set->request || !set->report || !set->n_songs)
        return mm_error_set(err, MM_ERR_USAGE, "a set needs a name, songs, a request and a report");
    int result = mm_check_text(set->name, "name of a set", err);
    if (result == 0)
        result = mm_check_text(set->request, "request for a set", err);
    return result == 0 ? mm_check_text(set->report, "report of a set", err) : result;
}

static int set_id(struct mm_store *store, const char *name, int64_t *id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "INSERT INTO radio_set (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", &statement,
        err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    result = mm_statement_finish(statement, err);
    if (result == 0)
        result =
            mm_store_prepare(store, "SELECT id FROM radio_set WHERE name = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    return mm_statement_number(statement, id, err);
}

static int write_version(struct mm_store *store, int64_t set, const struct mm_set_record *record,
                         int64_t *id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result =
        mm_store_prepare(store,
                         "INSERT INTO set_version (radio_set, version, made_at, request, report)"
                         " VALUES (?1, (SELECT coalesce(max(v.version), 0) + 1 FROM set_version v"
                         " WHERE v.radio_set = ?1), ?2, ?3, ?4) RETURNING id",
                         &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, set);
    mm_bind_int(statement, 2, record->made_at ? record->made_at : (int64_t)time(NULL));
    mm_bind_text(statement, 3, record->request);
    mm_bind_text(statement, 4, record->report);
    return mm_statement_number(statement, id, err);
}

static int write_songs(struct mm_store *store, int64_t version, const struct mm_set_record *record,
                       struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < record->n_songs && result == 0; i++) {
        struct mm_statement *statement;
        result = mm_store_prepare(
            store, "INSERT INTO set_song (set_version, position, song) VALUES (?1, ?2, ?3)",
            &statement, err);
        if (result < 0)
            break;
        mm_bind_int(statement, 1, version);
        mm_bind_int(statement, 2, (int64_t)i + 1);
        mm_bind_int(statement, 3, record->songs[i]);
        result = mm_statement_finish(statement, err);
        result = mm_needs_song(result, record->songs[i], err);
    }
    return result;
}

int mm_catalog_put_set(struct mm_catalog *catalog, struct mm_set_record *set, struct mm_error *err)
{
    int result = check_record(set, err);
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id = 0;
    int64_t version_id = 0;
    int64_t version = 0;
    struct mm_statement *statement;
    result = set_id(store, set->name, &id, err);
    if (result == 0)
        result = write_version(store, id, set, &version_id, err);
    if (result == 0)
        result = write_songs(store, version_id, set, err);
    if (result == 0)
        result = mm_store_prepare(store, "SELECT version FROM set_version WHERE id = ?1",
                                  &statement, err);
    if (result == 0) {
        mm_bind_int(statement, 1, version_id);
        result = mm_statement_number(statement, &version, err);
    }
    result = mm_catalog_leave_write(catalog, result, err);
    if (result == 0)
        set->version = (int)version;
    return result;
}

/* ---- reading ---- */

static int read_version(struct mm_store *store, const char *name, int version,
                        struct mm_set_record *out, int64_t *id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store,
        "SELECT v.id, v.version, v.made_at, v.request, v.report FROM set_version v"
        " JOIN radio_set s ON s.id = v.radio_set WHERE s.name = ?1 AND (?2 = 0 OR v.version = ?2)"
        " ORDER BY v.version DESC LIMIT 1",
        &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    mm_bind_int(statement, 2, version);
    result = mm_statement_step(statement, err);
    if (result == 0) {
        result = version ? mm_error_set(err, MM_ERR_NOT_FOUND,
                                        "there is no version %d of a set \"%s\"", version, name)
                         : mm_error_set(err, MM_ERR_NOT_FOUND,
                                        "there is no set \"%s\": \"musicmap set list\" tells which "
                                        "there are",
                                        name);
    } else if (result == 1) {
        *id = mm_column_int(statement, 0);
        out->version = (int)mm_column_int(statement, 1);
        out->made_at = mm_column_int(statement, 2);
        out->name = mm_strdup(name);
        result = !out->name || mm_column_take_text(statement, 3, &out->request) < 0 ||
                         mm_column_take_text(statement, 4, &out->report) < 0
                     ? mm_no_memory(err)
                     : 0;
    }
    mm_statement_release(statement);
    return result;
}

int mm_catalog_get_set(struct mm_catalog *catalog, const char *name, int version,
                       struct mm_set_record *out, struct mm_error *err)
{
    *out = (struct mm_set_record){0};
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id = 0;
    struct mm_statement *statement;
    result = read_version(store, name, version, out, &id, err);
    if (result == 0)
        result = mm_store_prepare(
            store, "SELECT song FROM set_song WHERE set_version = ?1 ORDER BY position", &statement,
            err);
    if (result == 0) {
        mm_bind_int(statement, 1, id);
        result = mm_store_collect_ids(statement, &out->songs, &out->n_songs, err);
    }
    mm_catalog_leave_read(catalog);
    if (result < 0)
        mm_set_record_finish(out);
    return result;
}

int mm_catalog_each_set(struct mm_catalog *catalog, mm_set_fn *fn, void *ctx, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_ask(
        catalog,
        "SELECT s.name, v.version, v.made_at,"
        " (SELECT count(*) FROM set_song p WHERE p.set_version = v.id)"
        " FROM set_version v JOIN radio_set s ON s.id = v.radio_set ORDER BY s.name, v.version",
        &statement, err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        const char *name = mm_column_text(statement, 0);
        result = fn(ctx, name ? name : "", (int)mm_column_int(statement, 1),
                    mm_column_int(statement, 2), (size_t)mm_column_int(statement, 3), err);
    }
    return mm_catalog_answered(catalog, statement, result);
}

/* ---- changing what is kept ---- */

/* A statement about the set of one name (?1); MM_ERR_NOT_FOUND when there is none. */
static int change_set(struct mm_store *store, const char *sql, const char *name, const char *to,
                      struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    if (to)
        mm_bind_text(statement, 2, to);
    result = mm_statement_finish(statement, err);
    if (result == 0 && mm_store_changes(store) == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "there is no set \"%s\"", name);
    return result;
}

int mm_catalog_remove_set(struct mm_catalog *catalog, const char *name, struct mm_error *err)
{
    struct mm_store *store;
    int result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    result = change_set(store, "DELETE FROM radio_set WHERE name = ?1", name, NULL, err);
    return mm_catalog_leave_write(catalog, result, err);
}

/* Whether a set of this name is kept. */
static int has_set(struct mm_store *store, const char *name, bool *out, struct mm_error *err)
{
    struct mm_statement *statement;
    int64_t count = 0;
    int result =
        mm_store_prepare(store, "SELECT count(*) FROM radio_set WHERE name = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    result = mm_statement_number(statement, &count, err);
    *out = count > 0;
    return result;
}

int mm_catalog_rename_set(struct mm_catalog *catalog, const char *name, const char *to,
                          struct mm_error *err)
{
    int result = *to ? mm_check_text(to, "name of a set", err)
                     : mm_error_set(err, MM_ERR_USAGE, "a set needs a name");
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    bool taken = false;
    if (strcmp(name, to) != 0)
        result = has_set(store, to, &taken, err);
    if (taken)
        result = mm_error_set(err, MM_ERR_USAGE, "there is a set \"%s\" already", to);
    if (result == 0)
        result = change_set(store, "UPDATE radio_set SET name = ?2 WHERE name = ?1", name, to, err);
    return mm_catalog_leave_write(catalog, result, err);
}

/* ---- plays ---- */

int mm_catalog_add_play(struct mm_catalog *catalog, int64_t song, int64_t at, const char *show,
                        bool *added, struct mm_error *err)
{
    *added = false;
    int result = mm_check_text(show, "name of a show", err);
    if (result < 0)
        return result;
    struct mm_statement *statement;
    result = mm_catalog_tell(catalog, MM_STORE_WRITE,
                             "INSERT INTO play (song, played_at, show) VALUES (?1, ?2, ?3)"
                             " ON CONFLICT (song, played_at) DO NOTHING",
                             &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    mm_bind_int(statement, 2, at);
    mm_bind_text(statement, 3, show ? show : "");
    size_t changed;
    result = mm_catalog_told(catalog, statement, &changed, err);
    *added = changed > 0;
    return mm_needs_song(result, song, err);
}

int mm_catalog_each_play(struct mm_catalog *catalog, mm_play_fn *fn, void *ctx,
                         struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_catalog_ask(
        catalog, "SELECT song, played_at, show FROM play ORDER BY played_at DESC, song", &statement,
        err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        const char *show = mm_column_text(statement, 2);
        result = fn(ctx, mm_column_int(statement, 0), mm_column_int(statement, 1), show ? show : "",
                    err);
    }
    return mm_catalog_answered(catalog, statement, result);
}
