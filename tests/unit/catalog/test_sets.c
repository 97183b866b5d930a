/* SPDX-License-Identifier: BSD-2-Clause */
/* Kept sets, their versions, and the play log. */
#include "catalog_check.h"

static int64_t add(struct mm_catalog *catalog, const char *key)
{
    struct mm_song song = {.source = "folder", .key = (char *)key};
    struct mm_error err = {0};
    assert_ok(mm_catalog_add_song(catalog, &song, &err), &err);
    return song.id;
}

static int count_sets(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                      struct mm_error *err)
{
    size_t *count = ctx;
    (void)err;
    assert_string_equal(name, "evening");
    assert_int_equal(version, *count + 1);
    assert_true(made_at > 1500000000 && n_songs > 0);
    ++*count;
    return 0;
}

static void versions_follow_one_another(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error err = {0};
    int64_t songs[] = {add(catalog, "/a"), add(catalog, "/b"), add(catalog, "/c")};
    struct mm_set_record set = {
        .name = "evening", .request = "{}", .report = "{\"n\":1}", .n_songs = 3, .songs = songs};
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_int_equal(set.version, 1);
    int64_t turned[] = {songs[2], songs[0]};
    set.songs = turned;
    set.n_songs = 2;
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_int_equal(set.version, 2);
    struct mm_set_record got;
    assert_ok(mm_catalog_get_set(catalog, "evening", 0, &got, &err), &err);
    assert_int_equal(got.version, 2);
    assert_memory_equal(got.songs, turned, sizeof turned);
    mm_set_record_finish(&got);
    assert_ok(mm_catalog_get_set(catalog, "evening", 1, &got, &err), &err);
    assert_memory_equal(got.songs, songs, sizeof songs);
    assert_string_equal(got.report, "{\"n\":1}");
    mm_set_record_finish(&got);
    assert_int_equal(mm_catalog_get_set(catalog, "evening", 3, &got, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_get_set(catalog, "morning", 0, &got, &err), MM_ERR_NOT_FOUND);
    size_t count = 0;
    assert_ok(mm_catalog_each_set(catalog, count_sets, &count, &err), &err);
    assert_int_equal(count, 2);
    /* A song that goes takes its place along, not the set. */
    assert_ok(mm_catalog_delete_song(catalog, songs[0], &err), &err);
    assert_ok(mm_catalog_get_set(catalog, "evening", 1, &got, &err), &err);
    assert_int_equal(got.n_songs, 2);
    mm_set_record_finish(&got);
    int64_t gone[] = {songs[0]};
    set.songs = gone;
    set.n_songs = 1;
    assert_int_equal(mm_catalog_put_set(catalog, &set, &err), MM_ERR_NOT_FOUND);
}

static int name_sets(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                     struct mm_error *err)
{
    char *names = ctx;
    (void)err;
    assert_true(made_at > 0 && n_songs == 1);
    snprintf(names + strlen(names), 100 - strlen(names), "%s %d, ", name, version);
    return 0;
}

static void sets_are_renamed_and_removed(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error err = {0};
    int64_t song = add(catalog, "/a");
    struct mm_set_record set = {
        .name = "dawn", .request = "{}", .report = "{}", .n_songs = 1, .songs = &song};
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    set.name = "noon";
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_int_equal(mm_catalog_rename_set(catalog, "dawn", "noon", &err), MM_ERR_USAGE);
    assert_int_equal(mm_catalog_rename_set(catalog, "dawn", "", &err), MM_ERR_USAGE);
    assert_int_equal(mm_catalog_rename_set(catalog, "dawn", "\xff", &err), MM_ERR_INPUT);
    assert_int_equal(mm_catalog_rename_set(catalog, "night", "day", &err), MM_ERR_NOT_FOUND);
    assert_ok(mm_catalog_rename_set(catalog, "dawn", "dawn", &err), &err);
    assert_ok(mm_catalog_rename_set(catalog, "dawn", "'dusk\"; --", &err), &err);
    char names[100] = "";
    assert_ok(mm_catalog_each_set(catalog, name_sets, names, &err), &err);
    assert_string_equal(names, "'dusk\"; -- 1, 'dusk\"; -- 2, noon 1, ");
    assert_ok(mm_catalog_remove_set(catalog, "'dusk\"; --", &err), &err);
    assert_int_equal(mm_catalog_remove_set(catalog, "'dusk\"; --", &err), MM_ERR_NOT_FOUND);
    struct mm_set_record got;
    assert_int_equal(mm_catalog_get_set(catalog, "dawn", 0, &got, &err), MM_ERR_NOT_FOUND);
    assert_ok(mm_catalog_get_set(catalog, "noon", 0, &got, &err), &err);
    mm_set_record_finish(&got);
}

struct plays {
    size_t n;
    int64_t last;
};

static int on_play(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err)
{
    struct plays *plays = ctx;
    (void)err;
    assert_true(song > 0 && (plays->n == 0 || at <= plays->last));
    assert_string_equal(show, at < 2000 ? "early" : "late");
    plays->last = at;
    plays->n++;
    return 0;
}

static void a_play_is_logged_once(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error err = {0};
    int64_t song = add(catalog, "/a");
    bool added;
    assert_ok(mm_catalog_add_play(catalog, song, 1000, "early", &added, &err), &err);
    assert_true(added);
    assert_ok(mm_catalog_add_play(catalog, song, 1000, "again", &added, &err), &err);
    assert_false(added);
    assert_ok(mm_catalog_add_play(catalog, song, 3000, "late", &added, &err), &err);
    assert_int_equal(mm_catalog_add_play(catalog, 99, 1, "x", &added, &err), MM_ERR_NOT_FOUND);
    struct plays plays = {0};
    assert_ok(mm_catalog_each_play(catalog, on_play, &plays, &err), &err);
    assert_int_equal(plays.n, 2);
}

static int list_plays(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err)
{
    char *text = ctx;
    (void)err;
    sprintf(text + strlen(text), "%d at %d in %s, ", (int)song, (int)at, show);
    return 0;
}

static int list_facts(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                      struct mm_error *err)
{
    char *text = ctx;
    (void)err;
    sprintf(text + strlen(text), "%d %s.%s=%s, ", (int)song, source, fact->name, fact->value);
    return 0;
}

static void assert_plays_and_facts(struct mm_catalog *catalog, const char *plays, const char *facts)
{
    struct mm_error err = {0};
    char text[400] = "";
    assert_ok(mm_catalog_each_play(catalog, list_plays, text, &err), &err);
    assert_string_equal(text, plays);
    *text = '\0';
    assert_ok(mm_catalog_each_fact(catalog, 0, NULL, list_facts, text, &err), &err);
    assert_string_equal(text, facts);
}

static void assert_set(struct mm_catalog *catalog, const int64_t *songs, size_t n)
{
    struct mm_set_record got;
    struct mm_error err = {0};
    assert_ok(mm_catalog_get_set(catalog, "evening", 0, &got, &err), &err);
    assert_int_equal(got.n_songs, n);
    assert_memory_equal(got.songs, songs, n * sizeof *songs);
    mm_set_record_finish(&got);
}

/* What was heard, kept and said of a copy is the song's; what both have stays the song's own. */
static void a_joined_song_leaves_what_it_had(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error err = {0};
    int64_t keep = add(catalog, "/a");
    int64_t copy = add(catalog, "/b");
    int64_t third = add(catalog, "/c");
    int64_t songs[] = {keep, third, copy, copy};
    struct mm_set_record set = {
        .name = "evening", .request = "{}", .report = "{}", .n_songs = 4, .songs = songs};
    bool added;
    const struct mm_fact said[] = {{"rating", "5"}, {"plays", "3"}};
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_ok(mm_catalog_add_play(catalog, keep, 1000, "early", &added, &err), &err);
    assert_ok(mm_catalog_add_play(catalog, copy, 1000, "late", &added, &err), &err);
    assert_ok(mm_catalog_add_play(catalog, copy, 3000, "late", &added, &err), &err);
    assert_ok(mm_catalog_put_facts(catalog, copy, "mixxx", said, 2, &err), &err);
    assert_ok(
        mm_catalog_put_facts(catalog, keep, "mixxx", &(struct mm_fact){"rating", "2"}, 1, &err),
        &err);

    static const char plays[] = "2 at 3000 in late, 1 at 1000 in early, 2 at 1000 in late, ";
    static const char facts[] = "1 mixxx.rating=2, 2 mixxx.plays=3, 2 mixxx.rating=5, ";
    assert_int_equal(mm_catalog_join_song(catalog, copy, copy, &err), MM_ERR_USAGE);
    assert_int_equal(mm_catalog_join_song(catalog, copy, 99, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_join_song(catalog, third, 99, &err), MM_ERR_NOT_FOUND);
    assert_int_equal(mm_catalog_join_song(catalog, 99, keep, &err), MM_ERR_NOT_FOUND);
    assert_string_equal(err.message, "there is no song 99");
    assert_plays_and_facts(catalog, plays, facts);
    assert_set(catalog, songs, 4);

    assert_ok(mm_catalog_join_song(catalog, copy, keep, &err), &err);
    assert_plays_and_facts(catalog, "1 at 3000 in late, 1 at 1000 in early, ",
                           "1 mixxx.plays=3, 1 mixxx.rating=2, ");
    const int64_t joined[] = {keep, third, keep, keep};
    assert_set(catalog, joined, 4);
    struct mm_song gone;
    assert_int_equal(mm_catalog_get_song(catalog, copy, &gone, &err), MM_ERR_NOT_FOUND);
    /* Inside a transaction that is given up nothing has moved. */
    assert_ok(mm_catalog_begin(catalog, &err), &err);
    assert_ok(mm_catalog_join_song(catalog, keep, third, &err), &err);
    mm_catalog_rollback(catalog);
    assert_set(catalog, joined, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_joined_song_leaves_what_it_had, library_open,
                                        library_close),
        cmocka_unit_test_setup_teardown(versions_follow_one_another, library_open, library_close),
        cmocka_unit_test_setup_teardown(sets_are_renamed_and_removed, library_open, library_close),
        cmocka_unit_test_setup_teardown(a_play_is_logged_once, library_open, library_close),
    };
    return run_on_both_stores(tests);
}
