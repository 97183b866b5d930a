/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>

#include "base/hash.h"
#include "cmd/command.h"

static void report_copy(const struct mm_copy_report *r, const char *to)
{
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(r->hash, hex);
    if (cmd_common.json) {
        cmd_print_json(json_pack("{s:I, s:I, s:I, s:s}", "rows", (json_int_t)r->rows, "sounds",
                                 (json_int_t)r->sounds, "absent", (json_int_t)r->absent, "sha256",
                                 hex));
        return;
    }
    cmd_say("copied: %zu rows and %zu sound%s to %s", r->rows, r->sounds, cmd_s(r->sounds), to);
    if (r->absent)
        cmd_say("%zu sound%s were not there any more", r->absent, cmd_s(r->absent));
    cmd_say("both say the same, SHA-256 %s", hex);
}

int cmd_copy(const struct command *self, int argc, char **argv)
{
    const char *names[2] = {0};
    const struct cmd_option options[] = {
        {"from", 0, CMD_TEXT, &names[0], "LIBRARY", "a folder or postgresql://...", 0, 0},
        {"to", 0, CMD_TEXT, &names[1], "LIBRARY", "the same; made where it is not there yet", 0, 0},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status && (!names[0] || !names[1]))
        status = cmd_fail(self, CMD_USAGE, "--from and --to are both needed");
    if (status)
        return status;
    struct mm_error err = {0};
    struct mm_catalog *from = NULL;
    struct mm_catalog *to = NULL;
    struct mm_copy_report report = {0};
    int result = mm_catalog_open(names[0], false, &from, &err);
    if (result == 0)
        result = mm_catalog_open(names[1], true, &to, &err);
    if (result == 0) {
        result = mm_copy_library(from, to, cmd_progress(), &report, &err);
        cmd_progress_end();
    }
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else
        report_copy(&report, mm_catalog_name(to));
    mm_catalog_close(to);
    mm_catalog_close(from);
    return status;
}
