/* SPDX-License-Identifier: BSD-2-Clause */
/* The OpenL3 network and its front ends against an independent implementation. */
#include "embed/l3.h"
#include "embed/l3_frontend.h"
#include "embed/windows.h"
#include "oracle.h"

#define WINDOWS 3 /* of the test signal, hop 1 s, centred */

struct input {
    const char *name;
    size_t n_fft, n_mels, bins, frames;
};
static const struct input inputs[] = {
    {"linear", 512, 0, 257, 197},
    {"mel128", 2048, 128, 128, 199},
    {"mel256", 2048, 256, 256, 199},
};
#define N_INPUTS (sizeof inputs / sizeof inputs[0])

struct pictures {
    struct mm_l3_frontend *frontend;
    size_t n;
    float *values; /* [WINDOWS][bins][frames] */
};

static int take_window(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    (void)err;
    struct pictures *p = ctx;
    assert_int_equal(index, p->n);
    assert_true(p->n < WINDOWS);
    size_t size = mm_l3_frontend_bins(p->frontend) * mm_l3_frontend_frames(p->frontend);
    mm_l3_frontend_run(p->frontend, samples, p->values + p->n++ * size);
    return 0;
}

/* What enters the network, [WINDOWS][bins][frames]; the signal arrives in uneven pieces. */
static float *make_pictures(const struct input *input, enum mm_l3_flavour flavour)
{
    struct mm_error err = {0};
    struct mm_l3_frontend_spec spec = {ORACLE_RATE, input->n_fft, 242, input->n_mels, flavour};
    struct pictures p = {0};
    struct mm_windows windows;
    assert_ok(mm_l3_frontend_create(&spec, &p.frontend, &err), &err);
    assert_int_equal(mm_l3_frontend_bins(p.frontend), input->bins);
    assert_int_equal(mm_l3_frontend_frames(p.frontend), input->frames);
    p.values = calloc(WINDOWS * input->bins * input->frames, sizeof *p.values);
    assert_non_null(p.values);
    assert_ok(
        mm_windows_init(&windows, ORACLE_RATE, ORACLE_RATE, ORACLE_RATE / 2, MM_TAIL_PAD, &err),
        &err);
    size_t n;
    float *signal = oracle_signal(&n);
    for (size_t at = 0, step = 1; at < n; at += step, step = step * 3 % 9973 + 1) {
        size_t count = n - at < step ? n - at : step;
        assert_ok(mm_windows_push(&windows, signal + at, count, take_window, &p, &err), &err);
    }
    assert_ok(mm_windows_end(&windows, take_window, &p, &err), &err);
    assert_int_equal(p.n, WINDOWS);
    free(signal);
    mm_windows_finish(&windows);
    mm_l3_frontend_destroy(p.frontend);
    return p.values;
}

/* Within 0.02 dB wherever the reference is above -79 dB. */
static void check_frontend(const char *name, const float *got, const float *want, size_t count,
                           size_t stride)
{
    for (size_t i = 0; i < count; i++)
        if (want[i] > -79 && !(fabsf(got[i * stride] - want[i]) <= 0.02f))
            fail_msg("%s: value %zu is %f dB, not %f", name, i * stride, (double)got[i * stride],
                     (double)want[i]);
}

static void test_frontends(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_INPUTS; i++)
        for (int flavour = MM_L3_TRAINED; flavour <= MM_L3_LIBROSA; flavour++) {
            float *got = make_pictures(&inputs[i], (enum mm_l3_flavour)flavour);
            /* The linear picture is the same in all flavours. */
            char name[64];
            snprintf(
                name, sizeof name, "frontend_%s_%s", inputs[i].name,
                mm_l3_flavour_name(inputs[i].n_mels ? (enum mm_l3_flavour)flavour : MM_L3_TRAINED));
            size_t n;
            float *want = oracle_read_fixture(name, &n);
            check_frontend(name, got, want, n, 97);
            free(want);
            free(got);
        }
}

/* All values, where the reference's own folder is at hand. */
static void test_frontends_in_full(void **state)
{
    (void)state;
    char path[1024];
    for (size_t i = 0; i < N_INPUTS; i++)
        for (int flavour = MM_L3_TRAINED; flavour <= MM_L3_LIBROSA; flavour++) {
            if (!inputs[i].n_mels && flavour != MM_L3_TRAINED)
                continue;
            char name[64];
            snprintf(name, sizeof name, "frontend_%s_%s.npy", inputs[i].name,
                     mm_l3_flavour_name((enum mm_l3_flavour)flavour));
            if (!oracle_path(path, sizeof path, "MUSICMAP_TEST_ORACLE", name))
                skip();
            size_t n;
            float *got = make_pictures(&inputs[i], (enum mm_l3_flavour)flavour);
            float *want = oracle_read_npy(path, &n);
            assert_int_equal(n, WINDOWS * inputs[i].bins * inputs[i].frames);
            check_frontend(name, got, want, n, 1);
            free(want);
            free(got);
        }
}

static void test_silence_is_legal(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_l3_frontend_spec spec = {ORACLE_RATE, 2048, 242, 128, MM_L3_TRAINED};
    struct mm_l3_frontend *frontend;
    assert_ok(mm_l3_frontend_create(&spec, &frontend, &err), &err);
    float *silence = calloc(ORACLE_RATE, sizeof *silence);
    float *picture = calloc((size_t)128 * 199, sizeof *picture);
    mm_l3_frontend_run(frontend, silence, picture);
    for (size_t i = 0; i < (size_t)128 * 199; i++)
        assert_true(picture[i] == 0);
    free(picture);
    free(silence);
    mm_l3_frontend_destroy(frontend);
}

static void test_flavour_names(void **state)
{
    (void)state;
    struct mm_error err = {0};
    enum mm_l3_flavour flavour;
    for (int i = MM_L3_TRAINED; i <= MM_L3_LIBROSA; i++) {
        assert_ok(mm_l3_flavour_parse(mm_l3_flavour_name((enum mm_l3_flavour)i), &flavour, &err),
                  &err);
        assert_int_equal(flavour, i);
    }
    assert_int_equal(mm_l3_flavour_parse("kaper", &flavour, &err), MM_ERR_USAGE);
    assert_non_null(strstr(err.message, "kapre"));
}

static struct mm_l3_spec openl3_spec(const struct input *input, size_t size)
{
    struct mm_l3_spec spec = {.bins = input->bins,
                              .frames = input->frames,
                              .filters = {64, 64, 128, 128, 256, 256, 512, 512}};
    spec.pool_h = size == 512 ? (input->bins == 128 ? 16 : 32) : (input->bins == 128 ? 4 : 8);
    spec.pool_w = size == 512 ? 24 : 8;
    return spec;
}

static void check_network(const struct input *input, const float *picture,
                          const struct mm_weights *weights, size_t size)
{
    struct mm_error err = {0};
    struct mm_l3_spec spec = openl3_spec(input, size);
    struct mm_l3 *net;
    struct mm_l3_work *work;
    assert_ok(mm_l3_create(&spec, weights, mm_kernels_best(), &net, &err), &err);
    assert_int_equal(mm_l3_dim(net), size);
    assert_ok(mm_l3_work_create(net, WINDOWS, &work, &err), &err);
    float *got = calloc(WINDOWS * size, sizeof *got);
    mm_l3_run(net, work, WINDOWS, picture, got);
    char name[64];
    snprintf(name, sizeof name, "embedding_%s_%zu", input->name, size);
    size_t stride = size == 512 ? 1 : 13;
    size_t n;
    float *want = oracle_read_fixture(name, &n);
    assert_int_equal(n, (WINDOWS * size + stride - 1) / stride);
    oracle_assert_within(1e-5, name, got, want, n, stride);

    /* The last window alone is bit for bit what it was in the company of others. */
    float *alone = calloc(size, sizeof *alone);
    mm_l3_run(net, work, 1, picture + 2 * spec.bins * spec.frames, alone);
    assert_memory_equal(alone, got + 2 * size, size * sizeof *alone);
    free(alone);
    free(want);
    free(got);
    mm_l3_work_destroy(work);
    mm_l3_destroy(net);
}

static void test_embeddings(void **state)
{
    (void)state;
    struct mm_weights weights;
    oracle_weights(&weights);
    for (size_t i = 0; i < N_INPUTS; i++) {
        float *pictures = make_pictures(&inputs[i], MM_L3_TRAINED);
        check_network(&inputs[i], pictures, &weights, 512);
        check_network(&inputs[i], pictures, &weights, 6144);
        free(pictures);
    }
    mm_weights_finish(&weights);
}

/* Whatever the processor, and whatever --cpu says: the same values but for rounding. */
static void test_all_kernels_agree(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_weights weights;
    oracle_weights(&weights);
    static const size_t heights[] = {40, 57}; /* no multiples of a strip; one that pooling cuts */
    size_t n;
    const struct mm_kernels *const *all = mm_kernels_all(&n);
    for (size_t h = 0; h < sizeof heights / sizeof *heights; h++) {
        struct mm_l3_spec spec = {.bins = heights[h],
                                  .frames = 33,
                                  .filters = {64, 64, 128, 128, 256, 256, 512, 512},
                                  .pool_h = 8,
                                  .pool_w = 4};
        struct mm_random random = {h};
        float *picture = calloc(spec.bins * spec.frames, sizeof *picture);
        for (size_t i = 0; i < spec.bins * spec.frames; i++)
            picture[i] = (float)(-80 * mm_random_unit(&random));
        float want[512], got[512];
        for (size_t k = n; k-- > 0;) { /* the last one is the reference */
            struct mm_l3 *net;
            struct mm_l3_work *work;
            if (!all[k]->usable())
                continue;
            assert_ok(mm_l3_create(&spec, &weights, all[k], &net, &err), &err);
            assert_int_equal(mm_l3_dim(net), 512);
            assert_ok(mm_l3_work_create(net, 1, &work, &err), &err);
            mm_l3_run(net, work, 1, picture, k + 1 == n ? want : got);
            if (k + 1 < n)
                oracle_assert_within(1e-5, all[k]->name, got, want, 512, 1);
            mm_l3_work_destroy(work);
            mm_l3_destroy(net);
        }
        free(picture);
    }
    mm_weights_finish(&weights);
}

/* Wrong shapes are refused by the name of the layer. */
static void test_weights_must_chain(void **state)
{
    (void)state;
    struct mm_l3_spec spec = openl3_spec(&inputs[1], 512);
    struct mm_l3 *net;
    struct mm_error err = {0};
    struct mm_weights weights;
    oracle_weights(&weights);
    for (size_t i = 0; i < weights.n_tensors; i += 5) {
        weights.tensors[i].shape[0]++;
        assert_int_equal(mm_l3_create(&spec, &weights, mm_kernels_best(), &net, &err),
                         MM_ERR_INPUT);
        assert_non_null(strstr(err.message, weights.tensors[i].layer));
        weights.tensors[i].shape[0]--;
    }
    size_t n = weights.n_tensors;
    weights.n_tensors = n - 2; /* the last convolution is missing */
    assert_int_equal(mm_l3_create(&spec, &weights, mm_kernels_best(), &net, &err), MM_ERR_INPUT);
    weights.n_tensors = n;
    float one[1] = {1};
    size_t length = 1;
    oracle_add(&weights, "dense_1", "kernel", 1, &length, one);
    assert_int_equal(mm_l3_create(&spec, &weights, mm_kernels_best(), &net, &err), MM_ERR_INPUT);
    assert_non_null(strstr(err.message, "dense_1"));
    mm_weights_finish(&weights);
}

/* ---- EdgeL3: a real file ---- */

static void test_edgel3(void **state)
{
    (void)state;
    char model[1024], wav[1024], frontend_npy[1024], embedding_npy[1024];
    if (!oracle_path(model, sizeof model, "MUSICMAP_TEST_MODELS",
                     "edgel3_sea_ust_audio_emb_64.h5.gz") ||
        !oracle_path(wav, sizeof wav, "MUSICMAP_TEST_ORACLE", "signal_8k.wav") ||
        !oracle_path(frontend_npy, sizeof frontend_npy, "MUSICMAP_TEST_ORACLE",
                     "edgel3_frontend.npy") ||
        !oracle_path(embedding_npy, sizeof embedding_npy, "MUSICMAP_TEST_ORACLE",
                     "edgel3_embedding.npy"))
        skip();
    struct mm_error err = {0};
    struct mm_weights weights;
    assert_ok(mm_weights_read_keras(model, &mm_weights_limits_default, &weights, &err), &err);
    struct mm_l3_spec spec = {64, 50, {32, 32, 64, 64, 128, 128, 64, 64}, true, 8, 6};
    struct mm_l3_frontend_spec front = {8000, 1024, 160, 64, MM_L3_TRAINED};
    struct mm_l3 *net;
    struct mm_l3_work *work;
    struct mm_l3_frontend *frontend;
    assert_ok(mm_l3_create(&spec, &weights, mm_kernels_best(), &net, &err), &err);
    assert_ok(mm_l3_work_create(net, 1, &work, &err), &err);
    assert_ok(mm_l3_frontend_create(&front, &frontend, &err), &err);
    size_t n, n_pictures, n_embeddings;
    float *samples = oracle_read_wav(wav, &n);
    float *pictures = oracle_read_npy(frontend_npy, &n_pictures);
    float *embeddings = oracle_read_npy(embedding_npy, &n_embeddings);
    assert_int_equal(n, 24000);
    float picture[64 * 50], embedding[64];
    for (size_t i = 0; i < 3; i++) {
        mm_l3_frontend_run(frontend, samples + 8000 * i, picture);
        check_frontend("edgel3", picture, pictures + i * 64 * 50, 64 * 50, 1);
        mm_l3_run(net, work, 1, picture, embedding);
        oracle_assert_close("edgel3", embedding, embeddings + i * 64, 64, 1);
    }
    free(embeddings);
    free(pictures);
    free(samples);
    mm_l3_frontend_destroy(frontend);
    mm_l3_work_destroy(work);
    mm_l3_destroy(net);
    mm_weights_finish(&weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frontends),          cmocka_unit_test(test_frontends_in_full),
        cmocka_unit_test(test_silence_is_legal),   cmocka_unit_test(test_flavour_names),
        cmocka_unit_test(test_all_kernels_agree),  cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_weights_must_chain), cmocka_unit_test(test_edgel3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
