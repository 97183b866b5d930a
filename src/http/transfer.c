/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer.c - libcurl's easy handle as we use it. It follows no redirection by itself: where to go
 * is decided in session.c. Headers are read by hand, since libcurl's own reading of Retry-After is
 * cut off at six hours.
 */
#include "http/transfer.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "http/retry.h"

struct mm_transfer {
    CURL *easy;
    struct curl_slist *headers;
    char *form; /* body of a POST or PUT, whatever its kind */
    bool put, once;
    struct mm_text body;
    size_t limit;
    bool too_large;
    bool has_length, chunked;
    bool plain, packed; /* it may not be packed; it is */
    char type[64];
    char retry_after[64];
    char *location;
    double began, heard; /* on the computer's clock, which only goes forward */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void mm_transfer_start_library(void)
{
    pthread_once(&once, start_curl);
}

static double steady_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct mm_transfer *t = ctx;
    (void)size; /* always 1 */
    t->heard = steady_now();
    if (count > t->limit - t->body.length) {
        t->too_large = true;
        return 0;
    }
    mm_text_add_bytes(&t->body, bytes, count);
    return t->body.failed ? 0 : count;
}

/* The value of header `name` in a line of n bytes, trimmed, or NULL. */
static const char *value_of(const char *line, size_t n, const char *name, size_t *length)
{
    size_t k = strlen(name);
    if (n <= k || line[k] != ':' || strncasecmp(line, name, k) != 0)
        return NULL;
    const char *at = line + k + 1;
    const char *end = line + n;
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    *length = (size_t)(end - at);
    return at;
}

static void keep(char *out, size_t size, const char *value, size_t n)
{
    if (n >= size)
        n = size - 1;
    memcpy(out, value, n);
    out[n] = '\0';
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct mm_transfer *t = ctx;
    (void)size;
    size_t length;
    const char *value;
    t->heard = steady_now();
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) { /* after a "100 Continue" all begins anew */
        t->has_length = t->chunked = t->packed = false;
        t->type[0] = t->retry_after[0] = '\0';
    } else if ((value = value_of(line, n, "content-type", &length))) {
        const char *end = memchr(value, ';', length);
        keep(t->type, sizeof t->type, value, end ? (size_t)(end - value) : length);
        for (char *p = t->type; *p; p++)
            *p = (char)tolower((unsigned char)*p);
    } else if ((value = value_of(line, n, "retry-after", &length))) {
        keep(t->retry_after, sizeof t->retry_after, value, length);
    } else if ((value = value_of(line, n, "location", &length))) {
        free(t->location);
        t->location = length < 8192 ? mm_strndup(value, length) : NULL;
    } else if ((value = value_of(line, n, "content-encoding", &length))) {
        t->packed = length != 8 || strncasecmp(value, "identity", 8) != 0;
    } else if (value_of(line, n, "content-length", &length)) {
        t->has_length = true;
    } else if (value_of(line, n, "transfer-encoding", &length)) {
        t->chunked = true;
    }
    return n;
}

/* ---- life ---- */

static bool set_up(struct mm_transfer *t, const char *url, const struct mm_transfer_limits *limits)
{
    CURL *c = t->easy;
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L) == CURLE_OK &&
           (t->plain || curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK) &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(limits->connect_s * 1000)) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "musicmap/" MM_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           /* libcurl itself repeats what it sent on an old connection that had just died. */
           (!t->once || curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK) &&
           (!t->put || curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "PUT") == CURLE_OK) &&
           (!t->form || (curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
                         curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->form) == CURLE_OK));
}

static bool add_header(struct mm_transfer *t, const char *line)
{
    struct curl_slist *list = curl_slist_append(t->headers, line);
    if (list)
        t->headers = list;
    return list != NULL;
}

/* A header by hand rather than an option: no line break may get into it. */
static bool add_authorization(struct mm_transfer *t, const char *value)
{
    if (strpbrk(value, "\r\n"))
        return false;
    char *line = mm_format("Authorization: %s", value);
    bool added = line && add_header(t, line);
    free(line);
    return added;
}

int mm_transfer_create(const struct mm_http_request *request, const char *url,
                       const char *authorization, const struct mm_transfer_limits *limits,
                       struct mm_transfer **out, struct mm_error *err)
{
    struct mm_transfer *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return mm_no_memory(err);
    t->limit = request->limit;
    t->plain = request->plain;
    t->began = t->heard = steady_now();
    t->easy = curl_easy_init();
    const char *body = request->json ? request->json : request->form;
    t->put = request->put;
    t->once = request->once;
    t->form = mm_strdup(body);
    if (!t->easy || (body && !t->form) ||
        (request->json && !add_header(t, "Content-Type: application/json")) ||
        (authorization && !add_authorization(t, authorization)) || !set_up(t, url, limits)) {
        mm_transfer_destroy(t);
        return mm_no_memory(err);
    }
    *out = t;
    return 0;
}

void mm_transfer_destroy(struct mm_transfer *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    mm_text_finish(&t->body);
    free(t->location);
    free(t->form);
    free(t);
}

CURL *mm_transfer_easy(const struct mm_transfer *t)
{
    return t->easy;
}

bool mm_transfer_is_late(const struct mm_transfer *t, const struct mm_transfer_limits *limits)
{
    double now = steady_now();
    return now - t->heard > limits->stall_s || now - t->began > limits->total_s;
}

const char *mm_transfer_location(const struct mm_transfer *t)
{
    return t->location;
}

bool mm_transfer_is_unmarked(const struct mm_transfer *t)
{
    long version = 0;
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
    return !t->has_length && !t->chunked && version < CURL_HTTP_VERSION_2_0;
}

/* ---- results ---- */

static int fault_of(const struct mm_transfer *t, CURLcode code, const char *host,
                    struct mm_error *err)
{
    if (t->too_large)
        return mm_error_set(err, MM_ERR_LIMIT, "%s: a reply of more than %zu bytes", host,
                            t->limit);
    if (t->body.failed || code == CURLE_OUT_OF_MEMORY)
        return mm_no_memory(err);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return mm_error_set(err, MM_ERR_IO, "%s cannot prove who it is: %s", host,
                            curl_easy_strerror(code));
    return mm_error_set(err, MM_ERR_AGAIN, "%s: %s", host, curl_easy_strerror(code));
}

int mm_transfer_result(struct mm_transfer *t, CURLcode code, const char *host, double now,
                       struct mm_http_response *response, struct mm_error *err)
{
    *response = (struct mm_http_response){0};
    if (code != CURLE_OK)
        return fault_of(t, code, host, err);
    if (t->plain && t->packed)
        return mm_error_set(err, MM_ERR_AGAIN, "%s packs what was to come as it is", host);
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    response->size = t->body.length;
    response->body = mm_text_steal(&t->body);
    memcpy(response->type, t->type, sizeof response->type);
    response->retry_after_s = mm_retry_after(t->retry_after[0] ? t->retry_after : NULL, now);
    return response->body ? 0 : mm_no_memory(err);
}
