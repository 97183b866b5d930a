/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - what is still to be computed of a shared library, and who is at it.
 *
 * A recipe is a way of computing: the settings lines of measure and models. A task is a song that
 * lacks something of a recipe. A worker leases tasks: they are its own for as long as it is alive
 * by the server's clock, and go back to the others when its lease ends. Nothing here reads the
 * clock of this machine.
 *
 *     mm_queue_join ... mm_queue_claim -> for each song: mm_queue_start, compute,
 *     { mm_catalog_begin_beside, store, mm_queue_finish, commit } ... mm_queue_leave
 *
 * mm_queue_finish() says in the transaction of the results whether the song is still ours: of two
 * workers that did it, one stores it.
 *
 * The calls are for libraries in PostgreSQL (mm_catalog_is_shared); MM_ERR_UNSUPPORTED for others.
 * Threads as in catalog.h. MM_ERR_AGAIN: the connection was lost; the same call may succeed later.
 */
#ifndef MUSICMAP_QUEUE_H
#define MUSICMAP_QUEUE_H

#include "catalog.h"

struct mm_queue_recipe {
    const char *measure_settings;
    const struct mm_vector_kind *kinds; /* [n_kinds] */
    size_t n_kinds;
};

struct mm_queue_worker {
    int64_t id;
    int64_t recipe;
    double lease_s;
};

/* Enters the list of workers with a lease from now; host and pid are for people. */
int mm_queue_join(struct mm_catalog *catalog, const struct mm_queue_recipe *recipe,
                  const char *host, int64_t pid, double lease_s, struct mm_queue_worker *out,
                  struct mm_error *err);
/* From now on the server undoes a transaction of this handle in which nothing happens for so long:
 * one of a worker that is frozen must not keep the others waiting. */
int mm_queue_limit_idle(struct mm_catalog *catalog, double seconds, struct mm_error *err);
/* Gives all it has back and leaves the list. */
int mm_queue_leave(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                   struct mm_error *err);
/* Lengthens the lease and notes how many songs it has done. MM_ERR_NOT_FOUND: it ended before, the
 * tasks are others' now: join again. */
int mm_queue_beat(struct mm_catalog *catalog, const struct mm_queue_worker *worker, size_t done,
                  size_t failed, struct mm_error *err);

/* A worker whose lease ended. */
typedef void mm_queue_lost_fn(void *ctx, int64_t worker, const char *host, int64_t pid,
                              size_t tasks);
/* Takes the tasks of workers whose lease ended away from them; fn is told of each. */
int mm_queue_reap(struct mm_catalog *catalog, mm_queue_lost_fn *fn, void *ctx,
                  struct mm_error *err);

/* Makes tasks of the present songs that lack something and did not fail (with retry: or did). */
int mm_queue_fill(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                  const struct mm_queue_recipe *recipe, bool retry, size_t *added,
                  struct mm_error *err);

/*
 * Leases up to max free tasks: urgent ones first, then those that were never tried, in order of id.
 * songs: [max]; *n may be 0. Waits for nobody.
 */
int mm_queue_claim(struct mm_catalog *catalog, const struct mm_queue_worker *worker, size_t max,
                   int64_t *songs, size_t *n, struct mm_error *err);
/* The song is taken in hand now: counts the try. *why (heap, may be NULL): what was said of the
 * last one. MM_ERR_NOT_FOUND, without words: it is not ours any more. */
int mm_queue_start(struct mm_catalog *catalog, const struct mm_queue_worker *worker, int64_t song,
                   int *tries, char **why, struct mm_error *err);
/* In a transaction, with the results or the failure: the task is done. MM_ERR_NOT_FOUND, without
 * words: it is not ours any more; roll back. */
int mm_queue_finish(struct mm_catalog *catalog, const struct mm_queue_worker *worker, int64_t song,
                    struct mm_error *err);
/* Somebody else may try it, behind all that was tried less often. No fault when it is not ours. */
int mm_queue_give_back(struct mm_catalog *catalog, const struct mm_queue_worker *worker,
                       int64_t song, const char *why, struct mm_error *err);

/* What of the recipe the song lacks; lacks: [n_kinds]. */
int mm_queue_lacks(struct mm_catalog *catalog, const struct mm_queue_recipe *recipe, int64_t song,
                   bool *measure, bool *lacks, struct mm_error *err);

/* Somebody is looking at the song: its free tasks come first from now on. */
int mm_queue_prefer(struct mm_catalog *catalog, int64_t song, struct mm_error *err);

/* Sleeps up to seconds; *woken: songs came or changed. The handle must have no transaction open. */
int mm_queue_wait(struct mm_catalog *catalog, double seconds, bool *woken, struct mm_error *err);

/* ---- for people ---- */

struct mm_queue_counts {
    size_t free, held; /* tasks */
};
/* recipe 0 = of all. */
int mm_queue_count(struct mm_catalog *catalog, int64_t recipe, struct mm_queue_counts *out,
                   struct mm_error *err);

struct mm_queue_worker_info {
    int64_t id, pid;
    const char *host;
    bool alive; /* its lease has not ended */
    size_t held, done, failed;
    double since_s; /* that it joined */
    double seen_s;  /* that it was heard of */
};
typedef int mm_queue_worker_fn(void *ctx, const struct mm_queue_worker_info *info,
                               struct mm_error *err);
int mm_queue_each_worker(struct mm_catalog *catalog, mm_queue_worker_fn *fn, void *ctx,
                         struct mm_error *err);

#endif
