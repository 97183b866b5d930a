/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small learned model: three seconds of sound at a time become a mel picture (22.05 kHz,
 * transform of 2048 every 512 samples, 64 HTK bands of 30 Hz to 11 kHz), the picture a vector. The
 * same front end in Python: train/common.py.
 */
#include "embed/mm1.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/files.h"
#include "embed/mm1_net.h"
#include "embed/model.h"
#include "embed/weights_data.h"
#include "embed/windows.h"
#include "musicmap/spectrum.h"

#define N_FFT   2048
#define HOP     512
#define LOW_HZ  30
#define HIGH_HZ 11025
/* Samples that a patch sees, and from one to the next: its frames follow on the last one's. */
#define PATCH ((MM_MM1_FRAMES - 1) * HOP + N_FFT)
#define STEP  (MM_MM1_FRAMES * HOP)

struct mm1 {
    struct mm_mm1_net *net; /* NULL: only pictures are wanted */
    struct mm_mel *mel;
    float window[N_FFT];
};

struct mm1_stream {
    const struct mm1 *model;
    struct mm_windows windows;
    struct mm_fft *fft;
    struct mm_mm1_work *work;
    float power[N_FFT / 2 + 1];
    float picture[MM_MM1_FRAMES * MM_MM1_BANDS];
    float vector[MM_MM1_DIM];
    struct mm_pooling *pooling; /* during push and finish */
};

static void mm1_destroy(void *shared)
{
    struct mm1 *model = shared;
    mm_mel_destroy(model->mel);
    mm_mm1_net_destroy(model->net);
    free(model);
}

static int mm1_create(const struct mm_model *row, const struct mm_embed_settings *settings,
                      void **shared, struct mm_error *err)
{
    (void)row;
    *shared = NULL;
    if (settings->front_end || settings->center > 0 || settings->hop_s > 0 || settings->weights)
        return mm_error_set(err, MM_ERR_USAGE,
                            "mm1 has no front end, hop, centring or weights to choose");
    struct mm1 *model = calloc(1, sizeof *model);
    if (!model)
        return mm_no_memory(err);
    mm_window_hann(N_FFT, model->window);
    const struct mm_kernels *kernels;
    int result = mm_files_kernels(settings, &kernels, err);
    if (result == 0)
        result = mm_mel_create(MM_MEL_HTK, MM_MM1_RATE, N_FFT, MM_MM1_BANDS, LOW_HZ, HIGH_HZ,
                               &model->mel, err);
    if (result == 0 && !settings->picture)
        /* cppcheck-suppress comparePointers ; the linker's names for both ends of one object */
        result = mm_mm1_net_create(mm_mm1_weights, (size_t)(mm_mm1_weights_end - mm_mm1_weights),
                                   kernels, &model->net, err);
    if (result < 0)
        mm1_destroy(model);
    else
        *shared = model;
    return result;
}

static void mm1_describe(const void *shared, struct mm_text *line)
{
    (void)shared;
    mm_text_addf(line, "weights=%s", mm_mm1_weights_version);
}

static void mm1_picture(const void *shared, size_t *rows, size_t *columns)
{
    (void)shared;
    *rows = MM_MM1_FRAMES;
    *columns = MM_MM1_BANDS;
}

static void mm1_memory(const void *shared, size_t *shared_bytes, size_t *stream_bytes)
{
    const struct mm1 *model = shared;
    *shared_bytes = sizeof *model;
    *stream_bytes = sizeof(struct mm1_stream) + PATCH * sizeof(float);
    if (model->net) {
        *shared_bytes += mm_mm1_net_bytes(model->net);
        *stream_bytes += mm_mm1_work_bytes(model->net);
    }
}

static void mm1_stream_destroy(void *data)
{
    struct mm1_stream *stream = data;
    mm_mm1_work_destroy(stream->work);
    mm_fft_destroy(stream->fft);
    mm_windows_finish(&stream->windows);
    free(stream);
}

static int mm1_stream_create(void *shared, void **out, struct mm_error *err)
{
    const struct mm1 *model = shared;
    *out = NULL;
    struct mm1_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    stream->model = model;
    int result = mm_windows_init(&stream->windows, PATCH, STEP, 0, MM_TAIL_DROP, err);
    if (result == 0)
        result = mm_fft_create(N_FFT, &stream->fft, err);
    if (result == 0 && model->net)
        result = mm_mm1_work_create(model->net, &stream->work, err);
    if (result < 0)
        mm1_stream_destroy(stream);
    else
        *out = stream;
    return result;
}

static int take_patch(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    struct mm1_stream *stream = ctx;
    const struct mm1 *model = stream->model;
    const float *out = stream->picture;
    for (size_t t = 0; t < MM_MM1_FRAMES; t++) {
        mm_fft_power(stream->fft, samples + t * HOP, model->window, stream->power);
        mm_mel_apply(model->mel, stream->power, stream->picture + t * MM_MM1_BANDS);
    }
    mm_mm1_picture(stream->picture);
    if (model->net) {
        mm_mm1_net_run(model->net, stream->work, stream->picture, stream->vector);
        out = stream->vector;
    }
    return mm_pooling_add(stream->pooling, out, NULL, (double)(index * STEP) / MM_MM1_RATE, err);
}

static int mm1_push(void *data, const float *samples, size_t count, struct mm_pooling *pooling,
                    struct mm_error *err)
{
    struct mm1_stream *stream = data;
    stream->pooling = pooling;
    return mm_windows_push(&stream->windows, samples, count, take_patch, stream, err);
}

static int mm1_finish(void *data, struct mm_pooling *pooling, struct mm_error *err)
{
    struct mm1_stream *stream = data;
    stream->pooling = pooling;
    return mm_windows_end(&stream->windows, take_patch, stream, err);
}

static void mm1_reset(void *data)
{
    struct mm1_stream *stream = data;
    mm_windows_reset(&stream->windows);
}

const struct mm_model_ops mm_mm1_ops = {
    .create = mm1_create,
    .destroy = mm1_destroy,
    .describe = mm1_describe,
    .picture = mm1_picture,
    .memory = mm1_memory,
    .stream_create = mm1_stream_create,
    .stream_destroy = mm1_stream_destroy,
    .push = mm1_push,
    .finish = mm1_finish,
    .reset = mm1_reset,
};
