/* SPDX-License-Identifier: BSD-2-Clause */
/* set_ask.c - how a set is asked for: from options. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"
#include "base/match.h"
#include "base/text.h"
#include "cmd/set.h"

#define RULES_LIMIT ((size_t)1 << 20)

/* ---- songs ---- */

int set_find_song(struct mm_catalog *catalog, const char *word, int64_t *id, struct mm_error *err)
{
    size_t count;
    int result = mm_catalog_search(catalog, word, id, 1, &count, err);
    if (result == 0 && count == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "no song \"%s\" in the library", word);
    return result;
}

/* Nobody: two keys without an artist are compared as if they had one. */
static const char anybody[] = "anybody";

/* True when that is the name wanted (of mm_match_recording). */
static int is_name(const char *artist, const char *title, const char *wanted, bool *out,
                   struct mm_error *err)
{
    char *name = mm_match_recording(artist, title);
    *out = name && strcmp(name, wanted) == 0;
    free(name);
    return name ? 0 : mm_no_memory(err);
}

/* The same of a song; without by_artist its title, or all of its name, may be meant. */
static int has_name(struct mm_catalog *catalog, int64_t id, bool by_artist, const char *wanted,
                    bool *out, struct mm_error *err)
{
    struct mm_song song = {0};
    *out = false;
    int result = mm_catalog_get_song(catalog, id, &song, err);
    const char *artist = song.tags.artist ? song.tags.artist : "";
    /* Without tags it is its file that has a name. */
    const char *title = song.tags.title ? song.tags.title : song.key ? mm_path_name(song.key) : "";
    if (result == 0)
        result = is_name(by_artist ? artist : anybody, title, wanted, out, err);
    if (result == 0 && !by_artist && !*out) {
        char *line = mm_format("%s - %s", artist, title);
        result = line ? is_name(anybody, line, wanted, out, err) : mm_no_memory(err);
        free(line);
    }
    mm_song_finish(&song);
    return result;
}

int set_find_named(struct mm_catalog *catalog, const char *artist, const char *title, int64_t *id,
                   struct mm_error *err)
{
    enum { MOST = 50 };
    int64_t ids[MOST];
    size_t count = 0;
    bool by_artist = *artist != '\0';
    char *words = mm_format("%s%s%s", artist, by_artist ? " - " : "", title);
    char *wanted = mm_match_recording(by_artist ? artist : anybody, title);
    int result = words && wanted ? 0 : mm_no_memory(err);
    if (result == 0 && *wanted)
        result = mm_catalog_search(catalog, words, ids, MOST, &count, err);
    bool found = false;
    for (size_t i = 0; i < count && result == 0 && !found; i++) {
        result = has_name(catalog, ids[i], by_artist, wanted, &found, err);
        *id = ids[i];
    }
    free(wanted);
    free(words);
    return result < 0 || found
               ? result
               : mm_error_set(err, MM_ERR_NOT_FOUND, "no song \"%s\" in the library", title);
}

static int add_word(struct mm_catalog *catalog, struct mm_set_ask *ask, const char *word,
                    struct mm_error *err)
{
    int64_t id;
    int result = set_find_song(catalog, word, &id, err);
    return result < 0 ? result : mm_set_ask_add(ask, id, err);
}

/* The songs of a playlist that are in the library; the others are counted. */
struct playlist {
    struct mm_catalog *catalog;
    struct mm_set_ask *ask;
    size_t unknown;
};

static int on_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    struct playlist *list = ctx;
    struct mm_song song = {0};
    int result = mm_catalog_find_key(list->catalog, item->source, item->key, &song, err);
    if (result == 0)
        result = mm_set_ask_add(list->ask, song.id, err);
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
    int result = t && t->title
                     ? set_find_named(list->catalog, t->artist ? t->artist : "", t->title, &id, err)
                     : MM_ERR_NOT_FOUND;
    if (result == 0)
        return mm_set_ask_add(list->ask, id, err);
    list->unknown++;
    return result == MM_ERR_NOT_FOUND ? 0 : result;
}

static int add_playlist(struct mm_catalog *catalog, struct mm_set_ask *ask, const char *file,
                        struct mm_error *err)
{
    struct playlist list = {catalog, ask, 0};
    const struct mm_source_events events = {.item = on_item, .absent = on_absent, .ctx = &list};
    int result = mm_source_playlist(file, &events, NULL, err);
    if (result == 0 && ask->n_ids == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "no song of %s is in the library", file);
    if (result == 0 && list.unknown)
        cmd_say("%zu song%s of %s %s not in the library", list.unknown, cmd_s(list.unknown), file,
                list.unknown == 1 ? "is" : "are");
    return result;
}

/* ---- shapes ---- */

static int read_line(struct mm_set_ask *ask, const char *text, struct mm_error *err)
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
static int read_around(struct mm_catalog *catalog, struct mm_set_ask *ask, const char *word,
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

static int read_path(struct mm_catalog *catalog, struct mm_set_ask *ask,
                     const struct set_options *in, struct mm_error *err)
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

static int read_shape(struct mm_catalog *catalog, struct mm_set_ask *ask,
                      const struct set_options *in, bool tour, struct mm_error *err)
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
static int read_start(struct mm_set_ask *ask, const char *text, struct mm_error *err)
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

static int read_rest(struct mm_set_ask *ask, const struct set_options *in, struct mm_error *err)
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
                 const struct set_options *in, struct mm_set_ask *out)
{
    struct mm_error err = {0};
    *out = (struct mm_set_ask){0};
    int result = read_shape(catalog, out, in, in->tour, &err);
    if (result == 0)
        result = read_rest(out, in, &err);
    return result < 0 ? cmd_fail_error(self, &err) : 0;
}
