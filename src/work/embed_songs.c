/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring and embedding a library: one thread a helper takes the next song and stores what comes
 * out (one_song.c), each song in a transaction of its own. A helper that crashes, or a server that
 * does not give a song, costs one try of that song; at the end such songs are tried once more,
 * alone, and then set down as failures, or left for another day.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/pool.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/one_song.h"

static const char PROGRESS[] = "measuring and embedding";

enum { MOST_REFUSED = 8 }; /* songs in a row that a server does not give: it will give none */

struct job {
    int64_t song;
    struct mm_lack lack;
    bool again; /* to be tried once more, alone */
};

struct embed {
    struct mm_catalog *catalog;
    const struct mm_progress *progress;
    struct mm_embed_report *report;
    struct mm_models models;
    struct mm_lender *lender; /* of songs that lie on servers */
    struct job *jobs;
    size_t n_jobs;
    struct mm_streams *workers; /* a thread's */
    pthread_mutex_t mutex;      /* guards what follows, and the report */
    size_t done;
    size_t refused; /* by the server, in a row */
    int result;     /* first failure that ends the run */
    struct mm_error err;
};

/* What came of a song: the measure and the streams' embeddings, or why there are none. */
struct product {
    const char *path;
    const struct mm_measure *measure;
    const struct mm_streams *streams;
    const char *reason; /* NULL = it went well */
    int tries;
};

/* *other: it has got another content meanwhile; nothing is stored of the old one. */
static int store(struct embed *e, const struct job *job, const struct mm_song *song,
                 const struct product *p, bool *other, struct mm_error *err)
{
    int result = mm_catalog_begin_beside(e->catalog, err);
    if (result < 0)
        return result;
    result = mm_one_song_is_other(e->catalog, song, other, err);
    if (result == 0 && !*other)
        result = p->reason ? mm_one_song_failed(e->catalog, song, p->path, p->reason, p->tries, err)
                           : mm_one_song_store(e->catalog, &e->models, song->id, &job->lack,
                                               p->path, p->measure, p->streams, err);
    if (result == 0)
        result = mm_catalog_commit(e->catalog, err);
    if (result < 0)
        mm_catalog_rollback(e->catalog);
    return result;
}

/* What the file of a song of a server says, now that it is here. The library may turn out to have
 * had its content under an id that is gone: then that song gets this one's place. *same: it did. */
static int look_into(struct embed *e, struct mm_song *song, const char *path, bool *same,
                     struct mm_error *err)
{
    struct mm_audio_info info;
    *same = false;
    int result = mm_helpers_probe(e->models.helpers, path, &info, song->hash, err);
    if (result < 0)
        return result;
    char *codec = mm_strdup(info.codec);
    if (!codec)
        result = mm_no_memory(err);
    free(song->codec);
    song->codec = codec;
    song->sample_rate = info.sample_rate;
    song->channels = info.channels;
    song->has_cover = info.has_cover;
    if (info.duration_s > 0)
        song->duration_s = info.duration_s;
    mm_audio_info_finish(&info);
    return result == 0 ? mm_remote_song_known(e->catalog, song, same, err) : result;
}

/* Counts a song that the server did not give; false when it was one too many. */
static bool bear_refusal(struct embed *e)
{
    pthread_mutex_lock(&e->mutex);
    bool borne = ++e->refused < MOST_REFUSED;
    pthread_mutex_unlock(&e->mutex);
    return borne;
}

enum outcome { DONE, FAILED, FORGOTTEN };

static int do_song(struct embed *e, struct job *job, struct mm_streams *streams, bool last_try,
                   enum outcome *outcome, struct mm_error *err)
{
    struct mm_song song = {0};
    struct mm_measure measure = {.key = -1};
    struct product product = {.measure = &measure, .streams = streams, .tries = last_try ? 2 : 1};
    *outcome = DONE;
    int result = mm_catalog_get_song(e->catalog, job->song, &song, err);
    if (result < 0) {
        *outcome = FORGOTTEN;
        return result == MM_ERR_NOT_FOUND ? 0 : result;
    }
    struct mm_loan loan;
    bool same = false;
    bool other = false;
    result = mm_lend(e->lender, &song, &loan, err);
    bool not_given = result == MM_ERR_AGAIN;
    if (result == 0 && loan.fetched)
        result = look_into(e, &song, loan.path, &same, err);
    if (result == 0 && !same)
        result = mm_one_song_analyse(&e->models, &job->lack, loan.path, streams, &measure, err);
    /* Failures are remembered by where the song is, not by where it was lent to. */
    product.path = loan.fetched || !loan.path ? song.key : loan.path;
    job->again = !last_try && (result == MM_ERR_CRASHED || (not_given && bear_refusal(e)));
    if (job->again) {
        result = 0;
    } else if (result == 0 && !same) {
        result = store(e, job, &song, &product, &other, err);
    } else if (result == MM_ERR_NOT_FOUND) { /* vanished since it was gathered */
        *outcome = FAILED;
        result = mm_catalog_set_state(e->catalog, song.id, MM_SONG_MISSING, err);
    } else if (mm_is_song_fault(result)) {
        *outcome = FAILED;
        char *reason = mm_strdup(err->message);
        product.reason = reason;
        result = reason ? store(e, job, &song, &product, &other, err) : mm_no_memory(err);
        free(reason);
    }
    if (other) {
        *outcome = FAILED;
        job->again = !last_try;
    }
    if (result == MM_ERR_NOT_FOUND) { /* somebody dropped the song meanwhile */
        *outcome = FORGOTTEN;
        result = 0;
    }
    mm_loan_return(&loan);
    mm_streams_clear(streams);
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
    enum outcome outcome;
    int result = do_song(e, job, &e->workers[worker], last_try, &outcome, &err);
    pthread_mutex_lock(&e->mutex);
    if (result < 0 && e->result == 0) {
        e->result = result;
        e->err = err;
    }
    if (result == 0 && !job->again) {
        e->done++;
        e->refused = 0;
        e->report->failed += outcome == FAILED;
        e->report->embedded += outcome == DONE;
        mm_progress_update(e->progress, PROGRESS, e->done, e->n_jobs);
    }
    pthread_mutex_unlock(&e->mutex);
}

static void embed_round(void *ctx, size_t i, size_t worker)
{
    struct embed *e = ctx;
    run_job(e, &e->jobs[i], worker, false);
}

/* What is to do, as ascending lists of ids: for the measure, and for each kind of vector. */
enum { LISTS = 1 + MM_KINDS_MAX };
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
        job->lack.measure = which[0];
        memcpy(job->lack.embed, which + 1, sizeof job->lack.embed);
    }
}

static int find_jobs(struct embed *e, struct mm_error *err)
{
    struct todo todo = {0};
    const struct mm_models *models = &e->models;
    bool retry = models->options->retry;
    int result = mm_catalog_todo(e->catalog, models->measure_settings, NULL, retry, &todo.ids[0],
                                 &todo.count[0], err);
    for (size_t k = 0; k < models->n_kinds && result == 0; k++)
        result = mm_catalog_todo(e->catalog, NULL, &models->kind[k], retry, &todo.ids[1 + k],
                                 &todo.count[1 + k], err);
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
    for (size_t i = 0; i < workers && result == 0; i++)
        result = mm_streams_init(&e->workers[i], &e->models, err);
    return result;
}

static int run_all(struct embed *e, struct mm_error *err)
{
    struct mm_pool *pool = NULL;
    size_t workers = mm_helpers_count(e->models.helpers);
    int result = create_streams(e, workers, err);
    if (result == 0)
        result = mm_pool_create(workers, &pool, err);
    if (result == 0) {
        mm_progress_update(e->progress, PROGRESS, 0, e->n_jobs);
        mm_pool_run(pool, e->n_jobs, embed_round, e);
        for (size_t i = 0; i < e->n_jobs; i++)
            if (e->jobs[i].again)
                run_job(e, &e->jobs[i], 0, true);
        result = e->result;
        if (result < 0 && err)
            *err = e->err;
        else if (mm_progress_cancelled(e->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    }
    for (size_t i = 0; e->workers && i < workers; i++)
        mm_streams_finish(&e->workers[i]);
    mm_pool_destroy(pool);
    free(e->workers);
    return result;
}

int mm_embed_songs(struct mm_catalog *catalog, struct mm_helpers *helpers,
                   const struct mm_embed_options *options, const struct mm_progress *progress,
                   struct mm_embed_report *report, struct mm_error *err)
{
    double begin = mm_clock_s();
    *report = (struct mm_embed_report){0};
    struct embed e = {.catalog = catalog, .progress = progress, .report = report};
    pthread_mutex_init(&e.mutex, NULL);
    int result = mm_models_init(&e.models, helpers, options, err);
    if (result == 0)
        result = find_jobs(&e, err);
    if (result == 0)
        result = mm_lender_create(catalog, progress, &e.lender, err);
    report->todo = e.n_jobs;
    if (result == 0 && e.n_jobs)
        result = run_all(&e, err);
    free(e.jobs);
    mm_lender_destroy(e.lender);
    mm_models_finish(&e.models);
    pthread_mutex_destroy(&e.mutex);
    report->seconds = mm_clock_s() - begin;
    return result;
}
