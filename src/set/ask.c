/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask.c - how a set was asked for, as JSON: what the catalog keeps beside a set, written by
 * "musicmap set" and by the page, read by both. Read as a stranger's: a library comes from
 * anywhere.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/set.h"

void mm_set_ask_finish(struct mm_set_ask *ask)
{
    free(ask->ids);
    free(ask->country);
    free(ask->line);
    free(ask->rules);
    free(ask->rules_name);
    free(ask->arc);
    free(ask->model);
    free(ask->of);
    *ask = (struct mm_set_ask){0};
}

int mm_set_ask_add(struct mm_set_ask *ask, int64_t id, struct mm_error *err)
{
    int64_t *grown = realloc(ask->ids, (ask->n_ids + 1) * sizeof *grown);
    if (!grown)
        return mm_no_memory(err);
    ask->ids = grown;
    ask->ids[ask->n_ids++] = id;
    return 0;
}

char *mm_set_ask_json(const struct mm_set_ask *ask)
{
    json_t *ids = json_array();
    json_t *line = json_array();
    int failed = 0;
    for (size_t i = 0; i < ask->n_ids; i++)
        failed |= json_array_append_new(ids, json_integer(ask->ids[i]));
    for (size_t i = 0; i < 2 * ask->n_line; i++)
        failed |= json_array_append_new(line, json_real(ask->line[i]));
    json_t *json = json_pack(
        "{s:i, s:o, s:b, s:b, s:s?, s:o, s:s, s:s, s:s?, s:f, s:I, s:f, s:I, s:I, s:s?, s:s?, s:f}",
        "shape", (int)ask->shape, "songs", ids, "from_first", ask->from_first, "to_last",
        ask->to_last, "country", ask->country, "line", line, "rules", ask->rules ? ask->rules : "",
        "rules_name", ask->rules_name ? ask->rules_name : "rules", "arc", ask->arc, "minutes",
        ask->minutes, "start", (json_int_t)ask->start, "seconds", ask->seconds, "rounds",
        (json_int_t)ask->rounds, "seed", (json_int_t)ask->seed, "model", ask->model, "of", ask->of,
        "vary", ask->vary);
    char *text = json && !failed ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

/* A copy of a member that is a string; NULL where it is none. */
static int read_text(const json_t *json, const char *name, char **out, struct mm_error *err)
{
    const char *text = json_string_value(json_object_get(json, name));
    *out = text ? mm_strdup(text) : NULL;
    return text && !*out ? mm_no_memory(err) : 0;
}

static double read_number(const json_t *json, const char *name)
{
    double value = json_number_value(json_object_get(json, name));
    return isfinite(value) ? value : 0;
}

static int read_texts(const json_t *json, struct mm_set_ask *out, struct mm_error *err)
{
    const struct {
        const char *name;
        char **text;
    } texts[] = {{"country", &out->country},       {"rules", &out->rules},
                 {"rules_name", &out->rules_name}, {"arc", &out->arc},
                 {"model", &out->model},           {"of", &out->of}};
    int result = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++)
        result = read_text(json, texts[i].name, texts[i].text, err);
    if (result == 0 && (!out->rules || !out->rules_name))
        result = mm_error_set(err, MM_ERR_INPUT, "the library is damaged: a kept set's rules");
    return result;
}

static int read_ids_and_line(const json_t *json, struct mm_set_ask *out, struct mm_error *err)
{
    const json_t *ids = json_object_get(json, "songs");
    const json_t *line = json_object_get(json, "line");
    int result = 0;
    for (size_t i = 0; i < json_array_size(ids) && result == 0; i++)
        result = mm_set_ask_add(out, json_integer_value(json_array_get(ids, i)), err);
    size_t points = json_array_size(line) / 2;
    out->line = mm_calloc3(points, 2, sizeof *out->line);
    if (!out->line)
        return mm_no_memory(err);
    out->n_line = points;
    for (size_t i = 0; i < 2 * points; i++)
        out->line[i] = json_number_value(json_array_get(line, i));
    return result;
}

int mm_set_ask_from_json(const char *text, struct mm_set_ask *out, struct mm_error *err)
{
    *out = (struct mm_set_ask){0};
    json_t *json = json_loads(text, 0, NULL);
    json_int_t shape = json_integer_value(json_object_get(json, "shape"));
    if (!json_is_object(json) || shape < 0 || shape > MM_SHAPE_FILL) {
        json_decref(json);
        return mm_error_set(err, MM_ERR_INPUT, "the library is damaged: a kept set's request");
    }
    json_int_t rounds = json_integer_value(json_object_get(json, "rounds"));
    out->shape = (enum mm_set_shape)shape;
    out->from_first = json_is_true(json_object_get(json, "from_first"));
    out->to_last = json_is_true(json_object_get(json, "to_last"));
    out->minutes = read_number(json, "minutes");
    out->start = json_integer_value(json_object_get(json, "start"));
    out->seconds = read_number(json, "seconds");
    out->rounds = rounds > 0 ? (size_t)rounds : 0;
    out->seed = (uint64_t)json_integer_value(json_object_get(json, "seed"));
    out->vary = read_number(json, "vary");
    int result = read_texts(json, out, err);
    if (result == 0)
        result = read_ids_and_line(json, out, err);
    json_decref(json);
    return result;
}
