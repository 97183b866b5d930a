/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/spectrum.h"

#define WINDOW 8192
#define HOP    4096
#define FINE   10 /* parts of a semitone */
#define LOW    33 /* MIDI numbers */
#define HIGH   96
#define PARTS  ((HIGH - LOW) * FINE)

struct mm_key {
    struct mm_fft *fft;
    float window[WINDOW];
    float magnitude[WINDOW / 2 + 1];
    float buffer[WINDOW];
    size_t filled;
    double pitches[PARTS];
};

int mm_key_create(struct mm_key **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_key *k = calloc(1, sizeof *k);
    if (!k)
        return mm_no_memory(err);
    int result = mm_fft_create(WINDOW, &k->fft, err);
    if (result < 0) {
        free(k);
        return result;
    }
    mm_window_hann(WINDOW, k->window);
    *out = k;
    return 0;
}

void mm_key_destroy(struct mm_key *k)
{
    if (!k)
        return;
    mm_fft_destroy(k->fft);
    free(k);
}

static void do_frame(struct mm_key *k)
{
    float *m = k->magnitude;
    mm_fft_magnitude(k->fft, k->buffer, k->window, m);
    double sum = 0;
    double frame[PARTS] = {0};
    for (size_t i = 20; i < 800; i++) {
        if (m[i] <= m[i - 1] || m[i] < m[i + 1] || m[i] < 1e-3f)
            continue;
        double a = log(m[i - 1] + 1e-9), b = log(m[i]), c = log(m[i + 1] + 1e-9);
        double bin = (double)i + 0.5 * (a - c) / (a - 2 * b + c);
        double pitch = 69 + 12 * log2(bin * MM_KEY_RATE / WINDOW / 440.0);
        double part = (pitch - LOW) * FINE;
        if (part < 0 || part >= PARTS)
            continue;
        double w = sqrt((double)m[i]);
        frame[(size_t)part] += w;
        sum += w;
    }
    for (size_t i = 0; sum > 0 && i < PARTS; i++)
        k->pitches[i] += frame[i];
}

void mm_key_push(struct mm_key *k, const float *samples, size_t count)
{
    while (count) {
        size_t n = WINDOW - k->filled < count ? WINDOW - k->filled : count;
        memcpy(k->buffer + k->filled, samples, n * sizeof *samples);
        k->filled += n;
        samples += n;
        count -= n;
        if (k->filled < WINDOW)
            return;
        do_frame(k);
        memmove(k->buffer, k->buffer + HOP, (WINDOW - HOP) * sizeof *k->buffer);
        k->filled = WINDOW - HOP;
    }
}

void mm_key_finish(struct mm_key *k, struct mm_measure *measure)
{
    static const double major[12] = {6.35, 2.23, 3.48, 2.33, 4.38, 4.09,
                                     2.52, 5.19, 2.39, 3.66, 2.29, 2.88};
    static const double minor[12] = {6.33, 2.68, 3.52, 5.38, 2.60, 3.53,
                                     2.54, 4.75, 3.98, 2.69, 3.34, 3.17};
    double chroma[12] = {0};
    double x = 0, y = 0;
    for (size_t i = 0; i < PARTS; i++) {
        x += k->pitches[i] * cos(2 * M_PI * ((double)i + 0.5) / FINE);
        y += k->pitches[i] * sin(2 * M_PI * ((double)i + 0.5) / FINE);
    }
    double tuning = atan2(y, x) / (2 * M_PI);
    double total = 0;
    for (size_t i = 0; i < PARTS; i++) {
        double pitch = LOW + ((double)i + 0.5) / FINE - tuning;
        chroma[(int)lrint(pitch) % 12] += k->pitches[i];
        total += k->pitches[i];
    }
    measure->key = -1;
    measure->key_confidence = 0;
    if (total <= 0)
        return;
    double best = -2, second = -2;
    for (int mode = 0; mode < 2; mode++)
        for (int tonic = 0; tonic < 12; tonic++) {
            const double *p = mode ? major : minor;
            double mp = 0, mc = 0, pp = 0, cc = 0, pc = 0;
            for (int i = 0; i < 12; i++) {
                mp += p[i] / 12;
                mc += chroma[i] / 12;
            }
            for (int i = 0; i < 12; i++) {
                double a = p[i] - mp, b = chroma[(i + tonic) % 12] - mc;
                pp += a * a;
                cc += b * b;
                pc += a * b;
            }
            double r = cc > 0 ? pc / sqrt(pp * cc) : 0;
            if (r > best) {
                second = best;
                best = r;
                measure->key = tonic;
                measure->mode = mode ? MM_MODE_MAJOR : MM_MODE_MINOR;
            } else if (r > second)
                second = r;
        }
    measure->key_confidence = fmax(0, fmin(1, (best - second) * 5));
}
