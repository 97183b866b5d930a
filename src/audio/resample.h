/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resample.h - mono floats from any rate, which may change on the way, to one fixed rate.
 *
 * No samples are gained or lost at the ends: n samples in at rate a give n * b / a, to within one
 * and never none, out at rate b, aligned with the input. One thread at a time.
 */
#ifndef AUDIO_RESAMPLE_H
#define AUDIO_RESAMPLE_H

#include <stddef.h>

#include "musicmap/error.h"

/* Most samples handed to an mm_mono_fn at once. */
#define MM_RESAMPLER_CHUNK 8192

/* Takes samples; non-zero stops the call they came from with that code. */
typedef int mm_mono_fn(void *ctx, const float *samples, size_t count, struct mm_error *err);

struct mm_resampler;
int mm_resampler_create(int rate, mm_mono_fn *emit, void *ctx, struct mm_resampler **out,
                        struct mm_error *err);
void mm_resampler_destroy(struct mm_resampler *resampler);
int mm_resampler_push(struct mm_resampler *resampler, const float *samples, size_t count, int rate,
                      struct mm_error *err);
/* Hands out what the filter still holds. The resampler can then be used again. */
int mm_resampler_flush(struct mm_resampler *resampler, struct mm_error *err);

#endif
