/* SPDX-License-Identifier: BSD-2-Clause */
/* maps.c - the current map: one row in map, its countries in map_cluster, their
 * regions in map_region, its songs in map_song. */
#include "catalog/catalog_impl.h"

#include <math.h>

#include "base/array.h"
#include "base/text.h"

void mm_map_record_finish(struct mm_map_record *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->n_clusters; i++)
        free(map->cluster_names[i]);
    free(map->cluster_names);
    for (size_t i = 0; i < map->n_regions; i++)
        free(map->region_names[i]);
    free(map->region_names);
    free(map->region);
    free(map->songs);
    free(map->model);
    free(map->settings);
    free(map->report);
    *map = (struct mm_map_record){0};
}

/* ---- writing ---- */

static int check_map(const struct mm_map_record *map, struct mm_error *err)
{
    if (!map->model || !map->settings || !map->report)
        return mm_error_set(err, MM_ERR_USAGE, "a map needs a model, settings and a report");
    int result = mm_check_text(map->model, "model's name", err);
    if (result == 0)
        result = mm_check_text(map->settings, "settings line", err);
    if (result == 0)
        result = mm_check_text(map->report, "report", err);
    for (size_t i = 0; i < map->n_clusters && result == 0; i++)
        result = map->cluster_names[i]
                     ? mm_check_text(map->cluster_names[i], "name of a cluster", err)
                     : mm_error_set(err, MM_ERR_USAGE, "cluster %zu has no name", i);
    for (size_t i = 0; i < map->n_regions && result == 0; i++)
        result = map->region_names[i]
                     ? mm_check_text(map->region_names[i], "name of a region", err)
                     : mm_error_set(err, MM_ERR_USAGE, "region %zu has no name", i);
    for (size_t i = 0; i < map->n_clusters && map->n_regions > 0 && result == 0; i++)
        if (map->region[i] >= map->n_regions)
            result = mm_error_set(err, MM_ERR_USAGE, "cluster %zu is in no region", i);
    for (size_t i = 0; i < map->n_songs && result == 0; i++) {
        const struct mm_map_song *song = &map->songs[i];
        if (!isfinite(song->x) || !isfinite(song->y) || song->cluster >= map->n_clusters)
            result = mm_error_set(err, MM_ERR_USAGE, "song %zu of the map has no place on it", i);
    }
    return result;
}

static int write_head(struct mm_store *store, const struct mm_map_record *map, int64_t *id,
                      struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "INSERT INTO map (model, settings, report) VALUES (?1, ?2, ?3) RETURNING id",
        &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, map->model);
    mm_bind_text(statement, 2, map->settings);
    mm_bind_text(statement, 3, map->report);
    return mm_statement_number(statement, id, err);
}

static int write_clusters(struct mm_store *store, const struct mm_map_record *map, int64_t id,
                          struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < map->n_clusters && result == 0; i++) {
        struct mm_statement *statement;
        result = mm_store_prepare(
            store, "INSERT INTO map_cluster (map, number, name, region) VALUES (?1, ?2, ?3, ?4)",
            &statement, err);
        if (result < 0)
            break;
        mm_bind_int(statement, 1, id);
        mm_bind_int(statement, 2, (int64_t)i);
        mm_bind_text(statement, 3, map->cluster_names[i]);
        if (map->n_regions > 0) /* else it stays NULL */
            mm_bind_int(statement, 4, map->region[i]);
        result = mm_statement_finish(statement, err);
    }
    return result;
}

static int write_regions(struct mm_store *store, const struct mm_map_record *map, int64_t id,
                         struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < map->n_regions && result == 0; i++) {
        struct mm_statement *statement;
        result = mm_store_prepare(store,
                                  "INSERT INTO map_region (map, number, name) VALUES (?1, ?2, ?3)",
                                  &statement, err);
        if (result < 0)
            break;
        mm_bind_int(statement, 1, id);
        mm_bind_int(statement, 2, (int64_t)i);
        mm_bind_text(statement, 3, map->region_names[i]);
        result = mm_statement_finish(statement, err);
    }
    return result;
}

/* A map takes minutes to make: what was deleted meanwhile is not on it. */
/* A cross join keeps its order in SQLite: each row looks for its song. */
#define INSERT_SONGS(rows)                                                                     \
    "INSERT INTO map_song (map, song, x, y, cluster, honesty)"                                 \
    " SELECT ?1, s.id, v.column2, v.column3, v.column4, v.column5 FROM (VALUES " rows ") AS v" \
    " CROSS JOIN song s WHERE s.id = v.column1"
#define ROW(song, x, y, cluster, honesty)                                    \
    "(CAST(?" song " AS bigint), CAST(?" x " AS double precision), CAST(?" y \
    " AS double precision), CAST(?" cluster " AS bigint), CAST(?" honesty " AS double precision))"
/* A server far away is asked once for so many. */
enum { SONGS_AT_ONCE = 16 };
/* clang-format off */
#define ROWS                                                              \
    ROW("2", "3", "4", "5", "6") ", " ROW("7", "8", "9", "10", "11") ", " \
    ROW("12", "13", "14", "15", "16") ", " ROW("17", "18", "19", "20", "21") ", " \
    ROW("22", "23", "24", "25", "26") ", " ROW("27", "28", "29", "30", "31") ", " \
    ROW("32", "33", "34", "35", "36") ", " ROW("37", "38", "39", "40", "41") ", " \
    ROW("42", "43", "44", "45", "46") ", " ROW("47", "48", "49", "50", "51") ", " \
    ROW("52", "53", "54", "55", "56") ", " ROW("57", "58", "59", "60", "61") ", " \
    ROW("62", "63", "64", "65", "66") ", " ROW("67", "68", "69", "70", "71") ", " \
    ROW("72", "73", "74", "75", "76") ", " ROW("77", "78", "79", "80", "81")
/* clang-format on */

static int write_some_songs(struct mm_store *store, const struct mm_map_song *songs, size_t count,
                            int64_t id, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store,
        count == SONGS_AT_ONCE ? INSERT_SONGS(ROWS) : INSERT_SONGS(ROW("2", "3", "4", "5", "6")),
        &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, id);
    for (size_t i = 0; i < count; i++) {
        int at = 2 + 5 * (int)i;
        mm_bind_int(statement, at, songs[i].song);
        mm_bind_real(statement, at + 1, (double)songs[i].x);
        mm_bind_real(statement, at + 2, (double)songs[i].y);
        mm_bind_int(statement, at + 3, songs[i].cluster);
        if (isfinite(songs[i].honesty)) /* else it stays NULL */
            mm_bind_real(statement, at + 4, (double)songs[i].honesty);
    }
    return mm_statement_finish(statement, err);
}

static int write_songs(struct mm_store *store, const struct mm_map_record *map, int64_t id,
                       struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < map->n_songs && result == 0;) {
        size_t count = map->n_songs - i < SONGS_AT_ONCE ? 1 : SONGS_AT_ONCE;
        result = write_some_songs(store, map->songs + i, count, id, err);
        i += count;
    }
    if (result == MM_ERR_USAGE)
        return mm_error_set(err, result, "a song is on the map twice");
    return result;
}

int mm_catalog_put_map(struct mm_catalog *catalog, struct mm_map_record *map, struct mm_error *err)
{
    int result = check_map(map, err);
    struct mm_store *store = NULL;
    if (result == 0)
        result = mm_catalog_enter_write(catalog, &store, err);
    if (result < 0)
        return result;
    int64_t id = 0;
    result = write_head(store, map, &id, err);
    if (result == 0)
        result = write_clusters(store, map, id, err);
    if (result == 0)
        result = write_regions(store, map, id, err);
    if (result == 0)
        result = write_songs(store, map, id, err);
    if (result == 0)
        result = mm_store_run_int(store, "DELETE FROM map WHERE id < ?1", id, err);
    result = mm_catalog_leave_write(catalog, result, err);
    if (result == 0)
        map->id = id;
    return result;
}

/* ---- reading ---- */

static int damaged(struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_INPUT,
                        "the library is damaged: the map; make it again with 'musicmap map'");
}

static int read_head(struct mm_store *store, struct mm_map_record *out, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "SELECT id, model, settings, report FROM map ORDER BY id DESC LIMIT 1", &statement,
        err);
    if (result < 0)
        return result;
    result = mm_statement_step(statement, err);
    if (result == 0) {
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "there is no map yet: make one with 'musicmap map'");
    } else if (result == 1) {
        out->id = mm_column_int(statement, 0);
        result = mm_column_take_text(statement, 1, &out->model) < 0 ||
                         mm_column_take_text(statement, 2, &out->settings) < 0 ||
                         mm_column_take_text(statement, 3, &out->report) < 0
                     ? mm_no_memory(err)
                     : 0;
        if (result == 0 && (!out->model || !out->settings || !out->report))
            result = damaged(err);
    }
    mm_statement_release(statement);
    return result;
}

/* Names in order of their number, which has no gaps. sql: number, name by map. */
static int read_names(struct mm_store *store, const char *sql, int64_t map, char ***names,
                      size_t *count, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, map);
    size_t capacity = 0;
    while ((result = mm_statement_step(statement, err)) == 1) {
        char *name = NULL;
        if (mm_column_int(statement, 0) != (int64_t)*count || mm_column_is_null(statement, 1))
            result = damaged(err);
        else if (mm_array_reserve(names, &capacity, *count + 1) < 0 ||
                 mm_column_take_text(statement, 1, &name) < 0)
            result = mm_no_memory(err);
        if (result < 0)
            break;
        (*names)[(*count)++] = name;
    }
    mm_statement_release(statement);
    return result;
}

/* Which region each cluster is in. */
static int read_membership(struct mm_store *store, struct mm_map_record *out, struct mm_error *err)
{
    struct mm_statement *statement;
    out->region = mm_calloc3(out->n_clusters, 1, sizeof *out->region);
    if (!out->region)
        return mm_no_memory(err);
    int result = mm_store_prepare(
        store, "SELECT region FROM map_cluster WHERE map = ?1 ORDER BY number", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, out->id);
    for (size_t i = 0; (result = mm_statement_step(statement, err)) == 1; i++) {
        int64_t region = mm_column_int(statement, 0);
        if (i >= out->n_clusters || mm_column_is_null(statement, 0) || region < 0 ||
            (uint64_t)region >= out->n_regions) {
            result = damaged(err);
            break;
        }
        out->region[i] = (uint32_t)region;
    }
    mm_statement_release(statement);
    return result;
}

static int read_clusters(struct mm_store *store, struct mm_map_record *out, struct mm_error *err)
{
    int result =
        read_names(store, "SELECT number, name FROM map_cluster WHERE map = ?1 ORDER BY number",
                   out->id, &out->cluster_names, &out->n_clusters, err);
    if (result == 0)
        result =
            read_names(store, "SELECT number, name FROM map_region WHERE map = ?1 ORDER BY number",
                       out->id, &out->region_names, &out->n_regions, err);
    if (result == 0 && out->n_regions > 0)
        result = read_membership(store, out, err);
    return result;
}

static int read_songs(struct mm_store *store, struct mm_map_record *out, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "SELECT song, x, y, cluster, honesty FROM map_song WHERE map = ?1 ORDER BY song",
        &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, out->id);
    size_t capacity = 0;
    while ((result = mm_statement_step(statement, err)) == 1) {
        struct mm_map_song song = {
            .song = mm_column_int(statement, 0),
            .x = (float)mm_column_real(statement, 1),
            .y = (float)mm_column_real(statement, 2),
            .honesty = mm_column_is_null(statement, 4) ? NAN : (float)mm_column_real(statement, 4),
        };
        int64_t cluster = mm_column_int(statement, 3);
        if (!isfinite(song.x) || !isfinite(song.y) || cluster < 0 ||
            (uint64_t)cluster >= out->n_clusters)
            result = damaged(err);
        else if (mm_array_reserve(&out->songs, &capacity, out->n_songs + 1) < 0)
            result = mm_no_memory(err);
        if (result < 0)
            break;
        song.cluster = (uint32_t)cluster;
        out->songs[out->n_songs++] = song;
    }
    mm_statement_release(statement);
    return result;
}

int mm_catalog_get_map(struct mm_catalog *catalog, struct mm_map_record *out, struct mm_error *err)
{
    *out = (struct mm_map_record){0};
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result < 0)
        return result;
    result = read_head(store, out, err);
    if (result == 0)
        result = read_clusters(store, out, err);
    if (result == 0)
        result = read_songs(store, out, err);
    mm_catalog_leave_read(catalog);
    if (result < 0)
        mm_map_record_finish(out);
    return result;
}

int mm_catalog_map_id(struct mm_catalog *catalog, int64_t *out, struct mm_error *err)
{
    *out = 0;
    struct mm_statement *statement;
    int result = mm_catalog_ask(catalog, "SELECT coalesce(max(id), 0) FROM map", &statement, err);
    if (result == 0)
        result = mm_statement_step(statement, err);
    if (result == 1)
        *out = mm_column_int(statement, 0);
    return mm_catalog_answered(catalog, statement, result < 0 ? result : 0);
}
