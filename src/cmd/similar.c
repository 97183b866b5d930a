/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"
#include "cmd/set.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void print_found(const struct mm_set_library *library, const struct mm_similar *found,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mm_set_song *s = mm_set_library_song(library, found[i].song);
        printf("%5.3f  #%-6" PRId64 " ", (double)found[i].cosine, s->id);
        cmd_put(0, s->artist ? s->artist : "");
        printf("%s", s->artist ? " - " : "");
        cmd_put(0, s->title ? s->title : mm_path_name(s->path));
        putchar('\n');
    }
}

static json_t *found_json(const struct mm_set_library *library, const struct mm_similar *found,
                          size_t count, double ms)
{
    json_t *songs = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct mm_set_song *s = mm_set_library_song(library, found[i].song);
        json_array_append_new(
            songs, json_pack("{s:I, s:f, s:o, s:o, s:o}", "id", (json_int_t)s->id, "cosine",
                             (double)found[i].cosine, "title", cmd_json_text(s->title), "artist",
                             cmd_json_text(s->artist), "path", cmd_json_text(s->path)));
    }
    return json_pack("{s:o, s:f}", "songs", songs, "milliseconds", ms);
}

static int find(const struct command *self, struct mm_catalog *catalog, const char *word,
                const char *model, size_t n)
{
    struct mm_error err = {0};
    struct mm_set_library *library = NULL;
    struct mm_similar *found = mm_calloc3(n, 1, sizeof *found);
    int64_t id = 0;
    size_t count = 0;
    double begun = 0;
    int result = found ? set_find_song(catalog, word, &id, &err) : mm_no_memory(&err);
    if (result == 0)
        result =
            mm_load_set_library(catalog, model, cmd_common.jobs, cmd_progress(), &library, &err);
    cmd_progress_end();
    uint32_t song = result == 0 ? mm_set_library_find(library, id) : MM_SET_NONE;
    if (result == 0 && song == MM_SET_NONE)
        result =
            mm_error_set(&err, MM_ERR_NOT_FOUND,
                         "song #%" PRId64 " is not embedded: run \"musicmap embed\" first", id);
    if (result == 0) {
        begun = now_ms();
        result = mm_set_similar(library, song, n, found, &count, &err);
    }
    int status = CMD_DONE;
    if (result < 0)
        status = set_fail(self, &err);
    else if (cmd_common.json)
        cmd_print_json(found_json(library, found, count, now_ms() - begun));
    else
        print_found(library, found, count);
    mm_set_library_destroy(library);
    free(found);
    return status;
}

int cmd_similar(const struct command *self, int argc, char **argv)
{
    size_t n = 20;
    const char *model = NULL;
    const struct cmd_option options[] = {
        {"number", 'n', CMD_COUNT, &n, "N", "how many (default 20)", 1, 1000000},
        {"model", 0, CMD_TEXT, &model, "NAME", "vectors to go by (default: what most songs have)",
         0, 0},
        {0}};
    char **operands;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &operands, NULL);
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog)
        return status ? status : CMD_FAILED;
    status = find(self, catalog, operands[0], model, n);
    mm_catalog_close(catalog);
    return status;
}
