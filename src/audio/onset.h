/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * onset.h - how much new sound begins at each moment: spectral flux in a few bands.
 *
 * One thread at a time.
 */
#ifndef AUDIO_ONSET_H
#define AUDIO_ONSET_H

#include <stddef.h>

#include "musicmap/error.h"

#define MM_ONSET_RATE  22050 /* Hz, of the samples */
#define MM_ONSET_HOP   384
#define MM_ONSET_BANDS 4
/* Frames per second. */
#define MM_ONSET_FPS ((double)MM_ONSET_RATE / MM_ONSET_HOP)

/* Frame i is centred at sample i * MM_ONSET_HOP. */
struct mm_onset_frame {
    float flux[MM_ONSET_BANDS]; /* >= 0; doubles when the compressed spectrum does */
    float total;                /* sum of flux */
    float level;                /* sum of the compressed spectrum */
    float power;                /* mean square of the samples under the window */
};
typedef int mm_onset_fn(void *ctx, const struct mm_onset_frame *frame, struct mm_error *err);

struct mm_onset;
int mm_onset_create(mm_onset_fn *emit, void *ctx, struct mm_onset **out, struct mm_error *err);
void mm_onset_destroy(struct mm_onset *onset);
/* samples: mono at MM_ONSET_RATE. */
int mm_onset_push(struct mm_onset *onset, const float *samples, size_t count, struct mm_error *err);
/* The frames whose windows reach beyond the end, which is padded with silence. */
int mm_onset_finish(struct mm_onset *onset, struct mm_error *err);

#endif
