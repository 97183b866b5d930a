/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * join.h - several models as one: "musicnn-msd+timbre", "mm1+2*timbre".
 *
 * The values of timbre are projected into the space of metric.h. Each model's vectors are
 * standardised, divided by the root of their length and multiplied by the model's weight; together
 * they are the song's vector. Distances then hear every model as loudly as its weight says, however
 * many values it has.
 *
 * Threads: the calls share nothing.
 */
#ifndef MUSICMAP_JOIN_H
#define MUSICMAP_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define MM_JOIN_MAX 4 /* models */

struct mm_join {
    size_t n;
    struct {
        char name[64];
        char pool[8];  /* "mean", "max" or "meanmax"; "" = not said */
        double weight; /* > 0 */
    } part[MM_JOIN_MAX];
};

/*
 * Reads "A", "A+B", "A+0.5*B"; A may be "A:max": of its vectors those that were pooled so. Models
 * need not be in the table: vectors may have been imported. Where no weight is given, that of a
 * tried join counts (src/embed/join.c), else 1. MM_ERR_USAGE: no such form, too many parts, one
 * twice, or a weight outside 0.001 to 1000.
 */
int mm_join_parse(const char *text, struct mm_join *out, struct mm_error *err);

/* 0 when text is a join of models of the table without poolings, else MM_ERR_USAGE with what is
 * wrong. */
int mm_join_check(const char *text, struct mm_error *err);

/* Is a name fit for a model: 1 to 63 of A-Z a-z 0-9 . _ - ? */
bool mm_join_is_name(const char *name);

#endif
