/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * beam.c - a first set, grown song by song. Of all sets grown so far the `width` best are kept;
 * each is continued with the cheapest successors of its last song, with songs that a quota still
 * lacks, with the waypoints that are due and with a few by lot. A set that has reached its length
 * is done. What is partly there is judged by the same judge as what is whole.
 */
#include <math.h>

#include "base/array.h"
#include "set/problem.h"

#define WIDTH 12
#define NEAR  12 /* successors tried */
#define LOT   4
#define HARD  4.0 /* cost of a hard rule broken to degree 1 */

struct state {
    struct mm_line line;
    double score; /* smaller is better */
    double length_s;
    uint64_t wanted;
};

struct beam {
    const struct mm_problem *p;
    struct mm_random *random;
    double noise;
    struct mm_scratch scratch;
    size_t width;
    struct state *now, *next; /* [width] */
    size_t n_now, n_next;
    struct mm_line best;
    double best_score;
};

static bool holds(const struct mm_line *line, uint32_t candidate)
{
    for (size_t i = 0; i < line->n; i++)
        if (line->at[i] == candidate)
            return true;
    return false;
}

/* Seconds that the song kept for the end will take. */
static double reserved(const struct mm_problem *p)
{
    double last = p->lock_last ? p->length[p->order[p->n_order - 1]] : 0;
    return last - mm_set_overlap(p->crossfade_s, last, last);
}

static double score(struct beam *b, const struct mm_line *line, bool partial,
                    struct mm_verdict *verdict)
{
    mm_judge(b->p, line->at, line->n, partial, &b->scratch, NULL, verdict);
    return HARD * verdict->hard + verdict->cost + b->noise * 0.2 * mm_random_unit(b->random);
}

/* The whole set that this one would be. */
static void finish(struct beam *b, const struct mm_line *line)
{
    struct mm_line whole;
    whole.n = line->n;
    memcpy(whole.at, line->at, line->n * sizeof *whole.at);
    if (b->p->lock_last && whole.n < MM_MOST_SONGS) {
        uint32_t last = b->p->order[b->p->n_order - 1];
        if (!holds(&whole, last))
            whole.at[whole.n++] = last;
    }
    struct mm_verdict verdict;
    double s = score(b, &whole, false, &verdict);
    if (b->best.n && s >= b->best_score)
        return;
    b->best_score = s;
    b->best = whole;
}

/* Puts the set into next where it is among the best; next is kept in order. */
static void keep(struct beam *b, const struct mm_line *from, uint32_t song)
{
    struct mm_line line;
    line.n = from->n + 1;
    memcpy(line.at, from->at, from->n * sizeof *line.at);
    line.at[from->n] = song;
    struct mm_verdict verdict;
    double s = score(b, &line, true, &verdict);
    if (b->n_next == b->width && s >= b->next[b->width - 1].score)
        return;
    size_t at = b->n_next < b->width ? b->n_next++ : b->width - 1;
    for (; at > 0 && b->next[at - 1].score > s; at--)
        b->next[at] = b->next[at - 1];
    b->next[at].line.n = line.n;
    memcpy(b->next[at].line.at, line.at, line.n * sizeof *line.at);
    b->next[at].score = s;
    b->next[at].length_s = verdict.length_s;
    b->next[at].wanted = verdict.wanted;
}

/* False: the song cannot come next. */
static bool try_song(struct beam *b, const struct state *state, uint32_t song)
{
    const struct mm_problem *p = b->p;
    bool kept_for_end = p->lock_last && song == p->order[p->n_order - 1];
    if (song == MM_SET_NONE || kept_for_end || holds(&state->line, song))
        return false;
    keep(b, &state->line, song);
    return true;
}

/* Songs by lot of the criteria that are wanted. */
static void try_wanted(struct beam *b, const struct state *state)
{
    const struct mm_problem *p = b->p;
    for (size_t c = 0; c < p->settings->n_criteria; c++)
        if (state->wanted >> c & 1 && p->n_members[c])
            for (int k = 0; k < 3; k++)
                try_song(b, state, p->members[c][mm_random_below(b->random, p->n_members[c])]);
}

static void grow(struct beam *b, const struct state *state)
{
    const struct mm_problem *p = b->p;
    uint32_t last = state->line.at[state->line.n - 1];
    size_t tried = 0;
    for (size_t k = 0; k < p->n_near && tried < NEAR; k++)
        tried += try_song(b, state, p->near[(size_t)last * p->n_near + k]);
    for (size_t k = 0; k < LOT; k++)
        tried += try_song(b, state, (uint32_t)mm_random_below(b->random, p->n));
    /* A set that holds nearly all there is: what is left, from anywhere on. */
    size_t from = tried ? 0 : mm_random_below(b->random, p->n);
    for (size_t k = 0; k < p->n && tried < LOT; k++)
        tried += try_song(b, state, (uint32_t)((from + k) % p->n));
    try_wanted(b, state);
    for (size_t k = 0; k < p->n_order; k++)
        if (!holds(&state->line, p->order[k])) {
            try_song(b, state, p->order[k]);
            break;
        }
}

static void begin(struct beam *b)
{
    const struct mm_problem *p = b->p;
    struct mm_line empty = {.n = 0};
    if (p->lock_first) {
        keep(b, &empty, p->order[0]);
        return;
    }
    /* Where something was before, the cheapest to go on with are tried, too. */
    for (size_t k = 0; p->lead && k < p->n; k++)
        if (!(p->lock_last && k == p->order[p->n_order - 1]))
            keep(b, &empty, (uint32_t)k);
    for (size_t k = 0; k < 4 * b->width; k++) {
        uint32_t song = (uint32_t)mm_random_below(b->random, p->n);
        if (!(p->lock_last && song == p->order[p->n_order - 1]))
            keep(b, &empty, song);
    }
    if (b->n_next == 0)
        keep(b, &empty, 0);
}

/* Sets that are long enough, or cannot grow, are done; the others grow. */
static void step(struct beam *b)
{
    const struct mm_problem *p = b->p;
    double goal = p->target_s - reserved(p);
    struct state *swap = b->now;
    b->now = b->next;
    b->next = swap;
    b->n_now = b->n_next;
    b->n_next = 0;
    for (size_t i = 0; i < b->n_now; i++) {
        struct state *state = &b->now[i];
        /* Near the end both are tried: to stop here and to go on. */
        if (state->length_s > goal - 120 || state->line.n >= p->n - p->lock_last ||
            state->line.n + 2 >= MM_MOST_SONGS)
            finish(b, &state->line);
        if (state->length_s < goal && state->line.n < p->n && state->line.n + 2 < MM_MOST_SONGS)
            grow(b, state);
    }
}

int mm_beam(const struct mm_problem *p, double noise, struct mm_random *random, struct mm_line *out,
            struct mm_error *err)
{
    struct beam b = {.p = p, .random = random, .noise = noise};
    /* A long set is judged slowly and has many steps. */
    double songs = p->target_s / 240;
    b.width = songs <= 30 ? WIDTH : (size_t)fmax(WIDTH * 900 / (songs * songs), 1);
    b.now = mm_calloc3(b.width, 1, sizeof *b.now);
    b.next = mm_calloc3(b.width, 1, sizeof *b.next);
    int result = mm_scratch_init(&b.scratch, p, err);
    if (result == 0 && (!b.now || !b.next))
        result = mm_no_memory(err);
    if (result == 0) {
        begin(&b);
        while (b.n_next)
            step(&b);
        *out = b.best;
    }
    mm_scratch_finish(&b.scratch);
    free(b.now);
    free(b.next);
    return result;
}
