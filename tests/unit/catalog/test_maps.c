/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps as the library keeps them, and the figures of "status". */
#include "catalog_check.h"

#include <math.h>

/* Songs are written many at once. */
static void a_map_of_many_songs_comes_back(void **state)
{
    enum { N = 37 };
    struct library *library = *state;
    struct mm_error *err = &library->err;
    struct mm_map_song songs[N];
    for (size_t i = 0; i < N; i++) {
        char key[16];
        snprintf(key, sizeof key, "/%zu", i);
        songs[i] = (struct mm_map_song){.song = add_song(library, key, NULL, "T"),
                                        .x = (float)i / N,
                                        .y = -(float)i / N,
                                        .cluster = i % 2,
                                        .honesty = i % 3 ? (float)i / N : NAN};
    }
    char *names[] = {"Jazz", "Bossa Nova"};
    struct mm_map_record map = {.model = "timbre",
                                .settings = "kmeans",
                                .report = "{}",
                                .n_songs = N,
                                .songs = songs,
                                .n_clusters = 2,
                                .cluster_names = names};
    assert_ok(mm_catalog_delete_song(library->catalog, songs[5].song, err), err);
    assert_ok(mm_catalog_put_map(library->catalog, &map, err), err);
    struct mm_map_record read;
    assert_ok(mm_catalog_get_map(library->catalog, &read, err), err);
    assert_int_equal(read.n_songs, N - 1);
    for (size_t i = 0; i < N; i++) {
        const struct mm_map_song *at = &read.songs[i < 5 ? i : i - 1];
        if (i == 5)
            continue;
        assert_int_equal(at->song, songs[i].song);
        assert_true(at->x == songs[i].x && at->y == songs[i].y);
        assert_int_equal(at->cluster, songs[i].cluster);
        assert_true(isnan(songs[i].honesty) ? isnan(at->honesty) : at->honesty == songs[i].honesty);
    }
    mm_map_record_finish(&read);
}

/* A map of two songs, each a country of its own. */
static struct mm_map_record small_map(struct library *library, struct mm_map_song songs[2])
{
    static char *names[] = {"Jazz", "Bossa Nova"};
    songs[0] = (struct mm_map_song){add_song(library, "/a", NULL, "A"), 0.1f, -1.0f, 1, 0.25f};
    songs[1] = (struct mm_map_song){add_song(library, "/b", NULL, "B"), 1.0f, 0.3f, 0, NAN};
    return (struct mm_map_record){.model = "timbre",
                                  .settings = "kmeans k=2",
                                  .report = "{\"k\":2}",
                                  .n_songs = 2,
                                  .songs = songs,
                                  .n_clusters = 2,
                                  .cluster_names = names};
}

static void maps_come_back_and_replace_one_another(void **state)
{
    struct library *library = *state;
    struct mm_error *err = &library->err;
    struct mm_map_song songs[2];
    struct mm_map_record map = small_map(library, songs);
    assert_ok(mm_catalog_put_map(library->catalog, &map, err), err);
    int64_t first = map.id;
    assert_ok(mm_catalog_put_map(library->catalog, &map, err), err);
    assert_true(map.id > first);
    library_reopen(library);
    struct mm_catalog *catalog = library->catalog;
    int64_t id;
    assert_ok(mm_catalog_map_id(catalog, &id, err), err);
    assert_int_equal(id, map.id);
    struct mm_map_record read;
    assert_ok(mm_catalog_get_map(catalog, &read, err), err);
    assert_int_equal(read.id, map.id);
    assert_string_equal(read.model, map.model);
    assert_string_equal(read.settings, map.settings);
    assert_string_equal(read.report, map.report);
    assert_int_equal(read.n_songs, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read.songs[i].song, songs[i].song);
        assert_true(read.songs[i].x == songs[i].x && read.songs[i].y == songs[i].y);
        assert_int_equal(read.songs[i].cluster, songs[i].cluster);
    }
    assert_true(read.songs[0].honesty == 0.25f && isnan(read.songs[1].honesty));
    assert_int_equal(read.n_clusters, 2);
    assert_string_equal(read.cluster_names[1], "Bossa Nova");
    assert_int_equal(read.n_regions, 0);
    mm_map_record_finish(&read);
}

static void regions_come_back(void **state)
{
    struct library *library = *state;
    struct mm_error *err = &library->err;
    struct mm_map_song songs[2];
    struct mm_map_record map = small_map(library, songs);
    char *regions[] = {"South", "North"};
    uint32_t region[] = {1, 0};
    map.n_regions = 2;
    map.region_names = regions;
    map.region = region;
    assert_ok(mm_catalog_put_map(library->catalog, &map, err), err);
    struct mm_map_record read;
    assert_ok(mm_catalog_get_map(library->catalog, &read, err), err);
    assert_int_equal(read.n_regions, 2);
    assert_string_equal(read.region_names[1], "North");
    assert_true(read.region[0] == 1 && read.region[1] == 0);
    mm_map_record_finish(&read);
    region[0] = 2;
    assert_int_equal(mm_catalog_put_map(library->catalog, &map, err), MM_ERR_USAGE);
    mm_map_record_finish(NULL);
}

static void impossible_maps_are_refused(void **state)
{
    struct library *library = *state;
    struct mm_error *err = &library->err;
    struct mm_map_song songs[2];
    struct mm_map_record map = small_map(library, songs);
    int64_t b = songs[1].song;
    assert_ok(mm_catalog_put_map(library->catalog, &map, err), err);
    int64_t id = map.id;
    const struct mm_map_song wrong[] = {songs[0], {b, NAN, 0, 0, 0}, {b, 0, 0, 2, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong;
         i++) { /* twice; nowhere; no such country */
        songs[1] = wrong[i];
        assert_int_equal(mm_catalog_put_map(library->catalog, &map, err), MM_ERR_USAGE);
    }
    int64_t after;
    assert_ok(mm_catalog_map_id(library->catalog, &after, err), err);
    assert_int_equal(after, id);
}

static void figures_count_what_is_there(void **state)
{
    struct library *library = *state;
    struct mm_catalog *catalog = library->catalog;
    struct mm_error *err = &library->err;
    struct mm_catalog_counts counts;
    assert_ok(mm_catalog_count(catalog, &counts, err), err);
    assert_int_equal(counts.present + counts.missing + counts.hidden + counts.probed +
                         counts.measured + counts.failures + counts.map_songs,
                     0);
    int64_t a = add_song(library, "/a", NULL, "A");
    int64_t b = add_song(library, "/b", NULL, "B");
    int64_t c = add_song(library, "/c", NULL, "C");
    struct mm_song probed = {.source = "folder", .key = "/d", .codec = "flac", .duration_s = 2.5};
    assert_ok(mm_catalog_add_song(catalog, &probed, err), err);
    embed_song(library, a);
    embed_song(library, b);
    assert_ok(mm_catalog_set_state(catalog, b, MM_SONG_MISSING, err), err);
    assert_ok(mm_catalog_set_state(catalog, c, MM_SONG_HIDDEN, err), err);
    struct mm_failure failure = {0, "/x", "gather", "no", 1, 0, 0};
    assert_ok(mm_catalog_put_failure(catalog, &failure, err), err);
    struct mm_map_song songs[] = {{a, 0, 0, 0, 0}};
    char *names[] = {"All"};
    struct mm_map_record map = {.model = "timbre",
                                .settings = "",
                                .report = "{}",
                                .n_songs = 1,
                                .songs = songs,
                                .n_clusters = 1,
                                .cluster_names = names};
    assert_ok(mm_catalog_put_map(catalog, &map, err), err);
    assert_ok(mm_catalog_count(catalog, &counts, err), err);
    assert_int_equal(counts.present, 2);
    assert_int_equal(counts.missing, 1);
    assert_int_equal(counts.hidden, 1);
    assert_int_equal(counts.probed, 1);
    assert_int_equal(counts.measured, 1);
    assert_int_equal(counts.failures, 1);
    assert_int_equal(counts.map_songs, 1);
    assert_true(counts.duration_s == 12.5);
    /* All that hangs on a song goes with it. */
    assert_ok(mm_catalog_delete_song(catalog, a, err), err);
    assert_ok(mm_catalog_count(catalog, &counts, err), err);
    assert_int_equal(counts.map_songs + counts.measured, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, library_open, library_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_map_of_many_songs_comes_back),
        test(maps_come_back_and_replace_one_another),
        test(regions_come_back),
        test(impossible_maps_are_refused),
        test(figures_count_what_is_there),
    };
    return run_on_both_stores(tests);
}
