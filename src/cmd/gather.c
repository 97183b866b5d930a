/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/gather.h"

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

/* "Artist - Title", or what stands in the list. */
static char *absent_words(const char *location, const struct mm_tags *tags)
{
    struct mm_text line = {0};
    if (tags->artist)
        mm_text_addf(&line, "%s - ", tags->artist);
    if (tags->title)
        mm_text_add(&line, tags->title);
    char *where = location ? mm_text_clean_utf8(location, strlen(location)) : NULL;
    if (where)
        mm_text_addf(&line, tags->title ? " (%s)" : "%s", where);
    free(where);
    return mm_text_steal(&line);
}

enum { SHOWN_ABSENT = 20 };

/* ctx is a json array: the words for what is nowhere. */
static void note_absent(void *ctx, const char *location, const struct mm_tags *tags)
{
    char *words = absent_words(location, tags);
    if (words)
        json_array_append_new(ctx, json_string(words));
    free(words);
}

static void say_absent(const json_t *absent)
{
    size_t n = json_array_size(absent);
    size_t shown = cmd_common.verbose || n <= SHOWN_ABSENT ? n : SHOWN_ABSENT;
    for (size_t i = 0; i < shown; i++)
        cmd_say("  no such file: %s", json_string_value(json_array_get(absent, i)));
    if (shown < n)
        cmd_say("  ... and %zu more: --verbose", n - shown);
}

static json_t *report_json(const struct mm_gather_report *r, json_t *absent)
{
    json_t *skipped = json_object();
    for (int i = 0; i < MM_SKIP_KINDS; i++)
        json_object_set_new(skipped, mm_skip_name((enum mm_skip)i),
                            json_integer((json_int_t)r->skipped[i]));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:o}", "found",
                     (json_int_t)r->found, "added", (json_int_t)r->added, "changed",
                     (json_int_t)r->changed, "moved", (json_int_t)r->moved, "unchanged",
                     (json_int_t)r->unchanged, "missing", (json_int_t)r->missing, "hidden",
                     (json_int_t)r->hidden, "failed", (json_int_t)r->failed, "in_library",
                     (json_int_t)r->in_library, "absent", absent, "skipped", skipped);
}

static void say_report(const struct mm_gather_report *r)
{
    struct mm_text line = {0};
    mm_text_addf(&line, "gathered: %zu song%s found, %zu new", r->found, cmd_s(r->found), r->added);
    const struct {
        size_t count;
        const char *word;
    } rest[] = {
        {r->changed, "changed"},  {r->moved, "moved"},
        {r->missing, "missing"},  {r->hidden, "hidden"},
        {r->failed, "failed"},    {r->skipped[MM_SKIP_NOT_AUDIO], "not audio"},
        {r->absent, "not there"}, {r->in_library, "known by name"},
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
                   struct mm_helpers *helpers, const struct cmd_gathering *what,
                   struct mm_gather_report *report)
{
    struct mm_error err = {0};
    json_t *absent = json_array();
    const struct mm_gather_request request = {.source = what->source,
                                              .paths = (const char *const *)what->paths,
                                              .n = what->n,
                                              .mapped = what->mapped,
                                              .skipped = say_skipped,
                                              .absent = note_absent,
                                              .ctx = absent};
    int result = mm_gather_files(catalog, helpers, &request, cmd_work_progress(catalog, "gather"),
                                 report, &err);
    cmd_progress_end();
    cmd_work_end();
    int status = result < 0                        ? cmd_fail_error(self, &err)
                 : report->failed + report->absent ? CMD_PARTLY
                                                   : CMD_DONE;
    if (result == 0) {
        say_report(report);
        say_absent(absent);
        if (cmd_common.json && strcmp(self->name, "gather") == 0)
            cmd_print_json(report_json(report, absent));
    }
    json_decref(absent);
    return status;
}

static int no_source(const struct command *self, const char *name)
{
    size_t count;
    const struct mm_source *sources = mm_sources(&count);
    struct mm_text names = {0};
    for (size_t i = 0; i < count; i++)
        mm_text_addf(&names, "%s%s", i ? ", " : "", sources[i].name);
    const struct mm_service *service;
    for (size_t i = 0; (service = mm_services(&count, i)); i++)
        mm_text_addf(&names, ", %s", mm_service_name(service));
    mm_text_add(&names, ", " MM_REMOTE_SOURCE);
    int status = cmd_fail(self, CMD_USAGE, "there is no source \"%s\": %s", name,
                          names.data ? names.data : "");
    mm_text_finish(&names);
    return status;
}

/* Options of services mean nothing for files; as defaults in the configuration they do no harm. */
static bool asks_for_service(const struct cmd_service_options *o)
{
    const void *const all[] = {&o->genres, &o->query, &o->playlist, &o->market, &o->per_genre,
                               &o->limit,  &o->liked, &o->resolve,  &o->dry_run};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (cmd_given(all[i]))
            return true;
    return false;
}

/* gather subsonic [URL]: an account on a server of the user's. */
static int gather_server(const struct command *self, char **operands, size_t n,
                         const struct cmd_service_options *o, const bool *watch)
{
    if (n > 1)
        return cmd_fail(self, CMD_USAGE, "what is \"%s\"?", operands[1]);
    if (asks_for_service(o) || cmd_given(&o->offline) || cmd_given(watch))
        return cmd_fail(self, CMD_USAGE,
                        "gather subsonic takes none of the options of services and folders");
    struct mm_catalog *catalog = cmd_open_library(self, true);
    int status = catalog ? cmd_run_server(self, catalog, n ? operands[0] : NULL) : CMD_FAILED;
    mm_catalog_close(catalog);
    return status;
}

static int check_files(const struct command *self, const struct mm_source *source, size_t n,
                       const struct cmd_service_options *o)
{
    if (n == 0 && !source->address)
        return cmd_fail(self, CMD_USAGE, "gather %s %s: which?", source->name, source->arguments);
    if (n > 1 && source->address)
        return cmd_fail(self, CMD_USAGE, "gather %s %s: one at a time", source->name,
                        source->arguments);
    if (asks_for_service(o))
        return cmd_fail(self, CMD_USAGE, "gather %s takes none of the options of services",
                        source->name);
    return 0;
}

/* Gathers, and again whenever something below the folders has changed, until Ctrl-C. */
static int follow_folders(const struct command *self, struct mm_catalog *catalog,
                          struct mm_helpers *helpers, const struct cmd_gathering *what)
{
    struct mm_error err = {0};
    struct mm_watch *watch = NULL;
    struct mm_gather_report report;
    int status = CMD_DONE;
    int result = mm_watch_create((const char *const *)what->paths, what->n, &watch, &err);
    while (result == 0 && status <= CMD_PARTLY) { /* what changes meanwhile is told by the watch */
        status = cmd_run_gather(self, catalog, helpers, what, &report);
        if (status <= CMD_PARTLY)
            result = mm_watch_wait(watch, cmd_progress(), &err);
    }
    mm_watch_destroy(watch);
    if (result == MM_ERR_CANCELLED)
        return CMD_DONE; /* that is how it ends */
    return result < 0 ? cmd_fail_error(self, &err) : status;
}

static bool is_source(const struct mm_source *source, const char *name)
{
    return source && strcmp(source->name, name) == 0;
}

int cmd_gather(const struct command *self, int argc, char **argv)
{
    struct cmd_service_options o = {0};
    bool watch = false;
    const char *music_dir = NULL;
    const struct cmd_option options[] = {
        CMD_SERVICE_OPTIONS(o),
        {"music-dir", 0, CMD_TEXT, &music_dir, "DIR", "mpd: where its music is on this computer", 0,
         0},
        {"watch", 0, CMD_FLAG, &watch, NULL, "folder: go on when songs come or go, until Ctrl-C", 0,
         0},
        {0},
    };
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 1, SIZE_MAX, &operands, &n);
    if (status)
        return status;
    if (strcmp(operands[0], MM_REMOTE_SOURCE) == 0)
        return gather_server(self, operands + 1, n - 1, &o, &watch);
    const struct mm_source *source = mm_source_find(operands[0]);
    const struct mm_service *service = mm_service_find(operands[0]);
    if (!source && !service)
        return no_source(self, operands[0]);
    if (service && n > 1)
        return cmd_fail(self, CMD_USAGE, "what is \"%s\"?", operands[1]);
    if (cmd_given(&watch) && !is_source(source, "folder"))
        return cmd_fail(self, CMD_USAGE, "--watch follows folders only: gather folder DIR --watch");
    if (cmd_given(&music_dir) && !is_source(source, "mpd"))
        return cmd_fail(self, CMD_USAGE, "--music-dir goes with mpd only");
    status = source ? check_files(self, source, n - 1, &o) : cmd_check_service(self, service, &o);
    if (status)
        return status;
    if (service && o.dry_run)
        return cmd_plan_service(self, service, &o);
    struct mm_catalog *catalog = cmd_open_library(self, true);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    char *usual = "";
    const struct cmd_gathering what = {.source = source,
                                       .paths = n > 1 ? operands + 1 : &usual,
                                       .n = n > 1 ? n - 1 : 1,
                                       .mapped = music_dir};
    status = CMD_FAILED;
    if (helpers && watch && is_source(source, "folder")) {
        status = follow_folders(self, catalog, helpers, &what);
    } else if (helpers && source) {
        struct mm_gather_report report;
        status = cmd_run_gather(self, catalog, helpers, &what, &report);
    } else if (helpers) {
        status = cmd_run_service(self, catalog, helpers, service, &o);
    }
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
