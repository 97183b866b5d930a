/* SPDX-License-Identifier: BSD-2-Clause */
#include <libavutil/mem.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decode.h"
#include "audio/tags.h"
#include "base/array.h"
#include "musicmap/audio.h"

#define MAX_COVER ((size_t)16 << 20)

void mm_bytes_finish(struct mm_bytes *bytes)
{
    if (!bytes)
        return;
    free(bytes->data);
    *bytes = (struct mm_bytes){0};
}

void mm_audio_info_finish(struct mm_audio_info *info)
{
    if (!info)
        return;
    mm_tags_finish(&info->tags);
    *info = (struct mm_audio_info){0};
}

/* What a picture is by its first bytes: what tags claim is often wrong. */
static const char *picture_type(const unsigned char *b, size_t n)
{
    if (n > 3 && memcmp(b, "\xff\xd8\xff", 3) == 0)
        return "image/jpeg";
    if (n > 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
        return "image/png";
    if (n > 6 && memcmp(b, "GIF8", 4) == 0)
        return "image/gif";
    if (n > 12 && memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0)
        return "image/webp";
    if (n > 14 && memcmp(b, "BM", 2) == 0)
        return "image/bmp";
    return NULL;
}

/* The embedded picture that is said to be the front cover, else the first; NULL: none of use. */
static const AVPacket *find_cover(const struct mm_input *in)
{
    const AVPacket *found = NULL;
    for (unsigned i = 0; i < in->format->nb_streams; i++) {
        const AVStream *st = in->format->streams[i];
        const AVPacket *p = &st->attached_pic;
        if (!(st->disposition & AV_DISPOSITION_ATTACHED_PIC) || p->size <= 0 ||
            (size_t)p->size > MAX_COVER || !picture_type(p->data, (size_t)p->size))
            continue;
        const AVDictionaryEntry *role = av_dict_get(st->metadata, "comment", NULL, 0);
        if (role && strcmp(role->value, "Cover (front)") == 0)
            return p;
        if (!found)
            found = p;
    }
    return found;
}

int mm_audio_probe(const char *path, struct mm_audio_info *info, struct mm_error *err)
{
    *info = (struct mm_audio_info){0};
    /* The first frame is decoded: text that FFmpeg takes for a codec fails here, and containers are
     * wrong about the rate of HE-AAC. */
    struct mm_decoder *decoder;
    int result = mm_decoder_open(path, &decoder, err);
    if (result < 0)
        return result;
    const struct mm_input *in = mm_decoder_input(decoder);
    info->duration_s = mm_decoder_duration(decoder);
    info->sample_rate = mm_decoder_rate(decoder);
    info->channels = mm_decoder_channels(decoder);
    info->has_cover = find_cover(in) != NULL;
    snprintf(info->codec, sizeof info->codec, "%s",
             avcodec_get_name(in->stream->codecpar->codec_id));
    result = mm_tags_read(in, &info->tags, err);
    mm_decoder_close(decoder);
    return result;
}

int mm_audio_cover(const char *path, struct mm_bytes *out, struct mm_error *err)
{
    *out = (struct mm_bytes){0};
    struct mm_input in;
    int result = mm_input_open(path, &in, err);
    if (result < 0)
        return result;
    const AVPacket *cover = find_cover(&in);
    if (!cover) {
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "the file holds no picture");
    } else if (!(out->data = malloc((size_t)cover->size))) {
        result = mm_no_memory(err);
    } else {
        out->size = (size_t)cover->size;
        memcpy(out->data, cover->data, out->size);
        snprintf(out->mime, sizeof out->mime, "%s", picture_type(out->data, out->size));
    }
    mm_input_close(&in);
    return result;
}
