/* SPDX-License-Identifier: BSD-2-Clause */
/* mpd_radio.c - a Music Player Daemon as the radio's player. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/radio.h"
#include "player/mpd_match.h"

/* Which song of the library a uri is; MM_SET_NONE is an answer, too. */
struct known {
    char *uri;
    uint32_t song;
};

struct mm_radio_mpd {
    struct mm_mpd *mpd;
    struct mm_mpd_match match;
    const struct mm_set_library *library;
    const struct mm_progress *progress;
    struct known *known; /* [n_known] */
    size_t n_known, capacity;
    size_t base; /* where in its queue the last look's first song stands */
    struct mm_mpd_status status;
};

static int remember(struct mm_radio_mpd *m, const char *uri, uint32_t song, struct mm_error *err)
{
    char *copy = mm_strdup(uri);
    if (!copy || mm_array_reserve(&m->known, &m->capacity, m->n_known + 1) < 0) {
        free(copy);
        return mm_no_memory(err);
    }
    m->known[m->n_known++] = (struct known){copy, song};
    return 0;
}

/* The song whose file ends with the uri, whole folders counted. */
static uint32_t by_path(const struct mm_set_library *library, const char *uri)
{
    const char *path = strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri;
    size_t length = strlen(path);
    for (size_t i = 0; i < mm_set_library_size(library); i++) {
        const char *own = mm_set_library_song(library, i)->path;
        size_t n = own ? strlen(own) : 0;
        if (n >= length && length && strcmp(own + n - length, path) == 0 &&
            (n == length || own[n - length - 1] == '/'))
            return (uint32_t)i;
    }
    return MM_SET_NONE;
}

static int find_song(struct mm_radio_mpd *m, const char *uri, uint32_t *out, struct mm_error *err)
{
    for (size_t i = m->n_known; i > 0; i--)
        if (strcmp(m->known[i - 1].uri, uri) == 0) {
            *out = m->known[i - 1].song;
            return 0;
        }
    *out = by_path(m->library, uri);
    return remember(m, uri, *out, err);
}

/* Queue and status of one moment: the current song stands where the status says. */
static int look_once(struct mm_radio_mpd *m, struct mm_mpd_songs *queue, bool *agree,
                     struct mm_error *err)
{
    int result = mm_mpd_queue(m->mpd, queue, err);
    if (result == 0)
        result = mm_mpd_status(m->mpd, &m->status, err);
    int at = m->status.position;
    *agree = result == 0 && queue->n == m->status.length &&
             (at < 0 || ((size_t)at < queue->n && queue->list[at].id == m->status.id));
    return result;
}

static int look(void *ctx, struct mm_radio_look *out, struct mm_error *err)
{
    struct mm_radio_mpd *m = ctx;
    struct mm_mpd_songs queue = {0};
    bool agree = false;
    int result = 0;
    for (int tries = 0; tries < 5 && result == 0 && !agree; tries++) {
        mm_mpd_songs_finish(&queue);
        result = look_once(m, &queue, &agree, err);
    }
    if (result == 0 && !agree)
        result = mm_error_set(err, MM_ERR_AGAIN, "the MPD at %s changes faster than it can be read",
                              mm_mpd_name(m->mpd));
    int at = m->status.position;
    m->base = at >= 0 ? (size_t)at : queue.n;
    out->n = 0;
    out->playing = m->status.state == MM_MPD_PLAYING;
    out->dry = at < 0;
    out->elapsed_s = m->status.elapsed_s;
    if (result == 0 && mm_array_reserve(&out->songs, &out->capacity, queue.n - m->base + 1) < 0)
        result = mm_no_memory(err);
    for (size_t i = m->base; i < queue.n && result == 0; i++) {
        struct mm_radio_song *s = &out->songs[out->n++];
        *s = (struct mm_radio_song){MM_SET_NONE, queue.list[i].duration_s, queue.list[i].id};
        result = find_song(m, queue.list[i].uri, &s->song, err);
        if (s->length_s <= 0 && s->song != MM_SET_NONE)
            s->length_s = mm_set_library_song(m->library, s->song)->duration_s;
    }
    mm_mpd_songs_finish(&queue);
    return result;
}

static int add(void *ctx, uint32_t song, uint64_t *tag, struct mm_error *err)
{
    struct mm_radio_mpd *m = ctx;
    char *uri = NULL;
    bool looked;
    unsigned id = 0;
    *tag = 0;
    int result =
        mm_mpd_match_song(&m->match, mm_set_library_song(m->library, song), &uri, &looked, err);
    if (result == 0 && uri)
        result = mm_mpd_add_one(m->mpd, uri, &id, err);
    if (result == 0 && id)
        result = remember(m, uri, song, err);
    *tag = id;
    free(uri);
    return result;
}

static int play(void *ctx, size_t place, struct mm_error *err)
{
    struct mm_radio_mpd *m = ctx;
    return mm_mpd_play(m->mpd, (unsigned)(m->base + place), err);
}

int mm_radio_mpd_open(const char *address, const struct mm_set_library *library,
                      const struct mm_progress *progress, struct mm_radio_mpd **out,
                      struct mm_radio_player *player, struct mm_error *err)
{
    struct mm_radio_mpd *m = calloc(1, sizeof *m);
    *out = NULL;
    if (!m)
        return mm_no_memory(err);
    m->library = library;
    m->progress = progress;
    int result = mm_mpd_open(address, progress, &m->mpd, err);
    if (result < 0) {
        mm_radio_mpd_close(m);
        return result;
    }
    m->match.mpd = m->mpd;
    *player = (struct mm_radio_player){look, add, play, m};
    *out = m;
    return 0;
}

int mm_radio_mpd_wait(struct mm_radio_mpd *m, double seconds, struct mm_error *err)
{
    bool changed;
    struct timespec begun;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int result = mm_mpd_wait(m->mpd, seconds, &changed, err);
    if (result == 0 || result == MM_ERR_CANCELLED)
        return result;
    for (;;) { /* it is away: the rest of the time is waited for without it */
        if (mm_progress_cancelled(m->progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((double)(now.tv_sec - begun.tv_sec) + 1e-9 * (double)(now.tv_nsec - begun.tv_nsec) >=
            seconds)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

const char *mm_radio_mpd_name(const struct mm_radio_mpd *m)
{
    return mm_mpd_name(m->mpd);
}

const char *mm_radio_mpd_disorder(const struct mm_radio_mpd *m)
{
    return m->status.random   ? "random"
           : m->status.single ? "single"
           : m->status.repeat ? "repeat"
                              : NULL;
}

void mm_radio_mpd_close(struct mm_radio_mpd *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_known; i++)
        free(m->known[i].uri);
    free(m->known);
    mm_mpd_match_finish(&m->match);
    mm_mpd_close(m->mpd);
    free(m);
}
