/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * candidates.c - which songs of a large library a search looks at.
 *
 * A small library is taken whole. Of a large one every song gets a distance: from the shape, from
 * the songs that must be in, or else from a song drawn by lot. Then seats are given out, nearest
 * first: to what must be in, to each kind of song a quota asks for, to each part of the shape, to
 * each tenth of the intensities when there is an arc, to a sample by lot (limits and separations
 * want variety), and the rest to the nearest. An artist gets a few seats only, so that one with a
 * thousand songs does not crowd out the others, unless a quota has no others to ask for. Songs that
 * break a hard rule by themselves come last.
 */
#include <math.h>

#include "base/array.h"
#include "set/problem.h"

#define POINTS          MM_SLOTS /* of the shape, when measuring all songs: all that are judged */
#define SEATS_A_QUOTA   60       /* in an hour */
#define QUOTAS_SHARE    0.5      /* of all seats */
#define SEATS_AN_ARTIST 8
#define SEATS_A_PART    12  /* of the shape: one that lies far off has songs, too */
#define LOT             200 /* seats by lot */
#define ARC_SEATS       40  /* for each tenth of the intensities */

struct seat {
    float away;
    uint32_t song;
};

struct choice {
    const struct mm_set_library *l;
    const struct mm_set_rules *rules;
    const struct mm_set_request *request;
    const uint64_t *marks;
    float *away;       /* [n] distance; HUGE_VAL = may not be chosen */
    uint32_t *nearest; /* [n_allowed] in order of distance, faulty ones behind */
    size_t n_allowed;
    size_t n_clean;
    struct seat (*parts)[SEATS_A_PART]; /* [POINTS] what is nearest to each, best first; or NULL */
    size_t n_part;                      /* of each part, the same for all */
    bool *taken;                        /* [n] */
    uint16_t *seats;                    /* [artists] */
    size_t n_taken;
};

static bool listed(const struct mm_set_request *r, uint32_t song)
{
    for (size_t i = 0; i < r->n_waypoints; i++)
        if (r->waypoints[i] == song)
            return true;
    return false;
}

static bool allowed(const struct choice *c, size_t i)
{
    if (c->l->songs[i].duration_s <= 0 || (c->marks[i] & c->rules->excluded))
        return false;
    return c->request->shape != MM_SHAPE_LIKE || !listed(c->request, (uint32_t)i);
}

/* Breaks a hard rule wherever it stands. */
static bool faulty(const struct choice *c, size_t i)
{
    for (size_t r = 0; r < c->rules->n_rules; r++) {
        const struct mm_rule *rule = &c->rules->rules[r];
        bool met = c->marks[i] >> rule->criterion & 1;
        if (!rule->soft &&
            ((rule->kind == MM_RULE_ONLY && !met) || (rule->kind == MM_RULE_NEVER && met)))
            return true;
    }
    return false;
}

/* ---- distances ---- */

/* The song around which a set without a shape is looked for. */
static size_t centre(const struct choice *c)
{
    if (c->request->n_waypoints && c->request->shape != MM_SHAPE_LIKE)
        return c->request->waypoints[0];
    if (c->request->n_sibling)
        return c->request->sibling_of[0];
    if (c->request->n_before)
        return c->request->before[c->request->n_before - 1].song;
    struct mm_random random = mm_random_stream(c->request->seed, 77);
    size_t best = 0;
    int best_marks = -1;
    /* The one of a few that meets most criteria: quotas are then near at hand. */
    for (int tries = 0, found = 0; tries < 2000 && found < 32; tries++) {
        size_t i = mm_random_below(&random, c->l->n);
        if (!allowed(c, i) || faulty(c, i))
            continue;
        int marks = __builtin_popcountll(c->marks[i]);
        found++;
        if (marks > best_marks) {
            best = i;
            best_marks = marks;
        }
    }
    return best;
}

/* Into the nearest of a part; n = how many there are already. */
static void offer(struct seat *part, size_t n, struct seat it)
{
    if (n == SEATS_A_PART && it.away >= part[n - 1].away)
        return;
    size_t at = n < SEATS_A_PART ? n : n - 1;
    for (; at > 0 && part[at - 1].away > it.away; at--)
        part[at] = part[at - 1];
    part[at] = it;
}

static int measure(struct choice *c, struct mm_error *err)
{
    struct mm_guide guide;
    int result = mm_guide_init(&guide, c->l, c->request, c->rules->target_s, POINTS, err);
    if (result < 0) {
        mm_guide_finish(&guide);
        return result;
    }
    bool shaped = guide.targets || guide.countries || guide.places;
    c->parts = shaped ? mm_calloc3(POINTS, 1, sizeof *c->parts) : NULL;
    if (shaped && !c->parts) {
        mm_guide_finish(&guide);
        return mm_no_memory(err);
    }
    struct mm_random random = mm_random_stream(c->request->seed, 78);
    size_t middle = shaped ? 0 : centre(c);
    const float *row = mm_set_row(c->l, middle);
    for (size_t i = 0; i < c->l->n; i++) {
        double away = shaped ? 1e9 : 1 - (double)mm_dot(row, mm_set_row(c->l, i), c->l->dim);
        /* Where many are equally near (a country), the lot decides. */
        double lot = 1e-3 * mm_random_unit(&random);
        bool good = shaped && allowed(c, i) && !faulty(c, i);
        for (size_t k = 0; shaped && k < POINTS; k++) {
            double cost = mm_guide_cost(&guide, k, i);
            away = fmin(away, cost);
            if (good)
                offer(c->parts[k], c->n_part, (struct seat){(float)(cost + lot), (uint32_t)i});
        }
        c->n_part += good && c->n_part < SEATS_A_PART;
        c->away[i] = (float)(away + lot);
    }
    mm_guide_finish(&guide);
    return 0;
}

static int by_distance(const void *one, const void *two)
{
    const struct seat *a = one;
    const struct seat *b = two;
    if (a->away != b->away)
        return a->away < b->away ? -1 : 1;
    return (a->song > b->song) - (a->song < b->song);
}

static int sort_by_distance(struct choice *c, struct mm_error *err)
{
    struct seat *list = mm_calloc3(c->l->n, 1, sizeof *list);
    c->nearest = mm_calloc3(c->l->n, 1, sizeof *c->nearest);
    if (!list || !c->nearest) {
        free(list);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < c->l->n; i++) {
        if (!allowed(c, i))
            continue;
        bool bad = faulty(c, i);
        c->n_clean += !bad;
        list[c->n_allowed++] = (struct seat){c->away[i] + (bad ? 1e6F : 0), (uint32_t)i};
    }
    qsort(list, c->n_allowed, sizeof *list, by_distance);
    for (size_t i = 0; i < c->n_allowed; i++)
        c->nearest[i] = list[i].song;
    free(list);
    return 0;
}

/* ---- seats ---- */

static bool take(struct choice *c, uint32_t song, bool crowd)
{
    uint32_t artist = c->l->field[MM_FIELD_ARTIST][song];
    if (c->taken[song] || c->n_taken == MM_MOST_CANDIDATES)
        return false;
    if (!crowd && artist != MM_SET_NONE && c->seats[artist] >= SEATS_AN_ARTIST)
        return false;
    c->taken[song] = true;
    c->n_taken++;
    if (artist != MM_SET_NONE)
        c->seats[artist]++;
    return true;
}

static void seat_musts(struct choice *c)
{
    const struct mm_set_request *r = c->request;
    if (r->shape != MM_SHAPE_LIKE)
        for (size_t i = 0; i < r->n_waypoints; i++)
            if (allowed(c, r->waypoints[i]))
                take(c, r->waypoints[i], true);
    for (size_t i = 0; i < r->n_sibling; i++)
        if (allowed(c, r->sibling_of[i]))
            take(c, r->sibling_of[i], true);
}

/* A long set needs more of each kind; no quota takes what the others need. */
static size_t seats_a_quota(const struct choice *c)
{
    size_t quotas = 0;
    for (size_t k = 0; k < c->rules->n_rules; k++)
        quotas += c->rules->rules[k].kind == MM_RULE_AT_LEAST;
    double wanted = SEATS_A_QUOTA * fmax(c->rules->target_s / 3600, 1);
    double share = quotas ? QUOTAS_SHARE * (double)MM_MOST_CANDIDATES / (double)quotas : 0;
    return (size_t)fmax(fmin(wanted, share), SEATS_A_QUOTA);
}

static void seat_quotas(struct choice *c)
{
    size_t most = seats_a_quota(c);
    for (size_t k = 0; k < c->rules->n_rules; k++) {
        const struct mm_rule *rule = &c->rules->rules[k];
        if (rule->kind != MM_RULE_AT_LEAST)
            continue;
        size_t given = 0;
        /* First of many artists, then of those there are: all may be by one. */
        for (int crowd = 0; crowd < 2; crowd++)
            for (size_t i = 0; i < c->n_clean && given < most; i++)
                if (c->marks[c->nearest[i]] >> rule->criterion & 1)
                    given += take(c, c->nearest[i], crowd);
        /* What can only be had with a fault is still better than nothing. */
        for (size_t i = c->n_clean; i < c->n_allowed && given < 8; i++)
            if (c->marks[c->nearest[i]] >> rule->criterion & 1)
                given += take(c, c->nearest[i], true);
    }
}

static void seat_parts(struct choice *c)
{
    for (size_t r = 0; r < c->n_part; r++)
        for (size_t k = 0; k < POINTS; k++)
            take(c, c->parts[k][r].song, false);
}

static void seat_intensities(struct choice *c)
{
    size_t given[10] = {0};
    for (size_t i = 0; i < c->n_clean; i++) {
        size_t tenth = (size_t)fmin((double)c->l->rank[c->nearest[i]] * 10, 9);
        if (given[tenth] < ARC_SEATS)
            given[tenth] += take(c, c->nearest[i], false);
    }
}

static void seat_lot(struct choice *c)
{
    struct mm_random random = mm_random_stream(c->request->seed, 79);
    for (size_t i = 0; i < LOT && c->n_clean; i++)
        take(c, c->nearest[mm_random_below(&random, c->n_clean)], false);
}

static void seat_all(struct choice *c)
{
    seat_musts(c);
    seat_quotas(c);
    seat_parts(c);
    if (c->rules->arc.n)
        seat_intensities(c);
    seat_lot(c);
    for (size_t i = 0; i < c->n_clean; i++)
        take(c, c->nearest[i], false);
    for (size_t i = 0; i < c->n_allowed; i++)
        take(c, c->nearest[i], true);
}

int mm_candidates_choose(const struct mm_set_library *library, const struct mm_set_rules *rules,
                         const struct mm_set_request *request, const uint64_t *marks,
                         uint32_t **out, size_t *count, struct mm_error *err)
{
    struct choice c = {.l = library, .rules = rules, .request = request, .marks = marks};
    size_t n = library->n;
    *count = 0;
    *out = mm_calloc3(n < MM_MOST_CANDIDATES ? n : MM_MOST_CANDIDATES, 1, sizeof **out);
    c.away = mm_calloc3(n, 1, sizeof *c.away);
    c.taken = mm_calloc3(n, 1, sizeof *c.taken);
    c.seats = mm_calloc3(library->names[MM_FIELD_ARTIST].n, 1, sizeof *c.seats);
    int result = *out && c.away && c.taken && c.seats ? 0 : mm_no_memory(err);
    bool whole = n <= MM_MOST_CANDIDATES;
    if (result == 0 && !whole)
        result = measure(&c, err);
    if (result == 0)
        result = sort_by_distance(&c, err);
    if (result == 0 && !whole)
        seat_all(&c);
    for (size_t i = 0; result == 0 && i < n; i++)
        if (whole ? allowed(&c, i) : c.taken[i])
            (*out)[(*count)++] = (uint32_t)i;
    if (result == 0 && *count == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "no song may be played: all are excluded or have no length");
    free(c.parts);
    free(c.away);
    free(c.nearest);
    free(c.taken);
    free(c.seats);
    return result;
}
