/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/musicnn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/files.h"
#include "embed/musicnn_frontend.h"
#include "embed/onnx.h"
#include "embed/program.h"
#include "embed/windows.h"

#define RELEASE "https://github.com/NeptuneHub/AudioMuse-AI/releases/download/v3.0.0-model/"

#define FILE_ROW(file, size, sha256)               \
    {                                              \
        file, RELEASE file, "sha256:" sha256, size \
    }

/* Essentia's models; this release carries them unchanged in ONNX form. */
const struct mm_model_file mm_musicnn_files[MM_MUSICNN_FILES] = {
    FILE_ROW("msd-musicnn-1.onnx", 3125573,
             "e9347e05e34e203ee09684cd2cc7b077e84042766fcd908a46abc73bc62a8d97"),
    FILE_ROW("msd-msd-musicnn-1.onnx", 43500,
             "ba0f4dbf7b5e140704b5fc1eabda1f74fe392fa66fdae86a485376c1a03805e8"),
    FILE_ROW("danceability-msd-musicnn-1.onnx", 82057,
             "c7b8e5174b82ea0495bcaa9c026409b3fb8e65249f02c6a3e072c2f550cff4da"),
    FILE_ROW("mood_aggressive-msd-musicnn-1.onnx", 82060,
             "1c557e3dd5c5f2a53196079ba18c6ef1c623329999452ef78a613a1f44977e81"),
    FILE_ROW("mood_happy-msd-musicnn-1.onnx", 82055,
             "43c4b92fedfe6315195afa43341c3d8e5caa136bc1eebf70afc108118af24de0"),
    FILE_ROW("mood_party-msd-musicnn-1.onnx", 82055,
             "0f97f066d2443bbb2ac6cf7542705e55b2ef569660e20c7013035ec9ec2f8b59"),
    FILE_ROW("mood_relaxed-msd-musicnn-1.onnx", 82057,
             "b906585906e5a813d3c2faef6b5a77b36296842c0fc5c6eb9a7a6bdf9a1587f4"),
    FILE_ROW("mood_sad-msd-musicnn-1.onnx", 82053,
             "d128e97fb728972d7d827b781acb28d71ac3dcb37b4d4afd83a812f16a1b262d"),
};

/* What the outputs of the heads mean, in the order of the training's labels. */
static const char *const tag_names[] = {
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s",
    "alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock",
    "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill", "instrumental",
    "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental",
    "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop",
    "sad", "House", "happy",
    /* one value each of the heads with two classes */
    "danceability", "mood_aggressive", "mood_happy", "mood_party", "mood_relaxed", "mood_sad"};
#define N_TAGS (sizeof tag_names / sizeof tag_names[0])

#define N_LABELS 50 /* of the first head */
#define N_HEADS  (MM_MUSICNN_FILES - 1)

/* Which of its two classes says "yes"; they are in alphabetical order ("non_sad", "sad"). */
static const size_t yes_class[N_HEADS] = {0, 0, 0, 0, 1, 1, 1};

struct musicnn {
    struct mm_program *network; /* NULL: only patches are wanted */
    struct mm_program *heads[N_HEADS];
    size_t hop; /* samples */
    char hash[MM_FILES_HASH];
};

struct musicnn_stream {
    const struct musicnn *model;
    struct mm_windows windows;
    struct mm_musicnn_frontend *frontend;
    struct mm_program_work *network;
    struct mm_program_work *heads[N_HEADS];
    float patch[MM_MUSICNN_FRAMES * MM_MUSICNN_BANDS];
    float vector[MM_MUSICNN_DIM];
    float tags[N_TAGS];
    struct mm_pooling *pooling; /* during push and finish */
};

/* ---- the shared part ---- */

static void musicnn_destroy(void *shared)
{
    struct musicnn *model = shared;
    for (size_t i = 0; i < N_HEADS; i++)
        mm_program_destroy(model->heads[i]);
    mm_program_destroy(model->network);
    free(model);
}

/* Loads file number `index`, which must turn `in` into [1][outputs]. */
static int load(const struct mm_model *row, const struct mm_embed_settings *settings, size_t index,
                const struct mm_shape *in, size_t outputs, struct mm_program **out,
                struct mm_error *err)
{
    struct mm_graph graph = {0};
    const struct mm_kernels *kernels;
    char *path = NULL;
    int result = mm_files_kernels(settings, &kernels, err);
    if (result == 0)
        result = mm_files_find(row, settings, index, &path, err);
    if (result == 0)
        result = mm_onnx_read(path, MM_ONNX_LIMIT, &graph, err);
    if (result == 0) {
        result = mm_program_create(&graph, in, kernels, out, err);
        if (result == 0 && mm_shape_count(mm_program_output(*out)) != outputs)
            result = mm_error_set(err, MM_ERR_INPUT, "its output has not %zu values", outputs);
        if (result < 0)
            mm_error_prefix(err, "%s", path);
    }
    mm_graph_finish(&graph);
    free(path);
    return result;
}

static int musicnn_create(const struct mm_model *row, const struct mm_embed_settings *settings,
                          void **shared, struct mm_error *err)
{
    *shared = NULL;
    if (settings->front_end || settings->center > 0)
        return mm_error_set(err, MM_ERR_USAGE, "MusiCNN has no front end or centring to choose");
    struct musicnn *model = calloc(1, sizeof *model);
    if (!model)
        return mm_no_memory(err);
    model->hop = MM_MUSICNN_STEP;
    if (settings->hop_s > 0)
        model->hop = (size_t)lround(settings->hop_s * MM_MUSICNN_RATE);
    int result = 0;
    if (model->hop == 0)
        result =
            mm_error_set(err, MM_ERR_USAGE, "a hop of %g s is less than a sample", settings->hop_s);
    const struct mm_shape patch = {3, {1, MM_MUSICNN_FRAMES, MM_MUSICNN_BANDS}};
    const struct mm_shape vector = {2, {1, MM_MUSICNN_DIM}};
    if (result < 0 || settings->picture)
        goto out;
    result = load(row, settings, 0, &patch, MM_MUSICNN_DIM, &model->network, err);
    for (size_t i = 0; result == 0 && i < N_HEADS; i++)
        result = load(row, settings, i + 1, &vector, i ? 2 : N_LABELS, &model->heads[i], err);
    if (result == 0)
        result = mm_files_hash(row, settings, model->hash, err);
out:
    if (result < 0)
        musicnn_destroy(model);
    else
        *shared = model;
    return result;
}

static void musicnn_describe(const void *shared, struct mm_text *line)
{
    const struct musicnn *model = shared;
    mm_text_addf(line, "v1 hop=%.9g weights=%s", (double)model->hop / MM_MUSICNN_RATE, model->hash);
}

static void musicnn_picture(const void *shared, size_t *rows, size_t *columns)
{
    (void)shared;
    *rows = MM_MUSICNN_FRAMES;
    *columns = MM_MUSICNN_BANDS;
}

static void musicnn_memory(const void *shared, size_t *shared_bytes, size_t *stream_bytes)
{
    const struct musicnn *model = shared;
    *shared_bytes = sizeof *model;
    *stream_bytes = sizeof(struct musicnn_stream) + MM_MUSICNN_SAMPLES * sizeof(float);
    if (!model->network)
        return;
    *shared_bytes += mm_program_bytes(model->network);
    *stream_bytes += mm_program_work_bytes(model->network);
    for (size_t i = 0; i < N_HEADS; i++) {
        *shared_bytes += mm_program_bytes(model->heads[i]);
        *stream_bytes += mm_program_work_bytes(model->heads[i]);
    }
}

/* ---- streams ---- */

static void musicnn_stream_destroy(void *data)
{
    struct musicnn_stream *stream = data;
    for (size_t i = 0; i < N_HEADS; i++)
        mm_program_work_destroy(stream->heads[i]);
    mm_program_work_destroy(stream->network);
    mm_musicnn_frontend_destroy(stream->frontend);
    mm_windows_finish(&stream->windows);
    free(stream);
}

static int musicnn_stream_create(void *shared, void **out, struct mm_error *err)
{
    const struct musicnn *model = shared;
    *out = NULL;
    struct musicnn_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return mm_no_memory(err);
    stream->model = model;
    int result =
        mm_windows_init(&stream->windows, MM_MUSICNN_SAMPLES, model->hop, 0, MM_TAIL_DROP, err);
    if (result == 0)
        result = mm_musicnn_frontend_create(&stream->frontend, err);
    if (result == 0 && model->network)
        result = mm_program_work_create(model->network, &stream->network, err);
    for (size_t i = 0; result == 0 && model->network && i < N_HEADS; i++)
        result = mm_program_work_create(model->heads[i], &stream->heads[i], err);
    if (result < 0)
        musicnn_stream_destroy(stream);
    else
        *out = stream;
    return result;
}

static int take_patch(void *ctx, size_t index, const float *samples, struct mm_error *err)
{
    struct musicnn_stream *stream = ctx;
    const struct musicnn *model = stream->model;
    double seconds = (double)(index * model->hop) / MM_MUSICNN_RATE;
    mm_musicnn_frontend_run(stream->frontend, samples, stream->patch);
    if (!model->network)
        return mm_pooling_add(stream->pooling, stream->patch, NULL, seconds, err);
    mm_program_run(model->network, stream->network, stream->patch, stream->vector);
    mm_program_run(model->heads[0], stream->heads[0], stream->vector, stream->tags);
    for (size_t i = 1; i < N_HEADS; i++) {
        float classes[2];
        mm_program_run(model->heads[i], stream->heads[i], stream->vector, classes);
        stream->tags[N_LABELS + i - 1] = classes[yes_class[i]];
    }
    return mm_pooling_add(stream->pooling, stream->vector, stream->tags, seconds, err);
}

static int musicnn_push(void *data, const float *samples, size_t count, struct mm_pooling *pooling,
                        struct mm_error *err)
{
    struct musicnn_stream *stream = data;
    stream->pooling = pooling;
    return mm_windows_push(&stream->windows, samples, count, take_patch, stream, err);
}

static int musicnn_finish(void *data, struct mm_pooling *pooling, struct mm_error *err)
{
    struct musicnn_stream *stream = data;
    stream->pooling = pooling;
    return mm_windows_end(&stream->windows, take_patch, stream, err);
}

static void musicnn_reset(void *data)
{
    struct musicnn_stream *stream = data;
    mm_windows_reset(&stream->windows);
}

const struct mm_model_ops mm_musicnn_ops = {
    .tag_names = tag_names,
    .n_tags = N_TAGS,
    .create = musicnn_create,
    .destroy = musicnn_destroy,
    .describe = musicnn_describe,
    .picture = musicnn_picture,
    .memory = musicnn_memory,
    .stream_create = musicnn_stream_create,
    .stream_destroy = musicnn_stream_destroy,
    .push = musicnn_push,
    .finish = musicnn_finish,
    .reset = musicnn_reset,
};
