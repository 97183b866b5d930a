/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules_read.c - the rules file. inih takes lines apart; a table says which section and name mean
 * what. It splits at the first '=' or ':', so that "new >= 20 %" arrives as the name "new >" with
 * the value "20 %": the sign is taken from the name's end.
 *
 * Two passes: classes first, so that rules may stand above the classes they use.
 */
#include <ctype.h>
#include <ini.h>
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "set/rules.h"
#include "set/rules_values.h"

#define LONGEST_LINE 190 /* characters; inih's own limit is 200 bytes */

struct reader {
    struct mm_set_rules *rules;
    const char *name; /* of the file */
    const char *at, *end;
    int line;
    bool classes; /* first pass: only [class ...] */
    int result;
    struct mm_error *err;
};

/* ---- sections ---- */

static int add(struct reader *in, struct mm_rule *rule, const char *section, const char *name,
               const char *value)
{
    rule->line = in->line;
    return mm_rules_add(in->rules, rule, mm_format("[%s] %s = %s", section, name, value), in->err);
}

static int on_set(struct reader *in, char *name, char *value)
{
    struct mm_set_rules *r = in->rules;
    struct mm_rule length = {.kind = MM_RULE_LENGTH};
    const char *word;
    int result = 0;
    double number;
    if (strcmp(name, "minutes") == 0) {
        char *written = mm_strdup(value);
        result = written ? 0 : mm_no_memory(in->err);
        mm_value_soft(value, &length);
        if (result == 0)
            result = mm_value_number(value, 0.1, 1440, &number, &word, in->err);
        if (result == 0 && *word && strcmp(word, "min") != 0)
            result = mm_error_set(in->err, MM_ERR_USAGE, "\"%s\": only a number of minutes", value);
        for (size_t i = 0; i < r->n_rules && result == 0; i++)
            if (r->rules[i].kind == MM_RULE_LENGTH)
                result = mm_error_set(in->err, MM_ERR_USAGE, "minutes are given twice");
        if (result == 0) {
            r->target_s = number * 60;
            result = add(in, &length, "set", name, written);
        }
        free(written);
        return result;
    }
    if (strcmp(name, "tolerance") == 0)
        return mm_value_time(value, 1, &r->tolerance_s, in->err);
    if (strcmp(name, "crossfade") == 0) {
        result = mm_value_time(value, 1, &r->crossfade_s, in->err);
        if (result == 0 && r->crossfade_s > 30)
            result = mm_error_set(in->err, MM_ERR_USAGE, "a crossfade lasts 0 to 30 s");
        return result;
    }
    if (strcmp(name, "start") == 0) {
        r->has_start = true;
        return mm_value_start(value, &r->start, in->err);
    }
    if (strcmp(name, "arc") == 0)
        return mm_arc_parse(value, &r->arc, in->err);
    return mm_error_set(in->err, MM_ERR_USAGE,
                        "[set] knows minutes, tolerance, start, crossfade and arc, not \"%s\"",
                        name);
}

/* "artist = 60 min, 5 songs": a rule for each part. */
static int on_separation(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {0};
    char *written = mm_strdup(value);
    int result = written ? mm_value_field(name, &rule.field, in->err) : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    char *rest = value;
    for (char *part; result == 0 && (part = strsep(&rest, ","));) {
        const char *word;
        part = mm_value_trim(part);
        result = mm_value_number(part, 0, 1e6, &rule.amount, &word, in->err);
        rule.kind = MM_RULE_BETWEEN;
        if (result == 0 && strcmp(word, "songs") != 0 && strcmp(word, "song") != 0) {
            rule.kind = MM_RULE_APART;
            result = mm_value_time(part, 0, &rule.amount, in->err);
        }
        if (result == 0)
            result = add(in, &rule, "separation", name, written);
    }
    free(written);
    return result;
}

static int on_limit(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {.kind = MM_RULE_LIMIT};
    const char *word;
    char *written = mm_strdup(value);
    int result = written ? mm_value_field(name, &rule.field, in->err) : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    if (result == 0)
        result = mm_value_number(value, 1, 10000, &rule.amount, &word, in->err);
    if (result == 0 && (rule.amount != floor(rule.amount) ||
                        (*word && strcmp(word, "songs") != 0 && strcmp(word, "song") != 0)))
        result = mm_error_set(in->err, MM_ERR_USAGE, "\"%s\": a whole number of songs", value);
    if (result == 0)
        result = add(in, &rule, "limit", name, written);
    free(written);
    return result;
}

static int take_quota(char *value, struct mm_rule *rule, struct mm_error *err)
{
    static const struct {
        const char *word;
        enum mm_unit unit;
    } units[] = {{"", MM_UNIT_SONGS},          {"songs", MM_UNIT_SONGS},
                 {"song", MM_UNIT_SONGS},      {"%", MM_UNIT_PERCENT},
                 {"percent", MM_UNIT_PERCENT}, {"min", MM_UNIT_MINUTES},
                 {"minutes", MM_UNIT_MINUTES}};
    char *hourly = strstr(value, "per hour");
    rule->per_hour = hourly != NULL;
    if (hourly)
        *hourly = '\0';
    const char *word;
    value = mm_value_trim(value);
    int result = mm_value_number(value, 0, 100000, &rule->amount, &word, err);
    if (result < 0)
        return result;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(word, units[i].word) == 0) {
            rule->unit = units[i].unit;
            if (rule->unit == MM_UNIT_PERCENT && rule->amount > 100)
                return mm_error_set(err, MM_ERR_USAGE, "more than 100 %% cannot be");
            return 0;
        }
    return mm_error_set(err, MM_ERR_USAGE, "\"%s\": songs, %% or min", word);
}

/* "genre jazz >= 15 min": the name arrives as "genre jazz >". */
static int on_quota(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {0};
    size_t length = strlen(name);
    char sign = length ? name[length - 1] : 0;
    if (sign != '>' && sign != '<')
        return mm_error_set(in->err, MM_ERR_USAGE,
                            "\"%s = %s\": a quota is written with >= or <=", name, value);
    char *written = mm_strdup(value);
    char *full = mm_strdup(name);
    name[length - 1] = '\0';
    name = mm_value_trim(name);
    rule.kind = sign == '>' ? MM_RULE_AT_LEAST : MM_RULE_AT_MOST;
    int result = written && full ? 0 : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    if (result == 0)
        result = take_quota(value, &rule, in->err);
    if (result == 0)
        result = mm_criterion_add(in->rules, name, &rule.criterion, in->err);
    if (result == 0) {
        rule.line = in->line;
        result =
            mm_rules_add(in->rules, &rule, mm_format("[quota] %s= %s", full, written), in->err);
    }
    free(full);
    free(written);
    return result;
}

/* [only] and [never]: "year = 1970-1989", "explicit = yes". */
static int on_filter(struct reader *in, const char *section, enum mm_rule_kind kind, char *name,
                     char *value)
{
    struct mm_rule rule = {.kind = kind};
    char *written = mm_strdup(value);
    int result = written ? 0 : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    bool bare = strcmp(value, "yes") == 0;
    char *text = bare ? mm_strdup(name) : mm_format("%s %s", name, value);
    if (result == 0)
        result = text ? mm_criterion_add(in->rules, text, &rule.criterion, in->err)
                      : mm_no_memory(in->err);
    if (result == 0)
        result = add(in, &rule, section, name, written);
    free(text);
    free(written);
    return result;
}

static int on_hours(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {.kind = MM_RULE_HOURS};
    char *written = mm_strdup(value);
    int result = written ? 0 : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    if (result == 0)
        result = mm_value_hours(value, &rule.from_minute, &rule.to_minute, in->err);
    if (result == 0)
        result = mm_criterion_add(in->rules, name, &rule.criterion, in->err);
    if (result == 0)
        result = add(in, &rule, "hours", name, written);
    free(written);
    return result;
}

/* ":00, :30" */
static int take_marks(char *value, struct mm_rule *rule, struct mm_error *err)
{
    char *rest = value;
    for (char *part; (part = strsep(&rest, ","));) {
        int minute = mm_value_minute(mm_value_trim(part));
        if (minute < 0)
            return mm_error_set(err, MM_ERR_USAGE,
                                "\"%s\" is no mark: minutes of the hour such as "
                                ":00, :30",
                                part);
        rule->minutes[minute] = true;
    }
    return 0;
}

/* "at" and "every" make the rule; "within", above or below, is taken over by it. */
static int on_marks(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {.kind = MM_RULE_MARKS, .within = 90};
    struct mm_rule *made = NULL;
    for (size_t i = 0; i < in->rules->n_rules; i++)
        if (in->rules->rules[i].kind == MM_RULE_MARKS)
            made = &in->rules->rules[i];
    if (strcmp(name, "within") == 0) {
        if (!made)
            return mm_error_set(in->err, MM_ERR_USAGE, "\"within\" follows \"at\" or \"every\"");
        return mm_value_time(value, 1, &made->within, in->err);
    }
    if (made)
        return mm_error_set(in->err, MM_ERR_USAGE, "[marks] has one line \"at\" or \"every\"");
    char *written = mm_strdup(value);
    int result = written ? 0 : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    if (result == 0 && strcmp(name, "at") == 0) {
        result = take_marks(value, &rule, in->err);
    } else if (result == 0 && strcmp(name, "every") == 0) {
        result = mm_value_time(value, 60, &rule.every, in->err);
        if (result == 0 && (rule.every < 60 || rule.every > 86400))
            result = mm_error_set(in->err, MM_ERR_USAGE, "\"%s\": 1 minute to a day", value);
    } else if (result == 0) {
        result = mm_error_set(in->err, MM_ERR_USAGE,
                              "[marks] knows at, every and within, not \"%s\"", name);
    }
    if (result == 0)
        result = add(in, &rule, "marks", name, written);
    free(written);
    return result;
}

static int on_songs(struct reader *in, char *name, char *value)
{
    bool include = strcmp(name, "include") == 0;
    if (!include && strcmp(name, "exclude") != 0)
        return mm_error_set(in->err, MM_ERR_USAGE, "[songs] knows include and exclude, not \"%s\"",
                            name);
    struct mm_rule rule = {.kind = MM_RULE_AT_LEAST, .amount = 1, .weight = 1};
    char *written = mm_strdup(value);
    int result = written ? 0 : mm_no_memory(in->err);
    char *text = mm_format("song %s", value);
    if (result == 0)
        result = text ? mm_criterion_add(in->rules, text, &rule.criterion, in->err)
                      : mm_no_memory(in->err);
    if (result == 0 && include)
        result = add(in, &rule, "songs", name, written);
    else if (result == 0)
        in->rules->excluded |= (uint64_t)1 << rule.criterion;
    free(text);
    free(written);
    return result;
}

static int add_history(struct mm_set_rules *r, enum mm_criterion_kind kind, int n, size_t *out,
                       struct mm_error *err)
{
    if (r->n_criteria == MM_MOST_CRITERIA)
        return mm_error_set(err, MM_ERR_USAGE, "the rules name more than %zu kinds of songs",
                            MM_MOST_CRITERIA);
    *out = r->n_criteria;
    r->criteria[r->n_criteria++] = (struct mm_criterion){.kind = kind, .from = n};
    return 0;
}

static int on_history(struct reader *in, char *name, char *value)
{
    struct mm_rule rule = {.kind = MM_RULE_NEVER};
    static const struct {
        const char *name;
        enum mm_criterion_kind kind;
    } kinds[] = {{"hours", MM_BY_HOURS}, {"days", MM_BY_DAYS}, {"shows", MM_BY_SHOWS}};
    const char *word;
    double number = 0;
    size_t k = 0;
    while (k < 3 && strcmp(name, kinds[k].name) != 0)
        k++;
    if (k == 3)
        return mm_error_set(in->err, MM_ERR_USAGE,
                            "[history] knows hours, days and shows, not \"%s\"", name);
    char *written = mm_strdup(value);
    int result = written ? 0 : mm_no_memory(in->err);
    mm_value_soft(value, &rule);
    if (result == 0)
        result = mm_value_number(value, 1, 36500, &number, &word, in->err);
    if (result == 0 && *word && strcmp(word, name) != 0)
        result = mm_error_set(in->err, MM_ERR_USAGE, "\"%s\": a number of %s", value, name);
    if (result == 0)
        result = add_history(in->rules, kinds[k].kind, (int)number, &rule.criterion, in->err);
    if (result == 0)
        result = add(in, &rule, "history", name, written);
    free(written);
    return result;
}

static int on_weights(struct reader *in, char *name, char *value)
{
    struct mm_set_weights *w = &in->rules->weights;
    const struct {
        const char *name;
        double *target;
    } weights[] = {{"sound", &w->sound},       {"tempo", &w->tempo}, {"key", &w->key},
                   {"loudness", &w->loudness}, {"arc", &w->arc},     {"shape", &w->shape}};
    const char *word;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        if (strcmp(name, weights[i].name) != 0)
            continue;
        int result = mm_value_number(value, 0, 100, weights[i].target, &word, in->err);
        return result == 0 && *word
                   ? mm_error_set(in->err, MM_ERR_USAGE, "\"%s\": only a number", value)
                   : result;
    }
    return mm_error_set(in->err, MM_ERR_USAGE,
                        "[weights] knows sound, tempo, key, loudness, arc and shape, not \"%s\"",
                        name);
}

static int on_class(struct reader *in, const char *class_name, char *name, char *value)
{
    struct mm_set_rules *r = in->rules;
    char *folded = mm_text_fold(class_name);
    if (!folded)
        return mm_no_memory(in->err);
    size_t at = 0;
    while (at < r->n_classes && strcmp(r->classes[at].name, folded) != 0)
        at++;
    if (at == r->n_classes) {
        if (mm_array_reserve(&r->classes, &r->classes_capacity, at + 1) < 0) {
            free(folded);
            return mm_no_memory(in->err);
        }
        r->classes[r->n_classes++] = (struct mm_class){.name = folded, .line = in->line};
    } else {
        free(folded);
    }
    struct mm_class *class = &r->classes[at];
    if (mm_array_reserve(&class->criteria, &class->capacity, class->n + 1) < 0)
        return mm_no_memory(in->err);
    char *text = strcmp(value, "yes") == 0 ? mm_strdup(name) : mm_format("%s %s", name, value);
    int result = text ? 0 : mm_no_memory(in->err);
    if (result == 0)
        result = mm_criterion_parse(r, text, &class->criteria[class->n], in->err);
    free(text);
    if (result == 0 && class->criteria[class->n].kind == MM_BY_CLASS)
        return mm_error_set(in->err, MM_ERR_USAGE, "a class cannot hold another class");
    if (result == 0)
        class->n++;
    return result;
}

/* ---- the file ---- */

static int on_rule(struct reader *in, const char *section, char *name, char *value)
{
    static const struct {
        const char *section;
        int (*read)(struct reader *in, char *name, char *value);
    } sections[] = {{"set", on_set},     {"separation", on_separation}, {"limit", on_limit},
                    {"quota", on_quota}, {"hours", on_hours},           {"marks", on_marks},
                    {"songs", on_songs}, {"history", on_history},       {"weights", on_weights}};
    if (strcmp(section, "only") == 0)
        return on_filter(in, section, MM_RULE_ONLY, name, value);
    if (strcmp(section, "never") == 0)
        return on_filter(in, section, MM_RULE_NEVER, name, value);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(section, sections[i].section) == 0)
            return sections[i].read(in, name, value);
    return mm_error_set(in->err, MM_ERR_USAGE,
                        "there is no section [%s]: set, separation, limit, quota, only, never, "
                        "hours, marks, songs, history, weights or class NAME",
                        section);
}

static int on_entry(void *ctx, const char *section, const char *name, const char *value)
{
    struct reader *in = ctx;
    bool is_class = strncmp(section, "class ", 6) == 0;
    if (in->result < 0 || is_class != in->classes)
        return 1;
    char *own_name = mm_strdup(name);
    char *own_value = mm_strdup(value);
    if (!own_name || !own_value)
        in->result = mm_no_memory(in->err);
    else if (!*own_value)
        in->result = mm_error_set(in->err, MM_ERR_USAGE, "\"%s\" has no value", name);
    else if (is_class)
        in->result = on_class(in, section + 6, own_name, own_value);
    else
        in->result = on_rule(in, section, own_name, own_value);
    if (in->result < 0)
        mm_error_prefix(in->err, "%s, line %d", in->name, in->line);
    free(own_name);
    free(own_value);
    return 1;
}

/* One line of the text for inih, counted. NULL ends the file. */
static char *next_line(char *out, int room, void *stream)
{
    struct reader *in = stream;
    if (in->at == in->end || in->result < 0)
        return NULL;
    /* inih takes an indented line for more of the value above it: a rule would be none. */
    while (in->at < in->end && *in->at && strchr(" \t\v\f\r", *in->at))
        in->at++;
    const char *stop = memchr(in->at, '\n', (size_t)(in->end - in->at));
    size_t length = (size_t)((stop ? stop : in->end) - in->at);
    in->line++;
    if (length > LONGEST_LINE || length + 2 > (size_t)room || memchr(in->at, '\0', length)) {
        in->result = mm_error_set(in->err, MM_ERR_USAGE,
                                  "%s, line %d: longer than %d characters, or not text", in->name,
                                  in->line, LONGEST_LINE);
        return NULL;
    }
    memcpy(out, in->at, length);
    out[length] = '\n';
    out[length + 1] = '\0';
    in->at = stop ? stop + 1 : in->end;
    return out;
}

int mm_rules_read(struct mm_set_rules *rules, const char *text, size_t count, const char *name,
                  struct mm_error *err)
{
    for (int pass = 0; pass < 2; pass++) {
        struct reader in = {.rules = rules,
                            .name = name,
                            .at = text,
                            .end = text + count,
                            .classes = pass == 0,
                            .err = err};
        int line = ini_parse_stream(next_line, &in, on_entry, &in);
        if (in.result < 0)
            return in.result;
        if (line != 0)
            return mm_error_set(err, MM_ERR_USAGE,
                                "%s, line %d: neither [section] nor name = value", name, line);
    }
    return 0;
}
