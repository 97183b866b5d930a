/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.h - a person's own music server that speaks the Subsonic API: Navidrome, gonic, Airsonic,
 * Supysonic, LMS.
 *
 * Account: SUBSONIC_URL, SUBSONIC_USER, SUBSONIC_PASSWORD, from the environment or from
 * $XDG_CONFIG_HOME/musicmap/credentials (0600). Signing in is by token (MD5 of password and salt);
 * a server that knows no tokens gets the password itself, hexadecimal. Either goes over https, or
 * to this machine, only, to that server only, and into no message and no log.
 *
 * SUBSONIC_BITRATE: kbit/s that sound is to be transcoded to (MP3) on its way; else originals.
 *
 * Threads: a server belongs to one thread; mm_remote_fetch() may be called from any at any time.
 */
#ifndef MUSICMAP_REMOTE_H
#define MUSICMAP_REMOTE_H

#include "service.h"

#define MM_REMOTE_SOURCE "subsonic" /* of its songs; their keys are "ADDRESS#ID" */

struct mm_remote_settings {
    const char *url; /* NULL = $SUBSONIC_URL */
    uint64_t seed;   /* of the jitter of waits */
    const struct mm_progress *progress;
    void (*log)(void *ctx, const char *line); /* one line a request, without secrets */
    void *ctx;
};

struct mm_remote;
/* Asks for a sign of life. MM_ERR_USAGE: credentials are missing, no such address. MM_ERR_IO:
 * refused, in the server's words. MM_ERR_AGAIN: it does not answer. */
int mm_remote_open(const struct mm_remote_settings *settings, struct mm_remote **out,
                   struct mm_error *err);
void mm_remote_close(struct mm_remote *server);
const char *mm_remote_address(const struct mm_remote *server); /* as in keys */
/* The id in a key of this server; NULL = it is another's. */
const char *mm_remote_id(const struct mm_remote *server, const char *key);
/* When it may be asked again, seconds since 1970; 0 = it did not say. */
double mm_remote_resume_at(const struct mm_remote *server);

struct mm_remote_song {
    struct mm_track track; /* id without the address */
    uint64_t size;         /* bytes; 0 = not known */
    int rating;            /* 1..5 of this user; 0 = none */
    int64_t starred;       /* seconds since 1970; 0 = not; 1 = it does not say when */
    long plays;            /* -1 = it does not count */
    int64_t played;        /* last, seconds since 1970; 0 = not known */
};
/* May take the track's strings. */
typedef int mm_remote_song_fn(void *ctx, struct mm_remote_song *song, struct mm_error *err);
/* All songs, a page at a time, none twice running. Non-zero from fn ends it. */
int mm_remote_each(struct mm_remote *server, mm_remote_song_fn *fn, void *ctx,
                   struct mm_error *err);

/* The song of these names and this length; *id NULL = it has none. Heap. */
int mm_remote_find(struct mm_remote *server, const struct mm_track *wanted, char **id,
                   struct mm_error *err);

/* Fetches a song into path, which is made; at most 1 GiB. MM_ERR_NOT_FOUND: it is not there any
 * more. On an error path is gone. */
int mm_remote_fetch(struct mm_remote *server, const char *id, const char *path,
                    const struct mm_progress *progress, struct mm_error *err);

/* A playlist of the user's, by its name. */
struct mm_remote_list {
    char *id;   /* NULL = there is none */
    char **ids; /* [n] of its songs, in order */
    size_t n;
};
void mm_remote_list_finish(struct mm_remote_list *list);
int mm_remote_list(struct mm_remote *server, const char *name, struct mm_remote_list *out,
                   struct mm_error *err);
/* Makes it, or makes what it holds, these songs; or puts them behind what it holds. MM_ERR_AGAIN:
 * part of it may have been done: look, and do the same again. */
int mm_remote_list_write(struct mm_remote *server, const char *name,
                         const struct mm_remote_list *list, const char *const *ids, size_t n,
                         bool append, struct mm_error *err);

/* The reader, for the fuzzer too: any song object of a reply. False: it is none. */
struct json_t;
int mm_remote_read_song(const struct json_t *json, struct mm_remote_song *out, bool *good);

#endif
