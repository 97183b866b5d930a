/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_play.c - musicmap set play: a kept set on air. It is mixed first (set_render.c says how), so
 * that a file that cannot be read is known before anybody listens; then it is sent in real time.
 * --dry-run mixes it, too, and tells how quiet and how loud it is where songs meet.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/set.h"
#include "musicmap/icecast.h"
#include "musicmap/player.h"
#include "musicmap/service.h"

#define QUIET_DB -45.0 /* what counts as silence, as set render has it */
#define BESIDE_S 3.0   /* how far around a join is looked */

struct play_options {
    const char *icecast;
    double crossfade; /* negative = the set's, or 3 */
    double lufs;
    bool dry_run;
};

struct playing {
    const struct command *self;
    struct mm_set_record record;
    struct mm_set_ask ask;
    struct made_set made;
    struct mm_render_song *songs;
    struct mm_rendered *done; /* [n] */
    struct mm_icecast_song *names;
    size_t n;
    double length_s, fade_s;
    struct mm_levels levels;
};

static int load(struct playing *p, struct mm_catalog *catalog, const char *word,
                struct mm_error *err)
{
    int result = set_get(catalog, word, &p->record, err);
    if (result == 0)
        result = mm_set_ask_from_json(p->record.request, &p->ask, err);
    if (result == 0)
        result = set_judge(catalog, &p->ask, p->record.songs, p->record.n_songs, &p->made, err);
    if (result == 0)
        result = set_check_whole(catalog, &p->made, err);
    p->n = result == 0 ? p->made.set->n : 0;
    p->songs = mm_calloc3(p->n, 1, sizeof *p->songs);
    p->done = mm_calloc3(p->n, 1, sizeof *p->done);
    p->names = mm_calloc3(p->n, 1, sizeof *p->names);
    if (result == 0 && (!p->songs || !p->done || !p->names))
        result = mm_no_memory(err);
    for (size_t i = 0; i < p->n && result == 0; i++) {
        const struct mm_player_song song = {
            .song = mm_set_library_song(p->made.library, p->made.set->items[i].song)};
        if (!(p->names[i].name = mm_player_song_name(&song)))
            result = mm_no_memory(err);
    }
    return result;
}

static void playing_finish(struct playing *p)
{
    for (size_t i = 0; p->names && i < p->n; i++)
        free(p->names[i].name);
    free(p->names);
    free(p->done);
    free(p->songs);
    free(p->levels.values);
    made_set_finish(&p->made);
    mm_set_ask_finish(&p->ask);
    mm_set_record_finish(&p->record);
}

static int mix(struct playing *p, struct mm_helpers *helpers, const struct play_options *in,
               const char *file, struct mm_error *err)
{
    struct mm_render request;
    int result = set_fill_render(&p->made, in->crossfade, in->lufs, p->songs, &request, err);
    request.levels = &p->levels;
    if (result == 0)
        result =
            mm_render_songs(helpers, &request, file, p->done, &p->length_s, cmd_progress(), err);
    cmd_progress_end();
    p->fade_s = result == 0 ? request.crossfade_s : 0;
    for (size_t i = 0; i < p->n && result == 0; i++)
        p->names[i].start_s = p->done[i].start_s;
    return result;
}

/* ---- the dry run ---- */

struct join {
    double before_db, in_db, behind_db; /* level of the seconds before, of the overlap, behind */
    double lowest_db;                   /* of a tenth of a second, around the join */
    double silence_s;                   /* the longest around it */
};

/* Mean level of from .. to seconds. */
static double level(const struct mm_levels *l, double from, double to)
{
    double sum = 0;
    size_t n = 0;
    for (double at = fmax(from, 0); at < to && (size_t)(at / MM_LEVEL_S) < l->n; at += MM_LEVEL_S) {
        sum += pow(10, (double)l->values[(size_t)(at / MM_LEVEL_S)] / 10);
        n++;
    }
    return n ? 10 * log10(sum / (double)n + 1e-12) : -120;
}

static struct join measure(const struct playing *p, size_t song)
{
    double start = p->done[song].start_s;
    double fade =
        mm_set_overlap(p->fade_s, p->songs[song - 1].duration_s, p->songs[song].duration_s);
    struct join j = {.before_db = level(&p->levels, start - BESIDE_S, start),
                     .in_db = level(&p->levels, start, start + fmax(fade, 2 * MM_LEVEL_S)),
                     .behind_db = level(&p->levels, start + fade, start + fade + BESIDE_S),
                     .lowest_db = 0};
    double quiet = 0;
    for (double at = fmax(start - BESIDE_S, 0); at < start + fade + BESIDE_S; at += MM_LEVEL_S) {
        size_t i = (size_t)(at / MM_LEVEL_S + 0.5);
        if (i + 1 >= p->levels.n)
            break;
        double db = fmax((double)p->levels.values[i], (double)p->levels.values[i + 1]);
        j.lowest_db = fmin(j.lowest_db, db);
        quiet = (double)p->levels.values[i] < QUIET_DB ? quiet + MM_LEVEL_S : 0;
        j.silence_s = fmax(j.silence_s, quiet);
    }
    return j;
}

static void print_joins(const struct playing *p)
{
    printf("%4s  %8s  %8s  %8s  %8s  %8s  %8s\n", "song", "at", "before", "in", "behind", "lowest",
           "silence");
    for (size_t i = 1; i < p->n; i++) {
        struct join j = measure(p, i);
        int at = (int)(p->done[i].start_s + 0.5);
        printf("%4zu  %5d:%02d  %5.1f dB  %5.1f dB  %5.1f dB  %5.1f dB  %6.2f s  ", i + 1, at / 60,
               at % 60, j.before_db, j.in_db, j.behind_db, j.lowest_db, j.silence_s);
        cmd_put(0, p->names[i].name);
        putchar('\n');
    }
}

static json_t *joins_json(const struct playing *p)
{
    json_t *joins = json_array();
    for (size_t i = 1; i < p->n; i++) {
        struct join j = measure(p, i);
        json_array_append_new(joins,
                              json_pack("{s:I, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "position",
                                        (json_int_t)i + 1, "name", p->names[i].name, "start_s",
                                        p->done[i].start_s, "before_db", j.before_db, "in_db",
                                        j.in_db, "behind_db", j.behind_db, "lowest_db", j.lowest_db,
                                        "silence_s", j.silence_s));
    }
    return json_pack("{s:f, s:f, s:o}", "length_s", p->length_s, "crossfade_s", p->fade_s, "joins",
                     joins);
}

/* ---- on air ---- */

static void on_begins(void *ctx, size_t song)
{
    struct playing *p = ctx;
    int at = (int)(p->names[song].start_s + 0.5);
    cmd_say("%3d:%02d  %s", at / 60, at % 60, p->names[song].name);
}

static void on_away(void *ctx, const struct mm_error *why, double wait_s)
{
    struct playing *p = ctx;
    cmd_fail(p->self, CMD_PARTLY, "%s; again in %.0f s", why->message, wait_s);
}

static void on_back(void *ctx)
{
    (void)ctx;
    cmd_say("on air again");
}

static int air(struct playing *p, const struct mm_icecast_place *place, const char *password,
               const char *file, struct mm_icecast_report *report, struct mm_error *err)
{
    const struct mm_icecast what = {.place = *place,
                                    .password = password,
                                    .title = p->record.name,
                                    .file = file,
                                    .songs = p->names,
                                    .n = p->n,
                                    .progress = cmd_progress(),
                                    .begins = on_begins,
                                    .away = on_away,
                                    .back = on_back,
                                    .ctx = p};
    cmd_say("to http%s://%s:%d%s, %zu songs, %d:%02d (Ctrl-C ends)", place->tls ? "s" : "",
            place->host, place->port, place->mount, p->n, (int)p->length_s / 60,
            (int)p->length_s % 60);
    return mm_icecast_play(&what, report, err);
}

/* Mixed into a file of its own, which is gone afterwards. */
static int mix_and_air(struct playing *p, struct mm_helpers *helpers, const struct play_options *in,
                       const struct mm_icecast_place *place, struct mm_icecast_report *report,
                       struct mm_error *err)
{
    const char *base = getenv("TMPDIR");
    size_t n = strlen(place->mount);
    bool ogg = (n > 5 && strcmp(place->mount + n - 5, ".opus") == 0) ||
               (n > 4 && strcmp(place->mount + n - 4, ".ogg") == 0);
    char *password = mm_credential("ICECAST_PASSWORD", err);
    char *folder = mm_format("%s/musicmap-air-XXXXXX", base && *base ? base : "/tmp");
    char *file = NULL;
    int result = !password ? err->code : folder ? 0 : mm_no_memory(err);
    if (result == 0 && !mkdtemp(folder))
        result = mm_error_set(err, MM_ERR_IO, "cannot make a folder in %s", base ? base : "/tmp");
    if (result == 0 && !(file = mm_format("%s/show%s", folder, ogg ? ".opus" : ".mp3")))
        result = mm_no_memory(err);
    if (result == 0)
        result = mix(p, helpers, in, file, err);
    if (result == 0)
        result = air(p, place, password, file, report, err);
    if (file) {
        unlink(file);
        rmdir(folder);
    }
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    free(file);
    free(folder);
    return result;
}

static int tell(const struct playing *p, const struct play_options *in,
                const struct mm_icecast_report *report)
{
    if (in->dry_run && cmd_common.json)
        cmd_print_json(joins_json(p));
    else if (in->dry_run)
        print_joins(p);
    else if (cmd_common.json)
        cmd_print_json(json_pack("{s:f, s:f, s:f, s:I, s:I}", "length_s", p->length_s, "sent_s",
                                 report->sent_s, "lost_s", report->lost_s, "connections",
                                 (json_int_t)report->connections, "songs", (json_int_t)p->n));
    if (report->lost_s > 0)
        return cmd_fail(p->self, CMD_PARTLY, "%.1f s of the show were not heard", report->lost_s);
    cmd_say("ended");
    return CMD_DONE;
}

int set_play(const struct command *self, int argc, char **argv)
{
    struct play_options in = {.crossfade = -1, .lufs = -16};
    const struct cmd_option options[] = {
        {"icecast", 0, CMD_TEXT, &in.icecast, "URL",
         "http://[USER@]HOST:8000/show.mp3, or .opus; $ICECAST_PASSWORD", 0, 0},
        {"crossfade", 0, CMD_NUMBER, &in.crossfade, "SECONDS",
         "songs overlap by this (default: the set's, or 3)", 0, 30},
        {"lufs", 0, CMD_NUMBER, &in.lufs, "N", "loudness of every song (default -16)", -40, -5},
        {"dry-run", 0, CMD_FLAG, &in.dry_run, NULL,
         "send nothing: how quiet and how loud it is where songs meet", 0, 0},
        {0}};
    char **operands;
    struct mm_error err = {0};
    struct mm_icecast_place place = {0};
    int status = cmd_parse(self, options, argc, argv, 1, 1, &operands, NULL);
    if (status)
        return status;
    if (!in.icecast && !in.dry_run)
        return cmd_fail(self, CMD_USAGE, "where to? --icecast http://HOST:8000/show.mp3");
    if (in.icecast && mm_icecast_parse(in.icecast, &place, &err) < 0)
        return cmd_fail_error(self, &err);
    struct mm_catalog *catalog = cmd_open_library(self, false);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    struct playing p = {.self = self};
    struct mm_icecast_report report = {0};
    int result = helpers ? load(&p, catalog, operands[0], &err) : MM_ERR_IO;
    if (helpers && result == 0)
        result = in.dry_run ? mix(&p, helpers, &in, NULL, &err)
                            : mix_and_air(&p, helpers, &in, &place, &report, &err);
    status = !helpers ? CMD_FAILED : result < 0 ? set_fail(self, &err) : tell(&p, &in, &report);
    playing_finish(&p);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
