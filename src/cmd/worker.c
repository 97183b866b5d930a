/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/command.h"

/* With the time of day: the logs of several machines are read side by side. */
static void log_line(void *ctx, const char *line)
{
    (void)ctx;
    char clock[32];
    time_t now = time(NULL);
    struct tm local;
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &local));
    cmd_progress_end();
    cmd_say("%s %s", clock, line);
}

static int check(const struct command *self, const struct cmd_list *maps)
{
    struct mm_error err = {0};
    for (size_t i = 0; i < maps->n; i++)
        if (mm_worker_check_map(maps->values[i], &err) < 0)
            return cmd_fail(self, CMD_USAGE, "--path-map: %s", err.message);
    return 0;
}

static int report_work(const struct mm_worker_report *report)
{
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "done", (json_int_t)report->done,
                                 "failed", (json_int_t)report->failed, "parked",
                                 (json_int_t)report->parked, "given_back",
                                 (json_int_t)report->given_back, "lost", (json_int_t)report->lost,
                                 "seconds", report->seconds));
    else
        cmd_say("worked: %zu song%s in %.1f s (%.1f songs/s), %zu failed", report->done,
                cmd_s(report->done), report->seconds, (double)report->done / report->seconds,
                report->failed);
    if (report->failed)
        cmd_say("what failed and why: musicmap status");
    return report->failed ? CMD_PARTLY : CMD_DONE;
}

static int work(const struct command *self, const struct mm_worker_options *options)
{
    struct mm_error err = {0};
    struct mm_worker_report report;
    struct mm_helpers *helpers = cmd_start_helpers(self);
    char *library = helpers ? cmd_library_path() : NULL;
    int status = CMD_FAILED;
    if (library) {
        int result = mm_run_worker(library, helpers, options, cmd_progress(), &report, &err);
        cmd_progress_end();
        status = result < 0 ? cmd_fail_error(self, &err) : report_work(&report);
    }
    free(library);
    mm_helpers_destroy(helpers);
    return status;
}

int cmd_worker(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options in = {0};
    struct cmd_list maps = {0};
    bool segments = false;
    struct mm_worker_options options = {.lease_s = 60, .tries = 3, .log = log_line};
    const struct cmd_option table[] = {
        CMD_EMBED_OPTIONS(in),
        {"path-map", 0, CMD_LIST, &maps, "FROM=TO",
         "files of /FROM are here at /TO, or https://... (may be given several times)", 0, 0},
        {"until-done", 0, CMD_FLAG, &options.until_done, NULL,
         "end when nothing is left to do, instead of waiting for more", 0, 0},
        {"lease", 0, CMD_NUMBER, &options.lease_s, "SECONDS",
         "a worker silent for so long loses its songs to others (default 60)", 1, 86400},
        {"tries", 0, CMD_COUNT, &options.tries, "N",
         "a song that ends N tries is a failure (default 3)", 1, 100},
        {"batch", 0, CMD_COUNT, &options.batch, "N", "songs leased at once (default: two a job)", 1,
         1024},
        {"segments", 0, CMD_FLAG, &segments, NULL,
         "also how songs begin and end, for the transitions of sets", 0, 0},
        {"retry", 0, CMD_FLAG, &in.retry, NULL, "try again what failed before", 0, 0},
        {0},
    };
    int status = cmd_parse(self, table, argc, argv, 0, 0, NULL, NULL);
    if (!status)
        status = cmd_embed_options(self, &in, &options.embed);
    if (!status && options.embed.model.pool == MM_POOL_NONE)
        status = cmd_fail(self, CMD_USAGE,
                          "a library keeps one vector a song: --pool mean, max or meanmax");
    if (!status)
        status = check(self, &maps);
    options.embed.segments = segments;
    options.maps = maps.values;
    options.n_maps = maps.n;
    if (!status)
        status = work(self, &options);
    free(maps.values);
    return status;
}
