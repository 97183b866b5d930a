/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - leases on the songs that are still to be computed (PostgreSQL only, and in its SQL).
 *
 * A lease belongs to a worker, not to a task: one row lengthened now and then keeps all it holds,
 * and a task is free when its worker is NULL. Free tasks lie in an index of their own in the order
 * in which they are handed out, so that a claim reads as many entries as it takes, however long the
 * queue is; SKIP LOCKED lets many claim at once. Leases are not worth a wait for the disk
 * (MM_STORE_LEASE): when the server crashes and forgets one, mm_queue_finish() finds that out.
 */
#include "musicmap/queue.h"

#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "catalog/catalog_impl.h"

static int unsupported(const struct mm_catalog *catalog, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_UNSUPPORTED,
                        "%s is a library of one machine: workers need one in PostgreSQL "
                        "(--library postgresql://...; \"musicmap copy\" moves a library there)",
                        mm_catalog_name(catalog));
}

/* enter_lease() and mm_catalog_leave_write() enclose what is not worth a wait for the disk. */
static int enter_lease(struct mm_catalog *catalog, struct mm_store **store, struct mm_error *err)
{
    return mm_catalog_is_shared(catalog) ? mm_catalog_enter(catalog, MM_STORE_LEASE, store, err)
                                         : unsupported(catalog, err);
}

static int tell_lease(struct mm_catalog *catalog, const char *sql, struct mm_statement **out,
                      struct mm_error *err)
{
    return mm_catalog_is_shared(catalog) ? mm_catalog_tell(catalog, MM_STORE_LEASE, sql, out, err)
                                         : unsupported(catalog, err);
}

/* ---- workers ---- */

static char *recipe_line(const struct mm_queue_recipe *recipe)
{
    struct mm_text line = {0};
    mm_text_addf(&line, "measure: %s", recipe->measure_settings);
    for (size_t i = 0; i < recipe->n_kinds; i++)
        mm_text_addf(&line, "\n%s%s%s: %s", recipe->kinds[i].model,
                     *recipe->kinds[i].segment ? " " : "", recipe->kinds[i].segment,
                     recipe->kinds[i].settings);
    return mm_text_steal(&line);
}

static int put_recipe(struct mm_store *store, const char *line, int64_t *id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "INSERT INTO recipe (settings) VALUES (?1) ON CONFLICT (settings)"
                                  " DO UPDATE SET settings = excluded.settings RETURNING id",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, line);
    return mm_statement_number(statement, id, err);
}

int mm_queue_join(struct mm_catalog *catalog, const struct mm_queue_recipe *recipe,
                  const char *host, int64_t pid, double lease_s, struct mm_queue_worker *out,
                  struct mm_error *err)
{
    struct mm_store *store;
    struct mm_statement *statement;
    *out = (struct mm_queue_worker){.lease_s = lease_s};
    int result = enter_lease(catalog, &store, err);
    if (result < 0)
        return result;
    char *line = recipe_line(recipe);
    result = line ? put_recipe(store, line, &out->recipe, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_store_prepare(
            store,
            "INSERT INTO worker (recipe, host, pid, lease_until)"
            " VALUES (?1, ?2, ?3, clock_timestamp() + ?4 * interval '1 second') RETURNING id",
            &statement, err);
    if (result == 0) {
        mm_bind_int(statement, 1, out->recipe);
        mm_bind_text(statement, 2, host);
        mm_bind_int(statement, 3, pid);
        mm_bind_real(statement, 4, lease_s);
        result = mm_statement_number(statement, &out->id, err);
    }
    free(line);
    return mm_catalog_leave_write(catalog, result, err);
}

int mm_queue_limit_idle(struct mm_catalog *catalog, double seconds, struct mm_error *err)
{
    return mm_catalog_is_shared(catalog) ? mm_catalog_limit_idle(catalog, seconds, err)
                                         : unsupported(catalog, err);
}

int mm_queue_leave(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                   struct mm_error *err)
{
    struct mm_store *store;
    int result = enter_lease(catalog, &store, err);
    if (result < 0)
        return result;
    result =
        mm_store_run_int(store, "UPDATE task SET worker = NULL WHERE worker = ?1", worker->id, err);
    if (result == 0)
        result = mm_store_run_int(store, "DELETE FROM worker WHERE id = ?1", worker->id, err);
    return mm_catalog_leave_write(catalog, result, err);
}

int mm_queue_beat(struct mm_catalog *catalog, const struct mm_queue_worker *worker, size_t done,
                  size_t failed, struct mm_error *err)
{
    struct mm_statement *statement;
    /* One whose lease has ended is dead, even when nobody has taken its tasks yet. */
    int result = tell_lease(catalog,
                            "UPDATE worker SET seen = clock_timestamp(), done = ?2, failed = ?3,"
                            " lease_until = clock_timestamp() + ?4 * interval '1 second'"
                            " WHERE id = ?1 AND lease_until > clock_timestamp()",
                            &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, worker->id);
    mm_bind_int(statement, 2, (int64_t)done);
    mm_bind_int(statement, 3, (int64_t)failed);
    mm_bind_real(statement, 4, worker->lease_s);
    size_t changed;
    result = mm_catalog_told(catalog, statement, &changed, err);
    return result == 0 && changed == 0 ? mm_error_set(err, MM_ERR_NOT_FOUND, "the lease ended")
                                       : result;
}

int mm_queue_reap(struct mm_catalog *catalog, mm_queue_lost_fn *fn, void *ctx, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = tell_lease(
        catalog,
        "WITH lost AS (DELETE FROM worker WHERE lease_until < clock_timestamp()"
        "  RETURNING id, host, pid),"
        " freed AS (UPDATE task SET worker = NULL,"
        "  why = 'process ' || lost.pid || ' of ' || lost.host || ' ended with it in hand'"
        "  FROM lost WHERE task.worker = lost.id RETURNING task.worker, lost.id)"
        " SELECT lost.id, lost.host, lost.pid,"
        " (SELECT count(*) FROM freed WHERE freed.id = lost.id) FROM lost",
        &statement, err);
    if (result < 0)
        return result;
    while ((result = mm_statement_step(statement, err)) == 1) {
        const char *host = mm_column_text(statement, 1);
        if (fn)
            fn(ctx, mm_column_int(statement, 0), host ? host : "", mm_column_int(statement, 2),
               (size_t)mm_column_int(statement, 3));
    }
    mm_statement_release(statement);
    return mm_catalog_leave_write(catalog, result, err);
}

/* ---- tasks ---- */

/* About worker's task of a song: ?1 recipe, ?2 song, ?3 worker. */
static int tell_task(struct mm_catalog *catalog, const char *sql,
                     const struct mm_queue_worker *worker, int64_t song, struct mm_statement **out,
                     struct mm_error *err)
{
    int result = tell_lease(catalog, sql, out, err);
    if (result < 0)
        return result;
    mm_bind_int(*out, 1, worker->recipe);
    mm_bind_int(*out, 2, song);
    mm_bind_int(*out, 3, worker->id);
    return 0;
}

#define TASKS_OF                                                                    \
    "INSERT INTO task (recipe, song) SELECT ?1, s.id FROM song s WHERE s.state = 0" \
    " AND (?2 = 1 OR NOT EXISTS (SELECT 1 FROM failure f WHERE f.song = s.id"       \
    "  AND f.stage = 'embed'))"
#define IF_NEW " ORDER BY s.id ON CONFLICT DO NOTHING"

static int count_added(struct mm_store *store, int result, size_t *added)
{
    *added += result == 0 ? mm_store_changes(store) : 0;
    return result;
}

static int fill_measures(struct mm_store *store, int64_t recipe, const char *settings, bool retry,
                         size_t *added, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  TASKS_OF " AND NOT EXISTS (SELECT 1 FROM measure m"
                                           " WHERE m.song = s.id AND m.settings = ?3)" IF_NEW,
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, recipe);
    mm_bind_int(statement, 2, retry);
    mm_bind_text(statement, 3, settings);
    return count_added(store, mm_statement_finish(statement, err), added);
}

static int fill_vectors(struct mm_store *store, int64_t recipe, const struct mm_vector_kind *kind,
                        bool retry, size_t *added, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  TASKS_OF " AND NOT EXISTS (SELECT 1 FROM vector v"
                                           " WHERE v.song = s.id AND v.kind = (SELECT k.id FROM"
                                           " vector_kind k WHERE k.model = ?3 AND k.settings = ?4"
                                           " AND k.segment = ?5))" IF_NEW,
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, recipe);
    mm_bind_int(statement, 2, retry);
    mm_bind_text(statement, 3, kind->model);
    mm_bind_text(statement, 4, kind->settings);
    mm_bind_text(statement, 5, kind->segment);
    return count_added(store, mm_statement_finish(statement, err), added);
}

int mm_queue_fill(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                  const struct mm_queue_recipe *recipe, bool retry, size_t *added,
                  struct mm_error *err)
{
    struct mm_store *store;
    *added = 0;
    if (!mm_catalog_is_shared(catalog))
        return unsupported(catalog, err);
    /* A writer by itself: what is stored meanwhile would get a task that nothing is lacking for. */
    int result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    result = fill_measures(store, worker->recipe, recipe->measure_settings, retry, added, err);
    for (size_t i = 0; i < recipe->n_kinds && result == 0; i++)
        result = fill_vectors(store, worker->recipe, &recipe->kinds[i], retry, added, err);
    return mm_catalog_leave_write(catalog, result, err);
}

int mm_queue_claim(struct mm_catalog *catalog, const struct mm_queue_worker *worker, size_t max,
                   int64_t *songs, size_t *n, struct mm_error *err)
{
    *n = 0;
    struct mm_statement *statement;
    int result = tell_lease(
        catalog,
        "WITH next AS MATERIALIZED (SELECT song FROM task WHERE recipe = ?1 AND worker IS NULL"
        "  ORDER BY priority DESC, tries, song LIMIT ?2 FOR UPDATE SKIP LOCKED)"
        " UPDATE task SET worker = ?3 FROM next WHERE task.recipe = ?1 AND task.song = next.song"
        " AND EXISTS (SELECT 1 FROM worker w WHERE w.id = ?3 AND w.lease_until > clock_timestamp())"
        " RETURNING task.song",
        &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, worker->recipe);
    mm_bind_int(statement, 2, (int64_t)max);
    mm_bind_int(statement, 3, worker->id);
    while ((result = mm_statement_step(statement, err)) == 1 && *n < max)
        songs[(*n)++] = mm_column_int(statement, 0);
    mm_statement_release(statement);
    result = mm_catalog_leave_write(catalog, result < 0 ? result : 0, err);
    if (result < 0)
        *n = 0;
    return result;
}

int mm_queue_start(struct mm_catalog *catalog, const struct mm_queue_worker *worker, int64_t song,
                   int *tries, char **why, struct mm_error *err)
{
    struct mm_statement *statement;
    char *said = NULL;
    int result = tell_task(catalog,
                           "UPDATE task SET tries = tries + 1 WHERE recipe = ?1 AND song = ?2"
                           " AND worker = ?3 RETURNING tries, why",
                           worker, song, &statement, err);
    if (result < 0)
        return result;
    result = mm_statement_step(statement, err);
    if (result == 0)
        result = MM_ERR_NOT_FOUND;
    if (result == 1) {
        *tries = (int)mm_column_int(statement, 0);
        result = mm_column_take_text(statement, 1, &said) < 0 ? mm_no_memory(err) : 0;
    }
    mm_statement_release(statement);
    result = mm_catalog_leave_write(catalog, result, err);
    if (why && result == 0)
        *why = said;
    else
        free(said);
    return result;
}

int mm_queue_finish(struct mm_catalog *catalog, const struct mm_queue_worker *worker, int64_t song,
                    struct mm_error *err)
{
    struct mm_statement *statement;
    size_t changed = 0;
    int result =
        tell_task(catalog, "DELETE FROM task WHERE recipe = ?1 AND song = ?2 AND worker = ?3",
                  worker, song, &statement, err);
    if (result == 0)
        result = mm_catalog_told(catalog, statement, &changed, err);
    return result == 0 && changed == 0 ? MM_ERR_NOT_FOUND : result;
}

int mm_queue_give_back(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                       int64_t song, const char *why, struct mm_error *err)
{
    struct mm_statement *statement;
    char *clean = mm_text_clean_utf8(why, strlen(why));
    if (!clean)
        return mm_no_memory(err);
    int result = tell_task(catalog,
                           "UPDATE task SET worker = NULL, why = ?4"
                           " WHERE recipe = ?1 AND song = ?2 AND worker = ?3",
                           worker, song, &statement, err);
    if (result == 0) {
        mm_bind_text(statement, 4, clean);
        result = mm_catalog_told(catalog, statement, NULL, err);
    }
    free(clean);
    return result;
}

static int has_row(struct mm_statement *statement, bool *has, struct mm_error *err)
{
    int result = mm_statement_step(statement, err);
    *has = result == 1;
    mm_statement_release(statement);
    return result < 0 ? result : 0;
}

static int has_measure(struct mm_store *store, const char *settings, int64_t song, bool *has,
                       struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, "SELECT 1 FROM measure WHERE song = ?1 AND settings = ?2",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    mm_bind_text(statement, 2, settings);
    return has_row(statement, has, err);
}

static int has_vector(struct mm_store *store, const struct mm_vector_kind *kind, int64_t song,
                      bool *has, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store,
                                  "SELECT 1 FROM vector v JOIN vector_kind k ON k.id = v.kind"
                                  " WHERE v.song = ?1 AND k.model = ?2 AND k.settings = ?3"
                                  " AND k.segment = ?4",
                                  &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    mm_bind_text(statement, 2, kind->model);
    mm_bind_text(statement, 3, kind->settings);
    mm_bind_text(statement, 4, kind->segment);
    return has_row(statement, has, err);
}

int mm_queue_lacks(struct mm_catalog *catalog, const struct mm_queue_recipe *recipe, int64_t song,
                   bool *measure, bool *lacks, struct mm_error *err)
{
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    bool has = false;
    result = has_measure(store, recipe->measure_settings, song, &has, err);
    *measure = !has;
    for (size_t i = 0; i < recipe->n_kinds && result == 0; i++) {
        result = has_vector(store, &recipe->kinds[i], song, &has, err);
        lacks[i] = !has;
    }
    mm_catalog_leave_read(catalog);
    return result;
}

int mm_queue_prefer(struct mm_catalog *catalog, int64_t song, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = tell_lease(catalog,
                            "UPDATE task SET priority = 1 WHERE song = ?1 AND priority = 0"
                            " AND worker IS NULL",
                            &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, song);
    return mm_catalog_told(catalog, statement, NULL, err);
}

int mm_queue_wait(struct mm_catalog *catalog, double seconds, bool *woken, struct mm_error *err)
{
    *woken = false;
    return mm_catalog_is_shared(catalog) ? mm_catalog_wait(catalog, seconds, woken, err)
                                         : unsupported(catalog, err);
}

/* ---- for people ---- */

int mm_queue_count(struct mm_catalog *catalog, int64_t recipe, struct mm_queue_counts *out,
                   struct mm_error *err)
{
    *out = (struct mm_queue_counts){0};
    if (!mm_catalog_is_shared(catalog))
        return unsupported(catalog, err);
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog,
                                "SELECT count(*) FILTER (WHERE worker IS NULL), count(worker)"
                                " FROM task WHERE ?1 = 0 OR recipe = ?1",
                                &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, recipe);
    result = mm_statement_step(statement, err);
    if (result == 1) {
        out->free = (size_t)mm_column_int(statement, 0);
        out->held = (size_t)mm_column_int(statement, 1);
    }
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}

int mm_queue_each_worker(struct mm_catalog *catalog, mm_queue_worker_fn *fn, void *ctx,
                         struct mm_error *err)
{
    if (!mm_catalog_is_shared(catalog))
        return unsupported(catalog, err);
    struct mm_statement *statement;
    int result =
        mm_catalog_ask(catalog,
                       "SELECT id, pid, host, lease_until > clock_timestamp(),"
                       " (SELECT count(*) FROM task t WHERE t.worker = w.id), done, failed,"
                       " CAST(extract(epoch FROM clock_timestamp() - joined) AS double precision),"
                       " CAST(extract(epoch FROM clock_timestamp() - seen) AS double precision)"
                       " FROM worker w ORDER BY id",
                       &statement, err);
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        const char *host = mm_column_text(statement, 2);
        const struct mm_queue_worker_info info = {
            .id = mm_column_int(statement, 0),
            .pid = mm_column_int(statement, 1),
            .host = host ? host : "",
            .alive = mm_column_int(statement, 3) != 0,
            .held = (size_t)mm_column_int(statement, 4),
            .done = (size_t)mm_column_int(statement, 5),
            .failed = (size_t)mm_column_int(statement, 6),
            .since_s = fmax(mm_column_real(statement, 7), 0),
            .seen_s = fmax(mm_column_real(statement, 8), 0),
        };
        result = fn(ctx, &info, err);
    }
    return mm_catalog_answered(catalog, statement, result);
}
