/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a library, and what to do about it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "musicmap/work.h"

struct visit {
    json_t *findings;
    size_t open;   /* findings that want something done */
    size_t damage; /* of the catalog */
    bool state;    /* it cannot be opened as things are */
};

static const char *const kinds[] = {[MM_FINDING_DAMAGE] = "damage",
                                    [MM_FINDING_STRAY] = "stray",
                                    [MM_FINDING_LACK] = "lack",
                                    [MM_FINDING_STATE] = "state"};

static void note(void *ctx, const struct mm_finding *finding)
{
    struct visit *visit = ctx;
    visit->open += !finding->mended;
    visit->damage += finding->kind == MM_FINDING_DAMAGE;
    visit->state = visit->state || finding->kind == MM_FINDING_STATE;
    json_array_append_new(visit->findings,
                          json_pack("{s:s, s:o, s:o, s:b}", "kind", kinds[finding->kind], "what",
                                    cmd_json_text(finding->what), "advice",
                                    cmd_json_text(finding->advice), "mended", finding->mended));
    if (cmd_common.json)
        return;
    cmd_progress_end();
    fputs(finding->mended ? "mended: " : "", stdout);
    cmd_put(0, finding->what);
    putchar('\n');
    if (finding->advice) {
        fputs("    ", stdout);
        cmd_put(0, finding->advice);
        putchar('\n');
    }
}

static int rebuild(const struct command *self, const char *path, struct visit *visit)
{
    struct mm_error err = {0};
    struct mm_salvage_report report;
    if (mm_catalog_rebuild(path, cmd_progress(), &report, &err) < 0)
        return cmd_fail_error(self, &err);
    cmd_say("rebuilt from %zu row%s; %zu belonged to lost ones, reading broke off in %zu table%s",
            report.rows, cmd_s(report.rows), report.refused, report.torn, cmd_s(report.torn));
    cmd_say("the old catalog is kept: %s", report.kept);
    cmd_say("what is missing now comes back by: musicmap gather, musicmap embed, musicmap map");
    json_array_clear(visit->findings);
    *visit = (struct visit){.findings = visit->findings};
    return CMD_DONE;
}

/* What can only be seen in a catalog that opens. */
static int examine_library(const struct command *self, const char *path, bool mend,
                           struct visit *visit)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    int result = mm_catalog_open(path, false, &catalog, &err);
    if (result == 0)
        result = mm_library_examine(catalog, mend, cmd_progress(), note, visit, &err);
    cmd_progress_end();
    mm_catalog_close(catalog);
    return result < 0 ? cmd_fail_error(self, &err) : CMD_DONE;
}

static int examine(const struct command *self, const char *path, bool mend, struct visit *visit)
{
    struct mm_error err = {0};
    int status = CMD_DONE;
    if (mm_catalog_examine(path, note, visit, &err) < 0) {
        if (err.code != MM_ERR_INPUT)
            return cmd_fail_error(self, &err);
        note(visit, &(struct mm_finding){.kind = MM_FINDING_DAMAGE,
                                         .what = err.message,
                                         .advice = "musicmap restore FILE --replace, from a "
                                                   "backup; or musicmap doctor --rebuild"});
    }
    bool strays = visit->open && !visit->state;
    if (mend && strays)
        status = rebuild(self, path, visit);
    if (status == CMD_DONE && visit->damage == 0 && !visit->state)
        status = examine_library(self, path, mend, visit);
    return status;
}

/* A finding a line, or what --json says. */
int cmd_doctor(const struct command *self, int argc, char **argv)
{
    bool mend = false;
    const struct cmd_option options[] = {
        {"rebuild", 0, CMD_FLAG, &mend, NULL,
         "save what can be read of a damaged catalog, remove what belongs to nothing", 0, 0},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    char *path = cmd_library_path();
    struct visit visit = {.findings = json_array()};
    status = path && visit.findings ? examine(self, path, mend, &visit)
                                    : cmd_fail(self, CMD_FAILED, "out of memory");
    if (status == CMD_DONE && visit.open)
        status = CMD_PARTLY;
    if (cmd_common.json && status <= CMD_PARTLY)
        cmd_print_json(
            json_pack("{s:b, s:O}", "sound", visit.open == 0, "findings", visit.findings));
    else if (status == CMD_DONE)
        cmd_say("the library is sound");
    json_decref(visit.findings);
    free(path);
    return status;
}
