/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets as they are, in the plainest container that decodeAudioData() takes. Codecs whose frames
 * lean on earlier ones get some packets more in front, and where the container can say so (MP3's
 * Info frame, the pre-skip of Opus) the player is told to drop them, so that the sound begins at
 * the very sample asked for. Elsewhere it begins with the packet that holds the sample.
 */
#include <libavutil/channel_layout.h>
#include <stdlib.h>
#include <string.h>

#include "audio/clip.h"
#include "audio/flac.h"
#include "audio/mux.h"
#include "base/array.h"

/* Packets read and passed over before the part begins: more means that seeking did not work. */
#define MAX_SKIPPED 200000

/* What an Info frame can tell: 12 bits, and the decoder's own delay. */
#define MIN_MP3_DROP 529
#define MAX_MP3_DROP (4095 + MIN_MP3_DROP)

struct kind {
    const char *container; /* FFmpeg's name */
    const char *mime;
    enum AVCodecID codec;
    int lead; /* samples decoded and dropped in front */
};
/* MP3: the bit reservoir reaches back two long frames or five short ones at most, and the Info
 * frame can tell of 4095 + 529 samples. Opus: 80 ms (RFC 7845, 4.6). Vorbis: the first packet gives
 * no sound; any block is at most 8192 samples and half of it overlaps. */
static const struct kind kinds[] = {
    {"mp3", "audio/mpeg", AV_CODEC_ID_MP3, 2304}, {"adts", "audio/aac", AV_CODEC_ID_AAC, 0},
    {"ogg", "audio/ogg", AV_CODEC_ID_VORBIS, 0},  {"ogg", "audio/ogg", AV_CODEC_ID_OPUS, 3840},
    {"flac", "audio/flac", AV_CODEC_ID_FLAC, 0},
};

struct copy {
    const struct kind *kind;
    struct mm_input *in;
    int64_t origin;     /* time stamp of second 0 */
    int64_t start, end; /* time stamps of the part */
    AVPacket *packet;
    AVPacket *held; /* the packet before, for Vorbis */
    AVCodecParameters *parameters;
    struct mm_mux mux;
    struct mm_flac_counter flac;
    int64_t first; /* time stamp of the first packet written */
    uint32_t drop; /* MP3: samples the player is to drop */
    size_t written;
};

static const struct kind *find_kind(const AVCodecParameters *par)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].codec != par->codec_id)
            continue;
        /* What a browser would only throw away is better encoded anew, smaller. */
        bool large = par->sample_rate > 48000 || par->ch_layout.nb_channels > 2;
        return par->codec_id == AV_CODEC_ID_FLAC && large ? NULL : &kinds[i];
    }
    return NULL;
}

static int64_t samples_to_time(const struct copy *c, int64_t samples)
{
    int rate = c->kind->codec == AV_CODEC_ID_OPUS ? 48000 : c->in->stream->codecpar->sample_rate;
    return av_rescale_q(samples, (AVRational){1, rate}, c->in->stream->time_base);
}

static int64_t time_to_samples(const struct copy *c, int64_t time)
{
    int rate = c->kind->codec == AV_CODEC_ID_OPUS ? 48000 : c->in->stream->codecpar->sample_rate;
    return av_rescale_q(time, c->in->stream->time_base, (AVRational){1, rate});
}

static int unsupported(struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_UNSUPPORTED, "the stream cannot be cut");
}

/* The next packet of the stream with a time stamp: 1, or 0 at the end. */
static int next_packet(struct copy *c)
{
    for (;;) {
        av_packet_unref(c->packet);
        if (av_read_frame(c->in->format, c->packet) < 0)
            return 0;
        if (c->packet->stream_index == c->in->stream->index && c->packet->pts != AV_NOPTS_VALUE)
            return 1;
    }
}

/* Moves to the first packet to be written. MM_ERR_UNSUPPORTED when it cannot be found. */
static int find_first(struct copy *c, struct mm_error *err)
{
    int64_t lead = samples_to_time(c, c->kind->lead);
    int64_t from = c->start - lead;
    /* Enter half a second early: time stamps right behind a seek may be guesses. */
    int64_t enter = from - av_rescale_q(AV_TIME_BASE / 2, AV_TIME_BASE_Q, c->in->stream->time_base);
    int64_t first = c->in->stream->start_time;
    if (first == AV_NOPTS_VALUE || first > c->origin)
        first = c->origin;
    if (enter < c->origin)
        enter = first;
    if (av_seek_frame(c->in->format, c->in->stream->index, enter, AVSEEK_FLAG_BACKWARD) < 0)
        return unsupported(err);
    for (size_t i = 0; i < MAX_SKIPPED && next_packet(c); i++) {
        if (i == 0 && c->packet->pts > c->start)
            return unsupported(err); /* landed behind it */
        if (c->packet->pts + c->packet->duration > from && c->packet->duration > 0)
            return c->packet->pts < c->end ? 0 : unsupported(err);
        if (c->kind->codec == AV_CODEC_ID_VORBIS) {
            av_packet_unref(c->held);
            av_packet_move_ref(c->held, c->packet);
        }
    }
    return mm_error_set(err, MM_ERR_INPUT, "the song ends before this part");
}

/* Tells the container how many samples of the first packets are to be dropped. */
static int describe(struct copy *c, struct mm_error *err)
{
    AVCodecParameters *par = c->parameters;
    if (avcodec_parameters_copy(par, c->in->stream->codecpar) < 0)
        return mm_no_memory(err);
    int64_t drop = time_to_samples(c, c->start - c->first);
    if (drop < 0)
        drop = 0;
    switch (c->kind->codec) {
    case AV_CODEC_ID_MP3:
        c->drop = drop < MAX_MP3_DROP ? (uint32_t)drop : MAX_MP3_DROP;
        break;
    case AV_CODEC_ID_OPUS:
        if (par->extradata_size < 19 || memcmp(par->extradata, "OpusHead", 8) != 0)
            return unsupported(err);
        drop = drop < 65535 ? drop : 65535;
        par->extradata[10] = (uint8_t)(drop & 0xff);
        par->extradata[11] = (uint8_t)(drop >> 8);
        par->initial_padding = (int)drop;
        break;
    case AV_CODEC_ID_FLAC:
        if (par->extradata_size < 34)
            return unsupported(err);
        mm_flac_patch_streaminfo(par->extradata, 0);
        break;
    default:
        break;
    }
    return mm_mux_begin(&c->mux, c->kind->container, par, c->in->stream->time_base, err);
}

/* The MP3 container learns the delay from the first packet. */
static int attach_drop(AVPacket *packet, uint32_t drop, struct mm_error *err)
{
    uint8_t *data = av_packet_new_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, 10);
    if (!data)
        return mm_no_memory(err);
    memset(data, 0, 10);
    for (int i = 0; i < 4; i++)
        data[i] = (uint8_t)(drop >> (8 * i));
    return 0;
}

static int write_packet(struct copy *c, AVPacket *packet, struct mm_error *err)
{
    if (c->written == 0)
        c->first = packet->pts;
    int result = c->written == 0 ? describe(c, err) : 0;
    if (result < 0)
        return result;
    int64_t shift = c->first;
    /* Ogg Opus counts from the sample behind the pre-skip. */
    if (c->kind->codec == AV_CODEC_ID_OPUS)
        shift += samples_to_time(c, c->parameters->initial_padding);
    packet->pts -= shift;
    packet->dts = packet->pts;
    av_packet_free_side_data(packet);
    if (c->kind->codec == AV_CODEC_ID_FLAC && mm_flac_renumber(&c->flac, packet) < 0)
        return unsupported(err);
    if (c->kind->codec == AV_CODEC_ID_MP3 && c->written == 0 && c->drop >= MIN_MP3_DROP)
        result = attach_drop(packet, c->drop, err);
    c->written++;
    return result < 0 ? result : mm_mux_write(&c->mux, packet, err);
}

static int copy_packets(struct copy *c, struct mm_error *err)
{
    int result = find_first(c, err);
    if (result == 0 && c->held->size > 0)
        result = write_packet(c, c->held, err);
    while (result == 0 && c->packet->pts < c->end) {
        result = write_packet(c, c->packet, err);
        if (result == 0 && !next_packet(c))
            break;
    }
    return result;
}

static int finish(struct copy *c, struct mm_bytes *out, struct mm_error *err)
{
    int result = mm_mux_finish(&c->mux, out, err);
    if (result == 0 && c->kind->codec == AV_CODEC_ID_FLAC && out->size > 42 &&
        memcmp(out->data, "fLaC", 4) == 0)
        mm_flac_patch_streaminfo(out->data + 8, c->flac.samples);
    if (result == 0)
        memcpy(out->mime, c->kind->mime, strlen(c->kind->mime) + 1);
    return result;
}

int mm_clip_copy(struct mm_decoder *decoder, double start_s, double length_s, struct mm_bytes *out,
                 struct mm_error *err)
{
    struct mm_input *in = mm_decoder_input(decoder);
    struct copy c = {.in = in, .origin = mm_decoder_origin(decoder)};
    c.kind = find_kind(in->stream->codecpar);
    if (!c.kind)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "browsers do not play this codec");
    double tick = av_q2d(in->stream->time_base);
    c.start = c.origin + (int64_t)(start_s / tick + 0.5);
    c.end = c.start + (int64_t)(length_s / tick + 0.5);
    c.packet = av_packet_alloc();
    c.held = av_packet_alloc();
    c.parameters = avcodec_parameters_alloc();
    int result = c.packet && c.held && c.parameters ? 0 : mm_no_memory(err);
    if (result == 0)
        result = copy_packets(&c, err);
    if (result == 0)
        result = finish(&c, out, err);
    mm_mux_abort(&c.mux);
    avcodec_parameters_free(&c.parameters);
    av_packet_free(&c.held);
    av_packet_free(&c.packet);
    return result;
}
