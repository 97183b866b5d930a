/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather_sounds.c - the sounds of a batch of songs: from the service itself, else, where the user
 * asked for it, from another that has the recording; then looked into by helpers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "work/gather_service.h"
#include "work/sounds.h"

static const char STAGE[] = "gather";

/* In the order in which they are asked. */
static const char *const ELSEWHERE[MM_ELSEWHERE] = {"deezer", "itunes"};

/* ---- sounds ---- */

static void note_result(struct mm_batch *b, size_t i, int result, const struct mm_error *fault)
{
    b->results[i] = result;
    b->faults[i] = *fault;
}

struct fetching {
    struct mm_batch *batch;
    const size_t *index; /* [n] into the stage */
    const char *source;  /* whose sounds these are */
};

static int on_sound(void *ctx, size_t i, int result, const void *bytes, size_t size,
                    const char *ending, const struct mm_error *fault, struct mm_error *err)
{
    struct fetching *f = ctx;
    struct mm_batch *b = f->batch;
    struct mm_staged *staged = &b->stage.list[f->index[i]];
    note_result(b, f->index[i], result, fault);
    if (result < 0)
        return 0;
    const char *id = staged->found_at ? staged->found.id : staged->track.id;
    char *stem = mm_sound_stem(f->source, id);
    int stored = stem ? mm_sound_store(b->g->catalog, stem, ending, bytes, size, &staged->file, err)
                      : mm_no_memory(err);
    free(stem);
    if (stored == 0) {
        b->g->report->fetched++;
        b->g->report->bytes += size;
    }
    return stored;
}

/* Fetches the sounds of those that have an address at session's service and no file yet. */
static int fetch(struct mm_batch *b, struct mm_service_session *session, const char *source,
                 struct mm_error *err)
{
    size_t n = 0;
    size_t count = b->stage.n - b->first;
    const struct mm_track **tracks = mm_calloc3(count, 1, sizeof(const struct mm_track *));
    size_t *index = mm_calloc3(count, 1, sizeof *index);
    int result = tracks && index ? 0 : mm_no_memory(err);
    for (size_t i = b->first; i < b->stage.n && result == 0; i++) {
        struct mm_staged *s = &b->stage.list[i];
        const struct mm_track *track = s->found_at ? &s->found : &s->track;
        const char *at = s->found_at ? s->found_at : b->g->source;
        if (!s->wants_sound || s->file || !track->preview || strcmp(at, source) != 0)
            continue;
        char *stem = mm_sound_stem(source, track->id);
        if (!stem)
            result = mm_no_memory(err);
        else if (!(s->file = mm_sound_find(b->g->catalog, stem))) {
            tracks[n] = track;
            index[n++] = i;
        }
        free(stem);
    }
    struct fetching fetching = {b, index, source};
    if (result == 0 && n)
        result = mm_service_sounds(session, tracks, n, on_sound, &fetching, err);
    free(index);
    free(tracks);
    return result;
}

static void probe_round(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct mm_batch *b = ctx;
    struct mm_staged *s = &b->stage.list[b->first + i];
    if (!s->file || mm_progress_cancelled(b->g->progress))
        return;
    b->results[b->first + i] =
        mm_staged_probe(s, b->g->catalog, b->g->helpers, &b->faults[b->first + i]);
}

/* ---- elsewhere ---- */

/* The session of the k-th service that sounds are looked for at. */
static int open_elsewhere(struct mm_gathering *g, size_t k, struct mm_error *err)
{
    if (g->elsewhere[k])
        return 0;
    struct mm_service_settings settings = g->request->settings;
    settings.as_user = false;
    return mm_service_open(mm_service_find(ELSEWHERE[k]), &settings, &g->elsewhere[k], err);
}

/* The k-th service says no to one song: noted, where no other has it; the run goes on. */
static int ask_elsewhere(struct mm_batch *b, size_t i, size_t k, bool *found, struct mm_error *err)
{
    struct mm_staged *s = &b->stage.list[i];
    struct mm_error fault = {0};
    int result = mm_service_resolve(b->g->elsewhere[k], &s->track, &s->found, found, &fault);
    if (result == MM_ERR_NOT_FOUND || result == MM_ERR_IO) {
        note_result(b, i, result, &fault);
        *found = false;
        result = 0;
    } else if (result < 0 && err) {
        *err = fault;
    }
    return result;
}

static int find_elsewhere(struct mm_batch *b, size_t i, struct mm_error *err)
{
    struct mm_staged *s = &b->stage.list[i];
    int result = 0;
    for (size_t k = 0; k < MM_ELSEWHERE && result == 0 && !s->found_at; k++) {
        bool found = false;
        if (strcmp(ELSEWHERE[k], b->g->source) == 0)
            continue;
        result = open_elsewhere(b->g, k, err);
        if (result == 0)
            result = ask_elsewhere(b, i, k, &found, err);
        if (result == 0 && found && s->found.preview) {
            s->found_at = ELSEWHERE[k];
            b->results[i] = 0;
        } else {
            mm_track_finish(&s->found);
        }
    }
    return result;
}

static int resolve(struct mm_batch *b, struct mm_error *err)
{
    int result = 0;
    for (size_t i = b->first; i < b->stage.n && result == 0; i++) {
        struct mm_staged *s = &b->stage.list[i];
        if (s->wants_sound && !s->file && !s->track.preview)
            result = find_elsewhere(b, i, err);
    }
    for (size_t k = 0; k < MM_ELSEWHERE && result == 0; k++)
        if (b->g->elsewhere[k])
            result = fetch(b, b->g->elsewhere[k], ELSEWHERE[k], err);
    return result;
}

/* ---- what came of the sounds ---- */

/* Faults of the run, not of a song: it ends, and can be taken up again. */
static bool ends_the_run(int code)
{
    return code == MM_ERR_AGAIN || code == MM_ERR_CANCELLED || code == MM_ERR_NO_MEMORY ||
           code == MM_ERR_BUG;
}

static int note_failure(struct mm_gathering *g, const struct mm_staged *s, const char *reason,
                        struct mm_error *err)
{
    char *path = mm_format("%s:%s", g->source, s->track.id);
    g->report->failed++;
    const struct mm_failure failure = {.path = path, .stage = STAGE, .reason = reason, .tries = 1};
    int result = path ? mm_catalog_put_failure(g->catalog, &failure, err) : mm_no_memory(err);
    free(path);
    return result;
}

/* What has a sound now is no failure any more. */
static int clear_failure(struct mm_gathering *g, const struct mm_staged *s, struct mm_error *err)
{
    char *path = mm_format("%s:%s", g->source, s->track.id);
    int result = path ? mm_catalog_clear_failure(g->catalog, path, STAGE, err) : mm_no_memory(err);
    free(path);
    return result;
}

/* Drops those whose sound is none; where silence is kept they stay as silent ones. */
static int sort_out(struct mm_batch *b, struct mm_error *err)
{
    bool keep_silent = mm_service_may_be_silent(b->g->request->service);
    int result = 0;
    for (size_t i = b->first; i < b->stage.n && result == 0; i++)
        if (b->results[i] < 0 && ends_the_run(b->results[i])) {
            if (err)
                *err = b->faults[i];
            return b->results[i];
        }
    for (size_t i = b->stage.n; i-- > b->first && result == 0;) {
        struct mm_staged *s = &b->stage.list[i];
        if (b->results[i] == 0) {
            if (s->file)
                result = clear_failure(b->g, s, err);
            continue;
        }
        if (s->file)
            mm_sound_remove(b->g->catalog, s->file, NULL);
        free(s->file);
        s->file = NULL;
        result = note_failure(b->g, s, b->faults[i].message, err);
        if (!keep_silent && s->kind == MM_STAGE_NEW)
            mm_stage_drop(&b->stage, i);
    }
    return result;
}

int mm_batch_sounds(struct mm_batch *b, struct mm_error *err)
{
    size_t n = b->stage.n;
    if (n == b->first)
        return 0;
    b->results = mm_calloc3(n, 1, sizeof *b->results);
    b->faults = mm_calloc3(n, 1, sizeof *b->faults);
    int result = b->results && b->faults ? 0 : mm_no_memory(err);
    if (result == 0)
        result = fetch(b, b->g->session, b->g->source, err);
    if (result == 0 && b->g->request->resolve)
        result = resolve(b, err);
    if (result == 0) {
        mm_pool_run(b->g->pool, n - b->first, probe_round, b);
        if (mm_progress_cancelled(b->g->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped; what is done is kept");
    }
    if (result == 0)
        result = sort_out(b, err);
    free(b->results);
    free(b->faults);
    b->results = NULL;
    b->faults = NULL;
    b->first = b->stage.n;
    return result;
}
