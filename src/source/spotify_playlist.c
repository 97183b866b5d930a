/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A playlist of the user's, made to hold given songs. Adding songs is not idempotent: a request
 * whose reply was lost may have been done. So nothing is sent twice blindly: the playlist is known
 * by a mark in its description, what it holds is read first, and after a lost reply its length
 * tells whether the songs have arrived. Replacing the first hundred is idempotent, and what is done
 * when the playlist holds something else. At the end the length is read once more.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/match.h"
#include "base/text.h"
#include "http/address.h"
#include "source/spotify.h"

enum { CHUNK = 100, PAGE = 50, SEARCH = 10, LOSSES = 6, REWRITES = 3 };

struct sending {
    struct mm_service_session *s;
    const struct mm_push *push;
    struct mm_pushed *out;
    char mark[32]; /* in the playlist's description */
    char *user;
    char *playlist;        /* its id; NULL = not made yet */
    const char *part;      /* "items" since 2026, "tracks" before */
    struct mm_tracks have; /* what the playlist held; id "" = no song */
    char **ids;            /* [n_ids] what it is to hold */
    size_t n_ids, settled, held;
    size_t read;      /* of the held ones, those in have; the others are ours */
    size_t losses;    /* replies in a row */
    size_t rewritten; /* times */
};

/* ---- calls ---- */

/* 0 only for 2xx; *status of all others. body is released. */
static int call(struct sending *g, char *url, json_t *body, bool put, json_t **json, int *status,
                struct mm_error *err)
{
    struct mm_service_call what = {.url = url, .body = body, .put = put, .once = body && !put};
    bool filled = url != NULL;
    *json = NULL;
    *status = 0;
    int result = filled ? mm_spotify_ask(g->s, &what, json, status, err) : mm_no_memory(err);
    if (result == 0 && (*status < 200 || *status >= 300))
        result = mm_service_refused(g->s, *status, mm_spotify_words(*json), err);
    json_decref(body);
    free(url);
    if (result < 0) {
        json_decref(*json);
        *json = NULL;
    }
    return result;
}

static int get(struct sending *g, char *url, json_t **json, struct mm_error *err)
{
    int status;
    return call(g, url, NULL, false, json, &status, err);
}

static char *items_url(const struct sending *g, const char *query)
{
    return mm_format("%s/playlists/%s/%s%s", g->s->base, g->playlist, g->part, query);
}

/* ---- the playlist ---- */

static int read_user(struct sending *g, struct mm_error *err)
{
    json_t *json;
    int result = get(g, mm_format("%s/me", g->s->base), &json, err);
    if (result == 0)
        g->user = mm_json_id(json, "id");
    json_decref(json);
    if (result == 0 && !g->user)
        result = mm_error_set(err, MM_ERR_AGAIN, "Spotify does not say who you are");
    return result;
}

static int take_playlist(struct sending *g, const json_t *json, struct mm_error *err)
{
    g->playlist = mm_json_id(json, "id");
    if (!g->playlist || strspn(g->playlist, "0123456789abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(g->playlist)) {
        free(g->playlist);
        g->playlist = NULL;
        return mm_error_set(err, MM_ERR_AGAIN, "Spotify names a playlist that cannot be");
    }
    g->out->link = mm_format("https://open.spotify.com/playlist/%s", g->playlist);
    return g->out->link ? 0 : mm_no_memory(err);
}

/* Looks through the user's playlists for the one with our mark. */
static int find_playlist(struct sending *g, struct mm_error *err)
{
    char *url = mm_format("%s/me/playlists?limit=%d", g->s->base, PAGE);
    int result = 0;
    while (url && result == 0 && !g->playlist) {
        json_t *json;
        char *last = mm_strdup(url);
        result = get(g, url, &json, err);
        url = NULL;
        const json_t *items = json_object_get(json, "items");
        for (size_t i = 0; i < json_array_size(items) && !g->playlist && result == 0; i++) {
            const json_t *item = json_array_get(items, i);
            const char *words = mm_json_text(item, "description");
            char *owner = mm_json_id(json_object_get(item, "owner"), "id");
            if (words && strstr(words, g->mark) && owner && strcmp(owner, g->user) == 0)
                result = take_playlist(g, item, err);
            free(owner);
        }
        const char *next = mm_json_text(json, "next");
        if (next && last && strcmp(next, last) != 0 && mm_service_owns(g->s, next))
            url = mm_strdup(next);
        free(last);
        json_decref(json);
    }
    free(url);
    return result;
}

static int make_playlist(struct sending *g, struct mm_error *err)
{
    const char *paths[] = {"/me/playlists", NULL};
    char *old = mm_format("/users/%s/playlists", g->user);
    paths[1] = old;
    int result = old ? 0 : mm_no_memory(err);
    int status = 0;
    for (size_t i = 0; i < 2 && old;) {
        json_t *json;
        char *words = mm_format("A radio set made with musicmap. %s", g->mark);
        json_t *body = json_pack("{s:s, s:b, s:s}", "name", g->push->title, "public", 0,
                                 "description", words ? words : g->mark);
        result = call(g, mm_format("%s%s", g->s->base, paths[i]), body, false, &json, &status, err);
        free(words);
        if (result == 0)
            result = take_playlist(g, json, err);
        json_decref(json);
        if (result == MM_ERR_AGAIN && ++g->losses < LOSSES) { /* made or not? */
            result = find_playlist(g, err);
            if (result == 0 && !g->playlist)
                continue;
        }
        if (result == 0 || (status != 403 && status != 404 && status != 405))
            break;
        i++;
    }
    g->losses = 0;
    free(old);
    return result;
}

/* ---- what it holds ---- */

/* One entry, whatever it is. Where Spotify gives another track for the one asked for, it is the
 * latter that counts. */
static int take_entry(struct sending *g, const json_t *entry, struct mm_error *err)
{
    json_t *alone = json_pack("{s:[O]}", "items", entry);
    size_t before = g->have.n;
    int result = alone && mm_spotify_tracks(alone, &g->have) == 0 ? 0 : mm_no_memory(err);
    json_decref(alone);
    if (result == 0 && g->have.n == before && !mm_tracks_add(&g->have))
        return mm_no_memory(err);
    const json_t *track = json_object_get(entry, "item");
    track = track ? track : json_object_get(entry, "track");
    char *asked = mm_json_id(json_object_get(track, "linked_from"), "id");
    if (result == 0 && asked) {
        free(g->have.list[before].id);
        g->have.list[before].id = asked;
        asked = NULL;
    }
    free(asked);
    return result;
}

static int read_page(struct sending *g, char *url, size_t *total, char **next, struct mm_error *err)
{
    json_t *json;
    char *last = mm_strdup(url);
    int result = get(g, url, &json, err);
    const json_t *items = json_object_get(json, "items");
    for (size_t i = 0; i < json_array_size(items) && result == 0; i++)
        result = take_entry(g, json_array_get(items, i), err);
    *total = (size_t)mm_json_count(json, "total", 1000000);
    const char *more = mm_json_text(json, "next");
    *next = NULL;
    if (result == 0 && more && last && strcmp(more, last) != 0 && mm_service_owns(g->s, more))
        *next = mm_strdup(more);
    free(last);
    json_decref(json);
    return result;
}

/* All of it; also finds out by which name this app reaches it. */
static int read_items(struct sending *g, struct mm_error *err)
{
    static const char *const parts[] = {"items", "tracks"};
    size_t total = 0;
    char *url = NULL;
    int result = 0;
    for (size_t i = 0; i < 2; i++) {
        g->part = parts[i];
        result = read_page(g, items_url(g, "?limit=50"), &total, &url, err);
        if (result != MM_ERR_IO && result != MM_ERR_NOT_FOUND)
            break;
    }
    while (url && result == 0)
        result = read_page(g, url, &total, &url, err);
    free(url);
    g->held = total;
    g->read = g->have.n == total ? total : 0; /* else it changed while it was read: not relied on */
    return result;
}

static int count_items(struct sending *g, size_t *total, struct mm_error *err)
{
    json_t *json;
    int result = get(g, items_url(g, "?limit=1"), &json, err);
    *total = (size_t)mm_json_count(json, "total", 1000000);
    json_decref(json);
    return result;
}

/* ---- which song of Spotify's ---- */

static bool is_id(const char *id)
{
    return id && strlen(id) == 22 &&
           strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == 22;
}

static bool is_recording(const struct mm_track *wanted, const struct mm_track *candidate)
{
    const char *isrc = wanted->tags.isrc;
    if (!is_id(candidate->id))
        return false;
    if (isrc && candidate->tags.isrc && strcmp(isrc, candidate->tags.isrc) == 0)
        return true;
    return mm_track_is_same(wanted, candidate);
}

static char *pick(const struct mm_track *wanted, const struct mm_tracks *among)
{
    for (size_t i = 0; i < among->n; i++)
        if (is_recording(wanted, &among->list[i]))
            return mm_strdup(among->list[i].id);
    return NULL;
}

static int search(struct sending *g, const struct mm_track *wanted, const char *query, char **id,
                  struct mm_error *err)
{
    struct mm_text url = {0};
    struct mm_tracks hits = {0};
    json_t *json = NULL;
    mm_text_addf(&url, "%s/search?type=track&limit=%d&q=", g->s->base, SEARCH);
    mm_address_escape(&url, query);
    int result = get(g, url.failed ? NULL : mm_text_steal(&url), &json, err);
    mm_text_finish(&url);
    if (result == 0 && mm_spotify_tracks(mm_spotify_paging(json), &hits) < 0)
        result = mm_no_memory(err);
    if (result == 0)
        *id = pick(wanted, &hits);
    mm_tracks_finish(&hits);
    json_decref(json);
    return result;
}

/* A value within quotes cannot hold any. */
static char *without_quotes(const char *text)
{
    char *out = mm_strndup(text, strnlen(text, 150));
    for (char *p = out; p && *p; p++)
        if (*p == '"')
            *p = ' ';
    return out;
}

static int search_by_name(struct sending *g, const struct mm_track *wanted, char **id,
                          struct mm_error *err)
{
    char *title = without_quotes(wanted->tags.title);
    char *artist = without_quotes(wanted->tags.artist);
    int result = title && artist ? 0 : mm_no_memory(err);
    for (int fields = 1; fields >= 0 && result == 0 && !*id; fields--) {
        char *query = fields ? mm_format("track:\"%s\" artist:\"%s\"", title, artist)
                             : mm_format("%s %s", artist, title);
        result = query ? search(g, wanted, query, id, err) : mm_no_memory(err);
        free(query);
    }
    free(title);
    free(artist);
    return result;
}

/* *id stays NULL when Spotify does not have it. */
static int find_song(struct sending *g, const struct mm_track *wanted, char **id,
                     struct mm_error *err)
{
    int result = 0;
    *id = is_id(wanted->id) ? mm_strdup(wanted->id) : pick(wanted, &g->have);
    if (*id)
        return 0;
    char isrc[13];
    if (mm_match_isrc(wanted->tags.isrc, isrc)) {
        char *query = mm_format("isrc:%s", isrc);
        result = query ? search(g, wanted, query, id, err) : mm_no_memory(err);
        free(query);
    }
    if (result == 0 && !*id && wanted->tags.title && wanted->tags.artist)
        result = search_by_name(g, wanted, id, err);
    g->out->found += *id != NULL;
    return result;
}

/* ---- making it so ---- */

static json_t *uris(const struct sending *g, size_t from, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char *uri = mm_format("spotify:track:%s", g->ids[from + i]);
        json_array_append_new(list, json_string(uri ? uri : ""));
        free(uri);
    }
    return list;
}

/* The playlist begins anew with the first hundred. */
static int rewrite(struct sending *g, struct mm_error *err)
{
    size_t n = g->n_ids < CHUNK ? g->n_ids : CHUNK;
    json_t *json;
    int status;
    if (++g->rewritten > REWRITES)
        return mm_error_set(err, MM_ERR_AGAIN,
                            "the playlist at Spotify keeps changing: does anybody else edit it?");
    int result = call(g, items_url(g, ""), json_pack("{s:o}", "uris", uris(g, 0, n)), true, &json,
                      &status, err);
    json_decref(json);
    if (result == 0) {
        g->settled = g->held = n;
        g->read = 0;
        g->out->added = n;
    }
    return result;
}

static int add_chunk(struct sending *g, size_t n, struct mm_error *err)
{
    json_t *body =
        json_pack("{s:o, s:I}", "uris", uris(g, g->settled, n), "position", (json_int_t)g->settled);
    json_t *json;
    int status;
    int result = call(g, items_url(g, ""), body, false, &json, &status, err);
    json_decref(json);
    bool arrived = result == 0;
    if (result == MM_ERR_AGAIN && ++g->losses < LOSSES) {
        size_t total;
        result = count_items(g, &total, err);
        arrived = result == 0 && total == g->settled + n;
        if (result == 0 && !arrived && total != g->settled) /* neither: begin anew */
            return rewrite(g, err);
    } else if (arrived) {
        g->losses = 0;
    }
    if (arrived) {
        g->settled = g->held = g->settled + n;
        g->out->added += n;
    }
    return result;
}

static bool fits(const struct sending *g, size_t i)
{
    return i < g->read && g->have.list[i].id && strcmp(g->have.list[i].id, g->ids[i]) == 0;
}

/* Makes the beginning of the playlist what is known of the songs so far; last: and the end. */
static int settle(struct sending *g, bool last, struct mm_error *err)
{
    int result = 0;
    while (result == 0) {
        while (g->settled < g->n_ids && g->settled < g->held && fits(g, g->settled))
            g->settled++;
        size_t left = g->n_ids - g->settled;
        if (left == 0 && (!last || g->held == g->n_ids || g->n_ids == 0))
            break;
        if (g->settled < g->held)
            result = rewrite(g, err);
        else
            result = add_chunk(g, left < CHUNK ? left : CHUNK, err);
    }
    g->out->sent = g->settled;
    return result;
}

static int send_all(struct sending *g, struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < g->push->n && result == 0; i++) {
        char *id = NULL;
        mm_progress_update(g->s->settings.progress, "sending", i, g->push->n);
        result = find_song(g, &g->push->tracks[i], &id, err);
        g->out->missing[i] = result == 0 && !id;
        if (!id)
            continue;
        g->ids[g->n_ids++] = id;
        if (g->n_ids % CHUNK == 0) /* what is found is not lost when the next one is not */
            result = settle(g, false, err);
    }
    if (result == 0)
        result = settle(g, true, err);
    size_t total = g->n_ids;
    if (result == 0 && g->n_ids && g->out->added)
        result = count_items(g, &total, err);
    if (result == 0 && total != g->n_ids) { /* a request that was thought lost came late */
        g->settled = 0;
        result = rewrite(g, err);
        if (result == 0)
            result = settle(g, true, err);
    }
    return result;
}

int mm_spotify_send(struct mm_service_session *s, const struct mm_push *push, struct mm_pushed *out,
                    struct mm_error *err)
{
    struct sending g = {.s = s, .push = push, .out = out, .part = "items"};
    unsigned char digest[MM_HASH_SIZE];
    int result = mm_hash_bytes(push->name, strlen(push->name), digest, err);
    if (result < 0)
        return result;
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(digest, hex);
    snprintf(g.mark, sizeof g.mark, "musicmap:%.16s", hex);
    g.ids = mm_calloc3(push->n, 1, sizeof *g.ids);
    result = g.ids ? read_user(&g, err) : mm_no_memory(err);
    if (result == 0)
        result = find_playlist(&g, err);
    if (result == 0 && !g.playlist)
        result = make_playlist(&g, err);
    if (result == 0)
        result = read_items(&g, err);
    if (result == 0)
        result = send_all(&g, err);
    for (size_t i = 0; g.ids && i < g.n_ids; i++)
        free(g.ids[i]);
    free(g.ids);
    free(g.user);
    free(g.playlist);
    mm_tracks_finish(&g.have);
    return result;
}
