/* SPDX-License-Identifier: BSD-2-Clause */
/* stereo.c - a whole song as interleaved stereo floats of one rate, for mixing. */
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <stdlib.h>

#include "audio/decode.h"
#include "base/array.h"
#include "musicmap/audio.h"

#define CHUNK 8192 /* frames handed out at once */

struct stereo {
    int rate;
    struct SwrContext *swr;
    int in_rate, in_channels;
    mm_audio_sink *sink;
    void *ctx;
    float buffer[CHUNK * 2];
};

/* Converts frames (NULL: the end) and hands them out. */
static int convert(struct stereo *s, const float *samples, size_t frames, struct mm_error *err)
{
    const uint8_t *in = (const uint8_t *)samples;
    int count = (int)frames;
    for (;;) {
        uint8_t *out = (uint8_t *)s->buffer;
        int got = swr_convert(s->swr, &out, CHUNK, samples ? &in : NULL, count);
        if (got < 0)
            return mm_no_memory(err);
        int result = got ? s->sink(s->ctx, 0, s->buffer, 2 * (size_t)got, err) : 0;
        if (result != 0 || got < CHUNK)
            return result;
        count = 0;
    }
}

static int begin_conversion(struct stereo *s, const struct mm_pcm *pcm, struct mm_error *err)
{
    int result = s->swr ? convert(s, NULL, 0, err) : 0;
    swr_free(&s->swr);
    if (result != 0)
        return result;
    AVChannelLayout two = AV_CHANNEL_LAYOUT_STEREO;
    AVChannelLayout layout = {0};
    if (pcm->layout->order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, pcm->channels);
    else if (av_channel_layout_copy(&layout, pcm->layout) < 0)
        return mm_no_memory(err);
    int got = swr_alloc_set_opts2(&s->swr, &two, AV_SAMPLE_FMT_FLT, s->rate, &layout,
                                  AV_SAMPLE_FMT_FLT, pcm->rate, 0, NULL);
    if (got >= 0)
        got = swr_init(s->swr);
    av_channel_layout_uninit(&layout);
    s->in_rate = pcm->rate;
    s->in_channels = pcm->channels;
    if (got < 0)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "cannot mix %d channels down to two",
                            pcm->channels);
    return 0;
}

int mm_audio_stereo(const char *path, int rate, mm_audio_sink *sink, void *sink_ctx,
                    struct mm_error *err)
{
    if (rate < 8000 || rate > 192000)
        return mm_error_set(err, MM_ERR_USAGE, "no sound of %d Hz", rate);
    struct stereo *s = calloc(1, sizeof *s);
    struct mm_decoder *decoder = NULL;
    int result = s ? mm_decoder_open(path, &decoder, err) : mm_no_memory(err);
    struct mm_pcm pcm;
    int got = 0;
    if (result == 0) {
        s->rate = rate;
        s->sink = sink;
        s->ctx = sink_ctx;
    }
    while (result == 0 && (got = mm_decoder_read(decoder, &pcm, err)) > 0) {
        if (!s->swr || pcm.rate != s->in_rate || pcm.channels != s->in_channels)
            result = begin_conversion(s, &pcm, err);
        if (result == 0)
            result = convert(s, pcm.samples, pcm.frames, err);
    }
    if (result == 0 && got < 0)
        result = got;
    if (result == 0 && s->swr)
        result = convert(s, NULL, 0, err);
    mm_decoder_close(decoder);
    if (s)
        swr_free(&s->swr);
    free(s);
    return result;
}
