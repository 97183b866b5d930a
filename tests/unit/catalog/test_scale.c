/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library of 20,000 songs answers rightly, and no question of ours makes the engine look at all
 * rows of a table for each row of another. No time is asserted: the plans are.
 */
#include "raw.h"

#include <unistd.h>

/* ---- every statement the library runs ---- */

static char *seen[256];
static size_t n_seen;

static int note_statement(unsigned kind, void *ctx, void *statement, void *sql)
{
    (void)kind;
    (void)ctx;
    (void)sql;
    const char *text = sqlite3_sql(statement);
    for (size_t i = 0; i < n_seen; i++)
        if (strcmp(seen[i], text) == 0)
            return 0;
    assert_true(n_seen < sizeof seen / sizeof *seen);
    seen[n_seen++] = strdup(text);
    return 0;
}

static int watch(sqlite3 *db, char **message, const void *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, note_statement, NULL);
}

static bool is_question(const char *sql)
{
    static const char *const verbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
    for (size_t i = 0; i < 4; i++)
        if (strncmp(sql, verbs[i], 6) == 0)
            return true;
    return false;
}

/* Scans that are meant: (part of the statement, the plan's words for it). */
static const struct {
    const char *sql, *plan;
} allowed[] = {
    {"FROM song ORDER BY id", "SCAN song"},             /* all songs */
    {"count(*) FILTER (WHERE state = 0)", "SCAN song"}, /* figures */
    {"count(*) FILTER (WHERE state = 0)",
     "SCAN failure USING COVERING INDEX failure_song"}, /* count(*) */
    {"instr(search, ?1)", "SCAN song USING COVERING INDEX song_search"},
    {"FROM failure ORDER BY", "SCAN failure"},
    {"FROM root ORDER BY", "SCAN root"},
    {"FROM vector_kind k WHERE EXISTS", "SCAN k"}, /* a handful */
    {"FROM map ORDER BY id DESC LIMIT 1", "SCAN map"},
    {"INSERT INTO map_song", "SCAN v"}, /* the rows that are inserted */
    {"sqlite_schema", "SCAN sqlite_master"},
};

static bool is_allowed(const char *sql, const char *plan)
{
    if (strstr(plan, "CONSTANT ROW"))
        return true;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strstr(sql, allowed[i].sql) && strcmp(plan, allowed[i].plan) == 0)
            return true;
    return false;
}

static void check_plan(sqlite3 *db, const char *sql)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, explain, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *plan = (const char *)sqlite3_column_text(statement, 3);
        if (strncmp(plan, "SCAN", 4) == 0 && !is_allowed(sql, plan))
            fail_msg("%s\n  looks at every row: %s", sql, plan);
        if (strstr(plan, "AUTOMATIC"))
            fail_msg("%s\n  lacks an index: %s", sql, plan);
        /* Only few rows are sorted: those of a key, the kinds. */
        if (strstr(plan, "TEMP B-TREE FOR ORDER BY") && !strstr(sql, "WHERE key = ?1 ORDER") &&
            !strstr(sql, "vector_kind"))
            fail_msg("%s\n  is sorted: %s", sql, plan);
    }
    sqlite3_finalize(statement);
    sqlite3_free(explain);
}

/* ---- the library ---- */

enum { SONGS = SANITIZED ? 4000 : 20000, DIM = 32 };

static int scale_open(void **state)
{
    assert_int_equal(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
    return library_open(state);
}

static int scale_close(void **state)
{
    sqlite3_reset_auto_extension();
    for (size_t i = 0; i < n_seen; i++)
        free(seen[i]);
    n_seen = 0;
    return library_close(state);
}

static void fill_song(struct library *library, int i)
{
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    char key[64];
    char title[64];
    char artist[64];
    snprintf(key, sizeof key, "/music/%03d/%05d.mp3", i / 100, i);
    snprintf(title, sizeof title, "Song number %d", i);
    snprintf(artist, sizeof artist, "Artist %d", i % 500);
    struct mm_song song = {.source = "folder",
                           .key = key,
                           .hash = {1, (unsigned char)i, (unsigned char)(i >> 8)},
                           .codec = "mp3",
                           .duration_s = 1.0,
                           .tags = {.title = title, .artist = artist}};
    assert_ok(mm_catalog_add_song(catalog, &song, err), err);
    assert_int_equal(song.id, i + 1);
    if (i % 10 == 9)
        return; /* a tenth is left to do */
    struct mm_measure measure = some_measure();
    float values[DIM] = {(float)i};
    assert_ok(mm_catalog_put_measure(catalog, song.id, measure_settings, &measure, err), err);
    assert_ok(mm_catalog_put_vector(catalog, song.id, &timbre, values, DIM, err), err);
}

static int count_item(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)song;
    (void)err;
    ++*(size_t *)ctx;
    return 0;
}

static int ignore_failure(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    (void)ctx;
    (void)failure;
    (void)err;
    return 0;
}

static int ignore_root(void *ctx, const char *path, struct mm_error *err)
{
    (void)ctx;
    (void)path;
    (void)err;
    return 0;
}

static void check_vectors(struct library *library)
{
    int64_t *ids;
    size_t n;
    assert_ok(mm_catalog_embedded(library->catalog, &timbre, &ids, &n, &library->err),
              &library->err);
    assert_int_equal(n, SONGS / 10 * 9);
    float *values = malloc(n * DIM * sizeof *values);
    assert_ok(
        mm_catalog_read_vectors(library->catalog, &timbre, ids, n, DIM, values, &library->err),
        &library->err);
    for (size_t i = 0; i < n; i++)
        assert_true(values[i * DIM] == (float)(ids[i] - 1));
    free(values);
    free(ids);
    assert_ok(mm_catalog_todo(library->catalog, measure_settings, &timbre, false, &ids, &n,
                              &library->err),
              &library->err);
    assert_int_equal(n, SONGS / 10);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ids[i], 10 * (i + 1));
    free(ids);
}

static void check_map(struct library *library)
{
    struct mm_map_song *songs = calloc(SONGS, sizeof *songs);
    char *names[] = {"A", "B", "C"};
    for (int i = 0; i < SONGS; i++)
        songs[i] = (struct mm_map_song){i + 1, (float)i / SONGS, 0.0f, (uint32_t)(i % 3), 0.5F};
    struct mm_map_record map = {.model = "timbre",
                                .settings = "s",
                                .report = "{}",
                                .n_songs = SONGS,
                                .songs = songs,
                                .n_clusters = 3,
                                .cluster_names = names};
    assert_ok(mm_catalog_put_map(library->catalog, &map, &library->err), &library->err);
    assert_ok(mm_catalog_put_map(library->catalog, &map, &library->err), &library->err);
    struct mm_map_record read;
    assert_ok(mm_catalog_get_map(library->catalog, &read, &library->err), &library->err);
    assert_int_equal(read.n_songs, SONGS);
    assert_memory_equal(&read.songs[SONGS - 1].x, &songs[SONGS - 1].x, sizeof(float));
    mm_map_record_finish(&read);
    free(songs);
}

static void ask_everything_else(struct library *library)
{
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    size_t n = 0;
    assert_ok(mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, count_item, &n, err), err);
    assert_int_equal(n, SONGS);
    n = 0;
    assert_ok(mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, count_item, &n, err), err);
    assert_int_equal(n, SONGS);
    n = 0;
    assert_ok(mm_catalog_each_song(catalog, MM_SONGS_ALL, "/music/007", count_item, &n, err), err);
    assert_int_equal(n, 100);
    n = 0;
    assert_ok(mm_catalog_each_song(catalog, MM_SONGS_PRESENT, "/music/007", count_item, &n, err),
              err);
    assert_int_equal(n, 100);
    int64_t ids[64];
    assert_ok(mm_catalog_search(catalog, "number 1234", ids, 64, &n, err), err);
    /* 1234; among more songs 12340 .. 12349, and 11234 as a part */
    assert_int_equal(n, SANITIZED ? 1 : 12);
    assert_int_equal(ids[0], 1235);
    assert_ok(mm_catalog_search(catalog, "#77", ids, 64, &n, err), err);
    assert_int_equal(ids[0], 77);
    static const unsigned char hash[32] = {1, 5, 0};
    assert_ok(mm_catalog_find_hash(catalog, hash, ids, 64, &n, err), err);
    assert_int_equal(n, 1);
    struct mm_catalog_counts counts;
    assert_ok(mm_catalog_count(catalog, &counts, err), err);
    assert_int_equal(counts.present, SONGS);
    assert_int_equal(counts.measured, SONGS / 10 * 9);
    assert_int_equal(counts.map_songs, SONGS);
    struct mm_model_count model;
    assert_ok(mm_catalog_list_models(catalog, &model, 1, &n, err), err);
    assert_int_equal(model.songs, SONGS / 10 * 9);

    struct mm_song song;
    assert_ok(mm_catalog_find_key(catalog, "folder", "/music/000/00005.mp3", &song, err), err);
    assert_ok(mm_catalog_update_song(catalog, &song, true, err), err);
    mm_song_finish(&song);
    struct mm_measure measure;
    assert_ok(mm_catalog_get_measure(catalog, 1, &measure, err), err);
    struct mm_failure failure = {3, "/x", "embed", "no", 1, 2, 3};
    assert_ok(mm_catalog_put_failure(catalog, &failure, err), err);
    bool known;
    assert_ok(mm_catalog_known_failure(catalog, "/x", "embed", 2, 3, &known, err), err);
    assert_true(known);
    assert_ok(mm_catalog_each_failure(catalog, ignore_failure, NULL, err), err);
    assert_ok(mm_catalog_clear_failure(catalog, "/x", "embed", err), err);
    assert_ok(mm_catalog_add_root(catalog, "/music", err), err);
    assert_ok(mm_catalog_each_root(catalog, ignore_root, NULL, err), err);
    assert_ok(mm_catalog_set_state(catalog, 4, MM_SONG_HIDDEN, err), err);
    assert_ok(mm_catalog_delete_song(catalog, 4, err), err);
    assert_ok(mm_catalog_join_song(catalog, 6, 7, err), err);
    int64_t id;
    assert_ok(mm_catalog_map_id(catalog, &id, err), err);
    assert_int_equal(id, 2);
}

static void many_songs_are_no_trouble(void **state)
{
    struct library *library = *state;
    assert_ok(mm_catalog_begin(library->catalog, &library->err), &library->err);
    for (int i = 0; i < SONGS; i++)
        fill_song(library, i);
    assert_ok(mm_catalog_commit(library->catalog, &library->err), &library->err);
    check_vectors(library);
    check_map(library);
    ask_everything_else(library);

    sqlite3_reset_auto_extension();
    sqlite3 *db = raw_open(library->folder);
    size_t checked = 0;
    for (size_t i = 0; i < n_seen; i++) {
        if (!is_question(seen[i]))
            continue;
        check_plan(db, seen[i]);
        checked++;
    }
    sqlite3_close(db);
    assert_in_range(checked, 35, 60); /* so that the net is known to have caught them */
    assert_sound(library->folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_songs_are_no_trouble, scale_open, scale_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
