/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key from pitches, not from bins:
 *
 *  1. The peaks of a long spectrum (0.37 s), placed between bins by a parabola through their
 *     logarithms, become a line of weights, ten to a semitone (the amplitude to the power PRESS).
 *  2. A peak that lies at 2, 3, 4, 5 or 6 times the frequency of another is mostly that one's
 *     harmonic: it loses as much as a plain tone would put there. Without this a chord of C is
 *     heard with a strong B and E flat, and the key drifts a fifth up.
 *  3. Each moment counts the same, however loud; the lines are summed over the song.
 *  4. At the end the tuning is the circular mean of where the weights lie within their semitones;
 *     what lies on the tuned grid is folded into twelve classes and correlated with the 24 profiles
 *     of Krumhansl and Kessler (1982). Classes that are all about equal are noise: no key.
 */
#include "audio/key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/spectrum.h"

#define WINDOW    8192
#define HOP       6144
#define PARTS     10 /* to a semitone */
#define LOWEST    33 /* MIDI number of line[0]: A1, 55 Hz */
#define SEMITONES 63 /* up to B6 */
#define LINE      ((size_t)SEMITONES * PARTS)
#define FIRST_BIN 20 /* 54 Hz */
#define LAST_BIN  740
#define MAX_PEAKS 370
#define PRESS     0.5
#define EXPLAINED 0.6   /* of a tone's weight, less 1 / sqrt of the harmonic's distance */
#define SILENT    1e-4f /* power of a peak at about -120 dBFS */
#define RELATIVE  1e-5f /* peaks 50 dB below the frame's highest are noise */
#define SLACK     3     /* parts of a semitone by which a harmonic may be off */
#define HARMONICS 6

/* Contrast between the pitch classes: noise has less than 0.1, songs more than 0.27. */
#define NOISE_CONTRAST 0.12
#define MUSIC_CONTRAST 0.3
/* Lead of the best correlation over the second that leaves no doubt. */
#define CLEAR_LEAD 0.15

struct peak {
    size_t place; /* in the line */
    float weight;
};

struct mm_key {
    struct mm_fft *fft;
    float window[WINDOW];
    float power[WINDOW / 2 + 1];
    float buffer[WINDOW];
    size_t filled;
    float line[LINE]; /* of one frame */
    double sum[LINE]; /* of all */
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

/* The spectrum's peaks as places in the line; their number. */
static size_t find_peaks(const float *power, struct peak *peaks)
{
    size_t n = 0;
    float highest = SILENT;
    for (size_t i = FIRST_BIN; i < LAST_BIN; i++)
        highest = power[i] > highest ? power[i] : highest;
    float floor = fmaxf(SILENT, RELATIVE * highest);
    for (size_t i = FIRST_BIN; i < LAST_BIN && n < MAX_PEAKS; i++) {
        if (power[i] <= floor || power[i] <= power[i - 1] || power[i] < power[i + 1])
            continue;
        float a = logf(power[i - 1] + 1e-20f);
        float b = logf(power[i]);
        float c = logf(power[i + 1] + 1e-20f);
        float shift = 0.5f * (a - c) / (a - 2 * b + c);
        float hz = ((float)i + shift) * (float)MM_KEY_RATE / WINDOW;
        float place = (69.5f - LOWEST + 12 * log2f(hz / 440.0f)) * PARTS;
        if (!(place >= 0 && place < LINE))
            continue;
        float level = b - 0.25f * (a - c) * shift; /* log of the power at the top */
        peaks[n++] = (struct peak){(size_t)place, expf(level * (float)(PRESS / 2))};
    }
    return n;
}

/* What tones at the lower places of the line would put at this place as harmonics. */
static float explained(const float *line, size_t place)
{
    /* Distance of harmonic h in parts of a semitone: round(120 log2 h). */
    static const size_t distance[HARMONICS + 1] = {0, 0, 120, 190, 240, 279, 310};
    float most = 0;
    float all = 0;
    for (size_t h = 2; h <= HARMONICS && distance[h] <= place; h++) {
        size_t below = place - distance[h];
        size_t begin = below > SLACK ? below - SLACK : 0;
        most = 0;
        for (size_t i = begin; i <= below + SLACK; i++)
            most = line[i] > most ? line[i] : most;
        all += most * (float)EXPLAINED / sqrtf((float)h - 1);
    }
    return all;
}

static void do_frame(struct mm_key *k)
{
    struct peak peaks[MAX_PEAKS];
    mm_fft_power(k->fft, k->buffer, k->window, k->power);
    size_t n = find_peaks(k->power, peaks);
    memset(k->line, 0, sizeof k->line);
    for (size_t i = 0; i < n; i++)
        k->line[peaks[i].place] += peaks[i].weight;
    float total = 0;
    for (size_t i = 0; i < n; i++) {
        peaks[i].weight = fmaxf(0, peaks[i].weight - explained(k->line, peaks[i].place));
        total += peaks[i].weight;
    }
    for (size_t i = 0; i < n && total > 0; i++)
        k->sum[peaks[i].place] += (double)(peaks[i].weight / total);
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

/* Folds the line into twelve classes on the grid the song is tuned to; the total. */
static double fold(const struct mm_key *k, double chroma[12])
{
    double x = 0;
    double y = 0;
    for (size_t i = 0; i < LINE; i++) {
        double turn = 2 * M_PI * ((double)(i % PARTS) + 0.5) / PARTS;
        x += k->sum[i] * cos(turn);
        y += k->sum[i] * sin(turn);
    }
    /* Semitones begin half a semitone below their pitch, so in tune means half a turn. */
    double tuning = x == 0 && y == 0 ? 0 : atan2(-y, -x) / (2 * M_PI);
    double total = 0;
    memset(chroma, 0, 12 * sizeof *chroma);
    for (size_t i = 0; i < LINE; i++) {
        double pitch = ((double)i + 0.5) / PARTS - 0.5 - tuning;
        double off = pitch - rint(pitch);
        double weight = k->sum[i] * cos(M_PI * off) * cos(M_PI * off);
        chroma[((int)rint(pitch) + LOWEST + 12) % 12] += weight;
        total += weight;
    }
    return total;
}

/* Correlation of the twelve classes, counted from tonic, with a profile. */
static double correlate(const double chroma[12], const double profile[12], int tonic)
{
    double mean_c = 0;
    double mean_p = 0;
    for (int i = 0; i < 12; i++) {
        mean_c += chroma[i] / 12;
        mean_p += profile[i] / 12;
    }
    double cc = 0;
    double pp = 0;
    double cp = 0;
    for (int i = 0; i < 12; i++) {
        double c = chroma[(i + tonic) % 12] - mean_c;
        double p = profile[i] - mean_p;
        cc += c * c;
        pp += p * p;
        cp += c * p;
    }
    return cc > 0 ? cp / sqrt(cc * pp) : 0;
}

/* How far the classes are from all equal: standard deviation over mean. */
static double contrast(const double chroma[12], double total)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        double d = 12 * chroma[i] / total - 1;
        sum += d * d / 12;
    }
    return sqrt(sum);
}

void mm_key_finish(struct mm_key *k, struct mm_measure *measure)
{
    static const double profiles[2][12] = {
        [MM_MODE_MINOR] = {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17},
        [MM_MODE_MAJOR] = {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
    };
    measure->key = -1;
    measure->key_confidence = 0;
    double chroma[12];
    double total = fold(k, chroma);
    if (total <= 0)
        return;
    double clear = contrast(chroma, total);
    if (clear < NOISE_CONTRAST)
        return;
    double best = 0;
    double second = 0;
    for (int mode = 0; mode < 2; mode++) {
        for (int tonic = 0; tonic < 12; tonic++) {
            double r = correlate(chroma, profiles[mode], tonic);
            if (r > best) {
                second = best;
                best = r;
                measure->key = tonic;
                measure->mode = (enum mm_mode)mode;
            } else if (r > second) {
                second = r;
            }
        }
    }
    measure->key_confidence =
        fmax(0, best) * fmin(1.0, (best - second) / CLEAR_LEAD) * fmin(1.0, clear / MUSIC_CONTRAST);
}
