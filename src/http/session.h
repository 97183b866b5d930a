/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h - many requests to a few hosts, politely.
 *
 * A session speaks to the hosts it was given and to nobody else, over https (plain http only to
 * this machine, for tests). Connections are kept and shared (HTTP/2 where the server has it). Each
 * host has a gap between the starts of requests and a number of them that may run at once.
 * Redirections are followed within the same hosts; Authorization goes to the host of the request
 * only. There is one policy for trying again (retry.h): passing faults, cut and unreadable replies,
 * and what the judge of a request says. A server that wants to be left alone for longer than
 * max_wait_s ends the run.
 *
 * Messages and log lines name host and path, never a query, a header or a body: secrets live there.
 *
 * Threads: a session belongs to one thread.
 */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/clock.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

struct mm_http_host {
    const char *pattern; /* see mm_address_matches() */
    double gap_s;
    unsigned parallel; /* 0 = 1 */
};

struct mm_http_settings {
    const struct mm_http_host *hosts; /* copied */
    size_t n_hosts;
    const struct mm_http_clock *clock;  /* NULL = mm_http_clock_default() */
    double connect_s, stall_s, total_s; /* 0 = 15, 30, 300; of the computer's clock */
    double max_wait_s;                  /* 0 = 120 */
    int tries;                          /* 0 = 5 */
    bool offline;                       /* every request fails */
    uint64_t seed;                      /* of the jitter */
    const struct mm_progress *progress; /* only its cancel is read */
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
};

struct mm_http_session;
int mm_http_session_create(const struct mm_http_settings *settings, struct mm_http_session **out,
                           struct mm_error *err);
void mm_http_session_destroy(struct mm_http_session *session);

struct mm_http_response {
    int status;
    char *body; /* NUL behind size bytes; never NULL */
    size_t size;
    char type[64];        /* Content-Type in lower case, without parameters; "" = not said */
    double retry_after_s; /* MM_RETRY_UNKNOWN = not said */
};
void mm_http_response_finish(struct mm_http_response *response);

enum mm_http_verdict {
    MM_HTTP_TAKE,  /* it is what was wanted, or a final answer: hand it over */
    MM_HTTP_AGAIN, /* broken: ask again */
    MM_HTTP_BUSY   /* we are asked to wait: *wait_s, or Retry-After where that is said */
};

struct mm_http_request {
    const char *url;
    const char *form; /* body of a POST, application/x-www-form-urlencoded; NULL = GET */
    const char *json; /* the same as application/json */
    bool put;         /* PUT rather than POST */
    /* It must not be done twice: tried again only after a reply that says that it was not done
     * (429, or what judge says). All else that goes wrong is MM_ERR_AGAIN, and it may have been
     * done. */
    bool once;
    const char *authorization; /* the header's value; NULL = none */
    size_t limit;              /* bytes of the reply, unpacked */
    bool plain; /* the reply may not be packed (gzip): libcurl believes packed ones that
                   were cut, and sound has no syntax to tell by */
    /*
     * Looks at a reply that arrived whole and is no 5xx. NULL: all are taken. *wait_s may be set
     * with BUSY; of a 429, which is BUSY whatever it says, that is all it is asked for. tries
     * counts this one.
     */
    enum mm_http_verdict (*judge)(void *ctx, const struct mm_http_response *response, int tries,
                                  double *wait_s);
    void *ctx;
};

/*
 * One request. 0: *out is the reply that was taken, whatever its status. MM_ERR_AGAIN: it failed
 * all tries. MM_ERR_LIMIT: the reply is too large, or the server asks for a long wait (see
 * mm_http_session_resume_at). MM_ERR_USAGE: an address that is not allowed, or offline.
 * MM_ERR_CANCELLED.
 */
int mm_http_do(struct mm_http_session *session, const struct mm_http_request *request,
               struct mm_http_response *out, struct mm_error *err);

/*
 * Many, as many at once as their hosts allow. done() is called once for each, in any order, with
 * what mm_http_do() would have returned; it may take response->body (and set it to NULL). Returns
 * non-zero only for what ends the run: MM_ERR_CANCELLED, a long wait, no memory, or what done()
 * returned.
 */
typedef int mm_http_done_fn(void *ctx, size_t i, int result, struct mm_http_response *response,
                            const struct mm_error *fault, struct mm_error *err);
int mm_http_do_all(struct mm_http_session *session, const struct mm_http_request *requests,
                   size_t n, mm_http_done_fn *done, void *ctx, struct mm_error *err);

/* When a server that asked for a long wait may be asked again, seconds since 1970; 0 = none did. */
double mm_http_session_resume_at(const struct mm_http_session *session);

double mm_http_session_now(const struct mm_http_session *session);

#endif
