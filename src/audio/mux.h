/* SPDX-License-Identifier: BSD-2-Clause */
/* mux.h - one stream of packets into a container in memory. One thread at a time. */
#ifndef AUDIO_MUX_H
#define AUDIO_MUX_H

#include <libavformat/avformat.h>

#include "musicmap/audio.h"

#define MM_MUX_LIMIT ((int64_t)32 << 20) /* bytes */

struct mm_mux {
    AVFormatContext *format;
    AVStream *stream;
    AVRational time_base; /* of the packets that come in */
};

/* name: FFmpeg's of the container. The parameters are copied. MM_ERR_UNSUPPORTED: the container
 * does not take such a stream. */
int mm_mux_begin(struct mm_mux *mux, const char *name, const AVCodecParameters *parameters,
                 AVRational time_base, struct mm_error *err);
/* packet: times in the time base given above; its reference is used up. */
int mm_mux_write(struct mm_mux *mux, AVPacket *packet, struct mm_error *err);
/* Hands over the container's bytes. MM_ERR_LIMIT: more than MM_MUX_LIMIT. */
int mm_mux_finish(struct mm_mux *mux, struct mm_bytes *out, struct mm_error *err);
/* Releases everything; no-op after finish. */
void mm_mux_abort(struct mm_mux *mux);

#endif
