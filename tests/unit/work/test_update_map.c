/* SPDX-License-Identifier: BSD-2-Clause */
/* New songs onto a map, while somebody else makes another one. */
#include "check.h"
#include "musicmap/work.h"

enum { SONGS = 7 };

struct library {
    char *folder;
    struct mm_catalog *catalog, *other; /* other: somebody else's hand on the same */
};

static void embed(struct mm_catalog *catalog, int64_t song)
{
    struct mm_error err = {0};
    const struct mm_vector_kind kind = {"timbre", "v1", ""};
    const float values[2] = {(float)(song * song % 5), (float)song};
    assert_ok(mm_catalog_put_vector(catalog, song, &kind, values, 2, &err), &err);
}

static void make_map(struct mm_catalog *catalog, uint64_t seed)
{
    struct mm_error err = {0};
    const struct mm_map_options options = {.settings = {.seed = seed, .jobs = 1}};
    struct mm_map_record made = {0};
    assert_ok(mm_map_songs(catalog, &options, NULL, &made, &err), &err);
    mm_map_record_finish(&made);
}

/* All but the last song are on a map. */
static int open_library(void **state)
{
    struct library *library = calloc(1, sizeof *library);
    struct mm_error err = {0};
    library->folder = check_make_folder();
    assert_ok(mm_catalog_open(library->folder, true, &library->catalog, &err), &err);
    for (int i = 1; i <= SONGS; i++) {
        char key[16];
        snprintf(key, sizeof key, "/%d", i);
        struct mm_song song = {.source = "folder", .key = key, .size = 1, .mtime_ns = 1};
        assert_ok(mm_catalog_add_song(library->catalog, &song, &err), &err);
        if (i < SONGS)
            embed(library->catalog, song.id);
    }
    make_map(library->catalog, 1);
    embed(library->catalog, SONGS);
    *state = library;
    return 0;
}

static int close_library(void **state)
{
    struct library *library = *state;
    mm_catalog_close(library->other);
    mm_catalog_close(library->catalog);
    check_remove_folder(library->folder);
    free(library);
    return 0;
}

static void make_another(void *ctx, const char *stage, size_t done, size_t total)
{
    struct library *library = ctx;
    (void)stage;
    (void)done;
    (void)total;
    if (library->other)
        make_map(library->other, 99);
    mm_catalog_close(library->other);
    library->other = NULL; /* once */
}

static void a_map_that_was_made_meanwhile_stays(void **state)
{
    struct library *library = *state;
    struct mm_error err = {0};
    assert_ok(mm_catalog_open(library->folder, false, &library->other, &err), &err);
    const struct mm_progress progress = {.update = make_another, .ctx = library};
    const struct mm_map_settings settings = {.seed = 1, .jobs = 1};
    struct mm_map_record map;
    struct mm_map_drift drift;
    assert_ok(mm_map_update(library->catalog, &settings, &progress, &map, &drift, &err), &err);
    assert_null(library->other);
    mm_map_record_finish(&map);
    assert_ok(mm_catalog_get_map(library->catalog, &map, &err), &err);
    assert_non_null(strstr(map.settings, "seed=99"));
    assert_int_equal(map.n_songs, SONGS);
    mm_map_record_finish(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_map_that_was_made_meanwhile_stays, open_library,
                                        close_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
