/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jobs.h - slow things (a clip, a cover, loading a map), made off the threads that talk HTTP.
 *
 * A job is named by kind and song. Asking for one that is queued or running joins it, so each is
 * made once for all who want it. The newest request is served first, since that is where the
 * pointer is; when too many wait, the oldest is given up (MM_ERR_AGAIN). One worker leaves clips to
 * the others, so that a map or a cover never stands behind them, and two more do nothing but the
 * long work of making sets.
 *
 * Threads: any; wake() runs on a worker, or inside the call that ended the job, with no lock held.
 */
#ifndef VIEW_JOBS_H
#define VIEW_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"
#include "view/blob.h"

enum mm_job_kind {
    MM_JOB_MAP,
    MM_JOB_COVER,
    MM_JOB_CLIP,
    MM_JOB_INTRO, /* the beginning and the end of a song, to hear a transition */
    MM_JOB_OUTRO,
    /* From here on: long work at the desk (desk.h), by threads of its own. */
    MM_JOB_SIMILAR,
    MM_JOB_WORDS, /* its "song" is the number of the map whose songs they are of */
    MM_JOB_OPEN,
    MM_JOB_UPDATE, /* songs that came onto the map */
    MM_JOB_TASK,   /* its "song" is a ticket */
    MM_JOB_KINDS
};

struct mm_jobs;
struct mm_job;

/* Belongs to the one who waits; must stay until wake() was called. */
struct mm_job_waiter {
    struct mm_job_waiter *next;
    void (*wake)(struct mm_job_waiter *waiter);
};

struct mm_job_work {
    /* Makes the thing; *out may stay NULL. */
    int (*make)(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob **out,
                struct mm_error *err);
    /* Called after those who wait were told, with what make() gave: for what nobody waits for. */
    void (*keep)(void *ctx, enum mm_job_kind kind, int64_t song, struct mm_blob *blob);
    void *ctx;
};

/* makers: threads that make clips, at least 1. */
int mm_jobs_create(size_t makers, const struct mm_job_work *work, struct mm_jobs **out,
                   struct mm_error *err);
/* Ends the running jobs properly, gives up the queued ones and every later one. Idempotent. */
void mm_jobs_stop(struct mm_jobs *jobs);
void mm_jobs_destroy(struct mm_jobs *jobs); /* stops first; NULL is allowed */

/*
 * Starts or joins a job. waiter (NULL = nobody waits) is woken exactly once, perhaps before this
 * returns. The job is held for the caller; NULL when memory is out, and then nobody is woken.
 */
struct mm_job *mm_jobs_ask(struct mm_jobs *jobs, enum mm_job_kind kind, int64_t song,
                           struct mm_job_waiter *waiter);
/* What became of it, after waking. *out is held by the job. */
int mm_job_result(const struct mm_job *job, struct mm_blob **out, struct mm_error *err);
void mm_job_release(struct mm_jobs *jobs, struct mm_job *job);

#endif
