/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transition.c - what it costs to go from one song to the next.
 *
 * sound     1 - cosine of the vectors, half the square of their distance on the sphere. Squared
 *           on purpose: over a path, many even steps then cost less than one leap.
 * tempo     octaves between the tempi, 0.15 octaves (11 %) = 0.5; a ratio near 2 or 1/2 counts with
 *           its distance from there and a toll of 0.1: in half time the beat still falls together.
 * key       steps between the keys on the circle of fifths, a minor key standing at its relative
 *           major: 0 steps 0, 1 step 0.15, then rising to 1 at the tritone.
 * loudness  difference of the integrated loudness, 12 LU = 1.
 *
 * Where a tempo or key is not known or not sure, the part moves towards 0.4, what two songs drawn
 * by lot have: not knowing is neither good nor bad.
 */
#include <math.h>
#include <stdlib.h>

#include "set/library.h"

#define UNKNOWN 0.4

struct mm_set_weights mm_set_default_weights(void)
{
    return (struct mm_set_weights){
        .sound = 1, .tempo = 0.2, .key = 0.1, .loudness = 0.1, .arc = 1, .shape = 1};
}

static double sure(double cost, double confidence)
{
    double c = confidence > 0 ? fmin(confidence, 1) : 0; /* NAN is not sure either */
    return c * cost + (1 - c) * UNKNOWN;
}

static double tempo_cost(const struct mm_set_song *a, const struct mm_set_song *b)
{
    if (!(a->tempo_bpm > 0) || !(b->tempo_bpm > 0))
        return UNKNOWN;
    double octaves = fabs(log2(b->tempo_bpm / a->tempo_bpm));
    double same = octaves / 0.3;
    double half = fabs(octaves - 1) / 0.3 + 0.1;
    return sure(fmin(fmin(same, half), 1), fmin(a->tempo_confidence, b->tempo_confidence));
}

/* Place on the circle of fifths: C = 0, G = 1, ...; minor keys at their relative major. */
static int fifths(const struct mm_set_song *s)
{
    int major = s->mode == MM_MODE_MINOR ? s->key + 3 : s->key;
    return major * 7 % 12;
}

static double key_cost(const struct mm_set_song *a, const struct mm_set_song *b)
{
    static const double steps[7] = {0, 0.15, 0.45, 0.65, 0.8, 0.9, 1};
    if (a->key < 0 || b->key < 0 || a->key > 11 || b->key > 11)
        return UNKNOWN;
    int distance = abs(fifths(a) - fifths(b));
    distance = distance > 6 ? 12 - distance : distance;
    return sure(steps[distance], fmin(a->key_confidence, b->key_confidence));
}

static double loudness_cost(const struct mm_set_song *a, const struct mm_set_song *b)
{
    if (!isfinite(a->loudness_lufs) || !isfinite(b->loudness_lufs))
        return UNKNOWN;
    return fmin(fabs(a->loudness_lufs - b->loudness_lufs) / 12, 1);
}

struct mm_transition mm_set_transition(const struct mm_set_library *l,
                                       const struct mm_set_weights *w, size_t from, size_t to)
{
    const float *out = (l->outros ? l->outros : l->rows) + from * l->dim;
    const float *in = (l->intros ? l->intros : l->rows) + to * l->dim;
    const struct mm_set_song *a = &l->songs[from];
    const struct mm_set_song *b = &l->songs[to];
    struct mm_transition t = {.sound = fmax(1 - (double)mm_dot(out, in, l->dim), 0),
                              .tempo = tempo_cost(a, b),
                              .key = key_cost(a, b),
                              .loudness = loudness_cost(a, b)};
    t.cost = w->sound * t.sound + w->tempo * t.tempo + w->key * t.key + w->loudness * t.loudness;
    return t;
}
