/* SPDX-License-Identifier: BSD-2-Clause */
/* musicmap model: which models there are, getting them, proving them right. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/npz.h"
#include "musicmap/store.h"

struct model_options {
    const char *reference; /* folder with the authors' test data */
    const char *weights, *front_end, *cpu;
};

static size_t download_bytes(const struct mm_model *model)
{
    size_t bytes = 0;
    for (size_t i = 0; i < model->n_files; i++)
        bytes += model->files[i].bytes;
    return bytes;
}

/* ---- list ---- */

/* What loading the model takes; 0, 0 when it cannot be loaded. */
static void measure_memory(const struct mm_model *model, struct mm_helpers *helpers, size_t *shared,
                           size_t *stream)
{
    struct mm_embed_settings settings = {
        .model = model->name, .read_weights = mm_helpers_weights, .read_weights_ctx = helpers};
    struct mm_embedder *embedder;
    *shared = *stream = 0;
    if (mm_embedder_create(&settings, &embedder, NULL) < 0)
        return;
    mm_embedder_memory(embedder, shared, stream);
    mm_embedder_destroy(embedder);
}

/* With helpers (--verbose), everything that is known. */
static void print_model(const struct mm_model *model, struct mm_helpers *helpers)
{
    const char *state = model->n_files == 0 ? "built in" : mm_store_has(model) ? "installed" : "-";
    char size[32] = "";
    if (model->n_files && download_bytes(model))
        snprintf(size, sizeof size, "%.1f MB", (double)download_bytes(model) / 1e6);
    printf("%-26s %-9s %8s  %-15s  %s\n", model->name, state, size, model->licence, model->summary);
    if (!helpers)
        return;
    printf("    values    %zu, from sound at %d Hz\n    citation  %s\n", model->dim,
           model->sample_rate, model->citation);
    for (size_t i = 0; i < model->n_files; i++)
        printf("    file      %s\n              %s\n              %s\n", model->files[i].name,
               model->files[i].url, model->files[i].checksum);
    size_t shared = 0;
    size_t stream = 0;
    if (mm_store_has(model))
        measure_memory(model, helpers, &shared, &stream);
    if (shared)
        printf("    memory    %.0f MB, and %.0f MB for each song in work\n", (double)shared / 1e6,
               (double)stream / 1e6);
}

static json_t *model_json(const struct mm_model *model)
{
    json_t *files = json_array();
    for (size_t i = 0; i < model->n_files; i++)
        json_array_append_new(files,
                              json_pack("{s:s, s:s, s:s, s:I}", "name", model->files[i].name, "url",
                                        model->files[i].url, "checksum", model->files[i].checksum,
                                        "bytes", (json_int_t)model->files[i].bytes));
    return json_pack("{s:s, s:b, s:s, s:i, s:I, s:s, s:s, s:o}", "name", model->name, "installed",
                     mm_store_has(model), "summary", model->summary, "sample_rate",
                     model->sample_rate, "values", (json_int_t)model->dim, "licence",
                     model->licence, "citation", model->citation, "files", files);
}

static int list(const struct command *self, const struct model_options *options, char **operands)
{
    (void)options;
    (void)operands;
    size_t count;
    struct mm_helpers *helpers = NULL;
    if (cmd_common.verbose && !(helpers = cmd_start_helpers(self)))
        return CMD_FAILED;
    const struct mm_model *models = mm_models(&count);
    json_t *all = cmd_common.json ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        if (all)
            json_array_append_new(all, model_json(&models[i]));
        else
            print_model(&models[i], helpers);
    }
    if (all)
        cmd_print_json(json_pack("{s:o}", "models", all));
    mm_helpers_destroy(helpers);
    return CMD_DONE;
}

/* ---- fetch, install ---- */

static const struct mm_model *named(const struct command *self, const char *name)
{
    const struct mm_model *model = mm_model_find(name);
    if (!model)
        cmd_fail(self, CMD_USAGE, "there is no model \"%s\"; \"musicmap model list\" shows them",
                 name);
    return model;
}

static int fetch(const struct command *self, const struct model_options *options, char **operands)
{
    (void)options;
    const struct mm_model *model = named(self, operands[0]);
    if (!model)
        return CMD_USAGE;
    struct mm_error err = {0};
    struct mm_fetch_report report;
    cmd_say("licence of %s: %s", model->name, model->licence);
    int result = mm_store_fetch(model, cmd_progress(), &report, &err);
    cmd_progress_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:I, s:I, s:I}", "model", model->name, "fetched",
                                 (json_int_t)report.files, "present", (json_int_t)report.present,
                                 "bytes", (json_int_t)report.bytes));
    else
        cmd_say("%s: %zu files fetched (%.1f MB), %zu were there", model->name, report.files,
                (double)report.bytes / 1e6, report.present);
    return CMD_DONE;
}

static int install(const struct command *self, const struct model_options *options, char **operands)
{
    (void)options;
    struct mm_error err = {0};
    const struct mm_model_file *file;
    if (mm_store_install(operands[0], &file, &err) < 0)
        return cmd_fail_error(self, &err);
    size_t count;
    const struct mm_model *models = mm_models(&count);
    json_t *ready = json_array();
    cmd_say("installed: %s", file->name);
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < models[i].n_files; f++)
            if (&models[i].files[f] == file && mm_store_has(&models[i])) {
                json_array_append_new(ready, json_string(models[i].name));
                cmd_say("ready: %s", models[i].name);
            }
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:s, s:o}", "file", file->name, "ready", ready));
    else
        json_decref(ready);
    return CMD_DONE;
}

/* ---- check ---- */

struct sound {
    float *samples;
    size_t count, capacity;
};

static int collect(void *ctx, size_t rate_index, const float *samples, size_t count,
                   struct mm_error *err)
{
    (void)rate_index;
    struct sound *sound = ctx;
    if (mm_array_reserve(&sound->samples, &sound->capacity, sound->count + count) < 0)
        return mm_no_memory(err);
    memcpy(sound->samples + sound->count, samples, count * sizeof *samples);
    sound->count += count;
    return 0;
}

/* The authors' files in the folder: chirp_44k.wav, and chirp_44k[_kapre|_librosa][_linear].npz. */
static int read_reference(struct mm_helpers *helpers, const char *folder,
                          const struct mm_embed_settings *settings, struct sound *sound,
                          float **embedding, size_t *n_values, struct mm_error *err)
{
    bool other = settings->front_end && strcmp(settings->front_end, "trained") != 0;
    char *wav = mm_format("%s/chirp_44k.wav", folder);
    char *array = mm_format("%s/chirp_44k%s%s%s.npz", folder, other ? "_" : "",
                            other ? settings->front_end : "",
                            strstr(settings->model, "linear") ? "_linear" : "");
    struct mm_audio_request request = {.n_rates = 1,
                                       .rates = {mm_model_find(settings->model)->sample_rate}};
    struct mm_measure measure;
    int result = wav && array ? 0 : mm_no_memory(err);
    if (result == 0)
        result = mm_helpers_analyse(helpers, wav, &request, collect, sound, &measure, err);
    if (result == 0)
        result = cmd_read_npz(array, "embedding", embedding, n_values, err);
    if (result == MM_ERR_NOT_FOUND && sound->count > 0)
        result = 0; /* without the arrays the lengths have to do */
    free(array);
    free(wav);
    return result;
}

static int print_checks(const struct mm_model_check *checks, size_t count)
{
    static const char *const words[] = {
        [MM_CHECK_RIGHT] = "right", [MM_CHECK_WRONG] = "WRONG", [MM_CHECK_NOT_DONE] = "not done"};
    bool wrong = false;
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        wrong |= checks[i].state == MM_CHECK_WRONG;
        if (cmd_common.json)
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s}", "name", checks[i].name, "state",
                                            words[checks[i].state], "detail", checks[i].detail));
        else
            printf("%-18s %-8s  %s\n", checks[i].name, words[checks[i].state], checks[i].detail);
    }
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:b, s:o}", "right", !wrong, "checks", all));
    else
        json_decref(all);
    return wrong ? CMD_PARTLY : CMD_DONE;
}

static int check(const struct command *self, const struct model_options *options, char **operands)
{
    const struct mm_model *model = named(self, operands[0]);
    struct mm_helpers *helpers = model ? cmd_start_helpers(self) : NULL;
    if (!helpers)
        return model ? CMD_FAILED : CMD_USAGE;
    struct mm_embed_settings settings = {.model = model->name,
                                         .weights = options->weights,
                                         .front_end = options->front_end,
                                         .cpu = options->cpu,
                                         .read_weights = mm_helpers_weights,
                                         .read_weights_ctx = helpers};
    struct mm_error err = {0};
    struct sound sound = {0};
    float *embedding = NULL;
    size_t n_values = 0;
    struct mm_model_check checks[MM_MODEL_CHECKS];
    size_t count = 0;
    int result = 0;
    if (options->reference && mm_model_has_reference(&settings))
        result = read_reference(helpers, options->reference, &settings, &sound, &embedding,
                                &n_values, &err);
    const struct mm_model_reference reference = {sound.samples, sound.count, embedding, n_values};
    if (result == 0)
        result = mm_model_check(&settings, sound.count ? &reference : NULL, checks, &count, &err);
    int status = result < 0 ? cmd_fail_error(self, &err) : print_checks(checks, count);
    free(embedding);
    free(sound.samples);
    mm_helpers_destroy(helpers);
    return status;
}

int cmd_model(const struct command *self, int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t operands;
        int (*run)(const struct command *self, const struct model_options *options,
                   char **operands);
    } verbs[] = {
        {"list", 0, list}, {"fetch", 1, fetch}, {"install", 1, install}, {"check", 1, check}};
    struct model_options in = {0};
    const struct cmd_option options[] = {
        {"reference", 0, CMD_TEXT, &in.reference, "FOLDER",
         "check: the authors' test data (chirp_44k.wav, ...)", 0, 0},
        {"weights", 0, CMD_TEXT, &in.weights, "FILE", "check: this file, not the installed one", 0,
         0},
        {"frontend", 0, CMD_TEXT, &in.front_end, "NAME", "check: trained, kapre or librosa", 0, 0},
        {"cpu", 0, CMD_TEXT, &in.cpu, "NAME", "check: kernels to use", 0, 0},
        {0},
    };
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 1, 2, &operands, &n);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(operands[0], verbs[i].name) == 0 && n == 1 + verbs[i].operands)
            return verbs[i].run(self, &in, operands + 1);
    return cmd_fail(self, CMD_USAGE, "\"%s\" is not list, fetch NAME, install FILE or check NAME",
                    operands[0]);
}
