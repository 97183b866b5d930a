/* SPDX-License-Identifier: BSD-2-Clause */
/* set_ask.c - how a set is asked for: from options, to JSON and back. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/set.h"

#define RULES_LIMIT ((size_t)1 << 20)

void set_ask_finish(struct set_ask *ask)
{
    free(ask->ids);
    free(ask->country);
    free(ask->line);
    free(ask->rules);
    free(ask->rules_name);
    free(ask->arc);
    free(ask->model);
    free(ask->of);
    *ask = (struct set_ask){0};
}

/* ---- songs ---- */

int set_find_song(struct mm_catalog *catalog, const char *word, int64_t *id, struct mm_error *err)
{
    size_t count;
    int result = mm_catalog_search(catalog, word, id, 1, &count, err);
    if (result == 0 && count == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "no song \"%s\" in the library", word);
    return result;
}

static int add_id(struct set_ask *ask, int64_t id, struct mm_error *err)
{
    int64_t *grown = realloc(ask->ids, (ask->n_ids + 1) * sizeof *grown);
    if (!grown)
        return mm_no_memory(err);
    ask->ids = grown;
    ask->ids[ask->n_ids++] = id;
    return 0;
}

static int add_word(struct mm_catalog *catalog, struct set_ask *ask, const char *word,
                    struct mm_error *err)
{
    int64_t id;
    int result = set_find_song(catalog, word, &id, err);
    return result < 0 ? result : add_id(ask, id, err);
}

/* The songs of a playlist that are in the library; the others are counted. */
struct playlist {
    struct mm_catalog *catalog;
    struct set_ask *ask;
    size_t unknown;
};

static int on_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    struct playlist *list = ctx;
    struct mm_song song = {0};
    int result = mm_catalog_find_key(list->catalog, item->source, item->key, &song, err);
    if (result == 0)
        result = add_id(list->ask, song.id, err);
    else if (result == MM_ERR_NOT_FOUND) {
        list->unknown++;
        result = 0;
    }
    mm_song_finish(&song);
    return result;
}

/* A song the list knows by name only: the one the library has by that name. */
static int on_absent(void *ctx, const struct mm_source_absent *absent, struct mm_error *err)
{
    struct playlist *list = ctx;
    const struct mm_tags *t = absent->tags;
    int64_t id;
    size_t count = 0;
    int result = 0;
    if (t && t->title) {
        char *word =
            mm_format("%s%s%s", t->artist ? t->artist : "", t->artist ? " - " : "", t->title);
        result =
            word ? mm_catalog_search(list->catalog, word, &id, 1, &count, err) : mm_no_memory(err);
        free(word);
    }
    if (result == 0 && count)
        return add_id(list->ask, id, err);
    list->unknown++;
    return result;
}

static int add_playlist(struct mm_catalog *catalog, struct set_ask *ask, const char *file,
                        struct mm_error *err)
{
    struct playlist list = {catalog, ask, 0};
    const struct mm_source_events events = {.item = on_item, .absent = on_absent, .ctx = &list};
    int result = mm_source_playlist(file, &events, NULL, err);
    if (result == 0 && ask->n_ids == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "no song of %s is in the library", file);
    if (result == 0 && list.unknown)
        cmd_say("%zu songs of %s are not in the library", list.unknown, file);
    return result;
}

/* ---- shapes ---- */

static int read_line(struct set_ask *ask, const char *text, struct mm_error *err)
{
    for (const char *p = text; *p;) {
        char *end;
        double x = strtod(p, &end);
        double y = *end == ',' && end != p ? strtod(end + 1, &end) : (double)NAN;
        if (!isfinite(x) || !isfinite(y) || fabs(x) > 10 || fabs(y) > 10 || (*end && *end != ' '))
            return mm_error_set(err, MM_ERR_USAGE,
                                "--draw cannot be \"%s\": points such as \"-0.5,0.2 0.1,0.8\", "
                                "places on the map from -1 to 1",
                                text);
        double *grown = realloc(ask->line, (ask->n_line + 1) * 2 * sizeof *grown);
        if (!grown)
            return mm_no_memory(err);
        ask->line = grown;
        ask->line[2 * ask->n_line] = x;
        ask->line[2 * ask->n_line++ + 1] = y;
        p = end + strspn(end, " ");
    }
    return ask->n_line ? 0 : mm_error_set(err, MM_ERR_USAGE, "--draw wants points");
}

/* A country of the map by its name, else a song. */
static int read_around(struct mm_catalog *catalog, struct set_ask *ask, const char *word,
                       struct mm_error *err)
{
    struct mm_map_record map = {0};
    int result = mm_catalog_get_map(catalog, &map, err);
    char *wanted = mm_text_fold(word);
    for (size_t c = 0; result == 0 && wanted && c < map.n_clusters && !ask->country; c++) {
        char *name = mm_text_fold(map.cluster_names[c]);
        if (name && strcmp(name, wanted) == 0)
            ask->country = mm_strdup(map.cluster_names[c]);
        free(name);
    }
    free(wanted);
    mm_map_record_finish(&map);
    if (result == MM_ERR_NOT_FOUND)
        result = 0;
    if (result < 0 || ask->country)
        return result;
    result = add_word(catalog, ask, word, err);
    if (result == MM_ERR_NOT_FOUND)
        return mm_error_set(err, result, "neither a country of the map nor a song: \"%s\"", word);
    return result;
}

static int read_path(struct mm_catalog *catalog, struct set_ask *ask, const struct set_options *in,
                     struct mm_error *err)
{
    int result = in->from ? add_word(catalog, ask, in->from, err) : 0;
    for (size_t i = 0; i < in->via.n && result == 0; i++)
        result = add_word(catalog, ask, in->via.values[i], err);
    if (result == 0 && in->to)
        result = add_word(catalog, ask, in->to, err);
    ask->from_first = in->from != NULL;
    ask->to_last = in->to != NULL;
    return result;
}

static int read_shape(struct mm_catalog *catalog, struct set_ask *ask, const struct set_options *in,
                      bool tour, struct mm_error *err)
{
    bool path = in->from || in->to || in->via.n;
    if (path + !!in->around + tour + !!in->draw + !!in->like + !!in->fill > 1)
        return mm_error_set(err, MM_ERR_USAGE,
                            "one shape at a time: --from/--via/--to, --around, --tour, --draw, "
                            "--like or --fill");
    if (path) {
        ask->shape = MM_SHAPE_PATH;
        return read_path(catalog, ask, in, err);
    }
    if (in->around) {
        ask->shape = MM_SHAPE_AROUND;
        return read_around(catalog, ask, in->around, err);
    }
    if (in->draw) {
        ask->shape = MM_SHAPE_DRAWN;
        return read_line(ask, in->draw, err);
    }
    if (in->like || in->fill) {
        ask->shape = in->like ? MM_SHAPE_LIKE : MM_SHAPE_FILL;
        return add_playlist(catalog, ask, in->like ? in->like : in->fill, err);
    }
    ask->shape = tour ? MM_SHAPE_TOUR : MM_SHAPE_FREE;
    return 0;
}

/* ---- the rest ---- */

/* A time alone is today's. */
static int read_start(struct set_ask *ask, const char *text, struct mm_error *err)
{
    char *line = mm_format("[set]\nstart = %s\n", text);
    struct mm_set_rules *rules = NULL;
    int result =
        line ? mm_set_rules_parse(line, strlen(line), "--start", &rules, err) : mm_no_memory(err);
    if (result == 0) {
        mm_set_rules_start(rules, &ask->start);
        time_t now = time(NULL);
        struct tm tm;
        if (ask->start < 86400 && localtime_r(&now, &tm))
            ask->start += (int64_t)timegm(
                &(struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday});
    }
    mm_set_rules_destroy(rules);
    free(line);
    return result;
}

static int read_rest(struct set_ask *ask, const struct set_options *in, struct mm_error *err)
{
    size_t count = 0;
    int result = in->rules ? mm_file_read(in->rules, RULES_LIMIT, &ask->rules, &count, err) : 0;
    if (result == 0 && in->rules && strlen(ask->rules) != count)
        result = mm_error_set(err, MM_ERR_INPUT, "%s is not text", in->rules);
    if (result == 0 && in->rules && !mm_text_is_utf8(ask->rules, count))
        result = mm_error_set(err, MM_ERR_INPUT, "%s is not UTF-8 text", in->rules);
    if (result == 0 && in->start)
        result = read_start(ask, in->start, err);
    if (result < 0)
        return result;
    if (!ask->rules)
        ask->rules = mm_strdup("");
    ask->rules_name = mm_strdup(in->rules ? in->rules : "rules");
    ask->arc = mm_strdup(in->arc);
    ask->model = mm_strdup(in->model);
    ask->of = mm_strdup(in->of);
    ask->minutes = in->minutes;
    ask->seconds = in->seconds;
    ask->rounds = in->rounds;
    ask->seed = cmd_common.seed;
    ask->vary = in->vary / 100;
    return ask->rules && ask->rules_name ? 0 : mm_no_memory(err);
}

int set_ask_read(const struct command *self, struct mm_catalog *catalog,
                 const struct set_options *in, struct set_ask *out)
{
    struct mm_error err = {0};
    *out = (struct set_ask){0};
    int result = read_shape(catalog, out, in, in->tour, &err);
    if (result == 0)
        result = read_rest(out, in, &err);
    return result < 0 ? cmd_fail_error(self, &err) : 0;
}

/* ---- JSON ---- */

char *set_ask_json(const struct set_ask *ask)
{
    json_t *ids = json_array();
    json_t *line = json_array();
    for (size_t i = 0; i < ask->n_ids; i++)
        json_array_append_new(ids, json_integer(ask->ids[i]));
    for (size_t i = 0; i < 2 * ask->n_line; i++)
        json_array_append_new(line, json_real(ask->line[i]));
    json_t *json = json_pack(
        "{s:i, s:o, s:b, s:b, s:s?, s:o, s:s, s:s, s:s?, s:f, s:I, s:f, s:I, s:I, s:s?, s:s?, s:f}",
        "shape", (int)ask->shape, "songs", ids, "from_first", ask->from_first, "to_last",
        ask->to_last, "country", ask->country, "line", line, "rules", ask->rules, "rules_name",
        ask->rules_name, "arc", ask->arc, "minutes", ask->minutes, "start", (json_int_t)ask->start,
        "seconds", ask->seconds, "rounds", (json_int_t)ask->rounds, "seed", (json_int_t)ask->seed,
        "model", ask->model, "of", ask->of, "vary", ask->vary);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static char *copy_text(const json_t *json, const char *name)
{
    return mm_strdup(json_string_value(json_object_get(json, name)));
}

int set_ask_from_json(const char *text, struct set_ask *out, struct mm_error *err)
{
    *out = (struct set_ask){0};
    json_t *json = json_loads(text, 0, NULL);
    json_int_t shape = json_integer_value(json_object_get(json, "shape"));
    if (!json_is_object(json) || shape < 0 || shape > MM_SHAPE_FILL) {
        json_decref(json);
        return mm_error_set(err, MM_ERR_INPUT, "the library is damaged: a kept set's request");
    }
    const json_t *ids = json_object_get(json, "songs");
    const json_t *line = json_object_get(json, "line");
    int result = 0;
    out->shape = (enum mm_set_shape)shape;
    for (size_t i = 0; i < json_array_size(ids) && result == 0; i++)
        result = add_id(out, json_integer_value(json_array_get(ids, i)), err);
    out->n_line = json_array_size(line) / 2;
    out->line = mm_calloc3(out->n_line, 2, sizeof *out->line);
    for (size_t i = 0; out->line && i < 2 * out->n_line; i++)
        out->line[i] = json_number_value(json_array_get(line, i));
    out->from_first = json_is_true(json_object_get(json, "from_first"));
    out->to_last = json_is_true(json_object_get(json, "to_last"));
    out->country = copy_text(json, "country");
    out->rules = copy_text(json, "rules");
    out->rules_name = copy_text(json, "rules_name");
    out->arc = copy_text(json, "arc");
    out->model = copy_text(json, "model");
    out->of = copy_text(json, "of");
    out->minutes = json_number_value(json_object_get(json, "minutes"));
    out->start = json_integer_value(json_object_get(json, "start"));
    out->seconds = json_number_value(json_object_get(json, "seconds"));
    json_int_t rounds = json_integer_value(json_object_get(json, "rounds"));
    out->rounds = rounds > 0 ? (size_t)rounds : 0;
    out->seed = (uint64_t)json_integer_value(json_object_get(json, "seed"));
    out->vary = json_number_value(json_object_get(json, "vary"));
    json_decref(json);
    if (result == 0 && (!out->rules || !out->rules_name || !out->line))
        result = mm_error_set(err, MM_ERR_INPUT, "the library is damaged: a kept set's request");
    return result;
}
