/* SPDX-License-Identifier: BSD-2-Clause */
/* route_song.c - one song: where it is from, its whole sound, its folder. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "view/visit.h"

/* What browsers call the files they may be able to play, by ending; the page asks the browser. */
static const char *sound_type(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{".mp3", "audio/mpeg"},  {".m4a", "audio/mp4"},   {".mp4", "audio/mp4"},
                 {".aac", "audio/aac"},   {".ogg", "audio/ogg"},   {".oga", "audio/ogg"},
                 {".opus", "audio/ogg"},  {".flac", "audio/flac"}, {".wav", "audio/wav"},
                 {".webm", "audio/webm"}, {".weba", "audio/webm"}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot, types[i].ending) == 0)
            return types[i].type;
    return NULL;
}

/* ---- what is known ---- */

/* A link that may be followed: the catalog is a file on disk. */
static bool is_link(const char *text)
{
    return text && (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0) &&
           mm_text_is_utf8(text, strlen(text));
}

static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    char *source = mm_text_clean_utf8(origin->source, strlen(origin->source));
    json_t *json = json_pack("{s:s?}", "source", source);
    free(source);
    if (json && is_link(origin->link))
        json_object_set_new(json, "link", json_string(origin->link));
    char *licence =
        origin->licence ? mm_text_clean_utf8(origin->licence, strlen(origin->licence)) : NULL;
    if (json && licence)
        json_object_set_new(json, "licence", json_string(licence));
    free(licence);
    return json_array_append_new(ctx, json) == 0 ? 0 : mm_no_memory(err);
}

bool mm_route_details(struct mm_visit *visit)
{
    int64_t song;
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    struct mm_error err = {0};
    struct mm_site_file file;
    struct mm_site *site = visit->site;
    int result = mm_site_file(site, song, &file, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    json_t *origins = json_array();
    result = mm_catalog_each_origin(site->catalog, song, on_origin, origins, &err);
    const char *type = sound_type(file.path);
    bool local = file.song.source && mm_source_is_files(file.song.source) && !file.song.file;
    json_t *root = json_pack("{s:I, s:o, s:b, s:f}", "id", (json_int_t)song, "origins", origins,
                             "folder", local && site->may_open && visit->request->loopback,
                             "clip_start", file.clip_start_s);
    if (root && type && local)
        json_object_set_new(root, "full", json_string(type));
    mm_site_file_finish(&file);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (result < 0 || !text) {
        free(text);
        return result < 0 ? mm_visit_fail_with(visit, result, &err, false)
                          : mm_visit_fail(visit, 503, "out of memory");
    }
    struct mm_blob *blob;
    result = mm_blob_create((unsigned char *)text, strlen(text), "application/json", &blob, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, false);
    return mm_visit_blob(visit, blob, MM_CACHE_CHECK);
}

/* ---- its whole sound ---- */

/* A regular file's descriptor and what it is now; -1 = it cannot be read. */
static int open_file(const char *path, struct stat *info)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not stop a thread */
    if (fd >= 0 && fstat(fd, info) == 0 && S_ISREG(info->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool mm_route_original(struct mm_visit *visit)
{
    int64_t song;
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    struct mm_error err = {0};
    struct mm_site_file file;
    int result = mm_site_file(visit->site, song, &file, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, true);
    const char *type = sound_type(file.path);
    struct stat info;
    int fd = type ? open_file(file.path, &info) : -1;
    mm_site_file_finish(&file);
    if (!type)
        return mm_visit_fail(visit, 415, "browsers do not play files of that kind");
    if (fd < 0)
        return mm_visit_fail(visit, 404, "the song's file is not there");
    struct mm_reply *reply = visit->reply;
    *reply = (struct mm_reply){.status = 200,
                               .mime = type,
                               .caching = MM_CACHE_CHECK,
                               .ranges = true,
                               .fd = fd,
                               .size = (uint64_t)info.st_size};
    snprintf(reply->etag, sizeof reply->etag, "\"%llx-%llx\"",
             (unsigned long long)info.st_size & 0xffffffff,
             ((unsigned long long)info.st_mtim.tv_sec * 1000000000U +
              (unsigned long long)info.st_mtim.tv_nsec) &
                 0xffffffffff);
    return true;
}

/* ---- its folder ---- */

static bool say_done(struct mm_visit *visit)
{
    struct mm_error err = {0};
    struct mm_blob *blob;
    char *text = mm_strdup("{}");
    int result = text ? mm_blob_create((unsigned char *)text, 2, "application/json", &blob, &err)
                      : mm_no_memory(&err);
    return result < 0 ? mm_visit_fail_with(visit, result, &err, false)
                      : mm_visit_blob(visit, blob, MM_CACHE_NO_STORE);
}

bool mm_route_play(struct mm_visit *visit)
{
    int64_t song;
    const struct mm_companion *companion = visit->site->companion;
    if (!companion)
        return mm_visit_fail(visit, 403, "there is no player beside the page (serve --mpd)");
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    companion->play(companion->ctx, song);
    return say_done(visit);
}

bool mm_route_open(struct mm_visit *visit)
{
    int64_t song;
    if (!mm_visit_song(visit, &song))
        return mm_visit_fail(visit, 404, "there is no such song");
    if (!visit->site->may_open)
        return mm_visit_fail(visit, 403, "opening folders is switched off (--no-open)");
    if (!visit->request->loopback)
        return mm_visit_fail(visit, 403, "folders open on the computer musicmap runs on only");
    if (!visit->request->job)
        return mm_visit_wait(visit, MM_JOB_OPEN, song);
    struct mm_error err = {0};
    struct mm_blob *none;
    int result = mm_job_result(visit->request->job, &none, &err);
    if (result < 0)
        return mm_visit_fail_with(visit, result, &err, true);
    return say_done(visit);
}
