/* SPDX-License-Identifier: BSD-2-Clause */
/* set_send.c - set ... --send SERVICE: a set as a playlist of the user's account. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/gather.h"
#include "cmd/set.h"
#include "musicmap/service.h"

/* The service's own id of the song, from where else it was found; *ctx is the track. */
struct origins {
    const char *service;
    struct mm_track *track;
};

static int on_origin(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct origins *o = ctx;
    if (o->track->id || strcmp(origin->source, o->service) != 0)
        return 0;
    o->track->id = mm_strdup(origin->key);
    return o->track->id ? 0 : mm_no_memory(err);
}

static int describe(struct mm_catalog *catalog, const struct mm_service *service,
                    const struct mm_set_song *song, struct mm_track *out, struct mm_error *err)
{
    struct origins origins = {.service = mm_service_name(service), .track = out};
    bool own = song->source && strcmp(song->source, origins.service) == 0;
    out->id = own ? mm_strdup(song->path) : NULL;
    out->tags.title = mm_strdup(song->title);
    out->tags.artist = mm_strdup(song->artist);
    out->tags.isrc = mm_strdup(song->isrc);
    out->duration_s = song->duration_s;
    if ((own && !out->id) || (song->title && !out->tags.title) ||
        (song->artist && !out->tags.artist) || (song->isrc && !out->tags.isrc))
        return mm_no_memory(err);
    return mm_catalog_each_origin(catalog, song->id, on_origin, &origins, err);
}

static int send(const struct mm_service *service, const struct mm_push *push, struct mm_pushed *out,
                double *resume_at, struct mm_error *err)
{
    const struct mm_service_settings settings = {.as_user = true,
                                                 .may_write = true,
                                                 .seed = cmd_common.seed,
                                                 .progress = cmd_progress(),
                                                 .log = cmd_log_request,
                                                 .browse = cmd_open_browser};
    struct mm_service_session *session;
    int result = mm_service_open(service, &settings, &session, err);
    if (result < 0)
        return result;
    result = mm_service_send(session, push, out, err);
    *resume_at = mm_service_resume_at(session);
    mm_service_close(session);
    cmd_progress_end();
    return result;
}

/* The songs that are not there; how many. */
static size_t tell_missing(const struct command *self, const struct mm_service *service,
                           const struct mm_push *push, const struct mm_pushed *pushed, json_t *told)
{
    size_t count = 0;
    for (size_t i = 0; pushed->missing && i < push->n; i++) {
        const struct mm_tags *t = &push->tracks[i].tags;
        if (!pushed->missing[i])
            continue;
        char *name = mm_format("%s%s%s", t->artist ? t->artist : "", t->artist ? " - " : "",
                               t->title ? t->title : "a song without a title");
        char *line = name ? mm_text_clean_utf8(name, strlen(name)) : NULL;
        cmd_fail(self, CMD_PARTLY, "not found at %s: %s", mm_service_title(service),
                 line ? line : "");
        json_array_append_new(
            told, json_pack("{s:I, s:s?}", "position", (json_int_t)i + 1, "name", line));
        free(line);
        free(name);
        count++;
    }
    return count;
}

static json_t *report(const struct mm_service *service, const struct mm_pushed *pushed,
                      json_t *missing)
{
    return json_pack("{s:s, s:s?, s:I, s:I, s:I, s:O}", "service", mm_service_name(service), "link",
                     pushed->link, "songs", (json_int_t)pushed->sent, "added",
                     (json_int_t)pushed->added, "looked_up", (json_int_t)pushed->found, "missing",
                     missing);
}

int set_send(const struct command *self, struct mm_catalog *catalog, const struct set_options *in,
             const char *name, const struct made_set *made, json_t **told)
{
    const struct mm_service *service = mm_service_find(in->send);
    size_t n = made->set->n;
    struct mm_error err = {0};
    struct mm_track *tracks = mm_calloc3(n, 1, sizeof *tracks);
    struct mm_pushed pushed = {0};
    double resume_at = 0;
    int result = tracks ? 0 : mm_no_memory(&err);
    for (size_t i = 0; i < n && result == 0; i++)
        result =
            describe(catalog, service, mm_set_library_song(made->library, made->set->items[i].song),
                     &tracks[i], &err);
    struct mm_push push = {
        .name = name, .title = in->title ? in->title : name, .tracks = tracks, .n = n};
    if (result == 0)
        result = send(service, &push, &pushed, &resume_at, &err);
    json_t *missing = json_array();
    size_t absent = tell_missing(self, service, &push, &pushed, missing);
    int status = absent ? CMD_PARTLY : CMD_DONE;
    if (result < 0)
        status = cmd_say_interrupted(self, resume_at, &err);
    else
        cmd_say("sent to %s: %zu songs, %zu of them new there: %s", mm_service_title(service),
                pushed.sent, pushed.added, pushed.link ? pushed.link : "");
    *told = report(service, &pushed, missing);
    json_decref(missing);
    mm_pushed_finish(&pushed);
    for (size_t i = 0; tracks && i < n; i++)
        mm_track_finish(&tracks[i]);
    free(tracks);
    return status;
}

int set_check_send(const struct command *self, const char *name)
{
    const struct mm_service *service = name ? mm_service_find(name) : NULL;
    if (!name || (service && mm_service_can_send(service)))
        return CMD_DONE;
    return cmd_fail(self, CMD_USAGE, "--send cannot be \"%s\": spotify", name);
}
