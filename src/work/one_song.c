/* SPDX-License-Identifier: BSD-2-Clause */
/* One song through the models: a helper decodes it once, and once more for its beginning and its
 * end where those are wanted; its samples stream into every model that lacks a vector of it, and
 * all that comes out is stored in one transaction. */
#include "work/one_song.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "work/settings.h"

/* ---- models ---- */

static const struct {
    const char *name;
    enum mm_audio_part part;
} segments[MM_SEGMENTS] = {[MM_SEGMENT_WHOLE] = {"", MM_PART_EXCERPT},
                           [MM_SEGMENT_INTRO] = {"intro", MM_PART_INTRO},
                           [MM_SEGMENT_OUTRO] = {"outro", MM_PART_OUTRO}};
/* What a transition is made of: as long as the page plays of either side. */
static const double SEGMENT_S = 15;

static int name_kinds(struct mm_models *models, struct mm_error *err)
{
    for (size_t s = 0; s < models->n_segments; s++)
        for (size_t m = 0; m < models->n; m++) {
            struct mm_embed_options options = *models->options;
            if (s != MM_SEGMENT_WHOLE)
                options.excerpt_s = SEGMENT_S;
            char *settings = mm_settings_vector(models->embedder[m], &options);
            if (!settings)
                return mm_no_memory(err);
            models->settings[models->n_kinds] = settings;
            models->kind[models->n_kinds++] =
                (struct mm_vector_kind){.model = mm_embedder_model(models->embedder[m])->name,
                                        .settings = settings,
                                        .segment = segments[s].name};
        }
    return 0;
}

int mm_models_init(struct mm_models *models, struct mm_helpers *helpers,
                   const struct mm_embed_options *options, struct mm_error *err)
{
    *models = (struct mm_models){
        .helpers = helpers, .options = options, .n_segments = options->segments ? MM_SEGMENTS : 1};
    struct mm_embed_settings settings = options->model;
    if (!settings.read_weights) {
        settings.read_weights = mm_helpers_weights;
        settings.read_weights_ctx = helpers;
    }
    struct mm_join join;
    int result = mm_join_parse(settings.model ? settings.model : "", &join, err);
    if (result == 0 && join.n > 1 && settings.weights)
        result = mm_error_set(err, MM_ERR_USAGE, "weights of one file are for one model only");
    for (size_t m = 0; m < join.n && result == 0; m++) {
        settings.model = join.part[m].name;
        result = mm_embedder_create(&settings, &models->embedder[m], err);
        models->n += result == 0;
    }
    if (result == 0)
        result = name_kinds(models, err);
    if (result == 0 && !(models->measure_settings = mm_settings_measure(options)))
        result = mm_no_memory(err);
    return result;
}

void mm_models_finish(struct mm_models *models)
{
    for (size_t m = 0; m < models->n; m++)
        mm_embedder_destroy(models->embedder[m]);
    for (size_t k = 0; k < models->n_kinds; k++)
        free(models->settings[k]);
    free(models->measure_settings);
    *models = (struct mm_models){0};
}

/* ---- streams ---- */

int mm_streams_init(struct mm_streams *streams, const struct mm_models *models,
                    struct mm_error *err)
{
    int result = 0;
    for (size_t m = 0; m < models->n && result == 0; m++)
        result = mm_embed_stream_create(models->embedder[m], &streams->streams[m], err);
    return result;
}

void mm_streams_clear(struct mm_streams *streams)
{
    for (size_t k = 0; k < MM_KINDS_MAX; k++)
        mm_embedding_finish(&streams->embeddings[k]);
}

void mm_streams_finish(struct mm_streams *streams)
{
    mm_streams_clear(streams);
    for (size_t m = 0; m < MM_JOIN_MAX; m++)
        mm_embed_stream_destroy(streams->streams[m]);
}

/* ---- computing ---- */

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    struct mm_streams *streams = ctx;
    int result = 0;
    for (size_t m = 0; m < MM_JOIN_MAX && result == 0; m++)
        if (streams->rate[m] == rate_index)
            result = mm_embed_stream_push(streams->streams[m], samples, count, err);
    return result;
}

/* Asks for every rate that a lacking model wants, once. */
static void choose_rates(const struct mm_models *models, const bool lacks[MM_JOIN_MAX],
                         struct mm_streams *streams, struct mm_audio_request *request)
{
    for (size_t m = 0; m < MM_JOIN_MAX; m++) {
        streams->rate[m] = SIZE_MAX;
        if (m >= models->n || !lacks[m])
            continue;
        int rate = mm_embedder_model(models->embedder[m])->sample_rate;
        size_t i = 0;
        while (i < request->n_rates && request->rates[i] != rate)
            i++;
        if (i == request->n_rates)
            request->rates[request->n_rates++] = rate;
        streams->rate[m] = i;
    }
}

bool mm_is_song_fault(int code)
{
    return code == MM_ERR_INPUT || code == MM_ERR_UNSUPPORTED || code == MM_ERR_CRASHED ||
           code == MM_ERR_LIMIT || code == MM_ERR_IO;
}

static int analyse_segment(const struct mm_models *models, const struct mm_lack *lack,
                           enum mm_segment segment, const char *path, struct mm_streams *streams,
                           struct mm_measure *measure, struct mm_error *err)
{
    bool whole = segment == MM_SEGMENT_WHOLE;
    const bool *lacks = lack->embed + segment * models->n;
    struct mm_embedding *embeddings = streams->embeddings + segment * models->n;
    struct mm_audio_request request = {.part = segments[segment].part,
                                       .excerpt_s = whole ? models->options->excerpt_s : SEGMENT_S,
                                       .true_peak = models->options->true_peak,
                                       .measure = whole && lack->measure};
    choose_rates(models, lacks, streams, &request);
    if (request.n_rates == 0 && !request.measure)
        return 0;
    int result = mm_helpers_analyse(models->helpers, path, &request, feed, streams, measure, err);
    /* Also after a failure: it makes the streams ready for the next song. */
    for (size_t m = 0; m < models->n; m++) {
        if (!lacks[m])
            continue;
        struct mm_error ignored;
        int finished = mm_embed_stream_finish(streams->streams[m], &embeddings[m],
                                              result < 0 ? &ignored : err);
        if (result == 0)
            result = finished;
    }
    return result;
}

int mm_one_song_analyse(const struct mm_models *models, const struct mm_lack *lack,
                        const char *path, struct mm_streams *streams, struct mm_measure *measure,
                        struct mm_error *err)
{
    int result = 0;
    struct mm_measure unused;
    for (size_t s = 0; s < models->n_segments && result == 0; s++)
        result = analyse_segment(models, lack, (enum mm_segment)s, path, streams,
                                 s == MM_SEGMENT_WHOLE ? measure : &unused, err);
    return result;
}

/* ---- storing ---- */

static int store_vector(struct mm_catalog *catalog, int64_t song, const struct mm_vector_kind *kind,
                        const struct mm_embedding *embedding, struct mm_error *err)
{
    const struct mm_song_tags tags = {embedding->n_tags, embedding->tag_names,
                                      embedding->tag_values};
    int result = mm_catalog_put_vector(catalog, song, kind, embedding->values, embedding->dim, err);
    if (result == 0 && tags.n)
        result = mm_catalog_put_tags(catalog, song, kind, &tags, err);
    return result;
}

int mm_one_song_store(struct mm_catalog *catalog, const struct mm_models *models, int64_t song,
                      const struct mm_lack *lack, const char *path,
                      const struct mm_measure *measure, const struct mm_streams *streams,
                      struct mm_error *err)
{
    int result = 0;
    if (lack->measure)
        result = mm_catalog_put_measure(catalog, song, models->measure_settings, measure, err);
    for (size_t k = 0; k < models->n_kinds && result == 0; k++)
        if (lack->embed[k])
            result = store_vector(catalog, song, &models->kind[k], &streams->embeddings[k], err);
    return result == 0 ? mm_catalog_clear_failure(catalog, path, MM_EMBED_STAGE, err) : result;
}

int mm_one_song_is_other(struct mm_catalog *catalog, const struct mm_song *song, bool *other,
                         struct mm_error *err)
{
    struct mm_song now = {0};
    int result = mm_catalog_get_song(catalog, song->id, &now, err);
    *other = result == 0 && memcmp(now.hash, song->hash, sizeof now.hash) != 0;
    mm_song_finish(&now);
    return result;
}

int mm_one_song_failed(struct mm_catalog *catalog, const struct mm_song *song, const char *path,
                       const char *reason, int tries, struct mm_error *err)
{
    struct mm_failure failure = {.song = song->id,
                                 .path = path,
                                 .stage = MM_EMBED_STAGE,
                                 .reason = reason,
                                 .tries = tries,
                                 .size = song->size,
                                 .mtime_ns = song->mtime_ns};
    return mm_catalog_put_failure(catalog, &failure, err);
}
