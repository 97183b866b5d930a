/* SPDX-License-Identifier: BSD-2-Clause */
/* A library moves from one store to the other and back, and is still the same. */
#include "catalog/copy.h"

#include "catalog_check.h"
#include "raw.h"

#include <math.h>

#include "musicmap/catalog.h"

/* Every table of a library in a folder, every column told. */
static void the_list_of_tables_is_whole(void **state)
{
    struct library *l = *state;
    char *folder = check_make_folder();
    struct mm_catalog *catalog;
    assert_ok(mm_catalog_open(folder, true, &catalog, &l->err), &l->err);
    mm_catalog_close(catalog);
    int64_t columns = 0;
    for (const struct mm_store_table *t = mm_catalog_tables(); t->name; t++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s')", t->name);
        assert_int_equal(raw_int(folder, sql), strlen(t->kinds));
        columns += (int64_t)strlen(t->kinds);
    }
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM sqlite_schema t,"
                                     " pragma_table_info(t.name) c WHERE t.type = 'table'"
                                     " AND t.name NOT LIKE 'sqlite_%'"),
                     columns);
    check_remove_folder(folder);
}

/* A row in every table, with what is odd: bytes that are no text, no value, the last id gone. */
static void furnish(struct library *l)
{
    struct mm_error *err = &l->err;
    struct mm_catalog *c = l->catalog;
    int64_t id = add_song(l, "/caf\xe9.mp3", "M\xc3\xb6tley", NULL);
    embed_song(l, id);
    int64_t second = add_song(l, "/b'\"\\x", NULL, "tab\tand\nline");
    const struct mm_song_tags tags = {2, (const char *const[]){"a", "b"}, (const float[]){0, -1}};
    assert_ok(mm_catalog_put_tags(c, id, &timbre, &tags, err), err);
    const struct mm_failure failure = {
        .song = second, .path = "/\xff", .stage = "embed", .reason = "it is bad", .size = 5};
    assert_ok(mm_catalog_put_failure(c, &failure, err), err);
    assert_ok(mm_catalog_add_root(c, "/\xfe", err), err);
    struct mm_map_song places[] = {{id, 0.1f, -1e-30f, 0, 0.5f}, {second, 2, 3, 1, NAN}};
    char *names[] = {(char *)"one", (char *)"two"};
    struct mm_map_record map = {.model = (char *)"timbre",
                                .settings = (char *)"k=2",
                                .report = (char *)"{}",
                                .n_songs = 2,
                                .songs = places,
                                .n_clusters = 2,
                                .cluster_names = names,
                                .n_regions = 1,
                                .region_names = names,
                                .region = (uint32_t[]){0, 0}};
    assert_ok(mm_catalog_put_map(c, &map, err), err);
    struct mm_set_record set = {.name = (char *)"evening",
                                .request = (char *)"{}",
                                .report = (char *)"{}",
                                .n_songs = 1,
                                .songs = &id};
    assert_ok(mm_catalog_put_set(c, &set, err), err);
    bool added;
    assert_ok(mm_catalog_add_play(c, id, 1600000000, "show", &added, err), err);
    const struct mm_origin origin = {
        .song = id, .source = (char *)"deezer", .key = (char *)"1", .duration_s = 1.0 / 3};
    assert_ok(mm_catalog_put_origin(c, &origin, err), err);
    assert_ok(mm_catalog_put_done(c, "deezer", "rock", 3, err), err);
    assert_ok(mm_catalog_delete_song(c, add_song(l, "/gone", "x", "y"), err), err);
}

static void assert_same(struct mm_catalog *a, struct mm_catalog *b, struct mm_error *err)
{
    unsigned char hash[2][32];
    size_t rows[2];
    assert_ok(mm_catalog_hash(a, hash[0], &rows[0], err), err);
    assert_ok(mm_catalog_hash(b, hash[1], &rows[1], err), err);
    assert_true(rows[0] >= 18);
    assert_int_equal(rows[0], rows[1]);
    assert_memory_equal(hash[0], hash[1], 32);
}

/* Folder -> folder -> server -> folder, where there is a server. */
static void a_library_survives_its_moves(void **state)
{
    struct library *l = *state; /* a folder, or on the server */
    struct mm_error *err = &l->err;
    struct mm_catalog *copy;
    size_t rows;
    char *folder = check_make_folder();
    furnish(l);
    assert_ok(mm_catalog_open(folder, true, &copy, err), err);
    assert_ok(mm_catalog_copy(l->catalog, copy, NULL, &rows, err), err);
    assert_same(l->catalog, copy, err);
    assert_int_equal(mm_catalog_copy(l->catalog, copy, NULL, &rows, err), MM_ERR_USAGE);
    assert_sound(folder);
    if (check_postgres) {
        mm_catalog_close(l->catalog);
        check_sql(check_postgres, "DROP SCHEMA musicmap CASCADE");
        assert_ok(mm_catalog_open(check_postgres, true, &l->catalog, err), err);
        assert_ok(mm_catalog_copy(copy, l->catalog, NULL, &rows, err), err);
        assert_same(l->catalog, copy, err);
    }
    /* Both go on counting behind the id that is gone. */
    mm_catalog_close(copy);
    int64_t next = add_song(l, "/next", "x", "y");
    assert_int_equal(next, 4);
    assert_ok(mm_catalog_add_root(l->catalog, "/other", err), err);
    assert_ok(mm_catalog_open(folder, false, &copy, err), err);
    struct library moved = {.folder = folder, .catalog = copy};
    assert_int_equal(add_song(&moved, "/next", "x", "y"), 4);
    mm_catalog_close(copy);
    check_remove_folder(folder);
}

/* A fault on the way leaves an empty library behind. */
static void a_copy_is_whole_or_not_there(void **state)
{
    struct library *l = *state;
    struct mm_error *err = &l->err;
    if (!check_postgres)
        return;
    char *folder = check_make_folder();
    struct library bad = {.folder = folder};
    size_t rows;
    assert_ok(mm_catalog_open(folder, true, &bad.catalog, err), err);
    furnish(&bad);
    raw_run(folder,
            "UPDATE map SET report = CAST(x'ff' AS TEXT)"); /* no text: the server objects */
    assert_int_equal(mm_catalog_copy(bad.catalog, l->catalog, NULL, &rows, err), MM_ERR_INPUT);
    assert_non_null(strstr(err->message, "map"));
    raw_run(folder, "UPDATE map SET report = '{}'");
    assert_ok(mm_catalog_copy(bad.catalog, l->catalog, NULL, &rows, err), err);
    assert_same(bad.catalog, l->catalog, err);
    mm_catalog_close(bad.catalog);
    check_remove_folder(folder);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_list_of_tables_is_whole),
        test(a_library_survives_its_moves),
        test(a_copy_is_whole_or_not_there),
    };
    return run_on_both_stores(tests);
}
