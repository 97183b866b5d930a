/* SPDX-License-Identifier: BSD-2-Clause */
/* Power spectra by libavutil's complex transform (av_tx), and triangular mel banks stored as runs
 * of weights. */
#include "musicmap/spectrum.h"

#include <libavutil/mem.h>
#include <libavutil/tx.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/*
 * The samples at even places are taken as real, those at odd places as imaginary parts: half as
 * many complex numbers z, whose transform Z holds both spectra, E and O. With m = n/2 and w = e^(-2
 * pi i/n)
 *
 *     2 E[k] = Z[k] + Z*[m-k],  2i O[k] = Z[k] - Z*[m-k],  X[k] = E[k] + w^k O[k],
 *     X[m-k] = (E[k] - w^k O[k])*
 *
 * libavutil has this step, too, but one value at a time and not for the power alone: with it a
 * spectrum takes a third longer.
 */
struct mm_fft {
    size_t n;
    AVTXContext *tx;
    av_tx_fn run;
    float *windowed;         /* [n], aligned for SIMD */
    AVComplexFloat *bins;    /* Z [n/2] */
    float *real, *imaginary; /* the same apart, [n/2] */
    float *cosine, *sine;    /* of 2 pi k / n, [n/4 + 1] */
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
    fft->windowed = av_malloc(n * sizeof(float));
    fft->bins = av_malloc(n / 2 * sizeof *fft->bins);
    fft->real = av_malloc(n / 2 * sizeof(float));
    fft->imaginary = av_malloc(n / 2 * sizeof(float));
    fft->cosine = av_malloc((n / 4 + 1) * sizeof(float));
    fft->sine = av_malloc((n / 4 + 1) * sizeof(float));
    float scale = 1.0f;
    if (!fft->windowed || !fft->bins || !fft->real || !fft->imaginary || !fft->cosine ||
        !fft->sine ||
        av_tx_init(&fft->tx, &fft->run, AV_TX_FLOAT_FFT, 0, (int)(n / 2), &scale, 0) < 0) {
        mm_fft_destroy(fft);
        return mm_no_memory(err);
    }
    for (size_t k = 0; k <= n / 4; k++) {
        fft->cosine[k] = (float)cos(2 * M_PI * (double)k / (double)n);
        fft->sine[k] = (float)sin(2 * M_PI * (double)k / (double)n);
    }
    *out = fft;
    return 0;
}

void mm_fft_destroy(struct mm_fft *fft)
{
    if (!fft)
        return;
    av_tx_uninit(&fft->tx);
    av_free(fft->sine);
    av_free(fft->cosine);
    av_free(fft->imaginary);
    av_free(fft->real);
    av_free(fft->bins);
    av_free(fft->windowed);
    free(fft);
}

static void take_apart(const AVComplexFloat *restrict bins, size_t n, float *restrict real,
                       float *restrict imaginary)
{
    for (size_t k = 0; k < n; k++) {
        real[k] = bins[k].re;
        imaginary[k] = bins[k].im;
    }
}

/* Bins 1 .. below m/2 into rising, and their mirror images m-1, m-2 .. into falling: [-1], [-2] ..
 */
static void find_powers(const struct mm_fft *fft, float *restrict rising, float *restrict falling)
{
    const float *re = fft->real;
    const float *im = fft->imaginary;
    const float *cosine = fft->cosine;
    const float *sine = fft->sine;
    const ptrdiff_t m = (ptrdiff_t)(fft->n / 2);
    for (ptrdiff_t k = 1; k < (m + 1) / 2; k++) {
        float even_re = re[k] + re[m - k]; /* twice as large as above, */
        float even_im = im[k] - im[m - k];
        float odd_re = im[k] + im[m - k];
        float odd_im = re[m - k] - re[k];
        float turned_re = odd_re * cosine[k] + odd_im * sine[k];
        float turned_im = odd_im * cosine[k] - odd_re * sine[k];
        float sum_re = even_re + turned_re;
        float sum_im = even_im + turned_im;
        float rest_re = even_re - turned_re;
        float rest_im = even_im - turned_im;
        rising[k] = 0.25f * (sum_re * sum_re + sum_im * sum_im); /* so the power is four times */
        falling[-k] = 0.25f * (rest_re * rest_re + rest_im * rest_im);
    }
}

void mm_fft_power(struct mm_fft *fft, const float *samples, const float *window, float *out)
{
    const size_t m = fft->n / 2;
    for (size_t i = 0; i < fft->n; i++)
        fft->windowed[i] = samples[i] * window[i];
    fft->run(fft->tx, fft->bins, fft->windowed, sizeof *fft->bins);
    take_apart(fft->bins, m, fft->real, fft->imaginary);
    find_powers(fft, out, out + m);
    float first = fft->real[0] + fft->imaginary[0];
    float last = fft->real[0] - fft->imaginary[0];
    out[0] = first * first;
    out[m] = last * last;
    if (m % 2 == 0) {
        float re = fft->real[m / 2];
        float im = fft->imaginary[m / 2];
        out[m / 2] = re * re + im * im;
    }
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

/* A sum waits for itself: four at a time wait together. Each adds up in its own order. */
void mm_mel_apply(const struct mm_mel *mel, const float *bins, float *out)
{
    enum { TOGETHER = 4 };
    static const struct band none;
    for (size_t m = 0; m < mel->n_mels; m += TOGETHER) {
        const float *weights[TOGETHER];
        const float *in[TOGETHER];
        float sum[TOGETHER] = {0};
        size_t count[TOGETHER];
        size_t shared = SIZE_MAX;
        for (size_t j = 0; j < TOGETHER; j++) {
            const struct band *band = m + j < mel->n_mels ? &mel->bands[m + j] : &none;
            weights[j] = mel->weights + band->offset;
            in[j] = bins + band->first;
            count[j] = band->count;
            shared = count[j] < shared ? count[j] : shared;
        }
        for (size_t i = 0; i < shared; i++)
            for (size_t j = 0; j < TOGETHER; j++)
                sum[j] += weights[j][i] * in[j][i];
        for (size_t j = 0; j < TOGETHER && m + j < mel->n_mels; j++) {
            for (size_t i = shared; i < count[j]; i++)
                sum[j] += weights[j][i] * in[j][i];
            out[m + j] = sum[j];
        }
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
