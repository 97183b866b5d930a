/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problem.h - one search: the candidates out of the library, every number it needs about them in
 * tables, and the rules as they are judged.
 */
#ifndef SET_PROBLEM_H
#define SET_PROBLEM_H

#include "base/pool.h"
#include "base/random.h"
#include "set/rules.h"

#define MM_MOST_CANDIDATES ((size_t)1200) /* songs a search looks at */
#define MM_MOST_SONGS      ((size_t)600)  /* of a set */
#define MM_SLOTS           ((size_t)48)   /* the set's time cut into parts for shape and arc */
#define MM_NEAR            ((size_t)32)   /* a candidate's best successors */

struct mm_problem {
    const struct mm_set_library *library;
    const struct mm_set_rules *settings;
    const struct mm_rule *rules; /* [n_rules] those of settings and those of the request */
    size_t n_rules;
    size_t n;                   /* candidates; everything below is indexed by candidate */
    uint32_t *song;             /* [n] index into the library */
    double *length;             /* [n] seconds */
    uint64_t *marks;            /* [n] criteria that are met */
    uint32_t *field[MM_FIELDS]; /* [n] numbers below n_values; MM_SET_NONE */
    size_t n_values;
    float *own[MM_SLOTS]; /* [n] cost of arc and shape in each part; NULL = there is neither */
    float *transition;    /* [n][n] cost from, to */
    uint32_t *near;       /* [n][n_near] cheapest successors, best first */
    size_t n_near;
    uint32_t *by_length;                 /* [n] shortest first */
    uint32_t *members[MM_MOST_CRITERIA]; /* candidates that meet it */
    size_t n_members[MM_MOST_CRITERIA];
    size_t supply[MM_MOST_CRITERIA]; /* songs of the whole library that meet it and may be played */
    double supply_s[MM_MOST_CRITERIA]; /* their length */
    size_t playable;                   /* songs of the whole library that may be played */
    uint32_t *order;                   /* [n_order] waypoints in order */
    size_t n_order;
    bool lock_first, lock_last; /* the first waypoint opens, the last closes */
    bool *sibling;              /* [n] or NULL */
    size_t sibling_stay;        /* how many of them stay */
    double target_s, crossfade_s;
    /* What was before the set, oldest first. */
    size_t n_before;
    double *ago;                 /* [n_before] seconds, of its beginning before the set's */
    uint32_t *before[MM_FIELDS]; /* [n_before] numbers as in field; MM_SET_NONE: no candidate's */
    float *lead; /* [n] cost from the last of them; NULL = there was nothing before */
};

/* A set while it is looked for. */
struct mm_line {
    size_t n;
    uint32_t at[MM_MOST_SONGS]; /* candidates */
};

/* What judging needs besides; one a thread. */
struct mm_scratch {
    uint32_t epoch;
    uint32_t *seen;  /* [n_values] epoch in which it was seen */
    uint32_t *value; /* [n_values] where, or how often */
    double start[MM_MOST_SONGS + 1];
    const double *emphasis; /* [n_rules] what breaking a rule weighs in `pull`; NULL = 1 each */
};
int mm_scratch_init(struct mm_scratch *scratch, const struct mm_problem *problem,
                    struct mm_error *err);
void mm_scratch_finish(struct mm_scratch *scratch);

struct mm_verdict {
    double hard; /* broken hard rules, 0 = none; about 1 for a song too many */
    double pull; /* the same with the emphasis of the scratch: what a search goes by */
    double cost; /* mean transition + mean own + soft rules */
    double length_s;
    uint64_t wanted; /* criteria of which there is too little */
    double too_long; /* seconds the set is too long (negative: too short) beyond the tolerance */
};

/* Told once for each place where a rule does not hold. at: position or MM_SET_NONE. */
struct mm_report {
    void (*broken)(void *ctx, size_t rule, uint32_t at, double amount);
    void *ctx;
};

/*
 * Judges a set of n >= 1 songs. partial: it is still growing, so only what cannot get better counts
 * and what is missing is measured against the share of the time that has passed. report may be
 * NULL.
 */
void mm_judge(const struct mm_problem *problem, const uint32_t *at, size_t n, bool partial,
              struct mm_scratch *scratch, const struct mm_report *report, struct mm_verdict *out);

/* The parts of a set that such a quota is counted in. */
static inline size_t mm_quota_hours(const struct mm_rule *rule, double length_s)
{
    double hours = rule->per_hour ? length_s / 3600 + 0.5 : 1;
    return hours >= 1 ? (size_t)hours : 1;
}

static inline bool mm_verdict_better(const struct mm_verdict *a, const struct mm_verdict *b)
{
    if (a->hard != b->hard)
        return a->hard < b->hard;
    return a->cost < b->cost;
}

/* guide.c: what a song costs away from the shape at a time, in rows for any songs. */
struct mm_guide {
    const struct mm_set_library *library;
    const struct mm_set_request *request;
    size_t n_points;
    float *targets;      /* [n_points][dim] of length 1; NULL */
    uint32_t *countries; /* [n_points] or NULL */
    double *places;      /* [n_points][2] or NULL */
    double reach;        /* map units that cost 1 */
};
/* n_points parts of the time, target_s. */
int mm_guide_init(struct mm_guide *guide, const struct mm_set_library *library,
                  const struct mm_set_request *request, double target_s, size_t n_points,
                  struct mm_error *err);
void mm_guide_finish(struct mm_guide *guide);
/* 0 = on the shape, 1 = as far as a song drawn by lot; NAN = there is no shape. */
double mm_guide_cost(const struct mm_guide *guide, size_t point, size_t song);

/*
 * candidates.c: which songs to look at. marks: [library->n] criteria that are met. out: indices,
 * rising, at most MM_MOST_CANDIDATES; free it.
 */
int mm_candidates_choose(const struct mm_set_library *library, const struct mm_set_rules *rules,
                         const struct mm_set_request *request, const uint64_t *marks,
                         uint32_t **out, size_t *count, struct mm_error *err);

/* problem.c: everything above, for a request. */
int mm_problem_create(const struct mm_set_library *library, const struct mm_set_rules *rules,
                      const struct mm_set_request *request, struct mm_pool *pool,
                      struct mm_problem **out, struct mm_error *err);
/* The same for exactly these songs (each once), which are then its candidates in order. */
int mm_problem_create_for(const struct mm_set_library *library, const struct mm_set_rules *rules,
                          const struct mm_set_request *request, const uint32_t *songs, size_t n,
                          struct mm_pool *pool, struct mm_problem **out, struct mm_error *err);
void mm_problem_destroy(struct mm_problem *problem);

/* beam.c: a first set, grown from its beginning; noise (0..1) and random make each one another. */
int mm_beam(const struct mm_problem *problem, double noise, struct mm_random *random,
            struct mm_line *out, struct mm_error *err);

/* improve.c: changes line step by step and leaves the best there was. stress 0..1: how much the
 * weights of the rules are shuffled, so that a search that got stuck meets another landscape. */
int mm_improve(const struct mm_problem *problem, size_t steps, double stress,
               struct mm_random *random, struct mm_line *line, struct mm_error *err);

/* explain.c: the set for people. */
int mm_explain(const struct mm_problem *problem, const struct mm_set_request *request,
               const struct mm_line *line, struct mm_set **out, struct mm_error *err);

#endif
