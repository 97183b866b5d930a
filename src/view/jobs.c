/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/jobs.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

enum { MAX_QUEUED = 256, DESKS = 2 };

static const char shutting_down[] = "the server is shutting down";

enum state { QUEUED, RUNNING, DONE };

struct mm_job {
    struct mm_job *next; /* in the list of all that are queued (newest first) or running */
    enum mm_job_kind kind;
    int64_t song;
    enum state state;
    unsigned holders;
    struct mm_job_waiter *waiters;
    struct mm_blob *blob;
    int result;
    struct mm_error error;
};

struct mm_jobs {
    struct mm_job_work work;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool quit;
    struct mm_job *list;
    size_t queued;
    size_t n_threads;
    struct worker {
        struct mm_jobs *jobs;
        bool clips; /* makes clips too */
        bool desk;  /* does the long work, and nothing else */
        pthread_t thread;
    } * workers;
};

static void drop(struct mm_job *job)
{
    if (--job->holders)
        return;
    mm_blob_release(job->blob);
    free(job);
}

static void unlink_job(struct mm_jobs *jobs, struct mm_job *job)
{
    struct mm_job **link = &jobs->list;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

/* Takes a job that has its result off the list; the waiters are to be woken without the lock. */
static struct mm_job_waiter *end_job(struct mm_jobs *jobs, struct mm_job *job)
{
    if (job->state == QUEUED)
        jobs->queued--;
    job->state = DONE;
    unlink_job(jobs, job);
    struct mm_job_waiter *waiters = job->waiters;
    job->waiters = NULL;
    return waiters;
}

static void wake_all(struct mm_job_waiter *waiter)
{
    while (waiter) {
        struct mm_job_waiter *next = waiter->next; /* gone once it is awake */
        waiter->wake(waiter);
        waiter = next;
    }
}

/* Ends a job that is queued, or was refused. Wake the returned waiters. */
static struct mm_job_waiter *give_up(struct mm_jobs *jobs, struct mm_job *job, const char *why)
{
    job->result = mm_error_set(&job->error, MM_ERR_AGAIN, "%s", why);
    struct mm_job_waiter *waiters = end_job(jobs, job);
    drop(job);
    return waiters;
}

/* The next job for this worker: maps, then the newest of the others. */
static struct mm_job *choose(const struct mm_jobs *jobs, const struct worker *worker)
{
    struct mm_job *best = NULL;
    for (struct mm_job *job = jobs->list; job; job = job->next) {
        bool sound = job->kind >= MM_JOB_CLIP && job->kind <= MM_JOB_OUTRO;
        bool desk = job->kind >= MM_JOB_SIMILAR;
        if (job->state != QUEUED || desk != worker->desk || (sound && !worker->clips))
            continue;
        if (job->kind == MM_JOB_MAP)
            return job;
        /* What is heard goes before what is seen. */
        if (!best || (best->kind == MM_JOB_COVER && job->kind == MM_JOB_CLIP))
            best = job;
    }
    return best;
}

/* Called with the lock; gives it up while the job is made. */
static void run(struct mm_jobs *jobs, struct mm_job *job)
{
    job->state = RUNNING;
    jobs->queued--;
    pthread_mutex_unlock(&jobs->mutex);
    const struct mm_job_work *work = &jobs->work;
    struct mm_blob *blob = NULL;
    struct mm_error error = {0};
    int result = work->make(work->ctx, job->kind, job->song, &blob, &error);

    pthread_mutex_lock(&jobs->mutex);
    job->blob = blob;
    job->result = result;
    job->error = error;
    struct mm_job_waiter *waiters = end_job(jobs, job);
    pthread_mutex_unlock(&jobs->mutex);
    wake_all(waiters);
    if (blob)
        work->keep(work->ctx, job->kind, job->song, blob);
    pthread_mutex_lock(&jobs->mutex);
    drop(job);
}

static void *worker_main(void *arg)
{
    struct worker *self = arg;
    struct mm_jobs *jobs = self->jobs;
    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->quit) {
        struct mm_job *job = choose(jobs, self);
        if (job)
            run(jobs, job);
        else
            pthread_cond_wait(&jobs->wake, &jobs->mutex);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

int mm_jobs_create(size_t makers, const struct mm_job_work *work, struct mm_jobs **out,
                   struct mm_error *err)
{
    *out = NULL;
    struct mm_jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        return mm_no_memory(err);
    jobs->work = *work;
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->wake, NULL);
    jobs->workers = mm_calloc3(makers + 1 + DESKS, 1, sizeof *jobs->workers);
    if (!jobs->workers) {
        mm_jobs_destroy(jobs);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < makers + 1 + DESKS; i++) {
        struct worker *worker = &jobs->workers[i];
        worker->jobs = jobs;
        worker->clips = i < makers;
        worker->desk = i > makers;
        int fault = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (fault) {
            mm_jobs_destroy(jobs);
            return mm_error_errno(err, fault, "cannot start a thread");
        }
        jobs->n_threads = i + 1;
    }
    *out = jobs;
    return 0;
}

void mm_jobs_stop(struct mm_jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    jobs->quit = true;
    pthread_cond_broadcast(&jobs->wake);
    for (;;) {
        struct mm_job *job = jobs->list;
        while (job && job->state != QUEUED)
            job = job->next;
        if (!job)
            break;
        struct mm_job_waiter *waiters = give_up(jobs, job, shutting_down);
        pthread_mutex_unlock(&jobs->mutex);
        wake_all(waiters);
        pthread_mutex_lock(&jobs->mutex);
    }
    pthread_mutex_unlock(&jobs->mutex);
    for (size_t i = 0; i < jobs->n_threads; i++)
        pthread_join(jobs->workers[i].thread, NULL);
    jobs->n_threads = 0;
}

void mm_jobs_destroy(struct mm_jobs *jobs)
{
    if (!jobs)
        return;
    mm_jobs_stop(jobs);
    pthread_cond_destroy(&jobs->wake);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs->workers);
    free(jobs);
}

static struct mm_job *find(const struct mm_jobs *jobs, enum mm_job_kind kind, int64_t song)
{
    struct mm_job *job = jobs->list;
    while (job && (job->kind != kind || job->song != song))
        job = job->next;
    return job;
}

/* Moves a queued job to the front: somebody wants it now. */
static void renew(struct mm_jobs *jobs, struct mm_job *job)
{
    if (job->state != QUEUED)
        return;
    unlink_job(jobs, job);
    job->next = jobs->list;
    jobs->list = job;
}

/* Makes room: the queued job that was wanted longest ago is given up; maps and their updates never:
 * nobody would ask for those again. */
static struct mm_job_waiter *give_up_oldest(struct mm_jobs *jobs)
{
    struct mm_job *oldest = NULL;
    for (struct mm_job *job = jobs->list; job; job = job->next)
        if (job->state == QUEUED && job->kind != MM_JOB_MAP && job->kind != MM_JOB_UPDATE)
            oldest = job;
    return oldest ? give_up(jobs, oldest, "too many requests are waiting; ask again") : NULL;
}

/* A job for the list, held by it and by the caller; one that is refused is over at once. */
static struct mm_job *new_job(struct mm_jobs *jobs, enum mm_job_kind kind, int64_t song)
{
    struct mm_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    *job = (struct mm_job){.kind = kind, .song = song, .holders = 1};
    if (jobs->quit) {
        job->state = DONE;
        job->result = mm_error_set(&job->error, MM_ERR_AGAIN, "%s", shutting_down);
        return job;
    }
    job->holders++;
    job->next = jobs->list;
    jobs->list = job;
    jobs->queued++;
    pthread_cond_broadcast(&jobs->wake);
    return job;
}

struct mm_job *mm_jobs_ask(struct mm_jobs *jobs, enum mm_job_kind kind, int64_t song,
                           struct mm_job_waiter *waiter)
{
    struct mm_job_waiter *woken = NULL;
    pthread_mutex_lock(&jobs->mutex);
    struct mm_job *job = find(jobs, kind, song);
    if (job) {
        job->holders++;
        renew(jobs, job);
    } else {
        if (jobs->queued >= MAX_QUEUED)
            woken = give_up_oldest(jobs);
        job = new_job(jobs, kind, song);
    }
    if (job && waiter) {
        struct mm_job_waiter **list = job->state == DONE ? &woken : &job->waiters;
        waiter->next = *list;
        *list = waiter;
    }
    pthread_mutex_unlock(&jobs->mutex);
    wake_all(woken);
    return job;
}

int mm_job_result(const struct mm_job *job, struct mm_blob **out, struct mm_error *err)
{
    *out = job->blob;
    if (job->result < 0)
        *err = job->error;
    return job->result;
}

void mm_job_release(struct mm_jobs *jobs, struct mm_job *job)
{
    if (!job)
        return;
    pthread_mutex_lock(&jobs->mutex);
    drop(job);
    pthread_mutex_unlock(&jobs->mutex);
}
