/* SPDX-License-Identifier: BSD-2-Clause */
/* problem.c - the tables of a search, from its candidates. */
#include "set/problem.h"

#include <math.h>

#include "base/array.h"
#include "base/text.h"

#define ROWS ((size_t)16) /* of the table of transitions, worked on at once */

/* ---- what is known of each candidate ---- */

static int copy_candidates(struct mm_problem *p, const uint64_t *marks, struct mm_error *err)
{
    const struct mm_set_library *l = p->library;
    p->length = mm_calloc3(p->n, 1, sizeof *p->length);
    p->marks = mm_calloc3(p->n, 1, sizeof *p->marks);
    if (!p->length || !p->marks)
        return mm_no_memory(err);
    for (size_t i = 0; i < p->n; i++) {
        p->length[i] = l->songs[p->song[i]].duration_s;
        p->marks[i] = marks[p->song[i]];
    }
    return 0;
}

struct value {
    uint32_t id;
    uint32_t candidate;
};

static int by_id(const void *one, const void *two)
{
    const struct value *a = one;
    const struct value *b = two;
    return (a->id > b->id) - (a->id < b->id);
}

/* list: the candidates' values in order. */
static uint32_t number_of(const struct mm_problem *p, const struct value *list, size_t f,
                          uint32_t id)
{
    const struct value wanted = {.id = id};
    const struct value *found =
        id == MM_SET_NONE ? NULL : bsearch(&wanted, list, p->n, sizeof *list, by_id);
    return found ? p->field[f][found->candidate] : MM_SET_NONE;
}

/* The library's numbers made small, so that tables over them are. */
static int copy_fields(struct mm_problem *p, const struct mm_set_request *request,
                       struct mm_error *err)
{
    struct value *list = mm_calloc3(p->n, 1, sizeof *list);
    int result = list ? 0 : mm_no_memory(err);
    for (size_t f = 0; f < MM_FIELDS && result == 0; f++) {
        p->field[f] = mm_calloc3(p->n, 1, sizeof *p->field[f]);
        if (!p->field[f]) {
            result = mm_no_memory(err);
            break;
        }
        for (size_t i = 0; i < p->n; i++)
            list[i] = (struct value){p->library->field[f][p->song[i]], (uint32_t)i};
        qsort(list, p->n, sizeof *list, by_id);
        uint32_t number = 0;
        for (size_t i = 0; i < p->n; i++) {
            number += i > 0 && list[i].id != list[i - 1].id;
            p->field[f][list[i].candidate] = list[i].id == MM_SET_NONE ? MM_SET_NONE : number;
        }
        p->before[f] = mm_calloc3(p->n_before, 1, sizeof *p->before[f]);
        if (!p->before[f])
            result = mm_no_memory(err);
        for (size_t k = 0; result == 0 && k < p->n_before; k++)
            p->before[f][k] = number_of(p, list, f, p->library->field[f][request->before[k].song]);
    }
    p->n_values = p->n + 1;
    free(list);
    return result;
}

static int list_members(struct mm_problem *p, struct mm_error *err)
{
    for (size_t c = 0; c < p->settings->n_criteria; c++) {
        p->members[c] = mm_calloc3(p->n, 1, sizeof *p->members[c]);
        if (!p->members[c])
            return mm_no_memory(err);
        for (size_t i = 0; i < p->n; i++)
            if (p->marks[i] >> c & 1)
                p->members[c][p->n_members[c]++] = (uint32_t)i;
    }
    return 0;
}

static void count_supply(struct mm_problem *p, const uint64_t *marks)
{
    for (size_t i = 0; i < p->library->n; i++) {
        if (p->library->songs[i].duration_s <= 0 || (marks[i] & p->settings->excluded))
            continue;
        p->playable++;
        for (uint64_t left = marks[i]; left; left &= left - 1) {
            p->supply[__builtin_ctzll(left)]++;
            p->supply_s[__builtin_ctzll(left)] += p->library->songs[i].duration_s;
        }
    }
}

static int compare_lengths(const void *one, const void *two, void *ctx)
{
    const double *length = ctx;
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    if (length[a] != length[b])
        return length[a] < length[b] ? -1 : 1;
    return (a > b) - (a < b);
}

static int sort_lengths(struct mm_problem *p, struct mm_error *err)
{
    p->by_length = mm_calloc3(p->n, 1, sizeof *p->by_length);
    if (!p->by_length)
        return mm_no_memory(err);
    for (size_t i = 0; i < p->n; i++)
        p->by_length[i] = (uint32_t)i;
    qsort_r(p->by_length, p->n, sizeof *p->by_length, compare_lengths, p->length);
    return 0;
}

/* ---- arc and shape ---- */

static int fill_own(struct mm_problem *p, const struct mm_set_request *request,
                    struct mm_error *err)
{
    const struct mm_set_rules *r = p->settings;
    struct mm_guide guide;
    int result = mm_guide_init(&guide, p->library, request, p->target_s, MM_SLOTS, err);
    bool shaped = guide.targets || guide.countries || guide.places;
    for (size_t k = 0; k < MM_SLOTS && result == 0 && (shaped || r->arc.n); k++) {
        p->own[k] = mm_calloc3(p->n, 1, sizeof *p->own[k]);
        if (!p->own[k]) {
            result = mm_no_memory(err);
            break;
        }
        double wanted = r->arc.n ? mm_arc_at(&r->arc, ((double)k + 0.5) / MM_SLOTS) : 0;
        for (size_t i = 0; i < p->n; i++) {
            double off = (double)p->library->rank[p->song[i]] - wanted;
            double cost = r->arc.n ? r->weights.arc * off * off : 0;
            if (shaped)
                cost += r->weights.shape * mm_guide_cost(&guide, k, p->song[i]);
            p->own[k][i] = (float)cost;
        }
    }
    mm_guide_finish(&guide);
    return result;
}

/* ---- transitions ---- */

/* Whole songs cost the same in both directions: half the table is the other half's mirror. */
static void fill_rows(void *ctx, size_t block, size_t worker)
{
    struct mm_problem *p = ctx;
    (void)worker;
    bool mirrored = !p->library->outros;
    size_t end = (block + 1) * ROWS < p->n ? (block + 1) * ROWS : p->n;
    for (size_t a = block * ROWS; a < end; a++)
        for (size_t b = mirrored ? a : 0; b < p->n; b++) {
            float cost =
                (float)mm_set_transition(p->library, &p->settings->weights, p->song[a], p->song[b])
                    .cost;
            p->transition[a * p->n + b] = cost;
            if (mirrored)
                p->transition[b * p->n + a] = cost;
        }
}

/* The n_near cheapest successors of each, by insertion: the list is short. */
static void find_near(void *ctx, size_t block, size_t worker)
{
    struct mm_problem *p = ctx;
    (void)worker;
    size_t end = (block + 1) * ROWS < p->n ? (block + 1) * ROWS : p->n;
    for (size_t a = block * ROWS; a < end; a++) {
        const float *cost = p->transition + a * p->n;
        uint32_t *near = p->near + a * p->n_near;
        size_t n = 0;
        for (size_t b = 0; b < p->n; b++) {
            if (b == a || (n == p->n_near && cost[b] >= cost[near[n - 1]]))
                continue;
            size_t at = n < p->n_near ? n++ : n - 1;
            for (; at > 0 && cost[near[at - 1]] > cost[b]; at--)
                near[at] = near[at - 1];
            near[at] = (uint32_t)b;
        }
    }
}

static int fill_transitions(struct mm_problem *p, struct mm_pool *pool, struct mm_error *err)
{
    p->n_near = p->n - 1 < MM_NEAR ? p->n - 1 : MM_NEAR;
    p->transition = mm_calloc3(p->n, p->n, sizeof *p->transition);
    p->near = mm_calloc3(p->n, p->n_near, sizeof *p->near);
    if (!p->transition || !p->near)
        return mm_no_memory(err);
    size_t blocks = (p->n + ROWS - 1) / ROWS;
    mm_pool_run(pool, blocks, fill_rows, p);
    mm_pool_run(pool, blocks, find_near, p);
    return 0;
}

/* ---- what the request adds ---- */

static int copy_before(struct mm_problem *p, const struct mm_set_request *r, struct mm_error *err)
{
    if (!r->n_before)
        return 0;
    p->ago = mm_calloc3(r->n_before, 1, sizeof *p->ago);
    p->lead = mm_calloc3(p->n, 1, sizeof *p->lead);
    if (!p->ago || !p->lead)
        return mm_no_memory(err);
    for (size_t k = 0; k < r->n_before; k++)
        p->ago[k] = r->before[k].ago_s;
    uint32_t last = r->before[r->n_before - 1].song;
    for (size_t i = 0; i < p->n; i++)
        p->lead[i] =
            (float)mm_set_transition(p->library, &p->settings->weights, last, p->song[i]).cost;
    return 0;
}

static uint32_t candidate_of(const struct mm_problem *p, uint32_t song)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->song[i] == song)
            return (uint32_t)i;
    return MM_SET_NONE;
}

static int add_waypoints(struct mm_problem *p, const struct mm_set_request *r, struct mm_error *err)
{
    if ((r->shape != MM_SHAPE_PATH && r->shape != MM_SHAPE_FILL) || r->n_waypoints == 0)
        return 0;
    p->order = mm_calloc3(r->n_waypoints, 1, sizeof *p->order);
    if (!p->order)
        return mm_no_memory(err);
    for (size_t i = 0; i < r->n_waypoints; i++)
        /* One that is no candidate (when songs are judged that are given) is simply missing. */
        p->order[p->n_order++] = candidate_of(p, r->waypoints[i]);
    p->lock_first = r->from_first;
    p->lock_last = r->to_last;
    return 0;
}

static int add_sibling(struct mm_problem *p, const struct mm_set_request *r, struct mm_error *err)
{
    if (!r->n_sibling)
        return 0;
    p->sibling = mm_calloc3(p->n, 1, sizeof *p->sibling);
    if (!p->sibling)
        return mm_no_memory(err);
    for (size_t i = 0; i < r->n_sibling; i++) {
        uint32_t candidate = candidate_of(p, r->sibling_of[i]);
        if (candidate != MM_SET_NONE)
            p->sibling[candidate] = true;
    }
    p->sibling_stay = (size_t)floor((1 - r->vary) * (double)r->n_sibling + 0.5);
    return 0;
}

/* The file's rules, then those of the request; their texts stay where they are. */
static int list_rules(struct mm_problem *p, struct mm_error *err)
{
    const struct mm_set_rules *r = p->settings;
    struct mm_rule *rules = mm_calloc3(r->n_rules + 2, 1, sizeof *rules);
    if (!rules)
        return mm_no_memory(err);
    memcpy(rules, r->rules, r->n_rules * sizeof *rules);
    p->n_rules = r->n_rules;
    if (p->n_order)
        rules[p->n_rules++] = (struct mm_rule){
            .kind = MM_RULE_ORDER, .weight = 1, .text = "--from, --via, --to, --fill"};
    if (p->sibling)
        rules[p->n_rules++] =
            (struct mm_rule){.kind = MM_RULE_SIBLING, .soft = true, .weight = 5, .text = "--vary"};
    p->rules = rules;
    return 0;
}

/* ---- the whole ---- */

static int mark_library(const struct mm_set_library *l, const struct mm_set_rules *rules,
                        uint64_t **out, struct mm_error *err)
{
    uint64_t *marks = mm_calloc3(l->n, 1, sizeof *marks);
    int result = marks ? 0 : mm_no_memory(err);
    for (size_t c = 0; c < rules->n_criteria && result == 0; c++)
        result = mm_criterion_mark(rules, &rules->criteria[c], l, (uint64_t)1 << c, marks, err);
    *out = marks;
    return result;
}

/* Takes songs, also on failure. */
static int create(const struct mm_set_library *library, const struct mm_set_rules *rules,
                  const struct mm_set_request *request, const uint64_t *marks, uint32_t *songs,
                  size_t n, struct mm_pool *pool, struct mm_problem **out, struct mm_error *err)
{
    struct mm_problem *p = calloc(1, sizeof *p);
    if (!p) {
        free(songs);
        return mm_no_memory(err);
    }
    p->library = library;
    p->settings = rules;
    p->target_s = rules->target_s;
    p->crossfade_s = rules->crossfade_s;
    p->song = songs;
    p->n = n;
    p->n_before = request->n_before;
    count_supply(p, marks);
    int result = copy_candidates(p, marks, err);
    if (result == 0)
        result = copy_before(p, request, err);
    if (result == 0)
        result = copy_fields(p, request, err);
    if (result == 0)
        result = list_members(p, err);
    if (result == 0)
        result = sort_lengths(p, err);
    if (result == 0)
        result = fill_own(p, request, err);
    if (result == 0)
        result = fill_transitions(p, pool, err);
    if (result == 0)
        result = add_waypoints(p, request, err);
    if (result == 0)
        result = add_sibling(p, request, err);
    if (result == 0)
        result = list_rules(p, err);
    if (result < 0)
        mm_problem_destroy(p);
    else
        *out = p;
    return result;
}

int mm_problem_create(const struct mm_set_library *library, const struct mm_set_rules *rules,
                      const struct mm_set_request *request, struct mm_pool *pool,
                      struct mm_problem **out, struct mm_error *err)
{
    uint64_t *marks = NULL;
    uint32_t *songs = NULL;
    size_t n = 0;
    *out = NULL;
    int result = mark_library(library, rules, &marks, err);
    if (result == 0)
        result = mm_candidates_choose(library, rules, request, marks, &songs, &n, err);
    if (result == 0)
        result = create(library, rules, request, marks, songs, n, pool, out, err);
    else
        free(songs);
    free(marks);
    return result;
}

int mm_problem_create_for(const struct mm_set_library *library, const struct mm_set_rules *rules,
                          const struct mm_set_request *request, const uint32_t *songs, size_t n,
                          struct mm_pool *pool, struct mm_problem **out, struct mm_error *err)
{
    uint64_t *marks = NULL;
    *out = NULL;
    uint32_t *copy = mm_calloc3(n, 1, sizeof *copy);
    int result = copy ? mark_library(library, rules, &marks, err) : mm_no_memory(err);
    if (result == 0) {
        memcpy(copy, songs, n * sizeof *copy);
        result = create(library, rules, request, marks, copy, n, pool, out, err);
    } else {
        free(copy);
    }
    free(marks);
    return result;
}

void mm_problem_destroy(struct mm_problem *p)
{
    if (!p)
        return;
    for (size_t f = 0; f < MM_FIELDS; f++) {
        free(p->field[f]);
        free(p->before[f]);
    }
    free(p->ago);
    free(p->lead);
    for (size_t k = 0; k < MM_SLOTS; k++)
        free(p->own[k]);
    for (size_t c = 0; c < MM_MOST_CRITERIA; c++)
        free(p->members[c]);
    free((struct mm_rule *)p->rules);
    free(p->song);
    free(p->length);
    free(p->marks);
    free(p->transition);
    free(p->near);
    free(p->by_length);
    free(p->order);
    free(p->sibling);
    free(p);
}
