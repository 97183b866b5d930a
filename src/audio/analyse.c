/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass over the samples of a song:
 *
 *     decoder -> loudness
 *             -> mean of the channels -> a resampler a rate -> sink
 *                                                           -> features (tempo, key, ...)
 */
#include <math.h>
#include <stdlib.h>

#include "audio/decode.h"
#include "audio/excerpt.h"
#include "audio/features.h"
#include "audio/loudness.h"
#include "audio/resample.h"
#include "base/array.h"
#include "musicmap/audio.h"

#define MIN_RATE 1000
#define MAX_RATE 192000
/* A tracker module can be written to play for years. */
#define MAX_SONG_S (24.0 * 3600)
/* Of a file that breaks off, this much must be there. */
#define MIN_BROKEN_S 1.0

/* One resampler and who listens to it. */
struct outlet {
    struct analysis *analysis;
    size_t index;  /* of the request's rates; NO_SINK: only the features listen */
    bool features; /* the features listen */
    int rate;
    struct mm_resampler *resampler;
};
#define NO_SINK MM_AUDIO_MAX_RATES

struct analysis {
    const struct mm_audio_request *request;
    mm_audio_sink *sink;
    void *sink_ctx;
    struct mm_decoder *decoder;
    struct mm_loudness *loudness;
    struct mm_features *features;
    struct outlet outlets[MM_AUDIO_MAX_RATES + 1];
    size_t n_outlets;
    float mono[MM_DECODER_FRAMES];
};

static int take_mono(void *ctx, const float *samples, size_t count, struct mm_error *err)
{
    struct outlet *o = ctx;
    struct analysis *a = o->analysis;
    int result = o->features ? mm_features_push(a->features, samples, count, err) : 0;
    if (result == 0 && o->index != NO_SINK)
        result = a->sink(a->sink_ctx, o->index, samples, count, err);
    return result;
}

static int add_outlet(struct analysis *a, size_t index, int rate, bool features,
                      struct mm_error *err)
{
    struct outlet *o = &a->outlets[a->n_outlets];
    *o = (struct outlet){.analysis = a, .index = index, .rate = rate, .features = features};
    int result = mm_resampler_create(rate, take_mono, o, &o->resampler, err);
    if (result == 0)
        a->n_outlets++;
    return result;
}

/* An outlet for each rate of the request; the features share one where it has their rate. */
static int add_outlets(struct analysis *a, struct mm_error *err)
{
    bool features = !a->request->measure; /* nothing more to connect */
    int result = 0;
    for (size_t i = 0; i < a->request->n_rates && result == 0; i++) {
        bool shared = !features && a->request->rates[i] == MM_FEATURES_RATE;
        features = features || shared;
        result = add_outlet(a, i, a->request->rates[i], shared, err);
    }
    if (result == 0 && !features)
        result = add_outlet(a, NO_SINK, MM_FEATURES_RATE, true, err);
    return result;
}

static void mix_down(const struct mm_pcm *pcm, size_t frames, float *mono)
{
    size_t channels = (size_t)pcm->channels;
    const float *in = pcm->samples;
    if (channels == 2) {
        for (size_t i = 0; i < frames; i++)
            mono[i] = (in[2 * i] + in[2 * i + 1]) * 0.5f;
        return;
    }
    float scale = 1.0f / (float)channels;
    for (size_t i = 0; i < frames; i++) {
        float sum = 0;
        for (size_t c = 0; c < channels; c++)
            sum += in[i * channels + c];
        mono[i] = sum * scale;
    }
}

static int feed(struct analysis *a, const struct mm_pcm *pcm, struct mm_error *err)
{
    int result = a->loudness ? mm_loudness_push(a->loudness, pcm, err) : 0;
    if (a->n_outlets)
        mix_down(pcm, pcm->frames, a->mono);
    for (size_t i = 0; i < a->n_outlets && result == 0; i++)
        result = mm_resampler_push(a->outlets[i].resampler, a->mono, pcm->frames, pcm->rate, err);
    return result;
}

/* Reads and feeds [skip_s, skip_s + length_s) from where the decoder stands; *fed_s: how much. */
static int run(struct analysis *a, double skip_s, double length_s, double *fed_s,
               struct mm_error *err)
{
    struct mm_pcm pcm;
    int got;
    *fed_s = 0;
    while (length_s - *fed_s > MM_PCM_ROUNDING_S &&
           (got = mm_decoder_read(a->decoder, &pcm, err)) != 0) {
        if (got < 0)
            return got;
        if (!mm_pcm_cut(&pcm, &skip_s, length_s - *fed_s))
            continue;
        int result = feed(a, &pcm, err);
        if (result != 0)
            return result;
        *fed_s += (double)pcm.frames / pcm.rate;
    }
    int result = 0;
    for (size_t i = 0; i < a->n_outlets && result == 0; i++)
        result = mm_resampler_flush(a->outlets[i].resampler, err);
    return result;
}

static int analyse(struct analysis *a, struct mm_measure *measure, struct mm_error *err)
{
    struct mm_excerpt excerpt;
    double skip_s = 0;
    double fed_s;
    int result =
        mm_excerpt_choose(a->decoder, a->request->part, a->request->excerpt_s, &excerpt, err);
    if (result == 0 && excerpt.moved)
        result = mm_decoder_enter(a->decoder, excerpt.start_s, &skip_s, err);
    if (result == 0)
        result = run(a, skip_s, fmin(excerpt.length_s, MAX_SONG_S), &fed_s, err);
    if (result == 0 && fed_s == 0 && excerpt.start_s > 0) {
        /* The file is far shorter than it says: take it from the start. */
        excerpt.start_s = 0;
        result = mm_decoder_restart(a->decoder, err);
        if (result == 0)
            result = run(a, 0, excerpt.length_s, &fed_s, err);
    }
    if (result != 0)
        return result;
    if (fed_s == 0)
        return mm_error_set(err, MM_ERR_INPUT, "no sound could be decoded");
    if (mm_decoder_is_damaged(a->decoder) ||
        (fed_s < MIN_BROKEN_S && mm_decoder_has_errors(a->decoder)))
        return mm_error_set(err, MM_ERR_INPUT, "the file is damaged: only %.1f s could be decoded",
                            fed_s);
    measure->excerpt_start_s = excerpt.start_s;
    measure->excerpt_length_s = fed_s;
    if (!a->request->measure)
        return 0;
    mm_loudness_finish(a->loudness, &measure->loudness_lufs, &measure->peak_dbfs);
    result = mm_features_finish(a->features, measure, err);
    measure->onset_s = excerpt.start_s + fmin(measure->onset_s, fed_s);
    return result;
}

static int check(const struct mm_audio_request *request, mm_audio_sink *sink, struct mm_error *err)
{
    if (!(request->excerpt_s == 0 || (request->excerpt_s >= 1 && request->excerpt_s <= 86400)))
        return mm_error_set(err, MM_ERR_USAGE, "an excerpt has 1 to 86400 seconds, or 0 for all");
    if (request->n_rates > MM_AUDIO_MAX_RATES)
        return mm_error_set(err, MM_ERR_USAGE, "at most %d sample rates", MM_AUDIO_MAX_RATES);
    if (request->n_rates && !sink)
        return mm_error_set(err, MM_ERR_USAGE, "sample rates without a sink");
    for (size_t i = 0; i < request->n_rates; i++)
        if (request->rates[i] < MIN_RATE || request->rates[i] > MAX_RATE)
            return mm_error_set(err, MM_ERR_USAGE, "sample rate %d is not within %d to %d Hz",
                                request->rates[i], MIN_RATE, MAX_RATE);
    return 0;
}

int mm_audio_analyse(const char *path, const struct mm_audio_request *request, mm_audio_sink *sink,
                     void *sink_ctx, struct mm_measure *measure, struct mm_error *err)
{
    *measure = (struct mm_measure){.key = -1};
    int result = check(request, sink, err);
    if (result < 0)
        return result;
    struct analysis *a = calloc(1, sizeof *a);
    if (!a)
        return mm_no_memory(err);
    a->request = request;
    a->sink = sink;
    a->sink_ctx = sink_ctx;
    result = mm_decoder_open(path, &a->decoder, err);
    if (result == 0 && request->measure)
        result = mm_loudness_create(request->true_peak, &a->loudness, err);
    if (result == 0 && request->measure)
        result = mm_features_create(&a->features, err);
    if (result == 0)
        result = add_outlets(a, err);
    if (result == 0)
        result = analyse(a, measure, err);
    for (size_t i = 0; i < a->n_outlets; i++)
        mm_resampler_destroy(a->outlets[i].resampler);
    mm_features_destroy(a->features);
    mm_loudness_destroy(a->loudness);
    mm_decoder_close(a->decoder);
    free(a);
    return result;
}
