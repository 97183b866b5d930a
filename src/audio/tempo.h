/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tempo.h - beats a minute from the onset envelopes.
 *
 * Memory does not grow with the length of the song. One thread at a time.
 */
#ifndef AUDIO_TEMPO_H
#define AUDIO_TEMPO_H

#include "audio/onset.h"

/* Frames that are looked at together: 35.7 s, a bit more than an excerpt. */
#define MM_TEMPO_WINDOW 2048
/* Longest lag of the autocorrelation, frames: 8 s. */
#define MM_TEMPO_LAGS 460

/* Zero-initialise. */
struct mm_tempo {
    float window[MM_ONSET_BANDS][MM_TEMPO_WINDOW];
    size_t filled;
    double correlation[MM_TEMPO_LAGS]; /* sum over windows, weighted by their frames */
    double weight;                     /* frames in the windows */
    double flux, level;                /* sums over all frames */
};

void mm_tempo_push(struct mm_tempo *tempo, const struct mm_onset_frame *frame);

/* bpm 0 and confidence 0 when there is no pulse. Ends the song. */
void mm_tempo_finish(struct mm_tempo *tempo, double *bpm, double *confidence);

#endif
