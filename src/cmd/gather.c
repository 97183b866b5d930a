/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"

static void say_skipped(void *ctx, enum mm_skip kind, const char *path, const char *detail)
{
    (void)ctx;
    if (!cmd_common.verbose)
        return;
    char *shown = mm_text_clean_utf8(path, strlen(path));
    cmd_say("passed over (%s%s%s): %s", mm_skip_name(kind), detail && *detail ? ", " : "",
            detail ? detail : "", shown ? shown : "");
    free(shown);
}

static json_t *report_json(const struct mm_gather_report *r)
{
    json_t *skipped = json_object();
    for (int i = 0; i < MM_SKIP_KINDS; i++)
        json_object_set_new(skipped, mm_skip_name((enum mm_skip)i),
                            json_integer((json_int_t)r->skipped[i]));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "found", (json_int_t)r->found,
                     "added", (json_int_t)r->added, "changed", (json_int_t)r->changed, "moved",
                     (json_int_t)r->moved, "unchanged", (json_int_t)r->unchanged, "missing",
                     (json_int_t)r->missing, "hidden", (json_int_t)r->hidden, "failed",
                     (json_int_t)r->failed, "skipped", skipped);
}

static void say_report(const struct mm_gather_report *r)
{
    struct mm_text line = {0};
    mm_text_addf(&line, "gathered: %zu songs found, %zu new", r->found, r->added);
    const struct {
        size_t count;
        const char *word;
    } rest[] = {
        {r->changed, "changed"}, {r->moved, "moved"},
        {r->missing, "missing"}, {r->hidden, "hidden"},
        {r->failed, "failed"},   {r->skipped[MM_SKIP_NOT_AUDIO], "not audio"},
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count)
            mm_text_addf(&line, ", %zu %s", rest[i].count, rest[i].word);
    cmd_say("%s", line.data);
    mm_text_finish(&line);
    if (r->failed)
        cmd_say("what failed and why: musicmap status");
}

int cmd_run_gather(const struct command *self, struct mm_catalog *catalog,
                   struct mm_helpers *helpers, char **folders, size_t n,
                   struct mm_gather_report *report)
{
    struct mm_error err = {0};
    int result = mm_gather_folders(catalog, helpers, (const char *const *)folders, n, say_skipped,
                                   NULL, cmd_progress(), report, &err);
    cmd_progress_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    say_report(report);
    return report->failed ? CMD_PARTLY : CMD_DONE;
}

int cmd_gather(const struct command *self, int argc, char **argv)
{
    char **operands;
    size_t n;
    int status = cmd_parse(self, NULL, argc, argv, 2, SIZE_MAX, &operands, &n);
    if (status)
        return status;
    if (strcmp(operands[0], "folder") != 0)
        return cmd_fail(self, CMD_USAGE,
                        "there is no source \"%s\"; \"folder\" is the one there is", operands[0]);
    struct mm_catalog *catalog = cmd_open_library(self, true);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = CMD_FAILED;
    if (helpers) {
        struct mm_gather_report report;
        status = cmd_run_gather(self, catalog, helpers, operands + 1, n - 1, &report);
        if (cmd_common.json && status <= CMD_PARTLY)
            cmd_print_json(report_json(&report));
    }
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
