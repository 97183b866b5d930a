/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/send.h"

#include <stdio.h>
#include <string.h>

#include "view/http.h"

void mm_send_header(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value); /* fails for want of memory only */
}

/* Of a form, browsers say where it comes from only where they may tell that at all. */
void mm_send_security(struct MHD_Response *response, bool form)
{
#define POLICY                                                                 \
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " \
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    mm_send_header(response, "Content-Security-Policy",
                   form ? POLICY "form-action 'self'" : POLICY "form-action 'none'");
    mm_send_header(response, "X-Content-Type-Options", "nosniff");
    mm_send_header(response, "Referrer-Policy", form ? "same-origin" : "no-referrer");
    mm_send_header(response, "X-Frame-Options", "DENY");
    mm_send_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

const char *mm_send_caching(enum mm_caching caching)
{
    switch (caching) {
    case MM_CACHE_NO_STORE:
        return "no-store";
    case MM_CACHE_CHECK:
        return "no-cache";
    case MM_CACHE_WEEK:
        return "private, max-age=604800, immutable";
    case MM_CACHE_IMMUTABLE:
        return "public, max-age=31536000, immutable";
    case MM_CACHE_OWN_IMMUTABLE:
        return "private, max-age=31536000, immutable";
    }
    return "no-store";
}

static void release_blob(void *blob)
{
    mm_blob_release(blob);
}

/* A response with count bytes of the reply's body from first on, or of its compressed form. */
static struct MHD_Response *make_body(struct mm_reply *reply, bool gzip, uint64_t first,
                                      uint64_t count)
{
    struct MHD_Response *response;
    if (reply->fd >= 0) {
        response = MHD_create_response_from_fd_at_offset64(count, reply->fd,
                                                           (uint64_t)reply->offset + first);
        if (response)
            reply->fd = -1; /* the response closes it */
        return response;
    }
    const unsigned char *bytes = gzip ? reply->gzip : reply->bytes + first;
    if (!reply->blob)
        return MHD_create_response_from_buffer((size_t)count, (void *)(uintptr_t)bytes,
                                               MHD_RESPMEM_PERSISTENT);
    response = MHD_create_response_from_buffer_with_free_callback_cls(
        (size_t)count, (void *)(uintptr_t)bytes, release_blob, reply->blob);
    if (response)
        reply->blob = NULL;
    return response;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The part that is asked for, unless the reply cannot be cut or changed since the client's part. */
static struct mm_range choose_range(struct MHD_Connection *connection, const struct mm_reply *reply,
                                    const char *etag)
{
    const char *condition = header(connection, MHD_HTTP_HEADER_IF_RANGE);
    if (!reply->ranges || reply->status != 200 || (condition && strcmp(condition, etag) != 0))
        return (struct mm_range){.kind = MM_RANGE_ALL, .count = reply->size};
    return mm_http_range(header(connection, MHD_HTTP_HEADER_RANGE), reply->size);
}

/* Says about a range what is to be said; returns the status. */
static unsigned describe_range(struct MHD_Response *response, const struct mm_reply *reply,
                               const struct mm_range *range)
{
    char text[96];
    if (reply->ranges)
        mm_send_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (range->kind != MM_RANGE_PART)
        return reply->status;
    snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)range->first,
             (unsigned long long)(range->first + range->count - 1),
             (unsigned long long)reply->size);
    mm_send_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    return MHD_HTTP_PARTIAL_CONTENT;
}

static void describe_status(struct MHD_Response *response, unsigned status, bool post)
{
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        mm_send_header(response, MHD_HTTP_HEADER_ALLOW, post ? "POST" : "GET, HEAD");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE || status == MHD_HTTP_TOO_MANY_REQUESTS)
        mm_send_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

/* The tag of what is sent: the compressed form is another representation. "" = none. */
static void choose_etag(const struct mm_reply *reply, bool gzip, char etag[MM_ETAG_SIZE + 4])
{
    size_t length = strlen(reply->etag);
    if (length < 2)
        etag[0] = '\0';
    else
        snprintf(etag, MM_ETAG_SIZE + 4, "%.*s%s\"", (int)(length - 1), reply->etag,
                 gzip ? "-gz" : "");
}

/* 416 in place of the reply. */
static enum MHD_Result send_unsatisfiable(struct MHD_Connection *connection, struct mm_reply *reply)
{
    char text[48];
    snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)reply->size);
    mm_reply_error(reply, MHD_HTTP_RANGE_NOT_SATISFIABLE, "the range lies behind the end");
    struct MHD_Response *response = make_body(reply, false, 0, reply->size);
    if (!response)
        return MHD_NO;
    mm_send_security(response, reply->form);
    mm_send_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, mm_send_caching(reply->caching));
    mm_send_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->mime);
    mm_send_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    enum MHD_Result result =
        MHD_queue_response(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
    MHD_destroy_response(response);
    return result;
}

/* Sends what the reply says, as far as the request's conditions want it. */
enum MHD_Result mm_send(struct MHD_Connection *connection, struct mm_reply *reply)
{
    bool gzip =
        reply->gzip && mm_http_accepts_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING));
    bool vary = reply->gzip != NULL;
    char etag[MM_ETAG_SIZE + 4];
    choose_etag(reply, gzip, etag);
    bool same = etag[0] && reply->status == MHD_HTTP_OK &&
                mm_http_etag_listed(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), etag);
    struct mm_range range = choose_range(connection, reply, etag);
    if (range.kind == MM_RANGE_UNSATISFIABLE && !same)
        return send_unsatisfiable(connection, reply);

    struct MHD_Response *response =
        same ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
             : make_body(reply, gzip, range.first, gzip ? reply->gzip_size : range.count);
    if (!response)
        return MHD_NO;
    mm_send_security(response, reply->form);
    mm_send_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, mm_send_caching(reply->caching));
    if (etag[0])
        mm_send_header(response, MHD_HTTP_HEADER_ETAG, etag);
    if (reply->location)
        mm_send_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
    if (reply->cookie[0])
        mm_send_header(response, MHD_HTTP_HEADER_SET_COOKIE, reply->cookie);
    if (vary)
        mm_send_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    unsigned status = MHD_HTTP_NOT_MODIFIED;
    if (!same) {
        mm_send_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->mime);
        if (gzip)
            mm_send_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
        status = describe_range(response, reply, &range);
        describe_status(response, status, reply->post);
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result mm_send_error(struct MHD_Connection *connection, unsigned status,
                              const char *message)
{
    struct mm_reply reply = {.fd = -1};
    mm_reply_error(&reply, status, message);
    enum MHD_Result result = mm_send(connection, &reply);
    mm_reply_finish(&reply);
    return result;
}
