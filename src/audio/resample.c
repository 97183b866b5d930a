/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libswresample with a long Kaiser-windowed filter: songs at 44.1 and at 48 kHz must look the same
 * to a deep network, which its default filter (soft edge, 32 taps) does not give.
 */
#include "audio/resample.h"

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>

#include "base/array.h"

#define FILTER_TAPS 48
#define CUTOFF      0.95 /* of the lower Nyquist frequency */
#define KAISER_BETA 8    /* about -80 dB in the stop band */

struct mm_resampler {
    int in_rate, out_rate;
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
        int result = got ? r->emit(r->ctx, r->buffer, (size_t)got, err) : 0;
        if (result != 0 || got < MM_RESAMPLER_CHUNK)
            return result;
        /* More is waiting inside: ask again without new input. */
        in = (const uint8_t *)&none;
        count = 0;
    }
}

int mm_resampler_flush(struct mm_resampler *r, struct mm_error *err)
{
    int result = r->swr ? convert(r, NULL, 0, err) : 0;
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
