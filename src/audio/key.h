/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key.h - the key of a song from the pitches it uses.
 *
 * Memory does not grow with the length of the song. One thread at a time.
 */
#ifndef AUDIO_KEY_H
#define AUDIO_KEY_H

#include "musicmap/error.h"
#include "musicmap/song.h"

#include <stddef.h>

#define MM_KEY_RATE 22050 /* Hz, of the samples */

struct mm_key;
int mm_key_create(struct mm_key **out, struct mm_error *err);
void mm_key_destroy(struct mm_key *key);
/* samples: mono at MM_KEY_RATE. */
void mm_key_push(struct mm_key *key, const float *samples, size_t count);
/* Sets key, mode and key_confidence of measure; key -1 when nothing has a pitch. */
void mm_key_finish(struct mm_key *key, struct mm_measure *measure);

#endif
