/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the catalog's vectors to a map in the catalog: picks the kind of vector, lets src/map
 * cluster and lay out, names the clusters from the songs' genres (or, where a song has none, from
 * what a model says of it) and stores the whole as the current map, with a JSON report of how it
 * came about.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/places.h"
#include "work/vectors.h"

/* ---- names ---- */

struct labels {
    char ***labels; /* [n][n_labels[i]] */
    size_t *n_labels;
    char **artists; /* [n], members may be NULL */
};

static int read_labels(struct mm_catalog *catalog, const int64_t *ids, size_t n, struct labels *out,
                       struct mm_error *err)
{
    out->labels = calloc(n, sizeof *out->labels);
    out->n_labels = calloc(n, sizeof *out->n_labels);
    out->artists = calloc(n, sizeof(char *));
    if (!out->labels || !out->n_labels || !out->artists)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct mm_song song = {0};
        int result = mm_catalog_get_song(catalog, ids[i], &song, err);
        if (result < 0)
            return result;
        /* The strings change hands. */
        out->labels[i] = song.tags.genres;
        out->n_labels[i] = song.tags.n_genres;
        out->artists[i] = song.tags.artist;
        song.tags.genres = NULL;
        song.tags.n_genres = 0;
        song.tags.artist = NULL;
        mm_song_finish(&song);
    }
    return 0;
}

static void free_labels(struct labels *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; l->labels && l->n_labels && k < l->n_labels[i]; k++)
            free(l->labels[i][k]);
        if (l->labels)
            free(l->labels[i]);
        if (l->artists)
            free(l->artists[i]);
    }
    free(l->labels);
    free(l->n_labels);
    free(l->artists);
}

/* ---- labels of songs without a genre: what a model says of them ---- */

#define MOST_TAGS  3
#define LEAST_TAG  0.1  /* a tag counts from here on ... */
#define LEAST_PART 0.5F /* ... and when it is at least this part of the song's strongest */

struct tagger {
    struct labels *labels;
    const int64_t *ids;
    size_t n;
    size_t at; /* ids before it are done */
};

/* The strongest words of tags, falling; returns how many. */
static size_t strongest_tags(const struct mm_song_tags *tags, size_t out[MOST_TAGS])
{
    size_t count = 0;
    for (size_t i = 0; i < tags->n; i++) {
        float value = tags->values[i];
        if (!(value >= (float)LEAST_TAG) || mm_tag_is_property(tags->names[i]))
            continue;
        size_t to = count < MOST_TAGS ? count++ : MOST_TAGS;
        for (; to > 0 && tags->values[out[to - 1]] < value; to--)
            if (to < MOST_TAGS)
                out[to] = out[to - 1];
        if (to < MOST_TAGS)
            out[to] = i;
    }
    while (count > 1 && tags->values[out[count - 1]] < LEAST_PART * tags->values[out[0]])
        count--;
    return count;
}

/* "female vocalists" -> "Female Vocalists", as people write genres. */
static char *title_case(const char *name)
{
    char *copy = mm_strdup(name);
    for (char *c = copy; c && *c; c++)
        if ((c == copy || c[-1] == ' ') && *c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return copy;
}

static int label_by_tags(void *ctx, int64_t song, const struct mm_song_tags *tags,
                         struct mm_error *err)
{
    struct tagger *t = ctx;
    while (t->at < t->n && t->ids[t->at] < song)
        t->at++;
    if (t->at == t->n || t->ids[t->at] != song || t->labels->n_labels[t->at])
        return 0;
    size_t which[MOST_TAGS];
    size_t count = strongest_tags(tags, which);
    char **labels = calloc(MOST_TAGS, sizeof *labels);
    if (!labels)
        return mm_no_memory(err);
    free(t->labels->labels[t->at]);
    t->labels->labels[t->at] = labels;
    for (size_t i = 0; i < count; i++) {
        if (!(labels[i] = title_case(tags->names[which[i]])))
            return mm_no_memory(err);
        t->labels->n_labels[t->at]++;
    }
    return 0;
}

static int add_tags(struct mm_catalog *catalog, const int64_t *ids, size_t n, struct labels *l,
                    struct mm_error *err)
{
    struct tagger tagger = {.labels = l, .ids = ids, .n = n};
    if (n == 0)
        return 0;
    return mm_catalog_each_tags(catalog, ids[0], ids[n - 1], label_by_tags, &tagger, err);
}

/* The songs that names are chosen from: those that were laid out. */
struct sample {
    size_t n;
    int64_t *ids;      /* [n] */
    uint32_t *cluster; /* [n] */
};

static int sample_init(struct sample *s, const int64_t *ids, const struct mm_map *map,
                       struct mm_error *err)
{
    s->n = map->laid_out ? map->n_laid_out : map->n;
    s->ids = mm_calloc3(s->n, 1, sizeof *s->ids);
    s->cluster = mm_calloc3(s->n, 1, sizeof *s->cluster);
    if (!s->ids || !s->cluster)
        return mm_no_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        size_t song = map->laid_out ? map->laid_out[i] : i;
        s->ids[i] = ids[song];
        s->cluster[i] = map->cluster[song];
    }
    return 0;
}

static int choose_names(struct mm_catalog *catalog, const int64_t *ids, const struct mm_map *map,
                        struct mm_map_record *record, struct mm_error *err)
{
    struct labels l = {0};
    struct sample s = {0};
    int result = sample_init(&s, ids, map, err);
    if (result == 0)
        result = read_labels(catalog, s.ids, s.n, &l, err);
    if (result == 0)
        result = add_tags(catalog, s.ids, s.n, &l, err);
    if (result == 0)
        result = mm_names_choose(&(struct mm_naming){.n = s.n,
                                                     .labels = (const char *const *const *)l.labels,
                                                     .n_labels = l.n_labels,
                                                     .fallback = (const char *const *)l.artists,
                                                     .cluster = s.cluster,
                                                     .n_clusters = map->n_clusters,
                                                     .region = map->region,
                                                     .n_regions = map->n_regions},
                                 &record->cluster_names, &record->region_names, err);
    if (result == 0) {
        record->n_clusters = map->n_clusters;
        record->n_regions = map->n_regions;
    }
    free_labels(&l, s.n);
    free(s.cluster);
    free(s.ids);
    return result;
}

/* ---- record ---- */

static json_t *describe_choice(const struct mm_map *map)
{
    json_t *curve = json_array();
    for (size_t i = 0; i < map->n_curve; i++)
        json_array_append_new(curve, json_pack("{s:I, s:f}", "k", (json_int_t)map->curve[i].k,
                                               "score", map->curve[i].score));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "criterion", map->k_criterion, "parameter",
                     map->k_parameter, "chosen", (json_int_t)map->k_chosen, "least_songs",
                     (json_int_t)map->least_songs, "joined", (json_int_t)map->joined, "curve",
                     curve);
}

static char *write_report(const struct mm_map *map, const struct mm_song_vectors *v,
                          const char *hash)
{
    json_t *report =
        json_pack("{s:{s:s, s:s, s:s, s:s}, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "vectors",
                  "model", v->model, "settings", v->settings, "segment", v->part[0].kind.segment,
                  "hash", hash, "songs", (json_int_t)map->n, "clusters",
                  (json_int_t)map->n_clusters, "regions", (json_int_t)map->n_regions, "laid_out",
                  (json_int_t)(map->laid_out ? map->n_laid_out : map->n), "looked_at",
                  (json_int_t)map->looked_at, "noise", (json_int_t)map->noise, "inertia",
                  map->inertia, "choice", map->k_criterion ? describe_choice(map) : json_null());
    char *text = report ? json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(report);
    return text;
}

/* Everything that decides the map, the songs apart. */
static char *settings_line(const struct mm_map_settings *settings, const struct mm_song_vectors *v)
{
    size_t count;
    /* Defaults by name: they may change from one version to the next. */
    const char *clusterer = mm_clusterers(&count)->name;
    const char *layout = mm_layouts(&count)->name;
    char *memory = settings->memory ? mm_format(" memory=%zu", settings->memory) : mm_strdup("");
    if (!memory)
        return NULL;
    char *line = mm_format("clusterer=%s layout=%s clusters=%zu seed=%llu%s model=%s vectors=[%s]",
                           settings->clusterer ? settings->clusterer : clusterer,
                           settings->layout ? settings->layout : layout, settings->clusters,
                           (unsigned long long)settings->seed, memory, v->model, v->settings);
    free(memory);
    return line;
}

static int fill_record(const struct mm_map *map, struct mm_song_vectors *v,
                       const struct mm_map_settings *settings, struct mm_map_record *record,
                       struct mm_error *err)
{
    char hash[MM_VECTORS_HASH_SIZE];
    int result = mm_song_vectors_hash(v, hash, err);
    if (result < 0)
        return result;
    record->model = mm_strdup(v->model);
    record->settings = settings_line(settings, v);
    record->report = write_report(map, v, hash);
    record->songs = mm_calloc3(map->n, 1, sizeof *record->songs);
    record->region = mm_calloc3(map->n_clusters, 1, sizeof *record->region);
    if (!record->model || !record->settings || !record->report || !record->songs || !record->region)
        return mm_no_memory(err);
    memcpy(record->region, map->region, map->n_clusters * sizeof *record->region);
    record->n_songs = map->n;
    for (size_t i = 0; i < map->n; i++)
        record->songs[i] = (struct mm_map_song){.song = v->ids[i],
                                                .x = map->xy[2 * i],
                                                .y = map->xy[2 * i + 1],
                                                .cluster = map->cluster[i],
                                                .honesty = map->honesty[i]};
    return 0;
}

/* Where the current map has these songs; found = 0 when there is none. */
static int read_previous(struct mm_catalog *catalog, const struct mm_song_vectors *v,
                         struct mm_places *out, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct mm_error ignored = {0};
    int result = mm_catalog_get_map(catalog, &map, &ignored);
    /* A damaged last map is no reason against a new one. */
    result = result == 0 || result == MM_ERR_NOT_FOUND || result == MM_ERR_INPUT
                 ? mm_places_find(&map, v->ids, v->n, out, err)
                 : mm_error_set(err, result, "%s", ignored.message);
    mm_map_record_finish(&map);
    return result;
}

int mm_map_songs(struct mm_catalog *catalog, const struct mm_map_options *options,
                 const struct mm_progress *progress, struct mm_map_record *out,
                 struct mm_error *err)
{
    *out = (struct mm_map_record){0};
    struct mm_song_vectors v;
    struct mm_map *map = NULL;
    int result = mm_song_vectors_init(&v, catalog, options->model, err);
    if (result < 0)
        return result;
    struct mm_vectors reader = mm_song_vectors_reader(&v);
    struct mm_places previous = {0};
    struct mm_map_settings settings = options->settings;
    result = read_previous(catalog, &v, &previous, err);
    settings.previous = previous.xy;
    if (result == 0)
        result = mm_map_build(&reader, &settings, progress, &map, err);
    if (result == 0)
        result = choose_names(catalog, v.ids, map, out, err);
    if (result == 0)
        result = fill_record(map, &v, &options->settings, out, err);
    if (result == 0)
        result = mm_catalog_put_map(catalog, out, err);
    mm_map_destroy(map);
    mm_places_finish(&previous);
    mm_song_vectors_finish(&v);
    if (result < 0)
        mm_map_record_finish(out);
    return result;
}

/* Whether a song's vector is another one than when the map was made: its file was replaced, say. */
static int has_changed(const struct mm_map_record *map, struct mm_song_vectors *v, bool *changed,
                       struct mm_error *err)
{
    char now[MM_VECTORS_HASH_SIZE];
    json_t *report = json_loads(map->report, 0, NULL);
    const char *made_of =
        json_string_value(json_object_get(json_object_get(report, "vectors"), "hash"));
    int result = 0;
    if (made_of) { /* maps of earlier versions do not tell */
        result = mm_song_vectors_hash(v, now, err);
        *changed = result == 0 && strcmp(now, made_of) != 0;
    }
    json_decref(report);
    return result;
}

int mm_map_is_stale(struct mm_catalog *catalog, const struct mm_map_options *options, bool *stale,
                    struct mm_error *err)
{
    struct mm_song_vectors v;
    struct mm_map_record map = {0};
    *stale = true;
    int result = mm_song_vectors_init(&v, catalog, options->model, err);
    if (result < 0)
        return result;
    char *line = settings_line(&options->settings, &v);
    result = line ? mm_catalog_get_map(catalog, &map, err) : mm_no_memory(err);
    if (result == 0) {
        *stale = map.n_songs != v.n || strcmp(map.settings, line) != 0;
        for (size_t i = 0; i < v.n && !*stale; i++)
            *stale = map.songs[i].song != v.ids[i];
        if (!*stale)
            result = has_changed(&map, &v, stale, err);
    } else if (result == MM_ERR_NOT_FOUND) {
        result = 0;
    }
    free(line);
    mm_map_record_finish(&map);
    mm_song_vectors_finish(&v);
    return result;
}
