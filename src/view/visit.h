/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * visit.h - what the files of routes share: one request on its way through a route. A route is one
 * function and one line in the table of routes.c.
 */
#ifndef VIEW_VISIT_H
#define VIEW_VISIT_H

#include "view/routes.h"

struct mm_visit {
    struct mm_site *site;
    const struct mm_request *request;
    const char *rest; /* of the path, behind the route's own part */
    struct mm_reply *reply;
    enum mm_job_kind wait_kind;
    int64_t wait_song;
};

/* True = answered, false = wait. */
typedef bool mm_route_fn(struct mm_visit *visit);
mm_route_fn mm_route_similar, mm_route_words, mm_route_details, mm_route_original, mm_route_open,
    mm_route_play, mm_route_set, mm_route_events;

/* The reply is made; they return what the route returns. */
bool mm_visit_blob(struct mm_visit *visit, struct mm_blob *blob, enum mm_caching caching);
bool mm_visit_fail(struct mm_visit *visit, unsigned status, const char *message);
/* An error of a call. about_file: of reading a song's file, not of our own data. */
bool mm_visit_fail_with(struct mm_visit *visit, int code, const struct mm_error *err,
                        bool about_file);
/* What the job gave that was waited for. */
bool mm_visit_job(struct mm_visit *visit, enum mm_caching caching, bool about_file);
/* A job is to be waited for; then the route is called again. */
bool mm_visit_wait(struct mm_visit *visit, enum mm_job_kind kind, int64_t song);

const char *mm_visit_query(const struct mm_visit *visit, const char *name);
/* The song that the rest of the path names; false: it names none. */
bool mm_visit_song(struct mm_visit *visit, int64_t *song);
/* The loaded map if it is the one the request names; else the reply is made, and NULL. */
struct mm_snapshot *mm_visit_map(struct mm_visit *visit);

#endif
