/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crew.h - what the threads of a worker share: hands, one a helper, that do songs (worker_song.c),
 * and the thread that called, which keeps the lease alive and looks for work (worker.c).
 */
#ifndef WORK_CREW_H
#define WORK_CREW_H

#include <pthread.h>

#include "musicmap/queue.h"
#include "work/one_song.h"

enum { MM_CREW_BATCH = 1024 };

struct mm_crew {
    const struct mm_worker_options *options;
    const struct mm_progress *progress;
    struct mm_worker_report *report;
    struct mm_catalog *catalog; /* of the hands */
    struct mm_models models;
    struct mm_queue_recipe recipe;
    char host[64];

    pthread_mutex_t mutex; /* guards all below, and the report */
    pthread_cond_t changed;
    struct mm_queue_worker self; /* another one after the lease was lost */
    int64_t batch[MM_CREW_BATCH];
    size_t n, at;
    bool idle; /* the last claim brought nothing */
    bool stopping;
    size_t misses;   /* songs in a row that are not on this machine */
    double fault_at; /* since when the library cannot be reached; 0 = it can */
    int result;      /* what ended the run */
    struct mm_error err;
};

void mm_crew_log(struct mm_crew *crew, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the run with this error; the first one counts. */
void mm_crew_fail(struct mm_crew *crew, int result, const struct mm_error *err);
bool mm_crew_stopping(struct mm_crew *crew);
/*
 * After a call to the library: true when it is to be made again, since the library cannot be
 * reached just now (waits a little). When that lasts too long the run ends.
 */
bool mm_crew_again(struct mm_crew *crew, int result, const struct mm_error *err);

/* Does one song of worker's and stores what comes of it. Negative: what ends the run. */
int mm_crew_song(struct mm_crew *crew, const struct mm_queue_worker *worker, int64_t song,
                 struct mm_streams *streams, struct mm_error *err);

#endif
