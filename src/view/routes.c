/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/routes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "view/http.h"
#include "view/page_files.h"
#include "view/visit.h"

enum { MAX_SONGS_AT_ONCE = 1000 };

static mm_route_fn get_page, get_map, get_overview, get_tile, get_column, get_songs, get_status,
    get_clip, get_cover;

static const struct route {
    const char *path; /* with a final slash: everything below it */
    mm_route_fn *answer;
    bool post; /* asked with POST, else with GET */
} routes[] = {
    {"/api/map", get_map, false},
    {"/api/overview", get_overview, false},
    {"/api/tile/", get_tile, false},
    {"/api/column/", get_column, false},
    {"/api/songs", get_songs, false},
    {"/api/status", get_status, false},
    {"/api/events", mm_route_events, false},
    {"/api/similar/", mm_route_similar, false},
    {"/api/words", mm_route_words, false},
    {"/api/song/", mm_route_details, false},
    {"/api/open/", mm_route_open, true},
    {"/api/play/", mm_route_play, true},
    {"/api/set", mm_route_set, true},
    {"/clip/", get_clip, false},
    {"/song/", mm_route_original, false},
    {"/cover/", get_cover, false},
    {"/", get_page, false},
};

/* The route of a path, and what stands behind its own part. NULL = none. */
static const struct route *find_route(const char *path, const char **rest)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t length = strlen(routes[i].path);
        if (strncmp(path, routes[i].path, length) != 0)
            continue;
        *rest = path + length;
        if (routes[i].path[length - 1] == '/' || **rest == '\0')
            return &routes[i];
    }
    return NULL;
}

bool mm_route_is_post(const char *path)
{
    const char *rest;
    const struct route *route = find_route(path, &rest);
    return route && route->post;
}

bool mm_route(struct mm_site *site, const struct mm_request *request, struct mm_reply *reply,
              enum mm_job_kind *kind, int64_t *song)
{
    *reply = (struct mm_reply){.fd = -1};
    struct mm_visit visit = {.site = site, .request = request, .reply = reply};
    const struct route *route = find_route(request->path, &visit.rest);
    if (!route) {
        mm_reply_error(reply, 404, "there is nothing here");
        return true;
    }
    if (route->post != request->post) {
        mm_reply_error(reply, 405, "this address is asked with POST");
        reply->post = true;
        return true;
    }
    bool answered = route->answer(&visit);
    *kind = visit.wait_kind;
    *song = visit.wait_song;
    return answered;
}

void mm_reply_finish(struct mm_reply *reply)
{
    mm_blob_release(reply->blob);
    if (reply->fd >= 0)
        close(reply->fd);
    *reply = (struct mm_reply){.fd = -1};
}

/* ---- building replies ---- */

/* Takes blob over. */
static bool reply_blob(struct mm_reply *reply, struct mm_blob *blob, enum mm_caching caching)
{
    reply->status = 200;
    reply->blob = blob;
    reply->mime = blob->mime;
    reply->caching = caching;
    if (caching != MM_CACHE_NO_STORE)
        memcpy(reply->etag, blob->etag, sizeof reply->etag);
    reply->bytes = blob->bytes;
    reply->size = blob->size;
    reply->gzip = blob->gzip;
    reply->gzip_size = blob->gzip_size;
    return true;
}

bool mm_visit_blob(struct mm_visit *visit, struct mm_blob *blob, enum mm_caching caching)
{
    return reply_blob(visit->reply, blob, caching);
}

/* What a job made, held by it. */
bool mm_visit_job(struct mm_visit *visit, enum mm_caching caching, bool about_file)
{
    struct mm_error err = {0};
    struct mm_blob *blob;
    int result = mm_job_result(visit->request->job, &blob, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, about_file);
    return reply_blob(visit->reply, mm_blob_hold(blob), caching);
}

void mm_reply_error(struct mm_reply *reply, unsigned status, const char *message)
{
    static const unsigned char plain[] = "{\"error\":\"out of memory\"}";
    mm_reply_finish(reply);
    char *clean = mm_text_clean_utf8(message, strlen(message));
    json_t *root = json_pack("{s:s}", "error", clean ? clean : "");
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    free(clean);
    struct mm_blob *blob = NULL;
    if (text)
        (void)mm_blob_create((unsigned char *)text, strlen(text), "application/json", &blob, NULL);
    if (blob) {
        reply_blob(reply, blob, MM_CACHE_NO_STORE);
    } else {
        reply->bytes = plain;
        reply->size = sizeof plain - 1;
        reply->mime = "application/json";
    }
    reply->status = status;
}

bool mm_visit_fail(struct mm_visit *visit, unsigned status, const char *message)
{
    mm_reply_error(visit->reply, status, message);
    return true;
}

/* An error of a call below. about_file: of reading a song's file, not of our own data. */
bool mm_visit_fail_with(struct mm_visit *visit, int code, const struct mm_error *err,
                        bool about_file)
{
    unsigned status = 500;
    if (code == MM_ERR_NOT_FOUND)
        status = 404;
    else if (code == MM_ERR_USAGE)
        status = 400;
    else if (code == MM_ERR_AGAIN || code == MM_ERR_NO_MEMORY || code == MM_ERR_CANCELLED)
        status = 503;
    else if (about_file && (code == MM_ERR_INPUT || code == MM_ERR_UNSUPPORTED))
        status = 415;
    return mm_visit_fail(visit, status, err->message[0] ? err->message : mm_err_name(code));
}

bool mm_visit_wait(struct mm_visit *visit, enum mm_job_kind kind, int64_t song)
{
    visit->wait_kind = kind;
    visit->wait_song = song;
    return false;
}

const char *mm_visit_query(const struct mm_visit *visit, const char *name)
{
    return visit->request->query(visit->request->query_ctx, name);
}

/* The loaded map if it is the one the request names; else the reply is made, and NULL. */
struct mm_snapshot *mm_visit_map(struct mm_visit *visit)
{
    const char *token = mm_visit_query(visit, "map");
    if (!token) {
        mm_visit_fail(visit, 400, "the parameter map is missing");
        return NULL;
    }
    struct mm_snapshot *snapshot = mm_site_snapshot(visit->site);
    if (snapshot && strcmp(snapshot->token, token) == 0)
        return snapshot;
    mm_snapshot_release(snapshot);
    mm_visit_fail(visit, 409, "that is not the current map");
    return NULL;
}

/* ---- the routes ---- */

static bool get_page(struct mm_visit *visit)
{
    const char *path = visit->request->path;
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (size_t i = 0; i < mm_page_file_count; i++) {
        const struct mm_page_file *file = &mm_page_files[i];
        if (strcmp(file->path, path) != 0)
            continue;
        struct mm_reply *reply = visit->reply;
        bool hashed = strncmp(path, "/assets/", 8) == 0; /* content hash in the name */
        *reply = (struct mm_reply){.status = 200,
                                   .mime = file->mime,
                                   .caching = hashed ? MM_CACHE_IMMUTABLE : MM_CACHE_CHECK,
                                   .bytes = file->bytes,
                                   .size = file->size,
                                   .gzip = file->gzip,
                                   .gzip_size = file->gzip_size,
                                   .fd = -1};
        strncpy(reply->etag, file->etag, sizeof reply->etag - 1);
        return true;
    }
    return mm_visit_fail(visit, 404, "there is nothing here");
}

static bool get_map(struct mm_visit *visit)
{
    struct mm_error err = {0};
    const struct mm_job *job = visit->request->job;
    bool current = false;
    int result = mm_site_map_is_current(visit->site, &current, &err);
    if (result == 0 && !current) {
        if (!job)
            return mm_visit_wait(visit, MM_JOB_MAP, 0);
        /* Waited once: what is loaded now is good, even if a still newer one was just stored. */
        struct mm_blob *none;
        result = mm_job_result(job, &none, &err);
    }
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    struct mm_snapshot *snapshot = mm_site_snapshot(visit->site);
    reply_blob(visit->reply, mm_blob_hold(snapshot->map), MM_CACHE_CHECK);
    mm_snapshot_release(snapshot);
    return true;
}

/* Part of the named map; NULL: it has no such part. */
static bool reply_part(struct mm_visit *visit, struct mm_snapshot *snapshot, struct mm_blob *part)
{
    if (part)
        reply_blob(visit->reply, mm_blob_hold(part), MM_CACHE_IMMUTABLE);
    else
        mm_visit_fail(visit, 404, "the map has no such part");
    mm_snapshot_release(snapshot);
    return true;
}

static bool get_overview(struct mm_visit *visit)
{
    struct mm_snapshot *snapshot = mm_visit_map(visit);
    return !snapshot || reply_part(visit, snapshot, snapshot->overview);
}

static bool get_tile(struct mm_visit *visit)
{
    struct mm_snapshot *snapshot = mm_visit_map(visit);
    if (!snapshot)
        return true;
    uint64_t tile;
    bool there = mm_http_number(visit->rest, UINT32_MAX, &tile) && tile < snapshot->n_tiles;
    return reply_part(visit, snapshot, there ? snapshot->tiles[tile] : NULL);
}

static bool get_column(struct mm_visit *visit)
{
    struct mm_snapshot *snapshot = mm_visit_map(visit);
    if (!snapshot)
        return true;
    struct mm_blob *blob = NULL;
    for (size_t i = 0; i < snapshot->columns.n && !blob; i++)
        if (strcmp(snapshot->columns.columns[i].name, visit->rest) == 0)
            blob = snapshot->columns.columns[i].blob;
    return reply_part(visit, snapshot, blob);
}

static bool get_songs(struct mm_visit *visit)
{
    uint64_t first;
    uint64_t count;
    if (!mm_http_number(mm_visit_query(visit, "first"), UINT32_MAX, &first) ||
        !mm_http_number(mm_visit_query(visit, "count"), MAX_SONGS_AT_ONCE, &count) || count == 0)
        return mm_visit_fail(visit, 400, "first must be a number and count one from 1 to 1000");
    struct mm_snapshot *snapshot = mm_visit_map(visit);
    if (!snapshot)
        return true;
    struct mm_error err = {0};
    struct mm_blob *blob;
    int result = mm_page_songs(visit->site->catalog, snapshot, first, count, &blob, &err);
    mm_snapshot_release(snapshot);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    return reply_blob(visit->reply, blob, MM_CACHE_CHECK);
}

static bool get_status(struct mm_visit *visit)
{
    struct mm_site *site = visit->site;
    struct mm_error err = {0};
    mm_site_keep_up(site);
    struct mm_blob *blob;
    int result = mm_site_status(site, &blob, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    return reply_blob(visit->reply, blob, MM_CACHE_NO_STORE);
}

/* For a week where the address names the current map: ids alone mean other songs elsewhere. */
static enum mm_caching media_caching(struct mm_visit *visit)
{
    const char *token = mm_visit_query(visit, "map");
    struct mm_snapshot *snapshot = token ? mm_site_snapshot(visit->site) : NULL;
    bool current = snapshot && strcmp(snapshot->token, token) == 0;
    mm_snapshot_release(snapshot);
    return current ? MM_CACHE_WEEK : MM_CACHE_CHECK;
}

static bool reply_file(struct mm_reply *reply, const struct mm_clip_file *file,
                       enum mm_caching caching)
{
    reply->status = 200;
    reply->caching = caching;
    reply->fd = file->fd;
    reply->offset = file->offset;
    reply->size = file->size;
    memcpy(reply->etag, file->etag, sizeof reply->etag);
    memcpy(reply->mime_text, file->mime, sizeof reply->mime_text);
    reply->mime = reply->mime_text;
    return true;
}

bool mm_visit_song(struct mm_visit *visit, int64_t *song)
{
    uint64_t number;
    if (!mm_http_number(visit->rest, INT64_MAX, &number) || number == 0)
        return false;
    *song = (int64_t)number;
    return true;
}

static bool get_media(struct mm_visit *visit, enum mm_job_kind kind)
{
    int64_t song;
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    struct mm_error err = {0};
    visit->reply->ranges = true;
    if (visit->request->job)
        return mm_visit_job(visit, media_caching(visit), true);
    struct mm_find found;
    int result = mm_site_find(visit->site, kind, song, &found, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, true);
    if (found.to_make)
        return mm_visit_wait(visit, kind, song);
    if (found.blob)
        return reply_blob(visit->reply, found.blob, media_caching(visit));
    return reply_file(visit->reply, &found.file, media_caching(visit));
}

static bool get_clip(struct mm_visit *visit)
{
    const char *part = mm_visit_query(visit, "part");
    if (part && strcmp(part, "intro") == 0)
        return get_media(visit, MM_JOB_INTRO);
    if (part && strcmp(part, "outro") == 0)
        return get_media(visit, MM_JOB_OUTRO);
    if (part)
        return mm_visit_fail(visit, 400, "part must be intro or outro");
    return get_media(visit, MM_JOB_CLIP);
}

static bool get_cover(struct mm_visit *visit)
{
    return get_media(visit, MM_JOB_COVER);
}
