/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iTunes Search: no key, about 20 calls a minute. Too many are answered with 403 and an empty body
 * and no word about when to come back. There are no pages: one call has up to 200 results.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "http/address.h"
#include "source/service.h"

enum { MOST = 200 };

static enum mm_http_verdict judge(const struct mm_http_response *response, const json_t *json,
                                  double *wait_s)
{
    (void)json;
    if (response->status != 403)
        return MM_HTTP_TAKE;
    *wait_s = 60;
    return MM_HTTP_BUSY;
}

static int read_track(const json_t *json, const char *market, struct mm_track *track)
{
    /* An id holds in its storefront only. */
    char *id = mm_json_id(json, "trackId");
    if (id) {
        track->id = market ? mm_format("%s:%s", market, id) : mm_strdup(id);
        free(id);
        if (!track->id)
            return MM_ERR_NO_MEMORY;
    }
    int result = mm_track_text(&track->tags.title, mm_json_text(json, "trackName"));
    if (result == 0)
        result = mm_track_text(&track->tags.artist, mm_json_text(json, "artistName"));
    if (result == 0)
        result = mm_track_text(&track->tags.album, mm_json_text(json, "collectionName"));
    if (result == 0)
        result = mm_track_url(&track->link, mm_json_text(json, "trackViewUrl"));
    if (result == 0)
        result = mm_track_url(&track->preview, mm_json_text(json, "previewUrl"));
    const char *genre = mm_json_text(json, "primaryGenreName");
    char *clean = NULL;
    if (result == 0)
        result = mm_track_text(&clean, genre);
    if (result == 0 && clean)
        result = mm_tags_add_genre(&track->tags, clean);
    free(clean);
    track->duration_s = mm_json_number(json, "trackTimeMillis", 0, 1e9) / 1000;
    track->tags.year = mm_track_year(mm_json_text(json, "releaseDate"));
    track->tags.track = (int)mm_json_count(json, "trackNumber", 9999);
    track->tags.disc = (int)mm_json_count(json, "discNumber", 999);
    return result;
}

/* Albums, artists, videos and podcasts come along among the songs. */
static bool is_song(const json_t *json)
{
    const char *wrapper = mm_json_text(json, "wrapperType");
    const char *kind = mm_json_text(json, "kind");
    return json_is_object(json) && (!wrapper || strcmp(wrapper, "track") == 0) &&
           (!kind || strcmp(kind, "song") == 0);
}

int mm_itunes_tracks(const json_t *json, const char *market, struct mm_tracks *out)
{
    const json_t *results = json_object_get(json, "results");
    int result = 0;
    for (size_t i = 0; i < json_array_size(results) && result == 0; i++) {
        const json_t *row = json_array_get(results, i);
        struct mm_track *track = is_song(row) ? mm_tracks_add(out) : NULL;
        if (!track && is_song(row))
            return MM_ERR_NO_MEMORY;
        if (!track)
            continue;
        result = read_track(row, market, track);
        if (result == 0 && !(track->id && track->tags.title && track->tags.artist)) {
            mm_track_finish(track);
            out->n--;
        }
    }
    return result;
}

static int search(struct mm_service_session *s, const char *term, const char *attribute,
                  size_t limit, struct mm_tracks *out, struct mm_error *err)
{
    const char *market = s->settings.market;
    struct mm_text url = {0};
    json_t *json = NULL;
    int status;
    mm_text_addf(&url, "%s/search?media=music&entity=song&limit=%zu", s->base,
                 limit > MOST ? (size_t)MOST : limit);
    if (attribute)
        mm_text_addf(&url, "&attribute=%s", attribute);
    if (market)
        mm_text_addf(&url, "&country=%s", market);
    mm_text_add(&url, "&term=");
    mm_address_escape(&url, term);
    int result =
        url.failed ? mm_no_memory(err) : mm_service_json(s, url.data, NULL, &json, &status, err);
    if (result == 0 && status >= 400)
        result = mm_service_refused(s, status, mm_json_text(json, "errorMessage"), err);
    if (result == 0 && mm_itunes_tracks(json, market, out) < 0)
        result = mm_no_memory(err);
    json_decref(json);
    mm_text_finish(&url);
    return result;
}

static int page(struct mm_service_session *s, const struct mm_step *step, const char *cursor,
                size_t want, struct mm_tracks *out, char **next, struct mm_error *err)
{
    (void)cursor; /* there are no further pages */
    (void)next;
    size_t limit = 3 * want < 50 ? 50 : 3 * want;
    switch (step->kind) {
    case MM_STEP_GENRE:
        return search(s, step->value, "genreIndex", limit, out, err);
    case MM_STEP_SEARCH:
        return search(s, step->value, NULL, limit, out, err);
    default:
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "iTunes has no public playlists: use --genres or --query");
    }
}

static int resolve(struct mm_service_session *s, const struct mm_track *wanted,
                   struct mm_track *out, bool *found, struct mm_error *err)
{
    if (!wanted->tags.artist || !wanted->tags.title)
        return 0;
    struct mm_tracks hits = {0};
    char *term = mm_format("%s %s", wanted->tags.artist, wanted->tags.title);
    int result = term ? search(s, term, NULL, 25, &hits, err) : mm_no_memory(err);
    for (size_t i = 0; i < hits.n && result == 0 && !*found; i++)
        if (hits.list[i].preview && mm_track_is_same(wanted, &hits.list[i])) {
            *out = hits.list[i];
            hits.list[i] = (struct mm_track){0};
            *found = true;
        }
    free(term);
    mm_tracks_finish(&hits);
    return result;
}

static const struct mm_http_host sound_hosts[] = {{".itunes.apple.com", 0, 4},
                                                  {".mzstatic.com", 0, 4}};

const struct mm_service mm_service_itunes = {
    .name = "itunes",
    .title = "iTunes",
    .url = "https://itunes.apple.com",
    .url_variable = "MUSICMAP_URL_ITUNES",
    .gap_s = 3.2, /* fewer than 20 a minute */
    .sound_hosts = sound_hosts,
    .n_sound_hosts = sizeof sound_hosts / sizeof *sound_hosts,
    .judge = judge,
    .page = page,
    .resolve = resolve,
};
