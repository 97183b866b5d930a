/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patience.h - connections that take too long to say what they want are hung up on.
 *
 * The HTTP library ends a connection on which nothing moves. One that sends a byte now and then
 * moves, and would keep its place for good; so each has a time by which its request must be whole,
 * a short one while places are scarce.
 *
 * Threads: any; one of its own looks twice a second.
 */
#ifndef VIEW_PATIENCE_H
#define VIEW_PATIENCE_H

#include <stddef.h>

#include "musicmap/error.h"

struct mm_patience;
struct mm_guest; /* a connection */

/* seconds: given to a request, scarce_seconds: when more than `many` connections are open. */
int mm_patience_create(double seconds, double scarce_seconds, size_t many, struct mm_patience **out,
                       struct mm_error *err);
void mm_patience_destroy(struct mm_patience *patience); /* no guest may be left */

/* A connection was opened, on fd; NULL when memory is out. It must leave before fd is closed. */
struct mm_guest *mm_guest_enter(struct mm_patience *patience, int fd);
void mm_guest_leave(struct mm_guest *guest);
/* It is our turn now: no time runs. And: its turn again, from now on. NULL is allowed. */
void mm_guest_heard(struct mm_guest *guest);
void mm_guest_answered(struct mm_guest *guest);

#endif
