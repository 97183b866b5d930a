/* SPDX-License-Identifier: BSD-2-Clause */
#include "musicmap/join.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "musicmap/embed.h"

#define NAME_BYTES sizeof((struct mm_join *)0)->part[0].name

/* Joins whose weights were measured (doc/models.md): weight of a model beside another. */
static const struct tried {
    const char *name, *beside;
    double weight;
} tried[] = {
    {"timbre", "mm1", 2},
};

static bool fits_name(const char *text, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return length > 0 && length < NAME_BYTES && strspn(text, letters) >= length;
}

bool mm_join_is_name(const char *name)
{
    return fits_name(name, strlen(name));
}

static bool copy_pool(const char *text, size_t length, char *out)
{
    static const char *const pools[] = {"mean", "max", "meanmax"};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        if (strlen(pools[i]) == length && memcmp(pools[i], text, length) == 0) {
            memcpy(out, pools[i], length + 1);
            return true;
        }
    return false;
}

/* "0.7*timbre", "timbre:max" or "timbre" of length bytes; the weight is 0 when there is none. */
static bool parse_part(const char *text, size_t length, struct mm_join *join)
{
    double weight = 0;
    const char *star = memchr(text, '*', length);
    if (star) {
        char *end;
        weight = strtod(text, &end);
        if (*text < '0' || *text > '9' || end != star || !(weight >= 0.001 && weight <= 1000))
            return false;
        length -= (size_t)(star + 1 - text);
        text = star + 1;
    }
    const char *colon = memchr(text, ':', length);
    if (colon) {
        size_t name = (size_t)(colon - text);
        if (!copy_pool(colon + 1, length - name - 1, join->part[join->n].pool))
            return false;
        length = name;
    }
    if (!fits_name(text, length))
        return false;
    memcpy(join->part[join->n].name, text, length);
    join->part[join->n].name[length] = '\0';
    join->part[join->n++].weight = weight;
    return true;
}

/* pool NULL: whichever. */
static bool has(const struct mm_join *join, const char *name, const char *pool)
{
    for (size_t i = 0; i < join->n; i++)
        if (strcmp(join->part[i].name, name) == 0 &&
            (!pool || strcmp(join->part[i].pool, pool) == 0))
            return true;
    return false;
}

static double usual_weight(const struct mm_join *join, const char *name)
{
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++)
        if (strcmp(tried[i].name, name) == 0 && has(join, tried[i].beside, NULL))
            return tried[i].weight;
    return 1;
}

int mm_join_parse(const char *text, struct mm_join *out, struct mm_error *err)
{
    *out = (struct mm_join){0};
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, "+");
        if (out->n == MM_JOIN_MAX)
            return mm_error_set(err, MM_ERR_USAGE, "at most %d models can be joined", MM_JOIN_MAX);
        struct mm_join before = *out;
        if (!parse_part(at, length, out))
            return mm_error_set(err, MM_ERR_USAGE,
                                "\"%.80s\" names no model: NAME, NAME:max, A+B or A+0.7*B are "
                                "understood",
                                text);
        if (has(&before, out->part[out->n - 1].name, out->part[out->n - 1].pool))
            return mm_error_set(err, MM_ERR_USAGE, "\"%.80s\" names a model twice", text);
        at += length;
        if (!*at)
            break;
    }
    for (size_t i = 0; i < out->n; i++)
        if (out->part[i].weight == 0)
            out->part[i].weight = usual_weight(out, out->part[i].name);
    return 0;
}

int mm_join_check(const char *text, struct mm_error *err)
{
    struct mm_join join;
    int result = mm_join_parse(text, &join, err);
    for (size_t i = 0; i < join.n && result == 0; i++)
        if (join.part[i].pool[0])
            result = mm_error_set(err, MM_ERR_USAGE,
                                  "a pooling cannot be named here: say --pool %s instead of "
                                  "\"%s:%s\"",
                                  join.part[i].pool, join.part[i].name, join.part[i].pool);
        else if (!mm_model_find(join.part[i].name))
            result = mm_error_set(err, MM_ERR_USAGE, "there is no model \"%s\"", join.part[i].name);
    return result;
}
