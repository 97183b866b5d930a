/* SPDX-License-Identifier: BSD-2-Clause */
/* set_kept.c - musicmap set list, show, diff, refresh. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/set.h"

/* ---- list ---- */

static int on_set(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                  struct mm_error *err)
{
    (void)err;
    json_array_append_new(ctx,
                          json_pack("{s:s, s:i, s:I, s:I}", "name", name, "version", version,
                                    "made_at", (json_int_t)made_at, "songs", (json_int_t)n_songs));
    return 0;
}

int set_list(const struct command *self, int argc, char **argv)
{
    int status = cmd_parse(self, NULL, argc, argv, 0, 0, NULL, NULL);
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog)
        return status ? status : CMD_FAILED;
    struct mm_error err = {0};
    json_t *sets = json_array();
    if (mm_catalog_each_set(catalog, on_set, sets, &err) < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_incref(sets));
    for (size_t i = 0; !status && !cmd_common.json && i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        time_t at = (time_t)json_integer_value(json_object_get(set, "made_at"));
        struct tm tm;
        char when[32] = "";
        if (localtime_r(&at, &tm))
            strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
        cmd_put(24, json_string_value(json_object_get(set, "name")));
        printf(" version %-3d %s  %d songs\n",
               (int)json_integer_value(json_object_get(set, "version")), when,
               (int)json_integer_value(json_object_get(set, "songs")));
    }
    json_decref(sets);
    mm_catalog_close(catalog);
    return status;
}

/* ---- show and refresh ---- */

/* "evening" or "evening@2": version 2 of it. version 0 = the newest. */
static char *split_version(const char *word, int *version)
{
    const char *at = strrchr(word, '@');
    char *end;
    *version = 0;
    if (at && at > word && at[1] >= '1' && at[1] <= '9') {
        long number = strtol(at + 1, &end, 10);
        if (!*end && number < 1000000) {
            *version = (int)number;
            return mm_strndup(word, (size_t)(at - word));
        }
    }
    return mm_strdup(word);
}

int set_get(struct mm_catalog *catalog, const char *word, struct mm_set_record *out,
            struct mm_error *err)
{
    int version;
    char *name = split_version(word, &version);
    *out = (struct mm_set_record){0};
    int result = name ? mm_catalog_get_set(catalog, name, version, out, err) : mm_no_memory(err);
    if (result == MM_ERR_NOT_FOUND && version) /* "show@2" may be all of a name */
        result = mm_catalog_get_set(catalog, word, 0, out, err);
    free(name);
    return result;
}

static char *song_name(struct mm_catalog *catalog, int64_t id)
{
    struct mm_song song = {0};
    char *name = NULL;
    if (mm_catalog_get_song(catalog, id, &song, NULL) == 0)
        name =
            mm_format("%s%s%s", song.tags.artist ? song.tags.artist : "",
                      song.tags.artist ? " - " : "", song.tags.title ? song.tags.title : song.key);
    mm_song_finish(&song);
    char *clean = name ? mm_text_clean_utf8(name, strlen(name)) : NULL;
    free(name);
    return clean;
}

int set_check_whole(struct mm_catalog *catalog, const struct made_set *made, struct mm_error *err)
{
    if (!made->gone)
        return 0;
    char *name = song_name(catalog, made->gone_id);
    char *others = made->gone > 1 ? mm_format(" and %zu others", made->gone - 1) : mm_strdup("");
    int result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "not in the library any more, or without a file: %s%s of the set "
                              "(\"set refresh\" makes it anew)",
                              name ? name : "a song", others ? others : "");
    free(others);
    free(name);
    return result;
}

/* Prints and writes it; keeps it, too, when it was made anew. */
static int tell(const struct command *self, struct mm_catalog *catalog,
                const struct set_options *in, const struct mm_set_record *record,
                const struct mm_set_ask *ask, const struct made_set *made, bool keep)
{
    struct mm_error err = {0};
    int version = 0;
    int status = set_write_files(self, catalog, in, record->name, made);
    if (status == CMD_DONE && keep &&
        set_keep(catalog, record->name, ask, made, &version, &err) < 0)
        status = cmd_fail_error(self, &err);
    if (status != CMD_DONE)
        return status;
    json_t *sent = NULL;
    if (in->send)
        status = set_send(self, catalog, in, record->name, made, &sent);
    set_tell(made, record->name, sent);
    if (version)
        cmd_say("kept as \"%s\", version %d", record->name, version);
    if (set_check_whole(catalog, made, &err) < 0)
        status = cmd_fail(self, CMD_PARTLY, "%s", err.message);
    return status == CMD_DONE ? set_status(made->set) : status;
}

static int show_or_refresh(const struct command *self, int argc, char **argv, bool refresh)
{
    struct set_options in = {0};
    const struct cmd_option options[] = {
        {"output", 'o', CMD_LIST, &in.output, "FILE", "write it, too; may be repeated", 0, 0},
        {"format", 0, CMD_TEXT, &in.format, "NAME", "of the files, whatever their endings", 0, 0},
        {"paths", 0, CMD_TEXT, &in.paths, "relative|absolute", "in playlists", 0, 0},
        {"title", 0, CMD_TEXT, &in.title, "TEXT", "title in the files", 0, 0},
        {"station", 0, CMD_TEXT, &in.station, "TEXT", "name of service, for SoundExchange", 0, 0},
        SEND_OPTIONS(in),
        {0}};
    char **operands;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &operands, NULL);
    if (!status)
        status = set_check_write(self, &in) || set_check_send(self, &in) ? CMD_USAGE : CMD_DONE;
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog) {
        free(in.output.values);
        return status ? status : CMD_FAILED;
    }
    struct mm_error err = {0};
    struct mm_set_record record;
    struct mm_set_ask ask = {0};
    struct made_set made = {0};
    int result = set_get(catalog, operands[0], &record, &err);
    if (result == 0)
        result = mm_set_ask_from_json(record.request, &ask, &err);
    if (result == 0)
        result = refresh ? set_make(catalog, &ask, &made, &err)
                         : set_judge(catalog, &ask, record.songs, record.n_songs, &made, &err);
    status =
        result < 0 ? set_fail(self, &err) : tell(self, catalog, &in, &record, &ask, &made, refresh);
    made_set_finish(&made);
    mm_set_ask_finish(&ask);
    mm_set_record_finish(&record);
    mm_catalog_close(catalog);
    free(in.output.values);
    return status;
}

int set_show(const struct command *self, int argc, char **argv)
{
    return show_or_refresh(self, argc, argv, false);
}

int set_refresh(const struct command *self, int argc, char **argv)
{
    return show_or_refresh(self, argc, argv, true);
}

/* ---- diff ---- */

static size_t place(const struct mm_set_record *set, int64_t song)
{
    for (size_t i = 0; i < set->n_songs; i++)
        if (set->songs[i] == song)
            return i + 1;
    return 0;
}

static void print_changes(struct mm_catalog *catalog, const struct mm_set_record *a,
                          const struct mm_set_record *b)
{
    size_t same = 0;
    for (size_t i = 0; i < a->n_songs; i++) {
        size_t there = place(b, a->songs[i]);
        char *name = song_name(catalog, a->songs[i]);
        same += there > 0;
        if (!there)
            printf("- %3zu       %s\n", i + 1, name ? name : "");
        else if (there != i + 1)
            printf("  %3zu > %3zu %s\n", i + 1, there, name ? name : "");
        free(name);
    }
    for (size_t i = 0; i < b->n_songs; i++) {
        char *name = place(a, b->songs[i]) ? NULL : song_name(catalog, b->songs[i]);
        if (name)
            printf("+       %3zu %s\n", i + 1, name);
        free(name);
    }
    printf("%zu of %zu songs stay\n", same, a->n_songs);
}

static json_t *changes_json(const struct mm_set_record *a, const struct mm_set_record *b)
{
    json_t *gone = json_array();
    json_t *come = json_array();
    for (size_t i = 0; i < a->n_songs; i++)
        if (!place(b, a->songs[i]))
            json_array_append_new(gone, json_integer(a->songs[i]));
    for (size_t i = 0; i < b->n_songs; i++)
        if (!place(a, b->songs[i]))
            json_array_append_new(come, json_integer(b->songs[i]));
    return json_pack("{s:o, s:o, s:I}", "gone", gone, "come", come, "stay",
                     (json_int_t)(a->n_songs - json_array_size(gone)));
}

/* One name: its last two versions. */
int set_diff(const struct command *self, int argc, char **argv)
{
    char **operands;
    size_t n;
    int status = cmd_parse(self, NULL, argc, argv, 1, 2, &operands, &n);
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog)
        return status ? status : CMD_FAILED;
    struct mm_error err = {0};
    struct mm_set_record a = {0};
    struct mm_set_record b = {0};
    int result = set_get(catalog, operands[n - 1], &b, &err);
    if (result == 0 && n == 2)
        result = set_get(catalog, operands[0], &a, &err);
    else if (result == 0 && b.version < 2)
        result = mm_error_set(&err, MM_ERR_USAGE, "\"%s\" has one version only: name another set",
                              b.name);
    else if (result == 0)
        result = mm_catalog_get_set(catalog, b.name, b.version - 1, &a, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(changes_json(&a, &b));
    else
        print_changes(catalog, &a, &b);
    mm_set_record_finish(&a);
    mm_set_record_finish(&b);
    mm_catalog_close(catalog);
    return status;
}
