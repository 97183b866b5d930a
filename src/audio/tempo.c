/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/tempo.h"

#include <math.h>
#include <string.h>

#define MIN_BPM 40.0
#define MAX_BPM 240.0
#define STEP    1.004

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

static void end_window(struct mm_tempo *t)
{
    size_t n = t->filled;
    t->filled = 0;
    if (n < 172) /* 2 s */
        return;
    for (size_t b = 0; b < MM_ONSET_BANDS; b++) {
        float *x = t->window[b];
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += (double)x[i] / (double)n;
        for (size_t i = 0; i < n; i++)
            x[i] -= (float)mean;
        double power = dot(x, x, n) / (double)n;
        if (power <= 1e-12)
            continue;
        for (size_t lag = 0; lag < MM_TEMPO_LAGS && lag + 86 < n; lag++)
            t->correlation[lag] += dot(x, x + lag, n - lag) / (double)(n - lag) / power * (double)n;
        t->weight += (double)n;
    }
}

void mm_tempo_push(struct mm_tempo *t, const struct mm_onset_frame *frame)
{
    for (size_t b = 0; b < MM_ONSET_BANDS; b++)
        t->window[b][t->filled] = frame->flux[b];
    if (++t->filled == MM_TEMPO_WINDOW)
        end_window(t);
}

static double at_lag(const double *r, double lag)
{
    size_t i = (size_t)lag;
    double f = lag - (double)i;
    return i + 1 < MM_TEMPO_LAGS ? r[i] * (1 - f) + r[i + 1] * f : 0;
}

void mm_tempo_finish(struct mm_tempo *t, double *bpm, double *confidence)
{
    end_window(t);
    *bpm = *confidence = 0;
    if (t->weight <= 0)
        return;
    for (size_t i = 0; i < MM_TEMPO_LAGS; i++)
        t->correlation[i] /= t->weight;
    double best = 0;
    for (double b = MIN_BPM; b < MAX_BPM; b *= STEP) {
        double lag = 60.0 * MM_ONSET_FPS / b;
        double sum = 0;
        for (int k = 1; k <= 4; k++)
            sum += at_lag(t->correlation, lag * k) / 4;
        double octaves = log2(b / 120.0);
        double score = sum * exp(-0.5 * octaves * octaves);
        if (score > best) {
            best = score;
            *bpm = b;
            *confidence = fmin(1.0, sum);
        }
    }
    if (*confidence < 0.05)
        *bpm = *confidence = 0;
}
