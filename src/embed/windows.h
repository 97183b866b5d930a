/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * windows.h - cuts a stream of samples into windows of fixed length, as they arrive.
 *
 * Window i holds the samples [i * hop, i * hop + length) of the song, with `lead` zeros put before
 * the song's first sample. At the end there are two customs:
 *   MM_TAIL_PAD   every sample is covered: n = 1 if all fit into one window, else
 *                 1 + ceil((samples - length) / hop), the last one filled up with zeros (OpenL3);
 *   MM_TAIL_DROP  what does not fill a window is left out, but for a song shorter than one
 *                 window, which is filled up with zeros (MusiCNN).
 * Memory is one window, whatever the length of the song.
 *
 * Threads: an object belongs to one thread at a time.
 */
#ifndef EMBED_WINDOWS_H
#define EMBED_WINDOWS_H

#include <stddef.h>

#include "musicmap/error.h"

enum mm_windows_tail { MM_TAIL_PAD, MM_TAIL_DROP };

struct mm_windows {
    size_t length, hop, lead; /* samples; length and hop >= 1 */
    enum mm_windows_tail tail;
    float *buffer;  /* [length] */
    size_t filled;  /* samples in buffer */
    size_t skip;    /* samples to pass over before the next window begins (hop > length) */
    size_t total;   /* samples seen, lead included */
    size_t emitted; /* windows handed out */
};

/* Receives window number index: [length] samples, valid during the call. Non-zero stops. */
typedef int mm_windows_fn(void *ctx, size_t index, const float *samples, struct mm_error *err);

int mm_windows_init(struct mm_windows *windows, size_t length, size_t hop, size_t lead,
                    enum mm_windows_tail tail, struct mm_error *err);
void mm_windows_finish(struct mm_windows *windows);

int mm_windows_push(struct mm_windows *windows, const float *samples, size_t count,
                    mm_windows_fn *fn, void *ctx, struct mm_error *err);

/* Hands out what is left and is ready for the next song, also after an error. MM_ERR_INPUT when
 * no sample was pushed. */
int mm_windows_end(struct mm_windows *windows, mm_windows_fn *fn, void *ctx, struct mm_error *err);

/* Forgets the song in hand. */
void mm_windows_reset(struct mm_windows *windows);

#endif
