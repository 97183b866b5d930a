/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http.h - the parts of HTTP that decide on strangers' text: ranges, conditions, hosts, numbers.
 *
 * Pure functions of their arguments; any text is allowed, also NULL where a header is missing.
 */
#ifndef VIEW_HTTP_H
#define VIEW_HTTP_H

#include <stdbool.h>
#include <stdint.h>

enum mm_range_kind {
    MM_RANGE_ALL,          /* no range, or one to be ignored (malformed, other unit, several) */
    MM_RANGE_PART,         /* first and count say what to send */
    MM_RANGE_UNSATISFIABLE /* 416 */
};
struct mm_range {
    enum mm_range_kind kind;
    uint64_t first;
    uint64_t count;
};
/* A Range header against a body of size bytes (RFC 9110, 14.1.2). */
struct mm_range mm_http_range(const char *header, uint64_t size);

/* Whether an If-None-Match header names etag (with its quotes); weak comparison, * matches. */
bool mm_http_etag_listed(const char *header, const char *etag);

/* Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3). */
bool mm_http_accepts_gzip(const char *header);

/*
 * Whether a Host header may come from a page of ours: it names loopback or the address the server
 * is bound to; any port. A server bound to all addresses (0.0.0.0, ::) takes every literal
 * address, since only a name can be re-pointed by a stranger.
 */
bool mm_http_host_allowed(const char *header, const char *bound);

/* Whether an Origin header names the very server that the Host header names: a request of our own
 * page, not one that a stranger's page made the browser send. Missing is not. */
bool mm_http_same_origin(const char *origin, const char *host);

/* "0" or digits without a leading zero, at most max; nothing else around it. */
bool mm_http_number(const char *text, uint64_t max, uint64_t *out);

#endif
