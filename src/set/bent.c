/* SPDX-License-Identifier: BSD-2-Clause */
/* bent.c - a broken rule in words: what is so, and what would be needed for it to hold. */
#include "set/bent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

static const char *title_of(const struct mm_bent_view *v, uint32_t at)
{
    const struct mm_set_song *s = &v->p->library->songs[v->p->song[v->line->at[at]]];
    return s->title ? s->title : (s->path ? s->path : "a song without a title");
}

char *mm_clock(double seconds)
{
    long s = lround(fmax(seconds, 0));
    return s >= 3600 ? mm_format("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60)
                     : mm_format("%ld:%02ld", s / 60, s % 60);
}

/* Songs of the whole library that meet the rule's criterion and may be played. */
static size_t supply(const struct mm_bent_view *v, const struct mm_rule *rule)
{
    return v->p->supply[rule->criterion];
}

/* What nobody can tell better: the rule can be met by itself, but not beside the others. */
static char *look_longer(void)
{
    return mm_strdup("not found beside the other rules: loosen one of them, or look longer with "
                     "--seconds");
}

/* Are the candidates all there is? Else nothing can be said of what the library lacks. */
static bool sees_all(const struct mm_problem *p)
{
    return p->n == p->playable;
}

static char *needs_length(const struct mm_bent_view *v, double length_s)
{
    const struct mm_problem *p = v->p;
    double all = 0;
    for (size_t i = 0; i < p->n; i++)
        all += p->length[i];
    if (sees_all(p) && length_s < p->target_s && all < p->target_s) {
        char *clock = mm_clock(p->target_s - all);
        char *text = mm_format("%s more music: all songs that may be played are not enough", clock);
        free(clock);
        return text;
    }
    double off = fabs(length_s - p->target_s);
    char *clock = mm_clock(off);
    char *text = mm_format("a song that is %s %s in place of another, or a tolerance of %.0f s",
                           clock, length_s < p->target_s ? "longer" : "shorter", ceil(off));
    free(clock);
    return text;
}

static void tell_length(const struct mm_bent_view *v, struct mm_set_bent *b)
{
    char *is = mm_clock(v->length_s);
    char *wanted = mm_clock(v->p->target_s);
    b->unit = "seconds";
    b->what =
        mm_format("the set lasts %s, not %s +- %g s", is, wanted, v->p->settings->tolerance_s);
    b->needed = needs_length(v, v->length_s);
    free(is);
    free(wanted);
}

static void tell_separation(const struct mm_bent_view *v, const struct mm_rule *rule,
                            struct mm_set_bent *b)
{
    static const char *const plurals[MM_FIELDS] = {
        [MM_FIELD_ARTIST] = "artists",    [MM_FIELD_ALBUM] = "albums",
        [MM_FIELD_COUNTRY] = "countries", [MM_FIELD_SOURCE] = "sources",
        [MM_FIELD_GENRE] = "genres",      [MM_FIELD_DECADE] = "decades",
        [MM_FIELD_WORK] = "works"};
    const char *field = mm_field_names[rule->field];
    if (rule->kind == MM_RULE_BETWEEN) {
        b->unit = "songs";
        b->what = mm_format("\"%s\": only %g songs since the same %s, not %g", title_of(v, b->at),
                            rule->amount - b->amount, field, rule->amount);
    } else {
        char *since = mm_clock(rule->amount - b->amount);
        char *wanted = mm_clock(rule->amount);
        b->unit = "seconds";
        b->what = mm_format("\"%s\": only %s since the same %s began, not %s", title_of(v, b->at),
                            since, field, wanted);
        free(since);
        free(wanted);
    }
    b->needed = mm_format("songs of more %s, or a shorter separation", plurals[rule->field]);
}

/* How many different values the candidates have. */
static size_t count_values(const struct mm_problem *p, enum mm_field field)
{
    size_t most = 0;
    size_t none = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->field[field][i] == MM_SET_NONE)
            none++;
        else if (p->field[field][i] + 1 > most)
            most = p->field[field][i] + 1;
    }
    return most + none;
}

static void tell_limit(const struct mm_bent_view *v, const struct mm_rule *rule,
                       struct mm_set_bent *b)
{
    const char *field = mm_field_names[rule->field];
    b->unit = "songs";
    b->what = mm_format("\"%s\" is number %g of its %s, %g are allowed", title_of(v, b->at),
                        rule->amount + b->amount, field, rule->amount);
    size_t values = count_values(v->p, rule->field);
    if (sees_all(v->p) && (double)values * rule->amount < (double)v->line->n)
        b->needed = mm_format("songs that differ in %s: there are %zu to choose from, at most %g "
                              "songs of each, and the set has %zu",
                              field, values, rule->amount, v->line->n);
    else
        b->needed = look_longer();
}

/* What the library lacks for it, whatever the other rules say; NULL = nothing. */
static char *quota_lacks(const struct mm_bent_view *v, const struct mm_rule *rule)
{
    const struct mm_problem *p = v->p;
    size_t have = supply(v, rule);
    size_t others = p->playable - have;
    double songs = (double)v->line->n;
    double hours = (double)mm_quota_hours(rule, v->length_s);
    double minutes = p->supply_s[rule->criterion] / 60;
    bool share = rule->unit == MM_UNIT_PERCENT;
    if (rule->kind == MM_RULE_AT_MOST) {
        double most = share ? floor(rule->amount / 100 * songs) : rule->amount * hours;
        if (rule->unit == MM_UNIT_MINUTES || most + (double)others >= songs)
            return NULL;
        return mm_format("more songs that are not such: there are %zu, the set has %zu", others,
                         v->line->n);
    }
    double wanted = share ? ceil(rule->amount / 100 * songs - 1e-6) : rule->amount * hours;
    if (have == 0)
        return mm_strdup("such a song: the library has none that may be played");
    if (rule->unit == MM_UNIT_MINUTES)
        return minutes < wanted ? mm_format("%.4g more minutes of such songs: the library has %.4g "
                                            "that may be played",
                                            wanted - minutes, minutes)
                                : NULL;
    return (double)have < wanted ? mm_format("%g more such songs: the library has %zu that may be "
                                             "played",
                                             ceil(wanted - (double)have), have)
                                 : NULL;
}

static void tell_quota(const struct mm_bent_view *v, const struct mm_rule *rule,
                       struct mm_set_bent *b)
{
    static const char *const units[] = {
        [MM_UNIT_SONGS] = "songs", [MM_UNIT_PERCENT] = "percent", [MM_UNIT_MINUTES] = "minutes"};
    b->unit = units[rule->unit];
    bool least = rule->kind == MM_RULE_AT_LEAST;
    double is = least ? rule->amount - b->amount : rule->amount + b->amount;
    b->what = mm_format("%.4g %s%s, not at %s %g", is, b->unit,
                        b->at == MM_SET_NONE ? "" : " in the hour that begins here",
                        least ? "least" : "most", rule->amount);
    b->needed = quota_lacks(v, rule);
    if (!b->needed)
        b->needed = look_longer();
}

static void tell_each(const struct mm_bent_view *v, const struct mm_rule *rule,
                      struct mm_set_bent *b)
{
    size_t meet = supply(v, rule);
    size_t good = rule->kind == MM_RULE_ONLY ? meet : v->p->playable - meet;
    b->unit = "songs";
    b->what = mm_format("\"%s\" is in the set all the same", title_of(v, b->at));
    if (good < v->line->n)
        b->needed = mm_format("more songs that keep the rule: there are %zu, the set has %zu", good,
                              v->line->n);
    else
        b->needed = look_longer();
}

static void tell_hours(const struct mm_bent_view *v, const struct mm_rule *rule,
                       struct mm_set_bent *b)
{
    b->unit = "seconds";
    b->what = mm_format("\"%s\" begins outside %02d:%02d-%02d:%02d", title_of(v, b->at),
                        rule->from_minute / 60, rule->from_minute % 60, rule->to_minute / 60,
                        rule->to_minute % 60);
    b->needed = look_longer();
}

static void tell_marks(const struct mm_bent_view *v, const struct mm_rule *rule,
                       struct mm_set_bent *b)
{
    b->unit = "seconds";
    b->what = mm_format("near \"%s\" no song ends within %g s of the station ID",
                        title_of(v, b->at), rule->within);
    b->needed = mm_format("a song boundary %.0f s nearer, or within = %.0f s", ceil(b->amount),
                          ceil(rule->within + b->amount));
}

static void tell_order(const struct mm_bent_view *v, struct mm_set_bent *b)
{
    b->unit = b->at == MM_SET_NONE ? "songs" : "positions";
    bool opens = v->p->lock_first && b->at == 0 && v->line->at[0] != v->p->order[0];
    bool closes = v->p->lock_last && b->at == v->line->n - 1 &&
                  v->line->at[b->at] != v->p->order[v->p->n_order - 1];
    if (b->at == MM_SET_NONE)
        b->what = mm_strdup("a song that was asked for is not in the set");
    else if (opens || closes)
        b->what = mm_format("\"%s\" %s the set, where another song should", title_of(v, b->at),
                            opens ? "opens" : "closes");
    else
        b->what = mm_format("\"%s\" stands before a song it should follow", title_of(v, b->at));
    b->needed = mm_strdup(opens || closes ? "the song that was asked for in its place"
                                          : "more time (--minutes), or fewer songs to pass by");
}

static void tell_sibling(const struct mm_bent_view *v, struct mm_set_bent *b)
{
    b->unit = "songs";
    b->what = mm_format("%g songs more or fewer than the %zu that should stay do so", b->amount,
                        v->p->sibling_stay);
    b->needed = look_longer();
}

int mm_bent_tell(const struct mm_bent_view *v, const struct mm_rule *rule, struct mm_set_bent *b,
                 struct mm_error *err)
{
    b->rule = mm_strdup(rule->text);
    b->line = rule->line;
    b->soft = rule->soft;
    switch (rule->kind) {
    case MM_RULE_LENGTH:
        tell_length(v, b);
        break;
    case MM_RULE_APART:
    case MM_RULE_BETWEEN:
        tell_separation(v, rule, b);
        break;
    case MM_RULE_LIMIT:
        tell_limit(v, rule, b);
        break;
    case MM_RULE_AT_LEAST:
    case MM_RULE_AT_MOST:
        tell_quota(v, rule, b);
        break;
    case MM_RULE_ONLY:
    case MM_RULE_NEVER:
        tell_each(v, rule, b);
        break;
    case MM_RULE_HOURS:
        tell_hours(v, rule, b);
        break;
    case MM_RULE_MARKS:
        tell_marks(v, rule, b);
        break;
    case MM_RULE_ORDER:
        tell_order(v, b);
        break;
    case MM_RULE_SIBLING:
        tell_sibling(v, b);
        break;
    }
    /* A song without a title goes by its file, whose name may be anything. */
    char *clean = b->what ? mm_text_clean_utf8(b->what, strlen(b->what)) : NULL;
    free(b->what);
    b->what = clean;
    return b->rule && b->what && b->needed ? 0 : mm_no_memory(err);
}
