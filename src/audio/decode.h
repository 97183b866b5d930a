/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode.h - a song as a stream of float samples, from the start or from any moment of it.
 *
 *     mm_decoder_open(path, &decoder, err);
 *     mm_decoder_seek(decoder, 60.0, MM_DECODER_PREROLL_S, err);      if not from the start
 *     while ((got = mm_decoder_read(decoder, &pcm, err)) > 0) ...
 *
 * Times are seconds of sound: 0 is the first sample behind the encoder's delay. Samples are finite
 * and within +-8. Threads: a decoder belongs to one thread.
 */
#ifndef AUDIO_DECODE_H
#define AUDIO_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "audio/input.h"
#include "musicmap/error.h"

#define MM_DECODER_FRAMES   4096 /* most frames of one block */
#define MM_DECODER_CHANNELS 64

/* How a channel counts for loudness (ITU-R BS.1770-4, table 4). */
enum mm_channel { MM_CHANNEL_FRONT, MM_CHANNEL_SURROUND, MM_CHANNEL_LFE };

/* A block of sound. Rate and channels may differ from those of the block before. */
struct mm_pcm {
    const float *samples; /* [frames][channels], valid until the next call on the decoder */
    size_t frames;
    int channels;                  /* 1..MM_DECODER_CHANNELS */
    int rate;                      /* Hz, 1000..768000 */
    const enum mm_channel *roles;  /* [channels] */
    const AVChannelLayout *layout; /* as the decoder tells it: may be unspecified */
};

/* Sound to decode before the moment wanted, so that codecs that lean on earlier frames (the MP3 bit
 * reservoir, Opus, spectral band replication) have settled. */
#define MM_DECODER_PREROLL_S 0.5

struct mm_decoder;

/* Opens path and decodes its first frame: MM_ERR_INPUT when there is none. */
int mm_decoder_open(const char *path, struct mm_decoder **out, struct mm_error *err);
void mm_decoder_close(struct mm_decoder *decoder);

/* The next block: 1, 0 at the end (or where damage ends the file), or an error. */
int mm_decoder_read(struct mm_decoder *decoder, struct mm_pcm *out, struct mm_error *err);

/*
 * The next block read begins with the first sample at or behind `seconds`. MM_ERR_UNSUPPORTED:
 * the file cannot be entered there (no seeking, or beyond its end); seek again before reading.
 */
int mm_decoder_seek(struct mm_decoder *decoder, double seconds, double preroll_s,
                    struct mm_error *err);

/*
 * The same for files that cannot be entered: begins anew at the file's start, and *skip_s tells how
 * much is to be read and dropped (mm_pcm_cut() does it); 0 after a seek that worked.
 */
int mm_decoder_enter(struct mm_decoder *decoder, double seconds, double *skip_s,
                     struct mm_error *err);
int mm_decoder_restart(struct mm_decoder *decoder, struct mm_error *err);

/* Takes *skip_s off the block's front and all beyond left_s off its end; false: nothing remains. */
bool mm_pcm_cut(struct mm_pcm *pcm, double *skip_s, double left_s);
/* What floating point leaves over when the lengths of blocks are added up: a part that lacks no
 * more is complete. Far below a sample at any rate. */
#define MM_PCM_ROUNDING_S 1e-9

/* Facts of the first frame, before or after reading. */
int mm_decoder_rate(const struct mm_decoder *decoder);
int mm_decoder_channels(const struct mm_decoder *decoder);
double mm_decoder_duration(const struct mm_decoder *decoder); /* claimed; 0 = not known */
/* For reading packets as they are; the decoder must then not be used any more. */
struct mm_input *mm_decoder_input(struct mm_decoder *decoder);
/* Presentation time of second 0, in units of the stream's time base. */
int64_t mm_decoder_origin(const struct mm_decoder *decoder);

/* True when more packets failed than were decoded: what came out is not to be trusted. */
bool mm_decoder_is_damaged(const struct mm_decoder *decoder);
/* True when any packet failed. */
bool mm_decoder_has_errors(const struct mm_decoder *decoder);

#endif
