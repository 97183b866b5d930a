/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs whatever model the settings name: checks, cleans and cuts the samples, calls the model's
 * functions, pools its windows. */
#include <stdlib.h>

#include "base/array.h"
#include "embed/model.h"

struct mm_embedder {
    const struct mm_model *model;
    enum mm_pool_kind pool;
    size_t dim;   /* values of a window */
    void *shared; /* the model's */
    char *settings;
};

struct mm_embed_stream {
    struct mm_embedder *embedder;
    void *stream; /* the model's */
    struct mm_pooling *pooling;
    bool any; /* a sample has come */
};

static int check_settings(const struct mm_embed_settings *settings, struct mm_error *err)
{
    if (!mm_pooling_name(settings->pool))
        return mm_error_set(err, MM_ERR_USAGE, "no such pooling");
    if (!(settings->hop_s >= 0) || settings->hop_s > 3600)
        return mm_error_set(err, MM_ERR_USAGE, "the hop between windows must be 0 to 3600 s");
    if (settings->center < -1 || settings->center > 1)
        return mm_error_set(err, MM_ERR_USAGE, "centring is yes, no or the model's default");
    return 0;
}

int mm_embedder_create(const struct mm_embed_settings *settings, struct mm_embedder **out,
                       struct mm_error *err)
{
    *out = NULL;
    const struct mm_model *model = settings->model ? mm_model_find(settings->model) : NULL;
    if (!model)
        return mm_error_set(err, MM_ERR_USAGE, "there is no model \"%s\"",
                            settings->model ? settings->model : "");
    int result = check_settings(settings, err);
    if (result < 0)
        return result;
    struct mm_embedder *embedder = calloc(1, sizeof *embedder);
    if (!embedder)
        return mm_no_memory(err);
    embedder->model = model;
    embedder->pool = settings->pool;
    struct mm_text line = {0};
    if (settings->picture && !model->ops->picture) {
        result = mm_error_set(err, MM_ERR_USAGE, "%s has no network that a picture could enter",
                              model->name);
        goto out;
    }
    result = model->ops->create(model, settings, &embedder->shared, err);
    if (result < 0)
        goto out;
    embedder->dim = model->dim;
    if (settings->picture) {
        size_t rows, columns;
        mm_embedder_picture(embedder, &rows, &columns);
        embedder->dim = rows * columns;
        mm_text_add(&line, "picture ");
    }
    model->ops->describe(embedder->shared, &line);
    mm_text_addf(&line, " pool=%s", mm_pooling_name(settings->pool));
    if (!(embedder->settings = mm_text_steal(&line))) {
        result = mm_no_memory(err);
        goto out;
    }
    *out = embedder;
    embedder = NULL;
out:
    mm_text_finish(&line);
    mm_embedder_destroy(embedder);
    return result;
}

void mm_embedder_destroy(struct mm_embedder *embedder)
{
    if (!embedder)
        return;
    if (embedder->shared)
        embedder->model->ops->destroy(embedder->shared);
    free(embedder->settings);
    free(embedder);
}

const struct mm_model *mm_embedder_model(const struct mm_embedder *embedder)
{
    return embedder->model;
}

size_t mm_embedder_dim(const struct mm_embedder *embedder)
{
    return mm_pooling_length(embedder->pool, embedder->dim);
}

void mm_embedder_picture(const struct mm_embedder *embedder, size_t *rows, size_t *columns)
{
    *rows = *columns = 0;
    if (embedder->model->ops->picture)
        embedder->model->ops->picture(embedder->shared, rows, columns);
}

const char *mm_embedder_settings(const struct mm_embedder *embedder)
{
    return embedder->settings;
}

void mm_embedder_memory(const struct mm_embedder *embedder, size_t *shared, size_t *stream)
{
    const struct mm_model_ops *ops = embedder->model->ops;
    *shared = *stream = 0;
    if (ops->memory)
        ops->memory(embedder->shared, shared, stream);
}

int mm_embed_stream_create(struct mm_embedder *embedder, struct mm_embed_stream **out,
                           struct mm_error *err)
{
    *out = NULL;
    struct mm_embed_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    const struct mm_model_ops *ops = embedder->model->ops;
    stream->embedder = embedder;
    int result = mm_pooling_create(embedder->pool, embedder->dim, ops->tag_names, ops->n_tags,
                                   &stream->pooling, err);
    if (result == 0)
        result = ops->stream_create(embedder->shared, &stream->stream, err);
    if (result < 0) {
        mm_embed_stream_destroy(stream);
        return result;
    }
    *out = stream;
    return 0;
}

void mm_embed_stream_destroy(struct mm_embed_stream *stream)
{
    if (!stream)
        return;
    if (stream->stream)
        stream->embedder->model->ops->stream_destroy(stream->stream);
    mm_pooling_destroy(stream->pooling);
    free(stream);
}

static void forget_song(struct mm_embed_stream *stream)
{
    stream->embedder->model->ops->reset(stream->stream);
    mm_pooling_reset(stream->pooling);
    stream->any = false;
}

/* Comparisons instead of fminf() and isfinite(): the loop around it becomes vector code. */
static inline float clean_sample(float x)
{
    float y = x - x == 0 ? x : 0; /* infinity and NaN differ from themselves */
    y = y < 8 ? y : 8;
    return y > -8 ? y : -8;
}

int mm_embed_stream_push(struct mm_embed_stream *stream, const float *samples, size_t count,
                         struct mm_error *err)
{
    const struct mm_model_ops *ops = stream->embedder->model->ops;
    float clean[4096];
    while (count > 0) {
        size_t n = count < 4096 ? count : 4096;
        for (size_t i = 0; i < n; i++)
            clean[i] = clean_sample(samples[i]);
        int result = ops->push(stream->stream, clean, n, stream->pooling, err);
        if (result < 0) {
            forget_song(stream);
            return result;
        }
        stream->any = true;
        samples += n;
        count -= n;
    }
    return 0;
}

int mm_embed_stream_finish(struct mm_embed_stream *stream, struct mm_embedding *out,
                           struct mm_error *err)
{
    *out = (struct mm_embedding){0};
    int result;
    if (!stream->any)
        result = mm_error_set(err, MM_ERR_INPUT, "there is no audio in it");
    else
        result = stream->embedder->model->ops->finish(stream->stream, stream->pooling, err);
    if (result == 0)
        result = mm_pooling_take(stream->pooling, out, err);
    forget_song(stream);
    return result;
}
