/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring and embedding: one thread a helper takes the next song, streams its samples from the
 * helper into the models and stores what comes out, each song in a transaction of its own. A song
 * is decoded once for all models, and once more for its beginning and its end where those are
 * wanted. A helper that crashes costs one try of one song; at the end such songs are tried once
 * more, alone, and then set down as failures.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/join.h"
#include "musicmap/work.h"
#include "work/settings.h"

static const char STAGE[] = "embed";
static const char PROGRESS[] = "measuring and embedding";

enum { WHOLE, INTRO, OUTRO, SEGMENTS };
static const char *const segment_names[SEGMENTS] = {"", "intro", "outro"};
static const enum mm_audio_part segment_parts[SEGMENTS] = {MM_PART_EXCERPT, MM_PART_INTRO,
                                                           MM_PART_OUTRO};
/* What a transition is made of: as long as the page plays of either side. */
static const double SEGMENT_S = 15;

struct job {
    int64_t song;
    bool measure;                      /* lacks the measure */
    bool embed[SEGMENTS][MM_JOIN_MAX]; /* lacks the vector of this model */
    bool crashed;
};

struct model {
    struct mm_embedder *embedder;
    struct mm_vector_kind kind[SEGMENTS];
    char *settings[SEGMENTS];
};

/* A worker's streams, one a model, and the song in hand. */
struct worker {
    struct mm_embed_stream *streams[MM_JOIN_MAX];
    size_t rate[MM_JOIN_MAX]; /* which of the request's rates it hears; SIZE_MAX = none */
    struct mm_embedding embeddings[SEGMENTS][MM_JOIN_MAX];
};

struct embed {
    struct mm_catalog *catalog;
    struct mm_helpers *helpers;
    const struct mm_embed_options *options;
    const struct mm_progress *progress;
    struct mm_embed_report *report;
    size_t n_models;
    struct model models[MM_JOIN_MAX];
    size_t n_segments; /* 1, or SEGMENTS */
    char *measure_settings;
    struct job *jobs;
    size_t n_jobs;
    struct worker *workers;
    pthread_mutex_t mutex; /* guards what follows, and the report */
    size_t done;
    int result; /* first failure that ends the run */
    struct mm_error err;
};

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    struct worker *worker = ctx;
    int result = 0;
    for (size_t m = 0; m < MM_JOIN_MAX && result == 0; m++)
        if (worker->rate[m] == rate_index)
            result = mm_embed_stream_push(worker->streams[m], samples, count, err);
    return result;
}

/* Asks for every rate that a lacking model wants, once. */
static void choose_rates(const struct embed *e, const bool lacks[MM_JOIN_MAX],
                         struct worker *worker, struct mm_audio_request *request)
{
    for (size_t m = 0; m < MM_JOIN_MAX; m++) {
        worker->rate[m] = SIZE_MAX;
        if (m >= e->n_models || !lacks[m])
            continue;
        int rate = mm_embedder_model(e->models[m].embedder)->sample_rate;
        size_t i = 0;
        while (i < request->n_rates && request->rates[i] != rate)
            i++;
        if (i == request->n_rates)
            request->rates[request->n_rates++] = rate;
        worker->rate[m] = i;
    }
}

/* What went wrong with this one song, as opposed to with the run. */
static bool is_song_fault(int code)
{
    return code == MM_ERR_INPUT || code == MM_ERR_UNSUPPORTED || code == MM_ERR_CRASHED ||
           code == MM_ERR_LIMIT || code == MM_ERR_IO;
}

static int store_vector(struct embed *e, int64_t song, const struct mm_vector_kind *kind,
                        const struct mm_embedding *embedding, struct mm_error *err)
{
    const struct mm_song_tags tags = {embedding->n_tags, embedding->tag_names,
                                      embedding->tag_values};
    int result =
        mm_catalog_put_vector(e->catalog, song, kind, embedding->values, embedding->dim, err);
    if (result == 0 && tags.n)
        result = mm_catalog_put_tags(e->catalog, song, kind, &tags, err);
    return result;
}

static int store(struct embed *e, const struct job *job, const char *path,
                 const struct mm_measure *measure, const struct worker *worker,
                 struct mm_error *err)
{
    int result = mm_catalog_begin(e->catalog, err);
    if (result < 0)
        return result;
    if (job->measure)
        result = mm_catalog_put_measure(e->catalog, job->song, e->measure_settings, measure, err);
    for (size_t s = 0; s < e->n_segments; s++)
        for (size_t m = 0; m < e->n_models && result == 0; m++)
            if (job->embed[s][m])
                result = store_vector(e, job->song, &e->models[m].kind[s],
                                      &worker->embeddings[s][m], err);
    if (result == 0)
        result = mm_catalog_clear_failure(e->catalog, path, STAGE, err);
    if (result == 0)
        result = mm_catalog_commit(e->catalog, err);
    if (result < 0)
        mm_catalog_rollback(e->catalog);
    return result;
}

static int store_failure(struct embed *e, const struct mm_song *song, const char *path,
                         const char *reason, int tries, struct mm_error *err)
{
    struct mm_failure failure = {.song = song->id,
                                 .path = path,
                                 .stage = STAGE,
                                 .reason = reason,
                                 .tries = tries,
                                 .size = song->size,
                                 .mtime_ns = song->mtime_ns};
    return mm_catalog_put_failure(e->catalog, &failure, err);
}

static int analyse_segment(struct embed *e, const struct job *job, size_t s, const char *path,
                           struct worker *worker, struct mm_measure *measure, struct mm_error *err)
{
    struct mm_audio_request request = {.part = segment_parts[s],
                                       .excerpt_s = s == WHOLE ? e->options->excerpt_s : SEGMENT_S,
                                       .true_peak = e->options->true_peak,
                                       .measure = s == WHOLE && job->measure};
    choose_rates(e, job->embed[s], worker, &request);
    if (request.n_rates == 0 && !request.measure)
        return 0;
    int result = mm_helpers_analyse(e->helpers, path, &request, feed, worker, measure, err);
    /* Also after a failure: it makes the streams ready for the next song. */
    for (size_t m = 0; m < e->n_models; m++) {
        if (!job->embed[s][m])
            continue;
        struct mm_error ignored;
        int finished = mm_embed_stream_finish(worker->streams[m], &worker->embeddings[s][m],
                                              result < 0 ? &ignored : err);
        if (result == 0)
            result = finished;
    }
    return result;
}

/* Decodes, measures and embeds; what fails in here is the song's fault. */
static int analyse(struct embed *e, const struct job *job, const char *path, struct worker *worker,
                   struct mm_measure *measure, struct mm_error *err)
{
    int result = 0;
    struct mm_measure unused;
    for (size_t s = 0; s < e->n_segments && result == 0; s++)
        result = analyse_segment(e, job, s, path, worker, s == WHOLE ? measure : &unused, err);
    return result;
}

static int do_song(struct embed *e, struct job *job, struct worker *worker, bool last_try,
                   bool *failed, struct mm_error *err)
{
    struct mm_song song = {0};
    struct mm_measure measure = {.key = -1};
    *failed = false;
    int result = mm_catalog_get_song(e->catalog, job->song, &song, err);
    if (result < 0)
        return result;
    char *path = mm_song_path(e->catalog, &song);
    result = path ? analyse(e, job, path, worker, &measure, err) : mm_no_memory(err);
    if (result == 0) {
        result = store(e, job, path, &measure, worker, err);
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
        result = reason ? store_failure(e, &song, path, reason, last_try ? 2 : 1, err)
                        : mm_no_memory(err);
        free(reason);
    }
    free(path);
    for (size_t s = 0; s < SEGMENTS; s++)
        for (size_t m = 0; m < e->n_models; m++)
            mm_embedding_finish(&worker->embeddings[s][m]);
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
    int result = do_song(e, job, &e->workers[worker], last_try, &failed, &err);
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

/* What is to do, as ascending lists of ids: for the measure, and for each model and segment. */
enum { LISTS = 1 + SEGMENTS * MM_JOIN_MAX };
struct todo {
    int64_t *ids[LISTS];
    size_t count[LISTS];
    size_t at[LISTS];
};

/* Takes the smallest id that is left from all lists it heads; which[] gets where. */
static int64_t take_next(struct todo *todo, bool which[LISTS])
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < LISTS; i++)
        if (todo->at[i] < todo->count[i] && todo->ids[i][todo->at[i]] < next)
            next = todo->ids[i][todo->at[i]];
    for (size_t i = 0; i < LISTS; i++) {
        which[i] = todo->at[i] < todo->count[i] && todo->ids[i][todo->at[i]] == next;
        todo->at[i] += which[i];
    }
    return next;
}

/* Joins the lists into jobs. */
static int list_jobs(struct embed *e, struct todo *todo, struct mm_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < LISTS; i++)
        most += todo->count[i];
    e->jobs = mm_calloc3(most, 1, sizeof *e->jobs);
    if (!e->jobs)
        return mm_no_memory(err);
    for (;;) {
        bool which[LISTS];
        int64_t song = take_next(todo, which);
        if (song == INT64_MAX)
            return 0;
        struct job *job = &e->jobs[e->n_jobs++];
        job->song = song;
        job->measure = which[0];
        memcpy(job->embed, which + 1, sizeof job->embed);
    }
}

static int find_jobs(struct embed *e, struct mm_error *err)
{
    struct todo todo = {0};
    bool retry = e->options->retry;
    int result = mm_catalog_todo(e->catalog, e->measure_settings, NULL, retry, &todo.ids[0],
                                 &todo.count[0], err);
    for (size_t s = 0; s < e->n_segments; s++)
        for (size_t m = 0; m < e->n_models && result == 0; m++) {
            size_t list = 1 + s * MM_JOIN_MAX + m;
            result = mm_catalog_todo(e->catalog, NULL, &e->models[m].kind[s], retry,
                                     &todo.ids[list], &todo.count[list], err);
        }
    if (result == 0)
        result = list_jobs(e, &todo, err);
    for (size_t i = 0; i < LISTS; i++)
        free(todo.ids[i]);
    return result;
}

static int create_streams(struct embed *e, size_t workers, struct mm_error *err)
{
    e->workers = calloc(workers, sizeof *e->workers);
    int result = e->workers ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < workers * e->n_models && result == 0; i++)
        result = mm_embed_stream_create(e->models[i % e->n_models].embedder,
                                        &e->workers[i / e->n_models].streams[i % e->n_models], err);
    return result;
}

static int run_all(struct embed *e, struct mm_error *err)
{
    struct mm_pool *pool = NULL;
    size_t workers = mm_helpers_count(e->helpers);
    int result = create_streams(e, workers, err);
    if (result == 0)
        result = mm_pool_create(workers, &pool, err);
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
    for (size_t i = 0; e->workers && i < workers; i++)
        for (size_t m = 0; m < e->n_models; m++)
            mm_embed_stream_destroy(e->workers[i].streams[m]);
    mm_pool_destroy(pool);
    free(e->workers);
    return result;
}

static int name_kinds(const struct embed *e, struct model *model, struct mm_error *err)
{
    for (size_t s = 0; s < SEGMENTS; s++) {
        struct mm_embed_options options = *e->options;
        if (s != WHOLE)
            options.excerpt_s = SEGMENT_S;
        model->settings[s] = mm_settings_vector(model->embedder, &options);
        if (!model->settings[s])
            return mm_no_memory(err);
        model->kind[s] = (struct mm_vector_kind){.model = mm_embedder_model(model->embedder)->name,
                                                 .settings = model->settings[s],
                                                 .segment = segment_names[s]};
    }
    return 0;
}

/* Makes an embedder of every part of the join that options name. */
static int create_models(struct embed *e, struct mm_error *err)
{
    struct mm_embed_settings settings = e->options->model;
    if (!settings.read_weights) {
        settings.read_weights = mm_helpers_weights;
        settings.read_weights_ctx = e->helpers;
    }
    struct mm_join join;
    int result = mm_join_parse(settings.model ? settings.model : "", &join, err);
    if (result == 0 && join.n > 1 && settings.weights)
        result = mm_error_set(err, MM_ERR_USAGE, "weights of one file are for one model only");
    for (size_t m = 0; m < join.n && result == 0; m++) {
        struct model *model = &e->models[e->n_models];
        settings.model = join.part[m].name;
        result = mm_embedder_create(&settings, &model->embedder, err);
        if (result < 0)
            break;
        e->n_models++;
        result = name_kinds(e, model, err);
    }
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
                      .report = report,
                      .n_segments = options->segments ? SEGMENTS : 1};
    pthread_mutex_init(&e.mutex, NULL);
    int result = create_models(&e, err);
    if (result == 0) {
        e.measure_settings = mm_settings_measure(options);
        result = e.measure_settings ? find_jobs(&e, err) : mm_no_memory(err);
    }
    report->todo = e.n_jobs;
    if (result == 0 && e.n_jobs)
        result = run_all(&e, err);
    free(e.jobs);
    free(e.measure_settings);
    for (size_t m = 0; m < e.n_models; m++) {
        mm_embedder_destroy(e.models[m].embedder);
        for (size_t s = 0; s < SEGMENTS; s++)
            free(e.models[m].settings[s]);
    }
    pthread_mutex_destroy(&e.mutex);
    clock_gettime(CLOCK_MONOTONIC, &end);
    report->seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    return result;
}
