/* SPDX-License-Identifier: BSD-2-Clause */
/* set_render.c - musicmap set render: a kept set as one sound file, with its CUE sheet. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/set.h"

struct render_options {
    const char *output;
    double crossfade; /* negative = the set's, or 3 */
    double lufs;
};

/* "show.mp3" -> "show.cue" */
static char *cue_name(const char *output)
{
    const char *dot = strrchr(output, '.');
    return mm_format("%.*s.cue", dot ? (int)(dot - output) : (int)strlen(output), output);
}

static int write_cue(const struct made_set *made, const char *name, const char *output,
                     struct mm_error *err)
{
    struct mm_set_write in = {.library = made->library,
                              .set = made->set,
                              .title = name,
                              .rendered = mm_path_name(output)};
    struct mm_file_write file;
    char *path = cue_name(output);
    int result = path ? mm_file_write_begin(&file, path, err) : mm_no_memory(err);
    if (result == 0) {
        result = mm_set_format_find("cue", NULL)->write(&in, file.stream, err);
        if (result == 0)
            result = mm_file_write_commit(&file, err);
        else
            mm_file_write_abort(&file);
    }
    free(path);
    return result;
}

static int render(struct mm_helpers *helpers, const struct render_options *in, const char *name,
                  struct made_set *made, double *length_s, struct mm_error *err)
{
    size_t n = made->set->n;
    struct mm_render_song *songs = mm_calloc3(n, 1, sizeof *songs);
    double *starts = mm_calloc3(n, 1, sizeof *starts);
    int result = songs && starts ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0; i++) {
        const struct mm_set_song *s = mm_set_library_song(made->library, made->set->items[i].song);
        songs[i] = (struct mm_render_song){s->path, s->duration_s, s->loudness_lufs};
        if (!s->path || s->path[0] != '/')
            result = mm_error_set(err, MM_ERR_UNSUPPORTED,
                                  "\"%s\" is no file of this computer: only those can be mixed",
                                  s->title ? s->title : "a song");
    }
    double fade = in->crossfade >= 0 ? in->crossfade : made->set->crossfade_s;
    struct mm_render request = {.n = n,
                                .songs = songs,
                                .crossfade_s = in->crossfade < 0 && fade <= 0 ? 3 : fade,
                                .target_lufs = in->lufs};
    if (result == 0)
        result =
            mm_render_songs(helpers, &request, in->output, starts, length_s, cmd_progress(), err);
    cmd_progress_end();
    for (size_t i = 0; i < n && result == 0; i++)
        made->set->items[i].start_s = starts[i];
    if (result == 0)
        result = write_cue(made, name, in->output, err);
    free(starts);
    free(songs);
    return result;
}

int set_render(const struct command *self, int argc, char **argv)
{
    struct render_options in = {.crossfade = -1, .lufs = -16};
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &in.output, "FILE", "sound to write: .mp3, .flac or .wav", 0, 0},
        {"crossfade", 0, CMD_NUMBER, &in.crossfade, "SECONDS",
         "songs overlap by this (default: the set's, or 3)", 0, 30},
        {"lufs", 0, CMD_NUMBER, &in.lufs, "N", "loudness of every song (default -16)", -40, -5},
        {0}};
    char **operands;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &operands, NULL);
    if (status)
        return status;
    if (!in.output || !mm_sound_file_knows(in.output))
        return cmd_fail(self, CMD_USAGE, "say where to: -o show.mp3, .flac or .wav");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    struct mm_error err = {0};
    struct mm_set_record record = {0};
    struct set_ask ask = {0};
    struct made_set made = {0};
    double length_s = 0;
    if (!helpers) {
        mm_catalog_close(catalog);
        return CMD_FAILED;
    }
    int result = set_get(catalog, operands[0], &record, &err);
    if (result == 0)
        result = set_ask_from_json(record.request, &ask, &err);
    if (result == 0)
        result = set_judge(catalog, &ask, record.songs, record.n_songs, &made, &err);
    if (result == 0)
        result = render(helpers, &in, record.name, &made, &length_s, &err);
    if (result < 0 || !made.set)
        status = cmd_fail_error(self, &err);
    else
        cmd_say("mixed: %s, %zu songs, %d:%02d", in.output, made.set->n, (int)length_s / 60,
                (int)length_s % 60);
    made_set_finish(&made);
    set_ask_finish(&ask);
    mm_set_record_finish(&record);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
