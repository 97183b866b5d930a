/* SPDX-License-Identifier: BSD-2-Clause */
/* write_json.c - all that is known of a set, and JSPF. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "set/write.h"

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static int dump(json_t *json, FILE *out, struct mm_error *err)
{
    int written = json ? json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : -1;
    json_decref(json);
    if (!json)
        return mm_no_memory(err);
    fputc('\n', out);
    return written < 0 ? mm_error_set(err, MM_ERR_IO, "cannot write the set")
                       : mm_stream_check(out, err);
}

/* ---- JSON ---- */

static json_t *clean_string(const char *text)
{
    char *clean = text ? mm_text_clean_utf8(text, strlen(text)) : NULL;
    json_t *string = clean ? json_string(clean) : json_null();
    free(clean);
    return string;
}

static json_t *genres_json(const struct mm_set_song *song)
{
    json_t *list = json_array();
    for (size_t g = 0; g < song->n_genres; g++)
        json_array_append_new(list, clean_string(song->genres[g]));
    return list;
}

static json_t *transition_json(const struct mm_transition *t)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "sound", t->sound, "tempo", t->tempo, "key",
                     t->key, "loudness", t->loudness, "cost", t->cost);
}

static json_t *song_json(const struct mm_set_write *in, size_t i, const struct mm_line_texts *t)
{
    const struct mm_set_song *s = t->song;
    const struct mm_set_item *item = t->item;
    char at[32];
    mm_set_time(in->set, item->start_s, at);
    const char *country =
        s->country == MM_SET_NONE ? NULL : mm_set_library_country(in->library, s->country);
    json_t *json = json_pack(
        "{s:I, s:I, s:f, s:f, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "position",
        (json_int_t)i + 1, "id", (json_int_t)s->id, "start_s", item->start_s, "duration_s",
        s->duration_s, "at", at, "title", t->title, "artist", clean_string(s->artist), "album",
        clean_string(s->album), "genres", genres_json(s), "country", clean_string(country),
        "source", clean_string(s->source), "path", clean_string(s->path), "isrc",
        clean_string(s->isrc), "year", s->year, "why", clean_string(item->why));
    if (!json)
        return NULL;
    json_object_set_new(json, "tempo_bpm", number_or_null(s->tempo_bpm));
    json_object_set_new(json, "key", json_string(mm_key_name(s->key, s->mode)));
    json_object_set_new(json, "loudness_lufs", number_or_null(s->loudness_lufs));
    json_object_set_new(json, "intensity", number_or_null(s->intensity));
    json_object_set_new(json, "last_played", json_integer((json_int_t)s->last_played));
    json_object_set_new(json, "shows_ago", json_integer((json_int_t)s->shows_ago));
    json_object_set_new(json, "arc", number_or_null(item->arc));
    json_object_set_new(json, "arc_wanted", number_or_null(item->arc_wanted));
    json_object_set_new(json, "shape", number_or_null(item->shape));
    if (i)
        json_object_set_new(json, "transition", transition_json(&item->in));
    return json;
}

static json_t *bent_json(const struct mm_set *set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < set->n_bent; i++) {
        const struct mm_set_bent *b = &set->bent[i];
        json_t *at = b->at == MM_SET_NONE ? json_null() : json_integer((json_int_t)b->at + 1);
        json_array_append_new(list,
                              json_pack("{s:i, s:o, s:b, s:o, s:f, s:s, s:o, s:o}", "line", b->line,
                                        "rule", clean_string(b->rule), "soft", b->soft, "position",
                                        at, "amount", b->amount, "unit", b->unit, "what",
                                        clean_string(b->what), "needed", clean_string(b->needed)));
    }
    return list;
}

int mm_write_json(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    const struct mm_set *set = in->set;
    json_t *songs = json_array();
    int result = songs ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0 && json_array_append_new(songs, song_json(in, i, &t)) < 0)
            result = mm_no_memory(err);
        mm_line_texts_finish(&t);
    }
    char *title = mm_set_title(in);
    char at[32];
    mm_set_time(set, 0, at);
    json_t *json = NULL;
    if (result == 0 && title)
        json = json_pack("{s:i, s:s, s:s, s:f, s:f, s:f, s:I, s:I, s:s, s:O, s:o}", "musicmap_set",
                         1, "title", title, "start", at, "length_s", set->length_s, "crossfade_s",
                         set->crossfade_s, "cost", set->cost, "seed", (json_int_t)set->seed,
                         "rounds", (json_int_t)set->rounds, "library",
                         mm_set_library_hash(in->library), "songs", songs, "bent", bent_json(set));
    free(title);
    json_decref(songs);
    return result < 0 ? result : dump(json, out, err);
}

/* ---- JSPF ---- */

static json_t *track_json(const struct mm_set_write *in, size_t i, const struct mm_line_texts *t)
{
    bool failed;
    char *uri = mm_set_uri(in, t->song, &failed);
    json_t *track =
        failed ? NULL
               : json_pack("{s:s, s:I, s:I}", "title", t->title, "trackNum", (json_int_t)i + 1,
                           "duration", (json_int_t)llround(t->song->duration_s * 1000));
    if (track && uri)
        json_object_set_new(track, "location", json_pack("[s]", uri));
    if (track && *t->artist)
        json_object_set_new(track, "creator", json_string(t->artist));
    if (track && *t->album)
        json_object_set_new(track, "album", json_string(t->album));
    free(uri);
    return track;
}

int mm_write_jspf(const struct mm_set_write *in, FILE *out, struct mm_error *err)
{
    json_t *tracks = json_array();
    char *title = mm_set_title(in);
    int result = tracks && title ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < in->set->n && result == 0; i++) {
        struct mm_line_texts t;
        result = mm_line_texts_init(&t, in, i, err);
        if (result == 0 && json_array_append_new(tracks, track_json(in, i, &t)) < 0)
            result = mm_no_memory(err);
        mm_line_texts_finish(&t);
    }
    json_t *json = NULL;
    if (result == 0)
        json = json_pack("{s:{s:s, s:s, s:O}}", "playlist", "title", title, "creator", "musicmap",
                         "track", tracks);
    free(title);
    json_decref(tracks);
    return result < 0 ? result : dump(json, out, err);
}
