/* SPDX-License-Identifier: BSD-2-Clause */
/* tags shows what the files could say of what was measured, and with --write writes it into them.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/command.h"

struct ids {
    int64_t *list;
    size_t n, capacity;
};

static int add_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct ids *ids = ctx;
    if (mm_array_reserve(&ids->list, &ids->capacity, ids->n + 1) < 0)
        return mm_no_memory(err);
    ids->list[ids->n++] = song->id;
    return 0;
}

/* The songs in a folder, or one song. */
static int add_word(struct mm_catalog *catalog, const char *word, struct ids *ids,
                    struct mm_error *err)
{
    char *real = realpath(word, NULL);
    size_t before = ids->n;
    int64_t found[2];
    size_t count = 0;
    int result =
        mm_catalog_each_song(catalog, MM_SONGS_PRESENT, real ? real : word, add_song, ids, err);
    free(real);
    if (result < 0 || ids->n > before)
        return result;
    result = mm_catalog_search(catalog, word, found, 2, &count, err);
    if (result < 0)
        return result;
    if (count != 1)
        return mm_error_set(err, count ? MM_ERR_USAGE : MM_ERR_NOT_FOUND,
                            count ? "\"%s\" may mean several songs: say its path or number"
                                  : "no song or folder \"%s\" in the library",
                            word);
    return add_song(ids, &(struct mm_song){.id = found[0]}, err);
}

static int read_fields(const struct command *self, const char *text, bool *fields)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++)
        fields[f] = !text;
    char *copy = mm_strdup(text ? text : "");
    int status = copy ? CMD_DONE : cmd_fail(self, CMD_FAILED, "out of memory");
    for (char *rest = text ? copy : NULL, *name;
         status == CMD_DONE && (name = strsep(&rest, ","));) {
        int f = 0;
        while (f < MM_RETAG_FIELDS && strcasecmp(name, mm_retag_name((enum mm_retag_field)f)) != 0)
            f++;
        if (f < MM_RETAG_FIELDS)
            fields[f] = true;
        else
            status = cmd_fail(self, CMD_USAGE, "there is no field \"%s\": bpm, key, mood, cluster",
                              name);
    }
    free(copy);
    return status;
}

struct telling {
    bool write;
    json_t *list;
};

static json_t *plan_json(const struct mm_retag_plan *plan)
{
    json_t *fields = json_object();
    for (int f = 0; f < MM_RETAG_FIELDS; f++)
        if (plan->writes[f])
            json_object_set_new(
                fields, mm_retag_name((enum mm_retag_field)f),
                json_pack("{s:s?, s:s}", "was", plan->had[f], "is", plan->value[f]));
    return fields;
}

static void tell_plan(const char *name, const struct mm_retag_plan *plan)
{
    struct mm_text line = {0};
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        if (!plan->writes[f])
            continue;
        mm_text_addf(&line, "%s%s ", line.length ? ", " : "",
                     mm_retag_name((enum mm_retag_field)f));
        if (plan->had[f] && *plan->had[f])
            mm_text_addf(&line, "%s -> ", plan->had[f]);
        mm_text_add(&line, plan->value[f]);
    }
    printf("%s: %s\n", name, line.data ? line.data : "");
    mm_text_finish(&line);
}

static int tell(void *ctx, const struct mm_song *song, int result, const struct mm_retag_plan *plan,
                const struct mm_error *fault, struct mm_error *err)
{
    struct telling *t = ctx;
    char *name = mm_text_clean_utf8(song->key, strlen(song->key));
    if (!name)
        return mm_no_memory(err);
    bool kind = result == MM_ERR_UNSUPPORTED;
    if (cmd_common.json && result < 0)
        json_array_append_new(t->list,
                              json_pack("{s:I, s:s, s:o}", "id", (json_int_t)song->id, "path", name,
                                        "error", cmd_json_text(fault->message)));
    else if (cmd_common.json && plan->n)
        json_array_append_new(t->list, json_pack("{s:I, s:s, s:o}", "id", (json_int_t)song->id,
                                                 "path", name, "tags", plan_json(plan)));
    else if (result < 0 && (!kind || cmd_common.verbose))
        cmd_say("%s: left as it is: %s", name, fault->message);
    else if (result == 0 && plan->n && !cmd_common.quiet)
        tell_plan(name, plan);
    free(name);
    return 0;
}

static void say_report(const struct mm_retag_report *r, bool write)
{
    struct mm_text line = {0};
    mm_text_addf(&line, "%s %zu tag%s %s %zu of %zu files", write ? "wrote" : "would write",
                 r->fields, cmd_s(r->fields), "into", r->change, r->files);
    if (r->failed)
        mm_text_addf(&line, "; %zu could not be, and are as they were", r->failed);
    if (r->other)
        mm_text_addf(&line, "; %zu of kinds that tags are not written into", r->other);
    if (!write)
        mm_text_add(&line, "; nothing was written: --write does");
    cmd_say("%s", line.data ? line.data : "");
    mm_text_finish(&line);
}

static int run(const struct command *self, struct mm_catalog *catalog, struct mm_helpers *helpers,
               const struct ids *ids, const struct mm_retag_options *options)
{
    struct telling t = {.write = options->write, .list = json_array()};
    struct mm_retag_report r;
    struct mm_error err = {0};
    int result = mm_retag_songs(catalog, helpers, ids->list, ids->n, options, cmd_progress(), tell,
                                &t, &r, &err);
    cmd_progress_end();
    int status = result < 0 ? cmd_fail_error(self, &err) : r.failed ? CMD_PARTLY : CMD_DONE;
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:O}", "written", options->write,
                                 "files", (json_int_t)r.files, "change", (json_int_t)r.change,
                                 "fields", (json_int_t)r.fields, "failed", (json_int_t)r.failed,
                                 "other", (json_int_t)r.other, "songs", t.list));
    else
        say_report(&r, options->write);
    json_decref(t.list);
    return status;
}

int cmd_tags(const struct command *self, int argc, char **argv)
{
    const char *fields = NULL;
    struct mm_retag_options o = {0};
    const struct cmd_option options[] = {
        {"write", 0, CMD_FLAG, &o.write, NULL, "write them (else it is only shown what would be)",
         0, 0},
        {"replace", 0, CMD_FLAG, &o.replace, NULL,
         "also where the file says something already (else it stays)", 0, 0},
        {"fields", 0, CMD_TEXT, &fields, "LIST", "of bpm,key,mood,cluster only these", 0, 0},
        {0},
    };
    char **words;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, SIZE_MAX, &words, &n);
    if (status == 0)
        status = read_fields(self, fields, o.fields);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    struct mm_error err = {0};
    struct ids ids = {0};
    int result = 0;
    if (helpers && n == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, add_song, &ids, &err);
    for (size_t i = 0; helpers && i < n && result == 0; i++)
        result = add_word(catalog, words[i], &ids, &err);
    if (!helpers)
        status = CMD_FAILED;
    else if (result < 0)
        status = cmd_fail_error(self, &err);
    else
        status = run(self, catalog, helpers, &ids, &o);
    free(ids.list);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
