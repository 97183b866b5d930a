/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New songs onto the map that there is: old ones keep place and cluster, songs that left are taken
 * off, names stay. How far the map has drifted from its songs is kept in its report, under "drift".
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/places.h"
#include "work/vectors.h"

/* A fresh map is due when so many of its songs came or went since it was made ... */
#define MOST_CHANGED 0.2
/* ... or the new ones' neighbours are kept so much worse than the others'. */
#define LEAST_HONEST 0.7
#define LEAST_SONGS  ((size_t)20) /* new ones for that to mean anything */
/* What was placed on a map that is no longer the current one is placed anew on that. */
#define TRIES 5

/* The map's places must come from the vectors that the new songs have. */
static int check_vectors(const struct mm_map_record *record, const struct mm_song_vectors *v,
                         struct mm_error *err)
{
    char *wanted = mm_format("model=%s vectors=[%s]", v->model, v->settings);
    if (!wanted)
        return mm_no_memory(err);
    bool same = strstr(record->settings, wanted);
    free(wanted);
    return same ? 0
                : mm_error_set(err, MM_ERR_USAGE,
                               "the map was made from vectors of other settings: make a new one "
                               "with \"musicmap map\"");
}

static size_t read_count(const json_t *object, const char *key, size_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0
               ? (size_t)json_integer_value(value)
               : otherwise;
}

/* Means over the songs that were on the map and those that are new to it. */
static void measure_honesty(const struct mm_map *map, const struct mm_places *places,
                            struct mm_map_drift *drift)
{
    double sum[2] = {0};
    size_t count[2] = {0};
    for (size_t i = 0; i < map->n; i++) {
        bool fresh = places->xy[2 * i] != places->xy[2 * i]; /* NAN */
        sum[fresh] += map->honesty[i];
        count[fresh]++;
    }
    drift->honesty = count[0] ? sum[0] / (double)count[0] : 0;
    drift->honesty_new = count[1] ? sum[1] / (double)count[1] : 0;
}

/* Brings the report up to date: the counts of all updates since the map was made. */
static int update_report(struct mm_map_record *record, const struct mm_map *map,
                         const struct mm_places *places, const char *hash,
                         struct mm_map_drift *drift, struct mm_error *err)
{
    json_t *report = json_loads(record->report, 0, NULL);
    if (!json_is_object(report)) {
        json_decref(report);
        report = json_object();
    }
    const json_t *last = json_object_get(report, "drift");
    drift->songs = map->n;
    drift->placed = map->n - places->found;
    drift->gone = record->n_songs - places->found;
    drift->made_of = read_count(last, "made_of", record->n_songs);
    drift->all_placed = drift->placed + read_count(last, "placed", 0);
    drift->all_gone = drift->gone + read_count(last, "gone", 0);
    measure_honesty(map, places, drift);
    drift->changed = (double)(drift->all_placed + drift->all_gone) /
                     (double)(drift->made_of ? drift->made_of : 1);
    drift->fresh_map_due =
        drift->changed > MOST_CHANGED ||
        (drift->placed >= LEAST_SONGS && drift->honesty_new < LEAST_HONEST * drift->honesty);
    json_object_set_new(report, "songs", json_integer((json_int_t)map->n));
    json_t *vectors = json_object_get(report, "vectors");
    if (vectors)
        json_object_set_new(vectors, "hash", json_string(hash));
    json_object_set_new(
        report, "drift",
        json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:b}", "made_of", (json_int_t)drift->made_of,
                  "placed", (json_int_t)drift->all_placed, "gone", (json_int_t)drift->all_gone,
                  "changed", drift->changed, "honesty", drift->honesty, "honesty_new",
                  drift->honesty_new, "fresh_map_due", drift->fresh_map_due));
    char *text = json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(report);
    if (!text)
        return mm_no_memory(err);
    free(record->report);
    record->report = text;
    return 0;
}

static int replace_songs(struct mm_map_record *record, const struct mm_map *map, const int64_t *ids,
                         struct mm_error *err)
{
    struct mm_map_song *songs = mm_calloc3(map->n, 1, sizeof *songs);
    if (!songs)
        return mm_no_memory(err);
    for (size_t i = 0; i < map->n; i++)
        songs[i] = (struct mm_map_song){.song = ids[i],
                                        .x = map->xy[2 * i],
                                        .y = map->xy[2 * i + 1],
                                        .cluster = map->cluster[i],
                                        .honesty = map->honesty[i]};
    free(record->songs);
    record->songs = songs;
    record->n_songs = map->n;
    return 0;
}

/* *newer: somebody else's map is there by now, and stays; nothing is stored. */
static int put(struct mm_catalog *catalog, struct mm_map_record *record, bool *newer,
               struct mm_error *err)
{
    int64_t current = 0;
    int result = mm_catalog_begin(catalog, err);
    if (result < 0)
        return result;
    result = mm_catalog_map_id(catalog, &current, err);
    *newer = result == 0 && current != record->id;
    if (result == 0 && !*newer)
        result = mm_catalog_put_map(catalog, record, err);
    if (result == 0 && !*newer)
        return mm_catalog_commit(catalog, err);
    mm_catalog_rollback(catalog);
    return result;
}

/* A library without a single new song, or gone one, keeps its map as it is. */
static int place(struct mm_catalog *catalog, struct mm_song_vectors *v,
                 const struct mm_map_settings *settings, const struct mm_progress *progress,
                 struct mm_map_record *record, struct mm_map_drift *drift, bool *newer,
                 struct mm_error *err)
{
    struct mm_places places;
    struct mm_map *map = NULL;
    int result = mm_places_find(record, v->ids, v->n, &places, err);
    if (result < 0)
        return result;
    struct mm_map_known known = {places.xy, places.cluster, record->n_clusters};
    struct mm_vectors reader = mm_song_vectors_reader(v);
    result = mm_map_place(&reader, &known, settings->seed, settings->jobs, progress, &map, err);
    char hash[MM_VECTORS_HASH_SIZE];
    if (result == 0)
        result = mm_song_vectors_hash(v, hash, err);
    if (result == 0)
        result = update_report(record, map, &places, hash, drift, err);
    if (result == 0)
        result = replace_songs(record, map, v->ids, err);
    if (result == 0 && drift->placed + drift->gone > 0)
        result = put(catalog, record, newer, err);
    mm_map_destroy(map);
    mm_places_finish(&places);
    return result;
}

static int update_once(struct mm_catalog *catalog, const struct mm_map_settings *settings,
                       const struct mm_progress *progress, struct mm_map_record *out,
                       struct mm_map_drift *drift, bool *newer, struct mm_error *err)
{
    struct mm_song_vectors v = {0};
    *drift = (struct mm_map_drift){0};
    int result = mm_catalog_get_map(catalog, out, err);
    if (result == MM_ERR_NOT_FOUND)
        return mm_error_set(err, result, "there is no map yet: run \"musicmap map\" first");
    if (result < 0)
        return result;
    result = mm_song_vectors_init(&v, catalog, out->model, err);
    if (result == 0) {
        result = check_vectors(out, &v, err);
        if (result == 0)
            result = place(catalog, &v, settings, progress, out, drift, newer, err);
        mm_song_vectors_finish(&v);
    }
    if (result < 0)
        mm_map_record_finish(out);
    return result;
}

int mm_map_update(struct mm_catalog *catalog, const struct mm_map_settings *settings,
                  const struct mm_progress *progress, struct mm_map_record *out,
                  struct mm_map_drift *drift, struct mm_error *err)
{
    for (int tries = 0; tries < TRIES; tries++) {
        bool newer = false;
        int result = update_once(catalog, settings, progress, out, drift, &newer, err);
        if (result < 0 || !newer)
            return result;
        mm_map_record_finish(out);
    }
    return mm_error_set(err, MM_ERR_AGAIN, "others made one map after the other meanwhile");
}
