/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * features.h - what is measured from mono sound at one rate: tempo, key, the moment to start at.
 *
 * Memory does not grow with the length of the song. One thread at a time.
 */
#ifndef AUDIO_FEATURES_H
#define AUDIO_FEATURES_H

#include "musicmap/error.h"
#include "musicmap/song.h"

#include <stddef.h>

#define MM_FEATURES_RATE 22050 /* Hz */

struct mm_features;
int mm_features_create(struct mm_features **out, struct mm_error *err);
void mm_features_destroy(struct mm_features *features);
int mm_features_push(struct mm_features *features, const float *samples, size_t count,
                     struct mm_error *err);
/* Fills tempo, key, intensity (from measure's loudness) and onset_s (from the first sample). */
int mm_features_finish(struct mm_features *features, struct mm_measure *measure,
                       struct mm_error *err);

#endif
