/* SPDX-License-Identifier: BSD-2-Clause */
/* musicmap radio: an endless set that walks the map, by the rules, in a player's queue. */
#include "musicmap/radio.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/set.h"
#include "musicmap/player.h"

/* Where no rules are given: no song twice in six hours, no artist twice in half an hour. */
static const char usual_rules[] = "[separation]\nartist = 30 min\n[history]\nhours = 6\n";

struct radio {
    const struct command *self;
    struct mm_catalog *catalog;
    struct made_set made;
    struct mm_set_request request;
    struct mm_radio_mpd *mpd;
    struct mm_radio_player player;
    struct mm_radio_play *history; /* [n_history] newest first while it is read */
    size_t n_history, capacity;
    size_t queued, played, bent;
    const char *warned; /* of a disorder */
};

/* ---- the clock ---- */

/* Local time as all times of sets are: seconds as if it were UTC. */
static double local_now(void *ctx)
{
    struct timespec t;
    struct tm tm;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    time_t seconds = t.tv_sec;
    double whole = localtime_r(&seconds, &tm) ? (double)timegm(&tm) : (double)seconds;
    return whole + 1e-9 * (double)t.tv_nsec;
}

static int wait_for(void *ctx, double seconds, struct mm_error *err)
{
    struct radio *r = ctx;
    const char *disorder = mm_radio_mpd_disorder(r->mpd);
    if (disorder && disorder != r->warned)
        cmd_fail(r->self, CMD_PARTLY,
                 "MPD's \"%s\" is on: it decides what comes next, not the rules", disorder);
    r->warned = disorder;
    return mm_radio_mpd_wait(r->mpd, seconds, err);
}

/* ---- what happens ---- */

static void say_song(const char *what, const struct radio *r, uint32_t song, int64_t at)
{
    const struct mm_set_song *s = mm_set_library_song(r->made.library, song);
    const struct mm_player_song shown = {.song = s};
    char *name = mm_player_song_name(&shown);
    time_t t = (time_t)at;
    struct tm tm;
    char when[16] = "";
    if (gmtime_r(&t, &tm))
        strftime(when, sizeof when, "%H:%M:%S", &tm);
    cmd_say("%s  %-6s %s", when, what, name ? name : "");
    free(name);
}

static int on_played(void *ctx, uint32_t song, int64_t at, struct mm_error *err)
{
    struct radio *r = ctx;
    bool added;
    time_t t = (time_t)at;
    struct tm tm;
    char show[32] = "radio";
    if (gmtime_r(&t, &tm))
        strftime(show, sizeof show, "radio %Y-%m-%d", &tm);
    int64_t id = mm_set_library_song(r->made.library, song)->id;
    int result = mm_catalog_add_play(r->catalog, id, at, show, &added, err);
    if (result < 0 && result != MM_ERR_NOT_FOUND) /* one that was deleted plays all the same */
        return result;
    say_song("plays", r, song, at);
    r->played++;
    return 0;
}

static void on_queued(void *ctx, uint32_t song, int64_t at)
{
    struct radio *r = ctx;
    r->queued++;
    say_song("queued", r, song, at);
}

static void on_planned(void *ctx, const struct mm_set *set)
{
    struct radio *r = ctx;
    for (size_t i = 0; i < set->n_bent; i++) {
        const struct mm_set_bent *b = &set->bent[i];
        r->bent += !b->soft;
        if (!b->soft)
            cmd_say("          bent   %s: %s", b->rule, b->what);
    }
}

static void on_refused(void *ctx, uint32_t song)
{
    struct radio *r = ctx;
    say_song("lacks", r, song, (int64_t)local_now(NULL));
}

static void on_away(void *ctx, const struct mm_error *why, double wait_s)
{
    struct radio *r = ctx;
    cmd_fail(r->self, CMD_PARTLY, "%s; again in %.0f s", why->message, wait_s);
}

static void on_back(void *ctx)
{
    struct radio *r = ctx;
    cmd_say("MPD at %s is back", mm_radio_mpd_name(r->mpd));
}

/* ---- what was on air before ---- */

enum { MOST_HISTORY = 400 };

static int on_logged(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err)
{
    struct radio *r = ctx;
    (void)show;
    uint32_t index = mm_set_library_find(r->made.library, song);
    if (index == MM_SET_NONE || r->n_history == MOST_HISTORY)
        return 0;
    if (mm_array_reserve(&r->history, &r->capacity, r->n_history + 1) < 0)
        return mm_no_memory(err);
    r->history[r->n_history++] = (struct mm_radio_play){index, (double)at};
    return 0;
}

static int read_history(struct radio *r, struct mm_error *err)
{
    int result = mm_catalog_each_play(r->catalog, on_logged, r, err);
    for (size_t i = 0; i < r->n_history / 2; i++) {
        struct mm_radio_play newer = r->history[i];
        r->history[i] = r->history[r->n_history - 1 - i];
        r->history[r->n_history - 1 - i] = newer;
    }
    return result;
}

/* ---- the command ---- */

struct radio_options {
    struct set_options set;
    bool mpd;
    double lead; /* minutes */
    size_t songs;
};

static int run(struct radio *r, const struct radio_options *in, const char *address,
               struct mm_error *err)
{
    const struct mm_radio_clock clock = {local_now, wait_for, r};
    const struct mm_radio_events events = {.played = on_played,
                                           .queued = on_queued,
                                           .planned = on_planned,
                                           .refused = on_refused,
                                           .away = on_away,
                                           .back = on_back,
                                           .ctx = r};
    struct mm_radio *radio = NULL;
    int result = read_history(r, err);
    if (result == 0)
        result =
            mm_radio_mpd_open(address, r->made.library, cmd_progress(), &r->mpd, &r->player, err);
    const struct mm_radio_settings settings = {.library = r->made.library,
                                               .rules = r->made.rules,
                                               .request = r->request,
                                               .lead_s = in->lead * 60,
                                               .songs = in->songs};
    if (result == 0)
        result = mm_radio_create(&settings, &r->player, &clock, &events, r->history, r->n_history,
                                 &radio, err);
    if (result == 0)
        cmd_say("on air at %s (Ctrl-C ends; the queue stays)", mm_radio_mpd_name(r->mpd));
    if (result == 0)
        result = mm_radio_run(radio, err);
    mm_radio_destroy(radio);
    return result;
}

/* clang-format off */
#define RADIO_OPTIONS(o)                                                                              \
    {"mpd", 0, CMD_FLAG, &(o).mpd, NULL, "in a Music Player Daemon; its address is the operand", 0, 0}, \
    {"lead", 0, CMD_NUMBER, &(o).lead, "MINUTES", "music that is queued ahead (default 10)", 0.05, 240}, \
    {"songs", 0, CMD_COUNT, &(o).songs, "N", "end after so many (default: never)", 1, 1000000},       \
    {"around", 0, CMD_TEXT, &(o).set.around, "SONG|COUNTRY", "stays near a song or in a country", 0, 0}, \
    {"tour", 0, CMD_FLAG, &(o).set.tour, NULL, "visits the largest countries", 0, 0},                 \
    {"draw", 0, CMD_TEXT, &(o).set.draw, "\"X,Y X,Y ...\"", "follows a line on the map, again and again", 0, 0}, \
    {"like", 0, CMD_TEXT, &(o).set.like, "PLAYLIST", "sounds like it, with other songs", 0, 0},       \
    {"rules", 0, CMD_TEXT, &(o).set.rules, "FILE", "what must hold, and what should (doc/sets.md)", 0, 0}, \
    {"minutes", 0, CMD_NUMBER, &(o).set.minutes, "N", "planned at once (default: the rules', or 58)", 0.1, 1440}, \
    {"arc", 0, CMD_TEXT, &(o).set.arc, "NAME|POINTS", "of each plan: flat, rise, fall, peak, wave", 0, 0}, \
    {"model", 0, CMD_TEXT, &(o).set.model, "NAME", "vectors to go by (default: what most songs have)", 0, 0}
/* clang-format on */

static int prepare(struct radio *r, const struct radio_options *in, struct mm_set_ask *ask,
                   struct set_indices *indices)
{
    struct mm_error err = {0};
    int status = set_ask_read(r->self, r->catalog, &in->set, ask);
    if (status)
        return status;
    if (!in->set.rules) {
        free(ask->rules);
        ask->rules = mm_strdup(usual_rules);
    }
    int result = ask->rules ? set_prepare(r->catalog, ask, &r->made, indices, &r->request, &err)
                            : mm_no_memory(&err);
    cmd_progress_end();
    return result < 0 ? set_fail(r->self, &err) : 0;
}

int cmd_radio(const struct command *self, int argc, char **argv)
{
    struct radio_options in = {.lead = 10};
    const struct cmd_option options[] = {RADIO_OPTIONS(in), {0}};
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, 1, &operands, &n);
    if (status)
        return status;
    if (!in.mpd)
        return cmd_fail(self, CMD_USAGE, "in which player? --mpd [ADDRESS]");
    struct radio r = {.self = self, .catalog = cmd_open_library(self, false)};
    if (!r.catalog)
        return CMD_FAILED;
    struct mm_set_ask ask = {0};
    struct set_indices indices = {0};
    struct mm_error err = {0};
    status = prepare(&r, &in, &ask, &indices);
    if (status == CMD_DONE && run(&r, &in, n ? operands[0] : NULL, &err) < 0)
        status = cmd_fail_error(self, &err);
    if (status == CMD_DONE) {
        cmd_say("ended: %zu songs queued, %zu heard, %zu rules bent", r.queued, r.played, r.bent);
        if (cmd_common.json)
            cmd_print_json(json_pack("{s:I, s:I, s:I}", "queued", (json_int_t)r.queued, "played",
                                     (json_int_t)r.played, "bent", (json_int_t)r.bent));
    }
    mm_radio_mpd_close(r.mpd);
    free(r.history);
    made_set_finish(&r.made);
    set_indices_finish(&indices);
    mm_set_ask_finish(&ask);
    mm_catalog_close(r.catalog);
    return status;
}
