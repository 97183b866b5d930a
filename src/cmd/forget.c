/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forget removes songs with all that is known of them; a later gather of a folder in which their
 * files still lie finds them anew. --hide keeps them off the map for good, --show brings them back.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "cmd/command.h"

enum what { REMOVE, HIDE, SHOW };

struct ids {
    int64_t *ids;
    size_t count;
    size_t capacity;
};

static int add_id(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct ids *list = ctx;
    if (mm_array_reserve(&list->ids, &list->capacity, list->count + 1) < 0)
        return mm_no_memory(err);
    list->ids[list->count++] = song->id;
    return 0;
}

/* All songs in a folder, or the one song that the word means. */
static int find(struct mm_catalog *catalog, const char *word, struct ids *list,
                struct mm_error *err)
{
    /* A folder that is gone can still be forgotten: its path as written, then as resolved. */
    char *real = realpath(word, NULL);
    int result = mm_catalog_each_song(catalog, MM_SONGS_ALL, real ? real : word, add_id, list, err);
    free(real);
    if (result < 0 || list->count)
        return result;
    int64_t found[2];
    size_t count;
    result = mm_catalog_search(catalog, word, found, 2, &count, err);
    if (result < 0)
        return result;
    if (count == 0)
        return mm_error_set(err, MM_ERR_NOT_FOUND, "no song or folder \"%s\" in the library", word);
    if (count > 1)
        return mm_error_set(err, MM_ERR_USAGE,
                            "\"%s\" may mean several songs (#%lld, #%lld, ...): say its path or "
                            "number",
                            word, (long long)found[0], (long long)found[1]);
    struct mm_song song = {.id = found[0]};
    return add_id(list, &song, err);
}

static int change(struct mm_catalog *catalog, const struct ids *list, enum what what,
                  struct mm_error *err)
{
    int result = mm_catalog_begin(catalog, err);
    if (result < 0)
        return result;
    for (size_t i = 0; i < list->count && result == 0; i++)
        result = what == REMOVE
                     ? mm_catalog_delete_song(catalog, list->ids[i], err)
                     : mm_catalog_set_state(catalog, list->ids[i],
                                            what == HIDE ? MM_SONG_HIDDEN : MM_SONG_PRESENT, err);
    if (result == 0)
        result = mm_catalog_commit(catalog, err);
    if (result < 0)
        mm_catalog_rollback(catalog);
    return result;
}

/* Everything that came from a source, and the consent that was given for it. */
static int forget_source(const struct command *self, const char *name)
{
    const struct mm_service *service = mm_service_find(name);
    if (!service && !mm_source_is_files(name) && strcmp(name, MM_REMOTE_SOURCE) != 0)
        return cmd_fail(self, CMD_USAGE, "no songs come from a source \"%s\"", name);
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_forget_report report;
    struct mm_error err = {0};
    int status = CMD_DONE;
    int result = mm_forget_source(catalog, name, &report, &err);
    if (result == 0 && service)
        result = mm_service_logout(service, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:I, s:I, s:I}", "songs", (json_int_t)report.songs, "kept",
                                 (json_int_t)report.origins, "files", (json_int_t)report.files));
    else
        cmd_say("forgotten: %zu songs, %zu sound files; %zu songs stay, since they are from "
                "elsewhere, too",
                report.songs, report.files, report.origins);
    mm_catalog_close(catalog);
    return status;
}

int cmd_forget(const struct command *self, int argc, char **argv)
{
    bool hide = false;
    bool show = false;
    const char *source = NULL;
    const struct cmd_option options[] = {
        {"source", 0, CMD_TEXT, &source, "NAME", "all that came from there (deezer, ...)", 0, 0},
        {"hide", 0, CMD_FLAG, &hide, NULL, "keep them off the map, also after a rescan", 0, 0},
        {"show", 0, CMD_FLAG, &show, NULL, "bring hidden ones back", 0, 0},
        {0},
    };
    char **words;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, SIZE_MAX, &words, &n);
    if (status)
        return status;
    if (source && (hide || show || n))
        return cmd_fail(self, CMD_USAGE, "--source stands alone");
    if (source)
        return forget_source(self, source);
    if (n == 0)
        return cmd_fail(self, CMD_USAGE, "forget what? a song, a folder, or --source NAME");
    if (hide && show)
        return cmd_fail(self, CMD_USAGE, "--hide or --show, not both");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    enum what what = hide ? HIDE : show ? SHOW : REMOVE;
    struct mm_error err = {0};
    struct ids list = {0};
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        struct ids one = {0};
        result = find(catalog, words[i], &one, &err);
        for (size_t k = 0; k < one.count && result == 0; k++)
            result = add_id(&list, &(struct mm_song){.id = one.ids[k]}, &err);
        free(one.ids);
    }
    if (result == 0)
        result = change(catalog, &list, what, &err);
    if (result < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:I}", "songs", (json_int_t)list.count));
    else
        cmd_say("%s: %zu song%s; \"musicmap map\" draws the map anew",
                what == REMOVE ? "forgotten"
                : what == HIDE ? "hidden"
                               : "shown again",
                list.count, cmd_s(list.count));
    free(list.ids);
    mm_catalog_close(catalog);
    return status;
}
