/* SPDX-License-Identifier: BSD-2-Clause */
/* The deep models as the program runs them: from samples through the embedder to vectors. */
#include "musicmap/embed.h"
#include "musicmap/store.h"
#include "oracle.h"

static char *folder;
static char weights_path[4200]; /* the oracle's pseudo-random OpenL3 weights */

static int make_weights(void **state)
{
    (void)state;
    folder = check_make_folder();
    setenv("MUSICMAP_MODELS", folder, 1);
    snprintf(weights_path, sizeof weights_path, "%s/random.h5", folder);
    struct mm_weights weights;
    oracle_weights(&weights);
    oracle_write_keras(weights_path, &weights, &(struct oracle_keras){.whole_model = true});
    mm_weights_finish(&weights);
    return 0;
}

static int remove_weights(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

static void embed(struct mm_embedder *embedder, const float *samples, size_t count, size_t step,
                  struct mm_embedding *out)
{
    struct mm_error err = {0};
    struct mm_embed_stream *stream;
    assert_ok(mm_embed_stream_create(embedder, &stream, &err), &err);
    for (size_t at = 0; at < count; at += step)
        assert_ok(
            mm_embed_stream_push(stream, samples + at, count - at < step ? count - at : step, &err),
            &err);
    assert_ok(mm_embed_stream_finish(stream, out, &err), &err);
    mm_embed_stream_destroy(stream);
}

static int in_helper(void *ctx, const char *path, struct mm_bytes *out, struct mm_error *err)
{
    ++*(int *)ctx;
    return mm_embed_read_weights(path, out, err);
}

static void test_openl3_centred(void **state)
{
    (void)state;
    struct mm_error err = {0};
    int calls = 0;
    struct mm_embed_settings settings = {.model = "openl3-music-mel128-512",
                                         .pool = MM_POOL_NONE,
                                         .weights = weights_path,
                                         .center = 1,
                                         .hop_s = 1,
                                         .read_weights = in_helper,
                                         .read_weights_ctx = &calls};
    struct mm_embedder *embedder;
    struct mm_embedding got;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    assert_int_equal(calls, 1);
    size_t n, n_want;
    float *signal = oracle_signal(&n);
    float *want = oracle_read_fixture("embedding_mel128_512", &n_want);
    embed(embedder, signal, n, 1000, &got);
    assert_int_equal(got.n_windows, 3);
    assert_int_equal(got.dim, 512);
    oracle_assert_close("openl3", got.values, want, n_want, 1);
    for (size_t i = 0; i < 3; i++)
        assert_true(got.timestamps[i] == (double)i);
    const char *line = mm_embedder_settings(embedder);
    assert_non_null(strstr(line, "v1 frontend=trained hop=1 center=1 weights="));
    mm_embedding_finish(&got);
    free(want);
    free(signal);
    mm_embedder_destroy(embedder);
}

/* Not centred is the default; 9 windows need two batches; every cut gives the same bits. */
static void test_openl3_defaults(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = "openl3-env-mel128-512",
                                         .pool = MM_POOL_NONE,
                                         .weights = weights_path,
                                         .center = -1,
                                         .hop_s = 0.125};
    struct mm_embedder *embedder;
    struct mm_embedding a, b;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    size_t n;
    float *signal = oracle_signal(&n);
    embed(embedder, signal, 96000, 96000, &a);
    assert_int_equal(a.n_windows, 9);
    assert_true(a.timestamps[3] == 0.375);
    embed(embedder, signal + 24000, 48000, 4801, &b);
    assert_int_equal(b.n_windows, 1);
    assert_memory_equal(b.values, a.values + 4 * 512, 512 * sizeof(float));
    mm_embedding_finish(&a);
    mm_embedding_finish(&b);
    free(signal);
    mm_embedder_destroy(embedder);
}

/* One vector of the flavour's own, pooled, of half a second of sound. */
static void embed_flavour(const char *flavour, const float *signal, float out[512])
{
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = "openl3-music-mel128-512",
                                         .weights = weights_path,
                                         .front_end = flavour,
                                         .cpu = "generic"};
    struct mm_embedder *embedder;
    struct mm_embedding got;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    assert_non_null(strstr(mm_embedder_settings(embedder), flavour));
    embed(embedder, signal, 24000, 24000, &got);
    assert_int_equal(got.n_windows, 1);
    memcpy(out, got.values, 512 * sizeof *out);
    mm_embedding_finish(&got);
    mm_embedder_destroy(embedder);
}

static void test_flavours_differ(void **state)
{
    (void)state;
    static const char *const flavours[] = {"trained", "kapre", "librosa"};
    float vectors[3][512];
    size_t n;
    float *signal = oracle_signal(&n);
    for (int i = 0; i < 3; i++)
        embed_flavour(flavours[i], signal + 48000, vectors[i]);
    for (int i = 0; i < 3; i++) {
        struct oracle_difference d = oracle_compare(vectors[i], vectors[(i + 1) % 3], 512, 1);
        assert_true(d.cosine > 0.9 && d.largest > 1e-3 * d.scale);
    }
    free(signal);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        struct mm_embed_settings settings;
        int code;
        const char *words;
    } cases[] = {
        {{.model = "openl3-music-mel256-512"}, MM_ERR_NOT_FOUND, "model fetch"},
        {{.model = "openl3-music-mel256-512", .weights = "/none.h5"}, MM_ERR_NOT_FOUND, "/none.h5"},
        {{.model = "edgel3-ust-64", .weights = weights_path}, MM_ERR_INPUT, "conv2d_1"},
        {{.model = "edgel3-ust-64", .front_end = "kapre"}, MM_ERR_USAGE, "trained"},
        {{.model = "openl3-music-mel256-512", .front_end = "x"}, MM_ERR_USAGE, "librosa"},
        {{.model = "openl3-music-mel256-512", .hop_s = 1e-6}, MM_ERR_USAGE, "hop"},
        {{.model = "openl3-music-mel256-512", .cpu = "z80"}, MM_ERR_USAGE, "generic"},
        {{.model = "timbre", .cpu = "z80"}, MM_ERR_USAGE, "generic"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mm_error err = {0};
        struct mm_embedder *embedder;
        assert_int_equal(mm_embedder_create(&cases[i].settings, &embedder, &err), cases[i].code);
        assert_null(embedder);
        if (!strstr(err.message, cases[i].words))
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].words);
    }
}

/* A real weight file, from the file to the pooled vector. */
static void test_edgel3_real(void **state)
{
    (void)state;
    char path[1024];
    if (!oracle_path(path, sizeof path, "MUSICMAP_TEST_MODELS",
                     "edgel3_sea_ust_audio_emb_64.h5.gz"))
        skip();
    struct mm_error err = {0};
    const struct mm_model_file *file;
    assert_ok(mm_store_install(path, &file, &err), &err);
    assert_ptr_equal(file, mm_model_find("edgel3-ust-64")->files);
    assert_true(mm_store_has(mm_model_find("edgel3-ust-64")));
    struct mm_embed_settings settings = {.model = "edgel3-ust-64", .pool = MM_POOL_MEANMAX};
    struct mm_embedder *embedder;
    struct mm_embedding got;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    size_t n;
    float *signal = oracle_signal(&n); /* of another rate: any sound will do */
    embed(embedder, signal, n, 7777, &got);
    assert_int_equal(got.n_windows, 1);
    assert_int_equal(got.dim, 128);
    mm_embedding_finish(&got);
    free(signal);
    mm_embedder_destroy(embedder);
}

/* Installs all files of MusiCNN from the folder of real models. */
static void install_musicnn(void)
{
    struct mm_error err = {0};
    const struct mm_model *model = mm_model_find("musicnn-msd");
    for (size_t i = 0; i < model->n_files; i++) {
        char path[1024];
        const struct mm_model_file *file;
        assert_false(mm_store_has(model));
        assert_true(oracle_path(path, sizeof path, "MUSICMAP_TEST_MODELS", model->files[i].name));
        assert_ok(mm_store_install(path, &file, &err), &err);
        assert_ptr_equal(file, &model->files[i]);
    }
    assert_true(mm_store_has(model));
}

static void test_musicnn_real(void **state)
{
    (void)state;
    char wav[1024], embedding[1024], tags[1024];
    if (!getenv("MUSICMAP_TEST_MODELS") ||
        !oracle_path(wav, sizeof wav, "MUSICMAP_TEST_ORACLE", "signal_16k.wav") ||
        !oracle_path(embedding, sizeof embedding, "MUSICMAP_TEST_ORACLE",
                     "musicnn_embedding.npy") ||
        !oracle_path(tags, sizeof tags, "MUSICMAP_TEST_ORACLE", "musicnn_tags.npy"))
        skip();
    install_musicnn();
    struct mm_error err = {0};
    struct mm_embed_settings settings = {.model = "musicnn-msd", .pool = MM_POOL_NONE};
    struct mm_embedder *embedder;
    struct mm_embedding got;
    assert_ok(mm_embedder_create(&settings, &embedder, &err), &err);
    size_t n, n_want, n_tags;
    float *samples = oracle_read_wav(wav, &n);
    float *want = oracle_read_npy(embedding, &n_want);
    float *want_tags = oracle_read_npy(tags, &n_tags);
    embed(embedder, samples, n, 3001, &got);
    assert_int_equal(got.n_windows, 2);
    assert_int_equal(got.n_tags, 56);
    oracle_assert_close("musicnn", got.values, want, n_want, 1);
    float mean[50];
    for (int i = 0; i < 50; i++)
        mean[i] = (want_tags[i] + want_tags[50 + i]) / 2;
    oracle_assert_close("tags", got.tag_values, mean, 50, 1);
    for (size_t i = 50; i < got.n_tags; i++)
        assert_true(got.tag_values[i] > 0 && got.tag_values[i] < 1);
    mm_embedding_finish(&got);
    free(want_tags);
    free(want);
    free(samples);
    mm_embedder_destroy(embedder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openl3_centred),  cmocka_unit_test(test_openl3_defaults),
        cmocka_unit_test(test_flavours_differ), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_edgel3_real),     cmocka_unit_test(test_musicnn_real),
    };
    return cmocka_run_group_tests(tests, make_weights, remove_weights);
}
