/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one decode loop. Position is counted in samples from the start or from the time stamp of the
 * first frame behind a seek, so time stamps that jump in mid-file do no harm.
 */
#include "audio/decode.h"

#include <float.h>
#include <libavutil/channel_layout.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* Packets in a row that may fail before the rest is given up. */
#define MAX_FAILURES 1024
/* More samples in one frame than any real codec has: bounds what a hostile header can ask for. */
#define MAX_FRAME (1 << 22)

struct mm_decoder {
    char *path;
    struct mm_input input;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    int used;       /* samples of frame already handed out */
    bool has_frame; /* frame holds samples not yet handed out */
    bool drained;
    int64_t origin;     /* time stamp of second 0 */
    int64_t left;       /* samples to the end that an MP4's edit list sets; INT64_MAX: none */
    int64_t discard;    /* samples still to be dropped behind a seek, at `rate` */
    int rate, channels; /* of the first frame */
    size_t good, bad;   /* packets */
    float *block;       /* [MM_DECODER_FRAMES][block_channels] */
    int block_channels;
    enum mm_channel roles[MM_DECODER_CHANNELS];
};

int mm_decoder_rate(const struct mm_decoder *decoder)
{
    return decoder->rate;
}

int mm_decoder_channels(const struct mm_decoder *decoder)
{
    return decoder->channels;
}

double mm_decoder_duration(const struct mm_decoder *decoder)
{
    return mm_input_duration(&decoder->input);
}

struct mm_input *mm_decoder_input(struct mm_decoder *decoder)
{
    return &decoder->input;
}

int64_t mm_decoder_origin(const struct mm_decoder *decoder)
{
    return decoder->origin;
}

bool mm_decoder_is_damaged(const struct mm_decoder *decoder)
{
    return decoder->bad > decoder->good;
}

bool mm_decoder_has_errors(const struct mm_decoder *decoder)
{
    return decoder->bad > 0;
}

/* ---- frames ---- */

/* Sends one packet of our stream, or the end. 0, or an FFmpeg error that ends the stream. */
static int send_packet(struct mm_decoder *d)
{
    for (size_t failures = 0; failures < MAX_FAILURES;) {
        int got = av_read_frame(d->input.format, d->packet);
        if (got == AVERROR(EAGAIN)) {
            failures++;
            continue;
        }
        if (got < 0) {
            d->drained = true;
            return got == AVERROR(ENOMEM) ? got : avcodec_send_packet(d->codec, NULL);
        }
        if (d->packet->stream_index != d->input.stream->index) {
            av_packet_unref(d->packet);
            continue;
        }
        got = avcodec_send_packet(d->codec, d->packet);
        av_packet_unref(d->packet);
        if (got == AVERROR(ENOMEM))
            return got;
        if (got >= 0) {
            d->good++;
            return 0;
        }
        d->bad++;
        failures++;
    }
    d->drained = true;
    return avcodec_send_packet(d->codec, NULL);
}

static bool is_usable(const AVFrame *frame)
{
    return frame->nb_samples > 0 && frame->ch_layout.nb_channels >= 1 &&
           frame->ch_layout.nb_channels <= MM_DECODER_CHANNELS && frame->sample_rate >= 1000 &&
           frame->sample_rate <= 768000;
}

/* Back and side channels count 1.41 times, low-frequency effects not at all. */
static void name_channels(const AVFrame *frame, enum mm_channel *roles)
{
    AVChannelLayout layout = {0};
    int channels = frame->ch_layout.nb_channels;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, channels);
    else if (av_channel_layout_copy(&layout, &frame->ch_layout) < 0)
        layout = (AVChannelLayout){0};
    for (int c = 0; c < channels; c++) {
        roles[c] = MM_CHANNEL_FRONT;
        switch (c < layout.nb_channels ? (int)av_channel_layout_channel_from_index(&layout, c)
                                       : AV_CHAN_NONE) {
        case AV_CHAN_LOW_FREQUENCY:
        case AV_CHAN_LOW_FREQUENCY_2:
            roles[c] = MM_CHANNEL_LFE;
            break;
        case AV_CHAN_BACK_LEFT:
        case AV_CHAN_BACK_RIGHT:
        case AV_CHAN_BACK_CENTER:
        case AV_CHAN_SIDE_LEFT:
        case AV_CHAN_SIDE_RIGHT:
        case AV_CHAN_SURROUND_DIRECT_LEFT:
        case AV_CHAN_SURROUND_DIRECT_RIGHT:
        case AV_CHAN_TOP_BACK_LEFT:
        case AV_CHAN_TOP_BACK_CENTER:
        case AV_CHAN_TOP_BACK_RIGHT:
            roles[c] = MM_CHANNEL_SURROUND;
            break;
        default:
            break;
        }
    }
    av_channel_layout_uninit(&layout);
}

/* Decodes the next frame into d->frame. 1, 0 at the end, or an error. */
static int next_frame(struct mm_decoder *d, struct mm_error *err)
{
    size_t failures = 0;
    d->has_frame = false;
    while (failures < MAX_FAILURES) {
        int got = avcodec_receive_frame(d->codec, d->frame);
        if (got >= 0) {
            if (!is_usable(d->frame)) {
                failures++;
                continue;
            }
            d->used = 0;
            d->has_frame = true;
            name_channels(d->frame, d->roles);
            return 1;
        }
        if (got == AVERROR_EOF || (got == AVERROR(EAGAIN) && d->drained))
            return 0;
        if (got == AVERROR(EAGAIN))
            got = send_packet(d);
        else if (got != AVERROR(ENOMEM)) {
            d->bad++;
            failures++;
            continue;
        }
        if (got == AVERROR(ENOMEM))
            return mm_input_error(got, "", err);
        if (got < 0 && d->drained)
            return 0;
    }
    return 0;
}

/* ---- conversion ---- */

static float tame(float x)
{
    /* Comparisons with NaN are false, so NaN falls through to 0, as the infinities do. */
    if (x >= -8.0f && x <= 8.0f)
        return x;
    if (x > 8.0f && x <= FLT_MAX)
        return 8.0f;
    return x < -8.0f && x >= -FLT_MAX ? -8.0f : 0.0f;
}

/* Copies channel samples of TYPE, `step` apart, into every channels-th place of out. */
#define CONVERT(TYPE, EXPRESSION)                    \
    do {                                             \
        const TYPE *in = (const TYPE *)data + begin; \
        for (size_t i = 0; i < count; i++) {         \
            const TYPE v = in[i * step];             \
            out[i * channels] = (EXPRESSION);        \
        }                                            \
    } while (0)

static int convert_channel(enum AVSampleFormat format, const void *data, size_t begin, size_t step,
                           size_t count, size_t channels, float *out)
{
    switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
        CONVERT(uint8_t, (float)(v - 128) * 0x1p-7f);
        return 0;
    case AV_SAMPLE_FMT_S16:
        CONVERT(int16_t, (float)v * 0x1p-15f);
        return 0;
    case AV_SAMPLE_FMT_S32:
        CONVERT(int32_t, (float)v * 0x1p-31f);
        return 0;
    case AV_SAMPLE_FMT_S64:
        CONVERT(int64_t, (float)v * 0x1p-63f);
        return 0;
    case AV_SAMPLE_FMT_FLT:
        CONVERT(float, v);
        return 0;
    case AV_SAMPLE_FMT_DBL:
        CONVERT(double, (float)v);
        return 0;
    default:
        return -1;
    }
}

/* Two planes of floats, as most decoders give them, in one go. */
static void interleave(const float *left, const float *right, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = left[i];
        out[2 * i + 1] = right[i];
    }
}

/* Makes floats finite and small. A first look at the bits alone is quick, and mostly enough. */
static void tame_block(float *samples, size_t count)
{
    uint32_t wild = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        wild |= (int32_t)(bits & 0x7fffffff) > 0x41000000; /* 8.0f */
    }
    for (size_t i = 0; wild && i < count; i++)
        samples[i] = tame(samples[i]);
}

/* Samples used .. used + count of the frame, as floats, into d->block. */
static int convert(struct mm_decoder *d, size_t count, struct mm_error *err)
{
    const AVFrame *frame = d->frame;
    size_t channels = (size_t)frame->ch_layout.nb_channels;
    if (frame->ch_layout.nb_channels > d->block_channels) {
        free(d->block);
        d->block_channels = 0;
        d->block = mm_calloc3(MM_DECODER_FRAMES, channels, sizeof *d->block);
        if (!d->block)
            return mm_no_memory(err);
        d->block_channels = frame->ch_layout.nb_channels;
    }
    bool planar = av_sample_fmt_is_planar(frame->format);
    size_t used = (size_t)d->used;
    if (frame->format == AV_SAMPLE_FMT_FLTP && channels == 2) {
        interleave((const float *)frame->extended_data[0] + used,
                   (const float *)frame->extended_data[1] + used, count, d->block);
        tame_block(d->block, 2 * count);
        return 0;
    }
    for (size_t c = 0; c < channels; c++) {
        const void *data = frame->extended_data[planar ? c : 0];
        size_t begin = planar ? used : used * channels + c;
        if (convert_channel(frame->format, data, begin, planar ? 1 : channels, count, channels,
                            d->block + c) < 0)
            return mm_error_set(err, MM_ERR_UNSUPPORTED, "samples of an unknown format");
    }
    tame_block(d->block, channels * count);
    return 0;
}

/* ---- the public part ---- */

int mm_decoder_read(struct mm_decoder *d, struct mm_pcm *out, struct mm_error *err)
{
    *out = (struct mm_pcm){0};
    for (;;) {
        if (!d->has_frame) {
            int got = next_frame(d, err);
            if (got <= 0)
                return got;
        }
        int left = d->frame->nb_samples - d->used;
        if (d->discard >= left) {
            d->discard -= left;
            d->has_frame = false;
            continue;
        }
        d->used += (int)d->discard;
        left -= (int)d->discard;
        d->discard = 0;
        if (left > d->left)
            left = (int)d->left;
        if (left == 0)
            return 0;
        size_t count = left < MM_DECODER_FRAMES ? (size_t)left : MM_DECODER_FRAMES;
        int result = convert(d, count, err);
        if (result < 0)
            return result;
        d->used += (int)count;
        d->left -= d->left == INT64_MAX ? 0 : (int64_t)count;
        d->has_frame = d->used < d->frame->nb_samples;
        *out = (struct mm_pcm){.samples = d->block,
                               .frames = count,
                               .channels = d->frame->ch_layout.nb_channels,
                               .rate = d->frame->sample_rate,
                               .roles = d->roles,
                               .layout = &d->frame->ch_layout};
        return 1;
    }
}

static int64_t frame_time(const AVFrame *frame)
{
    return frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
}

/* FFmpeg drops the encoder's delay at the front of an MP4, but not the padding at its end. */
static void set_end(struct mm_decoder *d, double seconds)
{
    double duration = mm_input_duration(&d->input);
    d->left = INT64_MAX;
    if (duration > 0 && strncmp(d->input.format->iformat->name, "mov", 3) == 0)
        d->left = llrint(fmax(0, duration - seconds) * d->frame->sample_rate);
}

static int open_codec(struct mm_decoder *d, struct mm_error *err)
{
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    d->codec = avcodec_alloc_context3(d->input.codec);
    if (!d->packet || !d->frame || !d->codec)
        return mm_no_memory(err);
    int got = avcodec_parameters_to_context(d->codec, d->input.stream->codecpar);
    if (got >= 0) {
        d->codec->pkt_timebase = d->input.stream->time_base;
        d->codec->thread_count = 1; /* songs run side by side; threads would only fight */
        d->codec->max_samples = MAX_FRAME;
        got = avcodec_open2(d->codec, d->input.codec, NULL);
    }
    return got < 0 ? mm_input_error(got, "cannot set up the decoder", err) : 0;
}

static void close_file(struct mm_decoder *d)
{
    avcodec_free_context(&d->codec);
    av_frame_free(&d->frame);
    av_packet_free(&d->packet);
    mm_input_close(&d->input);
}

static int open_file(struct mm_decoder *d, struct mm_error *err)
{
    int result = mm_input_open(d->path, &d->input, err);
    if (result == 0)
        result = open_codec(d, err);
    if (result < 0)
        return result;
    d->drained = d->has_frame = false;
    d->discard = 0;
    d->good = d->bad = 0;
    int got = next_frame(d, err);
    if (got == 0)
        return mm_error_set(err, MM_ERR_INPUT, "no sound could be decoded");
    if (got < 0)
        return got;
    int64_t at = frame_time(d->frame);
    d->origin = at != AV_NOPTS_VALUE ? at : 0;
    set_end(d, 0);
    d->rate = d->frame->sample_rate;
    d->channels = d->frame->ch_layout.nb_channels;
    return 0;
}

int mm_decoder_open(const char *path, struct mm_decoder **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return mm_no_memory(err);
    d->input.fd = -1;
    d->path = mm_strdup(path);
    int result = d->path ? open_file(d, err) : mm_no_memory(err);
    if (result < 0) {
        mm_decoder_close(d);
        return result;
    }
    *out = d;
    return 0;
}

int mm_decoder_restart(struct mm_decoder *d, struct mm_error *err)
{
    close_file(d);
    return open_file(d, err);
}

/* Enters the file somewhere before `seconds` and finds how many samples are to be dropped. */
static int try_seek(struct mm_decoder *d, double seconds, double preroll_s, struct mm_error *err)
{
    AVRational base = d->input.stream->time_base;
    int64_t want = d->origin + llrint(seconds / av_q2d(base));
    int64_t enter = d->origin + llrint(fmax(0, seconds - preroll_s) / av_q2d(base));
    int got = av_seek_frame(d->input.format, d->input.stream->index, enter, AVSEEK_FLAG_BACKWARD);
    avcodec_flush_buffers(d->codec);
    d->drained = false;
    d->has_frame = false;
    d->discard = 0;
    if (got < 0)
        return MM_ERR_UNSUPPORTED;
    got = next_frame(d, err);
    if (got < 0)
        return got;
    int64_t at = got ? frame_time(d->frame) : AV_NOPTS_VALUE;
    if (at == AV_NOPTS_VALUE || at > want)
        return MM_ERR_UNSUPPORTED;
    d->discard = av_rescale_q(want - at, base, (AVRational){1, d->frame->sample_rate});
    set_end(d, seconds);
    /* An index with holes may land far off; reading on from there is fine, but not for an hour. */
    return d->discard > INT64_C(600) * d->frame->sample_rate ? MM_ERR_UNSUPPORTED : 0;
}

int mm_decoder_seek(struct mm_decoder *d, double seconds, double preroll_s, struct mm_error *err)
{
    if (!(seconds >= 0 && seconds < 1e8))
        return mm_error_set(err, MM_ERR_USAGE, "no such moment in a song");
    if (seconds <= preroll_s) {
        /* Seeking to the start would lose the packet in front of it, on which the first leans. */
        int got = mm_decoder_restart(d, err);
        if (got == 0) {
            d->discard = llrint(seconds * d->rate);
            set_end(d, seconds);
        }
        return got;
    }
    int result = MM_ERR_UNSUPPORTED;
    /* Some containers (Ogg, ASF) may land a page late: then enter earlier. */
    for (int i = 0; i < 3 && result == MM_ERR_UNSUPPORTED; i++)
        result = try_seek(d, seconds, preroll_s * (1 << (2 * i)), err);
    if (result == MM_ERR_UNSUPPORTED)
        return mm_error_set(err, result, "the file cannot be entered at %.1f s", seconds);
    return result;
}

int mm_decoder_enter(struct mm_decoder *d, double seconds, double *skip_s, struct mm_error *err)
{
    *skip_s = 0;
    int result = mm_decoder_seek(d, seconds, MM_DECODER_PREROLL_S, err);
    if (result != MM_ERR_UNSUPPORTED)
        return result;
    *skip_s = seconds;
    return mm_decoder_restart(d, err);
}

bool mm_pcm_cut(struct mm_pcm *pcm, double *skip_s, double left_s)
{
    double skip = rint(*skip_s * pcm->rate);
    if (skip >= (double)pcm->frames) {
        *skip_s -= (double)pcm->frames / pcm->rate;
        return false;
    }
    *skip_s = 0;
    if (skip > 0) {
        pcm->samples += (size_t)skip * (size_t)pcm->channels;
        pcm->frames -= (size_t)skip;
    }
    /* Rounded up, less what floating point may have left over. */
    double left = ceil(left_s * pcm->rate - 1e-6);
    if ((double)pcm->frames > left)
        pcm->frames = left > 0 ? (size_t)left : 0;
    return pcm->frames > 0;
}

void mm_decoder_close(struct mm_decoder *d)
{
    if (!d)
        return;
    close_file(d);
    free(d->block);
    free(d->path);
    free(d);
}
