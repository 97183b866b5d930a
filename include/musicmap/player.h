/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * player.h - where sets are sent: playlists and queues of players and services.
 *
 * A target is what a person types behind --send: "spotify", "NAME", or "NAME:WHERE" where a player
 * has more than one place for songs. A player is one row of a table (src/player/players.c).
 *
 *     player = mm_player_find("spotify", &job.where, &err);
 *     mm_player_send(player, &job, &sent, &err);
 *     mm_player_sent_finish(&sent);
 *
 * Sending is safe to repeat: a set that is sent again to the same place is there once.
 *
 * Threads: calls are self-contained. They wait for the net; the progress of a job can cancel them.
 */
#ifndef MUSICMAP_PLAYER_H
#define MUSICMAP_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog.h"
#include "error.h"
#include "progress.h"
#include "set.h"

/* A song on its way: what the library knows of it, and where else it was found. */
struct mm_player_song {
    const struct mm_set_song *song;
    const struct mm_origin *origins; /* [n_origins] */
    size_t n_origins;
};
/* The key of the song's origin at source (its own place, too), NULL when it has none. */
const char *mm_player_song_key(const struct mm_player_song *song, const char *source);
/* "Artist - Title", or what there is of it; one clean line, heap; NULL when memory is out. */
char *mm_player_song_name(const struct mm_player_song *song);

struct mm_player_job {
    const char *where; /* behind "NAME:"; NULL = nothing was */
    const char *name;  /* of the set: the same name is the same playlist */
    const char *title; /* shown */
    bool append;       /* behind what is there, not in its place; only where can_append */
    const struct mm_player_song *songs; /* [n] in order */
    size_t n;
    uint64_t seed; /* of the jitter of waits */
    const struct mm_progress *progress;
    void (*log)(void *ctx, const char *line);   /* one line a request, without secrets; NULL */
    void (*browse)(void *ctx, const char *url); /* shows a page of consent; NULL = cannot */
    void *ctx;
};

struct mm_player_sent {
    char *link;       /* where it is: a page's address, or a name; NULL = nothing there yet */
    size_t songs;     /* of the set that are there now */
    size_t added;     /* of them by this call */
    size_t found;     /* that had to be looked for, and were found */
    bool *missing;    /* [n] the player does not have it */
    double resume_at; /* after an error: when to ask again, seconds since 1970; 0 = any time */
};
void mm_player_sent_finish(struct mm_player_sent *sent);

/* One row of the table. All strings are static. */
struct mm_player {
    const char *name;   /* "spotify" */
    const char *title;  /* "Spotify" */
    const char *target; /* as typed, for help: "mpd[:play|:queue|:save=NAME]" */
    bool can_append;
    /* MM_ERR_USAGE tells what is wrong with where (NULL = none given), before anything is made. */
    int (*check)(const char *where, struct mm_error *err);
    /* out is empty, with room for missing. On an error it tells what was done. */
    int (*send)(const struct mm_player_job *job, struct mm_player_sent *out, struct mm_error *err);
};

/* The i-th; NULL behind the last. */
const struct mm_player *mm_players(size_t i);
/* The one a target names, checked; *where points into target, NULL when it names no place.
 * NULL: err tells what would be right. */
const struct mm_player *mm_player_find(const char *target, const char **where,
                                       struct mm_error *err);
/*
 * Sends the job's songs. MM_ERR_USAGE: append where it cannot be, credentials that are missing;
 * MM_ERR_IO: refused, in the player's words; MM_ERR_AGAIN: it does not answer; MM_ERR_LIMIT: it
 * wants to be left alone for long. The same call goes on from there. Finish *out whatever the
 * result.
 */
int mm_player_send(const struct mm_player *player, const struct mm_player_job *job,
                   struct mm_player_sent *out, struct mm_error *err);

#endif
