/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * service.h - songs from services on the net: Deezer, iTunes, Spotify, Jamendo.
 *
 * A service answers steps (a chart, a search, a playlist, ...) with pages of tracks, and has short
 * previews (Jamendo: whole songs) to fetch. What is stored of them, and where, is work/'s business.
 * Calls are paced as each service asks for; see doc/sources.md for what their terms allow.
 *
 * Addresses can be changed for tests by environment: $MUSICMAP_URL_DEEZER, _ITUNES, _JAMENDO,
 * _SPOTIFY, _SPOTIFY_ACCOUNTS; timeouts by $MUSICMAP_HTTP_TIMEOUTS ("connect,stall,total" in s).
 * Credentials come from the environment or from $XDG_CONFIG_HOME/musicmap/credentials: lines
 * "name = value" of SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, JAMENDO_CLIENT_ID.
 *
 * Threads: a session belongs to one thread.
 */
#ifndef MUSICMAP_SERVICE_H
#define MUSICMAP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "progress.h"
#include "song.h"

/* A song as a service describes it; heap strings, NULL = not known. */
struct mm_track {
    char *id;
    char *link;        /* its page: attribution, and the way back */
    char *licence;     /* address of a Creative Commons licence */
    char *preview;     /* address of sound; NULL = none. It may be signed and die: fetch it soon */
    double duration_s; /* of the recording, 0 = not known */
    struct mm_tags tags;
};
void mm_track_finish(struct mm_track *track);

struct mm_tracks {
    struct mm_track *list;
    size_t n, capacity;
};
void mm_tracks_finish(struct mm_tracks *tracks);
/* Appends an empty track; NULL when memory is out. */
struct mm_track *mm_tracks_add(struct mm_tracks *tracks);

/* A secret of that name from the environment, else from the file of credentials; heap. NULL: err
 * tells that it is not set, or that others can read the file. */
char *mm_credential(const char *name, struct mm_error *err);

/* ---- ways to ask ---- */

enum mm_step_kind {
    MM_STEP_CHART,     /* value: the service's number of a genre */
    MM_STEP_RADIOS,    /* the same: the genre's radios */
    MM_STEP_PLAYLISTS, /* playlists of that name, one after the other */
    MM_STEP_GENRE,     /* the service's own search by genre */
    MM_STEP_TAG,       /* songs with this tag */
    MM_STEP_FUZZY,     /* songs with something like this tag */
    MM_STEP_SEARCH,    /* plain words */
    MM_STEP_PLAYLIST,  /* value: id or address of one playlist */
    MM_STEP_LIKED      /* the user's saved songs */
};
struct mm_step {
    enum mm_step_kind kind;
    const char *value; /* valid as long as the session and what it was made from */
};
#define MM_MAX_STEPS 6

struct mm_service;

/* The original's 126 genres, in alphabetical order. */
const char *const *mm_genres(size_t *count);
bool mm_genre_exists(const char *name);
/* How a service is asked for a genre, best way first, each next one a fallback; how many. */
size_t mm_genre_steps(const struct mm_service *service, const char *genre,
                      struct mm_step out[MM_MAX_STEPS]);

/* ---- sessions ---- */

struct mm_service_settings {
    const char *address; /* of the API, where it is not the service's own; NULL = it is */
    const char *market;  /* two letters; NULL = the service's default */
    bool as_user;        /* the user's own account (Spotify: asks for consent in a browser) */
    bool may_write;      /* and change its playlists; with as_user */
    bool offline;
    uint64_t seed; /* of the jitter of waits */
    const struct mm_progress *progress;
    void (*log)(void *ctx, const char *line); /* one line a request, without secrets */
    /* Shows the person an address to open; NULL = no consent can be asked for. */
    void (*browse)(void *ctx, const char *url);
    void *ctx;
};

const struct mm_service *mm_services(size_t *count, size_t i); /* i-th; NULL behind the last */
const struct mm_service *mm_service_find(const char *name);
const char *mm_service_name(const struct mm_service *service);  /* "deezer" */
const char *mm_service_title(const struct mm_service *service); /* "Deezer" */
/* Most songs have no sound for most apps: they are kept all the same. */
bool mm_service_may_be_silent(const struct mm_service *service);
/* Seconds from one call to the next, for estimates. */
double mm_service_gap(const struct mm_service *service);

struct mm_service_session;
/* MM_ERR_USAGE: credentials are missing, and which. */
int mm_service_open(const struct mm_service *service, const struct mm_service_settings *settings,
                    struct mm_service_session **out, struct mm_error *err);
void mm_service_close(struct mm_service_session *session);

/*
 * One page of a step. cursor NULL = the first; *next, released with free(), is the next one's, NULL
 * behind the last. Tracks are appended to out; entries that are no songs are left out. A page may
 * be empty and not the last. MM_ERR_NOT_FOUND, MM_ERR_IO: refused, with the service's words.
 * MM_ERR_AGAIN: the service keeps failing. MM_ERR_LIMIT: it wants to be left alone for long.
 */
int mm_service_page(struct mm_service_session *session, const struct mm_step *step,
                    const char *cursor, size_t want, struct mm_tracks *out, char **next,
                    struct mm_error *err);

/*
 * Fetches the sound of several tracks at once, each at most 32 MiB. done() is called once for each,
 * in any order: result 0 and the bytes with the ending of their kind ("mp3", "m4a", ...), or why
 * not. Non-zero from done() ends the call.
 */
typedef int mm_sound_fn(void *ctx, size_t i, int result, const void *bytes, size_t size,
                        const char *ending, const struct mm_error *fault, struct mm_error *err);
int mm_service_sounds(struct mm_service_session *session, const struct mm_track *const *tracks,
                      size_t n, mm_sound_fn *done, void *ctx, struct mm_error *err);

/* The same recording at this service, with sound: by ISRC, else by names and length. *found false:
 * it has none. */
int mm_service_resolve(struct mm_service_session *session, const struct mm_track *wanted,
                       struct mm_track *out, bool *found, struct mm_error *err);

/* ---- sending ---- */

/* Songs for a playlist of the user's. The same name is the same playlist: sent again, it holds the
 * new songs and nothing else. */
struct mm_push {
    const char *name;
    const char *title;             /* shown */
    const struct mm_track *tracks; /* [n]; id NULL: looked for by ISRC, then by names and length */
    size_t n;
};
struct mm_pushed {
    char *link;    /* the playlist's page; NULL = there is none yet */
    size_t sent;   /* songs it holds now */
    size_t added;  /* of them by this call */
    size_t found;  /* that were looked for, and found */
    bool *missing; /* [n] not found at the service */
};
void mm_pushed_finish(struct mm_pushed *pushed);
/*
 * Makes the playlist what push says, in order. Safe to repeat, and when replies are lost: what
 * arrived is read back before anything is sent again. On an error *out tells what was done; the
 * same call goes on from there. Errors as of mm_service_page(). Finish *out whatever the result.
 */
int mm_service_send(struct mm_service_session *session, const struct mm_push *push,
                    struct mm_pushed *out, struct mm_error *err);

/* When the service may be asked again, seconds since 1970; 0 = it did not say. */
double mm_service_resume_at(const struct mm_service_session *session);

/* Forgets the user's consent (removes the token file). */
int mm_service_logout(const struct mm_service *service, struct mm_error *err);

#endif
