/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kweight.h - power of sound as an ear weighs it: the two filters of ITU-R BS.1770-4, annex 1.
 *
 *     mm_kweight_init(&filter, 44100);
 *     mm_kweight_power(&filter, samples, frames, channels, sums);     as often as there are blocks
 *
 * A filter remembers the samples before a block, so a signal may be cut anywhere. One thread at a
 * time.
 */
#ifndef AUDIO_KWEIGHT_H
#define AUDIO_KWEIGHT_H

#include <stddef.h>

#include "audio/decode.h"

typedef double mm_kweight_pair __attribute__((vector_size(2 * sizeof(double))));

/* A filter of second order: y = b0 x + b1 x' + b2 x" - a1 y' - a2 y". */
struct mm_kweight_biquad {
    double b0, b1, b2, a1, a2;
};

struct mm_kweight {
    struct mm_kweight_biquad shelf, pass; /* the head's lift of the treble; the cut of the bass */
    /* Of each two channels: the last two samples before, between and behind the filters. */
    struct {
        mm_kweight_pair x[2], y[2], z[2];
    } past[MM_DECODER_CHANNELS / 2];
};

/* rate: 1000..768000 Hz. */
void mm_kweight_init(struct mm_kweight *filter, int rate);

/* Adds to sums [channels] the squares of the filtered samples [frames][channels]. */
void mm_kweight_power(struct mm_kweight *filter, const float *samples, size_t frames,
                      size_t channels, double *sums);

#endif
