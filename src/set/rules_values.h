/* SPDX-License-Identifier: BSD-2-Clause */
/* rules_values.h - what stands behind the "=" of a rules file: numbers, times, fields. */
#ifndef SET_RULES_VALUES_H
#define SET_RULES_VALUES_H

#include "set/rules.h"

/* Cuts white space at both ends, in place. */
char *mm_value_trim(char *text);

/* Cuts ", soft" or ", soft 2" off the end of value; a name that has the word in it stays. */
void mm_value_soft(char *value, struct mm_rule *rule);

/* A number from low to high and the word behind it ("20 %", "5 songs"); *word points into text. */
int mm_value_number(const char *text, double low, double high, double *number, const char **word,
                    struct mm_error *err);

/* "10", "90 s", "30 min", "2 h", in seconds; plain is what a number alone means. */
int mm_value_time(const char *text, double plain, double *seconds, struct mm_error *err);

/* "20:00" or "2026-10-01 20:00[:30]", seconds since 1970 as if local time were UTC. */
int mm_value_start(const char *text, int64_t *out, struct mm_error *err);

/* "22:00-06:00", in minutes of the day. */
int mm_value_hours(const char *text, int *from, int *to, struct mm_error *err);

/* ":30", a minute of the hour; -1 = it is none. */
int mm_value_minute(const char *text);

/* "artist", "country", ...: what songs may share. */
int mm_value_field(const char *name, enum mm_field *out, struct mm_error *err);

#endif
