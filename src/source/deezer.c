/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deezer's public API: no key. Errors come with status 200 and as objects, strings or empty arrays;
 * lists have a fuzzy total, so pages are followed until there is no next. Preview addresses are
 * signed and die after 900 s: a refused one is asked for anew.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "http/address.h"
#include "source/service.h"

enum { PAGE = 100, PLAYLISTS = 4, QUOTA = 4, BUSY = 700, NO_DATA = 800 };

/* ---- replies ---- */

/* The error's code; -1 = an error without a code, 0 = none. An empty array is none. */
static int error_code(const json_t *json)
{
    const json_t *error = json_object_get(json, "error");
    if (json_is_string(error))
        return -1;
    if (!json_is_object(error) || json_object_size(error) == 0)
        return 0;
    long code = mm_json_count(error, "code", 100000);
    return code ? (int)code : -1;
}

static enum mm_http_verdict judge(const struct mm_http_response *response, const json_t *json,
                                  double *wait_s)
{
    (void)response;
    switch (error_code(json)) {
    case QUOTA:
        *wait_s = 5; /* the length of the window */
        return MM_HTTP_BUSY;
    case BUSY:
        return MM_HTTP_AGAIN;
    default:
        return MM_HTTP_TAKE;
    }
}

static int read_track(const json_t *json, struct mm_track *track)
{
    const json_t *artist = json_object_get(json, "artist");
    track->id = mm_json_id(json, "id");
    int result = mm_track_text(&track->tags.title, mm_json_text(json, "title"));
    if (result == 0)
        result = mm_track_text(&track->tags.artist, mm_json_text(artist, "name"));
    if (result == 0)
        result = mm_track_text(&track->tags.album,
                               mm_json_text(json_object_get(json, "album"), "title"));
    if (result == 0)
        result = mm_track_url(&track->link, mm_json_text(json, "link"));
    if (result == 0 && mm_json_not_false(json, "readable"))
        result = mm_track_url(&track->preview, mm_json_text(json, "preview"));
    char isrc[13];
    if (result == 0 && mm_match_isrc(mm_json_text(json, "isrc"), isrc))
        result = mm_track_text(&track->tags.isrc, isrc);
    track->duration_s = mm_json_number(json, "duration", 0, 1e6);
    track->tags.year = mm_track_year(mm_json_text(json, "release_date"));
    return result;
}

/* A song: it has a number, a title and somebody who plays it; podcasts and albums do not pass. */
static int add_track(const json_t *json, struct mm_tracks *out)
{
    const char *type = mm_json_text(json, "type");
    if (!json_is_object(json) || (type && strcmp(type, "track") != 0))
        return 0;
    struct mm_track *track = mm_tracks_add(out);
    if (!track)
        return MM_ERR_NO_MEMORY;
    int result = read_track(json, track);
    if (result < 0 || (track->id && track->tags.title && track->tags.artist))
        return result;
    mm_track_finish(track);
    out->n--;
    return 0;
}

int mm_deezer_tracks(const json_t *json, struct mm_tracks *out)
{
    const json_t *data = json_object_get(json, "data");
    if (!json_is_array(data)) /* "tracks": {"data": ...} of a playlist or album */
        data = json_object_get(json_object_get(json, "tracks"), "data");
    int result = 0;
    for (size_t i = 0; i < json_array_size(data) && result == 0; i++)
        result = add_track(json_array_get(data, i), out);
    return result;
}

/* ---- asking ---- */

/* 1 = *json is an answer, 0 = there is nothing of the kind. */
static int ask(struct mm_service_session *s, const char *url, json_t **json, struct mm_error *err)
{
    int status;
    int result = mm_service_json(s, url, NULL, json, &status, err);
    if (result < 0)
        return result;
    int code = error_code(*json);
    if (code == 0 && status < 400 && *json)
        return 1;
    if (code == NO_DATA || status == 404) {
        json_decref(*json);
        *json = NULL;
        return 0;
    }
    const json_t *error = json_object_get(*json, "error");
    const char *words =
        json_is_string(error) ? json_string_value(error) : mm_json_text(error, "message");
    result = mm_service_refused(s, status, words, err);
    json_decref(*json);
    *json = NULL;
    return result;
}

/* must: what a person has named; that it is not there is told, rather than "no songs". */
static int ask_page(struct mm_service_session *s, const char *url, bool must, struct mm_tracks *out,
                    char **next, struct mm_error *err)
{
    json_t *json;
    int result = ask(s, url, &json, err);
    if (result == 0 && must)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "Deezer has no such playlist");
    if (result != 1)
        return result;
    size_t had = json_array_size(json_object_get(json, "data"));
    result = mm_deezer_tracks(json, out) < 0 ? mm_no_memory(err) : 0;
    const char *more = mm_json_text(json, "next");
    /* A next that names the same page, or lies elsewhere, is not followed. */
    if (result == 0 && next && more && had && strcmp(more, url) != 0 && mm_service_owns(s, more)) {
        *next = mm_strdup(more);
        if (!*next)
            result = mm_no_memory(err);
    }
    json_decref(json);
    return result;
}

/* Lists of lists: cursor ">ID,ID" holds those that are still to be read. */
static int list_lists(struct mm_service_session *s, const char *url, char **next,
                      struct mm_error *err)
{
    json_t *json;
    int result = ask(s, url, &json, err);
    if (result != 1)
        return result;
    const json_t *data = json_object_get(json, "data");
    struct mm_text ids = {0};
    for (size_t i = 0, n = 0; i < json_array_size(data) && n < PLAYLISTS; i++) {
        char *id = mm_json_id(json_array_get(data, i), "id");
        if (id && !strchr(id, ','))
            mm_text_addf(&ids, "%c%s", n++ ? ',' : '>', id);
        free(id);
    }
    json_decref(json);
    if (!ids.length && !ids.failed)
        return 0;
    *next = mm_text_steal(&ids);
    return *next ? 0 : mm_no_memory(err);
}

static int next_list(struct mm_service_session *s, const char *cursor, const char *kind,
                     struct mm_tracks *out, char **next, struct mm_error *err)
{
    size_t n = strcspn(cursor + 1, ",");
    struct mm_text url = {0};
    mm_text_addf(&url, "%s/%s/", s->base, kind);
    char *id = mm_strndup(cursor + 1, n);
    if (id)
        mm_address_escape(&url, id);
    mm_text_addf(&url, "/tracks?limit=%d", PAGE);
    free(id);
    int result = url.failed ? mm_no_memory(err) : ask_page(s, url.data, false, out, NULL, err);
    if (result == 0 && cursor[1 + n]) {
        *next = mm_format(">%s", cursor + 2 + n);
        if (!*next)
            result = mm_no_memory(err);
    }
    mm_text_finish(&url);
    return result;
}

/* The number in "https://www.deezer.com/xx/playlist/908622995?utm=x", or the text itself. */
static char *playlist_id(const char *text)
{
    const char *at = strstr(text, "playlist/");
    at = at ? at + 9 : text;
    return mm_strndup(at, strcspn(at, "?#/"));
}

static void first_url(const struct mm_service_session *s, const struct mm_step *step, size_t want,
                      struct mm_text *url)
{
    char *id = NULL;
    size_t limit = want < 25 ? 25 : want > PAGE ? PAGE : want;
    mm_text_add(url, s->base);
    switch (step->kind) {
    case MM_STEP_CHART:
        mm_text_addf(url, "/chart/%s/tracks?limit=%zu", step->value, limit);
        break;
    case MM_STEP_RADIOS:
        mm_text_addf(url, "/genre/%s/radios", step->value);
        break;
    case MM_STEP_PLAYLISTS:
        mm_text_addf(url, "/search/playlist?limit=%d&q=", PLAYLISTS);
        mm_address_escape(url, step->value);
        break;
    case MM_STEP_PLAYLIST:
        id = playlist_id(step->value);
        mm_text_add(url, "/playlist/");
        mm_address_escape(url, id ? id : "");
        mm_text_addf(url, "/tracks?limit=%d", PAGE);
        url->failed |= !id;
        free(id);
        break;
    default:
        mm_text_addf(url, "/search?limit=%zu&q=", limit);
        mm_address_escape(url, step->value);
    }
}

static int page(struct mm_service_session *s, const struct mm_step *step, const char *cursor,
                size_t want, struct mm_tracks *out, char **next, struct mm_error *err)
{
    bool lists = step->kind == MM_STEP_PLAYLISTS || step->kind == MM_STEP_RADIOS;
    if (step->kind == MM_STEP_LIKED)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "Deezer's liked songs need an account of its "
                            "own: name a playlist instead");
    if (cursor && lists)
        return next_list(s, cursor, step->kind == MM_STEP_RADIOS ? "radio" : "playlist", out, next,
                         err);
    if (cursor)
        return ask_page(s, cursor, false, out, next, err);
    struct mm_text url = {0};
    first_url(s, step, want, &url);
    int result = url.failed ? mm_no_memory(err)
                 : lists    ? list_lists(s, url.data, next, err)
                            : ask_page(s, url.data, step->kind == MM_STEP_PLAYLIST, out, next, err);
    mm_text_finish(&url);
    return result;
}

/* ---- one track ---- */

/* *found false: Deezer has not got it. */
static int ask_track(struct mm_service_session *s, const char *what, const char *id,
                     struct mm_track *out, bool *found, struct mm_error *err)
{
    struct mm_text url = {0};
    json_t *json = NULL;
    *found = false;
    mm_text_addf(&url, "%s/track/%s", s->base, what);
    mm_address_escape(&url, id);
    int result = url.failed ? mm_no_memory(err) : ask(s, url.data, &json, err);
    if (result == 1) {
        result = read_track(json, out) < 0 ? mm_no_memory(err) : 0;
        *found = result == 0 && out->id && out->tags.title;
    }
    if (!*found)
        mm_track_finish(out);
    json_decref(json);
    mm_text_finish(&url);
    return result;
}

static int renew(struct mm_service_session *s, const struct mm_track *track, char **url,
                 struct mm_error *err)
{
    struct mm_track fresh = {0};
    bool found;
    int result = ask_track(s, "", track->id, &fresh, &found, err);
    if (result == 0 && found) {
        *url = fresh.preview;
        fresh.preview = NULL;
    }
    mm_track_finish(&fresh);
    return result;
}

/* The first hit of a search that is the wanted recording and has sound. */
static int search_for(struct mm_service_session *s, const char *query,
                      const struct mm_track *wanted, struct mm_track *out, bool *found,
                      struct mm_error *err)
{
    struct mm_tracks hits = {0};
    struct mm_text url = {0};
    mm_text_addf(&url, "%s/search?limit=10&q=", s->base);
    mm_address_escape(&url, query);
    int result = url.failed ? mm_no_memory(err) : ask_page(s, url.data, false, &hits, NULL, err);
    for (size_t i = 0; i < hits.n && result == 0 && !*found; i++)
        if (hits.list[i].preview && mm_track_is_same(wanted, &hits.list[i])) {
            *out = hits.list[i];
            hits.list[i] = (struct mm_track){0};
            *found = true;
        }
    mm_tracks_finish(&hits);
    mm_text_finish(&url);
    return result;
}

static int resolve(struct mm_service_session *s, const struct mm_track *wanted,
                   struct mm_track *out, bool *found, struct mm_error *err)
{
    int result = 0;
    if (wanted->tags.isrc)
        result = ask_track(s, "isrc:", wanted->tags.isrc, out, found, err);
    if (result < 0 || (*found && out->preview))
        return result;
    mm_track_finish(out);
    *found = false;
    if (!wanted->tags.artist || !wanted->tags.title)
        return 0;
    /* Either form finds what the other does not. */
    static const char *const forms[] = {"artist:\"%s\" track:\"%s\"", "%s %s"};
    for (size_t i = 0; i < 2 && result == 0 && !*found; i++) {
        char *query = i == 0 ? mm_format(forms[0], wanted->tags.artist, wanted->tags.title)
                             : mm_format(forms[1], wanted->tags.artist, wanted->tags.title);
        result = query ? search_for(s, query, wanted, out, found, err) : mm_no_memory(err);
        free(query);
    }
    return result;
}

static const struct mm_http_host sound_hosts[] = {{".dzcdn.net", 0, 6}, {".deezer.com", 0.125, 2}};

const struct mm_service mm_service_deezer = {
    .name = "deezer",
    .title = "Deezer",
    .url = "https://api.deezer.com",
    .url_variable = "MUSICMAP_URL_DEEZER",
    .gap_s = 0.125, /* 8 a second; the limit is 50 in 5 s */
    .sound_hosts = sound_hosts,
    .n_sound_hosts = sizeof sound_hosts / sizeof *sound_hosts,
    .judge = judge,
    .page = page,
    .renew = renew,
    .resolve = resolve,
};
