/* SPDX-License-Identifier: BSD-2-Clause */
/* clip.h - the two ways to make a clip. The decoder has been opened and not yet read. */
#ifndef AUDIO_CLIP_H
#define AUDIO_CLIP_H

#include "audio/decode.h"
#include "musicmap/audio.h"

/* Stream copy. MM_ERR_UNSUPPORTED: browsers do not play this codec, or it cannot be cut. The
 * decoder is of no use afterwards. */
int mm_clip_copy(struct mm_decoder *decoder, double start_s, double length_s, struct mm_bytes *out,
                 struct mm_error *err);

/* Decodes, and encodes as FLAC of 16 bits, one or two channels, at most 48 kHz; small: as MP3 of
 * 56 kbit/s, one channel. */
int mm_clip_encode(struct mm_decoder *decoder, double start_s, double length_s, bool small,
                   struct mm_bytes *out, struct mm_error *err);

#endif
