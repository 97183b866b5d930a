/* SPDX-License-Identifier: BSD-2-Clause */
/* dedupe shows songs that are one recording, and with --mend makes them one song. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/command.h"

static void print_song(const char *word, const struct mm_song *song)
{
    printf("%s #%lld %s - %s (%s)\n", word, (long long)song->id,
           song->tags.artist ? song->tags.artist : "?", song->tags.title ? song->tags.title : "?",
           song->source);
}

static int show_pair(void *ctx, const struct mm_song *keep, const struct mm_song *drop,
                     struct mm_error *err)
{
    (void)err;
    if (cmd_common.json) {
        json_array_append_new(ctx, json_pack("{s:I, s:I}", "keep", (json_int_t)keep->id, "drop",
                                             (json_int_t)drop->id));
    } else if (!cmd_common.quiet) {
        print_song("keep", keep);
        print_song("  is", drop);
    }
    return 0;
}

int cmd_dedupe(const struct command *self, int argc, char **argv)
{
    bool mend = false;
    const struct cmd_option options[] = {
        {"mend", 0, CMD_FLAG, &mend, NULL, "make them one song with several origins", 0, 0},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_dedupe_report r;
    struct mm_error err = {0};
    json_t *pairs = json_array();
    if (mm_dedupe(catalog, mend, show_pair, pairs, &r, &err) < 0) {
        status = cmd_fail_error(self, &err);
    } else if (cmd_common.json) {
        cmd_print_json(json_pack("{s:b, s:I, s:I, s:I, s:O}", "mended", mend, "duplicates",
                                 (json_int_t)r.duplicates, "works", (json_int_t)r.works, "versions",
                                 (json_int_t)r.versions, "pairs", pairs));
    } else {
        cmd_say("%zu songs are another song's recording%s", r.duplicates,
                r.duplicates == 0 ? ""
                : mend            ? ": joined; \"musicmap map\" draws the map anew"
                                  : ": --mend joins them");
        if (r.works)
            cmd_say("%zu works are there in several versions (live, remix, ...): %zu recordings, "
                    "left alone",
                    r.works, r.versions);
    }
    json_decref(pairs);
    mm_catalog_close(catalog);
    return status;
}
