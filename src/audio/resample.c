/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libswresample with a long Kaiser-windowed filter: songs at 44.1 and at 48 kHz must look the same
 * to a deep network, which its default filter (soft edge, 32 taps) does not give.
 */
#include "audio/resample.h"

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"

#define FILTER_TAPS 48
#define CUTOFF      0.95 /* of the lower Nyquist frequency */
#define KAISER_BETA 8    /* about -80 dB in the stop band */

/* Samples that swr has to see before it gives as many as are due: it wants half a filter in hand
 * before it gives any. Of fewer it would give none, or too few. */
#define LEAST_FILTERS 2

struct mm_resampler {
    int in_rate, out_rate;
    size_t taken; /* samples at in_rate */
    size_t given; /* samples at out_rate */
    size_t most;  /* that may be given */
    mm_mono_fn *emit;
    void *ctx;
    struct SwrContext *swr; /* NULL while both rates are the same */
    float buffer[MM_RESAMPLER_CHUNK];
};

int mm_resampler_create(int rate, mm_mono_fn *emit, void *ctx, struct mm_resampler **out,
                        struct mm_error *err)
{
    struct mm_resampler *r = calloc(1, sizeof *r);
    *out = r;
    if (!r)
        return mm_no_memory(err);
    r->out_rate = rate;
    r->emit = emit;
    r->ctx = ctx;
    return 0;
}

void mm_resampler_destroy(struct mm_resampler *r)
{
    if (!r)
        return;
    swr_free(&r->swr);
    free(r);
}

static int begin(struct mm_resampler *r, int rate, struct mm_error *err)
{
    r->in_rate = rate;
    r->taken = r->given = 0;
    r->most = SIZE_MAX;
    if (rate == r->out_rate)
        return 0;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    if (swr_alloc_set_opts2(&r->swr, &mono, AV_SAMPLE_FMT_FLT, r->out_rate, &mono,
                            AV_SAMPLE_FMT_FLT, rate, 0, NULL) < 0)
        return mm_no_memory(err);
    av_opt_set_int(r->swr, "filter_size", FILTER_TAPS, 0);
    av_opt_set_int(r->swr, "filter_type", SWR_FILTER_TYPE_KAISER, 0);
    av_opt_set_int(r->swr, "kaiser_beta", KAISER_BETA, 0);
    av_opt_set_double(r->swr, "cutoff", CUTOFF, 0);
    if (swr_init(r->swr) < 0)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "cannot resample from %d to %d Hz", rate,
                            r->out_rate);
    return 0;
}

/* Converts count samples (NULL: the end) and hands out all that is ready. */
static int convert(struct mm_resampler *r, const float *samples, size_t count, struct mm_error *err)
{
    static const float none;
    const uint8_t *in = (const uint8_t *)samples;
    for (;;) {
        uint8_t *out = (uint8_t *)r->buffer;
        int got = swr_convert(r->swr, &out, MM_RESAMPLER_CHUNK, samples ? &in : NULL, (int)count);
        if (got < 0)
            return mm_no_memory(err);
        size_t left = r->most - r->given;
        size_t n = (size_t)got < left ? (size_t)got : left;
        r->given += n;
        int result = n ? r->emit(r->ctx, r->buffer, n, err) : 0;
        if (result != 0 || got < MM_RESAMPLER_CHUNK)
            return result;
        /* More is waiting inside: ask again without new input. */
        in = (const uint8_t *)&none;
        count = 0;
    }
}

/* A sound shorter than the filter: silence behind it, of which nothing is handed out. */
static int lengthen(struct mm_resampler *r, struct mm_error *err)
{
    static const float silence[256];
    double ratio = (double)r->out_rate / r->in_rate;
    double least = LEAST_FILTERS * FILTER_TAPS / CUTOFF / fmin(1, ratio);
    if ((double)r->taken >= least)
        return 0;
    r->most = (size_t)fmax(1, rint((double)r->taken * ratio));
    int result = 0;
    for (size_t n = r->taken; result == 0 && (double)n < least; n += 256)
        result = convert(r, silence, 256, err);
    return result;
}

int mm_resampler_flush(struct mm_resampler *r, struct mm_error *err)
{
    int result = r->swr && r->taken ? lengthen(r, err) : 0;
    if (result == 0 && r->swr)
        result = convert(r, NULL, 0, err);
    swr_free(&r->swr);
    r->in_rate = 0;
    return result;
}

int mm_resampler_push(struct mm_resampler *r, const float *samples, size_t count, int rate,
                      struct mm_error *err)
{
    int result = 0;
    if (rate != r->in_rate) {
        result = mm_resampler_flush(r, err);
        if (result == 0)
            result = begin(r, rate, err);
    }
    if (result != 0 || count == 0)
        return result;
    r->taken += count;
    if (r->swr)
        return convert(r, samples, count, err);
    while (count && result == 0) {
        size_t n = count < MM_RESAMPLER_CHUNK ? count : MM_RESAMPLER_CHUNK;
        result = r->emit(r->ctx, samples, n, err);
        samples += n;
        count -= n;
    }
    return result;
}
