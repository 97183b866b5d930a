/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_library.c - from the catalog to what sets are made of. Everything is read in the order of the
 * songs' ids, so that rows of several tables meet by walking along.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/vectors.h"

/* Main components kept: all 230 of timbre, and of larger models what carries nearly everything. */
#define MOST_COMPONENTS ((size_t)256)

struct loading {
    const int64_t *ids; /* [n] ascending */
    size_t n;
    size_t at; /* walks along */
    struct mm_set_song *songs;
    struct mm_song *rows; /* [n] own the texts */
    char **shows;         /* [n_shows] newest first */
    size_t n_shows, capacity;
};

/* Index of id, walking on from the last one; ids come in order. n = it is not among them. */
static size_t walk(struct loading *l, int64_t id)
{
    while (l->at < l->n && l->ids[l->at] < id)
        l->at++;
    return l->at < l->n && l->ids[l->at] == id ? l->at : l->n;
}

static int on_song(void *ctx, const struct mm_song *row, struct mm_error *err)
{
    struct loading *l = ctx;
    size_t i = walk(l, row->id);
    if (i == l->n)
        return 0;
    (void)err;
    /* The row is the callback's for its time only: what is kept is taken out of it. */
    struct mm_song *own = &l->rows[i];
    *own = *row;
    struct mm_song *lent = (struct mm_song *)row;
    int64_t id = row->id;
    *lent = (struct mm_song){.id = id};
    const struct mm_tags *t = &own->tags;
    l->songs[i] = (struct mm_set_song){.id = id,
                                       .title = t->title,
                                       .artist = t->artist,
                                       .album = t->album,
                                       .source = own->source,
                                       .path = own->key,
                                       .isrc = t->isrc,
                                       .genres = (const char *const *)t->genres,
                                       .n_genres = t->n_genres,
                                       .year = t->year,
                                       .duration_s = own->duration_s,
                                       .key = -1,
                                       .loudness_lufs = (double)NAN,
                                       .intensity = (double)NAN,
                                       .x = NAN,
                                       .y = NAN,
                                       .country = MM_SET_NONE};
    return 0;
}

static int on_measure(void *ctx, int64_t song, double duration_s, const struct mm_measure *m,
                      struct mm_error *err)
{
    struct loading *l = ctx;
    (void)duration_s;
    (void)err;
    size_t i = walk(l, song);
    if (i == l->n)
        return 0;
    struct mm_set_song *s = &l->songs[i];
    s->tempo_bpm = m->tempo_bpm;
    s->tempo_confidence = m->tempo_confidence;
    s->key = m->key;
    s->mode = m->mode;
    s->key_confidence = m->key_confidence;
    s->loudness_lufs = m->loudness_lufs;
    s->intensity = m->intensity;
    return 0;
}

static int compare_ids(const void *one, const void *two)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)two;
    return (a > b) - (a < b);
}

/* Number of the show, 1 = the last one. Plays come newest first. */
static int show_number(struct loading *l, const char *show, uint32_t *out, struct mm_error *err)
{
    size_t k = 0;
    while (k < l->n_shows && strcmp(l->shows[k], show) != 0)
        k++;
    *out = (uint32_t)k + 1;
    if (k < l->n_shows)
        return 0;
    char *copy = mm_strdup(show);
    if (!copy || mm_array_reserve(&l->shows, &l->capacity, k + 1) < 0) {
        free(copy);
        return mm_no_memory(err);
    }
    l->shows[l->n_shows++] = copy;
    return 0;
}

static int on_play(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err)
{
    struct loading *l = ctx;
    uint32_t number;
    int result = show_number(l, show, &number, err);
    const int64_t *found = bsearch(&song, l->ids, l->n, sizeof *l->ids, compare_ids);
    if (result < 0 || !found)
        return result;
    struct mm_set_song *s = &l->songs[found - l->ids];
    if (s->last_played == 0) { /* the newest comes first */
        s->last_played = at;
        s->shows_ago = number;
    }
    return 0;
}

/* What players say, the most of it where several do; a DJ's tempo and key over the measured ones:
 * somebody has listened. */
static int on_fact(void *ctx, int64_t song, const char *source, const struct mm_fact *fact,
                   struct mm_error *err)
{
    struct loading *l = ctx;
    (void)source;
    (void)err;
    size_t i = walk(l, song);
    if (i == l->n)
        return 0;
    struct mm_set_song *s = &l->songs[i];
    double value = strtod(fact->value, NULL);
    bool count = isfinite(value) && value > 0 && value < 1e15;
    if (strcmp(fact->name, "rating") == 0 && count && value <= 5 && value > s->rating)
        s->rating = (int)value;
    else if (strcmp(fact->name, "starred") == 0)
        s->starred = true;
    else if (strcmp(fact->name, "plays") == 0 && count && value > (double)s->plays)
        s->plays = (long)value;
    else if (strcmp(fact->name, "played") == 0 && count) {
        int64_t heard = mm_clock_local((int64_t)value);
        s->last_heard = heard > s->last_heard ? heard : s->last_heard;
    } else if (strcmp(fact->name, "bpm") == 0 && count && value < 1000) {
        s->tempo_bpm = value;
        s->tempo_confidence = 1;
    } else if (strcmp(fact->name, "key") == 0) {
        for (int key = 0; key < 24; key++)
            if (strcmp(mm_key_name(key % 12, key < 12 ? MM_MODE_MAJOR : MM_MODE_MINOR),
                       fact->value) == 0) {
                s->key = key % 12;
                s->mode = key < 12 ? MM_MODE_MAJOR : MM_MODE_MINOR;
                s->key_confidence = 1;
            }
    }
    return 0;
}

/* A song of a service is as long as its recording, not as the preview that was embedded. */
static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct loading *l = ctx;
    (void)err;
    const int64_t *found = bsearch(&origin->song, l->ids, l->n, sizeof *l->ids, compare_ids);
    struct mm_set_song *s = found ? &l->songs[found - l->ids] : NULL;
    if (s && s->source && s->path && origin->duration_s > 0 &&
        strcmp(s->source, origin->source) == 0 && strcmp(s->path, origin->key) == 0)
        s->duration_s = origin->duration_s;
    return 0;
}

static void add_places(struct loading *l, const struct mm_map_record *map)
{
    l->at = 0;
    for (size_t k = 0; k < map->n_songs; k++) {
        size_t i = walk(l, map->songs[k].song);
        if (i == l->n)
            continue;
        l->songs[i].x = map->songs[k].x;
        l->songs[i].y = map->songs[k].y;
        l->songs[i].country = map->songs[k].cluster;
    }
}

static int read_songs(struct mm_catalog *catalog, struct loading *l, struct mm_map_record *map,
                      struct mm_error *err)
{
    l->songs = mm_calloc3(l->n, 1, sizeof *l->songs);
    l->rows = mm_calloc3(l->n, 1, sizeof *l->rows);
    if (!l->songs || !l->rows)
        return mm_no_memory(err);
    /* A song that goes away meanwhile has no length and so is never chosen. */
    for (size_t i = 0; i < l->n; i++)
        l->songs[i] = (struct mm_set_song){
            .id = l->ids[i], .key = -1, .x = NAN, .y = NAN, .country = MM_SET_NONE};
    int result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, on_song, l, err);
    l->at = 0;
    if (result == 0)
        result = mm_catalog_each_measure(catalog, on_measure, l, err);
    if (result == 0)
        result = mm_catalog_each_play(catalog, on_play, l, err);
    l->at = 0;
    if (result == 0)
        result = mm_catalog_each_fact(catalog, 0, NULL, on_fact, l, err);
    if (result == 0)
        result = mm_catalog_each_origin(catalog, 0, on_origin, l, err);
    if (result == 0) {
        result = mm_catalog_get_map(catalog, map, err);
        if (result == MM_ERR_NOT_FOUND)
            result = 0; /* sets need no map; shapes that do will say so */
        add_places(l, map);
    }
    return result;
}

static void loading_finish(struct loading *l)
{
    for (size_t i = 0; l->rows && i < l->n; i++)
        mm_song_finish(&l->rows[i]);
    for (size_t k = 0; k < l->n_shows; k++)
        free(l->shows[k]);
    free(l->shows);
    free(l->rows);
    free(l->songs);
}

/* How songs begin and end, where "embed --segments" has heard it. */
enum { INTRO, OUTRO, ENDS };
struct ends {
    size_t n; /* 0, or ENDS */
    struct mm_song_vectors vectors[ENDS];
    struct mm_vectors readers[ENDS];
    float *rows[ENDS];
};

static int ends_init(struct ends *ends, const struct mm_song_vectors *whole, struct mm_error *err)
{
    static const char *const segments[ENDS] = {"intro", "outro"};
    bool any = false;
    int result = 0;
    for (size_t e = 0; e < ENDS && result == 0; e++) {
        result = mm_song_vectors_segment(whole, segments[e], &ends->vectors[e], err);
        any |= ends->vectors[e].n > 0;
    }
    for (size_t e = 0; e < ENDS && any; e++) {
        ends->readers[e] = mm_song_vectors_reader(&ends->vectors[e]);
        ends->readers[e].dim = whole->dim; /* also of none */
    }
    ends->n = any ? ENDS : 0;
    return result;
}

/* A row for every song: a song whose ends nobody heard begins and ends as it is. */
static int ends_fill(struct ends *ends, const struct mm_song_vectors *whole, const float *rows,
                     size_t dim, struct mm_error *err)
{
    for (size_t e = 0; e < ENDS; e++) {
        const struct mm_song_vectors *own = &ends->vectors[e];
        float *full = mm_calloc3(whole->n, dim, sizeof *full);
        if (!full)
            return mm_no_memory(err);
        size_t at = 0;
        for (size_t i = 0; i < whole->n; i++) {
            bool heard = at < own->n && own->ids[at] == whole->ids[i];
            const float *from = heard ? ends->rows[e] + at++ * dim : rows + i * dim;
            memcpy(full + i * dim, from, dim * sizeof *full);
        }
        free(ends->rows[e]);
        ends->rows[e] = full;
    }
    return 0;
}

static void ends_finish(struct ends *ends)
{
    for (size_t e = 0; e < ENDS; e++) {
        free(ends->rows[e]);
        mm_song_vectors_finish(&ends->vectors[e]);
    }
}

int mm_load_set_library(struct mm_catalog *catalog, const char *model, size_t jobs,
                        const struct mm_progress *progress, struct mm_set_library **out,
                        struct mm_error *err)
{
    *out = NULL;
    struct mm_song_vectors v;
    int result = mm_song_vectors_init(&v, catalog, model, err);
    if (result < 0)
        return result;
    struct mm_vectors reader = mm_song_vectors_reader(&v);
    struct loading l = {.ids = v.ids, .n = v.n};
    struct mm_map_record map = {0};
    struct ends ends = {0};
    float *rows = NULL;
    size_t dim = 0;
    result = ends_init(&ends, &v, err);
    if (result == 0)
        result = mm_map_reduce(&reader, ends.readers, ends.n, MOST_COMPONENTS, jobs, progress,
                               &rows, ends.rows, &dim, err);
    if (result == 0 && ends.n)
        result = ends_fill(&ends, &v, rows, dim, err);
    if (result == 0)
        result = read_songs(catalog, &l, &map, err);
    if (result == 0) {
        struct mm_set_library_input input = {.n = l.n,
                                             .songs = l.songs,
                                             .dim = dim,
                                             .rows = rows,
                                             .intros = ends.rows[INTRO],
                                             .outros = ends.rows[OUTRO],
                                             .countries = (const char *const *)map.cluster_names,
                                             .n_countries = map.n_clusters};
        result = mm_set_library_create(&input, out, err);
    }
    free(rows);
    ends_finish(&ends);
    mm_map_record_finish(&map);
    loading_finish(&l);
    mm_song_vectors_finish(&v);
    return result;
}
