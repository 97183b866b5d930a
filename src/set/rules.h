/* SPDX-License-Identifier: BSD-2-Clause */
/* rules.h - the rules as they are read, before any library is known. doc/sets.md is their manual.
 */
#ifndef SET_RULES_H
#define SET_RULES_H

#include "set/library.h"

/* ---- criteria: which songs does a rule mean? ---- */

#define MM_MOST_CRITERIA ((size_t)64) /* one bit each */

enum mm_criterion_kind {
    MM_BY_GENRE,
    MM_BY_ARTIST,
    MM_BY_ALBUM,
    MM_BY_COUNTRY,
    MM_BY_SOURCE,
    MM_BY_YEAR,     /* from..to */
    MM_BY_NEW,      /* released in the last `from` years */
    MM_BY_EXPLICIT, /* the title says so */
    MM_BY_UNPLAYED, /* never played */
    MM_BY_HOURS,    /* played in the last `from` hours */
    MM_BY_DAYS,     /* played in the last `from` days */
    MM_BY_SHOWS,    /* played in the last `from` shows */
    MM_BY_SONG,     /* "#12", "artist - title" or a path */
    MM_BY_PATH,     /* a pattern with * and ? */
    MM_BY_RATING,   /* from..to */
    MM_BY_PLAYS,    /* the same */
    MM_BY_STARRED,
    MM_BY_SINCE, /* not played since day `from` (since 1970-01-01) */
    MM_BY_CLASS, /* any of the criteria of [class NAME] */
};

struct mm_criterion {
    enum mm_criterion_kind kind;
    char *text; /* folded name, pattern or NULL */
    int from, to;
    size_t class; /* BY_CLASS: number in rules->classes */
};

struct mm_class {
    char *name; /* folded */
    int line;
    struct mm_criterion *criteria; /* none is a class */
    size_t n, capacity;
};

struct mm_set_rules;

/* "genre jazz", "year 1970-1979", "new", "local" (a class): adds it unless it is there, and gives
 * its number. MM_ERR_USAGE says what is wrong, without naming the line. */
int mm_criterion_add(struct mm_set_rules *rules, const char *text, size_t *out,
                     struct mm_error *err);
int mm_criterion_parse(const struct mm_set_rules *rules, const char *text, struct mm_criterion *out,
                       struct mm_error *err);

/* Sets bit in marks[i] for every song of the library that is meant. marks: [library->n] */
int mm_criterion_mark(const struct mm_set_rules *rules, const struct mm_criterion *criterion,
                      const struct mm_set_library *library, uint64_t bit, uint64_t *marks,
                      struct mm_error *err);

/* ---- the arc ---- */

#define MM_ARC_MOST ((size_t)64)
struct mm_arc {
    size_t n;                                   /* 0 = none wanted */
    double at[MM_ARC_MOST], value[MM_ARC_MOST]; /* both 0..1, at rising */
};
int mm_arc_parse(const char *text, struct mm_arc *out, struct mm_error *err);
/* Linear between the points, level before the first and behind the last. */
double mm_arc_at(const struct mm_arc *arc, double at);

/* ---- rules ---- */

enum mm_rule_kind {
    MM_RULE_LENGTH,   /* amount +- within seconds */
    MM_RULE_APART,    /* songs with one value of field start `amount` seconds apart */
    MM_RULE_BETWEEN,  /* ... and have `amount` other songs between them */
    MM_RULE_LIMIT,    /* at most `amount` songs with one value of field */
    MM_RULE_AT_LEAST, /* `amount` unit of the criterion */
    MM_RULE_AT_MOST,
    MM_RULE_ONLY,    /* every song meets the criterion */
    MM_RULE_NEVER,   /* none does */
    MM_RULE_HOURS,   /* songs of the criterion start between two times of day */
    MM_RULE_MARKS,   /* a song ends within `within` seconds of each mark */
    MM_RULE_ORDER,   /* the request's waypoints, in their order */
    MM_RULE_SIBLING, /* so many songs of the sibling stay */
};
enum mm_unit { MM_UNIT_SONGS, MM_UNIT_PERCENT, MM_UNIT_MINUTES };

struct mm_rule {
    enum mm_rule_kind kind;
    bool soft;
    double weight; /* of a soft rule; 1 */
    int line;      /* 0 = from an option or a default */
    char *text;    /* "[limit] artist = 1" */
    enum mm_field field;
    size_t criterion;
    double amount;
    enum mm_unit unit;
    bool per_hour;
    double within;              /* seconds */
    int from_minute, to_minute; /* HOURS: of the day; from > to spans midnight */
    bool minutes[60];           /* MARKS: of each hour */
    double every;               /* MARKS: seconds from the beginning; 0 = see minutes */
};

struct mm_set_rules {
    double target_s, tolerance_s, crossfade_s;
    int64_t start; /* seconds since 1970, local; less than a day: only the time of day is known */
    bool has_start;
    int new_years; /* what "new" means */
    struct mm_arc arc;
    struct mm_set_weights weights;
    struct mm_rule *rules;
    size_t n_rules, capacity;
    struct mm_criterion criteria[MM_MOST_CRITERIA];
    size_t n_criteria;
    struct mm_class *classes;
    size_t n_classes, classes_capacity;
    uint64_t excluded; /* criteria of songs that are never chosen, whatever happens */
};

/* rules_read.c: fills *rules from the text. */
int mm_rules_read(struct mm_set_rules *rules, const char *text, size_t count, const char *name,
                  struct mm_error *err);
/* Appends a rule (takes text, also on failure). */
int mm_rules_add(struct mm_set_rules *rules, const struct mm_rule *rule, char *text,
                 struct mm_error *err);

#endif
