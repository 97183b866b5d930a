/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timbre_parts.h - what timbre.c, timbre_spectral.c and timbre_rhythm.c share. Private to them.
 *
 * A frame is 2048 samples (93 ms), a new one begins every 512 (23 ms). Both parts see every frame
 * once, keep sums only, and write their share of the vector at the end.
 */
#ifndef EMBED_TIMBRE_PARTS_H
#define EMBED_TIMBRE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "embed/timbre.h"
#include "musicmap/error.h"
#include "musicmap/spectrum.h"

enum {
    TIMBRE_FRAME = 2048,
    TIMBRE_HOP = 512,
    TIMBRE_BINS = TIMBRE_FRAME / 2 + 1,
    TIMBRE_MELS = 64,
    TIMBRE_CEPS = 20,
    TIMBRE_CORR = 10,  /* cepstral coefficients whose correlations are kept */
    TIMBRE_SHAPES = 6, /* centroid, bandwidth, three roll-offs, flatness */
    TIMBRE_OCTAVES = 7,
    TIMBRE_HARMONICS = 6, /* of the circle of twelve pitch classes */
    TIMBRE_ONSETS = 8,    /* bands whose onsets are followed */
    TIMBRE_PULSES = 3,    /* low, middle, high: sums of those for rhythm */
    TIMBRE_RATES = 10,    /* modulation frequencies */
    TIMBRE_LAGS = 10,     /* groups of autocorrelation lags */
};

/* Where each block begins in the vector; its length is the next one's start less its own. */
enum {
    AT_MFCC_MEAN = 0, /* without the first coefficient, which is loudness */
    AT_MFCC_STD = AT_MFCC_MEAN + TIMBRE_CEPS - 1,
    AT_MFCC_DELTA = AT_MFCC_STD + TIMBRE_CEPS,
    AT_MFCC_CORR = AT_MFCC_DELTA + TIMBRE_CEPS,
    AT_SHAPE = AT_MFCC_CORR + TIMBRE_CORR * (TIMBRE_CORR - 1) / 2,
    AT_CONTRAST = AT_SHAPE + 2 * TIMBRE_SHAPES,
    AT_CHROMA = AT_CONTRAST + 2 * TIMBRE_OCTAVES,
    AT_LEVEL = AT_CHROMA + TIMBRE_HARMONICS + 1,
    AT_ONSET = AT_LEVEL + 3,
    AT_RATE = AT_ONSET + 3 * TIMBRE_ONSETS,
    AT_LAG = AT_RATE + TIMBRE_PULSES * TIMBRE_RATES,
    AT_PULSE = AT_LAG + TIMBRE_PULSES * TIMBRE_LAGS,
    AT_END = AT_PULSE + 2 * TIMBRE_PULSES,
};
_Static_assert(AT_END == MM_TIMBRE_DIM, "timbre.h tells the length of the vector");

/* One frame as both parts see it. */
struct timbre_frame {
    const float *power; /* [TIMBRE_BINS] */
    const float *mel;   /* [TIMBRE_MELS] */
    float level;        /* mean square of the windowed samples */
    float loudest;      /* highest level so far */
    float mel_top;      /* highest mel band so far: floors hang on it, so gain does not matter */
    float mel_loudest;  /* highest sum of mel bands so far */
};

/* Running moments. Values are taken relative to the first one: a constant gives exactly 0. */
struct timbre_moments {
    size_t n;
    double first, sum, square, cube;
};
void mm_timbre_moments_add(struct timbre_moments *moments, double value);
double mm_timbre_moments_mean(const struct timbre_moments *moments);
double mm_timbre_moments_deviation(const struct timbre_moments *moments);
double mm_timbre_moments_skewness(const struct timbre_moments *moments);

/* ---- colour and harmony: timbre_spectral.c ---- */

struct timbre_spectral_tables;
struct timbre_spectral;
int mm_timbre_spectral_tables_create(struct timbre_spectral_tables **out, struct mm_error *err);
void mm_timbre_spectral_tables_destroy(struct timbre_spectral_tables *tables);
int mm_timbre_spectral_create(const struct timbre_spectral_tables *tables,
                              struct timbre_spectral **out, struct mm_error *err);
void mm_timbre_spectral_destroy(struct timbre_spectral *spectral);
void mm_timbre_spectral_reset(struct timbre_spectral *spectral);
void mm_timbre_spectral_frame(struct timbre_spectral *spectral, const struct timbre_frame *frame);
/* Writes vector[0 .. AT_ONSET). */
void mm_timbre_spectral_finish(const struct timbre_spectral *spectral, float *vector);

/* ---- rhythm: timbre_rhythm.c ---- */

struct timbre_rhythm_tables;
struct timbre_rhythm;
int mm_timbre_rhythm_tables_create(struct timbre_rhythm_tables **out, struct mm_error *err);
void mm_timbre_rhythm_tables_destroy(struct timbre_rhythm_tables *tables);
int mm_timbre_rhythm_create(const struct timbre_rhythm_tables *tables, struct timbre_rhythm **out,
                            struct mm_error *err);
void mm_timbre_rhythm_destroy(struct timbre_rhythm *rhythm);
void mm_timbre_rhythm_reset(struct timbre_rhythm *rhythm);
void mm_timbre_rhythm_frame(struct timbre_rhythm *rhythm, const struct timbre_frame *frame);
/* Writes vector[AT_ONSET .. AT_END). */
void mm_timbre_rhythm_finish(struct timbre_rhythm *rhythm, float *vector);

#endif
