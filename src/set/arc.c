/* SPDX-License-Identifier: BSD-2-Clause */
/* arc.c - how intense the set should be as it goes on: a name or a list of points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "set/rules.h"

static const struct {
    const char *name;
    struct mm_arc arc;
} named[] = {
    {"none", {0}},
    {"flat", {1, {0}, {0.5}}},
    {"rise", {2, {0, 1}, {0.15, 0.9}}},
    {"fall", {2, {0, 1}, {0.9, 0.15}}},
    {"peak", {3, {0, 0.65, 1}, {0.2, 0.95, 0.35}}},
    {"wave", {5, {0, 0.25, 0.5, 0.75, 1}, {0.3, 0.8, 0.3, 0.8, 0.3}}},
};

static int wrong(const char *text, struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_USAGE,
                        "\"%s\" is no arc: none, flat, rise, fall, peak, wave, or points such as "
                        "\"0:0.2, 0.6:0.9, 1:0.3\" (place in the set : intensity, both 0 to 1, "
                        "places rising)",
                        text);
}

int mm_arc_parse(const char *text, struct mm_arc *out, struct mm_error *err)
{
    *out = (struct mm_arc){0};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(text, named[i].name) == 0) {
            *out = named[i].arc;
            return 0;
        }
    const char *p = text;
    for (;;) {
        char *end;
        double at = strtod(p, &end);
        if (end == p || *end != ':')
            return wrong(text, err);
        p = end + 1;
        double value = strtod(p, &end);
        bool rising = out->n == 0 || at > out->at[out->n - 1];
        if (end == p || !(at >= 0 && at <= 1 && value >= 0 && value <= 1) || !rising ||
            out->n == MM_ARC_MOST)
            return wrong(text, err);
        out->at[out->n] = at;
        out->value[out->n++] = value;
        p = end + strspn(end, " \t");
        if (!*p)
            return 0;
        if (*p != ',')
            return wrong(text, err);
        p += 1 + strspn(p + 1, " \t");
    }
}

double mm_arc_at(const struct mm_arc *arc, double at)
{
    size_t i = 0;
    while (i < arc->n && arc->at[i] < at)
        i++;
    if (i == 0)
        return arc->value[0];
    if (i == arc->n)
        return arc->value[arc->n - 1];
    double share = (at - arc->at[i - 1]) / (arc->at[i] - arc->at[i - 1]);
    return arc->value[i - 1] + share * (arc->value[i] - arc->value[i - 1]);
}
