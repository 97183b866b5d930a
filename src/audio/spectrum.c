/* SPDX-License-Identifier: BSD-2-Clause */
/* The real transform of libavutil (av_tx), and triangular mel banks stored as runs of weights. */
#include "musicmap/spectrum.h"

#include <libavutil/mem.h>
#include <libavutil/tx.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct mm_fft {
    size_t n;
    AVTXContext *tx;
    av_tx_fn run;
    float *windowed;      /* [n], aligned for SIMD */
    AVComplexFloat *bins; /* [n/2 + 1] */
};

int mm_fft_create(size_t n, struct mm_fft **out, struct mm_error *err)
{
    *out = NULL;
    if (n < 16 || n > 65536 || n % 2)
        return mm_error_set(err, MM_ERR_USAGE, "no transform of length %zu", n);
    struct mm_fft *fft = calloc(1, sizeof *fft);
    if (!fft)
        return mm_no_memory(err);
    fft->n = n;
    fft->windowed = av_malloc(n * sizeof *fft->windowed);
    fft->bins = av_malloc((n / 2 + 1) * sizeof *fft->bins);
    float scale = 1.0f;
    if (!fft->windowed || !fft->bins ||
        av_tx_init(&fft->tx, &fft->run, AV_TX_FLOAT_RDFT, 0, (int)n, &scale, 0) < 0) {
        mm_fft_destroy(fft);
        return mm_no_memory(err);
    }
    *out = fft;
    return 0;
}

void mm_fft_destroy(struct mm_fft *fft)
{
    if (!fft)
        return;
    av_tx_uninit(&fft->tx);
    av_free(fft->bins);
    av_free(fft->windowed);
    free(fft);
}

void mm_fft_power(struct mm_fft *fft, const float *samples, const float *window, float *out)
{
    for (size_t i = 0; i < fft->n; i++)
        fft->windowed[i] = samples[i] * window[i];
    fft->run(fft->tx, fft->bins, fft->windowed, sizeof(float));
    fft->bins[fft->n / 2].im = 0; /* FFmpeg 5.1 leaves there what was in memory */
    for (size_t i = 0; i <= fft->n / 2; i++)
        out[i] = fft->bins[i].re * fft->bins[i].re + fft->bins[i].im * fft->bins[i].im;
}

void mm_fft_magnitude(struct mm_fft *fft, const float *samples, const float *window, float *out)
{
    mm_fft_power(fft, samples, window, out);
    for (size_t i = 0; i <= fft->n / 2; i++)
        out[i] = sqrtf(out[i]);
}

void mm_window_hann(size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)n));
}

/* ---- mel ---- */

struct band {
    size_t first; /* bin of weights[0] */
    size_t count;
    size_t offset; /* into mm_mel.weights */
};

struct mm_mel {
    size_t n_mels;
    struct band *bands;
    float *weights;
};

static double hz_to_mel(enum mm_mel_scale scale, double hz)
{
    if (scale == MM_MEL_HTK)
        return 2595.0 * log10(1.0 + hz / 700.0);
    return hz < 1000.0 ? hz * 3.0 / 200.0 : 15.0 + log(hz / 1000.0) * 27.0 / log(6.4);
}

static double mel_to_hz(enum mm_mel_scale scale, double mel)
{
    if (scale == MM_MEL_HTK)
        return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
    return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * exp((mel - 15.0) * log(6.4) / 27.0);
}

/* Height of the unit-area triangle (low, centre, high) at hz. */
static double triangle(double low, double centre, double high, double hz)
{
    double rise = (hz - low) / (centre - low);
    double fall = (high - hz) / (high - centre);
    return fmax(0.0, fmin(rise, fall)) * 2.0 / (high - low);
}

int mm_mel_create(enum mm_mel_scale scale, int sample_rate, size_t n_fft, size_t n_mels,
                  double f_min, double f_max, struct mm_mel **out, struct mm_error *err)
{
    *out = NULL;
    if (sample_rate <= 0 || n_fft < 2 || n_fft > 65536 || n_mels == 0 || n_mels > 4096 ||
        !(f_min >= 0) || !(f_max > f_min))
        return mm_error_set(err, MM_ERR_USAGE, "no mel bank of this shape");
    struct mm_mel *mel = calloc(1, sizeof *mel);
    double *edges = calloc(n_mels + 2, sizeof *edges); /* Hz */
    size_t capacity = 0;
    size_t used = 0;
    int result = 0;
    if (!mel || !edges || !(mel->bands = calloc(n_mels, sizeof *mel->bands))) {
        result = mm_no_memory(err);
        goto out;
    }
    mel->n_mels = n_mels;
    double low = hz_to_mel(scale, f_min);
    double high = hz_to_mel(scale, f_max);
    for (size_t i = 0; i < n_mels + 2; i++)
        edges[i] = mel_to_hz(scale, low + (high - low) * (double)i / (double)(n_mels + 1));
    double bin_hz = (double)sample_rate / (double)n_fft;
    for (size_t m = 0; m < n_mels; m++) {
        struct band *band = &mel->bands[m];
        band->offset = used;
        for (size_t bin = 0; bin <= n_fft / 2; bin++) {
            double weight = triangle(edges[m], edges[m + 1], edges[m + 2], (double)bin * bin_hz);
            if (weight <= 0)
                continue;
            if (mm_array_reserve(&mel->weights, &capacity, used + 1) < 0) {
                result = mm_no_memory(err);
                goto out;
            }
            if (band->count++ == 0)
                band->first = bin;
            mel->weights[used++] = (float)weight;
        }
    }
    *out = mel;
    mel = NULL;
out:
    free(edges);
    mm_mel_destroy(mel);
    return result;
}

void mm_mel_destroy(struct mm_mel *mel)
{
    if (!mel)
        return;
    free(mel->weights);
    free(mel->bands);
    free(mel);
}

void mm_mel_apply(const struct mm_mel *mel, const float *bins, float *out)
{
    for (size_t m = 0; m < mel->n_mels; m++) {
        const struct band *band = &mel->bands[m];
        const float *weights = mel->weights + band->offset;
        const float *in = bins + band->first;
        float sum = 0;
        for (size_t i = 0; i < band->count; i++)
            sum += weights[i] * in[i];
        out[m] = sum;
    }
}

/*
 * x = 2^e m with m in [sqrt(1/2), sqrt(2)); log(m) = 2 atanh(r), r = (m - 1) / (m + 1), |r| <
 * 0.172, by its series. 0x3f3504f3 is sqrt(1/2).
 */
void mm_log10_scaled(float *values, size_t n, float factor)
{
    const float log10_2 = 0.301029996f;
    const float log10_e = 0.434294482f;
    for (size_t i = 0; i < n; i++) {
        int32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        int32_t exponent = (bits - 0x3f3504f3) >> 23;
        bits -= (int32_t)((uint32_t)exponent << 23);
        float m;
        memcpy(&m, &bits, sizeof m);
        float r = (m - 1) / (m + 1);
        float q = r * r;
        float series = 2 + q * (2.0f / 3 + q * (2.0f / 5 + q * (2.0f / 7 + q * (2.0f / 9))));
        values[i] = factor * ((float)exponent * log10_2 + r * series * log10_e);
    }
}
