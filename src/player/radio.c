/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * radio.c - when to plan, when to queue, and what was heard. See radio.h.
 *
 * Every step begins with a look at the player; what is on air and queued there is the truth, and
 * the plan is only what would come behind it. A plan fits as long as its next song is due within
 * two minutes of when it was meant, and the queue ends with the song before it.
 */
#include "musicmap/radio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define MOST_BEFORE ((size_t)400) /* songs that separations can reach back to */
#define SHIFT_S     120.0         /* a plan whose next song is due so much off is no plan */
#define LOOK_S      20.0          /* from one look to the next at most */
#define MOST_WAIT_S 60.0          /* for a player that is away */
#define HOUR_S      3600.0        /* by which clocks are put forward and back */
#define SAME_S      10.0          /* two beginnings of one song so near are one */

enum { MOST_REFUSALS = 30 };

struct mm_radio {
    struct mm_radio_settings in;
    struct mm_radio_player player;
    struct mm_radio_clock clock;
    struct mm_radio_events events;
    struct mm_radio_play *aired; /* [n_aired] oldest first */
    size_t n_aired, aired_capacity;
    size_t n_logged;                /* of them, told by events.played */
    struct mm_radio_look now, last; /* this look and the one before */
    double looked_at;               /* time of the last one; 0 = none yet */
    double stepped_at;              /* of the last step, also one that saw nothing */
    bool noted;                     /* what was on air then is in the log */
    struct mm_set *plan;
    size_t next;       /* first song of the plan that is not queued */
    double plan_start; /* time at which its first song begins */
    uint32_t behind;   /* the song that the plan's next one follows; MM_SET_NONE = any */
    uint64_t plans;
    size_t queued;
    int refusals;                 /* in a row */
    struct mm_set_before *before; /* [MOST_BEFORE] */
};

static void forget_plan(struct mm_radio *r)
{
    mm_set_destroy(r->plan);
    r->plan = NULL;
    r->next = 0;
}

/* ---- what was heard ---- */

static int note_aired(struct mm_radio *r, uint32_t song, double at, struct mm_error *err)
{
    if (song == MM_SET_NONE)
        return 0;
    for (size_t i = r->n_aired; i > 0 && r->aired[i - 1].at > at - SAME_S; i--)
        if (r->aired[i - 1].song == song && fabs(r->aired[i - 1].at - at) < SAME_S)
            return 0;
    if (mm_array_reserve(&r->aired, &r->aired_capacity, r->n_aired + 1) < 0)
        return mm_no_memory(err);
    r->aired[r->n_aired++] = (struct mm_radio_play){song, at};
    mm_set_library_note_play(r->in.library, song, (int64_t)floor(at));
    return 0;
}

/* What a log that could not be written to (somebody else was writing) has not got yet comes first
 * the next time. */
static int tell_aired(struct mm_radio *r, struct mm_error *err)
{
    int result = 0;
    while (r->n_logged < r->n_aired && result == 0) {
        const struct mm_radio_play *play = &r->aired[r->n_logged];
        if (r->events.played)
            result = r->events.played(r->events.ctx, play->song, (int64_t)floor(play->at), err);
        r->n_logged += result == 0;
    }
    return result;
}

/* The songs between the last look's and this one's were heard if there was time for them, as when
 * the player was out of reach and went on by itself. */
static int note_between(struct mm_radio *r, double now, size_t place, struct mm_error *err)
{
    double at = r->looked_at - r->last.elapsed_s;
    int result = 0;
    for (size_t i = 0; i < place && result == 0; i++) {
        const struct mm_radio_song *s = &r->last.songs[i];
        bool whole = at + s->length_s <= now - r->now.elapsed_s + SAME_S;
        if (i > 0 && whole)
            result = note_aired(r, s->song, at, err);
        at = whole ? at + s->length_s : at;
    }
    return result;
}

/* Tags change when a player is restarted. */
static bool is_same(const struct mm_radio_song *a, const struct mm_radio_song *b)
{
    return a->tag == b->tag || (a->song == b->song && a->song != MM_SET_NONE);
}

/* The song of the last look is still on air. After a pause, or a restart of the player, it seems to
 * have begun later than it did. */
static bool goes_on(const struct mm_radio *r)
{
    if (!r->last.n || !r->now.n || !is_same(r->last.songs, r->now.songs))
        return false;
    return r->now.elapsed_s >= r->last.elapsed_s - fmin(SAME_S, r->now.songs[0].length_s / 2);
}

static int note_current(struct mm_radio *r, double now, struct mm_error *err)
{
    int result = 0;
    const struct mm_radio_song *on = r->now.n ? &r->now.songs[0] : NULL;
    bool known = r->noted && goes_on(r);
    if (r->looked_at > 0 && r->last.n) {
        size_t place = on ? 0 : r->last.n;
        while (on && place < r->last.n && !is_same(&r->last.songs[place], on))
            place++;
        if (place > 0)
            result = note_between(r, now, place, err);
    }
    if (result == 0 && on && r->now.playing && !known)
        result = note_aired(r, on->song, now - r->now.elapsed_s, err);
    r->noted = known || (on && r->now.playing);
    return result;
}

/* Steps are at most some minutes apart: an hour more or less is the clock's. What was heard moves
 * along, so that songs stay as far apart as they are for who listens; what comes is planned anew,
 * since other hours may have other rules. */
static void mind_the_clock(struct mm_radio *r, double now)
{
    double gone = r->stepped_at > 0 ? now - r->stepped_at : 0;
    double put = fabs(gone - HOUR_S) < SHIFT_S   ? HOUR_S
                 : fabs(gone + HOUR_S) < SHIFT_S ? -HOUR_S
                                                 : 0;
    r->stepped_at = now;
    if (put == 0)
        return;
    for (size_t i = 0; i < r->n_aired; i++)
        r->aired[i].at += put;
    r->looked_at += r->looked_at > 0 ? put : 0;
    forget_plan(r);
}

/* ---- planning ---- */

/* Seconds until the queue runs out. */
static double due_in(const struct mm_radio *r)
{
    double due = 0;
    double fade = mm_set_rules_crossfade(r->in.rules);
    for (size_t i = 0; i < r->now.n; i++)
        due += fmax(r->now.songs[i].length_s - fade, 0);
    if (r->now.n)
        due -= fmin(r->now.elapsed_s, r->now.songs[0].length_s);
    return fmax(due, 0);
}

/* What is before the plan's beginning: aired, on air, queued. Returns how many. */
static size_t list_before(struct mm_radio *r, double now, double start)
{
    size_t n = 0;
    size_t room = r->now.n < MOST_BEFORE ? MOST_BEFORE - r->now.n : 0;
    size_t first = r->n_aired > room ? r->n_aired - room : 0;
    bool on_air = r->now.n > 0;
    double at = now - (on_air ? r->now.elapsed_s : 0);
    for (size_t i = first; i < r->n_aired; i++)
        if (r->aired[i].at <= start && (!on_air || r->aired[i].at < at - SAME_S))
            r->before[n++] = (struct mm_set_before){r->aired[i].song, start - r->aired[i].at};
    double fade = mm_set_rules_crossfade(r->in.rules);
    for (size_t i = 0; i < r->now.n && n < MOST_BEFORE; i++) {
        const struct mm_radio_song *s = &r->now.songs[i];
        if (s->song != MM_SET_NONE)
            r->before[n++] = (struct mm_set_before){s->song, fmax(start - at, 0)};
        at += fmax(s->length_s - fade, 0);
    }
    return n;
}

/* Queued songs count as played when they will be: no plan has them again too soon. */
static void note_queue(struct mm_radio *r, double now)
{
    double at = now - r->now.elapsed_s;
    for (size_t i = 0; i < r->now.n; i++) {
        if (r->now.songs[i].song != MM_SET_NONE)
            mm_set_library_note_play(r->in.library, r->now.songs[i].song, (int64_t)floor(at));
        at += r->now.songs[i].length_s;
    }
}

static int make_plan(struct mm_radio *r, double now, double start, struct mm_error *err)
{
    forget_plan(r);
    note_queue(r, now);
    struct mm_set_request request = r->in.request;
    request.before = r->before;
    request.n_before = list_before(r, now, start);
    request.seed = r->in.request.seed + r->plans++;
    mm_set_rules_set_start(r->in.rules, (int64_t)floor(start));
    int result = mm_set_make(r->in.library, r->in.rules, &request, r->in.progress, &r->plan, err);
    if (result == 0) {
        r->plan_start = start;
        r->behind = request.n_before ? request.before[request.n_before - 1].song : MM_SET_NONE;
        if (r->events.planned)
            r->events.planned(r->events.ctx, r->plan);
    }
    return result;
}

static bool plan_fits(const struct mm_radio *r, double start)
{
    if (r->next >= r->plan->n)
        return false;
    uint32_t last = MM_SET_NONE;
    for (size_t i = r->now.n; i > 0 && last == MM_SET_NONE; i--)
        last = r->now.songs[i - 1].song;
    if (last != MM_SET_NONE && last != r->behind)
        return false;
    return fabs(r->plan_start + r->plan->items[r->next].start_s - start) <= SHIFT_S;
}

/* ---- filling ---- */

static int queue_one(struct mm_radio *r, double start, struct mm_error *err)
{
    uint32_t song = r->plan->items[r->next++].song;
    uint64_t tag = 0;
    int result = r->player.add(r->player.ctx, song, &tag, err);
    if (result < 0) {
        r->next--; /* it may come back */
        return result;
    }
    if (!tag) {
        mm_set_library_withhold(r->in.library, song);
        forget_plan(r);
        if (r->events.refused)
            r->events.refused(r->events.ctx, song);
        return ++r->refusals < MOST_REFUSALS
                   ? 0
                   : mm_error_set(err, MM_ERR_NOT_FOUND,
                                  "the player has none of %d songs of the library, one after the "
                                  "other",
                                  MOST_REFUSALS);
    }
    /* Also when it is skipped before it is seen on air, it is not to come again soon. */
    mm_set_library_note_play(r->in.library, song, (int64_t)floor(start));
    r->refusals = 0;
    double length = mm_set_library_song(r->in.library, song)->duration_s;
    if (mm_array_reserve(&r->now.songs, &r->now.capacity, r->now.n + 1) < 0)
        return mm_no_memory(err);
    r->now.songs[r->now.n++] = (struct mm_radio_song){song, length, tag};
    r->behind = song;
    r->queued++;
    if (r->events.queued)
        r->events.queued(r->events.ctx, song, (int64_t)floor(start));
    return 0;
}

static bool is_up(const struct mm_radio *r)
{
    return r->in.songs && r->queued >= r->in.songs;
}

static int fill(struct mm_radio *r, double now, struct mm_error *err)
{
    int result = 0;
    /* A radio that begins plays; from then on, who stops the player means it. */
    bool silent = r->now.dry || (r->looked_at <= 0 && !r->now.playing);
    while (result == 0 && due_in(r) < r->in.lead_s && !is_up(r)) {
        double start = now + due_in(r);
        if (!r->plan || !plan_fits(r, start))
            result = make_plan(r, now, start, err);
        if (result == 0)
            result = queue_one(r, start, err);
    }
    if (result == 0 && silent && r->now.n)
        result = r->player.play(r->player.ctx, 0, err);
    return result;
}

int mm_radio_step(struct mm_radio *r, double *wait_s, struct mm_error *err)
{
    *wait_s = LOOK_S;
    int result = r->player.look(r->player.ctx, &r->last, err);
    double now = r->clock.now(r->clock.ctx);
    mind_the_clock(r, now);
    if (result < 0)
        return result; /* what was seen the last time is still in r->now */
    struct mm_radio_look seen = r->last;
    r->last = r->now;
    r->now = seen;
    result = note_current(r, now, err);
    if (result == 0)
        result = tell_aired(r, err);
    if (result == 0)
        result = fill(r, now, err);
    r->looked_at = now;
    double left = due_in(r) - r->in.lead_s;
    if (result == 0 && r->now.playing && left < LOOK_S)
        *wait_s = fmax(left + 0.5, 0.5);
    return result;
}

int mm_radio_run(struct mm_radio *r, struct mm_error *err)
{
    struct mm_error fault = {0};
    int result = 0;
    for (double back_off = 1; result == 0 && !is_up(r);) {
        double wait = 0;
        result = mm_radio_step(r, &wait, &fault);
        if (result == MM_ERR_AGAIN || result == MM_ERR_IO) {
            wait = back_off;
            if (r->events.away)
                r->events.away(r->events.ctx, &fault, wait);
            back_off = fmin(2 * back_off, MOST_WAIT_S);
            result = 0;
        } else {
            if (result == 0 && back_off > 1 && r->events.back)
                r->events.back(r->events.ctx);
            back_off = 1;
        }
        if (result == 0 && !is_up(r))
            result = r->clock.wait(r->clock.ctx, wait, &fault);
    }
    if (result == MM_ERR_CANCELLED)
        return 0;
    if (result < 0 && err)
        *err = fault;
    return result;
}

int mm_radio_create(const struct mm_radio_settings *settings, const struct mm_radio_player *player,
                    const struct mm_radio_clock *clock, const struct mm_radio_events *events,
                    const struct mm_radio_play *history, size_t n, struct mm_radio **out,
                    struct mm_error *err)
{
    struct mm_radio *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return mm_no_memory(err);
    r->in = *settings;
    r->player = *player;
    r->clock = *clock;
    r->events = *events;
    r->behind = MM_SET_NONE;
    r->before = mm_calloc3(MOST_BEFORE, 1, sizeof *r->before);
    int result = r->before ? 0 : mm_no_memory(err);
    if (result == 0 && mm_array_reserve(&r->aired, &r->aired_capacity, n + 1) < 0)
        result = mm_no_memory(err);
    if (result == 0 && n) {
        memcpy(r->aired, history, n * sizeof *history);
        r->n_aired = r->n_logged = n;
    }
    if (result < 0)
        mm_radio_destroy(r);
    else
        *out = r;
    return result;
}

void mm_radio_destroy(struct mm_radio *r)
{
    if (!r)
        return;
    mm_set_destroy(r->plan);
    free(r->before);
    free(r->aired);
    free(r->now.songs);
    free(r->last.songs);
    free(r);
}
