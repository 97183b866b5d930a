/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_kept.c - the kept sets as the page sees them: keep one, list them, open one as it was asked
 * for, give it another name, remove it. The same sets that "musicmap set list" tells.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "view/desk.h"
#include "view/set_work.h"

enum { MAX_NAME = 100 }; /* bytes */

int mm_reply_json(json_t *root, struct mm_blob **out, struct mm_error *err)
{
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(root);
    if (!text)
        return mm_no_memory(err);
    return mm_blob_create((unsigned char *)text, strlen(text), "application/json", out, err);
}

/* A name that a set may be given; heap, NULL when it may not (or memory is out). */
static char *clean_name(const char *name, struct mm_error *err)
{
    size_t length = name ? strlen(name) : 0;
    if (length == 0 || length > MAX_NAME || strchr(name, '@')) {
        (void)mm_error_set(err, MM_ERR_USAGE, "a set's name has 1 to %d letters and no @",
                           MAX_NAME);
        return NULL;
    }
    char *clean = mm_text_clean_utf8(name, length);
    if (!clean)
        (void)mm_no_memory(err);
    return clean;
}

/* ---- keeping ---- */

/* How it was asked for; lines and rules are held by work and rules. */
static int asked(const struct mm_set_work *t, char *rules, struct mm_set_ask *out,
                 struct mm_error *err)
{
    const char *arc = mm_set_work_text(t, "arc");
    const char *country = t->request.country == MM_SET_NONE
                              ? NULL
                              : mm_set_library_country(t->library, t->request.country);
    *out = (struct mm_set_ask){.shape = t->request.shape,
                               .from_first = t->request.from_first,
                               .to_last = t->request.to_last,
                               .country = (char *)country,
                               .line = t->line,
                               .n_line = t->request.n_line,
                               .rules = rules,
                               .arc = arc && *arc ? (char *)arc : NULL,
                               .minutes = json_number_value(json_object_get(t->json, "minutes")),
                               .seconds = t->request.seconds,
                               .seed = t->request.seed};
    (void)mm_set_rules_start(t->rules, &out->start);
    int result = 0;
    for (size_t i = 0; i < t->n_way && result == 0; i++)
        result = mm_set_ask_add(out, mm_set_library_song(t->library, t->way[i])->id, err);
    return result;
}

static int request_text(const struct mm_set_work *t, char **out, struct mm_error *err)
{
    char *rules = mm_set_work_rules(t);
    struct mm_set_ask ask = {0};
    int result = rules ? asked(t, rules, &ask, err) : mm_no_memory(err);
    *out = result == 0 ? mm_set_ask_json(&ask) : NULL;
    free(ask.ids);
    free(rules);
    return result == 0 && !*out ? mm_no_memory(err) : result;
}

int mm_set_work_keep(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err)
{
    struct mm_set *set = NULL;
    size_t size = 0;
    struct mm_set_record record = {.name = clean_name(mm_set_work_text(t, "name"), err),
                                   .n_songs = t->n_set};
    if (!record.name)
        return err->code;
    record.songs = mm_calloc3(t->n_set, 1, sizeof *record.songs);
    int result = record.songs ? request_text(t, &record.request, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_set_work_judge(t, t->set, t->n_set, &set, err);
    if (result == 0)
        result = mm_set_work_write(t, set, "json", &record.report, &size, err);
    for (size_t i = 0; i < t->n_set && result == 0; i++)
        record.songs[i] = mm_set_library_song(t->library, t->set[i])->id;
    if (result == 0)
        result = mm_catalog_put_set(t->catalog, &record, err);
    if (result == 0)
        result = mm_reply_json(
            json_pack("{s:s, s:i}", "name", record.name, "version", record.version), out, err);
    mm_set_destroy(set);
    mm_set_record_finish(&record);
    return result;
}

/* ---- opening ---- */

/* Those of the ids that sets are still made of. */
static json_t *ids_json(const struct mm_set_library *library, const int64_t *ids, size_t n)
{
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < n && !failed; i++)
        if (mm_set_library_find(library, ids[i]) != MM_SET_NONE)
            failed = json_array_append_new(list, json_integer((json_int_t)ids[i]));
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *line_json(const struct mm_set_ask *ask)
{
    json_t *line = json_array();
    int failed = !line;
    for (size_t i = 0; i < ask->n_line && !failed; i++)
        failed = json_array_append_new(line,
                                       json_pack("[f, f]", ask->line[2 * i], ask->line[2 * i + 1]));
    if (!failed)
        return line;
    json_decref(line);
    return NULL;
}

/* Index of the country of this name; null where there is none today. */
static json_t *country_json(const struct mm_set_library *library, const char *name)
{
    for (uint32_t c = 0; name && *mm_set_library_country(library, c); c++)
        if (strcmp(mm_set_library_country(library, c), name) == 0)
            return json_integer(c);
    return json_null();
}

/* Songs that were joined since the set was kept are one. */
static size_t each_once(int64_t *ids, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kept && ids[k] != ids[i])
            k++;
        if (k == kept)
            ids[kept++] = ids[i];
    }
    return kept;
}

int mm_set_work_open(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err)
{
    const char *name = mm_set_work_text(t, "name");
    struct mm_set_record record = {0};
    struct mm_set_ask ask = {0};
    int result = name ? mm_catalog_get_set(t->catalog, name, 0, &record, err)
                      : mm_error_set(err, MM_ERR_USAGE, "\"open\" needs the \"name\" of a set");
    if (result == 0)
        result = mm_set_ask_from_json(record.request, &ask, err);
    if (result == 0) {
        size_t n = each_once(record.songs, record.n_songs);
        json_t *set = ids_json(t->library, record.songs, n);
        json_int_t gone = (json_int_t)(n - json_array_size(set));
        result = mm_reply_json(
            json_pack("{s:s, s:i, s:I, s:o, s:I, s:s, s:o, s:b, s:b, s:o, s:o, s:s, s:s, s:f, s:I, "
                      "s:I}",
                      "name", record.name, "version", record.version, "made_at",
                      (json_int_t)record.made_at, "set", set, "gone", gone, "shape",
                      mm_set_shape_names[ask.shape], "songs",
                      ids_json(t->library, ask.ids, ask.n_ids), "from_first", ask.from_first,
                      "to_last", ask.to_last, "line", line_json(&ask), "country",
                      country_json(t->library, ask.country), "rules", ask.rules, "arc",
                      ask.arc ? ask.arc : "", "minutes", ask.minutes, "start",
                      (json_int_t)ask.start, "seed", (json_int_t)ask.seed),
            out, err);
    }
    mm_set_ask_finish(&ask);
    mm_set_record_finish(&record);
    return result;
}

/* ---- what needs no library of vectors ---- */

/* Versions come in order: a later one of a name takes the earlier one's place. */
static int on_set(void *ctx, const char *name, int version, int64_t made_at, size_t n_songs,
                  struct mm_error *err)
{
    json_t *sets = ctx;
    size_t n = json_array_size(sets);
    json_t *set = json_pack("{s:s, s:i, s:I, s:I}", "name", name, "version", version, "made_at",
                            (json_int_t)made_at, "songs", (json_int_t)n_songs);
    const char *last =
        n ? json_string_value(json_object_get(json_array_get(sets, n - 1), "name")) : NULL;
    int failed = last && strcmp(last, name) == 0 ? json_array_set_new(sets, n - 1, set)
                                                 : json_array_append_new(sets, set);
    return failed ? mm_no_memory(err) : 0;
}

static int list(struct mm_catalog *catalog, struct mm_blob **out, struct mm_error *err)
{
    json_t *sets = json_array();
    int result = sets ? mm_catalog_each_set(catalog, on_set, sets, err) : mm_no_memory(err);
    if (result == 0)
        return mm_reply_json(json_pack("{s:o}", "sets", sets), out, err);
    json_decref(sets);
    return result;
}

static int rename_or_remove(struct mm_catalog *catalog, const json_t *json, bool rename,
                            struct mm_blob **out, struct mm_error *err)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    if (!name)
        return mm_error_set(err, MM_ERR_USAGE, "\"name\" is missing: which set?");
    char *to = NULL;
    if (rename && !(to = clean_name(json_string_value(json_object_get(json, "to")), err)))
        return err->code;
    int result = rename ? mm_catalog_rename_set(catalog, name, to, err)
                        : mm_catalog_remove_set(catalog, name, err);
    free(to);
    return result < 0 ? result : mm_reply_json(json_object(), out, err);
}

int mm_set_shelf_task(struct mm_catalog *catalog, const char *body, size_t size,
                      struct mm_blob **out, struct mm_error *err)
{
    json_t *json = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
    const char *what = json_string_value(json_object_get(json, "do"));
    int result = 1;
    *out = NULL;
    if (what && strcmp(what, "list") == 0)
        result = list(catalog, out, err);
    else if (what && (strcmp(what, "rename") == 0 || strcmp(what, "remove") == 0))
        result = rename_or_remove(catalog, json, strcmp(what, "rename") == 0, out, err);
    json_decref(json);
    return result;
}
