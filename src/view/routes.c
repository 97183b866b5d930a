/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/routes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "view/http.h"
#include "view/page_files.h"

enum { MAX_SONGS_AT_ONCE = 1000 };

/* One request on its way through a route. */
struct visit {
    struct mm_site *site;
    const struct mm_request *request;
    const char *rest; /* of the path, behind the route's own part */
    struct mm_reply *reply;
    enum mm_job_kind wait_kind;
    int64_t wait_song;
};

/* True = answered, false = wait. */
typedef bool route_fn(struct visit *visit);

static route_fn get_page, get_map, get_cells, get_songs, get_status, get_clip, get_cover;

static const struct route {
    const char *path; /* with a final slash: everything below it */
    route_fn *answer;
} routes[] = {
    {"/api/map", get_map},     {"/api/cells", get_cells},
    {"/api/songs", get_songs}, {"/api/status", get_status},
    {"/clip/", get_clip},      {"/cover/", get_cover},
    {"/", get_page},
};

bool mm_route(struct mm_site *site, const struct mm_request *request, struct mm_reply *reply,
              enum mm_job_kind *kind, int64_t *song)
{
    *reply = (struct mm_reply){.fd = -1};
    struct visit visit = {.site = site, .request = request, .reply = reply};
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const char *path = routes[i].path;
        size_t length = strlen(path);
        if (strncmp(request->path, path, length) != 0)
            continue;
        visit.rest = request->path + length;
        if (path[length - 1] != '/' && *visit.rest != '\0')
            continue;
        bool answered = routes[i].answer(&visit);
        *kind = visit.wait_kind;
        *song = visit.wait_song;
        return answered;
    }
    mm_reply_error(reply, 404, "there is nothing here");
    return true;
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

static bool fail(struct visit *visit, unsigned status, const char *message)
{
    mm_reply_error(visit->reply, status, message);
    return true;
}

/* An error of a call below. about_file: of reading a song's file, not of our own data. */
static bool fail_with(struct visit *visit, int code, const struct mm_error *err, bool about_file)
{
    unsigned status = 500;
    if (code == MM_ERR_NOT_FOUND)
        status = 404;
    else if (code == MM_ERR_AGAIN || code == MM_ERR_NO_MEMORY || code == MM_ERR_CANCELLED)
        status = 503;
    else if (about_file && (code == MM_ERR_INPUT || code == MM_ERR_UNSUPPORTED))
        status = 415;
    return fail(visit, status, err->message[0] ? err->message : mm_err_name(code));
}

static bool wait_for(struct visit *visit, enum mm_job_kind kind, int64_t song)
{
    visit->wait_kind = kind;
    visit->wait_song = song;
    return false;
}

static const char *query(const struct visit *visit, const char *name)
{
    return visit->request->query(visit->request->query_ctx, name);
}

/* The loaded map if it is the one the request names; else the reply is made, and NULL. */
static struct mm_snapshot *named_map(struct visit *visit)
{
    const char *token = query(visit, "map");
    if (!token) {
        fail(visit, 400, "the parameter map is missing");
        return NULL;
    }
    struct mm_snapshot *snapshot = mm_site_snapshot(visit->site);
    if (snapshot && strcmp(snapshot->token, token) == 0)
        return snapshot;
    mm_snapshot_release(snapshot);
    fail(visit, 409, "that is not the current map");
    return NULL;
}

/* ---- the routes ---- */

static bool get_page(struct visit *visit)
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
    return fail(visit, 404, "there is nothing here");
}

static bool get_map(struct visit *visit)
{
    struct mm_error err = {0};
    const struct mm_job *job = visit->request->job;
    bool current = false;
    int result = mm_site_map_is_current(visit->site, &current, &err);
    if (result == 0 && !current) {
        if (!job)
            return wait_for(visit, MM_JOB_MAP, 0);
        /* Waited once: what is loaded now is good, even if a still newer one was just stored. */
        struct mm_blob *none;
        result = mm_job_result(job, &none, &err);
    }
    if (result < 0)
        return fail_with(visit, result, &err, false);
    struct mm_snapshot *snapshot = mm_site_snapshot(visit->site);
    reply_blob(visit->reply, mm_blob_hold(snapshot->map), MM_CACHE_CHECK);
    mm_snapshot_release(snapshot);
    return true;
}

static bool get_cells(struct visit *visit)
{
    struct mm_snapshot *snapshot = named_map(visit);
    if (!snapshot)
        return true;
    reply_blob(visit->reply, mm_blob_hold(snapshot->cells), MM_CACHE_IMMUTABLE);
    mm_snapshot_release(snapshot);
    return true;
}

static bool get_songs(struct visit *visit)
{
    uint64_t first;
    uint64_t count;
    if (!mm_http_number(query(visit, "first"), UINT32_MAX, &first) ||
        !mm_http_number(query(visit, "count"), MAX_SONGS_AT_ONCE, &count) || count == 0)
        return fail(visit, 400, "first must be a number and count one from 1 to 1000");
    struct mm_snapshot *snapshot = named_map(visit);
    if (!snapshot)
        return true;
    struct mm_error err = {0};
    struct mm_blob *blob;
    int result = mm_page_songs(visit->site->catalog, snapshot, first, count, &blob, &err);
    mm_snapshot_release(snapshot);
    if (result < 0)
        return fail_with(visit, result, &err, false);
    return reply_blob(visit->reply, blob, MM_CACHE_CHECK);
}

static bool get_status(struct visit *visit)
{
    struct mm_site *site = visit->site;
    struct mm_error err = {0};
    bool current = false;
    /* A page that polls gets to know of a new map once it is loaded; see to that. */
    if (mm_site_map_is_current(site, &current, NULL) == 0 && !current)
        mm_job_release(site->jobs, mm_jobs_ask(site->jobs, MM_JOB_MAP, 0, NULL));
    struct mm_blob *blob;
    int result = mm_site_status(site, &blob, &err);
    if (result < 0)
        return fail_with(visit, result, &err, false);
    return reply_blob(visit->reply, blob, MM_CACHE_NO_STORE);
}

/* For a week where the address names the current map: ids alone mean other songs elsewhere. */
static enum mm_caching media_caching(struct visit *visit)
{
    const char *token = query(visit, "map");
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

static bool get_media(struct visit *visit, enum mm_job_kind kind)
{
    uint64_t song;
    if (!mm_http_number(visit->rest, INT64_MAX, &song) || song == 0)
        return fail(visit, 404, "there is no such song");
    struct mm_error err = {0};
    visit->reply->ranges = true;
    if (visit->request->job) {
        struct mm_blob *blob;
        int result = mm_job_result(visit->request->job, &blob, &err);
        if (result < 0)
            return fail_with(visit, result, &err, true);
        return reply_blob(visit->reply, mm_blob_hold(blob), media_caching(visit));
    }
    struct mm_find found;
    int result = mm_site_find(visit->site, kind, (int64_t)song, &found, &err);
    if (result < 0)
        return fail_with(visit, result, &err, true);
    if (found.to_make)
        return wait_for(visit, kind, (int64_t)song);
    if (found.blob)
        return reply_blob(visit->reply, found.blob, media_caching(visit));
    return reply_file(visit->reply, &found.file, media_caching(visit));
}

static bool get_clip(struct visit *visit)
{
    return get_media(visit, MM_JOB_CLIP);
}

static bool get_cover(struct visit *visit)
{
    return get_media(visit, MM_JOB_COVER);
}
