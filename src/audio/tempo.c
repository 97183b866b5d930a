/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tempo from the autocorrelation of the onset envelopes. Each band is correlated by itself and
 * counts the same, so a quiet hi-hat helps as much as a drum. A beat of period T shows at T, 2T, 3T
 * and 4T: the mean there is the strength of a tempo. Since half the tempo is as strong by this
 * measure (and a third, in a waltz), strengths are weighted by how likely people are to tap that
 * fast, a log-normal curve (Parncutt 1994; Ellis 2007) about 130 beats a minute, one octave wide;
 * the centre was found on rendered songs of known tempo. The best tempo is then refined between
 * the grid's points over eight multiples, which pin it down more finely.
 */
#include "audio/tempo.h"

#include <math.h>

#define MIN_BPM    40.0
#define MAX_BPM    240.0
#define STEP       1.004
#define COMMON_BPM 130.0
#define MULTIPLES  4
#define FINE_STEP  1.0005
#define FINE_STEPS 10 /* to either side */

/* A pulse this weak is what noise has. */
#define MIN_STRENGTH 0.08
/* So little changes from frame to frame that only rounding is left: a held tone. */
#define MIN_FLUX 0.008
/* Shorter than this there is no telling; and every lag is seen for a second at least. */
#define MIN_FRAMES  115 /* 2 s */
#define MIN_OVERLAP 57

/* Eight sums side by side: the compiler may not reorder additions, and one sum would wait for
 * itself. */
static double dot(const float *a, const float *b, size_t n)
{
    float sum[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += a[i + j] * b[i + j];
    double total = 0;
    for (size_t j = 0; j < 8; j++)
        total += (double)sum[j];
    for (; i < n; i++)
        total += (double)(a[i] * b[i]);
    return total;
}

/* Adds the window's normalised autocorrelation to the song's. */
static void end_window(struct mm_tempo *t)
{
    size_t n = t->filled;
    t->filled = 0;
    if (n < MIN_FRAMES)
        return;
    t->weight += (double)n;
    for (size_t b = 0; b < MM_ONSET_BANDS; b++) {
        float *x = t->window[b];
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += (double)x[i] / (double)n;
        for (size_t i = 0; i < n; i++)
            x[i] -= (float)mean;
        double power = dot(x, x, n) / (double)n;
        if (power <= 1e-6 * mean * mean)
            continue; /* nothing happens in this band */
        double scale = (double)n / power / MM_ONSET_BANDS;
        for (size_t lag = 0; lag < MM_TEMPO_LAGS && lag + MIN_OVERLAP < n; lag++)
            t->correlation[lag] += dot(x, x + lag, n - lag) / (double)(n - lag) * scale;
    }
}

void mm_tempo_push(struct mm_tempo *t, const struct mm_onset_frame *frame)
{
    for (size_t b = 0; b < MM_ONSET_BANDS; b++)
        t->window[b][t->filled] = frame->flux[b];
    t->flux += (double)frame->total;
    t->level += (double)frame->level;
    if (++t->filled == MM_TEMPO_WINDOW)
        end_window(t);
}

/* Mean correlation at the first `multiples` multiples of a beat. */
static double strength(const struct mm_tempo *t, double bpm, int multiples)
{
    double lag = 60.0 * MM_ONSET_FPS / bpm;
    double sum = 0;
    for (int k = 1; k <= multiples; k++) {
        double place = lag * k;
        size_t i = (size_t)place;
        double f = place - (double)i;
        if (i + 1 < MM_TEMPO_LAGS)
            sum += t->correlation[i] * (1 - f) + t->correlation[i + 1] * f;
    }
    return sum / multiples / t->weight;
}

static double refine(const struct mm_tempo *t, double bpm)
{
    double best = 0;
    double found = bpm;
    int multiples = (int)(MM_TEMPO_LAGS * bpm / (60.0 * MM_ONSET_FPS * 1.02));
    multiples = multiples < 1 ? 1 : multiples > 2 * MULTIPLES ? 2 * MULTIPLES : multiples;
    for (int i = -FINE_STEPS; i <= FINE_STEPS; i++) {
        double near = bpm * pow(FINE_STEP, i);
        double s = strength(t, near, multiples);
        if (s > best) {
            best = s;
            found = near;
        }
    }
    return found;
}

void mm_tempo_finish(struct mm_tempo *t, double *bpm, double *confidence)
{
    end_window(t);
    *bpm = *confidence = 0;
    if (t->weight <= 0 || t->flux < MIN_FLUX * t->level)
        return;
    double best = 0;
    double found = 0;
    double found_strength = 0;
    double b = MIN_BPM;
    while (b < MAX_BPM) {
        double s = strength(t, b, MULTIPLES);
        double octaves = log2(b / COMMON_BPM);
        double score = s * exp(-0.5 * octaves * octaves);
        if (score > best) {
            best = score;
            found = b;
            found_strength = s;
        }
        b *= STEP;
    }
    if (found_strength < MIN_STRENGTH)
        return;
    *bpm = refine(t, found);
    *confidence = fmin(1.0, found_strength);
}
