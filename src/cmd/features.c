/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/npy.h"

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

int cmd_features(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options in = {0};
    const char *output = NULL;
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &output, "FILE.npy", "file to write", 0, 0},
        CMD_EMBED_OPTIONS(in),
        {0},
    };
    char **files;
    size_t n;
    struct mm_embed_options embed;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &files, &n);
    if (!status)
        status = cmd_embed_options(self, &in, &embed);
    if (status)
        return status;
    size_t length = output ? strlen(output) : 0;
    if (length < 5 || strcmp(output + length - 4, ".npy") != 0)
        return cmd_fail(self, CMD_USAGE, "say where to: -o FILE.npy");
    struct mm_helpers *helpers = cmd_start_helpers(self);
    if (!helpers)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct mm_embedding vector = {0};
    int result = embed_file(helpers, files[0], &embed, &vector, &err);
    if (result == 0)
        result = cmd_write_npy(output, vector.values, 0, vector.dim, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:s, s:I}", "file", output, "model", embed.model.model,
                                 "values", (json_int_t)vector.dim));
    else
        cmd_say("written: %s (%zu values)", output, vector.dim);
    mm_embedding_finish(&vector);
    mm_helpers_destroy(helpers);
    return status;
}
