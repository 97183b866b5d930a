/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/mux.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static int fail(int av_error, const char *what, struct mm_error *err)
{
    if (av_error == AVERROR(ENOMEM))
        return mm_no_memory(err);
    return mm_error_set(err, MM_ERR_UNSUPPORTED, "%s", what);
}

int mm_mux_begin(struct mm_mux *mux, const char *name, const AVCodecParameters *parameters,
                 AVRational time_base, struct mm_error *err)
{
    *mux = (struct mm_mux){.time_base = time_base};
    AVDictionary *options = NULL;
    int got = avformat_alloc_output_context2(&mux->format, NULL, name, NULL);
    if (got >= 0)
        got = avio_open_dyn_buf(&mux->format->pb);
    if (got >= 0) {
        mux->stream = avformat_new_stream(mux->format, NULL);
        got = mux->stream ? avcodec_parameters_copy(mux->stream->codecpar, parameters)
                          : AVERROR(ENOMEM);
    }
    if (got >= 0) {
        mux->stream->codecpar->codec_tag = 0; /* the number belonged to the old container */
        mux->stream->time_base = time_base;
        mux->format->flags |= AVFMT_FLAG_BITEXACT; /* no version numbers, no random serial */
        mux->format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
        /* Options of the MP3 container: nothing but the frame that tells length and delay. */
        if (strcmp(name, "mp3") == 0)
            got = av_dict_set(&options, "id3v2_version", "0", 0);
        if (got >= 0)
            got = avformat_write_header(mux->format, &options);
    }
    av_dict_free(&options);
    if (got < 0) {
        mm_mux_abort(mux);
        return fail(got, "the container does not take this stream", err);
    }
    return 0;
}

int mm_mux_write(struct mm_mux *mux, AVPacket *packet, struct mm_error *err)
{
    av_packet_rescale_ts(packet, mux->time_base, mux->stream->time_base);
    packet->stream_index = 0;
    packet->pos = -1;
    if (avio_tell(mux->format->pb) + packet->size > MM_MUX_LIMIT)
        return mm_error_set(err, MM_ERR_LIMIT, "the clip is larger than 32 MiB");
    int got = av_write_frame(mux->format, packet);
    av_packet_unref(packet);
    return got < 0 ? fail(got, "the container does not take this packet", err) : 0;
}

int mm_mux_finish(struct mm_mux *mux, struct mm_bytes *out, struct mm_error *err)
{
    int result = 0;
    int got = av_write_trailer(mux->format);
    if (got < 0) {
        result = fail(got, "the container cannot be completed", err);
        mm_mux_abort(mux);
        return result;
    }
    uint8_t *bytes = NULL;
    int size = avio_close_dyn_buf(mux->format->pb, &bytes);
    mux->format->pb = NULL;
    /* A copy, since the rest of the program releases with free(). */
    out->data = size > 0 ? malloc((size_t)size) : NULL;
    if (out->data) {
        memcpy(out->data, bytes, (size_t)size);
        out->size = (size_t)size;
    } else {
        result = mm_no_memory(err);
    }
    av_free(bytes);
    mm_mux_abort(mux);
    return result;
}

void mm_mux_abort(struct mm_mux *mux)
{
    if (mux->format && mux->format->pb) {
        uint8_t *bytes = NULL;
        avio_close_dyn_buf(mux->format->pb, &bytes);
        av_free(bytes);
        mux->format->pb = NULL;
    }
    avformat_free_context(mux->format);
    *mux = (struct mm_mux){0};
}
