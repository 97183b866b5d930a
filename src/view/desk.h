/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * desk.h - where the page's long questions are worked on: what sounds alike, and sets. Holds the
 * library that both need, made when it is first asked for and again for a new map.
 *
 * Threads: any; similar() and run() take long and belong on a worker (jobs.h).
 */
#ifndef VIEW_DESK_H
#define VIEW_DESK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "musicmap/catalog.h"
#include "musicmap/set.h"
#include "view/blob.h"

enum { MM_DESK_SIMILAR = 50 };

/* Which songs are on the map that is served. has(): from any thread. */
struct mm_desk_map {
    bool (*has)(void *ctx, int64_t song);
    void *ctx;
};

struct mm_desk;
/* catalog must outlive it. */
int mm_desk_create(struct mm_catalog *catalog, const struct mm_desk_map *map, struct mm_desk **out,
                   struct mm_error *err);
/* Cancels what is being worked on. */
void mm_desk_stop(struct mm_desk *desk);
void mm_desk_destroy(struct mm_desk *desk); /* NULL is allowed */

/* The MM_DESK_SIMILAR songs that sound most like this one, as JSON (doc/protocol.md). */
int mm_desk_similar(struct mm_desk *desk, int64_t song, struct mm_blob **out, struct mm_error *err);

/*
 * Lays a task (JSON, doc/protocol.md, "POST /api/set") on the desk and gives its ticket. A page has
 * one task at a time: an earlier one of the same "client" is cancelled.
 */
int mm_desk_put(struct mm_desk *desk, const char *body, size_t size, int64_t *ticket,
                struct mm_error *err);
/* Does it. MM_ERR_USAGE: the task makes no sense; MM_ERR_CANCELLED. */
int mm_desk_run(struct mm_desk *desk, int64_t ticket, struct mm_blob **out, struct mm_error *err);

/* set_task.c: does one task with a library. cancel: see mm_progress. */
int mm_set_task(struct mm_catalog *catalog, const struct mm_set_library *library, const char *body,
                size_t size, const atomic_int *cancel, struct mm_blob **out, struct mm_error *err);

/*
 * set_kept.c: tasks that need no library ("list", "rename", "remove"), so that nobody waits until
 * vectors are loaded. 1: the task is none of them.
 */
int mm_set_shelf_task(struct mm_catalog *catalog, const char *body, size_t size,
                      struct mm_blob **out, struct mm_error *err);

/* look.c: the task "look": songs that are looked for and not on the map. 1: it is another task. */
int mm_look_task(struct mm_catalog *catalog, const struct mm_desk_map *map, const char *body,
                 size_t size, struct mm_blob **out, struct mm_error *err);

#endif
