/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icecast.h - a finished sound file on air, at the pace of its sound, at an Icecast server.
 *
 * Time goes on: what a broken connection loses is lost, and the show ends when it would have. The
 * address is http://[USER@]HOST[:PORT]/MOUNT, or https; no password in it.
 *
 * Threads: one call at a time.
 */
#ifndef MUSICMAP_ICECAST_H
#define MUSICMAP_ICECAST_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "progress.h"

struct mm_icecast_place {
    bool tls;
    char user[64]; /* "source" */
    char host[256];
    int port;
    char mount[256]; /* "/show.mp3" */
};
/* MM_ERR_USAGE says what is wrong. */
int mm_icecast_parse(const char *url, struct mm_icecast_place *out, struct mm_error *err);

struct mm_icecast_song {
    double start_s; /* in the file, rising */
    char *name;     /* "Artist - Title" */
};
struct mm_icecast {
    struct mm_icecast_place place;
    const char *password;
    const char *title;                   /* of the stream */
    const char *file;                    /* MP3, or Ogg Opus */
    const struct mm_icecast_song *songs; /* [n] */
    size_t n;
    const struct mm_progress *progress; /* cancels */
    /* Any may be NULL. */
    void (*begins)(void *ctx, size_t song);
    void (*away)(void *ctx, const struct mm_error *why, double wait_s);
    void (*back)(void *ctx);
    void *ctx;
};
struct mm_icecast_report {
    double sent_s; /* of sound */
    double lost_s; /* while there was no connection */
    size_t connections;
};
/*
 * Plays to the end. MM_ERR_IO: nobody is there, when it begins; MM_ERR_USAGE: it does not take the
 * password or the mount; MM_ERR_AGAIN: it was away for ten minutes; MM_ERR_CANCELLED.
 */
int mm_icecast_play(const struct mm_icecast *in, struct mm_icecast_report *out,
                    struct mm_error *err);

#endif
