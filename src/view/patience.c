/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/patience.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/array.h"

enum { LOOK_MS = 500 };

struct mm_guest {
    struct mm_patience *patience;
    struct mm_guest *next, *previous;
    int fd;
    bool heard;
    double since; /* monotonic seconds when its turn began */
};

struct mm_patience {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running, quit;
    double seconds, scarce_seconds;
    size_t n, many;
    struct mm_guest *first;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Both directions are shut, which the HTTP library sees at once; it is the one that closes. */
static void hang_up_on_late_ones(struct mm_patience *patience)
{
    double limit = patience->n > patience->many ? patience->scarce_seconds : patience->seconds;
    double late = now() - limit;
    for (struct mm_guest *guest = patience->first; guest; guest = guest->next)
        if (!guest->heard && guest->since < late)
            shutdown(guest->fd, SHUT_RDWR);
}

static void *run(void *ctx)
{
    struct mm_patience *patience = ctx;
    pthread_mutex_lock(&patience->mutex);
    while (!patience->quit) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (patience->first) /* nobody there: nothing to look at */
            pthread_cond_timedwait(&patience->changed, &patience->mutex, &until);
        else
            pthread_cond_wait(&patience->changed, &patience->mutex);
        hang_up_on_late_ones(patience);
    }
    pthread_mutex_unlock(&patience->mutex);
    return NULL;
}

int mm_patience_create(double seconds, double scarce_seconds, size_t many, struct mm_patience **out,
                       struct mm_error *err)
{
    struct mm_patience *patience = calloc(1, sizeof *patience);
    *out = NULL;
    if (!patience)
        return mm_no_memory(err);
    patience->seconds = seconds;
    patience->scarce_seconds = scarce_seconds;
    patience->many = many;
    pthread_mutex_init(&patience->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&patience->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    patience->running = pthread_create(&patience->thread, NULL, run, patience) == 0;
    if (!patience->running) {
        mm_patience_destroy(patience);
        return mm_error_set(err, MM_ERR_AGAIN, "the system starts no more threads");
    }
    *out = patience;
    return 0;
}

void mm_patience_destroy(struct mm_patience *patience)
{
    if (!patience)
        return;
    pthread_mutex_lock(&patience->mutex);
    patience->quit = true;
    pthread_cond_broadcast(&patience->changed);
    pthread_mutex_unlock(&patience->mutex);
    if (patience->running)
        pthread_join(patience->thread, NULL);
    pthread_cond_destroy(&patience->changed);
    pthread_mutex_destroy(&patience->mutex);
    free(patience);
}

struct mm_guest *mm_guest_enter(struct mm_patience *patience, int fd)
{
    struct mm_guest *guest = calloc(1, sizeof *guest);
    if (!guest)
        return NULL;
    *guest = (struct mm_guest){.patience = patience, .fd = fd, .since = now()};
    pthread_mutex_lock(&patience->mutex);
    guest->next = patience->first;
    if (guest->next)
        guest->next->previous = guest;
    else
        pthread_cond_broadcast(&patience->changed);
    patience->first = guest;
    patience->n++;
    pthread_mutex_unlock(&patience->mutex);
    return guest;
}

void mm_guest_leave(struct mm_guest *guest)
{
    if (!guest)
        return;
    struct mm_patience *patience = guest->patience;
    pthread_mutex_lock(&patience->mutex);
    if (guest->next)
        guest->next->previous = guest->previous;
    if (guest->previous)
        guest->previous->next = guest->next;
    else
        patience->first = guest->next;
    patience->n--;
    pthread_mutex_unlock(&patience->mutex);
    free(guest);
}

static void set_turn(struct mm_guest *guest, bool heard)
{
    if (!guest)
        return;
    pthread_mutex_lock(&guest->patience->mutex);
    guest->heard = heard;
    guest->since = now();
    pthread_mutex_unlock(&guest->patience->mutex);
}

void mm_guest_heard(struct mm_guest *guest)
{
    set_turn(guest, true);
}

void mm_guest_answered(struct mm_guest *guest)
{
    set_turn(guest, false);
}
