/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-audio [-r ROUNDS] [-x EXCERPT_S] FILE... - CPU milliseconds a song of each part of the
 * audio room: median over all files and rounds, with the quarter below and above. -x 0: whole
 * songs.
 *
 * The parts are timed one by one on the decoded samples; "analyse" is the real call with everything
 * in it, as the program makes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio/decode.h"
#include "audio/features.h"
#include "audio/loudness.h"
#include "audio/resample.h"
#include "musicmap/audio.h"

enum part { PROBE, DECODE, LOUDNESS, RESAMPLE, FEATURES, ANALYSE, CLIP, PARTS };
static const char *const names[PARTS] = {
    "probe and tags",     "decode",      "loudness", "resample to 22.05 kHz", "tempo, key, onset",
    "analyse, all of it", "clip of 30 s"};

struct timings {
    double *ms[PARTS]; /* [n] */
    size_t n;
};

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int ignore_mono(void *ctx, const float *samples, size_t count, struct mm_error *err)
{
    (void)ctx, (void)samples, (void)count, (void)err;
    return 0;
}

static int push_features(void *ctx, const float *samples, size_t count, struct mm_error *err)
{
    return mm_features_push(ctx, samples, count, err);
}

static int ignore_sink(void *ctx, size_t rate, const float *samples, size_t count,
                       struct mm_error *err)
{
    (void)ctx, (void)rate, (void)samples, (void)count, (void)err;
    return 0;
}

/* Runs one consumer over the file's first seconds; the time without decoding. */
struct consumer {
    struct mm_loudness *loudness;
    struct mm_resampler *resampler;
};

static int consume(const char *path, double seconds, const struct consumer *consumer, double *ms,
                   struct mm_error *err)
{
    struct mm_decoder *decoder;
    struct mm_pcm pcm;
    static float mono[MM_DECODER_FRAMES];
    int result = mm_decoder_open(path, &decoder, err);
    double done = 0;
    *ms = 0;
    while (result == 0 && done < seconds && mm_decoder_read(decoder, &pcm, err) > 0) {
        done += (double)pcm.frames / pcm.rate;
        for (size_t i = 0; i < pcm.frames; i++)
            mono[i] = pcm.samples[i * (size_t)pcm.channels];
        double begin = cpu_ms();
        if (consumer->loudness)
            result = mm_loudness_push(consumer->loudness, &pcm, err);
        if (consumer->resampler && result == 0)
            result = mm_resampler_push(consumer->resampler, mono, pcm.frames, pcm.rate, err);
        *ms += cpu_ms() - begin;
    }
    mm_decoder_close(decoder);
    return result;
}

static int time_decode(const char *path, double seconds, double *ms, struct mm_error *err)
{
    struct mm_decoder *decoder;
    struct mm_pcm pcm;
    double done = 0;
    double begin = cpu_ms();
    int result = mm_decoder_open(path, &decoder, err);
    while (result == 0 && done < seconds && mm_decoder_read(decoder, &pcm, err) > 0)
        done += (double)pcm.frames / pcm.rate;
    mm_decoder_close(decoder);
    *ms = cpu_ms() - begin;
    return result;
}

static int time_parts(const char *path, double seconds, double *ms, struct mm_error *err)
{
    struct consumer consumer = {0};
    int result = mm_loudness_create(false, &consumer.loudness, err);
    if (result == 0)
        result = consume(path, seconds, &consumer, &ms[LOUDNESS], err);
    mm_loudness_destroy(consumer.loudness);
    consumer.loudness = NULL;
    if (result == 0)
        result = mm_resampler_create(MM_FEATURES_RATE, ignore_mono, NULL, &consumer.resampler, err);
    if (result == 0)
        result = consume(path, seconds, &consumer, &ms[RESAMPLE], err);
    mm_resampler_destroy(consumer.resampler);
    consumer.resampler = NULL;

    struct mm_features *features = NULL;
    struct mm_measure measure = {0};
    if (result == 0)
        result = mm_features_create(&features, err);
    if (result == 0)
        result = mm_resampler_create(MM_FEATURES_RATE, push_features, features, &consumer.resampler,
                                     err);
    if (result == 0)
        result = consume(path, seconds, &consumer, &ms[FEATURES], err);
    double begin = cpu_ms();
    if (result == 0)
        result = mm_features_finish(features, &measure, err);
    ms[FEATURES] += cpu_ms() - begin - ms[RESAMPLE];
    mm_resampler_destroy(consumer.resampler);
    mm_features_destroy(features);
    return result;
}

static int time_calls(const char *path, double excerpt_s, double *ms, struct mm_error *err)
{
    struct mm_audio_info info;
    double begin = cpu_ms();
    int result = mm_audio_probe(path, &info, err);
    ms[PROBE] = cpu_ms() - begin;
    mm_audio_info_finish(&info);
    if (result < 0)
        return result;
    struct mm_audio_request request = {
        .excerpt_s = excerpt_s, .measure = true, .n_rates = 1, .rates = {MM_FEATURES_RATE}};
    struct mm_measure measure;
    begin = cpu_ms();
    result = mm_audio_analyse(path, &request, ignore_sink, NULL, &measure, err);
    ms[ANALYSE] = cpu_ms() - begin;
    if (result < 0)
        return result;
    struct mm_bytes clip;
    begin = cpu_ms();
    result = mm_audio_clip(path, measure.excerpt_start_s, 30, &clip, err);
    ms[CLIP] = cpu_ms() - begin;
    mm_bytes_finish(&clip);
    return result;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const struct timings *timings)
{
    printf("%-24s %8s %8s %8s   CPU ms a song, %zu timings\n", "", "median", "25 %", "75 %",
           timings->n);
    for (int p = 0; p < PARTS && timings->n; p++) {
        qsort(timings->ms[p], timings->n, sizeof(double), by_value);
        printf("%-24s %8.1f %8.1f %8.1f\n", names[p], timings->ms[p][timings->n / 2],
               timings->ms[p][timings->n / 4], timings->ms[p][timings->n * 3 / 4]);
    }
}

int main(int argc, char **argv)
{
    int rounds = 3;
    double excerpt_s = 30;
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        if (strcmp(argv[at], "-r") == 0)
            rounds = (int)strtol(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "-x") == 0)
            excerpt_s = strtod(argv[at + 1], NULL);
    }
    if (at >= argc || rounds < 1) {
        fprintf(stderr, "usage: bench-audio [-r ROUNDS] [-x EXCERPT_S] FILE...\n");
        return 2;
    }
    struct timings timings = {0};
    for (int p = 0; p < PARTS; p++) {
        timings.ms[p] = calloc((size_t)(argc - at) * (size_t)rounds, sizeof(double));
        if (!timings.ms[p])
            return 3;
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = at; i < argc; i++) {
            struct mm_error err = {0};
            double ms[PARTS] = {0};
            double seconds = excerpt_s > 0 ? excerpt_s : 1e9;
            if (time_decode(argv[i], seconds, &ms[DECODE], &err) < 0 ||
                time_parts(argv[i], seconds, ms, &err) < 0 ||
                time_calls(argv[i], excerpt_s, ms, &err) < 0) {
                fprintf(stderr, "%s: %s\n", argv[i], err.message);
                continue;
            }
            for (int p = 0; p < PARTS; p++)
                timings.ms[p][timings.n] = ms[p];
            timings.n++;
        }
    }
    report(&timings);
    for (int p = 0; p < PARTS; p++)
        free(timings.ms[p]);
    return timings.n ? 0 : 3;
}
