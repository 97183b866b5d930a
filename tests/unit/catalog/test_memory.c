/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that runs out at the n-th request, and a disk that fails or takes half at the n-th write,
 * for every n: each call fails cleanly or succeeds, what it took is given back, and the library
 * holds whole calls only.
 */
#include "raw.h"
#include "scarce.h"

static int see_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)ctx;
    (void)song;
    (void)err;
    return 0;
}

static int see_failure(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    (void)ctx;
    (void)failure;
    (void)err;
    return 0;
}

static int see_root(void *ctx, const char *path, struct mm_error *err)
{
    (void)ctx;
    (void)path;
    (void)err;
    return 0;
}

static char *genres[] = {"Jazz", "Latin"};

static int write_things(struct mm_catalog *catalog, struct mm_error *err)
{
    struct mm_song song = {.source = "folder",
                           .key = "/a/b.mp3",
                           .codec = "mp3",
                           .tags = {.title = "T", .artist = "A", .genres = genres, .n_genres = 2}};
    const float values[8] = {1.0f};
    struct mm_measure measure = some_measure();
    int result = mm_catalog_add_song(catalog, &song, err);
    if (result == 0)
        result = mm_catalog_put_measure(catalog, song.id, measure_settings, &measure, err);
    if (result == 0)
        result = mm_catalog_put_vector(catalog, song.id, &timbre, values, 8, err);
    if (result == 0)
        result = mm_catalog_update_song(catalog, &song, false, err);
    struct mm_map_song place = {song.id, 0.0f, 0.0f, 0, 0};
    char *name = "N";
    struct mm_map_record map = {.model = "timbre",
                                .settings = "s",
                                .report = "{}",
                                .n_songs = 1,
                                .songs = &place,
                                .n_clusters = 1,
                                .cluster_names = &name};
    if (result == 0)
        result = mm_catalog_put_map(catalog, &map, err);
    const struct mm_failure failure = {song.id, "/a/b.mp3", "embed", "no", 1, 0, 0};
    if (result == 0)
        result = mm_catalog_put_failure(catalog, &failure, err);
    return result == 0 ? mm_catalog_add_root(catalog, "/a", err) : result;
}

static int read_things(struct mm_catalog *catalog, struct mm_error *err)
{
    int64_t ids[4];
    int64_t *list = NULL;
    size_t n;
    struct mm_song song = {0};
    struct mm_map_record map = {0};
    float values[8];
    int result = mm_catalog_find_key(catalog, "folder", "/a/b.mp3", &song, err);
    int64_t id = song.id;
    mm_song_finish(&song);
    if (result == 0)
        result = mm_catalog_search(catalog, "a - t", ids, 4, &n, err);
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, "/a", see_song, NULL, err);
    if (result == 0)
        result = mm_catalog_each_failure(catalog, see_failure, NULL, err);
    if (result == 0)
        result = mm_catalog_each_root(catalog, see_root, NULL, err);
    if (result == 0)
        result = mm_catalog_todo(catalog, "other", &timbre, true, &list, &n, err);
    free(list);
    if (result == 0)
        result = mm_catalog_read_vectors(catalog, &timbre, &id, 1, 8, values, err);
    if (result == 0)
        result = mm_catalog_get_map(catalog, &map, err);
    mm_map_record_finish(&map);
    return result;
}

static int use_library(const char *folder, struct mm_error *err)
{
    struct mm_catalog *catalog;
    int result = mm_catalog_open(folder, true, &catalog, err);
    if (result < 0)
        return result;
    result = mm_catalog_begin(catalog, err);
    if (result == 0) {
        result = write_things(catalog, err);
        if (result == 0)
            result = mm_catalog_commit(catalog, err);
        else
            mm_catalog_rollback(catalog);
    }
    if (result == 0)
        result = read_things(catalog, err);
    mm_catalog_close(catalog);
    return result;
}

static void clear(const char *folder)
{
    static const char *const names[] = {"catalog.sqlite", "catalog.sqlite-wal",
                                        "catalog.sqlite-shm", "catalog.sqlite-journal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
}

/* What is there after a failure: all of the transaction or nothing. */
static void assert_whole(const char *folder)
{
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    assert_ok(mm_catalog_open(folder, true, &catalog, &err), &err);
    mm_catalog_close(catalog);
    int64_t songs = raw_int(folder, "SELECT count(*) FROM song");
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM vector"), songs);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM map_song"), songs);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM root"), songs);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    if (!SCARCE_MEMORY)
        skip();
    if (access("/dev/shm", W_OK) == 0) /* hundreds of libraries are made: spare the disk */
        setenv("TMPDIR", "/dev/shm", 1);
    char *folder = check_make_folder();
    struct mm_error err = {0};
    assert_ok(use_library(folder, &err), &err); /* so that what is set up once is set up */
    bool done = false;
    size_t told = 0;
    for (long n = 0; !done; n = scarce_next(n, 150, 11)) {
        clear(folder);
        sqlite3_shutdown();
        held = 0;
        counting = true;
        requests_left = n;
        err = (struct mm_error){0};
        int result = use_library(folder, &err);
        done = requests_left > 0;
        requests_left = -1;
        sqlite3_shutdown();
        counting = false;
        assert_int_equal(held, 0);
        if (result < 0) {
            if (result != MM_ERR_NO_MEMORY && result != MM_ERR_IO)
                fail_msg("request %ld: %d (%s)", n, result, err.message);
            told++;
        }
        if (n % 10 == 0)
            assert_whole(folder);
    }
    assert_true(told > 100);
    check_remove_folder(folder);
}

static void put_copy(struct mm_catalog *catalog)
{
    struct mm_error err = {0};
    struct mm_song song = {.source = "folder", .key = "/a/b.mp3"};
    struct mm_song copy = {.source = "folder", .key = "/a/copy.mp3"};
    const struct mm_fact fact = {"rating", "5"};
    bool added;
    assert_ok(mm_catalog_add_song(catalog, &song, &err), &err);
    assert_ok(mm_catalog_add_song(catalog, &copy, &err), &err);
    struct mm_set_record set = {
        .name = "evening", .request = "{}", .report = "{}", .n_songs = 1, .songs = &copy.id};
    assert_ok(mm_catalog_put_set(catalog, &set, &err), &err);
    assert_ok(mm_catalog_add_play(catalog, copy.id, 1000, "late", &added, &err), &err);
    assert_ok(mm_catalog_put_facts(catalog, copy.id, "mixxx", &fact, 1, &err), &err);
}

/* Joining one song to another is several writes: a failure leaves both as they were, and the
 * library as usable as it was, also when there was no memory to roll back. */
static void a_join_is_whole_or_none(void **state)
{
    (void)state;
    if (!SCARCE_MEMORY)
        skip();
    char *folder = check_make_folder();
    struct mm_catalog *catalog;
    struct mm_error err = {0};
    assert_ok(mm_catalog_open(folder, true, &catalog, &err), &err);
    put_copy(catalog);
    int result = -1;
    long told = 0;
    for (long n = 0; result < 0; n = scarce_next(n, 60, 7)) {
        requests_left = n;
        result = mm_catalog_join_song(catalog, 2, 1, &err);
        requests_left = -1;
        told += result < 0;
        assert_true(n < 5000);
        assert_true(result == 0 || result == MM_ERR_NO_MEMORY);
        int64_t owner = result == 0 ? 1 : 2;
        assert_int_equal(raw_int(folder, "SELECT max(id) FROM song"), owner);
        assert_int_equal(raw_int(folder, "SELECT song FROM set_song"), owner);
        assert_int_equal(raw_int(folder, "SELECT song FROM play"), owner);
        assert_int_equal(raw_int(folder, "SELECT song FROM fact"), owner);
    }
    assert_true(told > 20);
    mm_catalog_close(catalog);
    assert_sound(folder);
    check_remove_folder(folder);
}

/* As opposed to memory, a disk stays full: every write behind the n-th fails, too. */
static void disks_may_be_full(bool stop_short)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    char *folder = check_make_folder();
    size_t told = 0;
    bool done = false;
    for (long n = 0; !done; n = scarce_next(n, 40, SANITIZED ? 17 : 5)) {
        struct mm_error err = {0};
        clear(folder);
        writes_left = n;
        writes_refused = 0;
        writes_short = stop_short;
        int result = use_library(folder, &err);
        done = writes_refused == 0;
        writes_left = -1;
        writes_short = false;
        if (result < 0 && result != MM_ERR_IO)
            fail_msg("write %ld: %d (%s)", n, result, err.message);
        told += result < 0;
        assert_whole(folder);
        if (result == 0) /* what failed was tidying up */
            assert_int_equal(raw_int(folder, "SELECT count(*) FROM song"), 1);
    }
    assert_true(told > (stop_short ? 0 : 3)); /* a write that stopped short is mostly tried again */
    check_remove_folder(folder);
}

static void writes_may_fail_anywhere(void **state)
{
    (void)state;
    disks_may_be_full(false);
}

static void writes_may_stop_short_anywhere(void **state)
{
    (void)state;
    disks_may_be_full(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(a_join_is_whole_or_none),
        cmocka_unit_test(writes_may_fail_anywhere),
        cmocka_unit_test(writes_may_stop_short_anywhere),
    };
    return cmocka_run_group_tests_name("catalog memory", tests, NULL, NULL);
}
