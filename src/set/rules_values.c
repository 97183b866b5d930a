/* SPDX-License-Identifier: BSD-2-Clause */
#include "set/rules_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char *mm_value_trim(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

void mm_value_soft(char *value, struct mm_rule *rule)
{
    rule->weight = 1;
    char *comma = strrchr(value, ',');
    char *word = comma ? mm_value_trim(comma + 1) : NULL;
    if (!word || strncmp(word, "soft", 4) != 0 || (word[4] && word[4] != ' ' && word[4] != '\t'))
        return;
    double weight = 1;
    char *rest = mm_value_trim(word + 4);
    if (*rest) {
        char *end;
        weight = strtod(rest, &end);
        if (end == rest || *end || !(weight > 0 && weight <= 1000))
            return;
    }
    rule->weight = weight;
    rule->soft = true;
    *comma = '\0';
    mm_value_trim(value);
}

int mm_value_number(const char *text, double low, double high, double *number, const char **word,
                    struct mm_error *err)
{
    char *end;
    errno = 0;
    *number = strtod(text, &end);
    if (end == text || errno || !isdigit((unsigned char)*text) ||
        !(*number >= low && *number <= high))
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\": a number from %g to %g belongs here", text,
                            low, high);
    *word = end + strspn(end, " \t");
    return 0;
}

int mm_value_time(const char *text, double plain, double *seconds, struct mm_error *err)
{
    static const struct {
        const char *word;
        double seconds;
    } words[] = {{"s", 1},  {"sec", 1},  {"seconds", 1},  {"min", 60},   {"minutes", 60},
                 {"m", 60}, {"h", 3600}, {"hours", 3600}, {"hour", 3600}};
    const char *word;
    double number;
    int result = mm_value_number(text, 0, 1e6, &number, &word, err);
    if (result < 0)
        return result;
    double unit = *word ? 0 : plain;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            unit = words[i].seconds;
    *seconds = number * unit;
    if (unit == 0)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" is no time: 90 s, 30 min or 2 h", text);
    return 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* At most `most` digits at *p, moved behind them; -1 = there are none. */
static int take_digits(const char **p, int most)
{
    int value = 0;
    int n = 0;
    for (; n < most && isdigit((unsigned char)**p); n++)
        value = 10 * value + (*(*p)++ - '0');
    return n ? value : -1;
}

static bool take_char(const char **p, char c)
{
    bool there = **p == c;
    *p += there;
    return there;
}

/* "20:00" at *p, moved behind it, in minutes of the day; -1 = it is no time. 24:00 is one. */
static int take_clock(const char **p)
{
    int hour = take_digits(p, 2);
    int minute = hour >= 0 && take_char(p, ':') ? take_digits(p, 2) : -1;
    return minute < 0 || minute > 59 || hour * 60 + minute > 1440 ? -1 : hour * 60 + minute;
}

/* "2026-10-01 " at *p, moved behind it; false when there is none. */
static bool take_date(const char **p, struct tm *tm)
{
    const char *at = *p;
    int year = take_digits(&at, 4);
    int month = take_char(&at, '-') ? take_digits(&at, 2) : -1;
    int day = take_char(&at, '-') ? take_digits(&at, 2) : -1;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
        (*at != ' ' && *at != 'T'))
        return false;
    *tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    *p = at + 1;
    return true;
}

int mm_value_start(const char *text, int64_t *out, struct mm_error *err)
{
    const char *p = text;
    struct tm tm = {.tm_year = 70, .tm_mday = 1};
    take_date(&p, &tm);
    int minutes = take_clock(&p);
    int seconds = minutes >= 0 && take_char(&p, ':') ? take_digits(&p, 2) : 0;
    if (minutes < 0 || minutes >= 1440 || seconds < 0 || seconds > 59 || *p)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" is no time: 20:00 or 2026-10-01 20:00",
                            text);
    *out = (int64_t)timegm(&tm) + minutes * 60 + seconds;
    return 0;
}

int mm_value_hours(const char *text, int *from, int *to, struct mm_error *err)
{
    const char *p = text;
    *from = take_clock(&p);
    *to = take_char(&p, '-') ? take_clock(&p) : -1;
    if (*from < 0 || *from >= 1440 || *to < 0 || *p || *from == *to)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" are no hours: 22:00-06:00", text);
    return 0;
}

int mm_value_minute(const char *text)
{
    const char *p = text;
    int minute = take_char(&p, ':') ? take_digits(&p, 2) : -1;
    return minute > 59 || *p ? -1 : minute;
}

int mm_value_field(const char *name, enum mm_field *out, struct mm_error *err)
{
    for (size_t f = 0; f < MM_FIELDS; f++)
        if (strcmp(name, mm_field_names[f]) == 0) {
            *out = (enum mm_field)f;
            return 0;
        }
    return mm_error_set(err, MM_ERR_USAGE,
                        "\"%s\" is nothing songs share: artist, album, country, source, genre, "
                        "decade or work",
                        name);
}
