/* SPDX-License-Identifier: BSD-2-Clause */
/* Countries of songs without a genre are named by what a model says of them. */
#include "check.h"
#include "musicmap/work.h"

#define SONGS 24

static const struct mm_vector_kind kind = {"musicnn-msd", "v1", ""};
static const char *const names[] = {"rock", "female vocalists", "jazz", "danceability"};

/* Two groups of songs far apart; the second is tagged jazz and very danceable. */
static void add_songs(struct mm_catalog *catalog, const char *genre)
{
    struct mm_error err = {0};
    for (int i = 0; i < SONGS; i++) {
        bool second = i % 2;
        char key[16];
        char artist[16];
        char *genres[] = {(char *)genre};
        snprintf(key, sizeof key, "/%d", i);
        snprintf(artist, sizeof artist, "Artist %d", i);
        struct mm_song song = {.source = "folder",
                               .key = key,
                               .size = 1,
                               .mtime_ns = 1,
                               .tags = {.artist = artist, .title = key}};
        if (genre && second) {
            song.tags.genres = genres;
            song.tags.n_genres = 1;
        }
        assert_ok(mm_catalog_add_song(catalog, &song, &err), &err);
        float vector[3] = {(float)(second * 50), (float)(i % 5), (float)(i % 7)};
        float values[4] = {second ? 0.2F : 0.5F, second ? 0.09F : 0.2F, second ? 0.6F : 0.1F,
                           second ? 1 : 0};
        struct mm_song_tags tags = {4, names, values};
        assert_ok(mm_catalog_put_vector(catalog, song.id, &kind, vector, 3, &err), &err);
        assert_ok(mm_catalog_put_tags(catalog, song.id, &kind, &tags, &err), &err);
    }
}

static void assert_names(const char *genre, const char *first, const char *second)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog;
    struct mm_map_record map;
    char *folder = check_make_folder();
    assert_ok(mm_catalog_open(folder, true, &catalog, &err), &err);
    add_songs(catalog, genre);
    struct mm_map_options options = {.settings = {.clusters = 2, .seed = 1, .jobs = 1}};
    assert_ok(mm_map_songs(catalog, &options, NULL, &map, &err), &err);
    assert_int_equal(map.n_clusters, 2);
    const char *of_first = map.cluster_names[map.songs[0].cluster];
    const char *of_second = map.cluster_names[map.songs[1].cluster];
    if (!strstr(of_first, first) || !strstr(of_second, second))
        fail_msg("%s, %s", of_first, of_second);
    assert_null(strstr(of_second, "anceability"));
    mm_map_record_finish(&map);
    mm_catalog_close(catalog);
    check_remove_folder(folder);
}

static void test_names_from_tags(void **state)
{
    (void)state;
    assert_names(NULL, "Rock", "Jazz");
}

/* A song's own genre counts, not what a model thinks. */
static void test_genres_go_first(void **state)
{
    (void)state;
    assert_names("Bebop", "Rock", "Bebop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_from_tags),
        cmocka_unit_test(test_genres_go_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
