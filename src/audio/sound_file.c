/* SPDX-License-Identifier: BSD-2-Clause */
/* sound_file.c - stereo floats of our own making into an MP3, FLAC, WAV or Ogg Opus file. */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "musicmap/audio.h"

#define CHUNK 4096 /* frames encoded at once where the codec takes any number */

static const struct {
    const char *ending, *container;
    enum AVCodecID codec;
    enum AVSampleFormat format;
    int64_t bit_rate;
} kinds[] = {
    {".mp3", "mp3", AV_CODEC_ID_MP3, AV_SAMPLE_FMT_S16P, 256000},
    {".flac", "flac", AV_CODEC_ID_FLAC, AV_SAMPLE_FMT_S16, 0},
    {".wav", "wav", AV_CODEC_ID_PCM_S16LE, AV_SAMPLE_FMT_S16, 0},
    {".opus", "ogg", AV_CODEC_ID_OPUS, AV_SAMPLE_FMT_S16, 160000},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t k = 0;
    while (k < N_KINDS && (!dot || strcasecmp(dot, kinds[k].ending) != 0))
        k++;
    return k;
}

struct mm_sound_file {
    size_t kind;
    int rate;
    AVFormatContext *container;
    AVStream *stream;
    AVIOContext *out; /* of the container; outlives it where streams are chained */
    AVCodecContext *codec;
    AVAudioFifo *fifo;
    AVPacket *packet;
    AVFrame *frame;
    int64_t written; /* frames */
    int streams;     /* begun so far; chained ones differ in their serial numbers */
    bool planar, open;
};

static int fail(int got, const char *what, struct mm_error *err)
{
    if (got == AVERROR(ENOMEM))
        return mm_no_memory(err);
    return mm_error_set(err, got == AVERROR(ENOSPC) ? MM_ERR_IO : MM_ERR_UNSUPPORTED, "%s", what);
}

static int open_codec(struct mm_sound_file *f, struct mm_error *err)
{
    const AVCodec *codec = avcodec_find_encoder(kinds[f->kind].codec);
    if (!codec)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "this FFmpeg cannot write %s",
                            kinds[f->kind].ending);
    f->codec = avcodec_alloc_context3(codec);
    if (!f->codec)
        return mm_no_memory(err);
    f->codec->sample_rate = f->rate;
    f->codec->sample_fmt = kinds[f->kind].format;
    f->codec->bit_rate = kinds[f->kind].bit_rate;
    f->codec->time_base = (AVRational){1, f->rate};
    f->codec->thread_count = 1;
    f->planar = av_sample_fmt_is_planar(kinds[f->kind].format);
    av_channel_layout_default(&f->codec->ch_layout, 2);
    if (f->container->oformat->flags & AVFMT_GLOBALHEADER)
        f->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int got = avcodec_open2(f->codec, codec, NULL);
    return got < 0 ? fail(got, "the encoder does not take this sound", err) : 0;
}

/* A codec and a container into f->out, from their beginnings. */
static int open_stream(struct mm_sound_file *f, const char *artist, const char *title,
                       struct mm_error *err)
{
    AVDictionary *options = NULL;
    int got = avformat_alloc_output_context2(&f->container, NULL, kinds[f->kind].container, NULL);
    if (got < 0)
        return fail(got, "this FFmpeg does not know the file's format", err);
    int result = open_codec(f, err);
    if (result < 0)
        return result;
    f->written = 0;
    f->stream = avformat_new_stream(f->container, NULL);
    got = f->stream ? avcodec_parameters_from_context(f->stream->codecpar, f->codec)
                    : AVERROR(ENOMEM);
    if (got >= 0 && artist)
        got = av_dict_set(&f->stream->metadata, "artist", artist, 0);
    if (got >= 0 && title)
        got = av_dict_set(&f->stream->metadata, "title", title, 0);
    if (got >= 0) {
        f->stream->time_base = f->codec->time_base;
        f->container->flags |= AVFMT_FLAG_BITEXACT;
        f->container->pb = f->out;
        if (strcmp(kinds[f->kind].container, "ogg") == 0)
            got = av_dict_set_int(&options, "serial_offset", ++f->streams, 0);
        if (got >= 0)
            got = avformat_write_header(f->container, &options);
    }
    av_dict_free(&options);
    f->open = got >= 0;
    return got < 0 ? fail(got, "the file's format does not take this sound", err) : 0;
}

static void close_stream(struct mm_sound_file *f)
{
    avcodec_free_context(&f->codec);
    avformat_free_context(f->container);
    f->container = NULL;
    f->stream = NULL;
}

bool mm_sound_file_knows(const char *path)
{
    return kind_of(path) < N_KINDS;
}

int mm_sound_file_rate(const char *path)
{
    size_t kind = kind_of(path);
    return kind < N_KINDS && kinds[kind].codec == AV_CODEC_ID_OPUS ? 48000 : 44100;
}

int mm_sound_file_create(const char *path, const char *name, int rate, struct mm_sound_file **out,
                         struct mm_error *err)
{
    size_t kind = kind_of(name);
    *out = NULL;
    if (kind == N_KINDS)
        return mm_error_set(err, MM_ERR_USAGE, "%s: sound is written as .mp3, .flac, .wav or .opus",
                            name);
    struct mm_sound_file *f = calloc(1, sizeof *f);
    if (!f)
        return mm_no_memory(err);
    f->kind = kind;
    f->rate = rate;
    int result = 0;
    if (avio_open(&f->out, path, AVIO_FLAG_WRITE) < 0)
        result = mm_error_set(err, MM_ERR_IO, "cannot write %s", path);
    if (result == 0)
        result = open_stream(f, NULL, NULL, err);
    if (result == 0) {
        f->packet = av_packet_alloc();
        f->frame = av_frame_alloc();
        f->fifo = av_audio_fifo_alloc(kinds[kind].format, 2, 4 * CHUNK);
        if (!f->packet || !f->frame || !f->fifo)
            result = mm_no_memory(err);
    }
    if (result < 0)
        mm_sound_file_destroy(f);
    else
        *out = f;
    return result;
}

static int encode(struct mm_sound_file *f, const AVFrame *frame, struct mm_error *err)
{
    int got = avcodec_send_frame(f->codec, frame);
    while (got >= 0) {
        got = avcodec_receive_packet(f->codec, f->packet);
        if (got < 0)
            break;
        av_packet_rescale_ts(f->packet, f->codec->time_base, f->stream->time_base);
        f->packet->stream_index = 0;
        int written = av_write_frame(f->container, f->packet);
        av_packet_unref(f->packet);
        if (written < 0)
            return fail(written, "cannot write the sound: is the disk full?", err);
    }
    return got == AVERROR(EAGAIN) || got == AVERROR_EOF ? 0
                                                        : fail(got, "cannot encode the sound", err);
}

static int drain(struct mm_sound_file *f, bool end, struct mm_error *err)
{
    int size = f->codec->frame_size ? f->codec->frame_size : CHUNK;
    int waiting;
    int result = 0;
    while (result == 0 && (waiting = av_audio_fifo_size(f->fifo)) > 0 && (waiting >= size || end)) {
        int n = waiting < size ? waiting : size;
        av_frame_unref(f->frame);
        f->frame->nb_samples = n;
        f->frame->format = f->codec->sample_fmt;
        f->frame->sample_rate = f->codec->sample_rate;
        f->frame->pts = f->written;
        if (av_channel_layout_copy(&f->frame->ch_layout, &f->codec->ch_layout) < 0 ||
            av_frame_get_buffer(f->frame, 0) < 0 ||
            av_audio_fifo_read(f->fifo, (void **)f->frame->data, n) < n)
            return mm_no_memory(err);
        f->written += n;
        result = encode(f, f->frame, err);
    }
    return result;
}

int mm_sound_file_write(struct mm_sound_file *f, const float *samples, size_t frames,
                        struct mm_error *err)
{
    int16_t out[2][2 * CHUNK]; /* planar: left, right; else all in the first */
    int result = 0;
    while (frames > 0 && result == 0) {
        size_t n = frames < CHUNK ? frames : CHUNK;
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < 2; c++) {
                float v = fminf(fmaxf(samples[2 * i + c], -1), 1) * 32767;
                out[f->planar ? c : 0][f->planar ? i : 2 * i + c] = (int16_t)lrintf(v);
            }
        void *planes[2] = {out[0], out[1]};
        if (av_audio_fifo_write(f->fifo, planes, (int)n) < (int)n)
            return mm_no_memory(err);
        result = drain(f, false, err);
        samples += 2 * n;
        frames -= n;
    }
    return result;
}

int mm_sound_file_finish(struct mm_sound_file *f, struct mm_error *err)
{
    int result = drain(f, true, err);
    if (result == 0)
        result = encode(f, NULL, err);
    if (result == 0) {
        int got = av_write_trailer(f->container);
        f->open = false;
        if (got < 0)
            result = fail(got, "cannot complete the file", err);
    }
    return result;
}

int mm_sound_file_next(struct mm_sound_file *f, const char *artist, const char *title,
                       struct mm_error *err)
{
    if (kinds[f->kind].codec != AV_CODEC_ID_OPUS)
        return 0;
    int result = 0;
    if (f->written || av_audio_fifo_size(f->fifo)) { /* else nothing stands before it: its names */
        result = mm_sound_file_finish(f, err);
    } else if (avio_seek(f->out, 0, SEEK_SET) < 0) {
        result = mm_error_set(err, MM_ERR_IO, "cannot write the sound");
    }
    close_stream(f);
    return result == 0 ? open_stream(f, artist, title, err) : result;
}

void mm_sound_file_destroy(struct mm_sound_file *f)
{
    if (!f)
        return;
    if (f->fifo)
        av_audio_fifo_free(f->fifo);
    av_frame_free(&f->frame);
    av_packet_free(&f->packet);
    close_stream(f);
    avio_closep(&f->out);
    free(f);
}
