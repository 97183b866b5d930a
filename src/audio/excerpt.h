/* SPDX-License-Identifier: BSD-2-Clause */
/* excerpt.h - which part of a song is analysed. */
#ifndef AUDIO_EXCERPT_H
#define AUDIO_EXCERPT_H

#include "audio/decode.h"
#include "musicmap/audio.h"

struct mm_excerpt {
    double start_s;
    double length_s; /* at most; HUGE_VAL = all that follows */
    bool moved;      /* the decoder was moved: seek, or open anew where that fails */
};

/* excerpt_s 0 = all of the song. The rules are written in excerpt.c. */
int mm_excerpt_choose(struct mm_decoder *decoder, enum mm_audio_part part, double excerpt_s,
                      struct mm_excerpt *out, struct mm_error *err);

#endif
