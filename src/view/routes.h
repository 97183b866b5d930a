/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes.h - what each path of the server answers. Knows the protocol (doc/protocol.md), not the
 * HTTP library: server.c turns a reply into bytes, ranges and conditions included.
 *
 * Threads: any.
 */
#ifndef VIEW_ROUTES_H
#define VIEW_ROUTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "view/blob.h"
#include "view/jobs.h"
#include "view/site.h"

enum mm_caching {
    MM_CACHE_NO_STORE,
    MM_CACHE_CHECK,        /* keep, but ask each time */
    MM_CACHE_WEEK,         /* one browser, a week */
    MM_CACHE_IMMUTABLE,    /* anybody, for good */
    MM_CACHE_OWN_IMMUTABLE /* one browser, for good */
};

struct mm_request {
    const char *path; /* as it was sent: nothing is unescaped */
    /* The value of a query parameter, NULL = not there. */
    const char *(*query)(void *ctx, const char *name);
    void *query_ctx;
    bool post;        /* POST from our own page; else GET or HEAD */
    bool loopback;    /* from this very computer */
    const char *body; /* [body_size] of a POST, with a NUL behind it */
    size_t body_size;
    struct mm_job *job; /* the one this request waited for, NULL the first time */
};

struct mm_reply {
    unsigned status;
    const char *mime;
    enum mm_caching caching;
    char etag[MM_ETAG_SIZE]; /* "" = none */
    bool ranges;             /* parts may be asked for */
    bool post;               /* 405: POST is what is allowed */
    /* The body: of a blob (held), of the program itself, or size bytes of fd from offset. */
    struct mm_blob *blob;
    const unsigned char *bytes;
    const unsigned char *gzip; /* the same compressed, or NULL */
    size_t gzip_size;
    int fd; /* -1 = none */
    off_t offset;
    uint64_t size;
    const char *location; /* of a redirection; NULL = none */
    char cookie[192];     /* to be set; "" = none */
    bool form;            /* a page that sends a form to us */
    bool events;          /* no body, but the stream of live.h */
    char mime_text[32];   /* where mime points when it is not static */
};
void mm_reply_finish(struct mm_reply *reply);

/* Makes reply an error: {"error": message}. */
void mm_reply_error(struct mm_reply *reply, unsigned status, const char *message);

/* Whether a path is one that is asked with POST. */
bool mm_route_is_post(const char *path);

/*
 * True: *reply is filled (finish it). False: wait for a job of *kind for *song, put it into
 * request->job and ask again.
 */
bool mm_route(struct mm_site *site, const struct mm_request *request, struct mm_reply *reply,
              enum mm_job_kind *kind, int64_t *song);

#endif
