/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * make.c - the search as a whole: rounds of a few chains, each a beam and then local search with
 * random numbers of its own, side by side on the pool; the best of all is kept. Chains and rounds
 * do not depend on the number of threads, so a seed and a number of rounds give one set.
 *
 * It ends when no hard rule is broken after the first rounds; else it goes on, some time, since
 * what was not found may still be there. With request->seconds it uses all of the time.
 */
#include <math.h>

#include "base/array.h"
#include "base/clock.h"
#include "set/problem.h"

#define CHAINS      4
#define ROUNDS      2      /* that are always run */
#define MOST_ROUNDS 24     /* that are run while a hard rule is broken */
#define STEPS       9000.0 /* of local search a chain, for a set of 15 songs */

struct chain {
    struct mm_line line;
    struct mm_verdict verdict;
    struct mm_error err;
    int result;
};

struct making {
    const struct mm_problem *p;
    const struct mm_set_request *request;
    const struct mm_line *begin; /* where siblings begin; NULL = with a beam */
    size_t round;
    size_t steps;
    struct chain chains[CHAINS];
    struct mm_line best; /* n = 0: none yet */
    struct mm_verdict v_best;
};

static void run_chain(void *ctx, size_t i, size_t worker)
{
    struct making *m = ctx;
    struct chain *c = &m->chains[i];
    (void)worker;
    struct mm_random random = mm_random_stream(m->request->seed, 1000 + m->round * CHAINS + i);
    struct mm_scratch scratch;
    c->result = 0;
    if (m->round > 0 && i == 0 && m->best.n) /* one chain goes on where the best one ended */
        c->line = m->best;
    else if (m->begin)
        c->line = *m->begin;
    else
        c->result = mm_beam(m->p, i == 0 ? 0 : 1, &random, &c->line, &c->err);
    /* Rounds after the first two are there since a rule is still broken: longer, and each with
     * other weights. */
    bool stuck = m->round >= ROUNDS;
    if (c->result == 0)
        c->result = mm_improve(m->p, stuck ? 2 * m->steps : m->steps, stuck ? 1 : 0, &random,
                               &c->line, &c->err);
    if (c->result == 0)
        c->result = mm_scratch_init(&scratch, m->p, &c->err);
    else
        return;
    if (c->result == 0)
        mm_judge(m->p, c->line.at, c->line.n, false, &scratch, NULL, &c->verdict);
    mm_scratch_finish(&scratch);
}

static bool go_on(const struct making *m, double begun)
{
    if (m->request->rounds)
        return m->round < m->request->rounds;
    if (m->request->seconds > 0)
        return m->round == 0 || mm_clock_s() - begun < m->request->seconds;
    return m->round < ROUNDS || (m->v_best.hard > 0 && m->round < MOST_ROUNDS);
}

static int run_rounds(struct making *m, struct mm_pool *pool, const struct mm_progress *progress,
                      struct mm_error *err)
{
    double begun = mm_clock_s();
    for (; go_on(m, begun); m->round++) {
        if (mm_progress_cancelled(progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        mm_pool_run(pool, CHAINS, run_chain, m);
        for (size_t i = 0; i < CHAINS; i++) {
            const struct chain *c = &m->chains[i];
            if (c->result < 0) {
                if (err)
                    *err = c->err;
                return c->result;
            }
            if (!m->best.n || mm_verdict_better(&c->verdict, &m->v_best)) {
                m->best = c->line;
                m->v_best = c->verdict;
            }
        }
        mm_progress_update(progress, "making the set", m->round + 1, 0);
    }
    return 0;
}

/* ---- checks ---- */

static int check_song(const struct mm_set_library *l, uint32_t song, struct mm_error *err)
{
    if (song >= l->n)
        return mm_error_set(err, MM_ERR_USAGE, "there is no song %u in the library", song);
    if (l->songs[song].duration_s <= 0)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" has no length and cannot be played",
                            l->songs[song].title ? l->songs[song].title : "the song");
    return 0;
}

/* A waypoint that is excluded contradicts itself. */
static int check_waypoints(const struct mm_set_library *l, const struct mm_set_rules *rules,
                           const struct mm_set_request *r, struct mm_error *err)
{
    uint64_t *marks = mm_calloc3(l->n, 1, sizeof *marks);
    int result = marks ? 0 : mm_no_memory(err);
    for (size_t c = 0; c < rules->n_criteria && result == 0; c++)
        if (rules->excluded >> c & 1)
            result = mm_criterion_mark(rules, &rules->criteria[c], l, 1, marks, err);
    for (size_t i = 0; i < r->n_waypoints && result == 0; i++) {
        result = check_song(l, r->waypoints[i], err);
        if (result == 0 && r->shape != MM_SHAPE_LIKE && r->shape != MM_SHAPE_AROUND &&
            marks[r->waypoints[i]])
            result = mm_error_set(err, MM_ERR_USAGE, "\"%s\" is asked for and excluded",
                                  l->songs[r->waypoints[i]].title);
        for (size_t k = 0; result == 0 && r->shape != MM_SHAPE_LIKE && k < i; k++)
            if (r->waypoints[k] == r->waypoints[i])
                result = mm_error_set(err, MM_ERR_USAGE, "\"%s\" is asked for twice",
                                      l->songs[r->waypoints[i]].title);
    }
    free(marks);
    return result;
}

static int check(const struct mm_set_library *l, const struct mm_set_rules *rules,
                 const struct mm_set_request *r, struct mm_error *err)
{
    if (r->n_waypoints > MM_MOST_SONGS / 2)
        return mm_error_set(err, MM_ERR_LIMIT, "at most %zu songs can be asked for",
                            MM_MOST_SONGS / 2);
    if (r->shape == MM_SHAPE_LIKE && r->n_waypoints == 0)
        return mm_error_set(err, MM_ERR_USAGE, "a playlist without songs: like what?");
    if (r->shape == MM_SHAPE_DRAWN && r->n_line == 0)
        return mm_error_set(err, MM_ERR_USAGE, "a line without points: where to?");
    for (size_t i = 0; r->shape == MM_SHAPE_DRAWN && i < 2 * r->n_line; i++)
        if (!isfinite(r->line[i]))
            return mm_error_set(err, MM_ERR_USAGE, "the line leaves the map");
    if (r->shape == MM_SHAPE_AROUND && r->n_waypoints == 0 && r->country >= l->n_countries)
        return mm_error_set(err, MM_ERR_USAGE, "there is no such country on the map");
    if (r->n_sibling && !(r->vary >= 0 && r->vary <= 1))
        return mm_error_set(err, MM_ERR_USAGE, "a sibling varies by 0 to 100 %%");
    if (rules->target_s <= 2 * rules->crossfade_s)
        return mm_error_set(err, MM_ERR_USAGE, "the set is shorter than its crossfades");
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].kind == MM_RULE_HOURS && !rules->has_start)
            return mm_error_set(err, MM_ERR_USAGE,
                                "line %d: %s: say when the set goes on air (\"start = 20:00\" in "
                                "[set], or --start)",
                                rules->rules[i].line, rules->rules[i].text);
    int result = check_waypoints(l, rules, r, err);
    for (size_t i = 0; i < r->n_before && result == 0; i++)
        if (r->before[i].song >= l->n || !(r->before[i].ago_s >= 0))
            result = mm_error_set(err, MM_ERR_USAGE, "what was before the set is no song");
    for (size_t i = 0; i < r->n_sibling && result == 0; i++)
        result = check_song(l, r->sibling_of[i], err);
    return result;
}

static void add_once(struct mm_line *line, uint32_t candidate)
{
    for (size_t i = 0; i < line->n; i++)
        if (line->at[i] == candidate)
            return;
    line->at[line->n++] = candidate;
}

/* Where the search for a sibling begins: at the set itself, between the songs that were asked to
 * open and to close it, which the search leaves where they are. */
static bool begin_sibling(const struct mm_problem *p, const struct mm_set_request *r,
                          struct mm_line *out)
{
    uint32_t last = p->lock_last ? p->order[p->n_order - 1] : MM_SET_NONE;
    out->n = 0;
    if (p->lock_first)
        add_once(out, p->order[0]);
    for (size_t i = 0; i < r->n_sibling && out->n < MM_MOST_SONGS - 2; i++)
        for (size_t k = 0; k < p->n; k++)
            if (p->song[k] == r->sibling_of[i] && k != last)
                add_once(out, (uint32_t)k);
    if (p->lock_last)
        add_once(out, last);
    return out->n > 0;
}

int mm_set_make(const struct mm_set_library *library, const struct mm_set_rules *rules,
                const struct mm_set_request *request, const struct mm_progress *progress,
                struct mm_set **out, struct mm_error *err)
{
    *out = NULL;
    int result = check(library, rules, request, err);
    if (result < 0)
        return result;
    struct mm_pool *pool = NULL;
    struct mm_problem *problem = NULL;
    struct mm_line begin;
    struct making *m = calloc(1, sizeof *m);
    result = m ? mm_pool_create(request->jobs, &pool, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_problem_create(library, rules, request, pool, &problem, err);
    if (result == 0) {
        m->p = problem;
        m->request = request;
        m->begin = request->n_sibling && begin_sibling(problem, request, &begin) ? &begin : NULL;
        m->steps = (size_t)(STEPS * fmax(rules->target_s / 3600, 0.5));
        result = run_rounds(m, pool, progress, err);
    }
    if (result == 0)
        result = mm_explain(problem, request, &m->best, out, err);
    if (result == 0)
        (*out)->rounds = m->round;
    mm_problem_destroy(problem);
    mm_pool_destroy(pool);
    free(m);
    return result;
}

int mm_set_judge(const struct mm_set_library *library, const struct mm_set_rules *rules,
                 const struct mm_set_request *request, const uint32_t *songs, size_t n,
                 struct mm_set **out, struct mm_error *err)
{
    *out = NULL;
    if (n == 0 || n > MM_MOST_SONGS)
        return mm_error_set(err, MM_ERR_USAGE, "a set has 1 to %zu songs", MM_MOST_SONGS);
    int result = check(library, rules, request, err);
    for (size_t i = 0; i < n && result == 0; i++) {
        result = check_song(library, songs[i], err);
        for (size_t k = 0; k < i && result == 0; k++)
            if (songs[k] == songs[i])
                result = mm_error_set(err, MM_ERR_USAGE, "a song is in the set twice");
    }
    if (result < 0)
        return result;
    struct mm_pool *pool = NULL;
    struct mm_problem *problem = NULL;
    struct mm_line *line = calloc(1, sizeof *line);
    result = line ? mm_pool_create(1, &pool, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_problem_create_for(library, rules, request, songs, n, pool, &problem, err);
    if (result == 0) {
        line->n = n;
        for (size_t i = 0; i < n; i++)
            line->at[i] = (uint32_t)i;
        result = mm_explain(problem, request, line, out, err);
    }
    mm_problem_destroy(problem);
    mm_pool_destroy(pool);
    free(line);
    return result;
}
