/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.h - tells pages what changes while it changes: a stream of server-sent events (HTML
 * standard, 9.2), each the present state as JSON. Who reads slowly misses states, never the latest
 * one.
 *
 * Knows neither HTTP nor the library: looking is the caller's, sending is server.c's.
 * Threads: any, but a listener is used by one at a time; wake() comes from the live thread or from
 * inside mm_live_sleep() or mm_live_stop(), with no lock held.
 */
#ifndef VIEW_LIVE_H
#define VIEW_LIVE_H

#include <stddef.h>
#include <sys/types.h>

#include "view/blob.h"

enum { MM_LIVE_LISTENERS = 64 }; /* of the server's connections, at most */

struct mm_live;
struct mm_listener;

/* The present state as JSON on one line, asked twice a second while anybody listens. */
typedef int mm_live_look_fn(void *ctx, struct mm_blob **out, struct mm_error *err);

int mm_live_create(mm_live_look_fn *look, void *ctx, struct mm_live **out, struct mm_error *err);
/* Ends all streams. Idempotent. */
void mm_live_stop(struct mm_live *live);
void mm_live_destroy(struct mm_live *live); /* all listeners must have left; NULL is allowed */

/* NULL: too many listen, or it was stopped, or memory is out. */
struct mm_listener *mm_live_join(struct mm_live *live, void (*wake)(void *ctx), void *ctx);
/* The next bytes of the stream: 0 = none now, -1 = it has ended. */
ssize_t mm_live_read(struct mm_listener *listener, char *out, size_t max);
/* After a 0: wake() is called once, as soon as there is something to read, perhaps at once. */
void mm_live_sleep(struct mm_listener *listener);
void mm_live_leave(struct mm_listener *listener);

#endif
