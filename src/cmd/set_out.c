/* SPDX-License-Identifier: BSD-2-Clause */
/* set_out.c - a set on the terminal and in files. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/set.h"

/* ---- the terminal ---- */

static void print_clock(double seconds, int width)
{
    long s = (long)(seconds + 0.5);
    char text[32];
    if (s >= 3600)
        snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
    printf("%*s", width, text);
}

static void print_when(const struct mm_set *set, double at)
{
    long s = (long)((set->start + (int64_t)(at + 0.5)) % 86400);
    if (set->has_start)
        printf("%02ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        print_clock(at, 8);
}

static void print_item(const struct made_set *made, size_t i)
{
    const struct mm_set_item *item = &made->set->items[i];
    const struct mm_set_song *song = mm_set_library_song(made->library, item->song);
    const char *name = song->title ? song->title : song->path ? mm_path_name(song->path) : "";
    char *title = mm_text_clean_utf8(name, strlen(name));
    char *artist = mm_text_clean_utf8(song->artist ? song->artist : "",
                                      song->artist ? strlen(song->artist) : 0);
    printf("%3zu  ", i + 1);
    print_when(made->set, item->start_s);
    print_clock(song->duration_s, 7);
    printf("  %s%s%s\n", artist ? artist : "", artist && *artist ? " - " : "", title ? title : "");
    printf("                       %s\n", item->why);
    if (i && cmd_common.verbose)
        printf("                       transition %.2f: sound %.2f, tempo %.2f, key %.2f, loudness "
               "%.2f\n",
               item->in.cost, item->in.sound, item->in.tempo, item->in.key, item->in.loudness);
    free(title);
    free(artist);
}

static void print_bent(const struct mm_set *set)
{
    for (size_t i = 0; i < set->n_bent; i++) {
        const struct mm_set_bent *b = &set->bent[i];
        printf("%s%s%s", i ? "" : "\nbent:\n", b->soft ? "  (soft) " : "  ", b->rule);
        if (b->line)
            printf(" (line %d)", b->line);
        if (b->at != MM_SET_NONE)
            printf(", song %u", b->at + 1);
        printf(", by %.4g %s\n    %s\n    needed: %s\n", b->amount, b->unit, b->what, b->needed);
    }
}

void set_print(const struct made_set *made)
{
    for (size_t i = 0; i < made->set->n; i++)
        print_item(made, i);
    printf("\n%zu song%s, ", made->set->n, cmd_s(made->set->n));
    print_clock(made->set->length_s, 0);
    double sound = 0;
    for (size_t i = 1; i < made->set->n; i++)
        sound += made->set->items[i].in.sound / (double)(made->set->n - 1);
    printf("; mean step %.2f (songs by lot: 1)\n", sound);
    print_bent(made->set);
}

/* ---- files ---- */

char *set_json(const struct made_set *made, const char *title, struct mm_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    const struct mm_set_write in = {.library = made->library, .set = made->set, .title = title};
    int result = mm_set_format_find("json", NULL)->write(&in, stream, err);
    fclose(stream);
    if (result < 0) {
        free(text);
        return NULL;
    }
    return text;
}

void set_tell(const struct made_set *made, const char *name, json_t *sent)
{
    struct mm_error err = {0};
    if (!cmd_common.json) {
        if (!cmd_common.quiet)
            set_print(made);
        json_decref(sent);
        return;
    }
    char *text = set_json(made, name, &err);
    json_t *json = text && sent ? json_loads(text, 0, NULL) : NULL;
    if (json) {
        json_object_set_new(json, "sent", sent);
        cmd_print_json(json);
    } else {
        fputs(text ? text : "", stdout);
        json_decref(sent);
    }
    free(text);
}

static bool is_picture(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".svg") == 0 ||
                   strcasecmp(dot, ".pdf") == 0);
}

/* The folder that path is in, absolute; heap string. */
static char *folder_of(const char *path)
{
    size_t length = (size_t)(mm_path_name(path) - path);
    char *folder = length ? mm_strndup(path, length) : mm_strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL;
    free(folder);
    return real;
}

static int write_file(const struct set_options *in, const char *name, const struct made_set *made,
                      const char *path, struct mm_error *err)
{
    const struct mm_set_format *format = mm_set_format_find(in->format, path);
    if (!format)
        return mm_error_set(err, MM_ERR_USAGE,
                            "%s: a set's file ends in .m3u8, .xspf, .jspf, .json, .cue, .csv, "
                            ".soundexchange.csv, .txt, .png or .svg; or say --format",
                            path);
    bool absolute = in->paths && strcmp(in->paths, "absolute") == 0;
    char *folder = absolute ? NULL : folder_of(path);
    const struct mm_set_write write = {.library = made->library,
                                       .set = made->set,
                                       .title = in->title ? in->title : name,
                                       .folder = folder,
                                       .station = in->station};
    struct mm_file_write file;
    int result = mm_file_write_begin(&file, path, err);
    if (result == 0) {
        result = format->write(&write, file.stream, err);
        if (result == 0)
            result = mm_file_write_commit(&file, err);
        else
            mm_file_write_abort(&file);
    }
    free(folder);
    return result;
}

int set_check_write(const struct command *self, const struct set_options *in)
{
    if (in->paths && strcmp(in->paths, "relative") != 0 && strcmp(in->paths, "absolute") != 0)
        return cmd_fail(self, CMD_USAGE, "--paths cannot be \"%s\": relative or absolute",
                        in->paths);
    if (in->format && !mm_set_format_find(in->format, NULL))
        return cmd_fail(self, CMD_USAGE, "there is no format \"%s\"", in->format);
    return CMD_DONE;
}

int set_write_files(const struct command *self, struct mm_catalog *catalog,
                    const struct set_options *in, const char *name, const struct made_set *made)
{
    for (size_t i = 0; i < in->output.n; i++) {
        struct mm_error err = {0};
        const char *path = in->output.values[i];
        int result = is_picture(path) && !in->format
                         ? set_draw(catalog, made, in->title ? in->title : name, path, &err)
                         : write_file(in, name, made, path, &err);
        if (result < 0)
            return cmd_fail_error(self, &err);
    }
    return CMD_DONE;
}
