/* SPDX-License-Identifier: BSD-2-Clause */
/* transfer.h - one request on the wire: its libcurl handle, what arrived, and its limits. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/session.h"

struct mm_transfer_limits {
    double connect_s, stall_s, total_s;
};

void mm_transfer_start_library(void); /* once; from any thread */

struct mm_transfer;
/* For request, at url, which is where it was redirected to; all is copied. */
int mm_transfer_create(const struct mm_http_request *request, const char *url,
                       const char *authorization, const struct mm_transfer_limits *limits,
                       struct mm_transfer **out, struct mm_error *err);
void mm_transfer_destroy(struct mm_transfer *transfer);
CURL *mm_transfer_easy(const struct mm_transfer *transfer);

/* Silent for too long, or running for too long. */
bool mm_transfer_is_late(const struct mm_transfer *transfer,
                         const struct mm_transfer_limits *limits);

/*
 * What came of it, code being libcurl's. 0: *response is filled and owns the body. MM_ERR_AGAIN: a
 * passing fault. MM_ERR_LIMIT: too large. MM_ERR_IO: the certificate is wrong. host is for
 * messages; now for Retry-After.
 */
int mm_transfer_result(struct mm_transfer *transfer, CURLcode code, const char *host, double now,
                       struct mm_http_response *response, struct mm_error *err);

/* The Location header; NULL = there was none. */
const char *mm_transfer_location(const struct mm_transfer *transfer);

/* Neither length nor chunks nor HTTP/2 tell that all has arrived. */
bool mm_transfer_is_unmarked(const struct mm_transfer *transfer);

#endif
