/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site_live.c - what is told to pages that listen: the figures, what is being done to the library,
 * and the map that is loaded. Looking also keeps up with what other processes do: their maps are
 * loaded, and the songs they embedded are put onto the map (as `map --update` does).
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "view/site.h"
#include "view/visit.h"

#define LEAST_PAUSE_S 10.0 /* between two updates of the map, */
#define REST          10   /* and so many times what the last one took */

int mm_site_update_map(struct mm_site *site, struct mm_error *err)
{
    struct mm_map_record record = {0};
    struct mm_map_drift drift;
    const struct mm_map_settings settings = {.jobs = 1}; /* sounds and pages come first */
    double start = mm_clock_s();
    int result = mm_map_update(site->catalog, &settings, NULL, &record, &drift, err);
    mm_map_record_finish(&record);
    pthread_mutex_lock(&site->status_mutex);
    site->update.running = false;
    site->update.not_before = mm_clock_s() + fmax(LEAST_PAUSE_S, REST * (mm_clock_s() - start));
    if (result == 0)
        site->status_until = 0; /* count anew */
    pthread_mutex_unlock(&site->status_mutex);
    if (result == 0)
        mm_site_keep_up(site);
    return result;
}

/* Songs came or went since the map was made, and this was not tried in vain already. */
static bool wants_update(struct mm_site *site, size_t embedded, size_t mapped, int64_t map_id)
{
    struct mm_site_update *update = &site->update;
    if (!site->may_update || map_id == 0 || embedded == mapped)
        return false;
    pthread_mutex_lock(&site->status_mutex);
    bool same =
        update->embedded == embedded && update->mapped == mapped && update->map_id == map_id;
    bool wanted = !update->running && !same && mm_clock_s() >= update->not_before;
    if (wanted)
        *update = (struct mm_site_update){embedded, mapped, map_id, 0, true};
    pthread_mutex_unlock(&site->status_mutex);
    return wanted;
}

static void update_if_due(struct mm_site *site, const json_t *status)
{
    int64_t map_id = 0;
    size_t embedded = (size_t)json_integer_value(json_object_get(status, "embedded"));
    size_t mapped = (size_t)json_integer_value(json_object_get(status, "map_songs"));
    bool there = mm_catalog_map_id(site->catalog, &map_id, NULL) == 0;
    if (!there || !wants_update(site, embedded, mapped, map_id))
        return;
    struct mm_job *job = mm_jobs_ask(site->jobs, MM_JOB_UPDATE, 0, NULL);
    if (!job) {
        pthread_mutex_lock(&site->status_mutex);
        site->update.running = false;
        pthread_mutex_unlock(&site->status_mutex);
    }
    mm_job_release(site->jobs, job);
}

int mm_site_look(void *ctx, struct mm_blob **out, struct mm_error *err)
{
    struct mm_site *site = ctx;
    struct mm_blob *figures;
    *out = NULL;
    mm_site_keep_up(site);
    int result = mm_site_status(site, &figures, err);
    if (result < 0)
        return result;
    json_t *state = json_loadb((const char *)figures->bytes, figures->size, 0, NULL);
    mm_blob_release(figures);
    struct mm_notice notice;
    bool busy = mm_notice_get(mm_catalog_path(site->catalog), &notice);
    /* A new map that is on its way must not be overtaken by the old one with some songs more. */
    if (state && !(busy && strcmp(notice.task, "map") == 0))
        update_if_due(site, state);
    if (state && busy)
        json_object_set_new(state, "work",
                            json_pack("{s:s, s:s, s:I, s:I}", "task", notice.task, "stage",
                                      notice.stage, "done", (json_int_t)notice.done, "total",
                                      (json_int_t)notice.total));
    const struct mm_companion *companion = site->companion;
    if (state && companion)
        json_object_set_new(state, "player",
                            json_pack("{s:s, s:I}", "name", companion->name, "song",
                                      (json_int_t)companion->playing(companion->ctx)));
    char *text = state ? json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(state);
    if (!text)
        return mm_no_memory(err);
    return mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
}

bool mm_route_events(struct mm_visit *visit)
{
    visit->reply->status = 200;
    visit->reply->events = true;
    return true;
}
