/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a song sounds like, whatever it plays: cepstrum, spectral shape, contrast, harmony, level.
 *
 * Mel cepstral coefficients follow Davis and Mermelstein (1980); the correlations between them are
 * the off-diagonal of the single Gaussian that Mandel and Ellis (2005) compare songs by. Contrast
 * is that of Jiang et al. (2002): the loudest fifth of an octave's bins against its quietest.
 * Harmony is told by the magnitudes of the Fourier transform over the circle of pitch classes
 * (Quinn 2006): transposing a song turns their phases and leaves the magnitudes.
 *
 * Frames 60 dB below the loudest one so far are left out, and floors hang on the loudest so far:
 * the numbers do not change with the volume of the file.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/timbre_parts.h"

enum {
    DELTA = 4,         /* frames between which MFCCs are compared: 93 ms, no overlap */
    CHROMA_DELTA = 20, /* frames over which harmony changes: 0.46 s, about a beat */
    CHROMA_LOW = 120,  /* Hz; below, neighbouring notes melt into one peak */
    CHROMA_HIGH = 2600,
    CONTRAST_STEP = 4, /* contrast looks at frames that do not overlap */
    FEW = 8,           /* values that are sorted rather than parted further */
    LANES = 8,         /* floats in a vector register of AVX, two of SSE */
    BLOCKS = (TIMBRE_BINS - 1) / LANES,
};

static const float octave_edges[TIMBRE_OCTAVES + 1] = {0,    200,  400,  800,
                                                       1600, 3200, 6400, 11025.1f};
static const float rolloffs[3] = {0.5f, 0.85f, 0.95f};

struct timbre_spectral_tables {
    float dct[TIMBRE_MELS][TIMBRE_CEPS]; /* orthonormal DCT-II */
    float octaves[TIMBRE_BINS];          /* log2(Hz / 1000) of each bin, from 20 Hz */
    size_t edges[TIMBRE_OCTAVES + 1];    /* first bin of each band */
    size_t chroma_first, chroma_end;     /* bins that tell pitch */
    float cosine[TIMBRE_HARMONICS][12];
    float sine[TIMBRE_HARMONICS][12];
};

struct timbre_spectral {
    const struct timbre_spectral_tables *tables;
    size_t n_frames; /* that are loud enough */
    float top;       /* highest bin of the frame in hand */
    struct timbre_moments mfcc[TIMBRE_CEPS];
    float mfcc_past[DELTA][TIMBRE_CEPS]; /* ring */
    double mfcc_delta[TIMBRE_CEPS];      /* sum of squared differences */
    float mfcc_first[TIMBRE_CORR];
    double mfcc_product[TIMBRE_CORR][TIMBRE_CORR]; /* upper triangle, relative to mfcc_first */
    struct timbre_moments shape[TIMBRE_SHAPES];
    struct timbre_moments contrast[TIMBRE_OCTAVES];
    double harmonics[TIMBRE_HARMONICS];  /* sums of magnitudes */
    float chroma_past[CHROMA_DELTA][12]; /* ring */
    double chroma_change;                /* sum of distances */
    struct timbre_moments level;         /* dB */
    float last_level;
    double level_change; /* sum of squared differences */
};

int mm_timbre_spectral_tables_create(struct timbre_spectral_tables **out, struct mm_error *err)
{
    struct timbre_spectral_tables *tables = *out = calloc(1, sizeof *tables);
    if (!tables)
        return mm_no_memory(err);
    for (int c = 0; c < TIMBRE_CEPS; c++)
        for (int m = 0; m < TIMBRE_MELS; m++)
            tables->dct[m][c] = (float)(sqrt((c ? 2.0 : 1.0) / TIMBRE_MELS) *
                                        cos(M_PI * c * (2 * m + 1) / (2.0 * TIMBRE_MELS)));
    double bin_hz = (double)MM_TIMBRE_RATE / TIMBRE_FRAME;
    size_t band = 0;
    for (size_t k = 0; k < TIMBRE_BINS; k++) {
        double hz = (double)k * bin_hz;
        tables->octaves[k] = (float)log2(fmax(hz, 20) / 1000);
        while (band <= TIMBRE_OCTAVES && hz >= (double)octave_edges[band])
            tables->edges[band++] = k;
        if (hz <= CHROMA_LOW)
            tables->chroma_first = k + 1;
        if (hz < CHROMA_HIGH)
            tables->chroma_end = k + 1;
    }
    tables->edges[TIMBRE_OCTAVES] = TIMBRE_BINS;
    for (int h = 0; h < TIMBRE_HARMONICS; h++)
        for (int p = 0; p < 12; p++) {
            tables->cosine[h][p] = (float)cos(2 * M_PI * (h + 1) * p / 12);
            tables->sine[h][p] = (float)sin(2 * M_PI * (h + 1) * p / 12);
        }
    return 0;
}

void mm_timbre_spectral_tables_destroy(struct timbre_spectral_tables *tables)
{
    free(tables);
}

int mm_timbre_spectral_create(const struct timbre_spectral_tables *tables,
                              struct timbre_spectral **out, struct mm_error *err)
{
    struct timbre_spectral *spectral = *out = calloc(1, sizeof *spectral);
    if (!spectral)
        return mm_no_memory(err);
    spectral->tables = tables;
    return 0;
}

void mm_timbre_spectral_destroy(struct timbre_spectral *spectral)
{
    free(spectral);
}

void mm_timbre_spectral_reset(struct timbre_spectral *spectral)
{
    const struct timbre_spectral_tables *tables = spectral->tables;
    memset(spectral, 0, sizeof *spectral);
    spectral->tables = tables;
}

static void add_cepstrum(struct timbre_spectral *spectral, const struct timbre_frame *frame)
{
    float decibel[TIMBRE_MELS];
    for (size_t m = 0; m < TIMBRE_MELS; m++)
        decibel[m] = 10 * log10f(frame->mel[m] + 1e-8f * frame->mel_top);
    float mfcc[TIMBRE_CEPS] = {0};
    for (size_t m = 0; m < TIMBRE_MELS; m++)
        for (size_t c = 0; c < TIMBRE_CEPS; c++)
            mfcc[c] += spectral->tables->dct[m][c] * decibel[m];
    float *past = spectral->mfcc_past[spectral->n_frames % DELTA];
    for (size_t c = 0; c < TIMBRE_CEPS; c++) {
        mm_timbre_moments_add(&spectral->mfcc[c], (double)mfcc[c]);
        double change = (double)(mfcc[c] - past[c]);
        if (spectral->n_frames >= DELTA)
            spectral->mfcc_delta[c] += change * change;
    }
    memcpy(past, mfcc, sizeof mfcc);
    if (spectral->n_frames == 0)
        memcpy(spectral->mfcc_first, mfcc, sizeof spectral->mfcc_first);
    for (size_t i = 0; i < TIMBRE_CORR; i++)
        for (size_t j = i + 1; j < TIMBRE_CORR; j++)
            spectral->mfcc_product[i][j] += (double)(mfcc[i] - spectral->mfcc_first[i]) *
                                            (double)(mfcc[j] - spectral->mfcc_first[j]);
}

/* Sums over bins 0 .. TIMBRE_BINS-2, in lanes that a compiler turns into vector registers without
 * being allowed to change the order of additions; the last bin is added by hand. */
struct bin_sums {
    float block[BLOCKS]; /* of LANES bins each */
    float total, first, second, top;
};

static void sum_bins(const float *power, const float *octaves, struct bin_sums *sums)
{
    float total[LANES] = {0};
    float first[LANES] = {0};
    float second[LANES] = {0};
    float top[LANES] = {0};
    for (size_t b = 0; b < BLOCKS; b++) {
        const float *p = power + b * LANES;
        const float *o = octaves + b * LANES;
        float block = 0;
        for (size_t l = 0; l < LANES; l++) {
            float weighted = p[l] * o[l];
            total[l] += p[l];
            first[l] += weighted;
            second[l] += weighted * o[l];
            top[l] = p[l] > top[l] ? p[l] : top[l];
        }
        for (size_t l = 0; l < LANES; l++)
            block += p[l];
        sums->block[b] = block;
    }
    float last = power[TIMBRE_BINS - 1];
    sums->total = last;
    sums->first = last * octaves[TIMBRE_BINS - 1];
    sums->second = last * octaves[TIMBRE_BINS - 1] * octaves[TIMBRE_BINS - 1];
    sums->top = last;
    for (size_t l = 0; l < LANES; l++) {
        sums->total += total[l];
        sums->first += first[l];
        sums->second += second[l];
        sums->top = fmaxf(sums->top, top[l]);
    }
}

/* Mean of log2(power / top + 1e-9) over all bins but the last. The logarithm of a product of 32 is
 * one logarithm for 32, and 1e-9 to the 32nd still fits a double. */
static double mean_log(const float *power, float top)
{
    double scale = 1.0 / (double)top;
    double sum = 0;
    const size_t step = (size_t)32 * LANES;
    for (size_t k = 0; k < TIMBRE_BINS - 1; k += step) {
        double product[LANES];
        for (size_t l = 0; l < LANES; l++)
            product[l] = 1;
        for (size_t i = k; i < k + step; i += LANES)
            for (size_t l = 0; l < LANES; l++)
                product[l] *= (double)power[i + l] * scale + 1e-9;
        for (size_t l = 0; l < LANES; l++)
            sum += log2(product[l]);
    }
    return sum / (TIMBRE_BINS - 1);
}

/* log2(kHz) below which the given share of the power lies. */
static float rolloff(const float *power, const struct bin_sums *sums, const float *octaves,
                     float share)
{
    float target = share * sums->total;
    float below = 0;
    size_t b = 0;
    while (b < BLOCKS && below + sums->block[b] < target)
        below += sums->block[b++];
    size_t k = b * LANES;
    while (k < TIMBRE_BINS - 1 && below + power[k] < target)
        below += power[k++];
    return octaves[k];
}

static void add_shape(struct timbre_spectral *spectral, const float *power)
{
    const float *octaves = spectral->tables->octaves;
    struct bin_sums sums;
    sum_bins(power, octaves, &sums);
    double centroid = (double)(sums.first / sums.total);
    double spread = (double)(sums.second / sums.total) - centroid * centroid;
    mm_timbre_moments_add(&spectral->shape[0], centroid);
    mm_timbre_moments_add(&spectral->shape[1], sqrt(fmax(spread, 0)));
    for (size_t i = 0; i < 3; i++)
        mm_timbre_moments_add(&spectral->shape[2 + i],
                              (double)rolloff(power, &sums, octaves, rolloffs[i]));
    double mean = (double)sums.total / ((double)sums.top * TIMBRE_BINS) + 1e-9;
    mm_timbre_moments_add(&spectral->shape[5], mean_log(power, sums.top) - log2(mean));
    spectral->top = sums.top;
}

/* Moves what is smaller than the pivot to the front of values[low, high); where the others begin.
 * Without a branch: which of two values is the larger cannot be foretold. */
static size_t part(float *values, size_t low, size_t high, float pivot, bool or_equal)
{
    size_t at = low;
    for (size_t i = low; i < high; i++) {
        float value = values[i];
        values[i] = values[at];
        values[at] = value;
        at += or_equal ? value <= pivot : value < pivot;
    }
    return at;
}

static float middle_of(float a, float b, float c)
{
    float less = a < b ? a : b;
    float more = a < b ? b : a;
    return c < less ? less : c > more ? more : c;
}

static void sort_few(float *values, size_t low, size_t high)
{
    for (size_t i = low + 1; i < high; i++) {
        float value = values[i];
        size_t j = i;
        for (; j > low && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

/* Moves the n smallest of values [count] to the front (Hoare's selection). */
static void select_smallest(float *values, size_t count, size_t n)
{
    size_t low = 0;
    size_t high = count;
    while (high - low > FEW) {
        float pivot = middle_of(values[low], values[low + (high - low) / 2], values[high - 1]);
        size_t middle = part(values, low, high, pivot, false);
        if (middle == low) { /* none is smaller: then those that are as small are in place */
            middle = part(values, low, high, pivot, true);
            if (n < middle)
                return;
        }
        if (n < middle)
            high = middle;
        else
            low = middle;
        if (n == middle)
            return;
    }
    sort_few(values, low, high);
}

static double mean_of(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    return sum / (double)count;
}

static void add_contrast(struct timbre_spectral *spectral, const float *power)
{
    float bins[TIMBRE_BINS];
    memcpy(bins, power, sizeof bins);
    double floor = 1e-9 * (double)spectral->top;
    for (size_t b = 0; b < TIMBRE_OCTAVES; b++) {
        size_t first = spectral->tables->edges[b];
        size_t count = spectral->tables->edges[b + 1] - first;
        size_t fifth = count / 5;
        select_smallest(bins + first, count, fifth);
        double valley = mean_of(bins + first, fifth);
        select_smallest(bins + first + fifth, count - fifth, count - 2 * fifth);
        double peak = mean_of(bins + first + count - fifth, fifth);
        mm_timbre_moments_add(&spectral->contrast[b], log2((peak + floor) / (valley + floor)));
    }
}

/* Pitch class of the peak at bin k, 0 = A .. below 12. A parabola through the logarithms of its
 * neighbours finds the frequency between bins, as a semitone is narrower than a bin below 180 Hz.
 */
static float peak_pitch(const float *power, size_t k)
{
    float left = logf(power[k - 1] + 1e-30f);
    float middle = logf(power[k] + 1e-30f);
    float right = logf(power[k + 1] + 1e-30f);
    float curve = left - 2 * middle + right;
    float offset = curve < 0 ? 0.5f * (left - right) / curve : 0;
    float hz = ((float)k + offset) * (float)MM_TIMBRE_RATE / TIMBRE_FRAME;
    float pitch = 12 * log2f(hz / 440);
    pitch -= 12 * floorf(pitch / 12);
    return pitch < 12 ? pitch : 0; /* -1e-9 rounds up to 12 */
}

/* Adds each spectral peak's magnitude to the two pitch classes it lies between; sum 1, or all 0. */
static void find_chroma(const struct timbre_spectral_tables *tables, const float *power,
                        float chroma[12])
{
    memset(chroma, 0, 12 * sizeof *chroma);
    float top = 0;
    for (size_t k = tables->chroma_first; k < tables->chroma_end; k++)
        if (power[k] > top) /* fmaxf() would be a call */
            top = power[k];
    float total = 0;
    for (size_t k = tables->chroma_first; k < tables->chroma_end; k++) {
        if (power[k] <= 1e-4f * top || power[k] <= power[k - 1] || power[k] < power[k + 1])
            continue;
        float pitch = peak_pitch(power, k);
        float magnitude = sqrtf(power[k]);
        size_t lower = (size_t)pitch;
        float share = pitch - (float)lower;
        chroma[lower] += magnitude * (1 - share);
        chroma[(lower + 1) % 12] += magnitude * share;
        total += magnitude;
    }
    for (size_t p = 0; total > 0 && p < 12; p++)
        chroma[p] /= total;
}

static void add_chroma(struct timbre_spectral *spectral, const float *power)
{
    const struct timbre_spectral_tables *tables = spectral->tables;
    float chroma[12];
    find_chroma(tables, power, chroma);
    for (size_t h = 0; h < TIMBRE_HARMONICS; h++) {
        float re = 0;
        float im = 0;
        for (size_t p = 0; p < 12; p++) {
            re += chroma[p] * tables->cosine[h][p];
            im += chroma[p] * tables->sine[h][p];
        }
        spectral->harmonics[h] += (double)sqrtf(re * re + im * im);
    }
    float *past = spectral->chroma_past[spectral->n_frames % CHROMA_DELTA];
    float distance = 0;
    for (size_t p = 0; p < 12; p++)
        distance += (chroma[p] - past[p]) * (chroma[p] - past[p]);
    if (spectral->n_frames >= CHROMA_DELTA)
        spectral->chroma_change += (double)sqrtf(distance);
    memcpy(past, chroma, sizeof chroma);
}

static void add_level(struct timbre_spectral *spectral, const struct timbre_frame *frame)
{
    float level = 10 * log10f(frame->level + 1e-5f * frame->loudest);
    mm_timbre_moments_add(&spectral->level, (double)level);
    if (spectral->n_frames > 0) {
        double change = (double)(level - spectral->last_level);
        spectral->level_change += change * change;
    }
    spectral->last_level = level;
}

void mm_timbre_spectral_frame(struct timbre_spectral *spectral, const struct timbre_frame *frame)
{
    /* Below -100 dBFS there is nothing to hear even in the loudest song. */
    if (frame->loudest < 1e-10f || frame->level < 1e-6f * frame->loudest)
        return;
    add_cepstrum(spectral, frame);
    add_shape(spectral, frame->power);
    if (spectral->n_frames % CONTRAST_STEP == 0)
        add_contrast(spectral, frame->power);
    add_chroma(spectral, frame->power);
    add_level(spectral, frame);
    spectral->n_frames++;
}

static double root_mean(double sum_of_squares, size_t n, size_t lag)
{
    return n > lag ? sqrt(sum_of_squares / (double)(n - lag)) : 0;
}

static void write_correlations(const struct timbre_spectral *spectral, float *out)
{
    double n = (double)spectral->n_frames;
    for (size_t i = 0; i < TIMBRE_CORR; i++)
        for (size_t j = i + 1; j < TIMBRE_CORR; j++) {
            const struct timbre_moments *a = &spectral->mfcc[i];
            const struct timbre_moments *b = &spectral->mfcc[j];
            double covariance = spectral->mfcc_product[i][j] / n - a->sum / n * (b->sum / n);
            double scale = mm_timbre_moments_deviation(a) * mm_timbre_moments_deviation(b);
            *out++ = (float)(scale > 1e-6 ? fmax(-1, fmin(1, covariance / scale)) : 0);
        }
}

void mm_timbre_spectral_finish(const struct timbre_spectral *spectral, float *vector)
{
    size_t n = spectral->n_frames;
    memset(vector, 0, AT_ONSET * sizeof *vector);
    if (n == 0) /* silence has no colour */
        return;
    for (size_t c = 0; c < TIMBRE_CEPS; c++) {
        if (c > 0)
            vector[AT_MFCC_MEAN + c - 1] = (float)mm_timbre_moments_mean(&spectral->mfcc[c]);
        vector[AT_MFCC_STD + c] = (float)mm_timbre_moments_deviation(&spectral->mfcc[c]);
        vector[AT_MFCC_DELTA + c] = (float)root_mean(spectral->mfcc_delta[c], n, DELTA);
    }
    write_correlations(spectral, vector + AT_MFCC_CORR);
    for (size_t s = 0; s < TIMBRE_SHAPES; s++) {
        vector[AT_SHAPE + s] = (float)mm_timbre_moments_mean(&spectral->shape[s]);
        vector[AT_SHAPE + TIMBRE_SHAPES + s] =
            (float)mm_timbre_moments_deviation(&spectral->shape[s]);
    }
    for (size_t b = 0; b < TIMBRE_OCTAVES; b++) {
        vector[AT_CONTRAST + b] = (float)mm_timbre_moments_mean(&spectral->contrast[b]);
        vector[AT_CONTRAST + TIMBRE_OCTAVES + b] =
            (float)mm_timbre_moments_deviation(&spectral->contrast[b]);
    }
    for (size_t h = 0; h < TIMBRE_HARMONICS; h++)
        vector[AT_CHROMA + h] = (float)(spectral->harmonics[h] / (double)n);
    vector[AT_CHROMA + TIMBRE_HARMONICS] =
        n > CHROMA_DELTA ? (float)(spectral->chroma_change / (double)(n - CHROMA_DELTA)) : 0;
    vector[AT_LEVEL] = (float)mm_timbre_moments_deviation(&spectral->level);
    vector[AT_LEVEL + 1] = (float)mm_timbre_moments_skewness(&spectral->level);
    vector[AT_LEVEL + 2] = (float)root_mean(spectral->level_change, n, 1);
}
