/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * musicnn_frontend.h - from three seconds of samples to the patch that MusiCNN looks at.
 *
 * 16 kHz, transform of 512 every 256 samples, no centring, periodic Hann, 96 Slaney mel bands of
 * 0..8 kHz on the power spectrum, log10(1 + 10000 x). 187 frames make a patch.
 *
 * Threads: an object has scratch memory and belongs to one thread at a time.
 */
#ifndef EMBED_MUSICNN_FRONTEND_H
#define EMBED_MUSICNN_FRONTEND_H

#include <stddef.h>

#include "musicmap/error.h"

#define MM_MUSICNN_RATE   16000 /* Hz */
#define MM_MUSICNN_FRAMES 187
#define MM_MUSICNN_BANDS  96
#define MM_MUSICNN_HOP    256 /* of frames, samples */
/* Samples from a patch to the next, and that a patch sees. */
#define MM_MUSICNN_STEP    ((size_t)MM_MUSICNN_FRAMES * MM_MUSICNN_HOP)
#define MM_MUSICNN_SAMPLES (MM_MUSICNN_STEP - MM_MUSICNN_HOP + 512)

struct mm_musicnn_frontend;
int mm_musicnn_frontend_create(struct mm_musicnn_frontend **out, struct mm_error *err);
void mm_musicnn_frontend_destroy(struct mm_musicnn_frontend *frontend);

/* samples: [MM_MUSICNN_SAMPLES]; out: [MM_MUSICNN_FRAMES][MM_MUSICNN_BANDS]. */
void mm_musicnn_frontend_run(struct mm_musicnn_frontend *frontend, const float *samples,
                             float *out);

#endif
