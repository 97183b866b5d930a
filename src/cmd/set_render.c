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

/* Songs whose files end before their time: heard, and told. */
static size_t tell_short(const struct command *self, const struct mm_render *request,
                         const struct mm_rendered *songs)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n; i++) {
        const struct mm_render_song *song = &request->songs[i];
        if (songs[i].heard_s >= song->duration_s - fmax(1, 0.02 * song->duration_s))
            continue;
        cmd_fail(self, CMD_PARTLY,
                 "%s ends after %.0f of %.0f seconds: cut short, or changed since it was gathered",
                 song->path, songs[i].heard_s, song->duration_s);
        count++;
    }
    return count;
}

int set_fill_render(const struct made_set *made, double crossfade, double lufs,
                    struct mm_render_song *songs, struct mm_render *out, struct mm_error *err)
{
    for (size_t i = 0; i < made->set->n; i++) {
        const struct mm_set_song *s = mm_set_library_song(made->library, made->set->items[i].song);
        songs[i] = (struct mm_render_song){.path = s->path,
                                           .duration_s = s->duration_s,
                                           .loudness_lufs = s->loudness_lufs,
                                           .artist = s->artist,
                                           .title = s->title};
        if (!s->path || s->path[0] != '/')
            return mm_error_set(err, MM_ERR_UNSUPPORTED,
                                "\"%s\" is no file of this computer: only those can be mixed",
                                s->title ? s->title : "a song");
    }
    double fade = crossfade >= 0 ? crossfade : made->set->crossfade_s;
    *out = (struct mm_render){.n = made->set->n,
                              .songs = songs,
                              .crossfade_s = crossfade < 0 && fade <= 0 ? 3 : fade,
                              .target_lufs = lufs};
    return 0;
}

/* *shortened = how many songs end before their time. */
static int render(const struct command *self, struct mm_helpers *helpers,
                  const struct render_options *in, const char *name, struct made_set *made,
                  double *length_s, size_t *shortened, struct mm_error *err)
{
    size_t n = made->set->n;
    struct mm_render_song *songs = mm_calloc3(n, 1, sizeof *songs);
    struct mm_rendered *done = mm_calloc3(n, 1, sizeof *done);
    struct mm_render request = {0};
    int result = songs && done
                     ? set_fill_render(made, in->crossfade, in->lufs, songs, &request, err)
                     : mm_no_memory(err);
    if (result == 0)
        result =
            mm_render_songs(helpers, &request, in->output, done, length_s, cmd_progress(), err);
    cmd_progress_end();
    for (size_t i = 0; i < n && result == 0; i++)
        made->set->items[i].start_s = done[i].start_s;
    if (result == 0) {
        made->set->crossfade_s = request.crossfade_s;
        *shortened = tell_short(self, &request, done);
        result = write_cue(made, name, in->output, err);
        if (result == MM_ERR_LIMIT) { /* the sound is good all the same */
            cmd_say("no CUE sheet: %s", err->message);
            result = 0;
        }
    }
    free(done);
    free(songs);
    return result;
}

static json_t *report(const struct render_options *in, const struct made_set *made, double length_s)
{
    json_t *songs = json_array();
    for (size_t i = 0; i < made->set->n; i++) {
        const struct mm_set_item *item = &made->set->items[i];
        const struct mm_set_song *song = mm_set_library_song(made->library, item->song);
        json_array_append_new(songs,
                              json_pack("{s:I, s:o, s:f}", "id", (json_int_t)song->id, "path",
                                        cmd_json_text(song->path), "start_s", item->start_s));
    }
    return json_pack("{s:o, s:f, s:f, s:f, s:o}", "file", cmd_json_text(in->output), "length_s",
                     length_s, "crossfade_s", made->set->crossfade_s, "lufs", in->lufs, "songs",
                     songs);
}

int set_render(const struct command *self, int argc, char **argv)
{
    struct render_options in = {.crossfade = -1, .lufs = -16};
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &in.output, "FILE", "sound to write: .mp3, .flac, .wav or .opus",
         0, 0},
        {"crossfade", 0, CMD_NUMBER, &in.crossfade, "SECONDS",
         "songs overlap by this (default: the set's, or 3)", 0, 30},
        {"lufs", 0, CMD_NUMBER, &in.lufs, "N", "loudness of every song (default -16)", -40, -5},
        {0}};
    char **operands;
    int status = cmd_parse(self, options, argc, argv, 1, 1, &operands, NULL);
    if (status)
        return status;
    if (!in.output || !mm_sound_file_knows(in.output))
        return cmd_fail(self, CMD_USAGE, "say where to: -o show.mp3, .flac, .wav or .opus");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    struct mm_error err = {0};
    struct mm_set_record record = {0};
    struct mm_set_ask ask = {0};
    struct made_set made = {0};
    double length_s = 0;
    size_t shortened = 0;
    if (!helpers) {
        mm_catalog_close(catalog);
        return CMD_FAILED;
    }
    int result = set_get(catalog, operands[0], &record, &err);
    if (result == 0)
        result = mm_set_ask_from_json(record.request, &ask, &err);
    if (result == 0)
        result = set_judge(catalog, &ask, record.songs, record.n_songs, &made, &err);
    if (result == 0)
        result = set_check_whole(catalog, &made, &err);
    if (result == 0)
        result = render(self, helpers, &in, record.name, &made, &length_s, &shortened, &err);
    if (result < 0 || !made.set) {
        status = set_fail(self, &err);
    } else {
        int seconds = (int)(length_s + 0.5);
        cmd_say("mixed: %s, %zu songs, %d:%02d", in.output, made.set->n, seconds / 60,
                seconds % 60);
        if (cmd_common.json)
            cmd_print_json(report(&in, &made, length_s));
        status = shortened ? CMD_PARTLY : CMD_DONE;
    }
    made_set_finish(&made);
    mm_set_ask_finish(&ask);
    mm_set_record_finish(&record);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
