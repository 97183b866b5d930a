/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's side of the helper processes: starts them when first needed, hands out requests,
 * and replaces one that died or fell silent. posix_spawn of the program itself, not fork: it is
 * safe while threads run, and the helper starts with clean memory (doc/decisions.md).
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/pool.h"
#include "musicmap/work.h"
#include "work/wire.h"

enum { HELPER_FD = 3 };

#define SLICE_S   0.2   /* between looks whether the call is still wanted */
#define LIFE_RATE 22050 /* Hz; what measuring works at anyway (audio/features.h) */

struct helper {
    pid_t pid; /* 0 = not running */
    int fd;
    bool busy;
    struct mm_wire_message message; /* receive buffer, reused */
};

struct mm_helpers {
    char *program;
    double timeout_s;
    const atomic_int *cancel;
    size_t count;
    struct helper *all;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
};

/* Ourselves, unless an emulator or a debugger has to stand before us. */
static const char *own_program(void)
{
    const char *given = getenv("MUSICMAP_HELPER");
    return given && *given ? given : "/proc/self/exe";
}

int mm_helpers_create(const struct mm_helper_settings *settings, struct mm_helpers **out,
                      struct mm_error *err)
{
    *out = NULL;
    struct mm_helpers *helpers = calloc(1, sizeof *helpers);
    if (!helpers)
        return mm_no_memory(err);
    pthread_mutex_init(&helpers->mutex, NULL);
    pthread_cond_init(&helpers->freed, NULL);
    helpers->program = mm_strdup(settings->program ? settings->program : own_program());
    helpers->timeout_s = settings->timeout_s > 0 ? settings->timeout_s : 60;
    helpers->cancel = settings->cancel;
    helpers->count = settings->count ? settings->count : mm_cpu_count();
    helpers->all = calloc(helpers->count, sizeof *helpers->all);
    if (!helpers->program || !helpers->all) {
        mm_helpers_destroy(helpers);
        return mm_no_memory(err);
    }
    *out = helpers;
    return 0;
}

/* True once the process is gone; waits up to two seconds for it. */
static bool reap(pid_t pid, int *status)
{
    for (int i = 0; i < 400; i++) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return false;
}

/* Ends the process and says in words how it ended. One that crashed must not be killed first: that
 * would change how it died. */
static void stop(struct helper *helper, bool kill_it, char *how, size_t size)
{
    int status = 0;
    if (helper->pid == 0)
        return;
    close(helper->fd);
    if (kill_it || !reap(helper->pid, &status)) {
        kill(helper->pid, SIGKILL);
        while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    if (how && WIFSIGNALED(status))
        snprintf(how, size, "the decoder crashed (%s)", strsignal(WTERMSIG(status)));
    else if (how)
        snprintf(how, size, "the decoder ended unexpectedly (status %d)", WEXITSTATUS(status));
    helper->pid = 0;
}

void mm_helpers_destroy(struct mm_helpers *helpers)
{
    if (!helpers)
        return;
    for (size_t i = 0; helpers->all && i < helpers->count; i++) {
        stop(&helpers->all[i], false, NULL, 0);
        free(helpers->all[i].message.data);
    }
    pthread_cond_destroy(&helpers->freed);
    pthread_mutex_destroy(&helpers->mutex);
    free(helpers->all);
    free(helpers->program);
    free(helpers);
}

size_t mm_helpers_count(const struct mm_helpers *helpers)
{
    return helpers->count;
}

static int spawn(const char *program, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fault = posix_spawn_file_actions_init(&actions);
    if (fault)
        return fault;
    fault = posix_spawnattr_init(&attributes);
    if (fault) {
        posix_spawn_file_actions_destroy(&actions);
        return fault;
    }
    sigset_t none;
    sigemptyset(&none);
    char fd_text[12];
    snprintf(fd_text, sizeof fd_text, "%d", HELPER_FD);
    char *const argv[] = {(char *)"musicmap", (char *)"helper", fd_text, NULL};
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    posix_spawn_file_actions_adddup2(&actions, fd, HELPER_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, HELPER_FD + 1);
    /* A process group of its own: Ctrl-C is for the program, which then ends its helpers. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    fault = posix_spawn(pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

static int start(struct mm_helpers *helpers, struct helper *helper, struct mm_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return mm_error_errno(err, errno, "cannot start a helper process");
    /* For a message that ends in the middle; the wait for its beginning is await_message(). */
    struct timeval timeout = {
        .tv_sec = (time_t)helpers->timeout_s,
        .tv_usec = (suseconds_t)((helpers->timeout_s - (double)(time_t)helpers->timeout_s) * 1e6)};
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    int fault = spawn(helpers->program, pair[1], &helper->pid);
    close(pair[1]);
    if (fault) {
        close(pair[0]);
        helper->pid = 0;
        return mm_error_errno(err, fault, "cannot start a helper process (%s)", helpers->program);
    }
    helper->fd = pair[0];
    return 0;
}

static struct helper *acquire(struct mm_helpers *helpers)
{
    struct helper *found = NULL;
    pthread_mutex_lock(&helpers->mutex);
    while (!found) {
        for (size_t i = 0; i < helpers->count; i++) {
            struct helper *one = &helpers->all[i];
            /* One that runs already is better than one that must be started. */
            if (!one->busy && (!found || (found->pid == 0 && one->pid != 0)))
                found = one;
        }
        if (!found)
            pthread_cond_wait(&helpers->freed, &helpers->mutex);
    }
    found->busy = true;
    pthread_mutex_unlock(&helpers->mutex);
    return found;
}

static void release(struct mm_helpers *helpers, struct helper *helper)
{
    pthread_mutex_lock(&helpers->mutex);
    helper->busy = false;
    pthread_cond_signal(&helpers->freed);
    pthread_mutex_unlock(&helpers->mutex);
}

void mm_helpers_renew(struct mm_helpers *helpers)
{
    for (size_t i = 0; i < helpers->count; i++) {
        struct helper *one = &helpers->all[i];
        pthread_mutex_lock(&helpers->mutex);
        bool idle = !one->busy;
        one->busy = true;
        pthread_mutex_unlock(&helpers->mutex);
        if (!idle)
            continue;
        stop(one, false, NULL, 0);
        release(helpers, one);
    }
}

/* A failure as the helper told it. Cancelled and a bug of ours are not its to say: they end runs.
 */
static int read_failure(struct mm_wire_reader in, struct mm_error *err)
{
    int64_t told = (int64_t)mm_wire_get_u64(&in);
    char *message = mm_wire_get_string(&in);
    int code =
        told < 0 && told > MM_ERR_BUG && told != MM_ERR_CANCELLED ? (int)told : MM_ERR_CRASHED;
    if (code == MM_ERR_NO_MEMORY) /* its memory is limited for files that ask for too much */
        code = MM_ERR_LIMIT;
    mm_error_set(err, (enum mm_err)code, "%s", message ? message : "failed without a word");
    free(message);
    return code;
}

static int pass_samples(const struct mm_wire_message *message, mm_audio_sink *sink, void *sink_ctx,
                        size_t n_rates, struct mm_error *err)
{
    struct mm_wire_reader in = mm_wire_reader(message);
    uint64_t index = mm_wire_get_u64(&in);
    size_t bytes = (size_t)(in.end - in.at);
    if (in.bad || !sink || index >= n_rates || bytes % sizeof(float))
        return mm_error_set(err, MM_ERR_CRASHED, "the helper process talks nonsense");
    /* Eight bytes into a malloc'd buffer: aligned for floats. */
    return sink(sink_ctx, (size_t)index, (const float *)(const void *)in.at, bytes / sizeof(float),
                err);
}

struct request {
    enum mm_wire_kind kind;
    struct mm_text body;
    mm_audio_sink *sink;
    void *sink_ctx;
    size_t n_rates;
};

/* Returns 0 when there is something to receive; a helper that hangs must not keep Ctrl-C waiting.
 */
static int await_message(const struct mm_helpers *helpers, int fd, struct mm_error *err)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    for (double waited = 0; waited < helpers->timeout_s; waited += SLICE_S) {
        double left = helpers->timeout_s - waited;
        int ready = poll(&wanted, 1, (int)ceil(1000 * (left < SLICE_S ? left : SLICE_S)));
        if (ready > 0)
            return 0;
        if (helpers->cancel && atomic_load(helpers->cancel))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    }
    return mm_error_set(err, MM_ERR_LIMIT, "the helper process gives no sign of life");
}

/* Sends the request and reads until the final reply, which stays in helper->message. */
static int talk(const struct mm_helpers *helpers, struct helper *helper,
                const struct request *request, struct mm_error *err)
{
    int result =
        mm_wire_send(helper->fd, request->kind, request->body.data, request->body.length, err);
    while (result == 0) {
        result = await_message(helpers, helper->fd, err);
        if (result == 0)
            result = mm_wire_receive(helper->fd, &helper->message, err);
        if (result < 0)
            break;
        if (helper->message.kind == MM_WIRE_DONE)
            return 0;
        if (helper->message.kind == MM_WIRE_FAILED)
            return read_failure(mm_wire_reader(&helper->message), err);
        result = helper->message.kind == MM_WIRE_SAMPLES
                     ? pass_samples(&helper->message, request->sink, request->sink_ctx,
                                    request->n_rates, err)
                     : mm_error_set(err, MM_ERR_CRASHED, "the helper process talks nonsense");
        if (result < 0) /* it would go on sending: replaced rather than drained */
            helper->message.kind = 0;
    }
    return result;
}

/* Runs the request; on success *held has the reply in held->message: read it, then release(). */
static int run(struct mm_helpers *helpers, struct request *request, struct helper **held,
               struct mm_error *err)
{
    *held = NULL;
    if (request->body.failed) {
        mm_text_finish(&request->body);
        return mm_no_memory(err);
    }
    struct helper *helper = acquire(helpers);
    int result = helper->pid ? 0 : start(helpers, helper, err);
    if (result == 0) {
        helper->message.kind = 0;
        result = talk(helpers, helper, request, err);
        bool answered =
            helper->message.kind == MM_WIRE_DONE || helper->message.kind == MM_WIRE_FAILED;
        if (!answered) {
            char how[128];
            stop(helper, result != MM_ERR_CRASHED, how, sizeof how);
            if (result == MM_ERR_CRASHED)
                mm_error_set(err, MM_ERR_CRASHED, "%s", how);
        }
    }
    mm_text_finish(&request->body);
    if (result < 0) {
        release(helpers, helper);
        return result;
    }
    *held = helper;
    return 0;
}

static int done(struct mm_helpers *helpers, struct helper *helper, bool well_formed,
                struct mm_error *err)
{
    release(helpers, helper);
    return well_formed ? 0 : mm_error_set(err, MM_ERR_CRASHED, "the helper process talks nonsense");
}

int mm_helpers_probe(struct mm_helpers *helpers, const char *path, struct mm_audio_info *info,
                     unsigned char hash[32], struct mm_error *err)
{
    *info = (struct mm_audio_info){0};
    struct request request = {.kind = MM_WIRE_PROBE};
    mm_wire_put_string(&request.body, path);
    struct helper *helper;
    int result = run(helpers, &request, &helper, err);
    if (result < 0)
        return result;
    struct mm_wire_reader in = mm_wire_reader(&helper->message);
    in.bad = in.end - in.at < MM_HASH_SIZE;
    if (!in.bad) {
        memcpy(hash, in.at, MM_HASH_SIZE);
        in.at += MM_HASH_SIZE;
        mm_wire_get_info(&in, info);
    }
    if (in.bad)
        mm_audio_info_finish(info);
    return done(helpers, helper, !in.bad, err);
}

static int read_bytes(struct mm_helpers *helpers, struct request *request, struct mm_bytes *out,
                      struct mm_error *err)
{
    *out = (struct mm_bytes){0};
    struct helper *helper;
    int result = run(helpers, request, &helper, err);
    if (result < 0)
        return result;
    struct mm_wire_reader in = mm_wire_reader(&helper->message);
    char *mime = mm_wire_get_string(&in);
    if (mime)
        strncpy(out->mime, mime, sizeof out->mime - 1);
    free(mime);
    out->size = (size_t)(in.end - in.at);
    out->data = malloc(out->size + 1);
    if (!out->data) {
        release(helpers, helper);
        return mm_no_memory(err);
    }
    memcpy(out->data, in.at, out->size);
    if (in.bad)
        mm_bytes_finish(out);
    return done(helpers, helper, !in.bad, err);
}

int mm_helpers_cover(struct mm_helpers *helpers, const char *path, struct mm_bytes *out,
                     struct mm_error *err)
{
    struct request request = {.kind = MM_WIRE_COVER};
    mm_wire_put_string(&request.body, path);
    return read_bytes(helpers, &request, out, err);
}

int mm_helpers_weights(void *helpers, const char *path, struct mm_bytes *out, struct mm_error *err)
{
    struct request request = {.kind = MM_WIRE_WEIGHTS};
    mm_wire_put_string(&request.body, path);
    return read_bytes(helpers, &request, out, err);
}

static int ask_clip(struct mm_helpers *helpers, struct request *request, const char *path,
                    double start_s, double length_s, struct mm_bytes *out, struct mm_error *err)
{
    mm_wire_put_string(&request->body, path);
    mm_wire_put_f64(&request->body, start_s);
    mm_wire_put_f64(&request->body, length_s);
    return read_bytes(helpers, request, out, err);
}

int mm_helpers_clip(struct mm_helpers *helpers, const char *path, double start_s, double length_s,
                    struct mm_bytes *out, struct mm_error *err)
{
    struct request request = {.kind = MM_WIRE_CLIP};
    return ask_clip(helpers, &request, path, start_s, length_s, out, err);
}

int mm_helpers_small_clip(struct mm_helpers *helpers, const char *path, double start_s,
                          double length_s, struct mm_bytes *out, struct mm_error *err)
{
    struct request request = {.kind = MM_WIRE_SMALL_CLIP};
    return ask_clip(helpers, &request, path, start_s, length_s, out, err);
}

int mm_helpers_stereo(struct mm_helpers *helpers, const char *path, int rate, mm_audio_sink *sink,
                      void *sink_ctx, struct mm_error *err)
{
    struct request message = {
        .kind = MM_WIRE_STEREO, .sink = sink, .sink_ctx = sink_ctx, .n_rates = 1};
    mm_wire_put_string(&message.body, path);
    mm_wire_put_u64(&message.body, (uint64_t)rate);
    struct helper *helper;
    int result = run(helpers, &message, &helper, err);
    return result < 0 ? result : done(helpers, helper, true, err);
}

int mm_helpers_retag(struct mm_helpers *helpers, const char *path, const struct mm_retag *wanted,
                     struct mm_retag_plan *plan, struct mm_error *err)
{
    *plan = (struct mm_retag_plan){0};
    struct request message = {.kind = MM_WIRE_RETAG};
    mm_wire_put_string(&message.body, path);
    mm_wire_put_retag(&message.body, wanted);
    struct helper *helper;
    int result = run(helpers, &message, &helper, err);
    if (result < 0)
        return result;
    struct mm_wire_reader in = mm_wire_reader(&helper->message);
    mm_wire_get_plan(&in, plan);
    if (in.bad)
        mm_retag_plan_finish(plan);
    return done(helpers, helper, !in.bad, err);
}

static int drop_samples(void *ctx, size_t rate_index, const float *samples, size_t count,
                        struct mm_error *err)
{
    (void)ctx, (void)rate_index, (void)samples, (void)count, (void)err;
    return 0;
}

int mm_helpers_analyse(struct mm_helpers *helpers, const char *path,
                       const struct mm_audio_request *request, mm_audio_sink *sink, void *sink_ctx,
                       struct mm_measure *measure, struct mm_error *err)
{
    /* Samples are a helper's sign of life: of a song of hours that is only measured there would be
     * none for minutes. */
    struct mm_audio_request asked = *request;
    if (asked.n_rates == 0) {
        asked.rates[asked.n_rates++] = LIFE_RATE;
        sink = drop_samples;
    }
    struct request message = {
        .kind = MM_WIRE_ANALYSE, .sink = sink, .sink_ctx = sink_ctx, .n_rates = asked.n_rates};
    mm_wire_put_string(&message.body, path);
    mm_wire_put_request(&message.body, &asked);
    struct helper *helper;
    int result = run(helpers, &message, &helper, err);
    if (result < 0)
        return result;
    struct mm_wire_reader in = mm_wire_reader(&helper->message);
    mm_wire_get_measure(&in, measure);
    return done(helpers, helper, !in.bad, err);
}
