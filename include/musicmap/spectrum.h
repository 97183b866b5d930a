/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spectrum.h - the pieces every front end is made of: windows, real FFT, mel filter banks.
 *
 *     struct mm_fft *fft;
 *     mm_fft_create(2048, &fft, err);
 *     mm_fft_power(fft, samples, window, power);      power: [1025]
 *     mm_mel_apply(bank, power, mel);                 mel: [n_mels]
 *
 * Threads: an mm_fft has scratch memory and belongs to one thread; an mm_mel is read-only once
 * made.
 */
#ifndef MUSICMAP_SPECTRUM_H
#define MUSICMAP_SPECTRUM_H

#include <stddef.h>

#include "error.h"

struct mm_fft;

/* Real transform of n samples, n even, 16 to 65536. */
int mm_fft_create(size_t n, struct mm_fft **out, struct mm_error *err);
void mm_fft_destroy(struct mm_fft *fft);

/* out = |FFT(samples * window)|^2; samples, window: [n]; out: [n/2 + 1]. */
void mm_fft_power(struct mm_fft *fft, const float *samples, const float *window, float *out);

/* out = |FFT(samples * window)|. */
void mm_fft_magnitude(struct mm_fft *fft, const float *samples, const float *window, float *out);

/* Periodic Hann window, 0.5 - 0.5 cos(2 pi i / n); out: [n]. */
void mm_window_hann(size_t n, float *out);

enum mm_mel_scale {
    MM_MEL_HTK,   /* 2595 log10(1 + f/700) */
    MM_MEL_SLANEY /* linear to 1 kHz, logarithmic above (Auditory Toolbox; librosa's default) */
};

/*
 * Triangular bank over the n_fft/2 + 1 bins, f_min to f_max Hz, each triangle of unit area
 * ("Slaney norm", 2 / (f[i+2] - f[i])). Rows are stored sparsely.
 */
struct mm_mel;
int mm_mel_create(enum mm_mel_scale scale, int sample_rate, size_t n_fft, size_t n_mels,
                  double f_min, double f_max, struct mm_mel **out, struct mm_error *err);
void mm_mel_destroy(struct mm_mel *mel);

/* bins: [n_fft/2 + 1] -> out: [n_mels], a weighted sum per band. */
void mm_mel_apply(const struct mm_mel *mel, const float *bins, float *out);

/*
 * values[i] = factor * log10(values[i]) for positive normal numbers, within 2e-7 * factor plus the
 * rounding of the result. Several times the speed of log10f(), since it has no branches.
 */
void mm_log10_scaled(float *values, size_t n, float factor);

#endif
