/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "musicmap/join.h"
#include "musicmap/store.h"

static int take_pool(const struct command *self, const char *name, enum mm_pool_kind *out)
{
    static const char *const names[] = {[MM_POOL_MEAN] = "mean",
                                        [MM_POOL_MAX] = "max",
                                        [MM_POOL_MEANMAX] = "meanmax",
                                        [MM_POOL_NONE] = "none"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum mm_pool_kind)i;
            return 0;
        }
    return cmd_fail(self, CMD_USAGE, "--pool cannot be \"%s\": mean, max or meanmax", name);
}

int cmd_embed_options(const struct command *self, const struct cmd_embed_options *in,
                      struct mm_embed_options *out)
{
    *out = (struct mm_embed_options){
        .model = {.model = in->model ? in->model : mm_model_default(),
                  .weights = in->weights,
                  .front_end = in->front_end,
                  .hop_s = in->hop,
                  .center = in->center      ? 1
                            : in->no_center ? 0
                                            : -1,
                  .cpu = in->cpu},
        .excerpt_s = 30,
        .true_peak = in->true_peak,
        .retry = in->retry,
    };
    struct mm_error err = {0};
    if (mm_join_check(out->model.model, &err) < 0)
        return cmd_fail(self, CMD_USAGE, "%s", err.message);
    if (in->center && in->no_center)
        return cmd_fail(self, CMD_USAGE, "--center or --no-center, not both");
    if (in->pool && take_pool(self, in->pool, &out->model.pool))
        return CMD_USAGE;
    if (in->excerpt && strcmp(in->excerpt, "full") == 0) {
        out->excerpt_s = 0;
    } else if (in->excerpt) {
        char *end;
        out->excerpt_s = strtod(in->excerpt, &end);
        if (!*in->excerpt || *end || !(out->excerpt_s >= 1 && out->excerpt_s <= 3600))
            return cmd_fail(self, CMD_USAGE,
                            "--excerpt cannot be \"%s\": 1 to 3600 seconds, or full", in->excerpt);
    }
    return 0;
}

int cmd_run_embed(const struct command *self, struct mm_catalog *catalog,
                  struct mm_helpers *helpers, const struct mm_embed_options *options,
                  struct mm_embed_report *report)
{
    struct mm_error err = {0};
    int result = mm_embed_songs(catalog, helpers, options, cmd_work_progress(catalog, "embed"),
                                report, &err);
    cmd_progress_end();
    cmd_work_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    if (report->todo == 0)
        cmd_say("embedded: nothing new");
    else
        cmd_say("embedded: %zu song%s in %.1f s (%.1f songs/s), %zu failed", report->embedded,
                cmd_s(report->embedded), report->seconds,
                (double)report->embedded / report->seconds, report->failed);
    if (report->failed)
        cmd_say("what failed and why: musicmap status");
    return report->failed ? CMD_PARTLY : CMD_DONE;
}

/* Embeds, and again whenever the library's figures have changed, until Ctrl-C. */
static int follow_library(const struct command *self, struct mm_catalog *catalog,
                          struct mm_helpers *helpers, const struct mm_embed_options *options)
{
    struct mm_error err = {0};
    struct mm_embed_report report;
    struct mm_catalog_counts before = {0};
    int status = cmd_run_embed(self, catalog, helpers, options, &report);
    int result = mm_catalog_count(catalog, &before, &err);
    while (result == 0 && status <= CMD_PARTLY && !cmd_interrupted()) {
        struct mm_catalog_counts now = {0};
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
        result = mm_catalog_count(catalog, &now, &err);
        if (result < 0 || cmd_interrupted() ||
            (now.present == before.present && now.measured == before.measured))
            continue;
        status = cmd_run_embed(self, catalog, helpers, options, &report);
        result = mm_catalog_count(catalog, &before, &err);
    }
    if (cmd_interrupted())
        return CMD_DONE; /* that is how it ends */
    return result < 0 ? cmd_fail_error(self, &err) : status;
}

/* From now on; NULL leaves it as it is. */
static int keep_vectors(const struct command *self, const char *keep)
{
    if (!keep)
        return CMD_DONE;
    if (strcmp(keep, "float16") != 0 && strcmp(keep, "float32") != 0)
        return cmd_fail(self, CMD_USAGE, "--vectors cannot be \"%s\": float32 or float16", keep);
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_error err = {0};
    int status = catalog ? CMD_DONE : CMD_FAILED;
    if (catalog && mm_catalog_keep_half(catalog, strcmp(keep, "float16") == 0, &err) < 0)
        status = cmd_fail_error(self, &err);
    mm_catalog_close(catalog);
    return status;
}

int cmd_embed(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options in = {0};
    bool segments = false;
    const char *import = NULL;
    const char *songs = NULL;
    const char *keep = NULL;
    bool watch = false;
    const struct cmd_option options[] = {
        CMD_EMBED_OPTIONS(in),
        {"watch", 0, CMD_FLAG, &watch, NULL, "go on when songs come, until Ctrl-C", 0, 0},
        {"retry", 0, CMD_FLAG, &in.retry, NULL, "try again what failed before", 0, 0},
        {"segments", 0, CMD_FLAG, &segments, NULL,
         "also how songs begin and end, for the transitions of sets", 0, 0},
        {"vectors", 0, CMD_TEXT, &keep, "float32|float16",
         "how exactly the library keeps vectors from now on (default float32)", 0, 0},
        {"import", 0, CMD_TEXT, &import, "FILE.npy",
         "take vectors from elsewhere, a row a song, as model --model", 0, 0},
        {"songs", 0, CMD_TEXT, &songs, "LIST", "the songs of --import's rows: .txt or .csv", 0, 0},
        {0},
    };
    struct mm_embed_options embed;
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status && (import || songs) && (watch || segments))
        status = cmd_fail(self, CMD_USAGE, "--import does not go with --watch or --segments");
    if (!status && (import || songs)) {
        status = keep_vectors(self, keep);
        return status ? status : cmd_run_import(self, import, songs, in.model);
    }
    if (!status)
        status = cmd_embed_options(self, &in, &embed);
    if (!status)
        embed.segments = segments;
    if (!status && embed.model.pool == MM_POOL_NONE)
        status = cmd_fail(self, CMD_USAGE,
                          "a library keeps one vector a song: --pool mean, max "
                          "or meanmax");
    if (!status)
        status = keep_vectors(self, keep);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = CMD_FAILED;
    if (helpers && watch) {
        status = follow_library(self, catalog, helpers, &embed);
    } else if (helpers) {
        struct mm_embed_report report;
        status = cmd_run_embed(self, catalog, helpers, &embed, &report);
        if (cmd_common.json && status <= CMD_PARTLY)
            cmd_print_json(json_pack("{s:s, s:I, s:I, s:I, s:f}", "model", embed.model.model,
                                     "todo", (json_int_t)report.todo, "embedded",
                                     (json_int_t)report.embedded, "failed",
                                     (json_int_t)report.failed, "seconds", report.seconds));
    }
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
