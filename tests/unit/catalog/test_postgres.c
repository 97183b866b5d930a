/* SPDX-License-Identifier: BSD-2-Clause */
/* What only the shared store can get wrong: its schema, lost connections, several writers. */
#include <pthread.h>

#include "catalog_check.h"
#include "raw.h"

static int64_t ask(const char *sql)
{
    PGconn *connection = PQconnectdb(check_postgres);
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    int64_t value = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(connection);
    return value;
}

/* Ends all connections but the one that asks for it, as a server that is restarted does. */
static void cut_connections(void)
{
    ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

/* ---- the tables ---- */

/* "table.column " of every table that both stores have, sorted. */
static char *columns_of_file(const char *folder)
{
    sqlite3 *db = raw_open(folder);
    sqlite3_stmt *statement;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT group_concat(name, ' ') FROM (SELECT t.name || '.' || c.name AS"
                           " name FROM sqlite_schema t, pragma_table_info(t.name) c"
                           " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1)",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *names = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return names;
}

static char *columns_of_server(void)
{
    PGconn *connection = PQconnectdb(check_postgres);
    PGresult *result =
        PQexec(connection,
               "SELECT string_agg(name, ' ' ORDER BY name) FROM (SELECT"
               " (table_name || '.' || column_name) COLLATE \"C\" AS name FROM"
               " information_schema.columns WHERE table_schema = 'musicmap'"
               " AND table_name NOT IN ('library', 'recipe', 'worker', 'task')) AS all_columns");
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    char *names = strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    return names;
}

/* Whoever adds a column to one store finds out here that the other needs it, too. */
static void both_stores_have_the_same_columns(void **state)
{
    (void)state;
    char *folder = check_make_folder();
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    assert_ok(mm_catalog_open(folder, true, &catalog, &err), &err);
    mm_catalog_close(catalog);
    char *in_file = columns_of_file(folder);
    char *on_server = columns_of_server();
    assert_string_equal(in_file, on_server);
    free(on_server);
    free(in_file);
    check_remove_folder(folder);
}

static void what_is_no_library_is_told(void **state)
{
    struct library *l = *state;
    struct mm_catalog *catalog;
    mm_catalog_close(l->catalog);
    l->catalog = NULL;
    check_sql(check_postgres, "UPDATE musicmap.library SET version = 99");
    assert_int_equal(mm_catalog_open(check_postgres, false, &catalog, &l->err), MM_ERR_UNSUPPORTED);
    check_sql(check_postgres, "DROP TABLE musicmap.library");
    assert_int_equal(mm_catalog_open(check_postgres, true, &catalog, &l->err), MM_ERR_INPUT);
    check_sql(check_postgres, "DROP SCHEMA musicmap CASCADE");
    assert_int_equal(mm_catalog_open(check_postgres, false, &catalog, &l->err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_open("postgresql://[", true, &catalog, &l->err), MM_ERR_USAGE);
    assert_int_equal(
        mm_catalog_open("postgresql://u:secret@/x?host=/nowhere", true, &catalog, &l->err),
        MM_ERR_AGAIN);
    assert_null(strstr(l->err.message, "secret"));
}

static void *open_new(void *ctx)
{
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    int result = mm_catalog_open(ctx, true, &catalog, &err);
    mm_catalog_close(catalog);
    return result < 0 ? strdup(err.message) : NULL;
}

static void many_may_open_a_new_library_at_once(void **state)
{
    struct library *l = *state;
    mm_catalog_close(l->catalog);
    l->catalog = NULL;
    check_sql(check_postgres, "DROP SCHEMA musicmap CASCADE");
    pthread_t threads[6];
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_new, check_postgres), 0);
    for (size_t i = 0; i < 6; i++) {
        void *said;
        pthread_join(threads[i], &said);
        if (said)
            fail_msg("%s", (char *)said);
    }
    assert_int_equal(ask("SELECT count(*) FROM musicmap.library"), 1);
}

/* ---- connections ---- */

static void a_lost_connection_is_made_again(void **state)
{
    struct library *l = *state;
    int64_t id = add_song(l, "/a", "x", "y");
    cut_connections();
    struct mm_song song;
    assert_ok(mm_catalog_get_song(l->catalog, id, &song, &l->err), &l->err);
    mm_song_finish(&song);
    cut_connections();
    add_song(l, "/b", "x", "y");
}

static void a_transaction_that_is_cut_is_undone(void **state)
{
    struct library *l = *state;
    struct mm_song song = {.source = "folder", .key = "/b"};
    assert_ok(mm_catalog_begin(l->catalog, &l->err), &l->err);
    add_song(l, "/a", "x", "y");
    cut_connections();
    assert_int_equal(mm_catalog_add_song(l->catalog, &song, &l->err), MM_ERR_AGAIN);
    assert_true(mm_catalog_commit(l->catalog, &l->err) < 0);
    assert_int_equal(ask("SELECT count(*) FROM musicmap.song"), 0);
    add_song(l, "/a", "x", "y");
    assert_int_equal(ask("SELECT count(*) FROM musicmap.song"), 1);
}

static int cut_in_between(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct library *l = ctx;
    (void)song;
    (void)err;
    size_t count;
    int64_t id;
    cut_connections();
    int result = mm_catalog_search(l->catalog, "x", &id, 1, &count, err);
    return result < 0 ? result : 0;
}

static void a_listing_that_is_cut_fails(void **state)
{
    struct library *l = *state;
    add_song(l, "/a", "x", "y");
    add_song(l, "/b", "x", "y");
    assert_int_equal(
        mm_catalog_each_song(l->catalog, MM_SONGS_ALL, NULL, cut_in_between, l, &l->err),
        MM_ERR_AGAIN);
    add_song(l, "/c", "x", "y");
}

/* ---- several writers ---- */

struct writer {
    struct mm_catalog *catalog;
    int64_t first;
    char *said;
};

enum { EACH = 40 };

/* Adds songs and, with the first of them, a kind of vector that all writers make at once. */
static void *write_songs(void *ctx)
{
    struct writer *w = ctx;
    struct mm_error err = {0};
    int result = 0;
    for (int i = 0; i < EACH && result == 0; i++) {
        char key[32];
        snprintf(key, sizeof key, "/%d/%d", (int)w->first, i);
        struct mm_song song = {.source = "folder", .key = key};
        const float values[3] = {1, 2, 3};
        result = mm_catalog_add_song(w->catalog, &song, &err);
        if (result == 0)
            result = mm_catalog_begin_beside(w->catalog, &err);
        if (result == 0)
            result = mm_catalog_put_vector(w->catalog, song.id, &timbre, values, 3, &err);
        if (result == 0)
            result = mm_catalog_commit(w->catalog, &err);
    }
    w->said = result < 0 ? strdup(err.message) : NULL;
    return NULL;
}

static void writers_do_not_hurt_each_other(void **state)
{
    struct library *l = *state;
    struct writer writers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.first = i};
        assert_ok(mm_catalog_open(check_postgres, false, &writers[i].catalog, &l->err), &l->err);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_songs, &writers[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        if (writers[i].said)
            fail_msg("%s", writers[i].said);
        mm_catalog_close(writers[i].catalog);
    }
    assert_int_equal(ask("SELECT count(*) FROM musicmap.vector"), 4 * EACH);
    assert_int_equal(ask("SELECT count(*) FROM musicmap.vector_kind"), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(both_stores_have_the_same_columns),   test(what_is_no_library_is_told),
        test(many_may_open_a_new_library_at_once), test(a_lost_connection_is_made_again),
        test(a_transaction_that_is_cut_is_undone), test(a_listing_that_is_cut_fails),
        test(writers_do_not_hurt_each_other),
    };
    return run_on_server(tests);
}
