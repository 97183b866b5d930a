/* SPDX-License-Identifier: BSD-2-Clause */
/* A song as a Subsonic server tells it ("Child" in its documents), and finding one by its names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/match.h"
#include "http/address.h"
#include "source/subsonic.h"

/* Seconds of "2026-11-22T20:15:00.000Z"; 0 = no date. */
static int64_t read_date(const char *text)
{
    struct tm tm = {0};
    if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return 0;
    time_t t = timegm(&tm);
    return t > 0 ? (int64_t)t : 0;
}

static int read_genres(const json_t *json, struct mm_tags *tags)
{
    const json_t *list = json_object_get(json, "genres");
    int result = 0;
    for (size_t i = 0; i < json_array_size(list) && i < 16 && result == 0; i++) {
        const char *name = mm_json_text(json_array_get(list, i), "name");
        result = name ? mm_tags_split_genres(tags, name, strnlen(name, 1024)) : 0;
    }
    const char *one = tags->n_genres ? NULL : mm_json_text(json, "genre");
    return one && result == 0 ? mm_tags_split_genres(tags, one, strnlen(one, 1024)) : result;
}

static int read_names(const json_t *json, struct mm_tags *tags)
{
    const json_t *isrcs = json_object_get(json, "isrc");
    const char *isrc = json_is_array(isrcs) ? json_string_value(json_array_get(isrcs, 0))
                                            : json_string_value(isrcs);
    char clean[13];
    int result = mm_track_text(&tags->title, mm_json_text(json, "title"));
    if (result == 0)
        result = mm_track_text(&tags->artist, mm_json_text(json, "artist"));
    if (result == 0)
        result = mm_track_text(&tags->album, mm_json_text(json, "album"));
    if (result == 0)
        result = mm_track_text(&tags->album_artist, mm_json_text(json, "displayAlbumArtist"));
    if (result == 0 && isrc && mm_match_isrc(isrc, clean))
        result = mm_track_text(&tags->isrc, clean);
    return result == 0 ? read_genres(json, tags) : result;
}

int mm_remote_read_song(const struct json_t *json, struct mm_remote_song *out, bool *good)
{
    *out = (struct mm_remote_song){.plays = -1};
    *good = false;
    const char *type = mm_json_text(json, "type");
    bool folder = json_is_true(json_object_get(json, "isDir"));
    bool film = json_is_true(json_object_get(json, "isVideo"));
    if (!json_is_object(json) || folder || film ||
        (type && strcmp(type, "music") != 0)) /* podcasts, audiobooks, films */
        return 0;
    struct mm_track *track = &out->track;
    track->id = mm_json_id(json, "id");
    int result = read_names(json, &track->tags);
    track->tags.year = (int)mm_json_count(json, "year", 9999);
    track->tags.track = (int)mm_json_count(json, "track", 9999);
    track->tags.disc = (int)mm_json_count(json, "discNumber", 9999);
    track->duration_s = mm_json_number(json, "duration", 0, 1e6);
    out->size = (uint64_t)mm_json_number(json, "size", 0, 1e12);
    out->rating = (int)mm_json_count(json, "userRating", 5);
    const char *starred = mm_json_text(json, "starred");
    out->starred = read_date(starred);
    if (starred && !out->starred)
        out->starred = 1;
    if (json_object_get(json, "playCount"))
        out->plays = mm_json_count(json, "playCount", 100000000);
    out->played = read_date(mm_json_text(json, "played"));
    *good = result == 0 && track->id;
    return result;
}

/* The first of a search's songs that is the recording. */
static int take_hit(const json_t *songs, const struct mm_track *wanted, char **id)
{
    int result = 0;
    for (size_t i = 0; i < json_array_size(songs) && result == 0 && !*id; i++) {
        struct mm_remote_song song;
        bool good;
        result = mm_remote_read_song(json_array_get(songs, i), &song, &good);
        if (good && mm_track_is_same(wanted, &song.track)) {
            *id = song.track.id;
            song.track.id = NULL;
        }
        mm_track_finish(&song.track);
    }
    return result;
}

int mm_remote_find(struct mm_remote *server, const struct mm_track *wanted, char **id,
                   struct mm_error *err)
{
    json_t *json = NULL;
    const json_t *body;
    struct mm_text parameters = {0};
    *id = NULL;
    if (!wanted->tags.title || !wanted->tags.artist)
        return 0;
    mm_text_add(&parameters, "&artistCount=0&albumCount=0&songCount=50&query=");
    mm_address_escape(&parameters, wanted->tags.title);
    int result = parameters.failed ? mm_no_memory(err)
                                   : mm_subsonic_ask(server, "search3", parameters.data, false,
                                                     &json, &body, err);
    mm_text_finish(&parameters);
    if (result == 0 &&
        take_hit(json_object_get(json_object_get(body, "searchResult3"), "song"), wanted, id) < 0)
        result = mm_no_memory(err);
    json_decref(json);
    return result;
}
