/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/page_data.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/embed.h"
#include "musicmap/source.h"

#define TAG_SHOWN 0.1F /* tags below it are not worth their bytes */

/* Rounded to a number of digits behind the point: 17 digits of a tempo only cost bytes. */
static json_t *rounded(double value, double unit)
{
    return json_real(round(value / unit) * unit);
}

/* Takes root over. The blob is compressed when it is worth it. */
static int json_blob(json_t *root, struct mm_blob **out, struct mm_error *err)
{
    *out = NULL;
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return mm_no_memory(err);
    int result = mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
    if (result == 0)
        result = mm_blob_compress(*out, err);
    if (result < 0) {
        mm_blob_release(*out);
        *out = NULL;
    }
    return result;
}

/* A string of the catalog. It was clean UTF-8 when it was gathered, but the catalog is a file on
 * disk: what is not UTF-8 any more is repaired rather than trusted. NULL: memory is out. */
static json_t *json_text(const char *text)
{
    size_t length = strlen(text);
    if (mm_text_is_utf8(text, length))
        return json_stringn(text, length);
    char *clean = mm_text_clean_utf8(text, length);
    json_t *string = clean ? json_string(clean) : NULL;
    free(clean);
    return string;
}

/* Sets key unless the text is missing or empty. */
static int set_text(json_t *object, const char *key, const char *text)
{
    return text && *text ? json_object_set_new(object, key, json_text(text)) : 0;
}

static int set_genres(json_t *object, const struct mm_tags *tags)
{
    if (tags->n_genres == 0)
        return 0;
    json_t *genres = json_array();
    int result = json_object_set_new(object, "genres", genres);
    for (size_t i = 0; i < tags->n_genres && result == 0; i++)
        result = json_array_append_new(genres, json_text(tags->genres[i]));
    return result;
}

static int set_measure(json_t *object, const struct mm_measure *measure)
{
    int result = 0;
    if (measure->tempo_bpm > 0 && isfinite(measure->tempo_bpm))
        result |= json_object_set_new(object, "tempo", rounded(measure->tempo_bpm, 0.01));
    const char *key = measure->key >= 0 ? mm_key_name(measure->key, measure->mode) : "";
    if (*key)
        result |= json_object_set_new(object, "key", json_string(key));
    if (isfinite(measure->intensity))
        result |= json_object_set_new(object, "intensity", rounded(measure->intensity, 0.001));
    if (isfinite(measure->loudness_lufs))
        result |= json_object_set_new(object, "loudness", rounded(measure->loudness_lufs, 0.01));
    return result;
}

/* What a model says of the song: its strongest words, and the moods, each by its own name. */
static int set_tags(json_t *object, const struct mm_song_tags *tags)
{
    json_t *words = json_object();
    json_t *moods = json_object();
    int result = 0;
    for (size_t i = 0; i < tags->n; i++) {
        bool mood = mm_tag_is_property(tags->names[i]);
        const char *name = tags->names[i] + (strncmp(tags->names[i], "mood_", 5) == 0 ? 5 : 0);
        if (mood || tags->values[i] >= TAG_SHOWN)
            result |= json_object_set_new(mood ? moods : words, name,
                                          rounded((double)tags->values[i], 0.001));
    }
    if (json_object_size(words))
        result |= json_object_set(object, "tags", words);
    if (json_object_size(moods))
        result |= json_object_set(object, "moods", moods);
    json_decref(moods);
    json_decref(words);
    return result;
}

static int set_song(json_t *object, const struct mm_song *song)
{
    int result = 0;
    result |= set_text(object, "title", song->tags.title);
    result |= set_text(object, "artist", song->tags.artist);
    result |= set_text(object, "album", song->tags.album);
    result |= set_genres(object, &song->tags);
    if (song->tags.year > 0)
        result |= json_object_set_new(object, "year", json_integer(song->tags.year));
    if (song->duration_s > 0 && isfinite(song->duration_s))
        result |= json_object_set_new(object, "duration", rounded(song->duration_s, 0.01));
    if (song->has_cover)
        result |= json_object_set_new(object, "cover", json_true());
    if (song->key && song->source && mm_source_is_files(song->source))
        result |= set_text(object, "path", mm_path_name(song->key));
    return result;
}

/* Adds one song to array. One that was deleted since the map was made is only its id. */
static int add_song(struct mm_catalog *catalog, uint32_t id, json_t *array, struct mm_error *err)
{
    json_t *object = json_object();
    if (json_array_append_new(array, object) != 0 ||
        json_object_set_new(object, "id", json_integer(id)) != 0)
        return mm_no_memory(err);
    struct mm_song song = {0};
    struct mm_measure measure = {0};
    int result = mm_catalog_get_song(catalog, id, &song, err);
    if (result == 0) {
        int failed = set_song(object, &song);
        mm_song_finish(&song);
        if (failed)
            return mm_no_memory(err);
        result = mm_catalog_get_measure(catalog, id, &measure, err);
    }
    if (result == 0 && set_measure(object, &measure) != 0)
        return mm_no_memory(err);
    return result == MM_ERR_NOT_FOUND ? 0 : result;
}

static int add_tags(void *ctx, int64_t song, const struct mm_song_tags *tags, struct mm_error *err)
{
    (void)song;
    return set_tags(ctx, tags) == 0 ? 0 : mm_no_memory(err);
}

int mm_page_songs(struct mm_catalog *catalog, const struct mm_snapshot *snapshot, size_t first,
                  size_t count, struct mm_blob **out, struct mm_error *err)
{
    *out = NULL;
    json_t *array = json_array();
    if (!array)
        return mm_no_memory(err);
    if (first > snapshot->n)
        first = snapshot->n;
    if (count > snapshot->n - first)
        count = snapshot->n - first;
    int result = 0;
    for (size_t i = first; i < first + count && result == 0; i++) {
        uint32_t id = snapshot->songs[snapshot->order[i]];
        result = add_song(catalog, id, array, err);
        if (result == 0)
            result = mm_catalog_each_tags(catalog, id, id, add_tags,
                                          json_array_get(array, i - first), err);
    }
    if (result < 0) {
        json_decref(array);
        return result;
    }
    return json_blob(array, out, err);
}

int mm_page_status(struct mm_catalog *catalog, const char *token, struct mm_blob **out,
                   struct mm_error *err)
{
    *out = NULL;
    struct mm_catalog_counts counts = {0};
    struct mm_model_count model = {0};
    size_t models = 0;
    int result = mm_catalog_count(catalog, &counts, err);
    if (result == 0)
        result = mm_catalog_list_models(catalog, &model, 1, &models, err);
    if (result < 0)
        return result;
    /* jansson's "I" takes a json_int_t. */
    json_t *root = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s?, s:I}", "songs", (json_int_t)counts.present,
        "missing", (json_int_t)counts.missing, "hidden", (json_int_t)counts.hidden, "measured",
        (json_int_t)counts.measured, "embedded", (json_int_t)(models ? model.songs : 0), "failures",
        (json_int_t)counts.failures, "duration", counts.duration_s, "map", token, "map_songs",
        (json_int_t)counts.map_songs);
    return json_blob(root, out, err);
}
