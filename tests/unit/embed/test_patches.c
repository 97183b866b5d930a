/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The models that look at one patch of a spectrogram after the other, from samples to vectors: mm1,
 * and MusiCNN with networks of our own in the place of its weights (tests/unit/embed/test_models.c
 * has the real ones, where they are).
 */
#include <math.h>
#include <sys/stat.h>

#include "base/random.h"
#include "check.h"
#include "embed/mm1.h"
#include "embed/mm1_net.h"
#include "embed/musicnn.h"
#include "embed/musicnn_frontend.h"
#include "embed/weights_data.h"
#include "musicmap/embed.h"
#include "onnx_writer.h"

/* Noise over a tone that climbs: no two patches are alike. Free it. */
static float *make_sound(size_t count)
{
    float *sound = malloc(count * sizeof *sound);
    assert_non_null(sound);
    struct mm_random random = {7};
    for (size_t i = 0; i < count; i++)
        sound[i] = (float)(0.4 * sin(0.01 * (double)i + 4e-7 * (double)i * (double)i) +
                           0.05 * mm_random_normal(&random));
    return sound;
}

static struct mm_embedder *open_model(const struct mm_embed_settings *settings)
{
    struct mm_error err = {0};
    struct mm_embedder *embedder;
    assert_ok(mm_embedder_create(settings, &embedder, &err), &err);
    return embedder;
}

static void embed(struct mm_embed_stream *stream, const float *samples, size_t count, size_t step,
                  struct mm_embedding *out)
{
    struct mm_error err = {0};
    for (size_t at = 0; at < count; at += step)
        assert_ok(
            mm_embed_stream_push(stream, samples + at, count - at < step ? count - at : step, &err),
            &err);
    assert_ok(mm_embed_stream_finish(stream, out, &err), &err);
}

/* The same bits however the samples arrive and whatever the stream has heard before. */
static void embed_thrice(struct mm_embedder *embedder, const float *samples, size_t count,
                         struct mm_embedding *out)
{
    struct mm_error err = {0};
    struct mm_embed_stream *stream;
    struct mm_embedding again, beginning;
    assert_ok(mm_embed_stream_create(embedder, &stream, &err), &err);
    embed(stream, samples, count, count, out);
    embed(stream, samples, count / 2, 4099, &beginning);
    embed(stream, samples, count, 997, &again);
    size_t bytes = out->n_windows * out->dim * sizeof *out->values;
    assert_int_equal(again.n_windows, out->n_windows);
    assert_memory_equal(again.values, out->values, bytes);
    assert_in_range(beginning.n_windows, 1, out->n_windows - 1);
    assert_memory_equal(beginning.values, out->values,
                        beginning.n_windows * beginning.dim * sizeof *out->values);
    mm_embedding_finish(&again);
    mm_embedding_finish(&beginning);
    mm_embed_stream_destroy(stream);
}

/* What a model keeps in memory, and that its pictures need less: they do without the network. */
static void memory_is_told(const struct mm_embedder *whole, const struct mm_embedder *pictures)
{
    size_t shared, stream, shared_picture, stream_picture;
    mm_embedder_memory(whole, &shared, &stream);
    mm_embedder_memory(pictures, &shared_picture, &stream_picture);
    assert_in_range(shared_picture, 1, shared - 1);
    assert_in_range(stream_picture, 1, stream - 1);
}

static void refused(struct mm_embed_settings settings, int code, const char *words)
{
    struct mm_error err = {0};
    struct mm_embedder *embedder;
    assert_int_equal(mm_embedder_create(&settings, &embedder, &err), code);
    assert_null(embedder);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
}

/* ---- mm1 ---- */

enum { MM1_STEP = MM_MM1_FRAMES * 512, MM1_COUNT = 3 * MM1_STEP + 9000 };

static void mm1_is_its_network_over_its_pictures(void **state)
{
    (void)state;
    struct mm_error err = {0};
    struct mm_embedder *whole =
        open_model(&(struct mm_embed_settings){.model = "mm1", .pool = MM_POOL_NONE, .center = -1});
    struct mm_embedder *pictures = open_model(&(struct mm_embed_settings){
        .model = "mm1", .pool = MM_POOL_NONE, .center = -1, .picture = true});
    size_t rows, columns;
    mm_embedder_picture(pictures, &rows, &columns);
    assert_int_equal(rows, MM_MM1_FRAMES);
    assert_int_equal(columns, MM_MM1_BANDS);
    memory_is_told(whole, pictures);

    float *sound = make_sound(MM1_COUNT);
    struct mm_embedding vectors, seen;
    embed_thrice(whole, sound, MM1_COUNT, &vectors);
    embed_thrice(pictures, sound, MM1_COUNT, &seen);
    assert_int_equal(vectors.n_windows, 3);
    assert_int_equal(seen.n_windows, 3);
    assert_int_equal(seen.dim, MM_MM1_FRAMES * MM_MM1_BANDS);

    struct mm_mm1_net *net;
    struct mm_mm1_work *work;
    assert_ok(mm_mm1_net_create(mm_mm1_weights, (size_t)(mm_mm1_weights_end - mm_mm1_weights),
                                mm_kernels_best(), &net, &err),
              &err);
    assert_ok(mm_mm1_work_create(net, &work, &err), &err);
    for (size_t i = 0; i < 3; i++) {
        float want[MM_MM1_DIM];
        assert_float_equal(vectors.timestamps[i], (double)(i * MM1_STEP) / MM_MM1_RATE, 1e-9);
        mm_mm1_net_run(net, work, seen.values + i * seen.dim, want);
        assert_memory_equal(vectors.values + i * MM_MM1_DIM, want, sizeof want);
    }
    mm_mm1_work_destroy(work);
    mm_mm1_net_destroy(net);
    mm_embedding_finish(&seen);
    mm_embedding_finish(&vectors);
    free(sound);
    mm_embedder_destroy(pictures);
    mm_embedder_destroy(whole);
}

static void mm1_has_nothing_to_choose(void **state)
{
    (void)state;
    refused((struct mm_embed_settings){.model = "mm1", .center = 1}, MM_ERR_USAGE, "centring");
    refused((struct mm_embed_settings){.model = "mm1", .hop_s = 1}, MM_ERR_USAGE, "mm1");
    refused((struct mm_embed_settings){.model = "mm1", .weights = "x"}, MM_ERR_USAGE, "mm1");
    refused((struct mm_embed_settings){.model = "mm1", .cpu = "z80"}, MM_ERR_USAGE, "generic");
}

/* ---- MusiCNN ---- */

enum { LABELS = 50, HEADS = MM_MUSICNN_FILES - 1 };

static void write_network(const char *folder, size_t file, struct writer *w)
{
    char path[4200];
    size_t size;
    unsigned char *bytes = end(w, &size);
    snprintf(path, sizeof path, "%s/%s", folder, mm_model_find("musicnn-msd")->files[file].name);
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, size, to), size);
    fclose(to);
    free(bytes);
}

/* Value j of the vector is the mean of band j % 96, times 1 + j / 96. */
static void write_body(const char *folder)
{
    static float spread[MM_MUSICNN_BANDS * MM_MUSICNN_DIM];
    for (size_t j = 0; j < MM_MUSICNN_DIM; j++) {
        const size_t times = 1 + j / MM_MUSICNN_BANDS;
        spread[j % MM_MUSICNN_BANDS * MM_MUSICNN_DIM + j] = (float)times;
    }
    struct writer *w = begin();
    FLOATS(w, "spread", MM_MUSICNN_BANDS * MM_MUSICNN_DIM, spread, MM_MUSICNN_BANDS,
           MM_MUSICNN_DIM);
    node(w, "ReduceMean", "in", "mean");
    INTS(w, "axes", 1);
    attribute_int(w, "keepdims", 0);
    node(w, "MatMul", "mean spread", "out");
    write_network(folder, 0, w);
}

/* The labels of the first head are a twentieth of the vector's first values; each of the others is
 * sure of its first class to one part in head + 1 against its second. */
static void write_heads(const char *folder)
{
    static float first[MM_MUSICNN_DIM * LABELS], nothing[MM_MUSICNN_DIM * 2];
    for (size_t j = 0; j < LABELS; j++)
        first[j * LABELS + j] = 0.05F;
    struct writer *w = begin();
    FLOATS(w, "m", MM_MUSICNN_DIM * LABELS, first, MM_MUSICNN_DIM, LABELS);
    node(w, "MatMul", "in m", "out");
    write_network(folder, 1, w);
    for (size_t head = 1; head < HEADS; head++) {
        const float sure[2] = {0, logf((float)head)};
        w = begin();
        FLOATS(w, "m", MM_MUSICNN_DIM * 2, nothing, MM_MUSICNN_DIM, 2);
        FLOATS(w, "c", 2, sure, 2);
        node(w, "MatMul", "in m", "z");
        node(w, "Add", "z c", "y");
        node(w, "Softmax", "y", "out");
        attribute_int(w, "axis", -1);
        write_network(folder, head + 1, w);
    }
}

static char *folder;
static char weights[4200];

static int make_weights(void **state)
{
    (void)state;
    folder = check_make_folder();
    snprintf(weights, sizeof weights, "%s/%s", folder, mm_model_find("musicnn-msd")->files[0].name);
    write_body(folder);
    write_heads(folder);
    return 0;
}

static int remove_weights(void **state)
{
    (void)state;
    check_remove_folder(folder);
    return 0;
}

static const char *const mood_tags[] = {"danceability", "mood_aggressive", "mood_happy",
                                        "mood_party",   "mood_relaxed",    "mood_sad"};

static void check_tags(const struct mm_embedding *got)
{
    assert_int_equal(got->n_tags, LABELS + 6);
    assert_string_equal(got->tag_names[0], "rock");
    for (size_t j = 0; j < LABELS; j++) {
        double mean = 0;
        for (size_t i = 0; i < got->n_windows; i++)
            mean += 0.05 * got->values[i * got->dim + j] / (double)got->n_windows;
        assert_float_equal(got->tag_values[j], mean, 1e-4);
    }
    for (size_t head = 1; head < HEADS; head++) {
        double first = 1 / (1 + (double)head);
        bool yes_is_first =
            head <= 3; /* "danceable", "aggressive", "happy"; then "non_party", ... */
        assert_string_equal(got->tag_names[LABELS + head - 1], mood_tags[head - 1]);
        assert_float_equal(got->tag_values[LABELS + head - 1], yes_is_first ? first : 1 - first,
                           1e-5);
    }
}

static void musicnn_is_its_networks_over_its_patches(void **state)
{
    (void)state;
    enum { HOP = MM_MUSICNN_RATE * 2, COUNT = 7 * MM_MUSICNN_RATE };
    struct mm_embed_settings settings = {
        .model = "musicnn-msd", .pool = MM_POOL_NONE, .center = -1, .hop_s = 2, .weights = weights};
    struct mm_embedder *whole = open_model(&settings);
    assert_non_null(strstr(mm_embedder_settings(whole), "v1 hop=2 weights="));
    settings.weights = NULL; /* pictures need none */
    settings.picture = true;
    struct mm_embedder *pictures = open_model(&settings);
    size_t rows, columns;
    mm_embedder_picture(pictures, &rows, &columns);
    assert_int_equal(rows, MM_MUSICNN_FRAMES);
    assert_int_equal(columns, MM_MUSICNN_BANDS);
    memory_is_told(whole, pictures);

    float *sound = make_sound(COUNT);
    struct mm_embedding vectors, seen;
    embed_thrice(whole, sound, COUNT, &vectors);
    embed_thrice(pictures, sound, COUNT, &seen);
    assert_int_equal(vectors.n_windows, 2);
    assert_int_equal(vectors.dim, MM_MUSICNN_DIM);
    assert_int_equal(seen.n_windows, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_float_equal(vectors.timestamps[i], (double)(i * HOP) / MM_MUSICNN_RATE, 1e-9);
        for (size_t j = 0; j < MM_MUSICNN_DIM; j++) {
            double mean = 0;
            for (size_t t = 0; t < MM_MUSICNN_FRAMES; t++)
                mean += seen.values[(i * MM_MUSICNN_FRAMES + t) * MM_MUSICNN_BANDS +
                                    j % MM_MUSICNN_BANDS];
            const size_t times = 1 + j / MM_MUSICNN_BANDS;
            mean *= (double)times / MM_MUSICNN_FRAMES;
            assert_float_equal(vectors.values[i * MM_MUSICNN_DIM + j], mean, 1e-3);
        }
    }
    check_tags(&vectors);
    mm_embedding_finish(&seen);
    mm_embedding_finish(&vectors);
    free(sound);
    mm_embedder_destroy(pictures);
    mm_embedder_destroy(whole);
}

static void musicnn_says_what_it_cannot_use(void **state)
{
    (void)state;
    struct mm_embed_settings settings = {.model = "musicnn-msd", .weights = weights};
    settings.front_end = "kapre";
    refused(settings, MM_ERR_USAGE, "front end");
    settings.front_end = NULL;
    settings.hop_s = 1e-5;
    refused(settings, MM_ERR_USAGE, "less than a sample");
    settings.hop_s = 0;

    /* A head in the place of another has the wrong number of classes; then it is gone. */
    char head[4200];
    struct writer *w = begin();
    static float narrow[MM_MUSICNN_DIM * 3];
    FLOATS(w, "m", MM_MUSICNN_DIM * 3, narrow, MM_MUSICNN_DIM, 3);
    node(w, "MatMul", "in m", "out");
    write_network(folder, 4, w);
    snprintf(head, sizeof head, "%s/%s", folder, mm_model_find("musicnn-msd")->files[4].name);
    refused(settings, MM_ERR_INPUT, "mood_happy-msd-musicnn-1.onnx: its output has not 2 values");
    assert_int_equal(remove(head), 0);
    refused(settings, MM_ERR_NOT_FOUND, "mood_happy-msd-musicnn-1.onnx");
    write_heads(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_is_its_network_over_its_pictures),
        cmocka_unit_test(mm1_has_nothing_to_choose),
        cmocka_unit_test(musicnn_is_its_networks_over_its_patches),
        cmocka_unit_test(musicnn_says_what_it_cannot_use),
    };
    return cmocka_run_group_tests(tests, make_weights, remove_weights);
}
