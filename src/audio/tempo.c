/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tempo from the autocorrelation of the onset envelopes. Each band is correlated by itself and
 * counts the same, so a quiet hi-hat helps as much as a drum. A beat of period T shows at T, 2T, 3T
 * and 4T: the mean there is the strength of a tempo. Since half the tempo is as strong by this
 * measure (and a third, in a waltz), strengths are weighted by how likely people are to tap that
 * fast, a log-normal curve (Parncutt 1994; Ellis 2007) about 130 beats a minute, one octave wide;
 * the centre was found on rendered songs of known tempo. The best tempo is then refined between
 * the grid's points over all its multiples that the correlation reaches, which pin it down more
 * finely.
 */
#include "audio/tempo.h"

#include <math.h>

#define MIN_BPM    40.0
#define MAX_BPM    240.0
#define STEP       1.004
#define COMMON_BPM 130.0
#define MULTIPLES  4
#define MAX_SHIFT  0.008 /* of a tempo by refining it: two steps of the grid */

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

/*
 * The lag of one beat from the correlation's peaks near its multiples: each peak is placed between
 * lags by a parabola, and a straight line through the origin is fitted to them, the high ones
 * counting more. Every multiple found tells more exactly where the next one is.
 */
static double refine(const struct mm_tempo *t, double bpm)
{
    double lag = 60.0 * MM_ONSET_FPS / bpm;
    double kp = 0;
    double kk = 0;
    for (int k = 1; lag * k + 3 < MM_TEMPO_LAGS; k++) {
        size_t i = (size_t)lrint(lag * k);
        const double *c = t->correlation;
        i = c[i + 1] > c[i] ? i + 1 : c[i - 1] > c[i] ? i - 1 : i;
        double curve = c[i - 1] - 2 * c[i] + c[i + 1];
        if (c[i] <= 0 || c[i] < c[i - 1] || c[i] < c[i + 1] || curve >= 0)
            continue;
        double place = (double)i + 0.5 * (c[i - 1] - c[i + 1]) / curve;
        kp += c[i] * k * place;
        kk += c[i] * k * k;
        lag = kp / kk;
    }
    double found = 60.0 * MM_ONSET_FPS / lag;
    return fabs(found / bpm - 1) < MAX_SHIFT ? found : bpm;
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
