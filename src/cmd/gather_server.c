/* SPDX-License-Identifier: BSD-2-Clause */
/* gather subsonic: the collection of a server of the user's. */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "cmd/gather.h"

static json_t *report_json(const struct mm_remote_report *r)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "source", MM_REMOTE_SOURCE, "found",
                     (json_int_t)r->found, "added", (json_int_t)r->added, "joined",
                     (json_int_t)r->joined, "known", (json_int_t)r->known, "renamed",
                     (json_int_t)r->renamed, "missing", (json_int_t)r->missing);
}

static void say_report(const struct mm_remote_report *r)
{
    const struct {
        size_t count;
        const char *words;
    } rest[] = {
        {r->joined, "that the library had from elsewhere"},
        {r->renamed, "known under another id"},
        {r->missing, "not there any more"},
    };
    struct mm_text line = {0};
    mm_text_addf(&line, "gathered from the server: %zu song%s found, %zu new", r->found,
                 cmd_s(r->found), r->added);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count)
            mm_text_addf(&line, ", %zu %s", rest[i].count, rest[i].words);
    if (r->added)
        mm_text_add(&line, "; \"musicmap embed\" fetches each, measures it and drops it");
    cmd_say("%s", line.data ? line.data : "");
    mm_text_finish(&line);
}

int cmd_run_server(const struct command *self, struct mm_catalog *catalog, const char *url)
{
    const struct mm_remote_settings settings = {
        .url = url, .seed = cmd_common.seed, .progress = cmd_progress(), .log = cmd_log_request};
    struct mm_remote_report report;
    struct mm_error err = {0};
    int result =
        mm_gather_server(catalog, &settings, cmd_work_progress(catalog, "gather"), &report, &err);
    cmd_progress_end();
    cmd_work_end();
    if (result < 0 && (err.code == MM_ERR_AGAIN || err.code == MM_ERR_LIMIT))
        return cmd_fail(self, CMD_FAILED, "%s; nothing was changed: try again", err.message);
    if (result < 0)
        return cmd_fail(self, err.code == MM_ERR_USAGE ? CMD_USAGE : CMD_FAILED, "%s", err.message);
    say_report(&report);
    if (cmd_common.json)
        cmd_print_json(report_json(&report));
    return CMD_DONE;
}
