/* SPDX-License-Identifier: BSD-2-Clause */
/* The models of the L3 family: windows of one second -> spectrogram -> network. */
#include "embed/l3_model.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "embed/files.h"
#include "embed/windows.h"

#define BATCH         8   /* windows that go through the network together */
#define DEFAULT_HOP_S 1.0 /* not centred: what the original map did */

struct l3_model {
    struct mm_l3_frontend_spec frontend;
    struct mm_l3 *net; /* NULL: only pictures are wanted */
    size_t hop;        /* samples */
    double hop_s;
    bool center;
    char hash[MM_FILES_HASH];
};

struct l3_stream {
    const struct l3_model *model;
    struct mm_windows windows;
    struct mm_l3_frontend *frontend;
    struct mm_l3_work *work;
    float *pictures;            /* [BATCH][bins][frames] */
    float *vectors;             /* [BATCH][dim] */
    size_t waiting;             /* pictures that were not yet run */
    size_t done;                /* windows handed to the pooling */
    struct mm_pooling *pooling; /* during push and finish */
};

/* ---- the shared part ---- */

static void l3_destroy(void *shared)
{
    struct l3_model *model = shared;
    mm_l3_destroy(model->net);
    free(model);
}

static int read_settings(const struct mm_l3_variant *variant,
                         const struct mm_embed_settings *settings, struct l3_model *model,
                         struct mm_error *err)
{
    model->frontend = variant->frontend;
    if (settings->front_end) {
        int result = mm_l3_flavour_parse(settings->front_end, &model->frontend.flavour, err);
        if (result < 0)
            return result;
        if (!variant->any_flavour && model->frontend.flavour != variant->frontend.flavour)
            return mm_error_set(err, MM_ERR_USAGE, "this model has the front end %s only",
                                mm_l3_flavour_name(variant->frontend.flavour));
    }
    model->hop_s = settings->hop_s > 0 ? settings->hop_s : DEFAULT_HOP_S;
    model->hop = (size_t)(model->hop_s * model->frontend.sample_rate);
    if (model->hop == 0)
        return mm_error_set(err, MM_ERR_USAGE, "a hop of %g s is less than a sample", model->hop_s);
    model->center = settings->center > 0;
    return 0;
}

static int l3_create(const struct mm_model *row, const struct mm_embed_settings *settings,
                     void **shared, struct mm_error *err)
{
    *shared = NULL;
    const struct mm_l3_variant *variant = row->variant;
    struct mm_weights weights = {0};
    char *path = NULL;
    struct l3_model *model = calloc(1, sizeof *model);
    if (!model)
        return mm_no_memory(err);
    const struct mm_kernels *kernels = NULL;
    int result = read_settings(variant, settings, model, err);
    if (result == 0)
        result = mm_files_kernels(settings, &kernels, err);
    if (result < 0 || settings->picture)
        goto out;
    result = mm_files_find(row, settings, 0, &path, err);
    if (result == 0)
        result = mm_files_hash(row, settings, model->hash, err);
    if (result == 0)
        result = mm_files_keras(settings, path, &weights, err);
    if (result == 0 && mm_l3_create(&variant->net, &weights, kernels, &model->net, err) < 0)
        result = mm_error_prefix(err, "%s", path);
out:
    if (result < 0)
        l3_destroy(model);
    else
        *shared = model;
    mm_weights_finish(&weights);
    free(path);
    return result;
}

static void l3_describe(const void *shared, struct mm_text *line)
{
    const struct l3_model *model = shared;
    mm_text_addf(line, "v1 frontend=%s hop=%.9g center=%d weights=%s",
                 mm_l3_flavour_name(model->frontend.flavour), model->hop_s, model->center,
                 model->hash);
}

static void l3_picture(const void *shared, size_t *rows, size_t *columns)
{
    const struct l3_model *model = shared;
    mm_l3_frontend_shape(&model->frontend, rows, columns);
}

static void l3_memory(const void *shared, size_t *shared_bytes, size_t *stream_bytes)
{
    const struct l3_model *model = shared;
    *shared_bytes = 0;
    *stream_bytes = (size_t)model->frontend.sample_rate * sizeof(float);
    if (!model->net)
        return;
    size_t picture = mm_l3_in_size(model->net);
    *shared_bytes = mm_l3_bytes(model->net);
    *stream_bytes =
        mm_l3_work_bytes(model->net, BATCH) +
        (BATCH * (picture + mm_l3_dim(model->net)) + (size_t)model->frontend.sample_rate) *
            sizeof(float);
}

/* ---- streams ---- */

static void l3_stream_destroy(void *data)
{
    struct l3_stream *stream = data;
    free(stream->vectors);
    free(stream->pictures);
    mm_l3_work_destroy(stream->work);
    mm_l3_frontend_destroy(stream->frontend);
    mm_windows_finish(&stream->windows);
    free(stream);
}

static size_t picture_size(const struct l3_stream *stream)
{
    return mm_l3_frontend_bins(stream->frontend) * mm_l3_frontend_frames(stream->frontend);
}

static int l3_stream_create(void *shared, void **out, struct mm_error *err)
{
    const struct l3_model *model = shared;
    *out = NULL;
    struct l3_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    stream->model = model;
    size_t second = (size_t)model->frontend.sample_rate;
    int result = mm_windows_init(&stream->windows, second, model->hop,
                                 model->center ? second / 2 : 0, MM_TAIL_PAD, err);
    if (result == 0)
        result = mm_l3_frontend_create(&model->frontend, &stream->frontend, err);
    if (result == 0) {
        stream->pictures = mm_calloc3(BATCH, picture_size(stream), sizeof *stream->pictures);
        if (!stream->pictures)
            result = mm_no_memory(err);
    }
    if (result == 0 && model->net)
        result = mm_l3_work_create(model->net, BATCH, &stream->work, err);
    if (result == 0 && model->net) {
        stream->vectors = mm_calloc3(BATCH, mm_l3_dim(model->net), sizeof *stream->vectors);
        if (!stream->vectors)
            result = mm_no_memory(err);
    }
    if (result < 0)
        l3_stream_destroy(stream);
    else
        *out = stream;
    return result;
}

static int run_batch(struct l3_stream *stream, struct mm_error *err)
{
    const struct l3_model *model = stream->model;
    size_t dim = model->net ? mm_l3_dim(model->net) : picture_size(stream);
    const float *windows = model->net ? stream->vectors : stream->pictures;
    if (model->net)
        mm_l3_run(model->net, stream->work, stream->waiting, stream->pictures, stream->vectors);
    int result = 0;
    for (size_t i = 0; result == 0 && i < stream->waiting; i++) {
        /* Centred windows are half a window early, so this is their middle. */
        double seconds = (double)(stream->done++ * model->hop) / model->frontend.sample_rate;
        result = mm_pooling_add(stream->pooling, windows + i * dim, NULL, seconds, err);
    }
    stream->waiting = 0;
    return result;
}

static int take_window(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    (void)index;
    struct l3_stream *stream = ctx;
    mm_l3_frontend_run(stream->frontend, samples,
                       stream->pictures + stream->waiting * picture_size(stream));
    return ++stream->waiting == BATCH ? run_batch(stream, err) : 0;
}

static int l3_push(void *data, const float *samples, size_t count, struct mm_pooling *pooling,
                   struct mm_error *err)
{
    struct l3_stream *stream = data;
    stream->pooling = pooling;
    return mm_windows_push(&stream->windows, samples, count, take_window, stream, err);
}

static int l3_finish(void *data, struct mm_pooling *pooling, struct mm_error *err)
{
    struct l3_stream *stream = data;
    stream->pooling = pooling;
    int result = mm_windows_end(&stream->windows, take_window, stream, err);
    return result == 0 && stream->waiting ? run_batch(stream, err) : result;
}

static void l3_reset(void *data)
{
    struct l3_stream *stream = data;
    mm_windows_reset(&stream->windows);
    stream->waiting = 0;
    stream->done = 0;
}

const struct mm_model_ops mm_l3_ops = {
    .create = l3_create,
    .destroy = l3_destroy,
    .describe = l3_describe,
    .picture = l3_picture,
    .memory = l3_memory,
    .stream_create = l3_stream_create,
    .stream_destroy = l3_stream_destroy,
    .push = l3_push,
    .finish = l3_finish,
    .reset = l3_reset,
};
