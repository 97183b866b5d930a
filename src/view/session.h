/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h - who has given the password: names that a browser shows as a cookie.
 *
 * A name is 256 random bits; only its SHA-256 is kept, in memory, so that sessions end with the
 * server. A session ends after a week without a request, and after thirty days. There is room for
 * MM_SESSIONS; one more replaces the one that was used least recently.
 *
 * Threads: any.
 */
#ifndef VIEW_SESSION_H
#define VIEW_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "musicmap/error.h"

enum { MM_SESSIONS = 256, MM_SESSION_NAME = 65, MM_SESSION_DAYS = 30, MM_SESSION_IDLE_DAYS = 7 };

struct mm_sessions;
int mm_sessions_create(struct mm_sessions **out, struct mm_error *err);
void mm_sessions_destroy(struct mm_sessions *sessions);

/* now: seconds of a clock that never goes back. name: hexadecimal digits and a NUL. */
int mm_session_begin(struct mm_sessions *sessions, int64_t now, char name[MM_SESSION_NAME],
                     struct mm_error *err);
/* Whether name (NULL: no) is of a session that has not ended; counts as its last use. */
bool mm_session_is(struct mm_sessions *sessions, int64_t now, const char *name);
void mm_session_end(struct mm_sessions *sessions, const char *name);

#endif
