/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a song moves: onsets in eight bands, and how regularly they come.
 *
 * An onset curve is the rise of a band's logarithmic energy from frame to frame. Its moments tell
 * how often and how hard instruments strike. For rhythm, the curves are added to a low, a middle
 * and a high one; their spectrum over windows of 6 s, averaged, is seen from two sides: as strength
 * at ten rates between 0.8 and 10.5 a second on a logarithmic scale (fluctuation patterns, Pampalk,
 * Rauber, Merkl 2002), and turned back into an autocorrelation, whose peaks at lags of 0.1 to 3 s
 * tell beats, bars and how strict they are kept.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/timbre_parts.h"

enum {
    SEGMENT = 256,        /* frames, 5.9 s */
    STEP = SEGMENT / 2,   /* from segment to segment */
    PADDED = 2 * SEGMENT, /* so that the autocorrelation does not wrap around */
    HALF = PADDED / 2 + 1,
    SHORTEST_LAG = 10, /* frames; what repeats faster than 4.3 a second is no beat */
};

static const size_t onset_edges[TIMBRE_ONSETS + 1] = {0, 6, 12, 18, 24, 32, 40, 50, TIMBRE_MELS};
static const size_t pulse_edges[TIMBRE_PULSES + 1] = {0, 2, 5, TIMBRE_ONSETS};
static const size_t lag_edges[TIMBRE_LAGS + 1] = {5, 7, 10, 13, 18, 25, 35, 48, 67, 93, 128};
static const double lowest_rate = 0.6; /* Hz: edges of the outer triangles */
static const double highest_rate = 14;

struct timbre_rhythm_tables {
    float window[PADDED];            /* Hann over SEGMENT, then zeros */
    float rates[TIMBRE_RATES][HALF]; /* triangles on a logarithmic frequency axis */
    float cosine[PADDED];
};

struct timbre_rhythm {
    const struct timbre_rhythm_tables *tables;
    struct mm_fft *fft;
    bool any;                  /* a frame has come */
    float last[TIMBRE_ONSETS]; /* logarithmic energies of the frame before */
    struct timbre_moments onset[TIMBRE_ONSETS];
    float curve[TIMBRE_PULSES][SEGMENT];
    size_t fill; /* values in each curve */
    size_t n_segments;
    double power[TIMBRE_PULSES][HALF]; /* sums over segments */
};

int mm_timbre_rhythm_tables_create(struct timbre_rhythm_tables **out, struct mm_error *err)
{
    struct timbre_rhythm_tables *tables = *out = calloc(1, sizeof *tables);
    if (!tables)
        return mm_no_memory(err);
    mm_window_hann(SEGMENT, tables->window);
    for (size_t i = 0; i < PADDED; i++)
        tables->cosine[i] = (float)cos(2 * M_PI * (double)i / PADDED);
    double width = log(highest_rate / lowest_rate) / (TIMBRE_RATES + 1);
    double frame_rate = (double)MM_TIMBRE_RATE / TIMBRE_HOP;
    for (size_t r = 0; r < TIMBRE_RATES; r++)
        for (size_t k = 1; k < HALF; k++) {
            double at = log((double)k * frame_rate / PADDED / lowest_rate) / width;
            tables->rates[r][k] = (float)fmax(0, 1 - fabs(at - (double)(r + 1)));
        }
    return 0;
}

void mm_timbre_rhythm_tables_destroy(struct timbre_rhythm_tables *tables)
{
    free(tables);
}

int mm_timbre_rhythm_create(const struct timbre_rhythm_tables *tables, struct timbre_rhythm **out,
                            struct mm_error *err)
{
    struct timbre_rhythm *rhythm = *out = calloc(1, sizeof *rhythm);
    if (!rhythm)
        return mm_no_memory(err);
    rhythm->tables = tables;
    return mm_fft_create(PADDED, &rhythm->fft, err);
}

void mm_timbre_rhythm_destroy(struct timbre_rhythm *rhythm)
{
    if (!rhythm)
        return;
    mm_fft_destroy(rhythm->fft);
    free(rhythm);
}

void mm_timbre_rhythm_reset(struct timbre_rhythm *rhythm)
{
    const struct timbre_rhythm_tables *tables = rhythm->tables;
    struct mm_fft *fft = rhythm->fft;
    memset(rhythm, 0, sizeof *rhythm);
    rhythm->tables = tables;
    rhythm->fft = fft;
}

/* Adds the spectra of the three curves, count values long, to the sums. */
static void add_segment(struct timbre_rhythm *rhythm, size_t count)
{
    for (size_t p = 0; p < TIMBRE_PULSES; p++) {
        double mean = 0;
        for (size_t i = 0; i < count; i++)
            mean += (double)rhythm->curve[p][i];
        mean /= (double)count;
        float samples[PADDED] = {0};
        for (size_t i = 0; i < count; i++)
            samples[i] = (float)((double)rhythm->curve[p][i] - mean);
        float power[HALF];
        mm_fft_power(rhythm->fft, samples, rhythm->tables->window, power);
        for (size_t k = 0; k < HALF; k++)
            rhythm->power[p][k] += (double)power[k];
    }
    rhythm->n_segments++;
}

static void add_onsets(struct timbre_rhythm *rhythm, const float onset[TIMBRE_ONSETS])
{
    for (size_t b = 0; b < TIMBRE_ONSETS; b++)
        mm_timbre_moments_add(&rhythm->onset[b], (double)onset[b]);
    for (size_t p = 0; p < TIMBRE_PULSES; p++) {
        float sum = 0;
        for (size_t b = pulse_edges[p]; b < pulse_edges[p + 1]; b++)
            sum += onset[b];
        rhythm->curve[p][rhythm->fill] = sum;
    }
    if (++rhythm->fill < SEGMENT)
        return;
    add_segment(rhythm, SEGMENT);
    for (size_t p = 0; p < TIMBRE_PULSES; p++)
        memmove(rhythm->curve[p], rhythm->curve[p] + STEP, STEP * sizeof(float));
    rhythm->fill = STEP;
}

void mm_timbre_rhythm_frame(struct timbre_rhythm *rhythm, const struct timbre_frame *frame)
{
    float onset[TIMBRE_ONSETS];
    for (size_t b = 0; b < TIMBRE_ONSETS; b++) {
        float energy = 0;
        for (size_t m = onset_edges[b]; m < onset_edges[b + 1]; m++)
            energy += frame->mel[m];
        float now = log10f(energy + 1e-4f * frame->mel_loudest + 1e-20f);
        onset[b] = now > rhythm->last[b] ? now - rhythm->last[b] : 0;
        rhythm->last[b] = now;
    }
    if (rhythm->any)
        add_onsets(rhythm, onset);
    rhythm->any = true;
}

/* strength: how the movement of one curve is spread over the rates, as logarithm of a share. */
static void write_rates(const struct timbre_rhythm *rhythm, size_t p, float *out)
{
    double strength[TIMBRE_RATES] = {0};
    double total = 0;
    for (size_t r = 0; r < TIMBRE_RATES; r++) {
        for (size_t k = 1; k < HALF; k++)
            strength[r] += (double)rhythm->tables->rates[r][k] * sqrt(rhythm->power[p][k]);
        total += strength[r];
    }
    for (size_t r = 0; r < TIMBRE_RATES; r++)
        out[r] = (float)log((total > 0 ? strength[r] / total : 0) + 1e-3);
}

static double correlation_at(const struct timbre_rhythm *rhythm, size_t p, size_t lag)
{
    double sum = rhythm->power[p][0];
    for (size_t k = 1; k < HALF - 1; k++)
        sum += 2 * rhythm->power[p][k] * (double)rhythm->tables->cosine[k * lag % PADDED];
    return sum + rhythm->power[p][HALF - 1] * (lag % 2 ? -1 : 1);
}

/* The autocorrelation of one curve at lags 0 .. lag_edges[TIMBRE_LAGS]-1, 1 at lag 0. */
static void autocorrelate(const struct timbre_rhythm *rhythm, size_t p, double *out)
{
    double zero = correlation_at(rhythm, p, 0);
    for (size_t lag = 0; lag < lag_edges[TIMBRE_LAGS]; lag++)
        out[lag] = zero > 0 ? correlation_at(rhythm, p, lag) / zero : 0;
}

static double highest(const double *values, size_t from, size_t to)
{
    double best = values[from];
    for (size_t i = from + 1; i < to; i++)
        best = fmax(best, values[i]);
    return best;
}

static double lowest(const double *values, size_t from, size_t to)
{
    double best = values[from];
    for (size_t i = from + 1; i < to; i++)
        best = fmin(best, values[i]);
    return best;
}

void mm_timbre_rhythm_finish(struct timbre_rhythm *rhythm, float *vector)
{
    if (rhythm->n_segments == 0 && rhythm->fill > 0)
        add_segment(rhythm, rhythm->fill);
    for (size_t b = 0; b < TIMBRE_ONSETS; b++) {
        const struct timbre_moments *onset = &rhythm->onset[b];
        vector[AT_ONSET + b] = (float)mm_timbre_moments_mean(onset);
        vector[AT_ONSET + TIMBRE_ONSETS + b] = (float)mm_timbre_moments_deviation(onset);
        vector[AT_ONSET + 2 * TIMBRE_ONSETS + b] = (float)mm_timbre_moments_skewness(onset);
    }
    for (size_t p = 0; p < TIMBRE_PULSES; p++) {
        double correlation[128];
        _Static_assert(sizeof correlation / sizeof correlation[0] == SEGMENT / 2, "longest lag");
        autocorrelate(rhythm, p, correlation);
        write_rates(rhythm, p, vector + AT_RATE + p * TIMBRE_RATES);
        for (size_t l = 0; l < TIMBRE_LAGS; l++)
            vector[AT_LAG + p * TIMBRE_LAGS + l] =
                (float)highest(correlation, lag_edges[l], lag_edges[l + 1]);
        vector[AT_PULSE + p] = (float)highest(correlation, SHORTEST_LAG, SEGMENT / 2);
        vector[AT_PULSE + TIMBRE_PULSES + p] =
            (float)lowest(correlation, SHORTEST_LAG, SEGMENT / 2);
    }
}
