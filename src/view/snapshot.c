/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The current map, made ready for the page: /api/map as JSON, songs as tiles, the overview, and the
 * columns of properties, as doc/protocol.md lays them out.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"
#include "musicmap/view.h"
#include "view/clips.h"
#include "view/overview.h"
#include "view/page_data.h"
#include "view/tiles.h"

enum { MOST_COUNTRIES = 0xffff }; /* that a tile can number */

/* Everything that a snapshot is made from, while it is made. */
struct parts {
    struct mm_map_record record;
    float *xy;         /* [n][2] */
    uint32_t *cluster; /* [n] */
    float *gain;       /* [n] */
    float *onset;      /* [n] */
    size_t planned;    /* songs whose gain and onset are settled */
    struct mm_scene *scene;
    double coast;            /* where land ends */
    struct mm_realm *realms; /* [n_realms] regions that are named */
    size_t n_realms;
};

static void finish_parts(struct parts *parts)
{
    free(parts->realms);
    mm_scene_destroy(parts->scene);
    free(parts->xy);
    free(parts->cluster);
    free(parts->gain);
    free(parts->onset);
    mm_map_record_finish(&parts->record);
}

/* Cuts the record into the arrays that scene and page want. */
static int split_record(struct parts *parts, uint32_t *songs, struct mm_error *err)
{
    const struct mm_map_record *record = &parts->record;
    for (size_t i = 0; i < record->n_songs; i++) {
        const struct mm_map_song *song = &record->songs[i];
        if (song->song < 1 || song->song > UINT32_MAX)
            return mm_error_set(err, MM_ERR_LIMIT, "song id %lld is too large for the page",
                                (long long)song->song);
        if (!isfinite(song->x) || !isfinite(song->y) || song->cluster >= record->n_clusters)
            return mm_error_set(err, MM_ERR_INPUT, "the map is damaged at song %lld; make it again",
                                (long long)song->song);
        songs[i] = (uint32_t)song->song;
        parts->xy[2 * i] = song->x;
        parts->xy[2 * i + 1] = song->y;
        parts->cluster[i] = song->cluster;
    }
    return 0;
}

/* Enters one song's measure, if the song is on the map. Both come in order of id. */
static int plan_clip(void *ctx, int64_t id, double duration_s, const struct mm_measure *measure,
                     struct mm_error *err)
{
    (void)err;
    struct parts *parts = ctx;
    const struct mm_map_record *record = &parts->record;
    while (parts->planned < record->n_songs && record->songs[parts->planned].song < id)
        parts->planned++;
    if (parts->planned == record->n_songs || record->songs[parts->planned].song != id)
        return 0;
    struct mm_song song = {.id = id, .duration_s = duration_s};
    struct mm_clip_plan plan = mm_clip_plan(&song, measure);
    parts->gain[parts->planned] = (float)plan.gain;
    parts->onset[parts->planned] = (float)plan.onset_s;
    return 0;
}

/* gain and onset of every clip. A song that was deleted since, or has no measure: 1 and 0. */
static int plan_clips(struct mm_catalog *catalog, struct parts *parts, struct mm_error *err)
{
    for (size_t i = 0; i < parts->record.n_songs; i++)
        parts->gain[i] = 1;
    return mm_catalog_each_measure(catalog, plan_clip, parts, err);
}

static int make_tiles(const struct parts *parts, struct mm_snapshot *snapshot, struct mm_error *err)
{
    struct mm_tile_songs songs = {.order = snapshot->order,
                                  .id = snapshot->songs,
                                  .xy = parts->xy,
                                  .cluster = parts->cluster,
                                  .gain = parts->gain,
                                  .onset = parts->onset};
    size_t n = (snapshot->n + MM_TILE_SONGS - 1) / MM_TILE_SONGS;
    snapshot->tiles = mm_calloc3(n, 1, sizeof(struct mm_blob *));
    if (!snapshot->tiles)
        return mm_no_memory(err);
    snapshot->n_tiles = n;
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        size_t first = i * MM_TILE_SONGS;
        size_t rest = snapshot->n - first;
        result = mm_tile_create(&songs, first, rest < MM_TILE_SONGS ? rest : MM_TILE_SONGS,
                                &snapshot->tiles[i], err);
    }
    return result;
}

static json_t *describe_country(size_t id, const struct mm_country *country)
{
    char colour[8];
    snprintf(colour, sizeof colour, "#%06x", (unsigned)(country->colour & 0xffffff));
    /* jansson refuses what is not UTF-8. */
    char *name = mm_text_clean_utf8(country->name, strlen(country->name));
    json_t *object = json_pack("{s:I, s:s, s:s, s:I, s:f, s:f, s:f}", "id", (json_int_t)id, "name",
                               name, "colour", colour, "songs", (json_int_t)country->n_songs, "x",
                               country->x, "y", country->y, "radius", country->label_radius);
    free(name);
    if (country->region && object) /* the scene has cleaned it */
        json_object_set_new(object, "region", json_string(country->region));
    return object;
}

static json_t *describe_columns(const struct mm_columns *columns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < columns->n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "name", columns->columns[i].name,
                                              "title", columns->columns[i].title));
    return list;
}

static json_t *describe_realms(const struct parts *parts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < parts->n_realms; i++) {
        const struct mm_realm *realm = &parts->realms[i];
        json_array_append_new(list, json_pack("{s:s, s:I, s:f, s:f, s:f}", "name", realm->name,
                                              "songs", (json_int_t)realm->songs, "x", realm->x, "y",
                                              realm->y, "radius", realm->radius));
    }
    return list;
}

static int make_map(const struct parts *parts, const struct mm_columns *columns, const char *token,
                    struct mm_blob **out, struct mm_error *err)
{
    const struct mm_scene *scene = parts->scene;
    json_t *clusters = json_array();
    for (size_t i = 0; i < scene->n_countries; i++) {
        if (json_array_append_new(clusters, describe_country(i, &scene->countries[i])) != 0) {
            json_decref(clusters);
            return mm_no_memory(err);
        }
    }
    const char *model = parts->record.model ? parts->record.model : "";
    char *clean = mm_text_clean_utf8(model, strlen(model));
    json_t *root =
        json_pack("{s:s, s:I, s:s, s:[f,f,f,f], s:f, s:i, s:o, s:o, s:o}", "map", token, "songs",
                  (json_int_t)scene->n_songs, "model", clean, "box", scene->box.x0, scene->box.y0,
                  scene->box.x1, scene->box.y1, "coast", parts->coast, "tile", (int)MM_TILE_SONGS,
                  "properties", describe_columns(columns), "regions", describe_realms(parts),
                  "clusters", clusters);
    free(clean);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return mm_no_memory(err);
    return mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
}

/* Names the content: the library's place, the map without its token, all tiles and columns. */
static int make_token(struct mm_catalog *catalog, const struct parts *parts,
                      struct mm_snapshot *snapshot, struct mm_error *err)
{
    struct mm_blob *map = NULL;
    int result = make_map(parts, &snapshot->columns, "", &map, err);
    if (!map)
        return result;
    struct mm_text all = {0};
    mm_text_addf(&all, "%s%s%s", map->etag, snapshot->overview->etag, mm_catalog_identity(catalog));
    for (size_t i = 0; i < snapshot->n_tiles; i++)
        mm_text_add(&all, snapshot->tiles[i]->etag);
    for (size_t i = 0; i < snapshot->columns.n; i++)
        mm_text_add(&all, snapshot->columns.columns[i].blob->etag);
    mm_blob_release(map);
    unsigned char hash[MM_HASH_SIZE];
    char hex[2 * MM_HASH_SIZE + 1];
    result = all.failed ? mm_no_memory(err) : mm_hash_bytes(all.data, all.length, hash, err);
    if (result == 0) {
        mm_hash_hex(hash, hex);
        snprintf(snapshot->token, MM_TOKEN_SIZE, "%.16s", hex);
    }
    mm_text_finish(&all);
    return result;
}

static int make_scene(struct parts *parts, struct mm_error *err)
{
    const struct mm_map_record *record = &parts->record;
    struct mm_scene_input input = {.n_songs = record->n_songs,
                                   .xy = parts->xy,
                                   .cluster = parts->cluster,
                                   .n_countries = record->n_clusters,
                                   .names = (const char *const *)record->cluster_names,
                                   .n_regions = record->n_regions,
                                   .region_names = (const char *const *)record->region_names,
                                   .region = record->region};
    return mm_scene_create(&input, &parts->scene, err);
}

static int fill(struct mm_catalog *catalog, struct mm_snapshot *snapshot, struct parts *parts,
                struct mm_error *err)
{
    size_t n = parts->record.n_songs;
    if (n == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "the map has no songs");
    if (n >= UINT32_MAX / 32 || parts->record.n_clusters > MOST_COUNTRIES)
        return mm_error_set(err, MM_ERR_LIMIT,
                            "%zu songs in %zu countries are too many for the page", n,
                            parts->record.n_clusters);
    snapshot->n = n;
    snapshot->map_id = parts->record.id;
    snapshot->songs = mm_calloc3(n, 1, sizeof *snapshot->songs);
    parts->xy = mm_calloc3(n, 2, sizeof *parts->xy);
    parts->cluster = mm_calloc3(n, 1, sizeof *parts->cluster);
    parts->gain = mm_calloc3(n, 1, sizeof *parts->gain);
    parts->onset = mm_calloc3(n, 1, sizeof *parts->onset);
    snapshot->order = mm_calloc3(n, 1, sizeof *snapshot->order);
    if (!snapshot->songs || !snapshot->order || !parts->xy || !parts->cluster || !parts->gain ||
        !parts->onset)
        return mm_no_memory(err);
    int result = split_record(parts, snapshot->songs, err);
    if (result == 0)
        result = plan_clips(catalog, parts, err);
    if (result == 0)
        result = make_scene(parts, err);
    if (result == 0)
        result = mm_tiles_order(parts->xy, n, &parts->scene->box, snapshot->order, err);
    if (result == 0)
        result = make_tiles(parts, snapshot, err);
    if (result == 0)
        result = mm_overview_coast(parts->scene, &parts->coast, err);
    if (result == 0)
        result = mm_overview_create(parts->scene, parts->coast, &snapshot->overview, &parts->realms,
                                    &parts->n_realms, err);
    if (result == 0)
        result =
            mm_columns_create(catalog, &parts->record, snapshot->order, &snapshot->columns, err);
    if (result == 0)
        result = make_token(catalog, parts, snapshot, err);
    if (result == 0)
        result = make_map(parts, &snapshot->columns, snapshot->token, &snapshot->map, err);
    if (result == 0)
        result = mm_blob_compress(snapshot->map, err);
    return result;
}

int mm_snapshot_create(struct mm_catalog *catalog, struct mm_snapshot **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return mm_no_memory(err);
    atomic_init(&snapshot->holders, 1);
    struct parts parts = {0};
    int result = mm_catalog_get_map(catalog, &parts.record, err);
    if (result == 0)
        result = fill(catalog, snapshot, &parts, err);
    finish_parts(&parts);
    if (result < 0) {
        mm_snapshot_release(snapshot);
        return result;
    }
    *out = snapshot;
    return 0;
}

struct mm_snapshot *mm_snapshot_hold(struct mm_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->holders, 1, memory_order_relaxed);
    return snapshot;
}

void mm_snapshot_release(struct mm_snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->holders, 1, memory_order_acq_rel) != 1)
        return;
    free(snapshot->songs);
    free(snapshot->order);
    mm_blob_release(snapshot->map);
    for (size_t i = 0; i < snapshot->n_tiles; i++)
        mm_blob_release(snapshot->tiles[i]);
    free(snapshot->tiles);
    mm_blob_release(snapshot->overview);
    mm_columns_finish(&snapshot->columns);
    free(snapshot);
}
