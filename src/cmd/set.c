/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * musicmap set: makes a radio set, or does something with one that is kept (set list, show, diff,
 * refresh, log). The verbs have options of their own.
 */
#include "cmd/set.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

/* ---- making ---- */

void made_set_finish(struct made_set *made)
{
    mm_set_destroy(made->set);
    mm_set_rules_destroy(made->rules);
    mm_set_library_destroy(made->library);
    *made = (struct made_set){0};
}

static int load(struct mm_catalog *catalog, const struct mm_set_ask *ask, struct made_set *out,
                struct mm_error *err)
{
    int result =
        mm_set_rules_parse(ask->rules, strlen(ask->rules), ask->rules_name, &out->rules, err);
    if (result == 0 && ask->arc)
        result = mm_set_rules_set_arc(out->rules, ask->arc, err);
    if (result == 0 && ask->minutes > 0)
        mm_set_rules_set_minutes(out->rules, ask->minutes);
    if (result == 0 && ask->start)
        mm_set_rules_set_start(out->rules, ask->start);
    if (result == 0)
        result = mm_load_set_library(catalog, ask->model, cmd_common.jobs, cmd_progress(),
                                     &out->library, err);
    return result;
}

static int find_indices(const struct mm_set_library *library, const int64_t *ids, size_t n,
                        bool must, uint32_t **out, size_t *count, struct mm_error *err)
{
    *count = 0;
    *out = mm_calloc3(n, 1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        uint32_t index = mm_set_library_find(library, ids[i]);
        if (index != MM_SET_NONE)
            (*out)[(*count)++] = index;
        else if (must)
            return mm_error_set(err, MM_ERR_NOT_FOUND,
                                "song #%" PRId64 " is not embedded: run \"musicmap embed\" first",
                                ids[i]);
    }
    return 0;
}

static uint32_t find_country(const struct mm_set_library *library, const char *name)
{
    for (uint32_t c = 0; name && *mm_set_library_country(library, c); c++)
        if (strcmp(mm_set_library_country(library, c), name) == 0)
            return c;
    return MM_SET_NONE;
}

void set_indices_finish(struct set_indices *indices)
{
    free(indices->way);
    free(indices->sibling);
    *indices = (struct set_indices){0};
}

/* Judged is what is there: what was asked for and is gone since (a song, a country of an older map)
 * keeps nobody from showing or playing the set. */
static void ask_what_is_there(const struct mm_set_ask *ask, const struct made_set *made,
                              struct mm_set_request *request)
{
    size_t n = ask->n_ids;
    bool first = n && mm_set_library_find(made->library, ask->ids[0]) != MM_SET_NONE;
    bool last = n && mm_set_library_find(made->library, ask->ids[n - 1]) != MM_SET_NONE;
    bool nothing = request->n_waypoints == 0;
    request->from_first = request->from_first && first;
    request->to_last = request->to_last && last;
    if (nothing && (request->shape == MM_SHAPE_LIKE ||
                    (request->shape == MM_SHAPE_AROUND && request->country == MM_SET_NONE)))
        request->shape = MM_SHAPE_FREE;
}

/* The set of which this one is a sibling: its newest version. */
static int find_sibling(struct mm_catalog *catalog, const struct mm_set_library *library,
                        const char *of, struct set_indices *out, struct mm_error *err)
{
    struct mm_set_record record;
    int result = mm_catalog_get_set(catalog, of, 0, &record, err);
    if (result == 0)
        result = find_indices(library, record.songs, record.n_songs, false, &out->sibling,
                              &out->n_sibling, err);
    mm_set_record_finish(&record);
    return result;
}

static int fill_request(struct mm_catalog *catalog, const struct mm_set_ask *ask, bool judged,
                        const struct made_set *made, struct set_indices *indices,
                        struct mm_set_request *out, struct mm_error *err)
{
    int result =
        find_indices(made->library, ask->ids, ask->n_ids, !judged && ask->shape != MM_SHAPE_LIKE,
                     &indices->way, &indices->n_way, err);
    if (result == 0 && ask->of)
        result = find_sibling(catalog, made->library, ask->of, indices, err);
    *out = (struct mm_set_request){.shape = ask->shape,
                                   .waypoints = indices->way,
                                   .n_waypoints = indices->n_way,
                                   .from_first = ask->from_first,
                                   .to_last = ask->to_last,
                                   .country = find_country(made->library, ask->country),
                                   .line = ask->line,
                                   .n_line = ask->n_line,
                                   .sibling_of = indices->sibling,
                                   .n_sibling = indices->n_sibling,
                                   .vary = ask->vary,
                                   .seed = ask->seed,
                                   .seconds = ask->seconds,
                                   .rounds = ask->rounds,
                                   .jobs = cmd_common.jobs};
    if (judged)
        ask_what_is_there(ask, made, out);
    return result;
}

static int prepare(struct mm_catalog *catalog, const struct mm_set_ask *ask, bool judged,
                   struct made_set *out, struct set_indices *indices,
                   struct mm_set_request *request, struct mm_error *err)
{
    *out = (struct made_set){0};
    *indices = (struct set_indices){0};
    int result = load(catalog, ask, out, err);
    return result == 0 ? fill_request(catalog, ask, judged, out, indices, request, err) : result;
}

int set_prepare(struct mm_catalog *catalog, const struct mm_set_ask *ask, struct made_set *out,
                struct set_indices *indices, struct mm_set_request *request, struct mm_error *err)
{
    return prepare(catalog, ask, false, out, indices, request, err);
}

int set_make(struct mm_catalog *catalog, const struct mm_set_ask *ask, struct made_set *out,
             struct mm_error *err)
{
    struct set_indices indices;
    struct mm_set_request request;
    int result = set_prepare(catalog, ask, out, &indices, &request, err);
    if (result == 0)
        result = mm_set_make(out->library, out->rules, &request, cmd_progress(), &out->set, err);
    cmd_progress_end();
    set_indices_finish(&indices);
    return result;
}

/* Songs that were joined since the set was kept are one, where the first of them stood. */
static size_t each_once(uint32_t *songs, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kept && songs[k] != songs[i])
            k++;
        if (k == kept)
            songs[kept++] = songs[i];
    }
    return kept;
}

int set_judge(struct mm_catalog *catalog, const struct mm_set_ask *ask, const int64_t *ids,
              size_t n, struct made_set *out, struct mm_error *err)
{
    struct set_indices indices;
    struct mm_set_request request;
    uint32_t *songs = NULL;
    size_t count = 0;
    int result = prepare(catalog, ask, true, out, &indices, &request, err);
    if (result == 0)
        result = find_indices(out->library, ids, n, false, &songs, &count, err);
    for (size_t i = 0; result == 0 && i < n; i++)
        if (mm_set_library_find(out->library, ids[i]) == MM_SET_NONE)
            out->gone_id = out->gone++ ? out->gone_id : ids[i];
    if (result == 0 && count == 0)
        result =
            mm_error_set(err, MM_ERR_NOT_FOUND, "no song of the set is in the library any more");
    if (result == 0)
        result = mm_set_judge(out->library, out->rules, &request, songs, each_once(songs, count),
                              &out->set, err);
    cmd_progress_end();
    free(songs);
    set_indices_finish(&indices);
    return result;
}

int set_fail(const struct command *self, const struct mm_error *err)
{
    return err->code == MM_ERR_CANCELLED ? cmd_fail(self, CMD_FAILED, "stopped")
                                         : cmd_fail_error(self, err);
}

int set_status(const struct mm_set *set)
{
    for (size_t i = 0; i < set->n_bent; i++)
        if (!set->bent[i].soft)
            return CMD_PARTLY;
    return CMD_DONE;
}

int set_keep(struct mm_catalog *catalog, const char *name, const struct mm_set_ask *ask,
             const struct made_set *made, int *version, struct mm_error *err)
{
    struct mm_set_record record = {.name = mm_strdup(name), .n_songs = made->set->n};
    record.request = mm_set_ask_json(ask);
    record.report = set_json(made, name, err);
    record.songs = mm_calloc3(made->set->n, 1, sizeof *record.songs);
    int result =
        record.name && record.request && record.report && record.songs ? 0 : mm_no_memory(err);
    for (size_t i = 0; result == 0 && i < made->set->n; i++)
        record.songs[i] = mm_set_library_song(made->library, made->set->items[i].song)->id;
    if (result == 0)
        result = mm_catalog_put_set(catalog, &record, err);
    *version = record.version;
    mm_set_record_finish(&record);
    return result;
}

/* --name, else the first file's name without its ending, else "set". */
static char *set_name(const struct set_options *in)
{
    if (in->name)
        return mm_strdup(in->name);
    if (!in->output.n)
        return mm_strdup("set");
    const char *file = mm_path_name(in->output.values[0]);
    const struct mm_set_format *format = mm_set_format_find(NULL, file);
    const char *dot = strrchr(file, '.');
    size_t ending = format ? strlen(format->ending) : dot && dot > file ? strlen(dot) : 0;
    return mm_strndup(file, strlen(file) - ending);
}

static int make_and_write(const struct command *self, struct mm_catalog *catalog,
                          const struct set_options *in, const struct mm_set_ask *ask)
{
    struct mm_error err = {0};
    struct made_set made;
    char *name = set_name(in);
    int status = name ? CMD_DONE : CMD_FAILED;
    if (status == CMD_DONE && set_make(catalog, ask, &made, &err) < 0) {
        made_set_finish(&made);
        free(name);
        return set_fail(self, &err);
    }
    int version = 0;
    status = set_write_files(self, catalog, in, name, &made);
    if (status == CMD_DONE && !in->keep_not &&
        set_keep(catalog, name, ask, &made, &version, &err) < 0)
        status = cmd_fail_error(self, &err);
    json_t *sent = NULL;
    bool done = status == CMD_DONE;
    if (done && in->send)
        status = set_send(self, catalog, in, name, &made, &sent);
    if (done)
        set_tell(&made, name, sent);
    if (done && version)
        cmd_say("kept as \"%s\", version %d (seed %" PRIu64 ", %zu rounds)", name, version,
                ask->seed, made.set->rounds);
    if (status == CMD_DONE)
        status = set_status(made.set);
    made_set_finish(&made);
    free(name);
    return status;
}

/* clang-format off */
#define MAKE_OPTIONS(o)                                                                               \
    {"from", 0, CMD_TEXT, &(o).from, "SONG", "the set begins with it", 0, 0},                        \
    {"via", 0, CMD_LIST, &(o).via, "SONG", "and passes by it; may be repeated", 0, 0},               \
    {"to", 0, CMD_TEXT, &(o).to, "SONG", "and ends with it", 0, 0},                                  \
    {"around", 0, CMD_TEXT, &(o).around, "SONG|COUNTRY", "stays near a song or in a country", 0, 0}, \
    {"tour", 0, CMD_FLAG, &(o).tour, NULL, "visits the largest countries", 0, 0},                    \
    {"draw", 0, CMD_TEXT, &(o).draw, "\"X,Y X,Y ...\"", "follows a line on the map, -1 to 1", 0, 0}, \
    {"like", 0, CMD_TEXT, &(o).like, "PLAYLIST", "sounds like it, with other songs", 0, 0},          \
    {"fill", 0, CMD_TEXT, &(o).fill, "PLAYLIST", "keeps its songs and puts others between", 0, 0},   \
    {"minutes", 0, CMD_NUMBER, &(o).minutes, "N", "total length (default 58)", 0.1, 1440},           \
    {"rules", 0, CMD_TEXT, &(o).rules, "FILE", "what must hold, and what should (doc/sets.md)", 0, 0}, \
    {"arc", 0, CMD_TEXT, &(o).arc, "NAME|POINTS", "flat, rise, fall, peak, wave, \"0:0.2, 1:0.9\"", 0, 0}, \
    {"start", 0, CMD_TEXT, &(o).start, "TIME", "on air at: 20:00, or 2026-10-01 20:00", 0, 0},       \
    {"model", 0, CMD_TEXT, &(o).model, "NAME", "vectors to go by (default: what most songs have)", 0, 0}, \
    {"seconds", 0, CMD_NUMBER, &(o).seconds, "N", "look for something better for so long", 0.01, 86400}, \
    {"rounds", 0, CMD_COUNT, &(o).rounds, "N", "look in exactly so many rounds", 1, 1000000},        \
    {"of", 0, CMD_TEXT, &(o).of, "NAME", "a sibling of this kept set", 0, 0},                        \
    {"vary", 0, CMD_NUMBER, &(o).vary, "PERCENT", "of which so many songs change (default 20)", 0, 100}, \
    {"output", 'o', CMD_LIST, &(o).output, "FILE",                                                   \
     ".m3u8 .xspf .jspf .json .cue .csv .txt .png .svg; may be repeated", 0, 0},                     \
    {"format", 0, CMD_TEXT, &(o).format, "NAME", "of the files, whatever their endings", 0, 0},      \
    {"paths", 0, CMD_TEXT, &(o).paths, "relative|absolute", "in playlists (default relative)", 0, 0}, \
    {"title", 0, CMD_TEXT, &(o).title, "TEXT", "title in the files (default: the name)", 0, 0},      \
    {"station", 0, CMD_TEXT, &(o).station, "TEXT", "name of service, for SoundExchange", 0, 0},      \
    {"name", 0, CMD_TEXT, &(o).name, "NAME", "kept under this name (default: the file's)", 0, 0},    \
    SEND_OPTIONS(o),                                                                                 \
    {"no-keep", 0, CMD_FLAG, &(o).keep_not, NULL, "do not keep it", 0, 0}
/* clang-format on */

static int make_set(const struct command *self, int argc, char **argv)
{
    struct set_options in = {.vary = 20};
    const struct cmd_option options[] = {MAKE_OPTIONS(in), {0}};
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status && (set_check_write(self, &in) || set_check_send(self, &in)))
        status = CMD_USAGE;
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!status && !catalog)
        status = CMD_FAILED;
    struct mm_set_ask ask = {0};
    if (!status)
        status = set_ask_read(self, catalog, &in, &ask);
    if (!status)
        status = make_and_write(self, catalog, &in, &ask);
    mm_set_ask_finish(&ask);
    mm_catalog_close(catalog);
    free(in.via.values);
    free(in.output.values);
    return status;
}

/* ---- the table of verbs ---- */

static const struct {
    const char *name;
    int (*run)(const struct command *self, int argc, char **argv);
    struct command command; /* for its usage line and --help */
} verbs[] = {
    {"list", set_list, {"set list", "", "the sets that are kept", NULL, false}},
    {"show", set_show, {"set show", "NAME", "a kept set, judged anew", NULL, false}},
    {"diff", set_diff, {"set diff", "NAME [NAME]", "what differs between two", NULL, false}},
    {"refresh",
     set_refresh,
     {"set refresh", "NAME", "asks again, with the library of today", NULL, false}},
    {"render",
     set_render,
     {"set render", "NAME -o FILE", "mixed down to one sound file, with a CUE sheet", NULL, false}},
    {"play",
     set_play,
     {"set play", "NAME --icecast URL", "on air, in real time, at an Icecast server", NULL, false}},
    {"log",
     set_log,
     {"set log", "[NAME | FILE.csv]", "what was played; marks a set, or reads a log", NULL, false}},
};

int cmd_set(const struct command *self, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(&verbs[i].command, argc - 1, argv + 1);
    return make_set(self, argc, argv);
}
