/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpd_match.h - which song of an MPD is this song of ours, and the other way round.
 *
 * By its file: the folder the server tells (over its socket), else the longest end of our path that
 * its database has; what was found once is tried first for the next. By name: artist, title and a
 * length that differs by two seconds at most. Over a socket a file that is not in the database is
 * named as a file.
 *
 * Threads: one at a time.
 */
#ifndef PLAYER_MPD_MATCH_H
#define PLAYER_MPD_MATCH_H

#include "musicmap/mpd.h"
#include "musicmap/set.h"

struct mm_mpd_match {
    struct mm_mpd *mpd;
    char *root;      /* what our paths begin with that its uris do not; NULL = not known */
    bool root_tried; /* the server was asked */
};
void mm_mpd_match_finish(struct mm_mpd_match *match);

/* The song's uri there, heap; NULL = the server does not have it. *looked: by its name. */
int mm_mpd_match_song(struct mm_mpd_match *match, const struct mm_set_song *song, char **uri,
                      bool *looked, struct mm_error *err);

#endif
