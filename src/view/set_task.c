/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_task.c - one thing the page wants of a set: make it, judge it as it was rearranged, find
 * others for one of its songs, write it as a file. Keeping is set_kept.c. JSON in (a stranger's
 * until it is checked), JSON or the file out: doc/protocol.md, "POST /api/set".
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "view/desk.h"
#include "view/set_work.h"

enum {
    MAX_JUDGED = 400,      /* songs of a set that is judged */
    MAX_WRITTEN = 20000,   /* songs of a list that is written */
    MAX_POINTS = 2000,     /* of a line */
    MAX_RULES = 64 * 1024, /* bytes */
    NEAR = 40,             /* songs like each of three neighbours are tried in a swap */
    MAX_SWAPS = 12         /* of which the best are judged and told */
};

static const double MOST_SECONDS = 20.0; /* of looking for something better */

const char *const mm_set_shape_names[] = {"free",  "path", "around", "tour",
                                          "drawn", "like", "fill"};

/* ---- reading ---- */

const char *mm_set_work_text(const struct mm_set_work *t, const char *name)
{
    return json_string_value(json_object_get(t->json, name));
}

/* A number within bounds, or fallback where there is none. */
static int read_number(const struct mm_set_work *t, const char *name, double low, double high,
                       double *out, struct mm_error *err)
{
    const json_t *value = json_object_get(t->json, name);
    if (!value || json_is_null(value))
        return 0;
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= low && number <= high))
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" must be a number from %g to %g", name, low,
                            high);
    *out = number;
    return 0;
}

/* Songs by their ids; ids that the library does not have are an error. */
static int read_songs(const struct mm_set_work *t, const char *name, size_t most, uint32_t **out,
                      size_t *count, struct mm_error *err)
{
    const json_t *list = json_object_get(t->json, name);
    size_t n = json_array_size(list);
    *count = 0;
    if (n > most)
        return mm_error_set(err, MM_ERR_USAGE, "\"%s\" has more than %zu songs", name, most);
    *out = mm_calloc3(n, 1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(list, i);
        uint32_t index = json_is_integer(id)
                             ? mm_set_library_find(t->library, json_integer_value(id))
                             : MM_SET_NONE;
        if (index == MM_SET_NONE)
            return mm_error_set(err, MM_ERR_USAGE,
                                "song %lld of \"%s\" is not among those that sets are made of",
                                (long long)json_integer_value(id), name);
        (*out)[(*count)++] = index;
    }
    return 0;
}

static int read_line(struct mm_set_work *t, struct mm_error *err)
{
    const json_t *line = json_object_get(t->json, "line");
    size_t n = json_array_size(line);
    if (n > MAX_POINTS)
        return mm_error_set(err, MM_ERR_USAGE, "the line has more than %d points", MAX_POINTS);
    t->line = mm_calloc3(n, 2, sizeof *t->line);
    if (!t->line)
        return mm_no_memory(err);
    for (size_t i = 0; i < 2 * n; i++) {
        const json_t *value = json_array_get(json_array_get(line, i / 2), i % 2);
        double at = json_number_value(value);
        if (!json_is_number(value) || !(fabs(at) <= 10))
            return mm_error_set(err, MM_ERR_USAGE, "the line's points must be [x, y] on the map");
        t->line[i] = at;
    }
    t->request.line = t->line;
    t->request.n_line = n;
    return 0;
}

static int read_shape(struct mm_set_work *t, struct mm_error *err)
{
    const char *shape = mm_set_work_text(t, "shape");
    size_t s = 0;
    while (shape && s < MM_SHAPES && strcmp(mm_set_shape_names[s], shape) != 0)
        s++;
    if (s == MM_SHAPES)
        return mm_error_set(err, MM_ERR_USAGE, "there is no such shape of a set");
    t->request.shape = (enum mm_set_shape)s;
    int result = read_songs(t, "songs", MAX_JUDGED, &t->way, &t->n_way, err);
    if (result == 0)
        result = read_line(t, err);
    double country = -1;
    if (result == 0)
        result = read_number(t, "country", -1, 1e6, &country, err);
    t->request.waypoints = t->way;
    t->request.n_waypoints = t->n_way;
    t->request.from_first = json_is_true(json_object_get(t->json, "from_first"));
    t->request.to_last = json_is_true(json_object_get(t->json, "to_last"));
    t->request.country = MM_SET_NONE;
    if (country >= 0 && *mm_set_library_country(t->library, (uint32_t)country))
        t->request.country = (uint32_t)country;
    return result;
}

/* "include = #7" for each id of a list. */
static void add_songs(const struct mm_set_work *t, const char *list, const char *rule,
                      struct mm_text *out)
{
    const json_t *ids = json_object_get(t->json, list);
    for (size_t i = 0; i < json_array_size(ids) && i < MAX_JUDGED; i++)
        mm_text_addf(out, "%s = #%lld\n", rule,
                     (long long)json_integer_value(json_array_get(ids, i)));
}

char *mm_set_work_rules(const struct mm_set_work *t)
{
    const char *text = mm_set_work_text(t, "rules");
    struct mm_text out = {0};
    mm_text_add(&out, text ? text : "");
    if (json_array_size(json_object_get(t->json, "include")) +
        json_array_size(json_object_get(t->json, "exclude")))
        mm_text_add(&out, "\n[songs]\n");
    add_songs(t, "include", "include", &out);
    add_songs(t, "exclude", "exclude", &out);
    const json_t *crossfade = json_object_get(t->json, "crossfade");
    if (json_is_number(crossfade))
        mm_text_addf(&out, "\n[set]\ncrossfade = %.3f s\n", json_number_value(crossfade));
    return mm_text_steal(&out);
}

static int read_rules(struct mm_set_work *t, struct mm_error *err)
{
    const json_t *rules = json_object_get(t->json, "rules");
    if (json_string_length(rules) > MAX_RULES)
        return mm_error_set(err, MM_ERR_USAGE, "the rules are longer than %d bytes", MAX_RULES);
    char *text = mm_set_work_rules(t);
    if (!text)
        return mm_no_memory(err);
    double minutes = 0;
    double start = 0;
    int result = mm_set_rules_parse(text, strlen(text), "rules", &t->rules, err);
    free(text);
    const char *arc = mm_set_work_text(t, "arc");
    if (result == 0 && arc && *arc)
        result = mm_set_rules_set_arc(t->rules, arc, err);
    if (result == 0)
        result = read_number(t, "minutes", 1, 1440, &minutes, err);
    if (result == 0)
        result = read_number(t, "start", 0, 1e11, &start, err);
    if (result == 0 && minutes > 0)
        mm_set_rules_set_minutes(t->rules, minutes);
    if (result == 0 && start > 0)
        mm_set_rules_set_start(t->rules, (int64_t)start);
    return result;
}

static int read_task(struct mm_set_work *t, struct mm_error *err)
{
    double seed = 1;
    double seconds = 0;
    int result = read_shape(t, err);
    if (result == 0)
        result = read_rules(t, err);
    if (result == 0)
        result = read_songs(t, "set", MAX_WRITTEN, &t->set, &t->n_set, err);
    if (result == 0)
        result = read_number(t, "seed", 0, 9007199254740991.0, &seed, err);
    if (result == 0)
        result = read_number(t, "seconds", 0, MOST_SECONDS, &seconds, err);
    t->request.seed = (uint64_t)seed;
    t->request.seconds = seconds;
    return result;
}

/* ---- telling ---- */

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *clean(const char *text)
{
    char *line = mm_text_clean_utf8(text, strlen(text));
    json_t *json = line ? json_string(line) : NULL;
    free(line);
    return json;
}

static json_t *item_json(const struct mm_set_work *t, const struct mm_set_item *item)
{
    const struct mm_set_song *song = mm_set_library_song(t->library, item->song);
    return json_pack("{s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:{s:f, s:f, s:f, s:f, s:f}}", "id",
                     (json_int_t)song->id, "start", item->start_s, "length", song->duration_s,
                     "arc", number_or_null(item->arc), "wanted", number_or_null(item->arc_wanted),
                     "shape", number_or_null(item->shape), "why", clean(item->why), "in", "cost",
                     item->in.cost, "sound", item->in.sound, "tempo", item->in.tempo, "key",
                     item->in.key, "loudness", item->in.loudness);
}

static json_t *bent_json(const struct mm_set_bent *b)
{
    json_t *at = b->at == MM_SET_NONE ? json_null() : json_integer((json_int_t)b->at);
    return json_pack("{s:i, s:o, s:b, s:o, s:f, s:s, s:o, s:o}", "line", b->line, "rule",
                     clean(b->rule), "soft", b->soft, "at", at, "amount", b->amount, "unit",
                     b->unit, "what", clean(b->what), "needed", clean(b->needed));
}

static json_t *set_json(const struct mm_set_work *t, const struct mm_set *set)
{
    json_t *songs = json_array();
    json_t *bent = json_array();
    int failed = 0;
    for (size_t i = 0; i < set->n; i++)
        failed |= json_array_append_new(songs, item_json(t, &set->items[i]));
    for (size_t i = 0; i < set->n_bent; i++)
        failed |= json_array_append_new(bent, bent_json(&set->bent[i]));
    json_t *root =
        json_pack("{s:o, s:o, s:f, s:f, s:f, s:I, s:I}", "songs", songs, "bent", bent, "length",
                  set->length_s, "cost", set->cost, "crossfade", set->crossfade_s, "seed",
                  (json_int_t)set->seed, "rounds", (json_int_t)set->rounds);
    if (failed) {
        json_decref(root);
        return NULL;
    }
    return root;
}

static int reply_set(const struct mm_set_work *t, const struct mm_set *set, struct mm_blob **out,
                     struct mm_error *err)
{
    return mm_reply_json(set_json(t, set), out, err);
}

/* ---- what can be done ---- */

int mm_set_work_judge(const struct mm_set_work *t, const uint32_t *songs, size_t n,
                      struct mm_set **out, struct mm_error *err)
{
    if (n == 0 || n > MAX_JUDGED)
        return mm_error_set(err, MM_ERR_USAGE, "a set has 1 to %d songs", MAX_JUDGED);
    return mm_set_judge(t->library, t->rules, &t->request, songs, n, out, err);
}

static int do_make(const struct mm_set_work *t, const struct mm_progress *progress,
                   struct mm_blob **out, struct mm_error *err)
{
    struct mm_set *set;
    int result = mm_set_make(t->library, t->rules, &t->request, progress, &set, err);
    if (result == 0) {
        result = reply_set(t, set, out, err);
        mm_set_destroy(set);
    }
    return result;
}

static int do_judge(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err)
{
    struct mm_set *set;
    int result = mm_set_work_judge(t, t->set, t->n_set, &set, err);
    if (result == 0) {
        result = reply_set(t, set, out, err);
        mm_set_destroy(set);
    }
    return result;
}

/* A song that could stand in another's place. */
struct other {
    uint32_t song;
    double cost; /* of its two transitions */
};

static int by_cost(const void *a, const void *b)
{
    const struct other *one = a;
    const struct other *two = b;
    int order = (one->cost > two->cost) - (one->cost < two->cost);
    return order ? order : (one->song > two->song) - (one->song < two->song);
}

static bool is_in(const uint32_t *songs, size_t n, uint32_t song)
{
    for (size_t i = 0; i < n; i++)
        if (songs[i] == song)
            return true;
    return false;
}

/* The songs that sound like the one at `at` or those beside it, cheapest transitions first. */
static int find_others(const struct mm_set_work *t, size_t at, struct other *others, size_t *n,
                       struct mm_error *err)
{
    const struct mm_set_weights *weights = mm_set_rules_weights(t->rules);
    struct mm_similar found[NEAR];
    uint32_t known[3 * NEAR];
    *n = 0;
    for (size_t beside = at ? at - 1 : 0; beside <= at + 1 && beside < t->n_set; beside++) {
        size_t count;
        int result = mm_set_similar(t->library, t->set[beside], NEAR, found, &count, err);
        if (result < 0)
            return result;
        for (size_t i = 0; i < count; i++) {
            uint32_t song = found[i].song;
            if (is_in(t->set, t->n_set, song) || is_in(known, *n, song) ||
                !(mm_set_library_song(t->library, song)->duration_s > 0))
                continue;
            double cost = 0;
            if (at > 0)
                cost += mm_set_transition(t->library, weights, t->set[at - 1], song).cost;
            if (at + 1 < t->n_set)
                cost += mm_set_transition(t->library, weights, song, t->set[at + 1]).cost;
            known[*n] = song;
            others[(*n)++] = (struct other){song, cost};
        }
    }
    qsort(others, *n, sizeof *others, by_cost);
    return 0;
}

static size_t hard_bent(const struct mm_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n_bent; i++)
        n += !set->bent[i].soft;
    return n;
}

/* The set with a song in place of another: what it would be like. */
static json_t *swap_json(const struct mm_set_work *t, uint32_t *songs, size_t at, uint32_t song,
                         struct mm_error *err)
{
    struct mm_set *set;
    songs[at] = song;
    if (mm_set_work_judge(t, songs, t->n_set, &set, err) < 0)
        return NULL; /* not one that may be played, say */
    json_t *json = json_pack(
        "{s:I, s:f, s:f, s:I}", "id", (json_int_t)mm_set_library_song(t->library, song)->id, "cost",
        set->cost, "length", set->length_s, "bent", (json_int_t)hard_bent(set));
    mm_set_destroy(set);
    return json;
}

static int do_swap(const struct mm_set_work *t, const atomic_int *cancel, struct mm_blob **out,
                   struct mm_error *err)
{
    double place = -1;
    int result = read_number(t, "at", 0, MAX_JUDGED, &place, err);
    size_t at = (size_t)(place < 0 ? MAX_JUDGED : place);
    if (result == 0 && (at >= t->n_set || t->n_set > MAX_JUDGED))
        result = mm_error_set(err, MM_ERR_USAGE, "\"at\" is no place in the set");
    if (result < 0)
        return result;
    struct other others[3 * NEAR];
    size_t n = 0;
    uint32_t *songs = mm_calloc3(t->n_set, 1, sizeof *songs);
    json_t *list = json_array();
    if (!songs || !list)
        result = mm_no_memory(err);
    else
        result = find_others(t, at, others, &n, err);
    if (result == 0)
        memcpy(songs, t->set, t->n_set * sizeof *songs);
    for (size_t i = 0; i < n && result == 0 && json_array_size(list) < MAX_SWAPS; i++) {
        json_t *swap = swap_json(t, songs, at, others[i].song, err);
        if (swap && json_array_append_new(list, swap) != 0)
            result = mm_no_memory(err);
        if (atomic_load(cancel))
            result = mm_error_set(err, MM_ERR_CANCELLED, "something newer was asked");
    }
    free(songs);
    if (result < 0) {
        json_decref(list);
        return result;
    }
    return mm_reply_json(json_pack("{s:o}", "others", list), out, err);
}

/* ---- files ---- */

/* A list that is written without being judged: any number of songs, in order. */
static int plain_set(const struct mm_set_work *t, struct mm_set *set, struct mm_error *err)
{
    static char none[] = "";
    *set = (struct mm_set){.n = t->n_set, .crossfade_s = mm_set_rules_crossfade(t->rules)};
    set->has_start = mm_set_rules_start(t->rules, &set->start);
    set->items = mm_calloc3(t->n_set, 1, sizeof *set->items);
    if (!set->items)
        return mm_no_memory(err);
    for (size_t i = 0; i < t->n_set; i++) {
        set->items[i] = (struct mm_set_item){.song = t->set[i],
                                             .start_s = set->length_s,
                                             .arc = (double)NAN,
                                             .arc_wanted = (double)NAN,
                                             .shape = (double)NAN,
                                             .why = none};
        double length = mm_set_library_song(t->library, t->set[i])->duration_s;
        double next =
            i + 1 < t->n_set ? mm_set_library_song(t->library, t->set[i + 1])->duration_s : 0;
        set->length_s += length - mm_set_overlap(set->crossfade_s, length, next);
    }
    return 0;
}

int mm_set_work_write(const struct mm_set_work *t, const struct mm_set *set, const char *name,
                      char **text, size_t *size, struct mm_error *err)
{
    const struct mm_set_format *format = name ? mm_set_format_find(name, NULL) : NULL;
    *text = NULL;
    if (!format)
        return mm_error_set(err, MM_ERR_USAGE, "there is no such format");
    FILE *stream = open_memstream(text, size);
    if (!stream)
        return mm_no_memory(err);
    const char *title = mm_set_work_text(t, "title");
    const struct mm_set_write write = {.library = t->library,
                                       .set = set,
                                       .title = title && *title ? title : NULL,
                                       .station = mm_set_work_text(t, "station")};
    int result = format->write(&write, stream, err);
    if (fclose(stream) != 0 && result == 0)
        result = mm_no_memory(err);
    if (result < 0) {
        free(*text);
        *text = NULL;
    }
    return result;
}

static int do_write(const struct mm_set_work *t, struct mm_blob **out, struct mm_error *err)
{
    if (t->n_set == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there are no songs to write");
    struct mm_set *judged = NULL;
    struct mm_set plain = {0};
    char *text = NULL;
    size_t size = 0;
    int result = t->n_set <= MAX_JUDGED && mm_set_work_judge(t, t->set, t->n_set, &judged, err) == 0
                     ? 0
                     : plain_set(t, &plain, err);
    if (result == 0)
        result = mm_set_work_write(t, judged ? judged : &plain, mm_set_work_text(t, "format"),
                                   &text, &size, err);
    if (result == 0)
        result = mm_blob_create((unsigned char *)text, size, "application/octet-stream", out, err);
    mm_set_destroy(judged);
    free(plain.items);
    return result;
}

/* ---- one task ---- */

static int run(struct mm_set_work *t, const atomic_int *cancel, struct mm_blob **out,
               struct mm_error *err)
{
    const struct mm_progress progress = {.cancel = cancel};
    if (strcmp(t->what, "cancel") == 0) /* laying it on the desk did it */
        return mm_reply_json(json_object(), out, err);
    if (strcmp(t->what, "open") == 0)
        return mm_set_work_open(t, out, err);
    int result = read_task(t, err);
    if (result < 0)
        return result;
    if (strcmp(t->what, "make") == 0)
        return do_make(t, &progress, out, err);
    if (strcmp(t->what, "judge") == 0)
        return do_judge(t, out, err);
    if (strcmp(t->what, "swap") == 0)
        return do_swap(t, cancel, out, err);
    if (strcmp(t->what, "write") == 0)
        return do_write(t, out, err);
    if (strcmp(t->what, "keep") == 0)
        return mm_set_work_keep(t, out, err);
    return mm_error_set(
        err, MM_ERR_USAGE,
        "\"do\" must be make, judge, swap, write, keep, open, list, rename or remove");
}

int mm_set_task(struct mm_catalog *catalog, const struct mm_set_library *library, const char *body,
                size_t size, const atomic_int *cancel, struct mm_blob **out, struct mm_error *err)
{
    *out = NULL;
    json_error_t where;
    json_t *json = json_loadb(body, size, JSON_REJECT_DUPLICATES, &where);
    struct mm_set_work t = {.catalog = catalog, .library = library, .json = json};
    t.what = json_is_object(json) ? mm_set_work_text(&t, "do") : NULL;
    int result = t.what ? run(&t, cancel, out, err)
                        : mm_error_set(err, MM_ERR_USAGE, "the task is no JSON object with \"do\"");
    mm_set_rules_destroy(t.rules);
    free(t.way);
    free(t.set);
    free(t.line);
    json_decref(json);
    return result;
}
