/* SPDX-License-Identifier: BSD-2-Clause */
/* criterion.c - "genre jazz", "year 1970-1979", "local": which songs a rule means. */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "set/rules.h"

/* ---- reading ---- */

/* Words that stand before a name. */
static const struct {
    const char *word;
    enum mm_criterion_kind kind;
} kinds[] = {
    {"genre", MM_BY_GENRE},     {"artist", MM_BY_ARTIST}, {"album", MM_BY_ALBUM},
    {"country", MM_BY_COUNTRY}, {"source", MM_BY_SOURCE}, {"year", MM_BY_YEAR},
    {"years", MM_BY_YEAR},      {"song", MM_BY_SONG},     {"path", MM_BY_PATH},
    {"rating", MM_BY_RATING},   {"plays", MM_BY_PLAYS},   {"not played since", MM_BY_SINCE},
};

/* "1975" or "1970-1979". */
static int parse_years(const char *text, struct mm_criterion *out, struct mm_error *err)
{
    char *end;
    long from = strtol(text, &end, 10);
    long to = from;
    if (end != text && *end == '-') {
        const char *second = end + 1;
        to = strtol(second, &end, 10);
        end = end == second ? (char *)text : end;
    }
    if (end == text || *end || from < 1 || to < from || to > 9999)
        return mm_error_set(err, MM_ERR_USAGE,
                            "\"%s\" is no year: a year such as 1975 or a span such as 1970-1979",
                            text);
    out->from = (int)from;
    out->to = (int)to;
    return 0;
}

/* "4", "3-5", ">= 4", "<= 2": stars, or how often. */
static int parse_count(const char *text, int most, struct mm_criterion *out, struct mm_error *err)
{
    bool least = *text == '>'; /* a line "rating >= 4" arrives without its equals sign */
    bool limit = *text == '<';
    const char *number = text + (least || limit ? 1 + (text[1] == '=') : 0);
    char *end;
    long from = strtol(number, &end, 10);
    bool good = end != number;
    long to = from;
    if (good && *end == '-' && !least && !limit) {
        const char *second = end + 1;
        to = strtol(second, &end, 10);
        good = end != second;
    }
    if (!good || end[strspn(end, " ")] || from < 0 || to < from || to > most)
        return mm_error_set(err, MM_ERR_USAGE,
                            "\"%s\" is no count of 0 to %d: say 4, 3-5, >= 4 or <= 2", text, most);
    out->from = limit ? 0 : (int)from;
    out->to = least ? most : (int)to;
    return 0;
}

/* "2026-03-01", as a day since 1970. */
static int parse_day(const char *text, struct mm_criterion *out, struct mm_error *err)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    time_t at = end && !*end && tm.tm_year >= 70 ? timegm(&tm) : -1;
    if (at < 0)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" is no day such as 2026-03-01", text);
    out->from = (int)(at / 86400);
    return 0;
}

static char *fold_for(enum mm_criterion_kind kind, const char *text)
{
    if (kind == MM_BY_ARTIST)
        return mm_artist_key(text);
    return kind == MM_BY_PATH ? mm_strdup(text) : mm_text_fold(text);
}

static int parse_named(const char *text, struct mm_criterion *out, bool *found,
                       struct mm_error *err)
{
    *found = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].word);
        if (strncmp(text, kinds[i].word, length) != 0 || text[length] != ' ')
            continue;
        const char *name = text + length + strspn(text + length, " ");
        *found = true;
        out->kind = kinds[i].kind;
        if (out->kind == MM_BY_YEAR)
            return parse_years(name, out, err);
        if (out->kind == MM_BY_RATING || out->kind == MM_BY_PLAYS)
            return parse_count(name, out->kind == MM_BY_RATING ? 5 : 1000000, out, err);
        if (out->kind == MM_BY_SINCE)
            return parse_day(name, out, err);
        out->text = fold_for(out->kind, name);
        return out->text ? 0 : mm_no_memory(err);
    }
    return 0;
}

int mm_criterion_parse(const struct mm_set_rules *rules, const char *text, struct mm_criterion *out,
                       struct mm_error *err)
{
    *out = (struct mm_criterion){0};
    bool found;
    int result = parse_named(text, out, &found, err);
    if (result < 0 || found)
        return result;
    char *name = mm_text_fold(text);
    if (!name)
        return mm_no_memory(err);
    size_t class = 0;
    while (class < rules->n_classes && strcmp(rules->classes[class].name, name) != 0)
        class ++;
    out->class = class;
    if (class < rules->n_classes)
        out->kind = MM_BY_CLASS;
    else if (strcmp(name, "new") == 0 || strcmp(name, "new releases") == 0)
        *out = (struct mm_criterion){.kind = MM_BY_NEW, .from = rules->new_years};
    else if (strcmp(name, "explicit") == 0)
        out->kind = MM_BY_EXPLICIT;
    else if (strcmp(name, "unplayed") == 0)
        out->kind = MM_BY_UNPLAYED;
    else if (strcmp(name, "starred") == 0)
        out->kind = MM_BY_STARRED;
    else
        result =
            mm_error_set(err, MM_ERR_USAGE,
                         "\"%s\" names no songs: say genre, artist, album, country, source, "
                         "year, song or path and a name; rating, plays, not played since; new, "
                         "explicit, starred or unplayed; or make a [class %s]",
                         text, text);
    free(name);
    return result;
}

static bool same_criterion(const struct mm_criterion *a, const struct mm_criterion *b)
{
    if (a->kind != b->kind || a->from != b->from || a->to != b->to || !a->text != !b->text)
        return false;
    if (a->kind == MM_BY_CLASS && a->class != b->class)
        return false;
    return !a->text || strcmp(a->text, b->text) == 0;
}

int mm_criterion_add(struct mm_set_rules *rules, const char *text, size_t *out,
                     struct mm_error *err)
{
    struct mm_criterion it;
    int result = mm_criterion_parse(rules, text, &it, err);
    if (result < 0)
        return result;
    size_t at = 0;
    while (at < rules->n_criteria && !same_criterion(&rules->criteria[at], &it))
        at++;
    *out = at;
    if (at < rules->n_criteria) {
        free(it.text);
        return 0;
    }
    if (at == MM_MOST_CRITERIA) {
        free(it.text);
        return mm_error_set(err, MM_ERR_USAGE, "the rules name more than %zu kinds of songs",
                            MM_MOST_CRITERIA);
    }
    rules->criteria[rules->n_criteria++] = it;
    return 0;
}

/* ---- marking ---- */

/* Titles carry it as "(Explicit)" or "[Explicit]". */
static bool is_explicit(const struct mm_set_song *s)
{
    return s->title && (strcasestr(s->title, "(explicit") || strcasestr(s->title, "[explicit"));
}

/* Songs without an artist or title go by the name of their file. */
static int is_song(const struct mm_set_song *s, const char *wanted, bool *out)
{
    *out = false;
    char *end;
    if (*wanted == '#') {
        *out = strtoll(wanted + 1, &end, 10) == s->id && !*end;
        return 0;
    }
    char *line = mm_format("%s - %s", s->artist ? s->artist : "", s->title ? s->title : "");
    char *folded = line ? mm_text_fold(line) : NULL;
    char *title = mm_text_fold(s->title ? s->title : "");
    char *path = mm_text_fold(s->path ? s->path : "");
    bool all = line && folded && title && path;
    if (all)
        *out = strcmp(folded, wanted) == 0 || (*title && strcmp(title, wanted) == 0) ||
               (*path && (strcmp(path, wanted) == 0 || strcmp(mm_path_name(path), wanted) == 0));
    free(line);
    free(folded);
    free(title);
    free(path);
    return all ? 0 : MM_ERR_NO_MEMORY;
}

/* '*' and '?' and nothing else: folders are named "[2011]" as well. '?' is a character of UTF-8. */
static bool path_fits(const char *pattern, const char *path)
{
    const char *star = NULL;
    const char *from = NULL; /* what the star has not eaten */
    while (*path) {
        if (*pattern == '*') {
            star = ++pattern;
            from = path;
        } else if (*pattern == '?') {
            pattern++;
            for (path++; ((unsigned char)*path & 0xC0) == 0x80;)
                path++;
        } else if (*pattern == *path) {
            pattern++;
            path++;
        } else if (star) {
            pattern = star;
            path = ++from;
        } else {
            return false;
        }
    }
    return !pattern[strspn(pattern, "*")];
}

static int this_year(void)
{
    time_t now = time(NULL);
    struct tm tm;
    return localtime_r(&now, &tm) ? tm.tm_year + 1900 : 0;
}

static bool matches(const struct mm_criterion *c, const struct mm_set_song *s, int64_t now,
                    int year)
{
    switch (c->kind) {
    case MM_BY_YEAR:
        return s->year >= c->from && s->year <= c->to;
    case MM_BY_NEW:
        return s->year > year - c->from;
    case MM_BY_EXPLICIT:
        return is_explicit(s);
    case MM_BY_UNPLAYED:
        return s->last_played == 0;
    case MM_BY_HOURS:
        return s->last_played != 0 && s->last_played > now - (int64_t)c->from * 3600;
    case MM_BY_DAYS:
        return s->last_played != 0 && s->last_played > now - (int64_t)c->from * 86400;
    case MM_BY_SHOWS:
        return s->shows_ago != 0 && s->shows_ago <= (uint32_t)c->from;
    case MM_BY_RATING: /* without stars is no number of stars */
        return s->rating && s->rating >= c->from && s->rating <= c->to;
    case MM_BY_PLAYS:
        return s->plays >= c->from && s->plays <= c->to;
    case MM_BY_STARRED:
        return s->starred;
    case MM_BY_SINCE:
        return s->last_played < (int64_t)c->from * 86400 &&
               s->last_heard < (int64_t)c->from * 86400;
    case MM_BY_PATH:
        return s->path && path_fits(c->text, s->path);
    default:
        return false;
    }
}

static void mark_field(const struct mm_set_library *l, enum mm_field field, const char *name,
                       uint64_t bit, uint64_t *marks)
{
    uint32_t wanted = mm_intern_find(&l->names[field], name);
    for (size_t i = 0; i < l->n && wanted != UINT32_MAX; i++)
        if (l->field[field][i] == wanted)
            marks[i] |= bit;
}

/* Any of a song's genres; an album by any artist. */
static void mark_lists(const struct mm_set_library *l, const struct mm_criterion *c, uint64_t bit,
                       uint64_t *marks)
{
    if (c->kind == MM_BY_GENRE) {
        uint32_t wanted = mm_intern_find(&l->names[MM_FIELD_GENRE], c->text);
        for (size_t i = 0; i < l->n && wanted != UINT32_MAX; i++)
            for (uint32_t g = l->genre_first[i]; g < l->genre_first[i + 1]; g++)
                if (l->genre_ids[g] == wanted)
                    marks[i] |= bit;
        return;
    }
    const struct mm_intern *albums = &l->names[MM_FIELD_ALBUM];
    for (size_t i = 0; i < l->n; i++) {
        uint32_t album = l->field[MM_FIELD_ALBUM][i];
        const char *name = album == MM_SET_NONE ? NULL : strchr(albums->texts[album], '\n');
        if (name && strcmp(name + 1, c->text) == 0)
            marks[i] |= bit;
    }
}

static int mark_songs(const struct mm_set_rules *rules, const struct mm_criterion *c,
                      const struct mm_set_library *l, uint64_t bit, uint64_t *marks,
                      struct mm_error *err)
{
    int64_t now = rules->has_start && rules->start >= 86400 ? rules->start
                                                            : mm_clock_local((int64_t)time(NULL));
    int year = this_year();
    for (size_t i = 0; i < l->n; i++) {
        bool is = false;
        if (c->kind == MM_BY_SONG) {
            if (is_song(&l->songs[i], c->text, &is) < 0)
                return mm_no_memory(err);
        } else {
            is = matches(c, &l->songs[i], now, year);
        }
        if (is)
            marks[i] |= bit;
    }
    return 0;
}

int mm_criterion_mark(const struct mm_set_rules *rules, const struct mm_criterion *c,
                      const struct mm_set_library *l, uint64_t bit, uint64_t *marks,
                      struct mm_error *err)
{
    static const enum mm_field fields[] = {[MM_BY_ARTIST] = MM_FIELD_ARTIST,
                                           [MM_BY_COUNTRY] = MM_FIELD_COUNTRY,
                                           [MM_BY_SOURCE] = MM_FIELD_SOURCE};
    int result = 0;
    switch (c->kind) {
    case MM_BY_ARTIST:
    case MM_BY_COUNTRY:
    case MM_BY_SOURCE:
        mark_field(l, fields[c->kind], c->text, bit, marks);
        return 0;
    case MM_BY_GENRE:
    case MM_BY_ALBUM:
        mark_lists(l, c, bit, marks);
        return 0;
    case MM_BY_CLASS: {
        const struct mm_class *class = &rules->classes[c->class];
        for (size_t i = 0; i < class->n && result == 0; i++)
            result = mm_criterion_mark(rules, &class->criteria[i], l, bit, marks, err);
        return result;
    }
    default:
        return mark_songs(rules, c, l, bit, marks, err);
    }
}
