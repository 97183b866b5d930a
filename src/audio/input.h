/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h - an audio file opened through FFmpeg, with bounds on what a hostile one can cost.
 *
 * FFmpeg never sees a path: bytes come from a descriptor opened here, so no name can be taken for a
 * protocol, and nothing a file refers to is opened. Only the demuxers listed in input.c are used.
 * FFmpeg's log is silenced for the whole process at the first call.
 *
 * Threads: one input belongs to one thread.
 */
#ifndef AUDIO_INPUT_H
#define AUDIO_INPUT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_input {
    int fd;
    int64_t size;   /* of the file, bytes */
    int64_t budget; /* bytes that may still be read: bounds the time of seeks that lead nowhere */
    AVIOContext *io;
    AVFormatContext *format;
    AVStream *stream; /* the best audio stream; every other one but pictures is discarded */
    const AVCodec *codec;
};

/* MM_ERR_INPUT: no audio in it, broken. MM_ERR_UNSUPPORTED: no decoder. Zeroed after a failure. */
int mm_input_open(const char *path, struct mm_input *in, struct mm_error *err);
void mm_input_close(struct mm_input *in);

/* At most count bytes at this place of the file, without moving FFmpeg's position; the number read.
 */
size_t mm_input_peek(const struct mm_input *in, int64_t offset, void *out, size_t count);

/* What the container says the song lasts, less encoder delay and padding; 0 = it does not say. */
double mm_input_duration(const struct mm_input *in);

/* An FFmpeg error number as one of ours: out of memory stays that, all else is the file's fault. */
int mm_input_error(int av_error, const char *what, struct mm_error *err);

#endif
