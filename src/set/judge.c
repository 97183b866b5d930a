/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge.c - the one place that knows when a rule holds. The search asks it a hundred thousand times
 * a second how bad a set is; the report asks it once where and by how much. Both hear the same.
 *
 * Every broken place adds to `hard` (or, weighted, to the cost when the rule is soft) a degree that
 * falls as the set comes nearer to the rule, so that the search is led and not only told.
 */
#include <math.h>

#include "base/array.h"
#include "set/problem.h"

#define SOFT  0.1  /* cost of a soft rule broken to degree 1 */
#define PLAIN 0.05 /* least degree of a broken rule */
#define SLACK 1e-6 /* seconds: sums of lengths are not exact */

int mm_scratch_init(struct mm_scratch *scratch, const struct mm_problem *p, struct mm_error *err)
{
    *scratch = (struct mm_scratch){0};
    scratch->seen = mm_calloc3(p->n_values, 1, sizeof *scratch->seen);
    scratch->value = mm_calloc3(p->n_values, 1, sizeof *scratch->value);
    return scratch->seen && scratch->value ? 0 : mm_no_memory(err);
}

void mm_scratch_finish(struct mm_scratch *scratch)
{
    free(scratch->seen);
    free(scratch->value);
}

struct trial {
    const struct mm_problem *p;
    const uint32_t *at;
    size_t n;
    bool partial;
    double elapsed; /* share of the time that has passed; 1 when whole */
    struct mm_scratch *s;
    const struct mm_report *report;
    struct mm_verdict *out;
    size_t rule; /* the one being judged */
};

static void broken(struct trial *t, size_t where, double amount, double degree)
{
    const struct mm_rule *rule = &t->p->rules[t->rule];
    if (rule->soft) {
        t->out->cost += SOFT * rule->weight * (PLAIN + degree);
    } else {
        t->out->hard += PLAIN + degree;
        t->out->pull += (PLAIN + degree) * (t->s->emphasis ? t->s->emphasis[t->rule] : 1);
    }
    if (t->report)
        t->report->broken(t->report->ctx, t->rule,
                          where == SIZE_MAX ? MM_SET_NONE : (uint32_t)where, amount);
}

/* ---- each kind of rule ---- */

static void judge_length(struct trial *t, const struct mm_rule *rule)
{
    (void)rule;
    double off = t->out->length_s - t->p->target_s;
    double tolerance = t->p->settings->tolerance_s + SLACK;
    if (fabs(off) <= tolerance || (t->partial && off < 0))
        return;
    double beyond = fabs(off) - tolerance + SLACK;
    t->out->too_long = off > 0 ? beyond : -beyond;
    /* Far off it counts less, but on: else a search that cannot reach the length would not care. */
    broken(t, SIZE_MAX, beyond, fmin(beyond / 120, 2) + fmax(beyond - 240, 0) / 1800);
}

/* Places count from the first song that was before the set. */
static void judge_separation(struct trial *t, const struct mm_rule *rule)
{
    const uint32_t *field = t->p->field[rule->field];
    const uint32_t *earlier = t->p->before[rule->field];
    size_t shift = t->p->n_before;
    uint32_t epoch = ++t->s->epoch;
    for (size_t k = 0; k < shift; k++)
        if (earlier[k] != MM_SET_NONE) {
            t->s->seen[earlier[k]] = epoch;
            t->s->value[earlier[k]] = (uint32_t)k;
        }
    for (size_t i = 0; i < t->n; i++) {
        uint32_t id = field[t->at[i]];
        if (id == MM_SET_NONE)
            continue;
        if (t->s->seen[id] == epoch) {
            size_t before = t->s->value[id];
            double since = t->s->start[i] +
                           (before < shift ? t->p->ago[before] : -t->s->start[before - shift]);
            double have = rule->kind == MM_RULE_BETWEEN ? (double)(i + shift - before - 1) : since;
            if (have < rule->amount - SLACK)
                broken(t, i, rule->amount - have, (rule->amount - have) / rule->amount);
        }
        t->s->seen[id] = epoch;
        t->s->value[id] = (uint32_t)(i + shift);
    }
}

static void judge_limit(struct trial *t, const struct mm_rule *rule)
{
    const uint32_t *field = t->p->field[rule->field];
    uint32_t epoch = ++t->s->epoch;
    for (size_t i = 0; i < t->n; i++) {
        uint32_t id = field[t->at[i]];
        if (id == MM_SET_NONE)
            continue;
        uint32_t count = t->s->seen[id] == epoch ? t->s->value[id] + 1 : 1;
        t->s->seen[id] = epoch;
        t->s->value[id] = count;
        if (count > rule->amount)
            broken(t, i, count - rule->amount, 0.5);
    }
}

/* Songs first..end-1 are those that begin in one window of the quota. */
static void judge_quota_in(struct trial *t, const struct mm_rule *rule, size_t first, size_t end,
                           bool whole)
{
    uint64_t bit = (uint64_t)1 << rule->criterion;
    double have = 0;
    for (size_t i = first; i < end; i++)
        if (t->p->marks[t->at[i]] & bit)
            have += rule->unit == MM_UNIT_MINUTES ? t->p->length[t->at[i]] / 60 : 1;
    double songs = (double)(end - first);
    double want = rule->amount;
    if (rule->unit == MM_UNIT_PERCENT) {
        have = songs > 0 ? 100 * have / songs : 0;
    } else if (t->partial && rule->kind == MM_RULE_AT_LEAST) {
        want = floor(want * t->elapsed);
    }
    double miss = rule->kind == MM_RULE_AT_LEAST ? want - have : have - want;
    if (miss <= SLACK)
        return;
    if (rule->kind == MM_RULE_AT_LEAST)
        t->out->wanted |= bit;
    if (t->partial && rule->unit == MM_UNIT_PERCENT && songs < 4)
        return;
    static const double song[] = {
        [MM_UNIT_SONGS] = 1, [MM_UNIT_PERCENT] = 7, [MM_UNIT_MINUTES] = 4};
    /* An hour in which no song begins has no place in the set. */
    broken(t, whole || first == end ? SIZE_MAX : first, miss,
           0.5 * fmin(miss / song[rule->unit], 10));
}

static void judge_quota(struct trial *t, const struct mm_rule *rule)
{
    size_t windows = t->partial ? 1 : mm_quota_hours(rule, t->out->length_s);
    size_t first = 0;
    for (size_t w = 0; w < windows; w++) {
        size_t end = t->n;
        if (w + 1 < windows)
            for (end = first; end < t->n && t->s->start[end] < 3600 * (double)(w + 1) - SLACK;)
                end++;
        judge_quota_in(t, rule, first, end, windows == 1);
        first = end;
    }
}

static void judge_each(struct trial *t, const struct mm_rule *rule)
{
    uint64_t bit = (uint64_t)1 << rule->criterion;
    for (size_t i = 0; i < t->n; i++)
        if (!(t->p->marks[t->at[i]] & bit) == (rule->kind == MM_RULE_ONLY))
            broken(t, i, 1, 1);
}

static void judge_hours(struct trial *t, const struct mm_rule *rule)
{
    uint64_t bit = (uint64_t)1 << rule->criterion;
    double day = 86400;
    double from = rule->from_minute * 60.0;
    double to = rule->to_minute * 60.0;
    for (size_t i = 0; i < t->n; i++) {
        if (!(t->p->marks[t->at[i]] & bit))
            continue;
        double time = fmod((double)(t->p->settings->start % 86400) + t->s->start[i], day);
        bool inside = from < to ? time >= from - SLACK && time < to - SLACK
                                : time >= from - SLACK || time < to - SLACK;
        if (inside)
            continue;
        double early = fmod(from - time + day, day);
        double late = fmod(time - to + day, day);
        double off = fmin(early, late);
        broken(t, i, off, 0.5 + fmin(off / 3600, 1));
    }
}

/* The first mark at or behind time (seconds from the beginning); HUGE_VAL = none. */
static double next_mark(const struct mm_rule *rule, int64_t start, double time)
{
    if (rule->every)
        return (floor(time / rule->every + 1e-9) + 1) * rule->every;
    int64_t minute = (start + (int64_t)floor(time)) / 60 + 1;
    for (int64_t m = minute; m < minute + 60; m++)
        if (rule->minutes[m % 60])
            return (double)(m * 60 - start);
    return HUGE_VAL;
}

static void judge_marks(struct trial *t, const struct mm_rule *rule)
{
    size_t i = 0;
    int64_t start = t->p->settings->start;
    for (double mark = next_mark(rule, start, 0); mark < t->out->length_s;
         mark = next_mark(rule, start, mark)) {
        if (t->partial && mark > t->out->length_s - rule->within)
            break;
        while (i + 1 <= t->n && t->s->start[i + 1] <= mark && i + 1 < t->n)
            i++;
        /* The boundary before and the one behind; the last is the end of the set. */
        double before = mark - t->s->start[i];
        double behind = t->s->start[i + 1] - mark;
        double off = fmin(before, fabs(behind));
        if (off > rule->within + SLACK)
            broken(t, before < behind ? i : (i + 1 < t->n ? i + 1 : i), off - rule->within,
                   0.1 + fmin((off - rule->within) / 120, 2));
    }
}

static void judge_order(struct trial *t, const struct mm_rule *rule)
{
    (void)rule;
    size_t expected = t->partial ? (size_t)((double)t->p->n_order * t->elapsed) : t->p->n_order;
    size_t last = 0;
    for (size_t k = 0; k < t->p->n_order; k++) {
        size_t i = 0;
        while (i < t->n && t->at[i] != t->p->order[k])
            i++;
        if (i == t->n) {
            if (k < expected)
                broken(t, SIZE_MAX, 1, 1);
        } else if (i + 1 < last) {
            broken(t, i, (double)(last - i - 1), 0.3);
        } else {
            last = i + 1;
        }
    }
    /* The one that opens, and the one that closes. */
    if (t->partial)
        return;
    if (t->p->lock_first && t->at[0] != t->p->order[0])
        broken(t, 0, 1, 0.3);
    if (t->p->lock_last && t->at[t->n - 1] != t->p->order[t->p->n_order - 1])
        broken(t, t->n - 1, 1, 0.3);
}

static void judge_sibling(struct trial *t, const struct mm_rule *rule)
{
    (void)rule;
    if (t->partial)
        return;
    size_t stay = 0;
    for (size_t i = 0; i < t->n; i++)
        stay += t->p->sibling[t->at[i]];
    double off = fabs((double)stay - (double)t->p->sibling_stay);
    if (off > 0)
        broken(t, SIZE_MAX, off, 0.3 * off);
}

static void (*const judges[])(struct trial *t, const struct mm_rule *rule) = {
    [MM_RULE_LENGTH] = judge_length,      [MM_RULE_APART] = judge_separation,
    [MM_RULE_BETWEEN] = judge_separation, [MM_RULE_LIMIT] = judge_limit,
    [MM_RULE_AT_LEAST] = judge_quota,     [MM_RULE_AT_MOST] = judge_quota,
    [MM_RULE_ONLY] = judge_each,          [MM_RULE_NEVER] = judge_each,
    [MM_RULE_HOURS] = judge_hours,        [MM_RULE_MARKS] = judge_marks,
    [MM_RULE_ORDER] = judge_order,        [MM_RULE_SIBLING] = judge_sibling,
};

/* ---- the whole ---- */

static double flow(const struct mm_problem *p, const uint32_t *at, size_t n)
{
    double sum = p->lead ? (double)p->lead[at[0]] : 0;
    size_t steps = n - 1 + (p->lead != NULL);
    for (size_t i = 0; i + 1 < n; i++)
        sum += (double)p->transition[(size_t)at[i] * p->n + at[i + 1]];
    return steps ? sum / (double)steps : 0;
}

/* Arc and shape, at the part of the time in which the middle of each song lies. */
static double own(const struct mm_problem *p, const uint32_t *at, size_t n, const double *start)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double middle = (start[i] + start[i + 1]) / 2 / p->target_s;
        size_t slot = middle < 1 ? (size_t)(middle * (double)MM_SLOTS) : MM_SLOTS - 1;
        sum += (double)p->own[slot][at[i]];
    }
    return sum / (double)n;
}

void mm_judge(const struct mm_problem *p, const uint32_t *at, size_t n, bool partial,
              struct mm_scratch *s, const struct mm_report *report, struct mm_verdict *out)
{
    s->start[0] = 0;
    for (size_t i = 0; i + 1 < n; i++)
        s->start[i + 1] = s->start[i] + p->length[at[i]] -
                          mm_set_overlap(p->crossfade_s, p->length[at[i]], p->length[at[i + 1]]);
    s->start[n] = s->start[n - 1] + p->length[at[n - 1]];
    *out = (struct mm_verdict){.length_s = s->start[n], .cost = flow(p, at, n)};
    if (p->own[0])
        out->cost += own(p, at, n, s->start);
    struct trial t = {.p = p,
                      .at = at,
                      .n = n,
                      .partial = partial,
                      .s = s,
                      .report = report,
                      .out = out,
                      .elapsed = partial ? fmin(out->length_s / p->target_s, 1) : 1};
    for (t.rule = 0; t.rule < p->n_rules; t.rule++)
        judges[p->rules[t.rule].kind](&t, &p->rules[t.rule]);
}
