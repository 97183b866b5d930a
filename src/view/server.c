/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP through libmicrohttpd (included here only): connections, headers, conditions and ranges.
 * What a path means stands in routes.c.
 *
 * A request whose answer must be made first is suspended: it holds no thread, and the job that it
 * waits for resumes it. So a few threads serve any number of requests, however slow decoding is.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/view.h"
#include "view/door.h"
#include "view/listen.h"
#include "view/patience.h"
#include "view/routes.h"
#include "view/send.h"
#include "view/site.h"

enum {
    THREADS = 4,
    MAX_CONNECTIONS = 2048,
    OWN_FILES = 256,      /* files that are open for other ends than connections, at most */
    OF_ONE_ADDRESS = 128, /* connections, where others than this machine may come */
    IDLE_SECONDS = 30,
    REQUEST_SECONDS = 30,         /* by which a request must be whole */
    SCARCE_SECONDS = 5,           /* the same when three quarters of the connections are taken */
    CONNECTION_BYTES = 16 * 1024, /* request line and headers of both directions must fit */
    STOP_SECONDS = 5              /* given to slow readers when the server stops */
};
static const uint64_t DEFAULT_CLIP_CACHE = UINT64_C(2000000000);
static const int outside_signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
                                      SIGUSR2, SIGPIPE, SIGALRM, SIGCHLD, SIGWINCH};

struct mm_server {
    struct mm_site site;
    struct MHD_Daemon *daemon;
    int listen_fd;
    char url[MM_URL_SIZE];
    struct mm_door *door;
    struct mm_patience *patience;
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
    size_t body_limit;
    char *body; /* [body_size + 1], NULL before its first byte */
    size_t body_size;
};

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

static enum MHD_Result send_stream(struct mm_server *server, struct MHD_Connection *connection)
{
    struct stream *stream = calloc(1, sizeof *stream);
    struct mm_listener *listener =
        stream ? mm_live_join(server->site.live, wake_stream, connection) : NULL;
    if (!listener) {
        free(stream);
        return mm_send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages listen");
    }
    *stream = (struct stream){connection, listener};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, stream, end_stream);
    if (!response) {
        end_stream(stream);
        return MHD_NO;
    }
    mm_send_security(response, false);
    mm_send_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, mm_send_caching(MM_CACHE_NO_STORE));
    mm_send_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
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

struct last_of {
    const char *name, *value;
};

static enum MHD_Result keep_last(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct last_of *last = ctx;
    (void)kind;
    if (name && strcasecmp(name, last->name) == 0)
        last->value = value;
    return MHD_YES;
}

/* Of a header that comes several times the first; but proxies may add to the end of X-Forwarded-For
 * by a line of their own (HAProxy does), and whoever asks may have sent the ones before. */
static const char *get_header(void *ctx, const char *name)
{
    struct last_of last = {name, NULL};
    if (strcmp(name, "X-Forwarded-For") != 0)
        return MHD_lookup_connection_value(ctx, MHD_HEADER_KIND, name);
    MHD_get_connection_values(ctx, MHD_HEADER_KIND, keep_last, &last);
    return last.value;
}

static struct mm_knock knock_of(const struct mm_server *server, struct MHD_Connection *connection,
                                const char *path, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct mm_knock){.method = method,
                             .path = path,
                             .header = get_header,
                             .session = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND,
                                                                    mm_door_cookie(server->door)),
                             .ctx = connection,
                             .from = info ? info->client_addr : NULL,
                             .now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec};
}

static enum MHD_Result send_and_finish(struct MHD_Connection *connection, struct mm_reply *reply)
{
    enum MHD_Result result = mm_send(connection, reply);
    mm_reply_finish(reply);
    return result;
}

static enum MHD_Result answer(struct mm_server *server, struct exchange *exchange,
                              const struct mm_knock *knock)
{
    struct MHD_Connection *connection = exchange->connection;
    const char *path = knock->path;
    struct mm_reply reply;
    if (exchange->refused)
        return mm_send_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    if (mm_door_answer(server->door, knock, exchange->body ? exchange->body : "", &reply))
        return send_and_finish(connection, &reply);
    struct mm_request request = {.path = path,
                                 .query = get_query,
                                 .query_ctx = connection,
                                 .post = exchange->post,
                                 .loopback = mm_door_is_near(server->door, knock),
                                 .body = exchange->body ? exchange->body : "",
                                 .body_size = exchange->body_size,
                                 .job = exchange->job};
    enum mm_job_kind kind;
    int64_t song;
    if (mm_route(&server->site, &request, &reply, &kind, &song)) {
        if (reply.caching == MM_CACHE_IMMUTABLE && mm_door_is_locked(server->door))
            reply.caching = MM_CACHE_OWN_IMMUTABLE;
        enum MHD_Result result =
            reply.events ? send_stream(server, connection) : mm_send(connection, &reply);
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

/* Takes a part of the body in. False: it is longer than it said, or memory is out. */
static bool take_body(struct exchange *exchange, const char *bytes, size_t count)
{
    if (!exchange->post || count > exchange->body_limit - exchange->body_size)
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

static struct mm_guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Connections come and go. */
static void on_connection(void *ctx, struct MHD_Connection *connection, void **guest,
                          enum MHD_ConnectionNotificationCode code)
{
    struct mm_server *server = ctx;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        mm_guest_leave(*guest);
        *guest = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *guest = info ? mm_guest_enter(server->patience, info->connect_fd) : NULL;
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
    struct mm_knock knock = knock_of(server, connection, path, method);
    if (exchange) {
        mm_guest_heard(guest_of(connection));
        return answer(server, exchange, &knock);
    }
    struct mm_reply refusal;
    if (mm_door_refuse(server->door, &knock, &refusal))
        return send_and_finish(connection, &refusal);
    exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return MHD_NO;
    exchange->waiter.wake = wake;
    exchange->connection = connection;
    exchange->post = strcmp(method, "POST") == 0;
    exchange->body_limit = mm_door_body_limit(server->door, path);
    *request = exchange;
    count_active(server, true);
    return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct mm_server *server = ctx;
    struct exchange *exchange = *request;
    mm_guest_answered(guest_of(connection));
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

/* As many connections as there may be files. */
static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > MAX_CONNECTIONS + OWN_FILES)
        return MAX_CONNECTIONS;
    return files.rlim_cur > 2 * OWN_FILES ? (unsigned)files.rlim_cur - OWN_FILES : OWN_FILES;
}

static int start_daemon(struct mm_server *server, bool near, struct mm_error *err)
{
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    unsigned limit = connection_limit();
    int result =
        mm_patience_create(REQUEST_SECONDS, SCARCE_SECONDS, limit / 4 * 3, &server->patience, err);
    if (result < 0)
        return result;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, server, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        near ? 0u : (unsigned)OF_ONE_ADDRESS, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_END);
    server->listen_fd = -1; /* the daemon's, even when it did not start */
    if (!server->daemon)
        return mm_error_set(err, MM_ERR_IO, "cannot start the server's threads");
    return 0;
}

static int start(struct mm_server *server, struct mm_catalog *catalog, struct mm_helpers *helpers,
                 const struct mm_server_settings *settings, struct mm_error *err)
{
    uint64_t cache = settings->clip_cache ? settings->clip_cache : DEFAULT_CLIP_CACHE;
    int result = mm_door_create(settings, &server->door, err);
    if (result == 0)
        result = mm_listen(settings->address ? settings->address : "127.0.0.1", settings->port,
                           settings->port_tries, &server->listen_fd, server->url, err);
    if (result < 0)
        return result;
    bool near = mm_listen_is_near(server->listen_fd);
    if (!near && !mm_door_is_locked(server->door))
        return mm_error_set(err, MM_ERR_USAGE,
                            "others than this computer reach %s: that needs a password",
                            settings->address);
    result = mm_site_init(&server->site, catalog, helpers, cache, err);
    server->site.may_open = !settings->no_open;
    server->site.may_update = !settings->no_update;
    server->site.companion = settings->companion;
    if (result < 0)
        return result;
    result = start_daemon(server, near, err);
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
    mm_patience_destroy(server->patience);
    mm_door_destroy(server->door);
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
