/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker_song.c - one song of a worker. What is wrong with the song itself is a failure at once;
 * what may be wrong with this machine (a helper that died, a file that is not here) is given back,
 * for somebody else to try; and a song that too many tries did not get through is parked as a
 * failure.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "work/crew.h"
#include "work/reach.h"

enum { MOST_MISSES = 20 };

struct hand {
    struct mm_crew *crew;
    const struct mm_queue_worker *worker;
    struct mm_song song;
    char *path; /* as the library calls it */
    struct mm_lack lack;
    struct mm_measure measure;
    struct mm_streams *streams;
    int tries;
    char *why; /* what was said of the last try */
};

static void count(struct mm_crew *crew, size_t *figure)
{
    pthread_mutex_lock(&crew->mutex);
    ++*figure;
    pthread_mutex_unlock(&crew->mutex);
}

static int give_back(const struct hand *h, const char *reason, struct mm_error *err)
{
    char *why = mm_format("%s: %s", h->crew->host, reason);
    int result = why ? 0 : mm_no_memory(err);
    mm_crew_log(h->crew, "%s: %s; given back after try %d", h->path, reason, h->tries);
    if (result == 0)
        do
            result = mm_queue_give_back(h->crew->catalog, h->worker, h->song.id, why, err);
        while (mm_crew_again(h->crew, result, err));
    free(why);
    count(h->crew, &h->crew->report->given_back);
    return result;
}

/* ---- storing ---- */

enum outcome { DONE, FAILED, NOTHING };

/* *other: the song has got another content meanwhile; nothing is stored of the old one. */
static int store_once(const struct hand *h, enum outcome outcome, const char *reason, bool *other,
                      struct mm_error *err)
{
    struct mm_catalog *catalog = h->crew->catalog;
    int result = mm_catalog_begin_beside(catalog, err);
    if (result < 0)
        return result;
    /* First: whoever gets past this is alone with the song until the end of the transaction. */
    result = mm_queue_finish(catalog, h->worker, h->song.id, err);
    if (result == 0)
        result = mm_one_song_is_other(catalog, &h->song, other, err);
    if (result == 0 && *other) {
        mm_catalog_rollback(catalog);
        return 0;
    }
    if (result == 0 && outcome == DONE)
        result = mm_one_song_store(catalog, &h->crew->models, h->song.id, &h->lack, h->path,
                                   &h->measure, h->streams, err);
    if (result == 0 && outcome == FAILED)
        result = mm_one_song_failed(catalog, &h->song, h->path, reason, h->tries, err);
    if (result == 0)
        result = mm_catalog_commit(catalog, err);
    if (result < 0)
        mm_catalog_rollback(catalog);
    return result;
}

/* The task and what came of it, in one transaction; MM_ERR_NOT_FOUND: another has it. */
static int store(const struct hand *h, enum outcome outcome, const char *reason,
                 struct mm_error *err)
{
    bool other = false;
    int result;
    do
        result = store_once(h, outcome, reason, &other, err);
    while (mm_crew_again(h->crew, result, err));
    if (result == MM_ERR_NOT_FOUND) {
        mm_crew_log(h->crew, "song %" PRId64 " is another's by now: nothing stored", h->song.id);
        count(h->crew, &h->crew->report->lost);
        return 0;
    }
    if (result == 0 && other)
        return give_back(h, "its file was changed meanwhile", err);
    if (result == 0 && outcome == DONE)
        count(h->crew, &h->crew->report->done);
    if (result == 0 && outcome == FAILED)
        count(h->crew, &h->crew->report->failed);
    return result;
}

static int fail(const struct hand *h, const char *reason, struct mm_error *err)
{
    mm_crew_log(h->crew, "%s: %s", h->path, reason);
    char *copy = mm_strdup(reason);
    int result = copy ? store(h, FAILED, copy, err) : mm_no_memory(err);
    free(copy);
    return result;
}

static int park(const struct hand *h, struct mm_error *err)
{
    char *reason = mm_format("given up after %d tries: %s", h->tries - 1,
                             h->why ? h->why : "each was cut short");
    int result = reason ? fail(h, reason, err) : mm_no_memory(err);
    if (result == 0)
        count(h->crew, &h->crew->report->parked);
    free(reason);
    return result;
}

/* ---- computing ---- */

/* A machine on which no file is to be found must not spoil the queue for the others. */
static int note_miss(struct mm_crew *crew, bool missed, const char *path, struct mm_error *err)
{
    pthread_mutex_lock(&crew->mutex);
    crew->misses = missed ? crew->misses + 1 : 0;
    size_t misses = crew->misses;
    pthread_mutex_unlock(&crew->mutex);
    if (misses < MOST_MISSES)
        return 0;
    return mm_error_set(
        err, MM_ERR_NOT_FOUND,
        "%zu songs in a row are not on this machine, the last is %s: mount them, or "
        "say where they are with --path-map",
        misses, path);
}

static int analyse(struct hand *h, struct mm_error *err)
{
    struct mm_crew *crew = h->crew;
    struct mm_reached here;
    int result =
        mm_reach(h->path, crew->options->maps, crew->options->n_maps, crew->progress, &here, err);
    if (result < 0)
        return result == MM_ERR_NO_MEMORY ? result : MM_ERR_NOT_FOUND;
    result = mm_one_song_analyse(&crew->models, &h->lack, here.path, h->streams, &h->measure, err);
    mm_reached_finish(&here);
    return result;
}

static int compute(struct hand *h, struct mm_error *err)
{
    int result = analyse(h, err);
    bool missed = result == MM_ERR_NOT_FOUND;
    if (result == 0) {
        result = store(h, DONE, NULL, err);
    } else if (missed || result == MM_ERR_CRASHED || result == MM_ERR_IO ||
               result == MM_ERR_CANCELLED) {
        char *reason = mm_strdup(err->message);
        result = reason ? give_back(h, reason, err) : mm_no_memory(err);
        free(reason);
    } else if (mm_is_song_fault(result)) {
        result = fail(h, err->message, err);
    }
    mm_streams_clear(h->streams);
    return result == 0 ? note_miss(h->crew, missed, h->path, err) : result;
}

/* ---- the song ---- */

static int start(struct hand *h, int64_t song, struct mm_error *err)
{
    struct mm_catalog *catalog = h->crew->catalog;
    int result;
    do {
        result = mm_queue_start(catalog, h->worker, song, &h->tries, &h->why, err);
        if (result == 0)
            result = mm_catalog_get_song(catalog, song, &h->song, err);
        if (result == 0)
            result = mm_queue_lacks(catalog, &h->crew->recipe, song, &h->lack.measure,
                                    h->lack.embed, err);
        if (result == MM_ERR_AGAIN) {
            free(h->why);
            h->why = NULL;
            mm_song_finish(&h->song);
        }
    } while (mm_crew_again(h->crew, result, err));
    return result;
}

static bool lacks_nothing(const struct hand *h)
{
    bool lacks = h->lack.measure;
    for (size_t k = 0; k < h->crew->models.n_kinds; k++)
        lacks = lacks || h->lack.embed[k];
    return !lacks;
}

int mm_crew_song(struct mm_crew *crew, const struct mm_queue_worker *worker, int64_t song,
                 struct mm_streams *streams, struct mm_error *err)
{
    struct hand h = {.crew = crew, .worker = worker, .streams = streams, .measure = {.key = -1}};
    int result = start(&h, song, err);
    if (result == MM_ERR_NOT_FOUND) { /* taken from us while it waited here, or deleted */
        count(crew, &crew->report->lost);
        result = 0;
    } else if (result == 0) {
        h.path = mm_song_path(crew->catalog, &h.song);
        if (!h.path)
            result = mm_no_memory(err);
        else if (h.song.state != MM_SONG_PRESENT || lacks_nothing(&h))
            result = store(&h, NOTHING, NULL, err);
        else if (h.tries > (int)crew->options->tries)
            result = park(&h, err);
        else
            result = compute(&h, err);
    }
    free(h.path);
    free(h.why);
    mm_song_finish(&h.song);
    return result;
}
