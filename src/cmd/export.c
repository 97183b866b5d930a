/* SPDX-License-Identifier: BSD-2-Clause */
/* export.c - musicmap export: the page for others, or the library as a table. */
#include "cmd/export.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "musicmap/view.h"

static const struct {
    const char *name;
    double seconds;
} clips[] = {{"none", 0}, {"short", 8}, {"full", 30}};

static bool is_data(const char *name)
{
    return strcmp(name, "data") == 0;
}

static bool is_temporary(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".tmp") == 0;
}

/* A folder that is not there has nothing, too. */
static bool has_only(const char *folder, bool (*is_ours)(const char *name))
{
    bool only = true;
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; dir && only && (entry = readdir(dir));)
        only = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
               is_ours(entry->d_name);
    if (dir)
        closedir(dir);
    return only;
}

/* Another folder of the user's is not filled with our files. What is left when the very first of
 * ours was not finished is no such folder. */
static bool may_write(const char *folder)
{
    char *data = mm_format("%s/data", folder);
    char *mark = mm_format("%s/data/map.json", folder);
    bool ours = mark && access(mark, F_OK) == 0;
    bool begun = data && has_only(folder, is_data) && has_only(data, is_temporary);
    free(mark);
    free(data);
    return ours || begun;
}

static bool begin(void *ctx, const struct mm_page_export_report *report)
{
    const bool *dry_run = ctx;
    cmd_progress_end();
    cmd_say("%zu song%s, about %.1f MB", report->songs, cmd_s(report->songs),
            (double)report->estimate / 1e6);
    return !*dry_run;
}

static void say_report(const char *path, const struct mm_page_export_report *r)
{
    cmd_say("written: %s, %zu song%s, %zu of them to be heard, %.1f MB", path, r->songs,
            cmd_s(r->songs), r->clips, (double)r->bytes / 1e6);
    if (r->withheld)
        cmd_say("%zu songs are shown without sound: previews of Deezer, iTunes and Spotify are not "
                "ours to share",
                r->withheld);
    if (r->silent)
        cmd_say("%zu songs could not be read: \"musicmap status\" may tell why", r->silent);
}

static int export_page(const struct command *self, struct mm_catalog *catalog, const char *path,
                       double seconds, bool dry_run)
{
    struct mm_helpers *helpers = cmd_start_helpers(self);
    if (!helpers)
        return CMD_FAILED;
    const char *dot = strrchr(path, '.');
    const struct mm_page_export what = {.path = path,
                                        .single = dot && strcasecmp(dot, ".html") == 0,
                                        .clip_s = seconds,
                                        .small = seconds < 30,
                                        .jobs = cmd_common.jobs,
                                        .begin = begin,
                                        .ctx = &dry_run};
    struct mm_page_export_report report;
    struct mm_error err = {0};
    int status = CMD_DONE;
    if (mm_export_page(catalog, helpers, &what, cmd_progress(), &report, &err) < 0)
        status = cmd_fail_error(self, &err);
    cmd_progress_end();
    if (status == CMD_DONE && !dry_run)
        say_report(path, &report);
    if (status == CMD_DONE && cmd_common.json)
        cmd_print_json(json_pack(
            "{s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "path", cmd_json_text(path), "dry_run",
            dry_run, "songs", (json_int_t)report.songs, "clips", (json_int_t)report.clips,
            "withheld", (json_int_t)report.withheld, "silent", (json_int_t)report.silent,
            "estimate", (json_int_t)report.estimate, "bytes", (json_int_t)report.bytes));
    mm_helpers_destroy(helpers);
    return status;
}

/* --clips, by default what the place is for; negative and told when it is no such word. */
static double clip_seconds(const struct command *self, const char *word, const char *path)
{
    const char *dot = strrchr(path, '.');
    if (!word)
        word = dot && strcasecmp(dot, ".html") == 0 ? "short" : "full";
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++)
        if (strcmp(word, clips[i].name) == 0)
            return clips[i].seconds;
    cmd_fail(self, CMD_USAGE, "--clips cannot be \"%s\": none, short or full", word);
    return -1;
}

int cmd_export(const struct command *self, int argc, char **argv)
{
    const char *data = NULL;
    const char *model = NULL;
    const char *heard = NULL;
    bool dry_run = false;
    const struct cmd_option options[] = {
        {"clips", 0, CMD_TEXT, &heard, "none|short|full",
         "8 s (default of one file), 30 s (of a folder)", 0, 0},
        {"dry-run", 0, CMD_FLAG, &dry_run, NULL, "tell how large it would be", 0, 0},
        {"data", 0, CMD_TEXT, &data, "FILE",
         "a table instead: songs, properties, vectors, places; .csv .jsonl .npz .tsv", 0, 0},
        {"model", 0, CMD_TEXT, &model, "NAME", "--data: whose vectors (default: what most have)", 0,
         0},
        {0}};
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, 1, &operands, &n);
    if (status)
        return status;
    if (!!data + n != 1 || (data && !cmd_export_data_knows(data)))
        return cmd_fail(
            self, CMD_USAGE,
            "say what: a folder, a file .html, or --data FILE.csv, .jsonl, .npz or .tsv");
    if (data && (cmd_given(&heard) || dry_run))
        return cmd_fail(self, CMD_USAGE, "--clips and --dry-run are for the page: leave them out");
    if (n && cmd_given(&model))
        return cmd_fail(self, CMD_USAGE, "--model goes with --data");
    double seconds = n ? clip_seconds(self, heard, operands[0]) : 0;
    if (seconds < 0)
        return CMD_USAGE;
    if (n && !may_write(operands[0]))
        return cmd_fail(self, CMD_FAILED, "%s is not empty, and no copy of a map", operands[0]);
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    status = data ? cmd_export_data(self, catalog, data, model)
                  : export_page(self, catalog, operands[0], seconds, dry_run);
    mm_catalog_close(catalog);
    return status;
}
