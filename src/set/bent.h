/* SPDX-License-Identifier: BSD-2-Clause */
/* bent.h - what explain.c needs to put a broken rule into words. */
#ifndef SET_BENT_H
#define SET_BENT_H

#include "set/problem.h"

struct mm_bent_view {
    const struct mm_problem *p;
    const struct mm_line *line;
    double length_s;
};

/* Fills what is missing of *b, of which at and amount are set; what it got so far is the set's. */
int mm_bent_tell(const struct mm_bent_view *view, const struct mm_rule *rule, struct mm_set_bent *b,
                 struct mm_error *err);

/* "4:05" or "1:02:03"; heap string. */
char *mm_clock(double seconds);

#endif
