/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built-in model: cuts samples into frames, makes spectrum and mel bands once, and lets
 * timbre_spectral.c and timbre_rhythm.c look at them. One vector a song; memory does not grow.
 */
#include "embed/timbre.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/files.h"
#include "embed/model.h"
#include "embed/timbre_parts.h"

struct timbre {
    struct mm_mel *mel;
    float window[TIMBRE_FRAME];
    float level_scale; /* from a sum of power to the mean square of the samples */
    struct timbre_spectral_tables *spectral;
    struct timbre_rhythm_tables *rhythm;
};

struct stream {
    const struct timbre *timbre;
    struct mm_fft *fft;
    struct timbre_spectral *spectral;
    struct timbre_rhythm *rhythm;
    float samples[TIMBRE_FRAME]; /* the frame in hand */
    size_t fill;
    bool any; /* a frame was complete */
    float loudest, mel_top, mel_loudest;
};

void mm_timbre_moments_add(struct timbre_moments *moments, double value)
{
    if (moments->n++ == 0)
        moments->first = value;
    double x = value - moments->first;
    moments->sum += x;
    moments->square += x * x;
    moments->cube += x * x * x;
}

double mm_timbre_moments_mean(const struct timbre_moments *moments)
{
    return moments->n ? moments->first + moments->sum / (double)moments->n : 0;
}

double mm_timbre_moments_deviation(const struct timbre_moments *moments)
{
    if (moments->n == 0)
        return 0;
    double mean = moments->sum / (double)moments->n;
    return sqrt(fmax(moments->square / (double)moments->n - mean * mean, 0));
}

double mm_timbre_moments_skewness(const struct timbre_moments *moments)
{
    double deviation = mm_timbre_moments_deviation(moments);
    if (deviation < 1e-6) /* rounding noise has no shape */
        return 0;
    double n = (double)moments->n;
    double mean = moments->sum / n;
    double third = moments->cube / n - 3 * mean * (moments->square / n) + 2 * mean * mean * mean;
    return third / (deviation * deviation * deviation);
}

static void timbre_destroy(void *shared)
{
    struct timbre *timbre = shared;
    mm_mel_destroy(timbre->mel);
    mm_timbre_spectral_tables_destroy(timbre->spectral);
    mm_timbre_rhythm_tables_destroy(timbre->rhythm);
    free(timbre);
}

static int timbre_create(const struct mm_model *model, const struct mm_embed_settings *settings,
                         void **shared, struct mm_error *err)
{
    (void)model;
    if (settings->weights || settings->front_end || settings->hop_s > 0 || settings->center > 0)
        return mm_error_set(err, MM_ERR_USAGE,
                            "timbre has no weights, front ends, hop or centring to choose");
    /* It has no kernels, but a name of none is refused as the other models do. */
    const struct mm_kernels *unused;
    if (settings->cpu && mm_files_kernels(settings, &unused, err) < 0)
        return MM_ERR_USAGE;
    struct timbre *timbre = calloc(1, sizeof *timbre);
    if (!timbre)
        return mm_no_memory(err);
    mm_window_hann(TIMBRE_FRAME, timbre->window);
    double energy = 0;
    for (size_t i = 0; i < TIMBRE_FRAME; i++)
        energy += (double)(timbre->window[i] * timbre->window[i]);
    timbre->level_scale = (float)(2 / (energy * TIMBRE_FRAME));
    int result = mm_mel_create(MM_MEL_SLANEY, MM_TIMBRE_RATE, TIMBRE_FRAME, TIMBRE_MELS, 0,
                               MM_TIMBRE_RATE / 2.0, &timbre->mel, err);
    if (result == 0)
        result = mm_timbre_spectral_tables_create(&timbre->spectral, err);
    if (result == 0)
        result = mm_timbre_rhythm_tables_create(&timbre->rhythm, err);
    if (result < 0) {
        timbre_destroy(timbre);
        return result;
    }
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
    mm_timbre_spectral_destroy(stream->spectral);
    mm_timbre_rhythm_destroy(stream->rhythm);
    free(stream);
}

static int stream_create(void *shared, void **out, struct mm_error *err)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    stream->timbre = shared;
    int result = mm_fft_create(TIMBRE_FRAME, &stream->fft, err);
    if (result == 0)
        result = mm_timbre_spectral_create(stream->timbre->spectral, &stream->spectral, err);
    if (result == 0)
        result = mm_timbre_rhythm_create(stream->timbre->rhythm, &stream->rhythm, err);
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
    stream->any = false;
    stream->loudest = stream->mel_top = stream->mel_loudest = 0;
    mm_timbre_spectral_reset(stream->spectral);
    mm_timbre_rhythm_reset(stream->rhythm);
}

static void measure_frame(struct stream *stream)
{
    float power[TIMBRE_BINS];
    float mel[TIMBRE_MELS];
    mm_fft_power(stream->fft, stream->samples, stream->timbre->window, power);
    mm_mel_apply(stream->timbre->mel, power, mel);
    float level = 0;
    for (size_t k = 0; k < TIMBRE_BINS; k++)
        level += power[k];
    level *= stream->timbre->level_scale;
    float mel_sum = 0;
    for (size_t m = 0; m < TIMBRE_MELS; m++) {
        mel_sum += mel[m];
        if (mel[m] > stream->mel_top) /* fmaxf() would be a call */
            stream->mel_top = mel[m];
    }
    stream->loudest = fmaxf(stream->loudest, level);
    stream->mel_loudest = fmaxf(stream->mel_loudest, mel_sum);
    const struct timbre_frame frame = {
        .power = power,
        .mel = mel,
        .level = level,
        .loudest = stream->loudest,
        .mel_top = stream->mel_top,
        .mel_loudest = stream->mel_loudest,
    };
    mm_timbre_spectral_frame(stream->spectral, &frame);
    mm_timbre_rhythm_frame(stream->rhythm, &frame);
    stream->any = true;
}

static int stream_push(void *pointer, const float *samples, size_t count,
                       struct mm_pooling *pooling, struct mm_error *err)
{
    (void)pooling;
    (void)err;
    struct stream *stream = pointer;
    while (count > 0) {
        size_t room = TIMBRE_FRAME - stream->fill;
        size_t n = count < room ? count : room;
        memcpy(stream->samples + stream->fill, samples, n * sizeof *samples);
        stream->fill += n;
        samples += n;
        count -= n;
        if (stream->fill == TIMBRE_FRAME) {
            measure_frame(stream);
            memmove(stream->samples, stream->samples + TIMBRE_HOP,
                    (TIMBRE_FRAME - TIMBRE_HOP) * sizeof *stream->samples);
            stream->fill = TIMBRE_FRAME - TIMBRE_HOP;
        }
    }
    return 0;
}

static int stream_finish(void *pointer, struct mm_pooling *pooling, struct mm_error *err)
{
    struct stream *stream = pointer;
    if (!stream->any) { /* shorter than a frame: silence behind it */
        memset(stream->samples + stream->fill, 0,
               (TIMBRE_FRAME - stream->fill) * sizeof *stream->samples);
        measure_frame(stream);
    }
    float vector[MM_TIMBRE_DIM];
    mm_timbre_spectral_finish(stream->spectral, vector);
    mm_timbre_rhythm_finish(stream->rhythm, vector);
    return mm_pooling_add(pooling, vector, NULL, 0.0, err);
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
