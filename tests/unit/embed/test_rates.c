/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same sound as a 48-kHz mono file and as a 44.1-kHz stereo one must give the same vector.
 *
 * Both files have 16 bits, as most have, and so a floor of noise: OpenL3's decibels reach down to
 * where a cleaner sound is nothing but rounding errors, of whatever made it.
 */
#include "audio/resample.h"
#include "musicmap/audio.h"
#include "musicmap/embed.h"
#include "oracle.h"

static char *folder;
static char weights_path[4200];

static void put(FILE *file, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc((int)(value >> 8 * i & 255), file);
}

/* A WAV file of 16 bits. In stereo, left and right differ; their mean is the sound. */
static void write_sound(const char *path, const float *samples, size_t count, unsigned rate,
                        unsigned channels)
{
    size_t size = count * channels * 2;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("RIFF", file);
    put(file, 36 + size, 4);
    fputs("WAVEfmt ", file);
    put(file, 16, 4);
    put(file, 1, 2);
    put(file, channels, 2);
    put(file, rate, 4);
    put(file, (uint64_t)rate * channels * 2, 4);
    put(file, (uint64_t)channels * 2, 2);
    put(file, 16, 2);
    fputs("data", file);
    put(file, size, 4);
    for (size_t i = 0; i < count; i++)
        for (unsigned c = 0; c < channels; c++) {
            double side =
                channels == 2 ? (c ? -0.1 : 0.1) * sin(2 * M_PI * 330 * (double)i / rate) : 0;
            put(file, (uint64_t)(int64_t)lround(32767 * ((double)samples[i] + side)) & 0xffff, 2);
        }
    assert_int_equal(fclose(file), 0);
}

struct buffer {
    float *samples;
    size_t count;
};

static int collect(void *ctx, const float *samples, size_t count, struct mm_error *err)
{
    (void)err;
    struct buffer *buffer = ctx;
    memcpy(buffer->samples + buffer->count, samples, count * sizeof *samples);
    buffer->count += count;
    return 0;
}

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    (void)rate_index;
    return mm_embed_stream_push(ctx, samples, count, err);
}

static void embed_file(struct mm_embedder *embedder, const char *path, struct mm_embedding *out)
{
    struct mm_error err = {0};
    struct mm_embed_stream *stream;
    struct mm_audio_request request = {.n_rates = 1};
    struct mm_measure measure;
    request.rates[0] = mm_embedder_model(embedder)->sample_rate;
    assert_ok(mm_embed_stream_create(embedder, &stream, &err), &err);
    assert_ok(mm_audio_analyse(path, &request, feed, stream, &measure, &err), &err);
    assert_ok(mm_embed_stream_finish(stream, out, &err), &err);
    mm_embed_stream_destroy(stream);
}

static double cosine(const struct mm_embedding *a, const struct mm_embedding *b)
{
    double dot = 0, aa = 0, bb = 0;
    assert_int_equal(a->dim, b->dim);
    for (size_t i = 0; i < a->dim; i++) {
        dot += (double)a->values[i] * b->values[i];
        aa += (double)a->values[i] * a->values[i];
        bb += (double)b->values[i] * b->values[i];
    }
    return dot / sqrt(aa * bb);
}

static void compare(const char *model, const char *weights)
{
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = model, .weights = weights, .center = -1};
    struct mm_embedder *embedder;
    struct mm_embedding a, b;
    char path[4200];
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    snprintf(path, sizeof path, "%s/mono.wav", folder);
    embed_file(embedder, path, &a);
    snprintf(path, sizeof path, "%s/stereo.wav", folder);
    embed_file(embedder, path, &b);
    double got = cosine(&a, &b);
    print_message("%s: %.6f\n", model, got);
    assert_true(got >= 0.999);
    mm_embedding_finish(&a);
    mm_embedding_finish(&b);
    mm_embedder_destroy(embedder);
}

static void test_built_in(void **state)
{
    (void)state;
    compare("timbre", NULL);
}

static void test_openl3(void **state)
{
    (void)state;
    compare("openl3-music-mel256-512", weights_path);
    compare("openl3-music-linear-512", weights_path);
}

static void test_real(void **state)
{
    (void)state;
    char path[4200];
    if (!oracle_path(path, sizeof path, "MUSICMAP_TEST_MODELS",
                     "edgel3_sea_ust_audio_emb_64.h5.gz"))
        skip();
    compare("edgel3-ust-64", path);
    if (!oracle_path(path, sizeof path, "MUSICMAP_TEST_MODELS", "msd-musicnn-1.onnx"))
        skip();
    compare("musicnn-msd", path);
}

static int start(void **state)
{
    (void)state;
    folder = check_make_folder();
    snprintf(weights_path, sizeof weights_path, "%s/random.h5", folder);
    struct mm_weights weights;
    oracle_weights(&weights);
    oracle_write_keras(weights_path, &weights, &(struct oracle_keras){.whole_model = true});
    mm_weights_finish(&weights);
    char path[4200];
    size_t count;
    float *signal = oracle_signal(&count);
    snprintf(path, sizeof path, "%s/mono.wav", folder);
    write_sound(path, signal, count, ORACLE_RATE, 1);
    struct buffer low = {calloc(count, sizeof(float)), 0};
    struct mm_error err = {0};
    struct mm_resampler *resampler;
    assert_ok(mm_resampler_create(44100, collect, &low, &resampler, &err), &err);
    assert_ok(mm_resampler_push(resampler, signal, count, ORACLE_RATE, &err), &err);
    assert_ok(mm_resampler_flush(resampler, &err), &err);
    mm_resampler_destroy(resampler);
    snprintf(path, sizeof path, "%s/stereo.wav", folder);
    write_sound(path, low.samples, low.count, 44100, 2);
    free(low.samples);
    free(signal);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_openl3),
        cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
