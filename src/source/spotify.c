/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spotify's Web API, as apps of all ages see it: names changed in 2026 (track -> item, tracks ->
 * items, /tracks -> /items), fields went missing, previews are given to few. A search page has 10
 * hits for new apps, so we ask all for 10.
 */
#include "source/spotify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "http/address.h"

enum { SEARCH_PAGE = 10, LIST_PAGE = 50, LAST_OFFSET = 1000 };

/* ---- replies ---- */

/* "A, B" */
static int read_artists(const json_t *artists, char **out)
{
    struct mm_text line = {0};
    for (size_t i = 0; i < json_array_size(artists) && i < 16; i++) {
        const char *name = mm_json_text(json_array_get(artists, i), "name");
        if (name)
            mm_text_addf(&line, "%s%s", line.length ? ", " : "", name);
    }
    int result = line.failed ? MM_ERR_NO_MEMORY : mm_track_text(out, line.data);
    mm_text_finish(&line);
    return result;
}

static int read_track(const json_t *json, struct mm_track *track)
{
    const json_t *album = json_object_get(json, "album");
    track->id = mm_json_id(json, "id");
    int result = mm_track_text(&track->tags.title, mm_json_text(json, "name"));
    if (result == 0)
        result = read_artists(json_object_get(json, "artists"), &track->tags.artist);
    if (result == 0)
        result = mm_track_text(&track->tags.album, mm_json_text(album, "name"));
    char isrc[13];
    if (result == 0 &&
        mm_match_isrc(mm_json_text(json_object_get(json, "external_ids"), "isrc"), isrc))
        result = mm_track_text(&track->tags.isrc, isrc);
    if (result == 0)
        result = mm_track_url(&track->preview, mm_json_text(json, "preview_url"));
    if (result == 0 && track->id) {
        track->link = mm_format("https://open.spotify.com/track/%s", track->id);
        result = track->link ? 0 : MM_ERR_NO_MEMORY;
    }
    track->duration_s = mm_json_number(json, "duration_ms", 0, 1e9) / 1000;
    track->tags.year = mm_track_year(mm_json_text(album, "release_date"));
    track->tags.track = (int)mm_json_count(json, "track_number", 9999);
    track->tags.disc = (int)mm_json_count(json, "disc_number", 999);
    return result;
}

/* A song of Spotify's: no episode, no file of the user's own. */
static bool is_song(const json_t *json)
{
    const char *type = mm_json_text(json, "type");
    return json_is_object(json) && (!type || strcmp(type, "track") == 0) &&
           !json_is_true(json_object_get(json, "is_local"));
}

/* Entries are tracks, or hold them as "track" (old) or "item" (new); any may be null. */
static const json_t *track_in(const json_t *entry)
{
    const json_t *inner = json_object_get(entry, "item");
    if (!json_is_object(inner))
        inner = json_object_get(entry, "track");
    if (json_is_object(inner))
        return inner;
    return json_object_get(entry, "added_at") ? NULL : entry;
}

int mm_spotify_tracks(const json_t *paging, struct mm_tracks *out)
{
    const json_t *items = json_object_get(paging, "items");
    int result = 0;
    for (size_t i = 0; i < json_array_size(items) && result == 0; i++) {
        const json_t *json = track_in(json_array_get(items, i));
        if (!is_song(json))
            continue;
        struct mm_track *track = mm_tracks_add(out);
        result = track ? read_track(json, track) : MM_ERR_NO_MEMORY;
        if (result == 0 && !(track->id && track->tags.title && track->tags.artist)) {
            mm_track_finish(track);
            out->n--;
        }
    }
    return result;
}

/* ---- asking ---- */

int mm_spotify_ask(struct mm_service_session *s, struct mm_service_call *call, json_t **json,
                   int *status, struct mm_error *err)
{
    *status = 0;
    *json = NULL;
    for (int round = 0;; round++) {
        int result = mm_spotify_authorize(s, round > 0, err);
        if (result < 0)
            return result;
        call->authorization = s->spotify->authorization;
        result = mm_service_do(s, call, json, status, err);
        if (result < 0 || *status != 401 || round == 1)
            return result;
        json_decref(*json);
        *json = NULL;
    }
}

const char *mm_spotify_words(const json_t *json)
{
    const json_t *error = json_object_get(json, "error");
    return json_is_string(error) ? json_string_value(error) : mm_json_text(error, "message");
}

const json_t *mm_spotify_paging(const json_t *json)
{
    static const char *const keys[] = {"tracks", "items"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *inner = json_object_get(json, keys[i]);
        if (json_is_object(inner))
            return inner;
    }
    return json;
}

static bool past_the_end(const char *url)
{
    const char *offset = strstr(url, "offset=");
    return strstr(url, "/search?") && offset &&
           strtoul(offset + 7, NULL, 10) + SEARCH_PAGE > LAST_OFFSET;
}

static int take_page(struct mm_service_session *s, const char *url, const json_t *json,
                     struct mm_tracks *out, char **next, struct mm_error *err)
{
    const json_t *paging = mm_spotify_paging(json);
    if (mm_spotify_tracks(paging, out) < 0)
        return mm_no_memory(err);
    const char *more = mm_json_text(paging, "next");
    /* It may point past the end of what may be asked for, or to itself. */
    if (!more || strcmp(more, url) == 0 || !mm_service_owns(s, more) || past_the_end(more))
        return 0;
    *next = mm_strdup(more);
    return *next ? 0 : mm_no_memory(err);
}

static int ask_page(struct mm_service_session *s, const char *url, struct mm_tracks *out,
                    char **next, int *status, struct mm_error *err)
{
    json_t *json = NULL;
    struct mm_service_call call = {.url = url};
    int result = mm_spotify_ask(s, &call, &json, status, err);
    if (result == 0 && *status >= 400)
        result = mm_service_refused(s, *status, mm_spotify_words(json), err);
    else if (result == 0)
        result = take_page(s, url, json, out, next, err);
    json_decref(json);
    return result;
}

/* The id in "https://open.spotify.com/playlist/ID?si=x" or "spotify:playlist:ID", or the text. */
static char *playlist_id(const char *text)
{
    const char *at = strstr(text, "playlist");
    at = at ? at + 9 : text;
    if (at > text + strlen(text))
        at = text;
    return mm_strndup(at, strcspn(at, "?#/"));
}

static void add_market(const struct mm_service_session *s, struct mm_text *url)
{
    /* With neither a market nor a user's country everything counts as unavailable. */
    const char *market = s->settings.market    ? s->settings.market
                         : s->settings.as_user ? NULL
                                               : "US";
    if (market)
        mm_text_addf(url, "&market=%s", market);
}

static int playlist_page(struct mm_service_session *s, const char *value, struct mm_tracks *out,
                         char **next, struct mm_error *err)
{
    static const char *const names[] = {"items", "tracks"}; /* since 2026, before */
    char *id = playlist_id(value);
    int result = id ? 0 : mm_no_memory(err);
    int status = 0;
    for (size_t i = 0; i < 2 && id; i++) {
        struct mm_text url = {0};
        mm_text_addf(&url, "%s/playlists/", s->base);
        mm_address_escape(&url, id);
        mm_text_addf(&url, "/%s?limit=%d", names[i], LIST_PAGE);
        add_market(s, &url);
        result = url.failed ? mm_no_memory(err) : ask_page(s, url.data, out, next, &status, err);
        mm_text_finish(&url);
        if (result == 0 || (status != 403 && status != 404))
            break;
    }
    free(id);
    if (result == MM_ERR_IO && status == 403 && err) {
        char words[256]; /* it may be the account, or the app, that it does not like */
        snprintf(words, sizeof words, "%.255s", err->message);
        return mm_error_set(err, result,
                            "%s. Of playlists, an app of 2026 reads those that its user owns, with "
                            "the user's consent",
                            words);
    }
    return result;
}

static int page(struct mm_service_session *s, const struct mm_step *step, const char *cursor,
                size_t want, struct mm_tracks *out, char **next, struct mm_error *err)
{
    (void)want;
    int status;
    if (cursor)
        return ask_page(s, cursor, out, next, &status, err);
    if (step->kind == MM_STEP_PLAYLIST)
        return playlist_page(s, step->value, out, next, err);
    struct mm_text url = {0};
    mm_text_add(&url, s->base);
    if (step->kind == MM_STEP_LIKED) {
        mm_text_addf(&url, "/me/tracks?limit=%d", LIST_PAGE);
    } else {
        mm_text_addf(&url, "/search?type=track&limit=%d&q=", SEARCH_PAGE);
        char *query = step->kind == MM_STEP_GENRE ? mm_format("genre:\"%s\"", step->value)
                                                  : mm_strdup(step->value);
        url.failed |= !query;
        mm_address_escape(&url, query ? query : "");
        free(query);
    }
    add_market(s, &url);
    int result = url.failed ? mm_no_memory(err) : ask_page(s, url.data, out, next, &status, err);
    mm_text_finish(&url);
    return result;
}

/* "Too many requests" may also come as 403 with a reason, and as 429 with it and no Retry-After;
 * all else is looked at by the caller. */
static enum mm_http_verdict judge(const struct mm_http_response *response, const json_t *json,
                                  double *wait_s)
{
    const char *reason = mm_json_text(json_object_get(json, "error"), "reason");
    if (response->status < 400 || !reason || strcmp(reason, "QUOTA_EXCEEDED") != 0)
        return MM_HTTP_TAKE;
    *wait_s = 86400; /* the account's quota is a day's */
    return MM_HTTP_BUSY;
}

static const struct mm_http_host sound_hosts[] = {{"p.scdn.co", 0, 4}};

const struct mm_service mm_service_spotify = {
    .name = "spotify",
    .title = "Spotify",
    .url = "https://api.spotify.com/v1",
    .url_variable = "MUSICMAP_URL_SPOTIFY",
    .gap_s = 0.6, /* the limit is not published; 50 in its window of 30 s */
    .sound_hosts = sound_hosts,
    .n_sound_hosts = sizeof sound_hosts / sizeof *sound_hosts,
    .may_be_silent = true,
    .open = mm_spotify_open,
    .close = mm_spotify_close,
    .judge = judge,
    .page = page,
    .send = mm_spotify_send,
};
