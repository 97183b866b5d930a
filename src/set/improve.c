/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * improve.c - local search on whole sets: swap, replace, reverse a stretch (2-opt), insert, remove,
 * move, and replace with a second replacement that mends the length. Worse sets are accepted with
 * the probability of simulated annealing (Kirkpatrick et al. 1983), over a temperature that falls
 * geometrically. Moves are drawn by what is wrong: songs a quota lacks, songs of the length that is
 * missing, good successors of the neighbours.
 */
#include <math.h>

#include "base/array.h"
#include "set/problem.h"

#define HARD  3.0
#define HOT   0.2
#define COLD  0.0005
#define RESET 4000 /* steps without a new best after which it starts again from the best */

struct search {
    const struct mm_problem *p;
    struct mm_random *random;
    struct mm_scratch scratch;
    struct mm_line now, trial, best;
    struct mm_verdict v_now, v_trial, v_best;
};

static void copy_line(struct mm_line *to, const struct mm_line *from)
{
    to->n = from->n;
    memcpy(to->at, from->at, from->n * sizeof *to->at);
}

static size_t below(struct search *s, size_t n)
{
    return mm_random_below(s->random, n);
}

/* Positions that may change are first .. end - 1. */
static size_t first_free(const struct search *s)
{
    return s->p->lock_first ? 1 : 0;
}

static size_t end_free(const struct search *s)
{
    return s->trial.n - (s->p->lock_last ? 1 : 0);
}

static bool holds(const struct mm_line *line, uint32_t candidate)
{
    for (size_t i = 0; i < line->n; i++)
        if (line->at[i] == candidate)
            return true;
    return false;
}

/* ---- which song ---- */

/* One whose length is near to seconds. */
static uint32_t of_length(struct search *s, double seconds)
{
    const struct mm_problem *p = s->p;
    size_t low = 0;
    size_t high = p->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->length[p->by_length[middle]] < seconds)
            low = middle + 1;
        else
            high = middle;
    }
    size_t spread = 1 + below(s, p->n / 16 + 4);
    size_t at = low + below(s, 2 * spread);
    at = at > spread ? at - spread : 0;
    return p->by_length[at < p->n ? at : p->n - 1];
}

/* One that some criterion lacks; MM_SET_NONE when nothing is lacking. */
static uint32_t of_wanted(struct search *s)
{
    const struct mm_problem *p = s->p;
    uint64_t wanted = s->v_now.wanted;
    if (!wanted)
        return MM_SET_NONE;
    size_t skip = below(s, (size_t)__builtin_popcountll(wanted));
    while (skip--)
        wanted &= wanted - 1;
    size_t c = (size_t)__builtin_ctzll(wanted);
    return p->n_members[c] ? p->members[c][below(s, p->n_members[c])] : MM_SET_NONE;
}

/* A good successor of the song before position, or of the one behind (costs are nearly
 * symmetric). */
static uint32_t of_neighbours(struct search *s, size_t position)
{
    const struct mm_problem *p = s->p;
    bool back = below(s, 2) && position > 0;
    size_t beside = back ? position - 1 : position + 1;
    if (beside >= s->trial.n)
        beside = position > 0 ? position - 1 : position;
    return p->n_near ? p->near[(size_t)s->trial.at[beside] * p->n_near + below(s, p->n_near)]
                     : MM_SET_NONE;
}

static uint32_t choose_song(struct search *s, size_t position)
{
    uint32_t song = MM_SET_NONE;
    size_t lot = below(s, 10);
    if (lot < 3)
        song = of_wanted(s);
    if (song == MM_SET_NONE && lot < 8)
        song = of_neighbours(s, position);
    return song == MM_SET_NONE ? (uint32_t)below(s, s->p->n) : song;
}

/* ---- moves on trial; false = there was nothing to do ---- */

static bool put(struct search *s, size_t position, uint32_t song)
{
    if (song == MM_SET_NONE || holds(&s->trial, song))
        return false;
    s->trial.at[position] = song;
    return true;
}

static bool replace(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first >= end)
        return false;
    size_t i = first + below(s, end - first);
    return put(s, i, choose_song(s, i));
}

/* Another song at i, such that the set comes to its length. */
static bool mend_length(struct search *s)
{
    const struct mm_problem *p = s->p;
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first >= end)
        return false;
    double length = 0;
    for (size_t i = 0; i < s->trial.n; i++) {
        double own = p->length[s->trial.at[i]];
        length += own;
        if (i)
            length -= mm_set_overlap(p->crossfade_s, p->length[s->trial.at[i - 1]], own);
    }
    size_t i = first + below(s, end - first);
    return put(s, i, of_length(s, p->length[s->trial.at[i]] + p->target_s - length));
}

static bool replace_two(struct search *s)
{
    return replace(s) && mend_length(s);
}

static bool swap(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first + 1 >= end)
        return false;
    size_t i = first + below(s, end - first);
    size_t k = first + below(s, end - first);
    uint32_t song = s->trial.at[i];
    s->trial.at[i] = s->trial.at[k];
    s->trial.at[k] = song;
    return i != k;
}

static bool reverse(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first + 1 >= end)
        return false;
    size_t i = first + below(s, end - first);
    size_t k = first + below(s, end - first);
    size_t a = i < k ? i : k;
    size_t b = i < k ? k : i;
    for (; a < b; a++, b--) {
        uint32_t song = s->trial.at[a];
        s->trial.at[a] = s->trial.at[b];
        s->trial.at[b] = song;
    }
    return i != k;
}

static void insert_at(struct mm_line *line, size_t position, uint32_t song)
{
    memmove(line->at + position + 1, line->at + position, (line->n - position) * sizeof *line->at);
    line->at[position] = song;
    line->n++;
}

static void remove_at(struct mm_line *line, size_t position)
{
    line->n--;
    memmove(line->at + position, line->at + position + 1, (line->n - position) * sizeof *line->at);
}

static bool insert(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (s->trial.n + 1 >= MM_MOST_SONGS || s->trial.n >= s->p->n || first > end)
        return false;
    size_t i = first + below(s, end - first + 1);
    uint32_t song = choose_song(s, i < s->trial.n ? i : i - 1);
    if (song == MM_SET_NONE || holds(&s->trial, song))
        return false;
    insert_at(&s->trial, i, song);
    return true;
}

static bool drop(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first >= end || s->trial.n < 2)
        return false;
    remove_at(&s->trial, first + below(s, end - first));
    return true;
}

static bool move(struct search *s)
{
    size_t first = first_free(s);
    size_t end = end_free(s);
    if (first + 1 >= end)
        return false;
    size_t from = first + below(s, end - first);
    size_t to = first + below(s, end - first);
    uint32_t song = s->trial.at[from];
    remove_at(&s->trial, from);
    insert_at(&s->trial, to, song);
    return from != to;
}

static bool insert_and_mend(struct search *s)
{
    return insert(s) && mend_length(s);
}

static bool drop_and_mend(struct search *s)
{
    return drop(s) && mend_length(s);
}

/* How often each is drawn, of 100. */
static const struct {
    bool (*move)(struct search *s);
    size_t weight;
} moves[] = {{replace, 20},        {replace_two, 18}, {mend_length, 12}, {swap, 14},
             {reverse, 10},        {move, 12},        {insert, 4},       {drop, 4},
             {insert_and_mend, 3}, {drop_and_mend, 3}};

static bool make_move(struct search *s)
{
    size_t lot = below(s, 100);
    size_t i = 0;
    while (lot >= moves[i].weight)
        lot -= moves[i++].weight;
    copy_line(&s->trial, &s->now);
    return moves[i].move(s);
}

static double energy(const struct mm_verdict *v)
{
    return HARD * v->pull + v->cost;
}

int mm_improve(const struct mm_problem *p, size_t steps, double stress, struct mm_random *random,
               struct mm_line *line, struct mm_error *err)
{
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        return mm_no_memory(err);
    s->p = p;
    s->random = random;
    int result = mm_scratch_init(&s->scratch, p, err);
    double *emphasis = mm_calloc3(p->n_rules, 1, sizeof *emphasis);
    if (result == 0 && !emphasis)
        result = mm_no_memory(err);
    for (size_t r = 0; result == 0 && r < p->n_rules; r++)
        emphasis[r] = exp(stress * 1.5 * mm_random_normal(random));
    s->scratch.emphasis = emphasis;
    if (result == 0) {
        copy_line(&s->now, line);
        mm_judge(p, s->now.at, s->now.n, false, &s->scratch, NULL, &s->v_now);
        s->best = s->now;
        s->v_best = s->v_now;
    }
    double heat = HOT;
    double fall = pow(COLD / HOT, 1.0 / (double)steps);
    for (size_t step = 0, since = 0; result == 0 && step < steps; step++, heat *= fall) {
        if (++since > RESET) {
            since = 0;
            copy_line(&s->now, &s->best);
            s->v_now = s->v_best;
        }
        if (!make_move(s))
            continue;
        mm_judge(p, s->trial.at, s->trial.n, false, &s->scratch, NULL, &s->v_trial);
        double worse = energy(&s->v_trial) - energy(&s->v_now);
        if (worse > 0 && mm_random_unit(random) >= exp(-worse / heat))
            continue;
        copy_line(&s->now, &s->trial);
        s->v_now = s->v_trial;
        if (mm_verdict_better(&s->v_now, &s->v_best)) {
            copy_line(&s->best, &s->now);
            s->v_best = s->v_now;
            since = 0;
        }
    }
    if (result == 0)
        copy_line(line, &s->best);
    mm_scratch_finish(&s->scratch);
    free(emphasis);
    free(s);
    return result;
}
