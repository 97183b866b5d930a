/* SPDX-License-Identifier: BSD-2-Clause */
/* rules.c - rules as an object: defaults, what options replace, release. */
#include "set/rules.h"

#include "base/array.h"
#include "base/text.h"

#define DEFAULT_MINUTES   58.0
#define DEFAULT_TOLERANCE 10.0

int mm_rules_add(struct mm_set_rules *rules, const struct mm_rule *rule, char *text,
                 struct mm_error *err)
{
    if (!text || mm_array_reserve(&rules->rules, &rules->capacity, rules->n_rules + 1) < 0) {
        free(text);
        return mm_no_memory(err);
    }
    struct mm_rule *added = &rules->rules[rules->n_rules++];
    *added = *rule;
    added->text = text;
    return 0;
}

static struct mm_rule *find_rule(struct mm_set_rules *rules, enum mm_rule_kind kind)
{
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].kind == kind)
            return &rules->rules[i];
    return NULL;
}

/* What holds unless the file says otherwise. */
static int add_defaults(struct mm_set_rules *rules, struct mm_error *err)
{
    int result = 0;
    if (!find_rule(rules, MM_RULE_LENGTH)) {
        struct mm_rule length = {.kind = MM_RULE_LENGTH, .weight = 1};
        result = mm_rules_add(rules, &length, mm_format("[set] minutes = %g", rules->target_s / 60),
                              err);
    }
    bool works = false;
    for (size_t i = 0; i < rules->n_rules; i++)
        works |= rules->rules[i].kind == MM_RULE_LIMIT && rules->rules[i].field == MM_FIELD_WORK;
    if (result == 0 && !works) {
        struct mm_rule one = {
            .kind = MM_RULE_LIMIT, .weight = 1, .field = MM_FIELD_WORK, .amount = 1};
        result = mm_rules_add(rules, &one, mm_strdup("[limit] work = 1"), err);
    }
    return result;
}

int mm_set_rules_parse(const char *text, size_t count, const char *name, struct mm_set_rules **out,
                       struct mm_error *err)
{
    *out = NULL;
    struct mm_set_rules *rules = calloc(1, sizeof *rules);
    if (!rules)
        return mm_no_memory(err);
    rules->target_s = DEFAULT_MINUTES * 60;
    rules->tolerance_s = DEFAULT_TOLERANCE;
    rules->new_years = 2; /* this year and the last */
    rules->weights = mm_set_default_weights();
    int result = mm_rules_read(rules, text, count, name, err);
    if (result == 0)
        result = add_defaults(rules, err);
    if (result < 0)
        mm_set_rules_destroy(rules);
    else
        *out = rules;
    return result;
}

void mm_set_rules_destroy(struct mm_set_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->n_rules; i++)
        free(rules->rules[i].text);
    free(rules->rules);
    for (size_t i = 0; i < rules->n_criteria; i++)
        free(rules->criteria[i].text);
    for (size_t i = 0; i < rules->n_classes; i++) {
        for (size_t k = 0; k < rules->classes[i].n; k++)
            free(rules->classes[i].criteria[k].text);
        free(rules->classes[i].criteria);
        free(rules->classes[i].name);
    }
    free(rules->classes);
    free(rules);
}

void mm_set_rules_set_minutes(struct mm_set_rules *rules, double minutes)
{
    rules->target_s = minutes * 60;
    struct mm_rule *length = find_rule(rules, MM_RULE_LENGTH);
    char *text = mm_format("--minutes %g", minutes);
    if (length && text) {
        free(length->text);
        length->text = text;
        length->line = 0;
    } else {
        free(text);
    }
}

int mm_set_rules_set_arc(struct mm_set_rules *rules, const char *text, struct mm_error *err)
{
    return mm_arc_parse(text, &rules->arc, err);
}

void mm_set_rules_set_start(struct mm_set_rules *rules, int64_t start)
{
    rules->start = start;
    rules->has_start = true;
}

bool mm_set_rules_start(const struct mm_set_rules *rules, int64_t *start)
{
    *start = rules->start;
    return rules->has_start;
}

double mm_set_rules_crossfade(const struct mm_set_rules *rules)
{
    return rules->crossfade_s;
}

double mm_set_overlap(double crossfade_s, double before_s, double next_s)
{
    double third = (before_s < next_s ? before_s : next_s) / 3;
    return crossfade_s < third ? crossfade_s : third;
}

const struct mm_set_weights *mm_set_rules_weights(const struct mm_set_rules *rules)
{
    return &rules->weights;
}
