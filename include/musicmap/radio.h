/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * radio.h - an endless set: keeps a player's queue filled by the set builder's rules.
 *
 * The radio plans sets of the rules' length one behind the other. Each goes on from what is on air
 * and queued, knows what was played before it, and is handed to the player song by song, each only
 * some minutes before the queue would run out. When somebody skips, adds or removes songs, or the
 * time has shifted, the rest of the plan is thrown away and made anew from what is there now.
 *
 * Pure over a clock and a player: a test runs a week in a second. Nothing is kept here that the
 * player's queue and the log of plays do not hold, so that a radio that was ended goes on.
 *
 * Threads: one.
 */
#ifndef MUSICMAP_RADIO_H
#define MUSICMAP_RADIO_H

#include "set.h"

/* What the player has: the song on air and those behind it. */
struct mm_radio_song {
    uint32_t song;   /* index into the library; MM_SET_NONE = not one of ours */
    double length_s; /* 0 = not known */
    uint64_t tag;    /* the player's own name for this entry of its queue */
};
struct mm_radio_look {
    bool playing; /* else stopped or paused: time stands still */
    bool dry;     /* it played to its end: no song is on, and songs has none */
    double elapsed_s;
    size_t n;
    struct mm_radio_song *songs; /* [n] in order; the first is on air */
    size_t capacity;
};

struct mm_radio_player {
    /* Fills *out (whose songs it may grow). MM_ERR_AGAIN, MM_ERR_IO: it is away. */
    int (*look)(void *ctx, struct mm_radio_look *out, struct mm_error *err);
    /* Appends; *tag = the new entry's, 0: it does not have this song. */
    int (*add)(void *ctx, uint32_t song, uint64_t *tag, struct mm_error *err);
    /* Plays the entry at this place of the last look, counting on through what was added since. */
    int (*play)(void *ctx, size_t place, struct mm_error *err);
    void *ctx;
};

struct mm_radio_clock {
    double (*now)(void *ctx); /* seconds since 1970, local time as the log of plays has it */
    /* Waits, shorter when something happened. MM_ERR_CANCELLED ends the radio. */
    int (*wait)(void *ctx, double seconds, struct mm_error *err);
    void *ctx;
};

/* What happens, for the log and for people. Any may be NULL. */
struct mm_radio_events {
    int (*played)(void *ctx, uint32_t song, int64_t at, struct mm_error *err);
    /* Will begin at that second. */
    void (*queued)(void *ctx, uint32_t song, int64_t at);
    void (*planned)(void *ctx, const struct mm_set *set);
    void (*refused)(void *ctx, uint32_t song); /* the player does not have it */
    void (*away)(void *ctx, const struct mm_error *why, double wait_s);
    void (*back)(void *ctx);
    void *ctx;
};

/* A song that was on air before the radio began. */
struct mm_radio_play {
    uint32_t song;
    double at;
};

struct mm_radio_settings {
    struct mm_set_library *library; /* plays are noted in it */
    struct mm_set_rules *rules;     /* their start is set anew with every plan */
    struct mm_set_request request;  /* the shape; before is filled in, the seed counts on */
    double lead_s;                  /* music in the queue at least; 600 */
    size_t songs;                   /* ends after so many were queued; 0 = never */
    const struct mm_progress *progress;
};

struct mm_radio;
/* history: [n] oldest first. The settings' pointers must outlive the radio. */
int mm_radio_create(const struct mm_radio_settings *settings, const struct mm_radio_player *player,
                    const struct mm_radio_clock *clock, const struct mm_radio_events *events,
                    const struct mm_radio_play *history, size_t n, struct mm_radio **out,
                    struct mm_error *err);
/* Looks once, fills the queue; *wait_s = when to look again at the latest. */
int mm_radio_step(struct mm_radio *radio, double *wait_s, struct mm_error *err);
/* Steps and waits until the clock says MM_ERR_CANCELLED (then 0), the songs are up, or something
 * fails that waiting does not mend. A player that is away is waited for, up to a minute a time. */
int mm_radio_run(struct mm_radio *radio, struct mm_error *err);
void mm_radio_destroy(struct mm_radio *radio);

/*
 * A Music Player Daemon (mpd.h) as the player. What its queue holds before the current song, and
 * what an ended one left, is let be. The library must outlive it.
 */
struct mm_radio_mpd;
int mm_radio_mpd_open(const char *address, const struct mm_set_library *library,
                      const struct mm_progress *progress, struct mm_radio_mpd **out,
                      struct mm_radio_player *player, struct mm_error *err);
/* For a clock: waits until the player does something else, at most so many seconds. A player that
 * is away is no error. */
int mm_radio_mpd_wait(struct mm_radio_mpd *mpd, double seconds, struct mm_error *err);
const char *mm_radio_mpd_name(const struct mm_radio_mpd *mpd);
/* It plays in an order of its own (random, single or repeat): rules cannot hold. NULL = it does
 * not; else which, static. As of the last look. */
const char *mm_radio_mpd_disorder(const struct mm_radio_mpd *mpd);
void mm_radio_mpd_close(struct mm_radio_mpd *mpd);

#endif
