/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP through libmicrohttpd (included here only): connections, headers, conditions and ranges.
 * What a path means stands in routes.c.
 *
 * A request whose answer must be made first is suspended: it holds no thread, and the job that it
 * waits for resumes it. So a few threads serve any number of requests, however slow decoding is.
 */
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/view.h"
#include "view/http.h"
#include "view/listen.h"
#include "view/routes.h"
#include "view/site.h"

enum {
    THREADS = 4,
    MAX_CONNECTIONS = 512,
    IDLE_SECONDS = 30,
    CONNECTION_BYTES = 16 * 1024, /* request line and headers of both directions must fit */
    STOP_SECONDS = 5,             /* given to slow readers when the server stops */
    BODY_BYTES = 256 * 1024       /* of a POST, at most */
};
static const uint64_t DEFAULT_CLIP_CACHE = UINT64_C(2000000000);
static const int outside_signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
                                      SIGUSR2, SIGPIPE, SIGALRM, SIGCHLD, SIGWINCH};

struct mm_server {
    struct mm_site site;
    struct MHD_Daemon *daemon;
    int listen_fd;
    char url[MM_URL_SIZE];
    char *bound; /* address as given, for the Host check */
    pthread_mutex_t mutex;
    pthread_cond_t idle;
    size_t active; /* requests between their first line and their last byte */
};

/* One request. */
struct exchange {
    struct mm_job_waiter waiter; /* first: a waiter is its exchange */
    struct MHD_Connection *connection;
    struct mm_job *job;
    bool refused; /* it could not even wait: memory is out */
    bool post;
    char *body; /* [body_size + 1], NULL before its first byte */
    size_t body_size;
};

/* ---- replies ---- */

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value); /* fails for want of memory only */
}

static void add_security(struct MHD_Response *response)
{
    add(response, "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Referrer-Policy", "no-referrer");
    add(response, "X-Frame-Options", "DENY");
    add(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static const char *caching_text(enum mm_caching caching)
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
        add(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (range->kind != MM_RANGE_PART)
        return reply->status;
    snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)range->first,
             (unsigned long long)(range->first + range->count - 1),
             (unsigned long long)reply->size);
    add(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    return MHD_HTTP_PARTIAL_CONTENT;
}

static void describe_status(struct MHD_Response *response, unsigned status, bool post)
{
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        add(response, MHD_HTTP_HEADER_ALLOW, post ? "POST" : "GET, HEAD");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        add(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
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
    add_security(response);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching_text(reply->caching));
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->mime);
    add(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    enum MHD_Result result =
        MHD_queue_response(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
    MHD_destroy_response(response);
    return result;
}

/* Sends what the reply says, as far as the request's conditions want it. */
static enum MHD_Result send_reply(struct MHD_Connection *connection, struct mm_reply *reply)
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
    add_security(response);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching_text(reply->caching));
    if (etag[0])
        add(response, MHD_HTTP_HEADER_ETAG, etag);
    if (vary)
        add(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    unsigned status = MHD_HTTP_NOT_MODIFIED;
    if (!same) {
        add(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->mime);
        if (gzip)
            add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
        status = describe_range(response, reply, &range);
        describe_status(response, status, reply->post);
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- the stream of events ---- */

struct stream {
    struct MHD_Connection *connection;
    struct mm_listener *listener;
};

static void wake_stream(void *ctx)
{
    MHD_resume_connection(ctx);
}

/* Bytes to be sent; where there are none, the connection is put aside until there are. */
static ssize_t read_stream(void *ctx, uint64_t at, char *out, size_t max)
{
    (void)at;
    struct stream *stream = ctx;
    ssize_t count = mm_live_read(stream->listener, out, max);
    if (count < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (count == 0) { /* in this order: it may be woken at once */
        MHD_suspend_connection(stream->connection);
        mm_live_sleep(stream->listener);
    }
    return count;
}

static void end_stream(void *ctx)
{
    struct stream *stream = ctx;
    mm_live_leave(stream->listener);
    free(stream);
}

static enum MHD_Result send_error(struct MHD_Connection *connection, unsigned status,
                                  const char *message);

static enum MHD_Result send_stream(struct mm_server *server, struct MHD_Connection *connection)
{
    struct stream *stream = calloc(1, sizeof *stream);
    struct mm_listener *listener =
        stream ? mm_live_join(server->site.live, wake_stream, connection) : NULL;
    if (!listener) {
        free(stream);
        return send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages listen");
    }
    *stream = (struct stream){connection, listener};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, stream, end_stream);
    if (!response) {
        end_stream(stream);
        return MHD_NO;
    }
    add_security(response);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching_text(MM_CACHE_NO_STORE));
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_error(struct MHD_Connection *connection, unsigned status,
                                  const char *message)
{
    struct mm_reply reply = {.fd = -1};
    mm_reply_error(&reply, status, message);
    enum MHD_Result result = send_reply(connection, &reply);
    mm_reply_finish(&reply);
    return result;
}

/* ---- requests ---- */

static void wake(struct mm_job_waiter *waiter)
{
    MHD_resume_connection(((struct exchange *)waiter)->connection);
}

static const char *get_query(void *ctx, const char *name)
{
    return MHD_lookup_connection_value(ctx, MHD_GET_ARGUMENT_KIND, name);
}

static bool from_loopback(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && mm_listen_is_loopback(info->client_addr);
}

static enum MHD_Result answer(struct mm_server *server, struct exchange *exchange, const char *path)
{
    struct MHD_Connection *connection = exchange->connection;
    if (exchange->refused)
        return send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    struct mm_request request = {.path = path,
                                 .query = get_query,
                                 .query_ctx = connection,
                                 .post = exchange->post,
                                 .loopback = from_loopback(connection),
                                 .body = exchange->body ? exchange->body : "",
                                 .body_size = exchange->body_size,
                                 .job = exchange->job};
    struct mm_reply reply;
    enum mm_job_kind kind;
    int64_t song;
    if (mm_route(&server->site, &request, &reply, &kind, &song)) {
        enum MHD_Result result =
            reply.events ? send_stream(server, connection) : send_reply(connection, &reply);
        mm_reply_finish(&reply);
        return result;
    }
    mm_reply_finish(&reply);
    /* In this order: the job may be done, and resume the connection, before ask() returns. The
     * connection's next turn comes on this very thread, so not before we return. */
    MHD_suspend_connection(connection);
    exchange->job = mm_jobs_ask(server->site.jobs, kind, song, &exchange->waiter);
    if (!exchange->job) {
        exchange->refused = true;
        MHD_resume_connection(connection);
    }
    return MHD_YES;
}

static void count_active(struct mm_server *server, bool begins)
{
    pthread_mutex_lock(&server->mutex);
    server->active += begins ? 1 : (size_t)-1;
    if (server->active == 0)
        pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->mutex);
}

/* What is wrong with a POST before its body is read: it must come from our own page, which alone
 * can send this type (a stranger's page would have to ask first), and be small. 0 = nothing. */
static unsigned refuse_post(struct MHD_Connection *connection, const char **why)
{
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    if (!mm_http_same_origin(header(connection, MHD_HTTP_HEADER_ORIGIN), host)) {
        *why = "only this server's own page may ask for that";
        return MHD_HTTP_FORBIDDEN;
    }
    const char *type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!type || strcmp(type, "application/json") != 0) {
        *why = "the body must be application/json";
        return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    uint64_t length;
    if (header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
        !mm_http_number(header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH), BODY_BYTES, &length)) {
        *why = "the body must be at most 256 KB, its length told before";
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return 0;
}

/* What is wrong with a request before its path matters; 0 = nothing. */
static unsigned refuse(const struct mm_server *server, struct MHD_Connection *connection,
                       const char *path, const char *method, const char **why)
{
    if (!mm_http_host_allowed(header(connection, MHD_HTTP_HEADER_HOST), server->bound)) {
        *why = "this server does not answer to that name";
        return MHD_HTTP_MISDIRECTED_REQUEST;
    }
    if (strcmp(method, "POST") == 0 && mm_route_is_post(path))
        return refuse_post(connection, why);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        *why = "only GET and HEAD are answered";
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if ((length && strcmp(length, "0") != 0) ||
        header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        *why = "a request has no body here";
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return 0;
}

/* Takes a part of the body in. False: it is longer than it said, or memory is out. */
static bool take_body(struct exchange *exchange, const char *bytes, size_t count)
{
    if (!exchange->post || count > BODY_BYTES - exchange->body_size)
        return false;
    char *grown = realloc(exchange->body, exchange->body_size + count + 1);
    if (!grown)
        return false;
    exchange->body = grown;
    memcpy(grown + exchange->body_size, bytes, count);
    exchange->body_size += count;
    grown[exchange->body_size] = '\0';
    return true;
}

/* Called first with the headers read, then again to answer, and after every resume. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    (void)version;
    struct mm_server *server = ctx;
    struct exchange *exchange = *request;
    if (exchange && *upload_size) {
        if (!take_body(exchange, upload, *upload_size))
            return MHD_NO;
        *upload_size = 0;
        return MHD_YES;
    }
    if (exchange)
        return answer(server, exchange, path);
    const char *why;
    unsigned status = refuse(server, connection, path, method, &why);
    if (status)
        return send_error(connection, status, why);
    exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return MHD_NO;
    exchange->waiter.wake = wake;
    exchange->connection = connection;
    exchange->post = strcmp(method, "POST") == 0;
    *request = exchange;
    count_active(server, true);
    return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct mm_server *server = ctx;
    struct exchange *exchange = *request;
    if (!exchange)
        return;
    mm_job_release(server->site.jobs, exchange->job);
    free(exchange->body);
    free(exchange);
    *request = NULL;
    count_active(server, false);
}

/* Paths and parameters are compared as they are sent; see doc/protocol.md. */
static size_t keep_escapes(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

/* ---- start and stop ---- */

static int start_daemon(struct mm_server *server, struct mm_error *err)
{
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, server, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_END);
    server->listen_fd = -1; /* the daemon's, even when it did not start */
    if (!server->daemon)
        return mm_error_set(err, MM_ERR_IO, "cannot start the server's threads");
    return 0;
}

static int start(struct mm_server *server, struct mm_catalog *catalog, struct mm_helpers *helpers,
                 const struct mm_server_settings *settings, struct mm_error *err)
{
    uint64_t cache = settings->clip_cache ? settings->clip_cache : DEFAULT_CLIP_CACHE;
    server->bound = mm_strdup(settings->address ? settings->address : "127.0.0.1");
    if (!server->bound)
        return mm_no_memory(err);
    int result = mm_listen(server->bound, settings->port, settings->port_tries, &server->listen_fd,
                           server->url, err);
    if (result < 0)
        return result;
    result = mm_site_init(&server->site, catalog, helpers, cache, err);
    server->site.may_open = !settings->no_open;
    server->site.may_update = !settings->no_update;
    if (result < 0)
        return result;
    result = start_daemon(server, err);
    if (result < 0)
        mm_site_finish(&server->site);
    else /* the first visitor is not to wait for what can be made now */
        mm_job_release(server->site.jobs, mm_jobs_ask(server->site.jobs, MM_JOB_MAP, 0, NULL));
    return result;
}

static void release(struct mm_server *server)
{
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->mutex);
    free(server->bound);
    free(server);
}

int mm_server_start(struct mm_catalog *catalog, struct mm_helpers *helpers,
                    const struct mm_server_settings *settings, struct mm_server **out,
                    struct mm_error *err)
{
    *out = NULL;
    struct mm_server *server = calloc(1, sizeof *server);
    if (!server)
        return mm_no_memory(err);
    server->listen_fd = -1;
    pthread_mutex_init(&server->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);

    /* Signals from outside are for the program's own threads: ours inherit a mask against them. */
    sigset_t outside;
    sigset_t before;
    sigemptyset(&outside);
    for (size_t i = 0; i < sizeof outside_signals / sizeof *outside_signals; i++)
        sigaddset(&outside, outside_signals[i]);
    pthread_sigmask(SIG_BLOCK, &outside, &before);
    int result = start(server, catalog, helpers, settings, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result < 0) {
        release(server);
        return result;
    }
    *out = server;
    return 0;
}

const char *mm_server_url(const struct mm_server *server)
{
    return server->url;
}

static void wait_until_idle(struct mm_server *server)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += STOP_SECONDS;
    pthread_mutex_lock(&server->mutex);
    while (server->active && pthread_cond_timedwait(&server->idle, &server->mutex, &end) == 0)
        continue;
    pthread_mutex_unlock(&server->mutex);
}

void mm_server_stop(struct mm_server *server)
{
    if (!server)
        return;
    server->listen_fd = MHD_quiesce_daemon(server->daemon); /* ours again: no new connections */
    mm_site_stop(&server->site);                            /* nobody stays suspended */
    wait_until_idle(server);
    MHD_stop_daemon(server->daemon);
    mm_site_finish(&server->site);
    release(server);
}
