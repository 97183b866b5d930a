/* SPDX-License-Identifier: BSD-2-Clause */
/* service.h - what one service is to the others: the table's row, and the calls they share. */
#ifndef SOURCE_SERVICE_H
#define SOURCE_SERVICE_H

#include "http/retry.h"
#include "http/session.h"
#include "musicmap/service.h"
#include "source/json.h"

#define MM_SERVICE_MAX_REPLY ((size_t)16 << 20)
#define MM_SERVICE_MAX_SOUND ((size_t)32 << 20)

struct mm_service {
    const char *name, *title;
    const char *url;          /* of the API, without a slash at the end */
    const char *url_variable; /* environment: another one */
    double gap_s;             /* between calls of the API */
    const struct mm_http_host *sound_hosts;
    size_t n_sound_hosts;
    bool may_be_silent;
    /* After mm_service_open() has filled in the rest; NULL = nothing to do. */
    int (*open)(struct mm_service_session *session, struct mm_error *err);
    void (*close)(struct mm_service_session *session);
    /* What a reply means; json NULL = it is none. NULL = TAKE what has status 2xx, 4xx. */
    enum mm_http_verdict (*judge)(const struct mm_http_response *response, const json_t *json,
                                  double *wait_s);
    int (*page)(struct mm_service_session *session, const struct mm_step *step, const char *cursor,
                size_t want, struct mm_tracks *out, char **next, struct mm_error *err);
    /* A fresh address for a sound whose old one was refused; NULL = they do not die. */
    int (*renew)(struct mm_service_session *session, const struct mm_track *track, char **url,
                 struct mm_error *err);
    /* NULL = it takes no playlists. */
    int (*send)(struct mm_service_session *session, const struct mm_push *push,
                struct mm_pushed *out, struct mm_error *err);
    int (*resolve)(struct mm_service_session *session, const struct mm_track *wanted,
                   struct mm_track *out, bool *found, struct mm_error *err);
};
extern const struct mm_service mm_service_deezer, mm_service_itunes, mm_service_jamendo,
    mm_service_spotify;
/* Not in the table: it has no catalogue to be asked, but a collection (remote.h). */
extern const struct mm_service mm_service_subsonic;

struct mm_service_session {
    const struct mm_service *service;
    struct mm_service_settings settings;
    struct mm_http_session *http;
    char *base; /* of the API */
    char *client_id, *client_secret;
    struct mm_spotify *spotify; /* its tokens */
};

/* One call of an API. */
struct mm_service_call {
    const char *url;
    const char *authorization; /* NULL = none */
    const json_t *body;        /* NULL = GET, else POST */
    bool put;                  /* PUT */
    bool once;                 /* see mm_http_request */
};
/* Does it and reads the reply as JSON; *status gets its HTTP status. json is NULL when a refusal
 * (4xx) had no JSON, nor plain words: those are {"error": words}. */
int mm_service_do(struct mm_service_session *session, const struct mm_service_call *call,
                  json_t **json, int *status, struct mm_error *err);
/* The same for a GET. */
int mm_service_json(struct mm_service_session *session, const char *url, const char *authorization,
                    json_t **json, int *status, struct mm_error *err);

/* MM_ERR_NOT_FOUND or MM_ERR_IO: "Deezer refuses (403): words". words may be NULL. */
int mm_service_refused(const struct mm_service_session *session, int status, const char *words,
                       struct mm_error *err);

/* True when next lies below the API's base: else it is not followed. */
bool mm_service_owns(const struct mm_service_session *session, const char *url);

/* Accepts candidate as wanted when names and length agree; needs both. */
bool mm_track_is_same(const struct mm_track *wanted, const struct mm_track *candidate);

/* Sets *member to clean text, or leaves NULL. 0 or MM_ERR_NO_MEMORY. */
int mm_track_text(char **member, const char *text);
/* Only https (or the tests' http to this machine) addresses are kept. */
int mm_track_url(char **member, const char *url);
/* The year in front of "2019-03-01". */
int mm_track_year(const char *date);
/* "$XDG_CONFIG_HOME/musicmap/NAME"; heap, NULL when memory is out or there is no home. */
char *mm_config_path(const char *name);

/* The readers, for the fuzzer too: tracks of a reply, whatever it is. 0 or MM_ERR_NO_MEMORY. */
int mm_deezer_tracks(const json_t *json, struct mm_tracks *out);
int mm_itunes_tracks(const json_t *json, const char *market, struct mm_tracks *out);
int mm_jamendo_tracks(const json_t *json, struct mm_tracks *out);
int mm_spotify_tracks(const json_t *paging, struct mm_tracks *out);

#endif
