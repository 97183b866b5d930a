/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring and embedding: one thread a helper takes the next song, streams its samples from the
 * helper into the model and stores what comes out, each song in a transaction of its own. A helper
 * that crashes costs one try of one song; at the end such songs are tried once more, alone, and
 * then set down as failures.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/settings.h"

static const char STAGE[] = "embed";
static const char PROGRESS[] = "measuring and embedding";

struct job {
    int64_t song;
    bool measure; /* lacks the measure */
    bool embed;   /* lacks the vector */
    bool crashed;
};

struct embed {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    const struct mm_embed_options *options;
    const struct mm_progress *progress;
    struct mm_embed_report *report;
    struct mm_embedder *embedder;
    struct mm_vector_kind kind;
    char *measure_settings;
    char *vector_settings;
    struct job *jobs;
    size_t n_jobs;
    struct mm_embed_stream **streams; /* [workers] */
    pthread_mutex_t mutex;            /* guards what follows, and the report */
    size_t done;
    int result; /* first failure that ends the run */
    struct mm_error err;
};

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    (void)rate_index; /* one model, one rate */
    return mm_embed_stream_push(ctx, samples, count, err);
}

/* What went wrong with this one song, as opposed to with the run. */
static bool is_song_fault(int code)
{
    return code == MM_ERR_INPUT || code == MM_ERR_UNSUPPORTED || code == MM_ERR_CRASHED ||
           code == MM_ERR_LIMIT || code == MM_ERR_IO;
}

static int store(struct embed *e, const struct job *job, const struct mm_song *song,
                 const struct mm_measure *measure, const struct mm_embedding *embedding,
                 struct mm_error *err)
{
    int result = mm_catalog_begin(e->catalog, err);
    if (result < 0)
        return result;
    if (job->measure)
        result = mm_catalog_put_measure(e->catalog, job->song, e->measure_settings, measure, err);
    if (result == 0 && job->embed)
        result = mm_catalog_put_vector(e->catalog, job->song, &e->kind, embedding->values,
                                       embedding->dim, err);
    if (result == 0)
        result = mm_catalog_clear_failure(e->catalog, song->key, STAGE, err);
    if (result == 0)
        result = mm_catalog_commit(e->catalog, err);
    if (result < 0)
        mm_catalog_rollback(e->catalog);
    return result;
}

static int store_failure(struct embed *e, const struct mm_song *song, const char *reason, int tries,
                         struct mm_error *err)
{
    struct mm_failure failure = {.song = song->id,
                                 .path = song->key,
                                 .stage = STAGE,
                                 .reason = reason,
                                 .tries = tries,
                                 .size = song->size,
                                 .mtime_ns = song->mtime_ns};
    return mm_catalog_put_failure(e->catalog, &failure, err);
}

/* Decodes, measures and embeds; what fails in here is the song's fault. */
static int analyse(struct embed *e, const struct job *job, const struct mm_song *song,
                   struct mm_embed_stream *stream, struct mm_measure *measure,
                   struct mm_embedding *embedding, struct mm_error *err)
{
    struct mm_audio_request request = {.excerpt_s = e->options->excerpt_s,
                                       .true_peak = e->options->true_peak,
                                       .measure = job->measure,
                                       .n_rates = job->embed ? 1 : 0};
    request.rates[0] = mm_embedder_model(e->embedder)->sample_rate;
    int result = mm_helpers_analyse(e->helpers, song->key, &request, feed, stream, measure, err);
    /* Also after a failure: it makes the stream ready for the next song. */
    if (job->embed) {
        struct mm_error ignored;
        int finished = mm_embed_stream_finish(stream, embedding, result < 0 ? &ignored : err);
        if (result == 0)
            result = finished;
    }
    return result;
}

static int do_song(struct embed *e, struct job *job, struct mm_embed_stream *stream, bool last_try,
                   bool *failed, struct mm_error *err)
{
    struct mm_song song = {0};
    struct mm_measure measure = {.key = -1};
    struct mm_embedding embedding = {0};
    *failed = false;
    int result = mm_catalog_get_song(e->catalog, job->song, &song, err);
    if (result < 0)
        return result;
    result = analyse(e, job, &song, stream, &measure, &embedding, err);
    if (result == 0) {
        result = store(e, job, &song, &measure, &embedding, err);
        job->crashed = false;
    } else if (result == MM_ERR_CRASHED && !last_try) {
        job->crashed = true;
        result = 0;
    } else if (result == MM_ERR_NOT_FOUND) { /* vanished since it was gathered */
        *failed = true;
        job->crashed = false;
        result = mm_catalog_set_state(e->catalog, song.id, MM_SONG_MISSING, err);
    } else if (is_song_fault(result)) {
        *failed = true;
        job->crashed = false;
        char *reason = mm_strdup(err->message);
        result =
            reason ? store_failure(e, &song, reason, last_try ? 2 : 1, err) : mm_no_memory(err);
        free(reason);
    }
    mm_embedding_finish(&embedding);
    mm_song_finish(&song);
    return result;
}

static void run_job(struct embed *e, struct job *job, size_t worker, bool last_try)
{
    pthread_mutex_lock(&e->mutex);
    bool stop = e->result < 0;
    pthread_mutex_unlock(&e->mutex);
    if (stop || mm_progress_cancelled(e->progress))
        return;
    struct mm_error err = {0};
    bool failed;
    int result = do_song(e, job, e->streams[worker], last_try, &failed, &err);
    pthread_mutex_lock(&e->mutex);
    if (result < 0 && e->result == 0) {
        e->result = result;
        e->err = err;
    }
    if (result == 0 && !job->crashed) {
        e->done++;
        if (failed)
            e->report->failed++;
        else
            e->report->embedded++;
        mm_progress_update(e->progress, PROGRESS, e->done, e->n_jobs);
    }
    pthread_mutex_unlock(&e->mutex);
}

static void embed_round(void *ctx, size_t i, size_t worker)
{
    struct embed *e = ctx;
    run_job(e, &e->jobs[i], worker, false);
}

/* Joins the two ascending lists of ids into jobs. */
static int list_jobs(struct embed *e, const int64_t *measure, size_t n_measure,
                     const int64_t *embed, size_t n_embed, struct mm_error *err)
{
    e->jobs = mm_calloc3(n_measure + n_embed, 1, sizeof *e->jobs);
    if (!e->jobs)
        return mm_no_memory(err);
    size_t m = 0;
    size_t v = 0;
    while (m < n_measure || v < n_embed) {
        int64_t next_m = m < n_measure ? measure[m] : INT64_MAX;
        int64_t next_v = v < n_embed ? embed[v] : INT64_MAX;
        struct job *job = &e->jobs[e->n_jobs++];
        job->song = next_m < next_v ? next_m : next_v;
        job->measure = next_m == job->song;
        job->embed = next_v == job->song;
        m += job->measure;
        v += job->embed;
    }
    return 0;
}

static int find_jobs(struct embed *e, struct mm_error *err)
{
    int64_t *measure = NULL;
    int64_t *embed = NULL;
    size_t n_measure = 0;
    size_t n_embed = 0;
    bool retry = e->options->retry;
    int result =
        mm_catalog_todo(e->catalog, e->measure_settings, NULL, retry, &measure, &n_measure, err);
    if (result == 0)
        result = mm_catalog_todo(e->catalog, NULL, &e->kind, retry, &embed, &n_embed, err);
    if (result == 0)
        result = list_jobs(e, measure, n_measure, embed, n_embed, err);
    free(embed);
    free(measure);
    return result;
}

static int run_all(struct embed *e, struct mm_error *err)
{
    struct mm_pool *pool = NULL;
    size_t workers = mm_helpers_count(e->helpers);
    e->streams = calloc(workers, sizeof(struct mm_embed_stream *));
    int result = e->streams ? mm_pool_create(workers, &pool, err) : mm_no_memory(err);
    for (size_t i = 0; i < workers && result == 0; i++)
        result = mm_embed_stream_create(e->embedder, &e->streams[i], err);
    if (result == 0) {
        mm_progress_update(e->progress, PROGRESS, 0, e->n_jobs);
        mm_pool_run(pool, e->n_jobs, embed_round, e);
        for (size_t i = 0; i < e->n_jobs; i++)
            if (e->jobs[i].crashed)
                run_job(e, &e->jobs[i], 0, true);
        result = e->result;
        if (result < 0 && err)
            *err = e->err;
        else if (mm_progress_cancelled(e->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    }
    for (size_t i = 0; e->streams && i < workers; i++)
        mm_embed_stream_destroy(e->streams[i]);
    mm_pool_destroy(pool);
    free(e->streams);
    return result;
}

int mm_embed_songs(struct mm_catalog *catalog, struct mm_helpers *helpers,
                   const struct mm_embed_options *options, const struct mm_progress *progress,
                   struct mm_embed_report *report, struct mm_error *err)
{
    struct timespec begin;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    *report = (struct mm_embed_report){0};
    struct embed e = {.catalog = catalog,
                      .helpers = helpers,
                      .options = options,
                      .progress = progress,
                      .report = report};
    pthread_mutex_init(&e.mutex, NULL);
    struct mm_embed_settings model = options->model;
    if (!model.read_weights) {
        model.read_weights = mm_helpers_weights;
        model.read_weights_ctx = helpers;
    }
    int result = mm_embedder_create(&model, &e.embedder, err);
    if (result == 0) {
        e.measure_settings = mm_settings_measure(options);
        e.vector_settings = mm_settings_vector(e.embedder, options);
        e.kind = (struct mm_vector_kind){.model = mm_embedder_model(e.embedder)->name,
                                         .settings = e.vector_settings,
                                         .segment = ""};
        result = e.measure_settings && e.vector_settings ? find_jobs(&e, err) : mm_no_memory(err);
    }
    report->todo = e.n_jobs;
    if (result == 0 && e.n_jobs)
        result = run_all(&e, err);
    free(e.jobs);
    free(e.vector_settings);
    free(e.measure_settings);
    mm_embedder_destroy(e.embedder);
    pthread_mutex_destroy(&e.mutex);
    clock_gettime(CLOCK_MONOTONIC, &end);
    report->seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    return result;
}
