/* SPDX-License-Identifier: BSD-2-Clause */
/* embed --import: vectors from elsewhere. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"

enum { SHOWN_UNMATCHED = 20 };

static void note_unmatched(void *ctx, size_t line, const char *name, const char *why)
{
    char *clean = mm_text_clean_utf8(name, strlen(name));
    json_array_append_new(ctx, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)line, "name",
                                         clean ? clean : "", "reason", why));
    free(clean);
}

static void say_unmatched(const json_t *unmatched)
{
    size_t n = json_array_size(unmatched);
    size_t shown = cmd_common.verbose || n <= SHOWN_UNMATCHED ? n : SHOWN_UNMATCHED;
    for (size_t i = 0; i < shown; i++) {
        const json_t *one = json_array_get(unmatched, i);
        cmd_say("  line %d, \"%s\": %s", (int)json_integer_value(json_object_get(one, "line")),
                json_string_value(json_object_get(one, "name")),
                json_string_value(json_object_get(one, "reason")));
    }
    if (shown < n)
        cmd_say("  ... and %zu more: --verbose", n - shown);
}

int cmd_run_import(const struct command *self, const char *vectors, const char *songs,
                   const char *model)
{
    if (!vectors || !songs || !model)
        return cmd_fail(self, CMD_USAGE,
                        "--import FILE.npy, --songs LIST and --model NAME belong "
                        "together");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    json_t *unmatched = json_array();
    const struct mm_import what = {.vectors = vectors,
                                   .songs = songs,
                                   .model = model,
                                   .unmatched = note_unmatched,
                                   .ctx = unmatched};
    struct mm_import_report report;
    struct mm_error err = {0};
    int status = mm_import_vectors(catalog, &what, &report, &err);
    mm_catalog_close(catalog);
    if (status < 0) {
        say_unmatched(unmatched);
        status = err.code == MM_ERR_USAGE ? cmd_fail(self, CMD_USAGE, "%s", err.message)
                                          : cmd_fail_error(self, &err);
    } else {
        cmd_say("imported: %zu vectors of %zu values as %s; %zu songs of the library have none",
                report.matched, report.values, model, report.lacking);
        if (report.unmatched)
            cmd_say("%zu rows are of no song here:", report.unmatched);
        say_unmatched(unmatched);
        if (cmd_common.json)
            cmd_print_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:O}", "model", model, "rows",
                                     (json_int_t)report.rows, "values", (json_int_t)report.values,
                                     "matched", (json_int_t)report.matched, "lacking",
                                     (json_int_t)report.lacking, "unmatched", unmatched));
        status = report.unmatched ? CMD_PARTLY : CMD_DONE;
    }
    json_decref(unmatched);
    return status;
}
