/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/npy.h"
#include "cmd/npz.h"

static int feed(void *ctx, size_t rate_index, const float *samples, size_t count,
                struct mm_error *err)
{
    (void)rate_index;
    return mm_embed_stream_push(ctx, samples, count, err);
}

static int embed_file(struct mm_helpers *helpers, const char *path,
                      const struct mm_embed_options *options, struct mm_embedding *out,
                      struct mm_error *err)
{
    struct mm_embedder *embedder = NULL;
    struct mm_embed_stream *stream = NULL;
    struct mm_audio_request request = {.excerpt_s = options->excerpt_s, .n_rates = 1};
    struct mm_measure measure;
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

/* .npz: embedding and timestamps; .npy: the embedding alone. */
static int write_vectors(const char *path, const struct mm_embedding *got, bool windows,
                         struct mm_error *err)
{
    if (has_ending(path, ".npz"))
        return cmd_write_npz(path, got->values, got->timestamps, got->n_windows, got->dim, err);
    return cmd_write_npy(path, got->values, windows ? got->n_windows : 0, got->dim, err);
}

int cmd_features(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options in = {0};
    const char *output = NULL;
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &output, "FILE", "file to write, .npy or .npz", 0, 0},
        CMD_EMBED_OPTIONS(in),
        {0},
    };
    char **files;
    size_t n;
    struct mm_embed_options embed;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &files, &n);
    if (!status && (!output || !(has_ending(output, ".npy") || has_ending(output, ".npz"))))
        status = cmd_fail(self, CMD_USAGE, "say where to: -o FILE.npy or FILE.npz");
    /* As OpenL3's own tool does it: the archive has a row a window. */
    if (!status && !in.pool && has_ending(output, ".npz"))
        in.pool = "none";
    if (!status)
        status = cmd_embed_options(self, &in, &embed);
    if (status)
        return status;
    struct mm_helpers *helpers = cmd_start_helpers(self);
    if (!helpers)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct mm_embedding got = {0};
    int result = embed_file(helpers, files[0], &embed, &got, &err);
    if (result == 0)
        result = write_vectors(output, &got, embed.model.pool == MM_POOL_NONE, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:s, s:I, s:I}", "file", output, "model", embed.model.model,
                                 "windows", (json_int_t)got.n_windows, "values",
                                 (json_int_t)got.dim));
    else
        cmd_say("written: %s (%zu x %zu values)", output, got.n_windows, got.dim);
    mm_embedding_finish(&got);
    mm_helpers_destroy(helpers);
    return status;
}
