/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in model: mean and deviation of 20 mel cepstral coefficients (Davis, Mermelstein 1980)
 * over frames of 93 ms. Memory does not grow with the song: sums only. */
#include "embed/timbre.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/model.h"
#include "musicmap/spectrum.h"

enum { FRAME = 2048, HOP = 512, BINS = FRAME / 2 + 1, MELS = 64, CEPS = 20 };

static const char *const names[MM_TIMBRE_DIM] = {
    "mfcc00_mean", "mfcc01_mean", "mfcc02_mean", "mfcc03_mean", "mfcc04_mean", "mfcc05_mean",
    "mfcc06_mean", "mfcc07_mean", "mfcc08_mean", "mfcc09_mean", "mfcc10_mean", "mfcc11_mean",
    "mfcc12_mean", "mfcc13_mean", "mfcc14_mean", "mfcc15_mean", "mfcc16_mean", "mfcc17_mean",
    "mfcc18_mean", "mfcc19_mean", "mfcc00_std",  "mfcc01_std",  "mfcc02_std",  "mfcc03_std",
    "mfcc04_std",  "mfcc05_std",  "mfcc06_std",  "mfcc07_std",  "mfcc08_std",  "mfcc09_std",
    "mfcc10_std",  "mfcc11_std",  "mfcc12_std",  "mfcc13_std",  "mfcc14_std",  "mfcc15_std",
    "mfcc16_std",  "mfcc17_std",  "mfcc18_std",  "mfcc19_std",
};

const char *const *mm_timbre_names(void)
{
    return names;
}

struct timbre {
    struct mm_mel *mel;
    float window[FRAME];
    float dct[CEPS][MELS]; /* orthonormal DCT-II */
};

struct stream {
    const struct timbre *timbre;
    struct mm_fft *fft;
    float frame[FRAME];
    size_t fill; /* samples in frame */
    size_t n_frames;
    double sum[CEPS];
    double square[CEPS];
};

static void timbre_destroy(void *shared)
{
    struct timbre *timbre = shared;
    mm_mel_destroy(timbre->mel);
    free(timbre);
}

static int timbre_create(const struct mm_model *model, const struct mm_embed_settings *settings,
                         void **shared, struct mm_error *err)
{
    (void)model;
    if (settings->weights || settings->front_end || settings->hop_s > 0 || settings->center > 0)
        return mm_error_set(err, MM_ERR_USAGE,
                            "timbre has no weights, front ends, hop or centring to choose");
    struct timbre *timbre = calloc(1, sizeof *timbre);
    if (!timbre)
        return mm_no_memory(err);
    int result =
        mm_mel_create(MM_MEL_SLANEY, MM_TIMBRE_RATE, FRAME, MELS, 0, 11025, &timbre->mel, err);
    if (result < 0) {
        timbre_destroy(timbre);
        return result;
    }
    mm_window_hann(FRAME, timbre->window);
    for (int c = 0; c < CEPS; c++)
        for (int m = 0; m < MELS; m++)
            timbre->dct[c][m] =
                (float)(sqrt((c ? 2.0 : 1.0) / MELS) * cos(M_PI * c * (2 * m + 1) / (2.0 * MELS)));
    *shared = timbre;
    return 0;
}

static void timbre_describe(const void *shared, struct mm_text *line)
{
    (void)shared;
    mm_text_add(line, "v1");
}

static void stream_destroy(void *pointer)
{
    struct stream *stream = pointer;
    mm_fft_destroy(stream->fft);
    free(stream);
}

static int stream_create(void *shared, void **out, struct mm_error *err)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    stream->timbre = shared;
    int result = mm_fft_create(FRAME, &stream->fft, err);
    if (result < 0) {
        stream_destroy(stream);
        return result;
    }
    *out = stream;
    return 0;
}

static void stream_reset(void *pointer)
{
    struct stream *stream = pointer;
    stream->fill = 0;
    stream->n_frames = 0;
    memset(stream->sum, 0, sizeof stream->sum);
    memset(stream->square, 0, sizeof stream->square);
}

static void measure_frame(struct stream *stream)
{
    const struct timbre *timbre = stream->timbre;
    float power[BINS];
    float mel[MELS];
    mm_fft_power(stream->fft, stream->frame, timbre->window, power);
    mm_mel_apply(timbre->mel, power, mel);
    for (int m = 0; m < MELS; m++)
        mel[m] = 10.0f * log10f(fmaxf(mel[m], 1e-10f));
    for (int c = 0; c < CEPS; c++) {
        double value = 0;
        for (int m = 0; m < MELS; m++)
            value += (double)(timbre->dct[c][m] * mel[m]);
        stream->sum[c] += value;
        stream->square[c] += value * value;
    }
    stream->n_frames++;
}

static int stream_push(void *pointer, const float *samples, size_t count,
                       struct mm_pooling *pooling, struct mm_error *err)
{
    (void)pooling;
    (void)err;
    struct stream *stream = pointer;
    while (count > 0) {
        size_t n = FRAME - stream->fill < count ? FRAME - stream->fill : count;
        memcpy(stream->frame + stream->fill, samples, n * sizeof *samples);
        stream->fill += n;
        samples += n;
        count -= n;
        if (stream->fill == FRAME) {
            measure_frame(stream);
            memmove(stream->frame, stream->frame + HOP, (FRAME - HOP) * sizeof *stream->frame);
            stream->fill = FRAME - HOP;
        }
    }
    return 0;
}

static int stream_finish(void *pointer, struct mm_pooling *pooling, struct mm_error *err)
{
    struct stream *stream = pointer;
    if (stream->n_frames == 0) { /* shorter than a frame: silence behind it */
        memset(stream->frame + stream->fill, 0, (FRAME - stream->fill) * sizeof *stream->frame);
        measure_frame(stream);
    }
    float values[MM_TIMBRE_DIM];
    for (int c = 0; c < CEPS; c++) {
        double mean = stream->sum[c] / (double)stream->n_frames;
        double variance = stream->square[c] / (double)stream->n_frames - mean * mean;
        values[c] = (float)mean;
        values[CEPS + c] = (float)sqrt(fmax(variance, 0));
    }
    return mm_pooling_add(pooling, values, NULL, 0.0, err);
}

const struct mm_model_ops mm_timbre_ops = {
    .create = timbre_create,
    .destroy = timbre_destroy,
    .describe = timbre_describe,
    .stream_create = stream_create,
    .stream_destroy = stream_destroy,
    .push = stream_push,
    .finish = stream_finish,
    .reset = stream_reset,
};
