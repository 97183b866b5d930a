/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/live.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

static const long LOOK_MS = 500;
enum { BEAT_LOOKS = 20 }; /* so many looks without news, and a comment keeps the connection alive */

struct mm_listener {
    struct mm_live *live;
    void (*wake)(void *ctx);
    void *ctx;
    bool asleep;
    unsigned seen;           /* number of the last state that was begun */
    unsigned beats;          /* and of the last beat */
    struct mm_blob *reading; /* an event that is being read; NULL = none */
    size_t at;
};

struct mm_live {
    mm_live_look_fn *look;
    void *ctx;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running, quit;
    struct mm_blob *event; /* the latest; NULL before the first look */
    unsigned number;       /* of it, from 1 */
    unsigned beats;
    struct mm_blob *beat; /* a comment */
    struct mm_listener *listeners[MM_LIVE_LISTENERS];
    size_t n;
};

struct wakening {
    size_t n;
    struct {
        void (*wake)(void *ctx);
        void *ctx;
    } list[MM_LIVE_LISTENERS];
};

static bool has_news(const struct mm_listener *listener)
{
    const struct mm_live *live = listener->live;
    return live->quit || listener->reading || listener->seen != live->number ||
           listener->beats != live->beats;
}

/* Takes down who is to be woken; that happens without the lock. */
static void collect(struct mm_live *live, struct wakening *who)
{
    who->n = 0;
    for (size_t i = 0; i < live->n; i++) {
        struct mm_listener *listener = live->listeners[i];
        if (!listener->asleep || !has_news(listener))
            continue;
        listener->asleep = false;
        who->list[who->n].wake = listener->wake;
        who->list[who->n++].ctx = listener->ctx;
    }
}

static void wake_all(const struct wakening *who)
{
    for (size_t i = 0; i < who->n; i++)
        who->list[i].wake(who->list[i].ctx);
}

static struct mm_blob *make_event(const char *format, const char *text)
{
    struct mm_blob *blob = NULL;
    struct mm_text event = {0};
    mm_text_addf(&event, format, text);
    char *bytes = event.failed ? NULL : mm_text_steal(&event);
    if (bytes)
        (void)mm_blob_create((unsigned char *)bytes, strlen(bytes), "text/event-stream", &blob,
                             NULL);
    else
        mm_text_finish(&event);
    return blob;
}

/* Looks, without the lock. NULL: it failed, and the next look may not. */
static struct mm_blob *look_now(struct mm_live *live)
{
    struct mm_error err = {0};
    struct mm_blob *state = NULL;
    if (live->look(live->ctx, &state, &err) < 0)
        return NULL;
    char *text = mm_strndup((const char *)state->bytes, state->size);
    struct mm_blob *event = text ? make_event("data: %s\n\n", text) : NULL;
    free(text);
    mm_blob_release(state);
    return event;
}

static bool is_news(const struct mm_live *live, const struct mm_blob *event)
{
    return event && (!live->event || live->event->size != event->size ||
                     memcmp(live->event->bytes, event->bytes, event->size) != 0);
}

static struct timespec next_look(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += LOOK_MS * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void *run(void *ctx)
{
    struct mm_live *live = ctx;
    int quiet = 0; /* looks without news */
    pthread_mutex_lock(&live->mutex);
    while (!live->quit) {
        if (live->n == 0) {
            mm_blob_release(live->event); /* too old for whoever comes next */
            live->event = NULL;
            pthread_cond_wait(&live->changed, &live->mutex);
            continue;
        }
        pthread_mutex_unlock(&live->mutex);
        struct mm_blob *event = look_now(live);
        pthread_mutex_lock(&live->mutex);
        if (is_news(live, event)) {
            struct mm_blob *old = live->event;
            live->event = event;
            event = old;
            live->number++;
            quiet = 0;
        } else if (++quiet % BEAT_LOOKS == 0) {
            live->beats++;
        }
        mm_blob_release(event);
        struct wakening who;
        collect(live, &who);
        pthread_mutex_unlock(&live->mutex);
        wake_all(&who);
        pthread_mutex_lock(&live->mutex);
        struct timespec until = next_look();
        if (!live->quit)
            pthread_cond_timedwait(&live->changed, &live->mutex, &until);
    }
    pthread_mutex_unlock(&live->mutex);
    return NULL;
}

int mm_live_create(mm_live_look_fn *look, void *ctx, struct mm_live **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_live *live = calloc(1, sizeof *live);
    if (!live)
        return mm_no_memory(err);
    live->look = look;
    live->ctx = ctx;
    pthread_mutex_init(&live->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&live->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    live->beat = make_event(": %s\n\n", "still here");
    live->running = live->beat && pthread_create(&live->thread, NULL, run, live) == 0;
    if (!live->running) {
        mm_live_destroy(live);
        return mm_no_memory(err);
    }
    *out = live;
    return 0;
}

void mm_live_stop(struct mm_live *live)
{
    if (!live || !live->running)
        return;
    pthread_mutex_lock(&live->mutex);
    live->quit = true;
    pthread_cond_broadcast(&live->changed);
    struct wakening who;
    collect(live, &who);
    pthread_mutex_unlock(&live->mutex);
    wake_all(&who);
    pthread_join(live->thread, NULL);
    live->running = false;
}

void mm_live_destroy(struct mm_live *live)
{
    if (!live)
        return;
    mm_live_stop(live);
    mm_blob_release(live->event);
    mm_blob_release(live->beat);
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->mutex);
    free(live);
}

struct mm_listener *mm_live_join(struct mm_live *live, void (*wake)(void *ctx), void *ctx)
{
    struct mm_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return NULL;
    *listener = (struct mm_listener){.live = live, .wake = wake, .ctx = ctx};
    pthread_mutex_lock(&live->mutex);
    bool room = !live->quit && live->n < MM_LIVE_LISTENERS;
    if (room) {
        listener->seen = live->event ? live->number - 1 : live->number;
        listener->beats = live->beats;
        live->listeners[live->n++] = listener;
        pthread_cond_broadcast(&live->changed);
    }
    pthread_mutex_unlock(&live->mutex);
    if (!room)
        free(listener);
    return room ? listener : NULL;
}

/* What is to be read next; the lock is held. */
static void begin_event(struct mm_listener *listener)
{
    const struct mm_live *live = listener->live;
    if (listener->seen != live->number) {
        listener->seen = live->number;
        listener->beats = live->beats;
        listener->reading = mm_blob_hold(live->event);
    } else if (listener->beats != live->beats) {
        listener->beats = live->beats;
        listener->reading = mm_blob_hold(live->beat);
    }
    listener->at = 0;
}

ssize_t mm_live_read(struct mm_listener *listener, char *out, size_t max)
{
    struct mm_live *live = listener->live;
    ssize_t count = 0;
    pthread_mutex_lock(&live->mutex);
    if (!listener->reading)
        begin_event(listener);
    if (live->quit) {
        count = -1;
    } else if (listener->reading) {
        const struct mm_blob *event = listener->reading;
        size_t rest = event->size - listener->at;
        count = (ssize_t)(rest < max ? rest : max);
        memcpy(out, event->bytes + listener->at, (size_t)count);
        listener->at += (size_t)count;
        if (listener->at == event->size) {
            mm_blob_release(listener->reading);
            listener->reading = NULL;
        }
    }
    pthread_mutex_unlock(&live->mutex);
    return count;
}

void mm_live_sleep(struct mm_listener *listener)
{
    struct mm_live *live = listener->live;
    void (*wake)(void *ctx) = listener->wake;
    void *ctx = listener->ctx;
    pthread_mutex_lock(&live->mutex);
    bool news = has_news(listener);
    listener->asleep = !news;
    pthread_mutex_unlock(&live->mutex);
    if (news)
        wake(ctx);
}

void mm_live_leave(struct mm_listener *listener)
{
    if (!listener)
        return;
    struct mm_live *live = listener->live;
    pthread_mutex_lock(&live->mutex);
    for (size_t i = 0; i < live->n; i++)
        if (live->listeners[i] == listener) {
            live->listeners[i] = live->listeners[--live->n];
            break;
        }
    pthread_mutex_unlock(&live->mutex);
    mm_blob_release(listener->reading);
    free(listener);
}
