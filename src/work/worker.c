/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.c - a worker of a shared library: joins, keeps its lease alive, finds work for its hands,
 * and takes lost workers' songs away from them. All times that count are the server's; the clock
 * here only says how often to ask.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "work/crew.h"
#include "work/reach.h"

#define SLICE_S    0.2 /* between looks whether to stop */
#define SHOW_S     1.0
#define IDLE_S     1.0   /* between looks for work when there is none */
#define REFILL_S   60.0  /* between looks for songs that nobody told of */
#define PATIENCE_S 600.0 /* with a library that cannot be reached */

static const char STAGE[] = "measuring and embedding";

/* ---- what the hands use, too ---- */

static void log_line(struct mm_crew *crew, const char *format, va_list arguments)
{
    char line[600];
    if (!crew->options->log)
        return;
    vsnprintf(line, sizeof line, format, arguments);
    mm_text_clean_line(line);
    crew->options->log(crew->options->log_ctx, line);
}

void mm_crew_log(struct mm_crew *crew, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&crew->mutex);
    log_line(crew, format, arguments);
    pthread_mutex_unlock(&crew->mutex);
    va_end(arguments);
}

void mm_crew_fail(struct mm_crew *crew, int result, const struct mm_error *err)
{
    pthread_mutex_lock(&crew->mutex);
    if (crew->result == 0) {
        crew->result = result;
        crew->err = *err;
    }
    crew->stopping = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
}

bool mm_crew_stopping(struct mm_crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    bool stopping = crew->stopping;
    pthread_mutex_unlock(&crew->mutex);
    return stopping;
}

bool mm_crew_again(struct mm_crew *crew, int result, const struct mm_error *err)
{
    bool again = result == MM_ERR_AGAIN;
    pthread_mutex_lock(&crew->mutex);
    if (!again) {
        crew->fault_at = 0;
    } else if (crew->fault_at == 0) {
        crew->fault_at = mm_clock_s();
        if (crew->options->log)
            crew->options->log(crew->options->log_ctx, err->message);
    } else {
        again = mm_clock_s() - crew->fault_at < PATIENCE_S;
    }
    pthread_mutex_unlock(&crew->mutex);
    if (!again || mm_progress_cancelled(crew->progress))
        return false;
    nanosleep(&(struct timespec){.tv_nsec = (long)(SLICE_S * 1e9)}, NULL);
    return true;
}

/* ---- hands ---- */

/* The next song of the batch, a new batch where it is empty; false = the run ends. */
static bool take(struct mm_crew *crew, struct mm_queue_worker *worker, int64_t *song)
{
    struct mm_error err = {0};
    size_t batch =
        crew->options->batch ? crew->options->batch : 2 * mm_helpers_count(crew->models.helpers);
    batch = batch < MM_CREW_BATCH ? batch : MM_CREW_BATCH;
    pthread_mutex_lock(&crew->mutex);
    while (!crew->stopping && crew->at == crew->n) {
        crew->at = crew->n = 0;
        if (!crew->idle) {
            int result =
                mm_queue_claim(crew->catalog, &crew->self, batch, crew->batch, &crew->n, &err);
            /* A library that cannot be reached: the other thread waits for it. */
            crew->idle = result < 0 || crew->n == 0;
        }
        if (crew->idle)
            pthread_cond_wait(&crew->changed, &crew->mutex);
    }
    bool taken = !crew->stopping;
    if (taken) {
        *worker = crew->self;
        *song = crew->batch[crew->at++];
    }
    pthread_mutex_unlock(&crew->mutex);
    return taken;
}

static void *hand(void *ctx)
{
    struct mm_crew *crew = ctx;
    struct mm_streams streams = {0};
    struct mm_error err = {0};
    struct mm_queue_worker worker;
    int64_t song;
    int result = mm_streams_init(&streams, &crew->models, &err);
    while (result == 0 && take(crew, &worker, &song))
        result = mm_crew_song(crew, &worker, song, &streams, &err);
    if (result < 0)
        mm_crew_fail(crew, result, &err);
    mm_streams_finish(&streams);
    return NULL;
}

/* ---- the lease ---- */

static void tell_lost(void *ctx, int64_t worker, const char *host, int64_t pid, size_t tasks)
{
    mm_crew_log(ctx, "worker %lld (process %lld of %s) was lost; its %zu song%s are others' now",
                (long long)worker, (long long)pid, host, tasks, tasks == 1 ? "" : "s");
}

static int join(struct mm_crew *crew, struct mm_catalog *control, struct mm_error *err)
{
    struct mm_queue_worker self;
    int result = mm_queue_join(control, &crew->recipe, crew->host, (int64_t)getpid(),
                               crew->options->lease_s, &self, err);
    if (result < 0)
        return result;
    pthread_mutex_lock(&crew->mutex);
    crew->self = self;
    crew->at = crew->n = 0; /* what was waiting here is others' by now */
    pthread_mutex_unlock(&crew->mutex);
    mm_crew_log(crew, "worker %lld (process %ld of %s) begins", (long long)self.id, (long)getpid(),
                crew->host);
    return 0;
}

static int beat(struct mm_crew *crew, struct mm_catalog *control, struct mm_error *err)
{
    pthread_mutex_lock(&crew->mutex);
    struct mm_queue_worker self = crew->self;
    size_t done = crew->report->done;
    size_t failed = crew->report->failed;
    pthread_mutex_unlock(&crew->mutex);
    int result = mm_queue_beat(control, &self, done, failed, err);
    if (result != MM_ERR_NOT_FOUND)
        return result;
    mm_crew_log(crew, "worker %lld was not heard of for longer than its lease of %g s: joins again",
                (long long)self.id, self.lease_s);
    return join(crew, control, err);
}

/* ---- finding work ---- */

static void wake(struct mm_crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->idle = false;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
}

static int fill(struct mm_crew *crew, struct mm_catalog *control, bool retry, struct mm_error *err)
{
    size_t added;
    int result = mm_queue_fill(control, &crew->self, &crew->recipe, retry, &added, err);
    if (result == 0 && added)
        mm_crew_log(crew, "%zu song%s to do", added, added == 1 ? "" : "s");
    return result;
}

/* The hands found nothing: is there something by now? refill: look through all songs. */
static int look_for_work(struct mm_crew *crew, struct mm_catalog *control, bool refill,
                         struct mm_error *err)
{
    struct mm_queue_counts left = {0};
    int result = mm_queue_reap(control, tell_lost, crew, err);
    if (result == 0 && refill)
        result = fill(crew, control, false, err);
    if (result == 0)
        result = mm_queue_count(control, crew->self.recipe, &left, err);
    if (result < 0)
        return result;
    if (left.free)
        wake(crew);
    else if (left.held == 0 && crew->options->until_done) {
        pthread_mutex_lock(&crew->mutex);
        crew->stopping = true;
        pthread_cond_broadcast(&crew->changed);
        pthread_mutex_unlock(&crew->mutex);
    }
    return 0;
}

/* When the next of each is due. */
struct due {
    double beat, reap, look, refill, show;
};

/* One look at everything. */
static int attend(struct mm_crew *crew, struct mm_catalog *control, struct due *due, bool woken,
                  struct mm_error *err)
{
    double lease = crew->options->lease_s;
    int result = 0;
    pthread_mutex_lock(&crew->mutex);
    bool idle = crew->idle;
    if (mm_clock_s() >= due->show) {
        mm_progress_update(crew->progress, STAGE, crew->report->done + crew->report->failed, 0);
        due->show = mm_clock_s() + SHOW_S;
    }
    pthread_mutex_unlock(&crew->mutex);
    if (woken)
        due->refill = due->look = 0;
    if (mm_clock_s() >= due->beat) {
        result = beat(crew, control, err);
        due->beat = result == 0 ? mm_clock_s() + lease / 4 : 0;
    }
    if (result == 0 && mm_clock_s() >= due->reap) {
        result = mm_queue_reap(control, tell_lost, crew, err);
        due->reap = mm_clock_s() + lease / 2;
    }
    if (result == 0 && idle && mm_clock_s() >= due->look) {
        bool refill = mm_clock_s() >= due->refill;
        result = look_for_work(crew, control, refill, err);
        due->look = mm_clock_s() + IDLE_S;
        if (refill)
            due->refill = mm_clock_s() + REFILL_S;
    }
    return result;
}

/* Until the run ends: by the user, by an error, or because all is done. */
static void keep_house(struct mm_crew *crew, struct mm_catalog *control)
{
    struct due due = {.refill = mm_clock_s() + REFILL_S};
    struct mm_error err = {0};
    while (!mm_crew_stopping(crew) && !mm_progress_cancelled(crew->progress)) {
        bool woken = false;
        int result = mm_queue_wait(control, SLICE_S, &woken, &err);
        if (result == 0)
            result = attend(crew, control, &due, woken, &err);
        if (result < 0 && !mm_crew_again(crew, result, &err) &&
            !mm_progress_cancelled(crew->progress))
            mm_crew_fail(crew, result, &err);
        else if (result == 0)
            mm_crew_again(crew, 0, &err); /* it can be reached */
    }
    pthread_mutex_lock(&crew->mutex);
    crew->stopping = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
}

/* Joins, and sees to it that there are tasks. */
static int begin(struct mm_crew *crew, struct mm_catalog *control, struct mm_error *err)
{
    struct mm_queue_counts left = {0};
    int result = crew->self.id ? 0 : join(crew, control, err);
    if (result == 0)
        result = mm_queue_count(control, crew->self.recipe, &left, err);
    if (result == 0 && (left.free == 0 || crew->options->embed.retry))
        result = fill(crew, control, crew->options->embed.retry, err);
    return result;
}

static int run(struct mm_crew *crew, struct mm_catalog *control, struct mm_error *err)
{
    size_t n = mm_helpers_count(crew->models.helpers);
    pthread_t *threads = calloc(n, sizeof *threads);
    size_t started = 0;
    if (!threads)
        return mm_no_memory(err);
    int result;
    do
        result = begin(crew, control, err);
    while (mm_crew_again(crew, result, err));
    for (; result == 0 && started < n; started++)
        if (pthread_create(&threads[started], NULL, hand, crew) != 0) {
            result = mm_error_set(err, MM_ERR_IO, "cannot start a thread");
            break;
        }
    if (result == 0)
        keep_house(crew, control);
    else
        mm_crew_fail(crew, result, err);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    struct mm_error leaving;
    if (crew->self.id && mm_queue_leave(control, &crew->self, &leaving) < 0)
        mm_crew_log(crew, "leaves without a word (%s)", leaving.message);
    if (result == 0 && crew->result < 0) {
        result = crew->result;
        *err = crew->err;
    }
    free(threads);
    return result;
}

/* A worker may well be started before its server is. */
static int open_library(struct mm_crew *crew, const char *library, struct mm_catalog **out,
                        struct mm_error *err)
{
    int result;
    do
        result = mm_catalog_open(library, false, out, err);
    while (mm_crew_again(crew, result, err));
    return result;
}

int mm_worker_check_map(const char *map, struct mm_error *err)
{
    return mm_reach_check(map, err);
}

int mm_run_worker(const char *library, struct mm_helpers *helpers,
                  const struct mm_worker_options *options, const struct mm_progress *progress,
                  struct mm_worker_report *report, struct mm_error *err)
{
    double begin = mm_clock_s();
    *report = (struct mm_worker_report){0};
    struct mm_crew crew = {.options = options, .progress = progress, .report = report};
    struct mm_catalog *control = NULL;
    if (gethostname(crew.host, sizeof crew.host - 1) != 0)
        strcpy(crew.host, "a machine");
    pthread_mutex_init(&crew.mutex, NULL);
    pthread_cond_init(&crew.changed, NULL);
    int result = mm_models_init(&crew.models, helpers, &options->embed, err);
    crew.recipe = (struct mm_queue_recipe){crew.models.measure_settings, crew.models.kind,
                                           crew.models.n_kinds};
    if (result == 0)
        result = open_library(&crew, library, &crew.catalog, err);
    if (result == 0)
        result = open_library(&crew, library, &control, err);
    if (result == 0)
        result = mm_queue_limit_idle(crew.catalog, options->lease_s, err);
    if (result == 0)
        result = run(&crew, control, err);
    mm_catalog_close(control);
    mm_catalog_close(crew.catalog);
    mm_models_finish(&crew.models);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.mutex);
    report->seconds = mm_clock_s() - begin;
    return result;
}
