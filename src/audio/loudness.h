/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loudness.h - EBU R 128 integrated loudness and peak of a stream of blocks.
 *
 * Memory does not grow with the length of the song. One thread at a time.
 */
#ifndef AUDIO_LOUDNESS_H
#define AUDIO_LOUDNESS_H

#include <stdbool.h>

#include "audio/decode.h"

struct mm_loudness;
int mm_loudness_create(bool true_peak, struct mm_loudness **out, struct mm_error *err);
void mm_loudness_destroy(struct mm_loudness *loudness);

/* Rate and channels may change from block to block. */
int mm_loudness_push(struct mm_loudness *loudness, const struct mm_pcm *pcm, struct mm_error *err);

/* lufs: -HUGE_VAL when nothing passes the absolute gate; peak_dbfs: -HUGE_VAL for digital silence.
 * Sound of less than 0.4 s is measured with silence behind it. */
void mm_loudness_finish(struct mm_loudness *loudness, double *lufs, double *peak_dbfs);

#endif
