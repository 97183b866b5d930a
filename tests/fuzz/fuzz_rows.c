/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sound database whose rows say anything: somebody else's library, or a shared one in which
 * others may write. A cell a record: column (one byte), row (one byte), type and length (one byte),
 * the value. All of it is read; texts are text, numbers are numbers, or it is an error in words.
 */
#include "library.h"

#include <sqlite3.h>

#include "base/file.h"
#include "musicmap/work.h"

static char *whole; /* the library's file as it was made */
static size_t whole_size;
static char path[300];

static struct column {
    char table[32], name[32];
} columns[128];
static size_t n_columns;

static void list_columns(void)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    must(sqlite3_open(path, &db) == SQLITE_OK);
    must(
        sqlite3_prepare_v2(db,
                           "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
                           " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY 1, 2",
                           -1, &s, NULL) == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW && n_columns < 128) {
        struct column *c = &columns[n_columns++];
        snprintf(c->table, sizeof c->table, "%s", sqlite3_column_text(s, 0));
        snprintf(c->name, sizeof c->name, "%s", sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static void begin(void)
{
    snprintf(path, sizeof path, "%s/catalog.sqlite", fuzz_folder());
    make_library(fuzz_folder());
    sqlite3 *db;
    must(sqlite3_open(path, &db) == SQLITE_OK);
    must(sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    must(mm_file_read(path, 1 << 24, &whole, &whole_size, NULL) == 0);
    list_columns();
}

static void set_cell(sqlite3 *db, unsigned column, unsigned row, unsigned type, const void *value,
                     size_t n)
{
    const struct column *c = &columns[column % n_columns];
    char sql[256];
    sqlite3_stmt *s;
    double real = 0;
    int64_t whole_number = 0;
    memcpy(&real, value, n < sizeof real ? n : sizeof real);
    memcpy(&whole_number, value, n < sizeof whole_number ? n : sizeof whole_number);
    /* The first song, or all of them: tables have rows by song, by map or by name. */
    snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET %s = ?1%s", c->table, c->name,
             row % 2 && strcmp(c->table, "song") == 0 ? " WHERE id = 1" : "");
    must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
    if (type == 0)
        sqlite3_bind_text(s, 1, value, (int)n, SQLITE_STATIC);
    else if (type == 1)
        sqlite3_bind_blob(s, 1, n ? value : "", (int)n, SQLITE_STATIC);
    else if (type == 2)
        sqlite3_bind_double(s, 1, real);
    else
        sqlite3_bind_int64(s, 1, whole_number);
    sqlite3_step(s);
    sqlite3_finalize(s);
}

static void spoil(const unsigned char *data, size_t size)
{
    sqlite3 *db;
    write_whole(path, whole, whole_size);
    must(sqlite3_open(path, &db) == SQLITE_OK);
    sqlite3_exec(db,
                 "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA foreign_keys = OFF;"
                 "PRAGMA ignore_check_constraints = ON",
                 NULL, NULL, NULL);
    while (size >= 3) {
        size_t n = data[2] >> 2;
        n = n < size - 3 ? n : size - 3;
        set_cell(db, data[0], data[1], data[2] & 3, data + 3, n);
        data += 3 + n;
        size -= 3 + n;
    }
    sqlite3_close(db);
}

/* ---- reading ---- */

static int on_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)ctx, (void)err;
    must(song->key && song->source && song->id);
    return 0;
}

static int on_measure(void *ctx, int64_t song, double duration_s, const struct mm_measure *m,
                      struct mm_error *err)
{
    (void)ctx, (void)song, (void)duration_s, (void)err;
    must(m->key >= -1 && m->key <= 11);
    return 0;
}

static int on_tags(void *ctx, int64_t song, const struct mm_song_tags *tags, struct mm_error *err)
{
    (void)ctx, (void)song, (void)err;
    for (size_t i = 0; i < tags->n; i++)
        must(tags->names[i] && isfinite(tags->values[i]));
    return 0;
}

static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    (void)ctx, (void)err;
    must(origin->source && origin->key);
    return 0;
}

static int on_fact(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                   struct mm_error *err)
{
    (void)ctx, (void)song, (void)err;
    must(source && fact->name && fact->value);
    return 0;
}

static int on_failure(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    (void)ctx, (void)err;
    must(failure->path && failure->stage && failure->reason);
    return 0;
}

static int on_set(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                  struct mm_error *err)
{
    (void)ctx, (void)version, (void)made_at, (void)n_songs, (void)err;
    must(name);
    return 0;
}

static void read_map(struct mm_catalog *c)
{
    struct mm_map_record map = {0};
    struct mm_error err = {0};
    int result = mm_catalog_get_map(c, &map, &err);
    must_say(result == MM_ERR_NOT_FOUND ? 0 : result, &err);
    for (size_t i = 0; result == 0 && i < map.n_songs; i++) {
        must(map.songs[i].cluster < map.n_clusters);
        must(isfinite(map.songs[i].x) && isfinite(map.songs[i].y));
    }
    for (size_t i = 0; result == 0 && i < map.n_clusters; i++)
        must(map.cluster_names[i] && (!map.n_regions || map.region[i] < map.n_regions));
    mm_map_record_finish(&map);
}

static void read_set(struct mm_catalog *c)
{
    struct mm_set_record set = {0};
    struct mm_set_ask ask;
    struct mm_error err = {0};
    if (mm_catalog_get_set(c, "Evening", 0, &set, &err) < 0)
        return;
    must_say(mm_set_ask_from_json(set.request, &ask, &err), &err);
    mm_set_ask_finish(&ask);
    mm_set_record_finish(&set);
}

static void read_library(struct mm_catalog *c)
{
    struct mm_set_library *library = NULL;
    struct mm_error err = {0};
    must_say(mm_load_set_library(c, NULL, 1, NULL, &library, &err), &err);
    mm_set_library_destroy(library);
}

static void read_all(struct mm_catalog *c)
{
    struct mm_error err = {0};
    unsigned char hash[32];
    size_t rows;
    int64_t ids[8];
    must_say(mm_catalog_each_song(c, MM_SONGS_ALL, NULL, on_song, NULL, &err), &err);
    must_say(mm_catalog_each_measure(c, on_measure, NULL, &err), &err);
    must_say(mm_catalog_each_tags(c, 1, INT64_MAX, on_tags, NULL, &err), &err);
    must_say(mm_catalog_each_origin(c, 0, on_origin, NULL, &err), &err);
    must_say(mm_catalog_each_fact(c, 0, NULL, on_fact, NULL, &err), &err);
    must_say(mm_catalog_each_failure(c, on_failure, NULL, &err), &err);
    must_say(mm_catalog_each_set(c, on_set, NULL, &err), &err);
    must_say(mm_catalog_search(c, "T1", ids, 8, &rows, &err), &err);
    must_say(mm_catalog_hash(c, hash, &rows, &err), &err);
    read_map(c);
    read_set(c);
    read_library(c);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mm_catalog *c = NULL;
    struct mm_error err = {0};
    if (!whole)
        begin();
    spoil(data, size);
    int result = mm_catalog_open(fuzz_folder(), false, &c, &err);
    must_say(result, &err);
    if (result == 0)
        read_all(c);
    mm_catalog_close(c);
    return 0;
}
