/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/npy.h"
#include "cmd/npz.h"
#include "musicmap/join.h"
#include "musicmap/store.h"

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    (void)rate_index;
    return mm_embed_stream_push(ctx, samples, count, err);
}

/* *shape gets that of the array to write. */
static int embed_file(struct mm_helpers *helpers, const char *path,
                      const struct mm_embed_options *options, struct mm_embedding *out,
                      struct cmd_shape *shape, struct mm_error *err)
{
    struct mm_embedder *embedder = NULL;
    struct mm_embed_stream *stream = NULL;
    struct mm_audio_request request = {.excerpt_s = options->excerpt_s, .n_rates = 1};
    struct mm_measure measure = {0};
    struct mm_embed_settings model = options->model;
    model.read_weights = mm_helpers_weights;
    model.read_weights_ctx = helpers;
    int result = mm_embedder_create(&model, &embedder, err);
    if (result == 0)
        result = mm_embed_stream_create(embedder, &stream, err);
    if (result == 0) {
        request.rates[0] = mm_embedder_model(embedder)->sample_rate;
        result = mm_helpers_analyse(helpers, path, &request, feed, stream, &measure, err);
    }
    if (result == 0)
        result = mm_embed_stream_finish(stream, out, err);
    /* The model's seconds count from the excerpt's beginning. */
    for (size_t i = 0; result == 0 && i < out->n_windows; i++)
        out->timestamps[i] += measure.excerpt_start_s;
    if (result == 0) {
        *shape = (struct cmd_shape){2, {out->n_windows, out->dim}};
        if (model.picture) {
            shape->rank = 3;
            mm_embedder_picture(embedder, &shape->dims[1], &shape->dims[2]);
        }
    }
    mm_embed_stream_destroy(stream);
    mm_embedder_destroy(embedder);
    return result;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = name ? strlen(name) : 0;
    size_t n = strlen(ending);
    return length > n && strcmp(name + length - n, ending) == 0;
}

/* .npz: embedding and timestamps; .npy: the embedding alone, one-dimensional when it is pooled. */
static int write_vectors(const char *path, const struct mm_embedding *got,
                         const struct cmd_shape *shape, enum mm_pool_kind pool,
                         struct mm_error *err)
{
    if (has_ending(path, ".npz"))
        return cmd_write_npz(path, got->values, shape, got->timestamps, err);
    const struct cmd_shape one = {1, {got->dim}};
    return cmd_write_npy(path, got->values, pool == MM_POOL_NONE ? shape : &one, err);
}

/* The last part of cmd_embed_options() for one file: pooling, and pictures in place of vectors. */
static int choose_windows(const struct command *self, struct cmd_embed_options *in, bool picture,
                          bool archive)
{
    if (picture && in->pool && strcmp(in->pool, "none") != 0)
        return cmd_fail(self, CMD_USAGE, "--frontend-only gives every window: no --pool");
    /* As OpenL3's own tool does it: the archive has a row a window. */
    if (picture || (!in->pool && archive))
        in->pool = "none";
    return 0;
}

/* A join has no vectors of its own: of the usual one its first model. join must outlive *name. */
static int choose_model(const struct command *self, struct mm_join *join, const char **name)
{
    struct mm_error err = {0};
    if (mm_join_parse(*name ? *name : mm_model_default(), join, &err) < 0)
        return cmd_fail(self, CMD_USAGE, "%s", err.message);
    if (*name && join->n > 1)
        return cmd_fail(self, CMD_USAGE, "one model at a time: \"%s\" joins several", *name);
    if (!*name)
        *name = join->part[0].name;
    return 0;
}

int cmd_features(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options in = {0};
    const char *output = NULL;
    bool picture = false;
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &output, "FILE", "file to write, .npy or .npz", 0, 0},
        CMD_EMBED_OPTIONS(in),
        {"frontend-only", 0, CMD_FLAG, &picture, NULL,
         "what enters the network, a picture a window (needs no weights)", 0, 0},
        {0},
    };
    char **files;
    size_t n;
    struct mm_embed_options embed;
    struct mm_join join;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &files, &n);
    if (!status && (!output || !(has_ending(output, ".npy") || has_ending(output, ".npz"))))
        status = cmd_fail(self, CMD_USAGE, "say where to: -o FILE.npy or FILE.npz");
    if (!status)
        status = choose_windows(self, &in, picture, has_ending(output, ".npz"));
    if (!status)
        status = choose_model(self, &join, &in.model);
    if (!status)
        status = cmd_embed_options(self, &in, &embed);
    if (status)
        return status;
    embed.model.picture = picture;
    struct mm_helpers *helpers = cmd_start_helpers(self);
    if (!helpers)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct mm_embedding got = {0};
    struct cmd_shape shape = {0};
    int result = embed_file(helpers, files[0], &embed, &got, &shape, &err);
    if (result == 0)
        result = write_vectors(output, &got, &shape, embed.model.pool, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:o, s:s, s:I, s:I}", "file", cmd_json_text(output), "model",
                                 embed.model.model, "windows", (json_int_t)got.n_windows, "values",
                                 (json_int_t)got.dim));
    else
        cmd_say("written: %s (%zu x %zu values)", output, got.n_windows, got.dim);
    mm_embedding_finish(&got);
    mm_helpers_destroy(helpers);
    return status;
}
