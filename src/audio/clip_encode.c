/* SPDX-License-Identifier: BSD-2-Clause */
/* What browsers do not play (ALAC, WMA, WAV of odd formats, modules, ...) as FLAC: nothing is lost
 * that can be heard, and encoding costs a few milliseconds where MP3 would cost half a second. And
 * what has to be small (clips within a page) as MP3 of one channel. */
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/clip.h"
#include "audio/mux.h"
#include "base/array.h"

#define CHUNK      8192  /* frames converted at once */
#define SMALL_RATE 32000 /* Hz */
#define SMALL_BITS 56000 /* a second; MP3, one channel */

struct encode {
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    AVAudioFifo *fifo;
    struct SwrContext *swr;
    int in_rate, in_channels;
    bool small;
    struct mm_mux mux;
    int64_t samples; /* encoded */
    int16_t buffer[CHUNK * 2];
};

static int output_rate(int rate)
{
    if (rate <= 48000)
        return rate;
    return rate % 44100 == 0 ? 44100 : 48000;
}

static int open_encoder(struct encode *e, int rate, int channels, struct mm_error *err)
{
    const AVCodec *codec = avcodec_find_encoder(e->small ? AV_CODEC_ID_MP3 : AV_CODEC_ID_FLAC);
    const char *container = e->small ? "mp3" : "flac";
    if (!codec)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "this FFmpeg cannot encode %s", container);
    e->codec = avcodec_alloc_context3(codec);
    e->packet = av_packet_alloc();
    e->frame = av_frame_alloc();
    AVCodecParameters *par = avcodec_parameters_alloc();
    int result = 0;
    if (!e->codec || !e->packet || !e->frame || !par) {
        result = mm_no_memory(err);
        goto out;
    }
    e->codec->sample_rate = e->small ? SMALL_RATE : output_rate(rate);
    /* One plane is one plane: of one channel, interleaved or not is the same. */
    e->codec->sample_fmt = e->small ? AV_SAMPLE_FMT_S16P : AV_SAMPLE_FMT_S16;
    e->codec->bit_rate = e->small ? SMALL_BITS : 0;
    e->codec->time_base = (AVRational){1, e->codec->sample_rate};
    if (!e->small)
        e->codec->compression_level = 1;
    e->codec->thread_count = 1;
    av_channel_layout_default(&e->codec->ch_layout, channels > 1 && !e->small ? 2 : 1);
    if (avcodec_open2(e->codec, codec, NULL) < 0) {
        result = mm_error_set(err, MM_ERR_UNSUPPORTED, "cannot encode %s at %d Hz", container,
                              e->codec->sample_rate);
        goto out;
    }
    e->fifo = av_audio_fifo_alloc(e->codec->sample_fmt, e->codec->ch_layout.nb_channels, 4 * CHUNK);
    if (!e->fifo || avcodec_parameters_from_context(par, e->codec) < 0)
        result = mm_no_memory(err);
    else
        result = mm_mux_begin(&e->mux, container, par, e->codec->time_base, err);
out:
    avcodec_parameters_free(&par);
    return result;
}

/* Sends e->frame (NULL: the end) to the encoder and its packets to the container. */
static int encode(struct encode *e, const AVFrame *frame, struct mm_error *err)
{
    int got = avcodec_send_frame(e->codec, frame);
    int result = 0;
    while (got >= 0 && result == 0) {
        got = avcodec_receive_packet(e->codec, e->packet);
        if (got >= 0)
            result = mm_mux_write(&e->mux, e->packet, err);
    }
    if (result == 0 && got != AVERROR(EAGAIN) && got != AVERROR_EOF)
        result = mm_error_set(err, MM_ERR_UNSUPPORTED, "cannot encode the clip");
    return result;
}

/* Encodes whole frames from the queue; at the end also what is left. */
static int drain(struct encode *e, bool end, struct mm_error *err)
{
    int result = 0;
    int waiting;
    while (result == 0 && (waiting = av_audio_fifo_size(e->fifo)) > 0) {
        int n = waiting < e->codec->frame_size ? waiting : e->codec->frame_size;
        if (n < e->codec->frame_size && !end)
            break;
        av_frame_unref(e->frame);
        e->frame->nb_samples = n;
        e->frame->format = e->codec->sample_fmt;
        e->frame->sample_rate = e->codec->sample_rate;
        e->frame->pts = e->samples;
        if (av_channel_layout_copy(&e->frame->ch_layout, &e->codec->ch_layout) < 0 ||
            av_frame_get_buffer(e->frame, 0) < 0 ||
            av_audio_fifo_read(e->fifo, (void **)e->frame->data, n) < n)
            return mm_no_memory(err);
        e->samples += n;
        result = encode(e, e->frame, err);
    }
    return result;
}

/* Converts frames of interleaved floats (NULL: the end) into the queue. */
static int convert(struct encode *e, const float *samples, size_t frames, struct mm_error *err)
{
    const uint8_t *in = (const uint8_t *)samples;
    int count = (int)frames;
    for (;;) {
        uint8_t *out = (uint8_t *)e->buffer;
        int got = swr_convert(e->swr, &out, CHUNK, samples ? &in : NULL, count);
        if (got < 0 || av_audio_fifo_write(e->fifo, (void **)&out, got) < got)
            return mm_no_memory(err);
        int result = drain(e, false, err);
        if (result < 0 || got < CHUNK)
            return result;
        count = 0;
    }
}

static int begin_conversion(struct encode *e, const struct mm_pcm *pcm, struct mm_error *err)
{
    int result = e->swr ? convert(e, NULL, 0, err) : 0;
    swr_free(&e->swr);
    if (result < 0)
        return result;
    AVChannelLayout layout = {0};
    if (pcm->layout->order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, pcm->channels);
    else if (av_channel_layout_copy(&layout, pcm->layout) < 0)
        return mm_no_memory(err);
    int got =
        swr_alloc_set_opts2(&e->swr, &e->codec->ch_layout, AV_SAMPLE_FMT_S16, e->codec->sample_rate,
                            &layout, AV_SAMPLE_FMT_FLT, pcm->rate, 0, NULL);
    if (got >= 0)
        got = swr_init(e->swr);
    av_channel_layout_uninit(&layout);
    e->in_rate = pcm->rate;
    e->in_channels = pcm->channels;
    if (got < 0)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "cannot mix %d channels down to two",
                            pcm->channels);
    return 0;
}

static int encode_part(struct encode *e, struct mm_decoder *decoder, double skip_s, double length_s,
                       struct mm_error *err)
{
    struct mm_pcm pcm;
    int got;
    double done_s = 0;
    while (length_s - done_s > MM_PCM_ROUNDING_S &&
           (got = mm_decoder_read(decoder, &pcm, err)) != 0) {
        if (got < 0)
            return got;
        if (!mm_pcm_cut(&pcm, &skip_s, length_s - done_s))
            continue;
        int result = 0;
        if (!e->codec)
            result = open_encoder(e, pcm.rate, pcm.channels, err);
        if (result == 0 && (!e->swr || pcm.rate != e->in_rate || pcm.channels != e->in_channels))
            result = begin_conversion(e, &pcm, err);
        if (result == 0)
            result = convert(e, pcm.samples, pcm.frames, err);
        if (result < 0)
            return result;
        done_s += (double)pcm.frames / pcm.rate;
    }
    if (!e->codec)
        return mm_error_set(err, MM_ERR_INPUT, "the song ends before this part");
    int result = convert(e, NULL, 0, err);
    if (result == 0)
        result = drain(e, true, err);
    return result == 0 ? encode(e, NULL, err) : result;
}

int mm_clip_encode(struct mm_decoder *decoder, double start_s, double length_s, bool small,
                   struct mm_bytes *out, struct mm_error *err)
{
    struct encode *e = calloc(1, sizeof *e);
    if (!e)
        return mm_no_memory(err);
    e->small = small;
    double skip_s = 0;
    int result = 0;
    if (start_s > 0)
        result = mm_decoder_enter(decoder, start_s, &skip_s, err);
    if (result == 0)
        result = encode_part(e, decoder, skip_s, length_s, err);
    if (result == 0)
        result = mm_mux_finish(&e->mux, out, err);
    if (result == 0)
        snprintf(out->mime, sizeof out->mime, "%s", small ? "audio/mpeg" : "audio/flac");
    mm_mux_abort(&e->mux);
    swr_free(&e->swr);
    if (e->fifo)
        av_audio_fifo_free(e->fifo);
    av_frame_free(&e->frame);
    av_packet_free(&e->packet);
    avcodec_free_context(&e->codec);
    free(e);
    return result;
}
