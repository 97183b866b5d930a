/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.c - a whole library from one store into another: every row of every table, in one
 * transaction of either, and then both read again and compared by hash. What the queue holds stays
 * behind: it follows from the rest.
 */
#include "catalog/copy.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "catalog/catalog_impl.h"

#define N2  "?1, ?2"
#define N3  N2 ", ?3"
#define N4  N3 ", ?4"
#define N5  N4 ", ?5"
#define N6  N5 ", ?6"
#define N7  N6 ", ?7"
#define N13 N7 ", ?8, ?9, ?10, ?11, ?12, ?13"
#define N24 N13 ", ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24"

#define TABLE(name, order, kinds, marks, counted, columns)                        \
    {                                                                             \
        name, columns, kinds, "SELECT " columns " FROM " name " ORDER BY " order, \
            "SELECT coalesce(max(id), 0) FROM " name,                             \
            "INSERT INTO " name " (" columns ") VALUES (" marks ")", counted      \
    }

static const struct mm_store_table tables[] = {
    TABLE("song", "id", "iitbiibriiittttttttiiitt", N24, true,
          "id, state, source, key, size, mtime_ns, hash, duration_s, sample_rate, channels,"
          " has_cover, codec, title, artist, album, album_artist, isrc, musicbrainz_id, genres,"
          " year, track, disc, search, file"),
    TABLE("measure", "song", "itrrrrrrriirr", N13, false,
          "song, settings, excerpt_start_s, excerpt_length_s, onset_s, loudness_lufs, peak_dbfs,"
          " tempo_bpm, tempo_confidence, key, mode, key_confidence, intensity"),
    TABLE("setting", "name", "tt", N2, false, "name, value"),
    TABLE("vector_kind", "id", "itttit", N6, true, "id, model, settings, segment, dim, tag_names"),
    TABLE("vector", "kind, song", "iibb", N4, false, "kind, song, data, tags"),
    TABLE("failure", "path, stage", "btitiii", N7, false,
          "path, stage, song, reason, tries, size, mtime_ns"),
    TABLE("root", "id", "ib", N2, true, "id, path"),
    TABLE("map", "id", "ittt", N4, true, "id, model, settings, report"),
    TABLE("map_cluster", "map, number", "iiti", N4, false, "map, number, name, region"),
    TABLE("map_region", "map, number", "iit", N3, false, "map, number, name"),
    TABLE("map_song", "map, song", "iirrir", N6, false, "map, song, x, y, cluster, honesty"),
    TABLE("radio_set", "id", "it", N2, true, "id, name"),
    TABLE("set_version", "id", "iiiitt", N6, true,
          "id, radio_set, version, made_at, request, report"),
    TABLE("set_song", "set_version, position", "iii", N3, false, "set_version, position, song"),
    TABLE("play", "song, played_at", "iit", N3, false, "song, played_at, show"),
    TABLE("origin", "source, key", "tbitttr", N7, false,
          "source, key, song, plan, link, licence, duration_s"),
    TABLE("fact", "song, source, name", "ittt", N4, false, "song, source, name, value"),
    TABLE("done", "run, unit", "tti", N3, false, "run, unit, songs"),
    {0},
};

const struct mm_store_table *mm_catalog_tables(void)
{
    return tables;
}

/* ---- what a library says, as one number ---- */

/* A column as bytes that do not depend on the engine: what it is, how long, and what it holds. */
static void hash_column(struct mm_hash *hash, char kind, struct mm_statement *row, int column)
{
    uint64_t head[2] = {(unsigned char)kind, 0};
    const void *bytes = &head[1];
    size_t count = sizeof head[1];
    if (mm_column_is_null(row, column)) {
        mm_hash_add(hash, "0", 1);
        return;
    }
    if (kind == 'i') {
        head[1] = htole64((uint64_t)mm_column_int(row, column));
    } else if (kind == 'r') {
        double value = mm_column_real(row, column);
        memcpy(&head[1], &value, sizeof value);
        head[1] = htole64(head[1]);
    } else if (kind == 't') {
        const char *text = mm_column_text(row, column);
        bytes = text ? text : "";
        count = strlen(bytes);
    } else {
        bytes = mm_column_bytes(row, column, &count);
    }
    uint64_t length = htole64(count);
    mm_hash_add(hash, &kind, 1);
    mm_hash_add(hash, &length, sizeof length);
    mm_hash_add(hash, bytes, count);
}

static int hash_table(struct mm_store *store, const struct mm_store_table *table,
                      struct mm_hash *hash, size_t *rows, struct mm_error *err)
{
    struct mm_statement *row;
    int result = mm_store_prepare(store, table->select, &row, err);
    if (result < 0)
        return result;
    mm_hash_add(hash, table->name, strlen(table->name) + 1);
    *rows = 0;
    while ((result = mm_statement_step(row, err)) == 1) {
        for (int column = 0; table->kinds[column]; column++)
            hash_column(hash, table->kinds[column], row, column);
        ++*rows;
    }
    mm_statement_release(row);
    return result;
}

int mm_catalog_hash(struct mm_catalog *catalog, unsigned char out[32], size_t *rows,
                    struct mm_error *err)
{
    struct mm_hash *hash;
    struct mm_store *store;
    *rows = 0;
    int result = mm_hash_begin(&hash, err);
    if (result < 0)
        return result;
    result = mm_catalog_enter_read(catalog, &store, err);
    if (result == 0) {
        for (const struct mm_store_table *table = tables; table->name && result == 0; table++) {
            size_t count;
            result = hash_table(store, table, hash, &count, err);
            *rows += result == 0 ? count : 0;
        }
        mm_catalog_leave_read(catalog);
    }
    int ended = mm_hash_end(hash, out, err);
    return result < 0 ? result : ended;
}

/* ---- copying ---- */

static int read_number(struct mm_store *store, const char *sql, const char *name, int64_t *out,
                       struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    if (result < 0)
        return result;
    if (name)
        mm_bind_text(statement, 1, name);
    result = mm_statement_step(statement, err);
    *out = result == 1 ? mm_column_int(statement, 0) : 0;
    mm_statement_release(statement);
    return result < 0 ? result : 0;
}

static int run_counter(struct mm_store *store, const char *sql, const char *name, int64_t last,
                       struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, sql, &statement, err);
    if (result < 0)
        return result;
    mm_bind_text(statement, 1, name);
    mm_bind_int(statement, 2, last);
    return mm_statement_finish(statement, err);
}

/* The last id that was given is not given again, also where its row is gone. */
static int copy_counter(struct mm_store *from, struct mm_store *to,
                        const struct mm_store_table *table, struct mm_error *err)
{
    int64_t last;
    int64_t newest;
    int result =
        read_number(from,
                    mm_store_is_shared(from)
                        ? "SELECT coalesce(pg_sequence_last_value("
                          "CAST(pg_get_serial_sequence(?1, 'id') AS regclass)), 0)"
                        : "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1",
                    table->name, &last, err);
    if (result == 0)
        result = read_number(from, table->newest, NULL, &newest, err);
    if (result == 0 && newest > last)
        last = newest;
    if (result < 0 || last <= 0)
        return result;
    if (mm_store_is_shared(to))
        return run_counter(to,
                           "SELECT setval(CAST(pg_get_serial_sequence(?1, 'id') AS regclass), ?2)",
                           table->name, last, err);
    result = run_counter(to, "DELETE FROM sqlite_sequence WHERE name = ?1 AND seq < ?2",
                         table->name, last, err);
    return result < 0 ? result
                      : run_counter(to,
                                    "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2 WHERE"
                                    " NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
                                    table->name, last, err);
}

static int copy_table(struct mm_store *from, struct mm_store *to,
                      const struct mm_store_table *table, size_t *rows, struct mm_error *err)
{
    struct mm_statement *row;
    int result = mm_store_prepare(from, table->select, &row, err);
    if (result < 0)
        return result;
    result = mm_store_load(to, table, row, rows, err);
    mm_statement_release(row);
    if (result == 0 && table->counted)
        result = copy_counter(from, to, table, err);
    return result < 0 ? mm_error_prefix(err, "copying %s", table->name) : 0;
}

static int check_empty(struct mm_store *to, const char *name, struct mm_error *err)
{
    int64_t rows;
    int result = read_number(to,
                             "SELECT (SELECT count(*) FROM song) + (SELECT count(*) FROM root)"
                             " + (SELECT count(*) FROM failure) + (SELECT count(*) FROM radio_set)"
                             " + (SELECT count(*) FROM vector_kind) + (SELECT count(*) FROM map)"
                             " + (SELECT count(*) FROM done)",
                             NULL, &rows, err);
    if (result == 0 && rows)
        return mm_error_set(err, MM_ERR_USAGE,
                            "%s is not empty: a library can be copied into a new one only", name);
    return result;
}

int mm_catalog_copy(struct mm_catalog *from, struct mm_catalog *to,
                    const struct mm_progress *progress, size_t *rows, struct mm_error *err)
{
    struct mm_store *source;
    struct mm_store *target;
    *rows = 0;
    int result = mm_catalog_enter_read(from, &source, err);
    if (result < 0)
        return result;
    result = mm_catalog_enter_write(to, &target, err);
    if (result == 0) {
        result = check_empty(target, mm_catalog_name(to), err);
        for (const struct mm_store_table *table = tables; table->name && result == 0; table++) {
            size_t count;
            result = mm_progress_cancelled(progress)
                         ? mm_error_set(err, MM_ERR_CANCELLED, "stopped")
                         : copy_table(source, target, table, &count, err);
            *rows += result == 0 ? count : 0;
            mm_progress_update(progress, "copying", *rows, 0);
        }
        result = mm_catalog_leave_write(to, result, err);
    }
    mm_catalog_leave_read(from);
    return result;
}
