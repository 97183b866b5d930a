/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - from candidates to a set for people: times, costs, the reason for each song. */
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "set/bent.h"
#include "set/problem.h"

void mm_set_destroy(struct mm_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n; i++)
        free(set->items[i].why);
    for (size_t i = 0; i < set->n_bent; i++) {
        free(set->bent[i].rule);
        free(set->bent[i].what);
        free(set->bent[i].needed);
    }
    free(set->items);
    free(set->bent);
    free(set);
}

/* ---- why ---- */

/* The hard or soft rule that most asks for this song: an include, else a quota it counts for. */
static const struct mm_rule *asked_by(const struct mm_problem *p, uint32_t candidate)
{
    const struct mm_rule *found = NULL;
    for (size_t r = 0; r < p->n_rules; r++) {
        const struct mm_rule *rule = &p->rules[r];
        if (rule->kind != MM_RULE_AT_LEAST || !(p->marks[candidate] >> rule->criterion & 1))
            continue;
        if (p->settings->criteria[rule->criterion].kind == MM_BY_SONG)
            return rule;
        if (!found)
            found = rule;
    }
    return found;
}

static bool is_waypoint(const struct mm_problem *p, uint32_t candidate)
{
    for (size_t k = 0; k < p->n_order; k++)
        if (p->order[k] == candidate)
            return true;
    return false;
}

static const char *in_words(const struct mm_transition *t)
{
    if (t->sound < 0.3)
        return "sounds much like the song before";
    if (t->sound < 0.6)
        return "sounds like the song before";
    if (t->sound < 0.9)
        return "some way from the song before";
    return "a leap from the song before";
}

static void add_song_facts(const struct mm_set_item *item, const struct mm_set_song *a,
                           const struct mm_set_song *b, struct mm_text *text)
{
    mm_text_addf(text, "; %s", in_words(&item->in));
    if (a->tempo_bpm > 0 && b->tempo_bpm > 0)
        mm_text_addf(text, ", %.0f after %.0f bpm", b->tempo_bpm, a->tempo_bpm);
    if (a->key >= 0 && b->key >= 0)
        mm_text_addf(text, ", %s after %s", mm_key_name(b->key, b->mode),
                     mm_key_name(a->key, a->mode));
}

static char *why(const struct mm_problem *p, const struct mm_line *line, size_t i,
                 const struct mm_set_item *item, enum mm_set_shape shape)
{
    struct mm_text text = {0};
    uint32_t it = line->at[i];
    const struct mm_rule *rule = asked_by(p, it);
    if (is_waypoint(p, it))
        mm_text_add(&text, "asked for");
    else if (rule)
        mm_text_addf(&text, "counts for %s", rule->text);
    else if (isfinite(item->shape) && shape != MM_SHAPE_FREE && item->shape < 0.6)
        mm_text_add(&text, "lies on the way");
    else
        mm_text_add(&text, i ? "fits between its neighbours" : "opens the set");
    if (i) {
        const struct mm_set_song *songs = p->library->songs;
        add_song_facts(item, &songs[p->song[line->at[i - 1]]], &songs[p->song[it]], &text);
    }
    if (isfinite(item->arc))
        mm_text_addf(&text, "; intensity %.0f %% where the arc wants %.0f %%", 100 * item->arc,
                     100 * item->arc_wanted);
    return mm_text_steal(&text);
}

/* ---- items ---- */

static int fill_items(const struct mm_problem *p, const struct mm_set_request *request,
                      const struct mm_line *line, const struct mm_scratch *s, struct mm_set *set,
                      struct mm_error *err)
{
    struct mm_guide guide;
    int result = mm_guide_init(&guide, p->library, request, p->target_s, MM_SLOTS, err);
    const struct mm_arc *arc = &p->settings->arc;
    for (size_t i = 0; i < line->n && result == 0; i++) {
        struct mm_set_item *item = &set->items[i];
        item->song = p->song[line->at[i]];
        item->start_s = s->start[i];
        uint32_t from = i                   ? set->items[i - 1].song
                        : request->n_before ? request->before[request->n_before - 1].song
                                            : MM_SET_NONE;
        if (from != MM_SET_NONE)
            item->in = mm_set_transition(p->library, &p->settings->weights, from, item->song);
        double middle = (s->start[i] + s->start[i + 1]) / 2 / p->target_s;
        size_t slot = middle < 1 ? (size_t)(middle * (double)MM_SLOTS) : MM_SLOTS - 1;
        item->arc = arc->n ? (double)p->library->rank[item->song] : (double)NAN;
        item->arc_wanted = arc->n ? mm_arc_at(arc, ((double)slot + 0.5) / MM_SLOTS) : (double)NAN;
        item->shape = mm_guide_cost(&guide, slot, item->song);
        item->why = why(p, line, i, item, request->shape);
        if (!item->why)
            result = mm_no_memory(err);
        set->n = i + 1;
    }
    mm_guide_finish(&guide);
    return result;
}

/* ---- bent rules ---- */

struct collector {
    const struct mm_bent_view *view;
    struct mm_set *set;
    size_t capacity;
    int result;
    struct mm_error *err;
};

static void collect(void *ctx, size_t rule, uint32_t at, double amount)
{
    struct collector *c = ctx;
    if (c->result < 0)
        return;
    if (mm_array_reserve(&c->set->bent, &c->capacity, c->set->n_bent + 1) < 0) {
        c->result = mm_no_memory(c->err);
        return;
    }
    struct mm_set_bent *b = &c->set->bent[c->set->n_bent++];
    *b = (struct mm_set_bent){.at = at, .amount = amount};
    c->result = mm_bent_tell(c->view, &c->view->p->rules[rule], b, c->err);
}

int mm_explain(const struct mm_problem *p, const struct mm_set_request *request,
               const struct mm_line *line, struct mm_set **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_scratch scratch;
    struct mm_set *set = calloc(1, sizeof *set);
    int result = mm_scratch_init(&scratch, p, err);
    if (result == 0 && set)
        set->items = mm_calloc3(line->n, 1, sizeof *set->items);
    if (result == 0 && (!set || !set->items))
        result = mm_no_memory(err);
    if (result == 0) {
        struct mm_verdict verdict;
        mm_judge(p, line->at, line->n, false, &scratch, NULL, &verdict);
        set->length_s = verdict.length_s;
        set->cost = verdict.cost;
        set->has_start = p->settings->has_start;
        set->start = set->has_start ? p->settings->start : 0;
        set->crossfade_s = p->crossfade_s;
        set->seed = request->seed;
        struct mm_bent_view view = {.p = p, .line = line, .length_s = verdict.length_s};
        struct collector collector = {.view = &view, .set = set, .err = err};
        struct mm_report report = {.broken = collect, .ctx = &collector};
        mm_judge(p, line->at, line->n, false, &scratch, &report, &verdict);
        result = collector.result;
    }
    if (result == 0)
        result = fill_items(p, request, line, &scratch, set, err);
    mm_scratch_finish(&scratch);
    if (result < 0)
        mm_set_destroy(set);
    else
        *out = set;
    return result;
}
