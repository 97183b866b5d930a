/* SPDX-License-Identifier: BSD-2-Clause */
/* library.h - a small library with something in each of its tables, for targets that need one. */
#ifndef TESTS_FUZZ_LIBRARY_H
#define TESTS_FUZZ_LIBRARY_H

#include "fuzz.h"

#include "musicmap/catalog.h"
#include "musicmap/set.h"

enum { LIBRARY_SONGS = 12, LIBRARY_DIM = 4 };

static inline void add_library_song(struct mm_catalog *c, int i)
{
    static const struct mm_vector_kind kind = {.model = "timbre", .settings = "v1", .segment = ""};
    static const char *const names[] = {"happy", "mood_sad"};
    char key[32];
    char title[32];
    snprintf(key, sizeof key, "/m/%d.mp3", i);
    snprintf(title, sizeof title, "T%d", i);
    char *genres[] = {(char *)"Jazz", (char *)"Soul"};
    struct mm_song song = {.source = (char *)"folder",
                           .key = key,
                           .size = 1000,
                           .duration_s = 180 + i,
                           .sample_rate = 44100,
                           .channels = 2,
                           .codec = (char *)"mp3",
                           .tags = {.title = title,
                                    .artist = (char *)(i % 3 ? "A" : "B"),
                                    .album = (char *)"L",
                                    .genres = genres,
                                    .n_genres = 1 + (size_t)i % 2,
                                    .year = 1990 + i}};
    const struct mm_measure measure = {.excerpt_length_s = 30,
                                       .loudness_lufs = -14,
                                       .peak_dbfs = -1,
                                       .tempo_bpm = 100 + i,
                                       .tempo_confidence = 0.9,
                                       .key = i,
                                       .key_confidence = 0.9,
                                       .intensity = i / 12.0};
    const float values[LIBRARY_DIM] = {(float)i, 1, (float)(i % 3), 2};
    const float says[] = {0.9F, 0.2F};
    must(mm_catalog_add_song(c, &song, NULL) == 0);
    must(mm_catalog_put_measure(c, song.id, "s", &measure, NULL) == 0);
    must(mm_catalog_put_vector(c, song.id, &kind, values, LIBRARY_DIM, NULL) == 0);
    const struct mm_song_tags tags = {2, names, says};
    must(mm_catalog_put_tags(c, song.id, &kind, &tags, NULL) == 0);
    const struct mm_origin origin = {.song = song.id,
                                     .source = (char *)"deezer",
                                     .key = key,
                                     .link = (char *)"https://www.deezer.com/track/1",
                                     .licence = (char *)"CC BY",
                                     .duration_s = 180};
    must(mm_catalog_put_origin(c, &origin, NULL) == 0);
    const struct mm_fact facts[] = {{"rating", "4"}, {"bpm", "120.5"}, {"cues", "1.5 20"}};
    must(mm_catalog_put_facts(c, song.id, "mixxx", facts, 3, NULL) == 0);
}

static inline void add_library_map(struct mm_catalog *c)
{
    struct mm_map_song places[LIBRARY_SONGS];
    uint32_t region[] = {0, 0};
    char *names[] = {(char *)"Jazz", (char *)"Soul & Funk"};
    char *regions[] = {(char *)"R"};
    for (uint32_t i = 0; i < LIBRARY_SONGS; i++)
        places[i] = (struct mm_map_song){.song = i + 1,
                                         .x = (float)(i % 4) / 4 - 0.5F,
                                         .y = (float)(i / 4) / 4 - 0.5F,
                                         .cluster = i % 2,
                                         .honesty = 0.5F};
    struct mm_map_record map = {.model = (char *)"timbre",
                                .settings = (char *)"k=2",
                                .report = (char *)"{\"k\": 2}",
                                .n_songs = LIBRARY_SONGS,
                                .songs = places,
                                .n_clusters = 2,
                                .cluster_names = names,
                                .n_regions = 1,
                                .region_names = regions,
                                .region = region};
    must(mm_catalog_put_map(c, &map, NULL) == 0);
}

/* In folder, which must be there. */
static inline void make_library(const char *folder)
{
    struct mm_catalog *c;
    must(mm_catalog_open(folder, true, &c, NULL) == 0);
    for (int i = 0; i < LIBRARY_SONGS; i++)
        add_library_song(c, i);
    add_library_map(c);
    const struct mm_failure failure = {.path = "/m/x.mp3", .stage = "gather", .reason = "broken"};
    must(mm_catalog_put_failure(c, &failure, NULL) == 0);
    must(mm_catalog_add_root(c, "/m", NULL) == 0);
    struct mm_set_ask ask = {.minutes = 30, .seed = 1};
    must(mm_set_ask_add(&ask, 1, NULL) == 0);
    int64_t songs[] = {1, 2, 3};
    struct mm_set_record set = {.name = (char *)"Evening",
                                .request = mm_set_ask_json(&ask),
                                .report = (char *)"{}",
                                .n_songs = 3,
                                .songs = songs};
    must(set.request && mm_catalog_put_set(c, &set, NULL) == 0);
    bool added;
    must(mm_catalog_add_play(c, 1, 1700000000, "Show", &added, NULL) == 0);
    free(set.request);
    mm_set_ask_finish(&ask);
    mm_catalog_close(c);
}

#endif
