/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.c - the catalog is read once: songs, measures and tags all come in order of id, as the
 * songs of a map do, so that each reading walks along the map.
 */
#include "view/columns.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/embed.h"
#include "view/bytes.h"
#include "view/categories.h"

enum { UNKNOWN = 0xffff, STEPS = 0xfffe, MOST_MOODS = 24, KEYS = 24, MODES = 2 };
enum { MOST_COLUMNS = 10 + MOST_MOODS };
/* How often a song was played, by the log of the sets that went out (musicmap set log). */
static const char *const play_names[] = {"Not yet played", "Played once", "Played more often"};
enum { OFTEN = sizeof play_names / sizeof *play_names - 1 };

enum figure { INTENSITY, TEMPO, YEAR, HONESTY, RATING, PLAYS, FIGURES };

struct reading {
    const struct mm_map_record *map;
    size_t at;              /* of the walk */
    float *figure[FIGURES]; /* [n] NAN = not known */
    uint16_t *key;          /* [n] 0..11 major from C upward, 12..23 minor; UNKNOWN */
    uint16_t *plays;        /* [n] index into play_names */
    bool any_plays;
    struct mm_categories genre, source;
    size_t n_moods;
    struct {
        char name[MM_COLUMN_NAME];
        float *value; /* [n] */
    } mood[MOST_MOODS];
};

/* Index of a song on the map, walking on; n = it is not there. */
static size_t walk(struct reading *r, int64_t id)
{
    const struct mm_map_song *songs = r->map->songs;
    size_t n = r->map->n_songs;
    while (r->at < n && songs[r->at].song < id)
        r->at++;
    return r->at < n && songs[r->at].song == id ? r->at : n;
}

static float *unknown_floats(size_t n)
{
    float *values = mm_calloc3(n, 1, sizeof *values);
    for (size_t i = 0; values && i < n; i++)
        values[i] = NAN;
    return values;
}

static int on_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct reading *r = ctx;
    size_t i = walk(r, song->id);
    if (i == r->map->n_songs)
        return 0;
    if (song->tags.year > 0)
        r->figure[YEAR][i] = (float)song->tags.year;
    int result = 0;
    if (song->tags.n_genres && song->tags.genres[0][0])
        result = mm_categories_put(&r->genre, i, song->tags.genres[0], err);
    if (result == 0 && song->source && *song->source)
        result = mm_categories_put(&r->source, i, song->source, err);
    return result;
}

static int on_measure(void *ctx, int64_t id, double duration_s, const struct mm_measure *measure,
                      struct mm_error *err)
{
    (void)duration_s;
    (void)err;
    struct reading *r = ctx;
    size_t i = walk(r, id);
    if (i == r->map->n_songs)
        return 0;
    if (isfinite(measure->intensity))
        r->figure[INTENSITY][i] = (float)measure->intensity;
    if (measure->tempo_bpm > 0 && isfinite(measure->tempo_bpm))
        r->figure[TEMPO][i] = (float)measure->tempo_bpm;
    if (measure->key >= 0 && measure->key < KEYS / MODES)
        r->key[i] = (uint16_t)(measure->key + (measure->mode == MM_MODE_MINOR ? KEYS / MODES : 0));
    return 0;
}

/* The column of a mood; made when it is met for the first time. NULL: no more room, or no name. */
static float *mood_values(struct reading *r, const char *tag, bool *failed)
{
    size_t length = strlen(tag);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)tag[i]) && tag[i] != '_')
            return NULL;
    if (length == 0 || length >= MM_COLUMN_NAME)
        return NULL;
    for (size_t m = 0; m < r->n_moods; m++)
        if (strcmp(r->mood[m].name, tag) == 0)
            return r->mood[m].value;
    if (r->n_moods == MOST_MOODS)
        return NULL;
    float *values = unknown_floats(r->map->n_songs);
    *failed = !values;
    if (!values)
        return NULL;
    memcpy(r->mood[r->n_moods].name, tag, length + 1);
    r->mood[r->n_moods++].value = values;
    return values;
}

static int on_tags(void *ctx, int64_t id, const struct mm_song_tags *tags, struct mm_error *err)
{
    struct reading *r = ctx;
    size_t i = walk(r, id);
    for (size_t t = 0; t < tags->n && i < r->map->n_songs; t++) {
        if (!mm_tag_is_property(tags->names[t]))
            continue;
        bool failed = false;
        float *values = mood_values(r, tags->names[t], &failed);
        if (failed)
            return mm_no_memory(err);
        if (values)
            values[i] = tags->values[t];
    }
    return 0;
}

/* What players say; of several the most. */
static int on_fact(void *ctx, int64_t id, const char *source, const struct mm_fact *fact,
                   struct mm_error *err)
{
    struct reading *r = ctx;
    (void)source;
    (void)err;
    bool rating = strcmp(fact->name, "rating") == 0;
    if (!rating && strcmp(fact->name, "plays") != 0)
        return 0;
    size_t i = walk(r, id);
    float value = strtof(fact->value, NULL);
    float *figure = r->figure[rating ? RATING : PLAYS];
    if (i < r->map->n_songs && isfinite(value) && value >= 0)
        figure[i] = fmaxf(figure[i], value);
    return 0;
}

/* Plays come newest first, so there is no walking along. */
static int on_play(void *ctx, int64_t id, int64_t at, const char *show, struct mm_error *err)
{
    (void)at;
    (void)show;
    (void)err;
    struct reading *r = ctx;
    size_t low = 0;
    size_t high = r->map->n_songs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->map->songs[middle].song < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < r->map->n_songs && r->map->songs[low].song == id) {
        r->plays[low] += r->plays[low] < OFTEN;
        r->any_plays = true;
    }
    return 0;
}

static int read_all(struct mm_catalog *catalog, struct reading *r, struct mm_error *err)
{
    size_t n = r->map->n_songs;
    int result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, on_song, r, err);
    r->at = 0;
    if (result == 0)
        result = mm_catalog_each_measure(catalog, on_measure, r, err);
    r->at = 0;
    if (result == 0 && n)
        result = mm_catalog_each_tags(catalog, r->map->songs[0].song, r->map->songs[n - 1].song,
                                      on_tags, r, err);
    r->at = 0;
    if (result == 0)
        result = mm_catalog_each_fact(catalog, 0, NULL, on_fact, r, err);
    if (result == 0)
        result = mm_catalog_each_play(catalog, on_play, r, err);
    return result;
}

/* ---- writing ---- */

/* Takes head over: what the values mean. values: [n] by the page's order. */
static int add_column(struct mm_columns *out, const char *name, const char *title, json_t *head,
                      const uint16_t *values, size_t n, struct mm_error *err)
{
    struct mm_column *column = &out->columns[out->n];
    snprintf(column->name, sizeof column->name, "%s", name);
    snprintf(column->title, sizeof column->title, "%s", title);
    json_object_set_new(head, "name", json_string(name));
    json_object_set_new(head, "title", json_string(title));
    char *text = json_dumps(head, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(head);
    size_t length = text ? strlen(text) : 0;
    size_t padded = length + length % 2;
    unsigned char *bytes = text ? malloc(8 + padded + 2 * n) : NULL;
    if (!bytes) {
        free(text);
        return mm_no_memory(err);
    }
    unsigned char *to = mm_put_u32(mm_put_magic(bytes, "MMV1"), (uint32_t)padded);
    memcpy(to, text, length);
    free(text);
    memset(to + length, ' ', padded - length);
    to += padded;
    for (size_t i = 0; i < n; i++)
        to = mm_put_u16(to, values[i]);
    int result =
        mm_blob_create(bytes, 8 + padded + 2 * n, "application/octet-stream", &column->blob, err);
    if (result < 0)
        return result;
    out->n++;
    return mm_blob_compress(column->blob, err);
}

static int compare_floats(const void *one, const void *two)
{
    float a = *(const float *)one;
    float b = *(const float *)two;
    return (a > b) - (a < b);
}

/* Where a scale begins and ends: all but a fiftieth of the songs on either side, so that one odd
 * value does not take the scale for itself. *known = how many values there are. */
static int find_ends(const float *value, size_t n, float *low, float *high, size_t *known,
                     struct mm_error *err)
{
    float *sorted = mm_calloc3(n, 1, sizeof *sorted);
    if (!sorted)
        return mm_no_memory(err);
    *known = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(value[i]))
            sorted[(*known)++] = value[i];
    qsort(sorted, *known, sizeof *sorted, compare_floats);
    if (*known) {
        *low = sorted[*known / 50];
        *high = sorted[*known - 1 - *known / 50];
    }
    free(sorted);
    return 0;
}

/* low = high: of the values. whole: ends are whole numbers. */
struct range {
    const char *name, *title, *unit;
    float low, high;
    bool whole;
};

static int add_range(struct mm_columns *out, const struct range *range, const float *value,
                     const uint32_t *order, size_t n, struct mm_error *err)
{
    float low = 0;
    float high = 0;
    size_t known;
    int result = find_ends(value, n, &low, &high, &known, err);
    if (result < 0 || known == 0)
        return result;
    if (range->high > range->low) {
        low = range->low;
        high = range->high;
    } else if (range->whole) {
        low = floorf(low);
        high = ceilf(high);
    }
    uint16_t *steps = mm_calloc3(n, 1, sizeof *steps);
    if (!steps)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        float v = value[order[i]];
        float part = high > low ? (fminf(fmaxf(v, low), high) - low) / (high - low) : 0;
        steps[i] = isfinite(v) ? (uint16_t)lroundf(part * STEPS) : UNKNOWN;
    }
    json_t *head =
        json_pack("{s:f, s:f, s:s}", "low", (double)low, "high", (double)high, "unit", range->unit);
    result =
        head ? add_column(out, range->name, range->title, head, steps, n, err) : mm_no_memory(err);
    free(steps);
    return result;
}

static int add_keys(struct mm_columns *out, const uint16_t *key, const uint32_t *order, size_t n,
                    struct mm_error *err)
{
    bool any = false;
    uint16_t *values = mm_calloc3(n, 1, sizeof *values);
    json_t *names = json_array();
    for (size_t i = 0; values && i < n; i++) {
        values[i] = key[order[i]];
        any |= values[i] != UNKNOWN;
    }
    for (int k = 0; k < KEYS; k++)
        json_array_append_new(
            names, json_string(mm_key_name(k % (KEYS / MODES),
                                           k < KEYS / MODES ? MM_MODE_MAJOR : MM_MODE_MINOR)));
    json_t *head = json_pack("{s:o}", "categories", names);
    int result = 0;
    if (!values || !head)
        result = mm_no_memory(err);
    else if (any)
        result = add_column(out, "key", "Key", json_incref(head), values, n, err);
    json_decref(head);
    free(values);
    return result;
}

/* Where nothing was ever played there is nothing to tell apart. */
static int add_plays(struct mm_columns *out, const struct reading *r, const uint32_t *order,
                     size_t n, struct mm_error *err)
{
    if (!r->any_plays)
        return 0;
    uint16_t *values = mm_calloc3(n, 1, sizeof *values);
    json_t *names = json_array();
    for (size_t i = 0; values && i < n; i++)
        values[i] = r->plays[order[i]];
    for (size_t i = 0; i <= OFTEN; i++)
        json_array_append_new(names, json_string(play_names[i]));
    json_t *head = json_pack("{s:o}", "categories", names);
    int result = values && head
                     ? add_column(out, "played", "Played", json_incref(head), values, n, err)
                     : mm_no_memory(err);
    json_decref(head);
    free(values);
    return result;
}

/* fewest: a property that has fewer different values tells nothing. */
static int add_categories(struct mm_columns *out, const char *name, const char *title,
                          struct mm_categories *categories, size_t fewest, const uint32_t *order,
                          size_t n, struct mm_error *err)
{
    if (categories->n < fewest)
        return 0;
    uint16_t *values = mm_calloc3(n, 1, sizeof *values);
    json_t *names = json_array();
    int result = values && names ? mm_categories_sort(categories, err) : mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0; i++)
        values[i] = categories->value[order[i]];
    for (size_t i = 0; i < categories->n && result == 0; i++) {
        char *clean = mm_text_clean_utf8(categories->names[i], strlen(categories->names[i]));
        json_array_append_new(names, json_string(clean ? clean : ""));
        free(clean);
    }
    json_t *head = json_pack("{s:O}", "categories", names);
    if (result == 0)
        result = head ? add_column(out, name, title, json_incref(head), values, n, err)
                      : mm_no_memory(err);
    json_decref(head);
    json_decref(names);
    free(values);
    return result;
}

/* "mood_happy" -> "Mood: happy", "danceability" -> "Danceability" */
static void title_of_mood(const char *name, char *title, size_t size)
{
    bool mood = strncmp(name, "mood_", 5) == 0;
    snprintf(title, size, "%s%s", mood ? "Mood: " : "", name + (mood ? 5 : 0));
    title[0] = (char)toupper((unsigned char)title[0]);
    for (char *p = title; *p; p++)
        if (*p == '_')
            *p = ' ';
}

static int write_all(struct reading *r, const uint32_t *order, struct mm_columns *out,
                     struct mm_error *err)
{
    static const struct range ranges[FIGURES] = {
        [INTENSITY] = {"intensity", "Intensity", "", 0, 1, false},
        [TEMPO] = {"tempo", "Tempo", "bpm", 0, 0, true},
        [YEAR] = {"year", "Year", "", 0, 0, true},
        [HONESTY] = {"honesty", "Honesty", "", 0, 1, false},
        [RATING] = {"rating", "Stars", "", 1, 5, true},
        [PLAYS] = {"plays", "Plays", "", 0, 0, true},
    };
    size_t n = r->map->n_songs;
    int result = add_categories(out, "genre", "Genre", &r->genre, 1, order, n, err);
    for (int f = INTENSITY; f <= TEMPO && result == 0; f++)
        result = add_range(out, &ranges[f], r->figure[f], order, n, err);
    if (result == 0)
        result = add_keys(out, r->key, order, n, err);
    if (result == 0)
        result = add_range(out, &ranges[YEAR], r->figure[YEAR], order, n, err);
    for (int f = RATING; f <= PLAYS && result == 0; f++)
        result = add_range(out, &ranges[f], r->figure[f], order, n, err);
    for (size_t m = 0; m < r->n_moods && result == 0; m++) {
        char title[MM_COLUMN_NAME + 8];
        title_of_mood(r->mood[m].name, title, sizeof title);
        struct range range = {r->mood[m].name, title, "", 0, 1, false};
        result = add_range(out, &range, r->mood[m].value, order, n, err);
    }
    if (result == 0)
        result = add_range(out, &ranges[HONESTY], r->figure[HONESTY], order, n, err);
    if (result == 0)
        result = add_categories(out, "source", "Source", &r->source, 2, order, n, err);
    if (result == 0)
        result = add_plays(out, r, order, n, err);
    return result;
}

static int begin(struct reading *r, struct mm_error *err)
{
    size_t n = r->map->n_songs;
    bool failed = false;
    for (int f = 0; f < FIGURES; f++)
        failed |= !(r->figure[f] = unknown_floats(n));
    r->key = mm_calloc3(n, 1, sizeof *r->key);
    r->plays = mm_calloc3(n, 1, sizeof *r->plays);
    if (failed || !r->key || !r->plays || mm_categories_init(&r->genre, n) < 0 ||
        mm_categories_init(&r->source, n) < 0)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        r->key[i] = UNKNOWN;
        r->figure[HONESTY][i] = r->map->songs[i].honesty;
    }
    return 0;
}

int mm_columns_create(struct mm_catalog *catalog, const struct mm_map_record *map,
                      const uint32_t *order, struct mm_columns *out, struct mm_error *err)
{
    *out = (struct mm_columns){0};
    struct reading r = {.map = map};
    int result = begin(&r, err);
    if (result == 0)
        result = read_all(catalog, &r, err);
    if (result == 0) {
        out->columns = mm_calloc3(MOST_COLUMNS, 1, sizeof *out->columns);
        result = out->columns ? write_all(&r, order, out, err) : mm_no_memory(err);
    }
    for (int f = 0; f < FIGURES; f++)
        free(r.figure[f]);
    for (size_t m = 0; m < r.n_moods; m++)
        free(r.mood[m].value);
    free(r.key);
    free(r.plays);
    mm_categories_finish(&r.genre);
    mm_categories_finish(&r.source);
    if (result < 0)
        mm_columns_finish(out);
    return result;
}

void mm_columns_finish(struct mm_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        mm_blob_release(columns->columns[i].blob);
    free(columns->columns);
    *columns = (struct mm_columns){0};
}
