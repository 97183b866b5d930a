/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jamendo v3.0: songs under Creative Commons licences, whole ones. A free client id is needed
 * (https://devportal.jamendo.com). Errors come with status 200.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "http/address.h"
#include "source/service.h"

enum { MOST = 200, RATE_LIMIT = 6 };

static long code_of(const json_t *json)
{
    return mm_json_count(json_object_get(json, "headers"), "code", 1000);
}

static enum mm_http_verdict judge(const struct mm_http_response *response, const json_t *json,
                                  double *wait_s)
{
    (void)response;
    if (code_of(json) != RATE_LIMIT)
        return MM_HTTP_TAKE;
    *wait_s = 5;
    return MM_HTTP_BUSY;
}

static int add_genres(const json_t *json, struct mm_tags *tags)
{
    const json_t *genres =
        json_object_get(json_object_get(json_object_get(json, "musicinfo"), "tags"), "genres");
    int result = 0;
    for (size_t i = 0; i < json_array_size(genres) && i < 8 && result == 0; i++) {
        char *genre = NULL;
        result = mm_track_text(&genre, json_string_value(json_array_get(genres, i)));
        if (result == 0 && genre)
            result = mm_tags_add_genre(tags, genre);
        free(genre);
    }
    return result;
}

static int read_track(const json_t *json, struct mm_track *track)
{
    track->id = mm_json_id(json, "id");
    int result = mm_track_text(&track->tags.title, mm_json_text(json, "name"));
    if (result == 0)
        result = mm_track_text(&track->tags.artist, mm_json_text(json, "artist_name"));
    if (result == 0)
        result = mm_track_text(&track->tags.album, mm_json_text(json, "album_name"));
    if (result == 0)
        result = mm_track_url(&track->link, mm_json_text(json, "shareurl"));
    if (result == 0)
        result = mm_track_text(&track->licence, mm_json_text(json, "license_ccurl"));
    if (result == 0)
        result = mm_track_url(&track->preview, mm_json_text(json, "audio"));
    if (result == 0)
        result = add_genres(json, &track->tags);
    track->duration_s = mm_json_number(json, "duration", 0, 1e6);
    track->tags.year = mm_track_year(mm_json_text(json, "releasedate"));
    track->tags.track = (int)mm_json_count(json, "position", 9999);
    return result;
}

int mm_jamendo_tracks(const json_t *json, struct mm_tracks *out)
{
    const json_t *results = json_object_get(json, "results");
    int result = 0;
    for (size_t i = 0; i < json_array_size(results) && result == 0; i++) {
        const json_t *row = json_array_get(results, i);
        if (!json_is_object(row))
            continue;
        struct mm_track *track = mm_tracks_add(out);
        result = track ? read_track(row, track) : MM_ERR_NO_MEMORY;
        if (result == 0 && !(track->id && track->tags.title && track->tags.artist)) {
            mm_track_finish(track);
            out->n--;
        }
    }
    return result;
}

static int page(struct mm_service_session *s, const struct mm_step *step, const char *cursor,
                size_t want, struct mm_tracks *out, char **next, struct mm_error *err)
{
    static const char *const parameters[] = {[MM_STEP_TAG] = "tags",
                                             [MM_STEP_FUZZY] = "fuzzytags",
                                             [MM_STEP_SEARCH] = "search",
                                             [MM_STEP_LIKED] = NULL};
    const char *parameter = parameters[step->kind];
    if (!parameter)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "Jamendo is asked by --genres or --query, not by playlist");
    size_t limit = 2 * want < 20 ? 20 : 2 * want > MOST ? MOST : 2 * want;
    unsigned long offset = cursor ? strtoul(cursor, NULL, 10) : 0;
    struct mm_text url = {0};
    json_t *json = NULL;
    int status;
    mm_text_addf(&url, "%s/tracks/?format=json&include=musicinfo&audioformat=mp31", s->base);
    mm_text_addf(&url, "&order=popularity_total&limit=%zu&offset=%lu&%s=", limit, offset,
                 parameter);
    mm_address_escape(&url, step->value);
    mm_text_add(&url, "&client_id=");
    mm_address_escape(&url, s->client_id);
    int result =
        url.failed ? mm_no_memory(err) : mm_service_json(s, url.data, NULL, &json, &status, err);
    if (result == 0 && (status >= 400 || code_of(json)))
        result = mm_service_refused(s, status >= 400 ? status : (int)code_of(json),
                                    mm_json_text(json_object_get(json, "headers"), "error_message"),
                                    err);
    if (result == 0 && mm_jamendo_tracks(json, out) < 0)
        result = mm_no_memory(err);
    if (result == 0 && json_array_size(json_object_get(json, "results")) >= limit &&
        !(*next = mm_format("%lu", offset + limit)))
        result = mm_no_memory(err);
    json_decref(json);
    mm_text_finish(&url);
    return result;
}

static int open_session(struct mm_service_session *s, struct mm_error *err)
{
    if (s->settings.offline)
        return 0;
    s->client_id = mm_credential("JAMENDO_CLIENT_ID", err);
    if (s->client_id)
        return 0;
    mm_error_prefix(err, "Jamendo wants a client id (free, https://devportal.jamendo.com)");
    return MM_ERR_USAGE;
}

static const struct mm_http_host sound_hosts[] = {{".jamendo.com", 0, 4}};

const struct mm_service mm_service_jamendo = {
    .name = "jamendo",
    .title = "Jamendo",
    .url = "https://api.jamendo.com/v3.0",
    .url_variable = "MUSICMAP_URL_JAMENDO",
    .gap_s = 0.25,
    .sound_hosts = sound_hosts,
    .n_sound_hosts = sizeof sound_hosts / sizeof *sound_hosts,
    .open = open_session,
    .judge = judge,
    .page = page,
};
