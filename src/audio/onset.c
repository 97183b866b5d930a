/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spectral flux (Dixon, "Onset detection revisited", 2006) of a mel spectrum: the sum of what rose
 * in each band over the last two frames. The spectrum is compressed by a power law, not by a
 * logarithm: then a gain only scales the result, and what is measured from it does not depend on
 * how loud a song was mastered, nor on a floor.
 */
#include "audio/onset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/spectrum.h"

#define WINDOW 1024 /* 46 ms */
#define MELS   32
#define LAG    2 /* frames: the window is almost three hops wide, one hop shows half a rise */
#define BUFFER (WINDOW + 16 * MM_ONSET_HOP)

struct mm_onset {
    mm_onset_fn *emit;
    void *ctx;
    struct mm_fft *fft;
    struct mm_mel *mel;
    float window[WINDOW];
    float power[WINDOW / 2 + 1];
    float mels[LAG + 1][MELS]; /* compressed; the newest last */
    float buffer[BUFFER];
    size_t filled;
    size_t frames;
};

int mm_onset_create(mm_onset_fn *emit, void *ctx, struct mm_onset **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_onset *o = calloc(1, sizeof *o);
    if (!o)
        return mm_no_memory(err);
    o->emit = emit;
    o->ctx = ctx;
    o->filled = WINDOW / 2; /* silence before the first sample */
    mm_window_hann(WINDOW, o->window);
    int result = mm_fft_create(WINDOW, &o->fft, err);
    if (result == 0)
        result = mm_mel_create(MM_MEL_SLANEY, MM_ONSET_RATE, WINDOW, MELS, 30, 10000, &o->mel, err);
    if (result < 0) {
        mm_onset_destroy(o);
        return result;
    }
    *out = o;
    return 0;
}

void mm_onset_destroy(struct mm_onset *o)
{
    if (!o)
        return;
    mm_mel_destroy(o->mel);
    mm_fft_destroy(o->fft);
    free(o);
}

static int do_frame(struct mm_onset *o, const float *samples, struct mm_error *err)
{
    struct mm_onset_frame frame = {.power = 0};
    memmove(o->mels[0], o->mels[1], LAG * sizeof o->mels[0]);
    float *now = o->mels[LAG];
    const float *before = o->mels[0];
    mm_fft_power(o->fft, samples, o->window, o->power);
    mm_mel_apply(o->mel, o->power, now);
    for (size_t m = 0; m < MELS; m++) {
        now[m] = sqrtf(sqrtf(now[m])); /* amplitude to the power 1/2 */
        frame.level += now[m];
        float rise = now[m] - before[m];
        if (rise > 0 && o->frames >= LAG)
            frame.flux[m * MM_ONSET_BANDS / MELS] += rise;
    }
    for (size_t b = 0; b < MM_ONSET_BANDS; b++)
        frame.total += frame.flux[b];
    for (size_t i = 0; i < WINDOW; i += 4)
        frame.power += samples[i] * samples[i];
    frame.power *= 4.0f / WINDOW;
    o->frames++;
    return o->emit(o->ctx, &frame, err);
}

int mm_onset_push(struct mm_onset *o, const float *samples, size_t count, struct mm_error *err)
{
    while (count) {
        size_t n = BUFFER - o->filled < count ? BUFFER - o->filled : count;
        memcpy(o->buffer + o->filled, samples, n * sizeof *samples);
        o->filled += n;
        samples += n;
        count -= n;
        size_t at = 0;
        for (; at + WINDOW <= o->filled; at += MM_ONSET_HOP) {
            int result = do_frame(o, o->buffer + at, err);
            if (result != 0)
                return result;
        }
        memmove(o->buffer, o->buffer + at, (o->filled - at) * sizeof *o->buffer);
        o->filled -= at;
    }
    return 0;
}

int mm_onset_finish(struct mm_onset *o, struct mm_error *err)
{
    static const float silence[WINDOW / 2];
    return mm_onset_push(o, silence, WINDOW / 2, err);
}
