/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/musicnn_frontend.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "musicmap/spectrum.h"

#define N_FFT 512

struct mm_musicnn_frontend {
    struct mm_fft *fft;
    struct mm_mel *mel;
    float hann[N_FFT];
    float power[N_FFT / 2 + 1];
};

int mm_musicnn_frontend_create(struct mm_musicnn_frontend **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_musicnn_frontend *f = calloc(1, sizeof *f);
    if (!f)
        return mm_no_memory(err);
    int result = mm_fft_create(N_FFT, &f->fft, err);
    if (result == 0)
        result = mm_mel_create(MM_MEL_SLANEY, MM_MUSICNN_RATE, N_FFT, MM_MUSICNN_BANDS, 0,
                               MM_MUSICNN_RATE / 2.0, &f->mel, err);
    if (result < 0) {
        mm_musicnn_frontend_destroy(f);
        return result;
    }
    mm_window_hann(N_FFT, f->hann);
    *out = f;
    return 0;
}

void mm_musicnn_frontend_destroy(struct mm_musicnn_frontend *f)
{
    if (!f)
        return;
    mm_mel_destroy(f->mel);
    mm_fft_destroy(f->fft);
    free(f);
}

void mm_musicnn_frontend_run(struct mm_musicnn_frontend *f, const float *samples, float *out)
{
    for (size_t t = 0; t < MM_MUSICNN_FRAMES; t++) {
        float *bands = out + t * MM_MUSICNN_BANDS;
        mm_fft_power(f->fft, samples + t * MM_MUSICNN_HOP, f->hann, f->power);
        mm_mel_apply(f->mel, f->power, bands);
        for (size_t b = 0; b < MM_MUSICNN_BANDS; b++)
            bands[b] = 1.0f + 10000.0f * bands[b];
    }
    mm_log10_scaled(out, (size_t)MM_MUSICNN_FRAMES * MM_MUSICNN_BANDS, 1);
}
