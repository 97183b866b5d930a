/* SPDX-License-Identifier: BSD-2-Clause */
/* Libraries of every older schema (tests/data/catalog) come up to date with all that was in them,
 * also when the step is interrupted. */
#include "raw.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "catalog/care.h"

/* Makes a library as a program of that version left it; false: there was no such version. */
static bool make_old(const char *folder, int version)
{
    char path[256];
    char *sql = NULL;
    size_t n;
    snprintf(path, sizeof path, TEST_DATA "/catalog/v%d.sql", version);
    if (mm_file_read(path, 1 << 20, &sql, &n, NULL) < 0)
        return false;
    sqlite3 *db = raw_open(folder);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", path, message);
    sqlite3_close(db);
    free(sql);
    return true;
}

static void assert_all_there(const char *folder, int version)
{
    struct mm_catalog *catalog = NULL;
    struct mm_error err = {0};
    struct mm_song song;
    assert_ok(mm_catalog_open(folder, false, &catalog, &err), &err);
    assert_ok(mm_catalog_get_song(catalog, 1, &song, &err), &err);
    assert_string_equal(song.key, "/m/a.mp3");
    assert_string_equal(song.tags.title, "One");
    assert_null(song.file);
    mm_song_finish(&song);
    struct mm_measure measure;
    assert_ok(mm_catalog_get_measure(catalog, 1, &measure, &err), &err);
    assert_true(measure.tempo_bpm == 120.25 && measure.mode == 1);
    struct mm_map_record map = {0};
    assert_ok(mm_catalog_get_map(catalog, &map, &err), &err);
    assert_int_equal(map.n_songs, 1);
    assert_true(map.songs[0].x == 0.5F && map.songs[0].y == -0.25F);
    assert_string_equal(map.cluster_names[0], "Rock");
    mm_map_record_finish(&map);
    /* Ids that were given are not given again, of songs that are gone either. */
    struct mm_song fresh = {.source = (char *)"folder", .key = (char *)"/m/new.mp3"};
    assert_ok(mm_catalog_add_song(catalog, &fresh, &err), &err);
    assert_int_equal(fresh.id, 5);
    mm_catalog_close(catalog);
    assert_int_equal(raw_int(folder, "PRAGMA user_version"), mm_sqlite_version());
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM vector WHERE length(data) = 8"), 1);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM failure"), 1);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM play"), version >= 3);
    assert_int_equal(raw_int(folder, "SELECT count(*) FROM set_song"), version >= 3);
    assert_sound(folder);
}

/* What SQLite says the tables are, less blanks: an upgraded library is what a new one is. */
static int64_t shape_of(const char *folder)
{
    return raw_int(folder, "SELECT count(*) FROM sqlite_schema s, pragma_table_info(s.name) c");
}

static void every_older_library_comes_up_to_date(void **state)
{
    (void)state;
    char *fresh = check_make_folder();
    struct mm_catalog *catalog = NULL;
    assert_int_equal(mm_catalog_open(fresh, true, &catalog, NULL), 0);
    mm_catalog_close(catalog);
    int version = 1;
    for (;; version++) {
        char *folder = check_make_folder();
        bool there = make_old(folder, version);
        if (there) {
            assert_all_there(folder, version);
            assert_int_equal(shape_of(folder), shape_of(fresh));
        }
        check_remove_folder(folder);
        if (!there)
            break;
    }
    assert_int_equal(version, mm_sqlite_version()); /* a file for each but ours */
    check_remove_folder(fresh);
}

/* Several processes find the old library at once; one takes the steps, all see the new one. */
static void many_may_upgrade_at_once(void **state)
{
    (void)state;
    enum { MANY = 6 };
    char *folder = check_make_folder();
    assert_true(make_old(folder, 1));
    for (int i = 0; i < MANY; i++)
        if (fork() == 0) {
            struct mm_catalog *catalog = NULL;
            int result = mm_catalog_open(folder, false, &catalog, NULL);
            mm_catalog_close(catalog);
            _exit(result == 0 ? 0 : 1);
        }
    int status;
    for (int i = 0; i < MANY; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_all_there(folder, 1);
    check_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_older_library_comes_up_to_date),
        cmocka_unit_test(many_may_upgrade_at_once),
    };
    return cmocka_run_group_tests_name("catalog upgrade", tests, NULL, NULL);
}
