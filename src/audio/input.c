/* SPDX-License-Identifier: BSD-2-Clause */
#include "audio/input.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

/* Containers of audio. No playlists, no image sequences, no video-only and no device demuxers. */
static const char demuxers[] =
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,asf_o,au,caf,dsf,dts,dtshd,eac3,flac,iff,libmodplug,"
    "libopenmpt,loas,matroska,webm,mov,mp4,m4a,mp3,mpc,mpc8,ogg,oma,shn,tak,truehd,tta,voc,w64,"
    "wav,wv,xwma";

#define IO_BUFFER   32768
#define PROBE_BYTES (1 << 20)

/* A tracker module is read into memory as a whole. */
#define MODULE_BYTES (INT64_C(64) << 20)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void silence(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

static int read_bytes(void *opaque, uint8_t *out, int count)
{
    struct mm_input *in = opaque;
    if (count > in->budget)
        return AVERROR_EXIT;
    ssize_t got;
    do
        got = read(in->fd, out, (size_t)count);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return AVERROR(errno);
    in->budget -= got;
    return got ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct mm_input *in = opaque;
    if (whence & AVSEEK_SIZE)
        return in->size;
    off_t at = lseek(in->fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

/* Containers may name other files; none is opened. */
static int refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

size_t mm_input_peek(const struct mm_input *in, int64_t offset, void *out, size_t count)
{
    size_t done = 0;
    while (done < count) {
        ssize_t got = pread(in->fd, (char *)out + done, count - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

int mm_input_error(int av_error, const char *what, struct mm_error *err)
{
    if (av_error == AVERROR(ENOMEM))
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    if (av_error == AVERROR_DECODER_NOT_FOUND)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "no decoder for this kind of audio");
    char reason[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(av_error, reason, sizeof reason);
    return mm_error_set(err, MM_ERR_INPUT, "%s: %s", what, reason);
}

static int open_file(const char *path, struct mm_input *in, struct mm_error *err)
{
    /* O_NONBLOCK: opening a pipe without a writer must not hang. */
    in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in->fd < 0)
        return mm_error_errno(err, errno, "cannot open the file");
    struct stat st;
    if (fstat(in->fd, &st) < 0)
        return mm_error_errno(err, errno, "cannot look at the file");
    if (!S_ISREG(st.st_mode))
        return mm_error_set(err, MM_ERR_INPUT, "not a regular file");
    if (st.st_size == 0)
        return mm_error_set(err, MM_ERR_INPUT, "the file is empty");
    in->size = st.st_size;
    in->budget = in->size > INT64_MAX / 32 ? INT64_MAX : 16 * in->size + (INT64_C(256) << 20);
    return 0;
}

/* Where the content begins: behind the ID3v2 tags, whose pictures would fill the probe buffer. */
static int64_t skip_id3(const struct mm_input *in)
{
    int64_t at = 0;
    unsigned char h[10];
    while (mm_input_peek(in, at, h, sizeof h) == sizeof h && memcmp(h, "ID3", 3) == 0 &&
           h[3] != 0xff && h[4] != 0xff && !((h[6] | h[7] | h[8] | h[9]) & 0x80)) {
        at += 10 + ((int64_t)h[6] << 21 | h[7] << 14 | h[8] << 7 | h[9]);
        at += h[5] & 0x10 ? 10 : 0; /* footer */
    }
    return at;
}

/* Names the container from its content alone: a wrong ending does not matter. */
static int find_demuxer(const struct mm_input *in, const AVInputFormat **found,
                        struct mm_error *err)
{
    int64_t at = skip_id3(in);
    unsigned char *buffer = NULL;
    *found = NULL;
    for (size_t size = 4096; size <= PROBE_BYTES && !*found; size *= 4) {
        unsigned char *grown = realloc(buffer, size + AVPROBE_PADDING_SIZE);
        if (!grown) {
            free(buffer);
            return mm_no_memory(err);
        }
        buffer = grown;
        size_t got = mm_input_peek(in, at, buffer, size);
        memset(buffer + got, 0, size + AVPROBE_PADDING_SIZE - got);
        AVProbeData data = {.filename = "", .buf = buffer, .buf_size = (int)got};
        /* With more to come only a sure answer counts; at the end any. */
        bool more = got == size && size < PROBE_BYTES;
        int score = more ? AVPROBE_SCORE_RETRY : 0;
        *found = av_probe_input_format2(&data, 1, &score);
        if (!more)
            break;
    }
    free(buffer);
    if (!*found)
        return mm_error_set(err, MM_ERR_INPUT, "not an audio file");
    if (strncmp((*found)->name, "lib", 3) == 0 && in->size > MODULE_BYTES)
        return mm_error_set(err, MM_ERR_LIMIT, "a tracker module of more than 64 MiB");
    return 0;
}

static int open_container(struct mm_input *in, struct mm_error *err)
{
    AVDictionary *options = NULL;
    unsigned char *buffer = av_malloc(IO_BUFFER);
    in->io =
        buffer ? avio_alloc_context(buffer, IO_BUFFER, 0, in, read_bytes, NULL, seek_bytes) : NULL;
    in->format = avformat_alloc_context();
    if (!in->io || !in->format || av_dict_set(&options, "format_whitelist", demuxers, 0) < 0) {
        if (!in->io)
            av_free(buffer);
        av_dict_free(&options);
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    }
    const AVInputFormat *demuxer = NULL;
    int result = find_demuxer(in, &demuxer, err);
    if (result == 0) {
        in->format->pb = in->io;
        in->format->flags |= AVFMT_FLAG_CUSTOM_IO;
        in->format->io_open = refuse_open;
        in->format->probesize = PROBE_BYTES;
        in->format->max_analyze_duration = AV_TIME_BASE;
        int got = avformat_open_input(&in->format, "", demuxer, &options);
        if (got >= 0)
            got = avformat_find_stream_info(in->format, NULL);
        if (got < 0)
            result = mm_input_error(got, "cannot read the file as audio", err);
    }
    av_dict_free(&options);
    return result;
}

static int choose_stream(struct mm_input *in, struct mm_error *err)
{
    int index = av_find_best_stream(in->format, AVMEDIA_TYPE_AUDIO, -1, -1, &in->codec, 0);
    if (index == AVERROR_STREAM_NOT_FOUND)
        return mm_error_set(err, MM_ERR_INPUT, "no audio in the file");
    if (index < 0)
        return mm_input_error(index, "no audio in the file", err);
    for (unsigned i = 0; i < in->format->nb_streams; i++)
        if ((int)i != index)
            in->format->streams[i]->discard = AVDISCARD_ALL;
    in->stream = in->format->streams[index];
    return 0;
}

int mm_input_open(const char *path, struct mm_input *in, struct mm_error *err)
{
    pthread_once(&once, silence);
    *in = (struct mm_input){.fd = -1};
    int result = open_file(path, in, err);
    if (result == 0)
        result = open_container(in, err);
    if (result == 0)
        result = choose_stream(in, err);
    if (result < 0)
        mm_input_close(in);
    return result;
}

void mm_input_close(struct mm_input *in)
{
    avformat_close_input(&in->format);
    if (in->io) {
        av_freep(&in->io->buffer);
        avio_context_free(&in->io);
    }
    if (in->fd >= 0)
        close(in->fd);
    *in = (struct mm_input){.fd = -1};
}

/* The decoder's own delay eats as much of the padding. */
#define MP3_DECODER_DELAY 529

/*
 * Samples of padding that an MP3 encoder noted in the extension of its Xing or Info frame: the low
 * 12 bits of the 24 that stand 21 bytes behind the encoder's name. The frame precedes the first
 * one of sound, which begins at `first`.
 */
static int mp3_padding(const struct mm_input *in, int64_t first)
{
    unsigned char b[2048];
    int64_t at = first > (int64_t)sizeof b ? first - (int64_t)sizeof b : 0;
    size_t n = mm_input_peek(in, at, b, (size_t)(first - at));
    for (size_t i = n; i-- > 0;) {
        if (n - i < 8 || (memcmp(b + i, "Xing", 4) != 0 && memcmp(b + i, "Info", 4) != 0))
            continue;
        unsigned flags = b[i + 7];
        size_t name = i + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) +
                      (flags & 8 ? 4 : 0);
        if (name + 24 > n || b[name] != 'L') /* LAME, Lavf, Lavc */
            return 0;
        int padding = (b[name + 22] & 0x0f) << 8 | b[name + 23];
        return padding > MP3_DECODER_DELAY ? padding - MP3_DECODER_DELAY : 0;
    }
    return 0;
}

double mm_input_duration(const struct mm_input *in)
{
    const AVStream *st = in->stream;
    double s = 0;
    if (st->duration != AV_NOPTS_VALUE && st->duration > 0)
        s = (double)st->duration * av_q2d(st->time_base);
    else if (in->format->duration != AV_NOPTS_VALUE && in->format->duration > 0)
        s = (double)in->format->duration / AV_TIME_BASE;
    const AVCodecParameters *par = st->codecpar;
    if (s > 0 && strcmp(in->format->iformat->name, "mp3") == 0 && par->sample_rate > 0) {
        /* FFmpeg counts every frame; start_time is the delay of encoder and decoder. */
        if (st->start_time != AV_NOPTS_VALUE && st->start_time > 0) {
            const AVIndexEntry *e = avformat_index_get_entry(in->stream, 0);
            s -= (double)st->start_time * av_q2d(st->time_base);
            if (e)
                s -= (double)mp3_padding(in, e->pos) / par->sample_rate;
        }
    } else if (par->codec_id == AV_CODEC_ID_OPUS && par->initial_padding > 0) {
        s -= par->initial_padding / 48000.0;
    }
    return s > 0 && s < 1e9 ? s : 0;
}
