/* SPDX-License-Identifier: BSD-2-Clause */
/* spotify.h - Spotify's tokens: what spotify.c asks of spotify_auth.c and spotify_login.c. */
#ifndef SOURCE_SPOTIFY_H
#define SOURCE_SPOTIFY_H

#include "source/service.h"

#define MM_SPOTIFY_SCOPES "user-library-read playlist-read-private playlist-read-collaborative"
#define MM_SPOTIFY_WRITE  "playlist-modify-private"

struct mm_spotify {
    char *accounts;      /* base of the accounts service */
    char *authorization; /* "Bearer ..."; NULL = none yet */
    double dies;         /* when it stops working, seconds since 1970 */
    char *refresh;       /* the user's refresh token; NULL = none */
    char *token_file;
    bool narrow; /* the token may not change playlists, and is to */
};

int mm_spotify_open(struct mm_service_session *s, struct mm_error *err);
void mm_spotify_close(struct mm_service_session *s);

/* A token that works: the one at hand, a renewed one, or (as_user) one the user consents to now.
 * With force the one at hand was refused. */
int mm_spotify_authorize(struct mm_service_session *s, bool force, struct mm_error *err);

/* One call with a token; a token that is refused is renewed once. call->authorization is filled in.
 */
int mm_spotify_ask(struct mm_service_session *s, struct mm_service_call *call, json_t **json,
                   int *status, struct mm_error *err);
/* What an error's body says; NULL = nothing. */
const char *mm_spotify_words(const json_t *json);
/* The paging object of a reply, wherever it stands. */
const json_t *mm_spotify_paging(const json_t *json);

/* spotify_playlist.c */
int mm_spotify_send(struct mm_service_session *s, const struct mm_push *push, struct mm_pushed *out,
                    struct mm_error *err);

/* Asks the user for consent in a browser; fills access and refresh token. */
int mm_spotify_login(struct mm_service_session *s, struct mm_error *err);

/* POSTs a form to the token endpoint and takes what comes. *dead = the grant is no good (any more).
 */
int mm_spotify_take_token(struct mm_service_session *s, const char *form, const char *authorization,
                          bool *dead, struct mm_error *err);

#endif
