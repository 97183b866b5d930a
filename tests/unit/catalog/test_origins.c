/* SPDX-License-Identifier: BSD-2-Clause */
/* Songs of services: origins, sounds in the library, units that are done; and older libraries. */
#include "raw.h"

static int64_t add_from(struct library *l, const char *source, const char *key, const char *file)
{
    struct mm_song song = {.source = (char *)source,
                           .key = (char *)key,
                           .file = (char *)file,
                           .tags = {.title = "T", .artist = "A"}};
    assert_ok(mm_catalog_add_song(l->catalog, &song, &l->err), &l->err);
    return song.id;
}

static int count(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    (void)err;
    assert_non_null(origin->source);
    (*(size_t *)ctx)++;
    return 0;
}

static void origins_come_back(void **state)
{
    struct library *l = *state;
    int64_t id = add_from(l, "deezer", "1", "previews/deezer/00/1.mp3");
    const struct mm_origin origin = {.song = id,
                                     .source = "deezer",
                                     .key = "1",
                                     .plan = "rock",
                                     .link = "https://www.deezer.com/track/1",
                                     .duration_s = 200};
    const struct mm_origin bare = {.song = id, .source = "spotify", .key = "x"};
    assert_ok(mm_catalog_put_origin(l->catalog, &origin, &l->err), &l->err);
    assert_ok(mm_catalog_put_origin(l->catalog, &bare, &l->err), &l->err);
    assert_ok(mm_catalog_put_origin(l->catalog, &origin, &l->err), &l->err);
    struct mm_origin got;
    assert_ok(mm_catalog_find_origin(l->catalog, "deezer", "1", &got, &l->err), &l->err);
    assert_int_equal(got.song, id);
    assert_string_equal(got.plan, "rock");
    assert_null(got.licence);
    assert_true(got.duration_s == 200);
    mm_origin_finish(&got);
    assert_int_equal(mm_catalog_find_origin(l->catalog, "deezer", "2", &got, &l->err),
                     MM_ERR_NOT_FOUND);
    size_t n = 0;
    assert_ok(mm_catalog_each_origin(l->catalog, id, count, &n, &l->err), &l->err);
    assert_int_equal(n, 2);
    assert_ok(mm_catalog_delete_origin(l->catalog, "spotify", "x", &l->err), &l->err);
    struct mm_song song;
    assert_ok(mm_catalog_get_song(l->catalog, id, &song, &l->err), &l->err);
    assert_string_equal(song.file, "previews/deezer/00/1.mp3");
    char *path = mm_song_path(l->catalog, &song);
    assert_true(strncmp(path, mm_catalog_path(l->catalog), strlen(mm_catalog_path(l->catalog))) ==
                0);
    free(path);
    mm_song_finish(&song);
    assert_ok(mm_catalog_delete_song(l->catalog, id, &l->err), &l->err);
    n = 0;
    assert_ok(mm_catalog_each_origin(l->catalog, 0, count, &n, &l->err), &l->err);
    assert_int_equal(n, 0); /* they went with the song */
    assert_int_equal(mm_catalog_put_origin(l->catalog, &origin, &l->err), MM_ERR_NOT_FOUND);
    if (!check_postgres)
        assert_sound(l->folder);
}

struct seen {
    char text[256];
};

static int take_fact(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                     struct mm_error *err)
{
    struct seen *seen = ctx;
    (void)err;
    size_t n = strlen(seen->text);
    snprintf(seen->text + n, sizeof seen->text - n, "%s%s.%s=%s", n ? " " : "", source, fact->name,
             fact->value);
    assert_true(song > 0);
    return 0;
}

static void assert_facts(struct library *l, int64_t song, const char *name, const char *expected)
{
    struct seen seen = {0};
    assert_ok(mm_catalog_each_fact(l->catalog, song, name, take_fact, &seen, &l->err), &l->err);
    assert_string_equal(seen.text, expected);
}

static void facts_come_back(void **state)
{
    struct library *l = *state;
    int64_t a = add_from(l, "folder", "/a", NULL);
    int64_t b = add_from(l, "folder", "/b", NULL);
    const struct mm_fact facts[] = {{"rating", "4"}, {"plays", "17"}};
    const struct mm_fact other[] = {{"bpm", "127.98"}};
    assert_ok(mm_catalog_put_facts(l->catalog, a, "subsonic", facts, 2, &l->err), &l->err);
    assert_ok(mm_catalog_put_facts(l->catalog, a, "mixxx", other, 1, &l->err), &l->err);
    assert_ok(mm_catalog_put_facts(l->catalog, b, "subsonic", facts, 1, &l->err), &l->err);
    assert_facts(l, a, NULL, "mixxx.bpm=127.98 subsonic.plays=17 subsonic.rating=4");
    assert_facts(l, 0, "rating", "subsonic.rating=4 subsonic.rating=4");
    /* What is said now is all that is said. */
    assert_ok(mm_catalog_put_facts(l->catalog, a, "subsonic", facts, 1, &l->err), &l->err);
    assert_facts(l, a, NULL, "mixxx.bpm=127.98 subsonic.rating=4");
    const struct mm_fact bad[] = {{"rating", "\xff"}, {"rating", ""}};
    for (size_t i = 0; i < 2; i++)
        assert_true(mm_catalog_put_facts(l->catalog, a, "subsonic", &bad[i], 1, &l->err) < 0);
    assert_int_equal(mm_catalog_put_facts(l->catalog, 999, "subsonic", facts, 1, &l->err),
                     MM_ERR_NOT_FOUND);
    assert_ok(mm_catalog_delete_song(l->catalog, a, &l->err), &l->err);
    assert_facts(l, 0, NULL, "subsonic.rating=4"); /* they went with the song */
}

static void bad_origins_are_refused(void **state)
{
    struct library *l = *state;
    int64_t id = add_from(l, "deezer", "1", NULL);
    const struct mm_origin bad[] = {
        {.song = id, .source = "", .key = "1"},
        {.song = id, .source = "deezer"},
        {.song = id, .source = "deezer", .key = "1", .duration_s = -1},
        {.song = id, .source = "deezer", .key = "1", .plan = "\xff"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(mm_catalog_put_origin(l->catalog, &bad[i], &l->err) < 0);
}

static void units_are_done_once(void **state)
{
    struct library *l = *state;
    bool done;
    size_t songs;
    assert_ok(mm_catalog_put_done(l->catalog, "deezer a", "rock", 7, &l->err), &l->err);
    assert_ok(mm_catalog_put_done(l->catalog, "deezer b", "rock", 8, &l->err), &l->err);
    assert_ok(mm_catalog_put_done(l->catalog, "itunes a", "rock", 9, &l->err), &l->err);
    assert_ok(mm_catalog_is_done(l->catalog, "deezer a", "rock", &done, &songs, &l->err), &l->err);
    assert_true(done && songs == 7);
    assert_ok(mm_catalog_is_done(l->catalog, "deezer a", "pop", &done, &songs, &l->err), &l->err);
    assert_false(done);
    assert_ok(mm_catalog_clear_done(l->catalog, "deezer ", &l->err), &l->err);
    assert_ok(mm_catalog_is_done(l->catalog, "deezer b", "rock", &done, &songs, &l->err), &l->err);
    assert_false(done);
    assert_ok(mm_catalog_is_done(l->catalog, "itunes a", "rock", &done, &songs, &l->err), &l->err);
    assert_true(done && songs == 9);
}

/* A library of the version before, as it was: without these tables. */
static void older_libraries_are_brought_up_to_date(void **state)
{
    struct library *l = *state;
    int64_t id = add_from(l, "folder", "/a", NULL);
    raw_run(l->folder, RAW_UNDO_ORIGINS "PRAGMA user_version = 4");
    library_reopen(l);
    struct mm_song song;
    assert_ok(mm_catalog_get_song(l->catalog, id, &song, &l->err), &l->err);
    assert_null(song.file);
    char *path = mm_song_path(l->catalog, &song);
    assert_string_equal(path, "/a");
    free(path);
    mm_song_finish(&song);
    assert_int_equal(raw_int(l->folder, "SELECT count(*) FROM origin"), 0);
    assert_sound(l->folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(origins_come_back, library_open, library_close),
        cmocka_unit_test_setup_teardown(facts_come_back, library_open, library_close),
        cmocka_unit_test_setup_teardown(bad_origins_are_refused, library_open, library_close),
        cmocka_unit_test_setup_teardown(units_are_done_once, library_open, library_close),
    };
    const struct CMUnitTest of_files[] = {
        cmocka_unit_test_setup_teardown(older_libraries_are_brought_up_to_date, library_open,
                                        library_close),
    };
    return cmocka_run_group_tests(of_files, NULL, NULL) + run_on_both_stores(tests);
}
