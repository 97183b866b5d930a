/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * follow.h - follows what a Music Player Daemon plays, for the page (view.h, struct mm_companion).
 *
 * Threads: it has one of its own, which waits for the daemon, also for one that is away; the
 * companion's calls return at once.
 */
#ifndef MUSICMAP_FOLLOW_H
#define MUSICMAP_FOLLOW_H

#include "catalog.h"
#include "error.h"
#include "view.h"

struct mm_mpd_follow;
/* address as in mpd.h. MM_ERR_USAGE: it is none, or the password is wrong; one that is not there
 * yet is waited for. The catalog must outlive it, and it the server that has its companion. */
int mm_mpd_follow_start(const char *address, struct mm_catalog *catalog, struct mm_mpd_follow **out,
                        struct mm_error *err);
const struct mm_companion *mm_mpd_follow_companion(const struct mm_mpd_follow *follow);
void mm_mpd_follow_stop(struct mm_mpd_follow *follow); /* NULL is allowed */

#endif
