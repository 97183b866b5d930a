/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of the services: the first byte chooses whose. Any bytes are JSON or are not; what passes
 * as a song has a name and clean text. And how a kept set was asked for, which is JSON, too. */
#include "fuzz.h"

#include "musicmap/remote.h"
#include "musicmap/set.h"
#include "source/service.h"

static void must_be_track(const struct mm_track *track)
{
    must(track->id && *track->id);
    must_be_clean(track->id);
    must_be_tags(&track->tags);
    must_be_length(track->duration_s);
    must(!track->preview || strncmp(track->preview, "http", 4) == 0);
    must(!track->link || strncmp(track->link, "http", 4) == 0);
}

static void read_song(const json_t *json)
{
    struct mm_remote_song song;
    bool good;
    must(mm_remote_read_song(json, &song, &good) == 0);
    if (good)
        must_be_track(&song.track);
    must(song.rating >= 0 && song.rating <= 5 && song.plays >= -1);
    must(song.starred >= 0 && song.played >= 0);
    mm_track_finish(&song.track);
}

/* Text that was read is written and read again: the same. */
static void read_ask(const char *text)
{
    struct mm_set_ask ask;
    struct mm_set_ask again;
    struct mm_error err = {0};
    int result = mm_set_ask_from_json(text, &ask, &err);
    must_say(result, &err);
    if (result == 0) {
        char *once = mm_set_ask_json(&ask);
        must(once && mm_set_ask_from_json(once, &again, &err) == 0);
        char *twice = mm_set_ask_json(&again);
        must(twice && strcmp(once, twice) == 0);
        free(twice);
        free(once);
        mm_set_ask_finish(&again);
    }
    mm_set_ask_finish(&ask);
}

static void read_tracks(const json_t *json, unsigned whose, struct mm_tracks *out)
{
    const json_t *inner = json_object_get(json, "tracks");
    if (whose == 0)
        mm_deezer_tracks(json, out);
    else if (whose == 1)
        mm_itunes_tracks(json, "US", out);
    else if (whose == 2)
        mm_jamendo_tracks(json, out);
    else
        mm_spotify_tracks(inner ? inner : json, out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    struct mm_tracks tracks = {0};
    struct mm_error err = {0};
    json_t *json = NULL;
    char *text = text_of(data + 1, size - 1);
    unsigned whose = data[0] % 8;
    int result = mm_json_parse(text, size - 1, &json, &err);
    must_say(result, &err);
    must((result == 0) == (json != NULL));
    if (whose == 5)
        read_ask(text);
    else if (whose == 4 && json)
        read_song(json);
    else if (json)
        read_tracks(json, whose & 3, &tracks);
    for (size_t i = 0; i < tracks.n; i++) {
        must_be_track(&tracks.list[i]);
        must(tracks.list[i].tags.title && tracks.list[i].tags.artist);
    }
    mm_tracks_finish(&tracks);
    json_decref(json);
    free(text);
    return 0;
}
