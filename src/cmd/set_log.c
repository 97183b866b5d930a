/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_log.c - musicmap set log: what was played on air. A kept set is marked as played at --at, or
 * the spins of a Spinitron CSV are read; without an operand the log is shown. Rules ("[history]")
 * and the kind "unplayed" go by it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/set.h"

#define CSV_LIMIT ((size_t)64 << 20)

struct logging {
    struct mm_catalog *catalog;
    const char *show; /* NULL = a show each day, of this file */
    const char *file;
    size_t added, known, unknown, timeless;
};

static int add_play(struct logging *l, int64_t song, int64_t at, struct mm_error *err)
{
    bool added;
    char *show = l->show ? mm_strdup(l->show)
                         : mm_format("%s, day %" PRId64, mm_path_name(l->file), at / 86400);
    int result =
        show ? mm_catalog_add_play(l->catalog, song, at, show, &added, err) : mm_no_memory(err);
    free(show);
    l->added += result == 0 && added;
    l->known += result == 0 && !added;
    return result;
}

/* Local time of the station, as all times of sets are: seconds as if it were UTC. */
static int64_t local_now(void)
{
    time_t now = time(NULL);
    struct tm tm;
    return localtime_r(&now, &tm) ? (int64_t)timegm(&tm) : (int64_t)now;
}

/* Behind the time of day: a fraction, "PM", an offset. NULL when it is something else. */
static const char *skip_rest(const char *p, struct tm *tm)
{
    if (*p == '.')
        p += 1 + strspn(p + 1, "0123456789");
    p += strspn(p, " ");
    if (strncasecmp(p, "AM", 2) == 0 || strncasecmp(p, "PM", 2) == 0) {
        if (tm->tm_hour < 1 || tm->tm_hour > 12)
            return NULL;
        tm->tm_hour = tm->tm_hour % 12 + (toupper((unsigned char)*p) == 'P' ? 12 : 0);
        p += 2;
    }
    if (*p == 'Z')
        p++;
    else if (*p == '+' || *p == '-')
        p += 1 + strspn(p + 1, "0123456789:");
    return *p ? NULL : p;
}

/* "2026-10-01T20:00:00+0000", "2026-10-01 20:00", "2026-10-01 8:00 PM", "2026-10-01"; -1 when it is
 * no time. An offset is left out of account: the spins of a station are in its own time. */
static int64_t parse_time(const char *text)
{
    struct tm tm = {0};
    const char *p = strptime(text, "%Y-%m-%d", &tm);
    if (p && *p) {
        p = *p == 'T' || *p == ' ' ? strptime(p + 1, "%H:%M", &tm) : NULL;
        if (p && *p == ':')
            p = strptime(p + 1, "%S", &tm);
        p = p ? skip_rest(p, &tm) : NULL;
    }
    int day = tm.tm_mday;
    int64_t at = p && tm.tm_year >= 70 ? (int64_t)timegm(&tm) : -1;
    return tm.tm_mday == day ? at : -1; /* no 30 February */
}

/* ---- a kept set ---- */

static int log_set(struct logging *l, const char *name, int64_t at, struct mm_error *err)
{
    struct mm_set_record record;
    int result = mm_catalog_get_set(l->catalog, name, 0, &record, err);
    json_t *report = result == 0 ? json_loads(record.report, 0, NULL) : NULL;
    const json_t *songs = json_object_get(report, "songs");
    /* The record knows of songs that were joined since, the report does not. */
    bool whole = json_array_size(songs) == record.n_songs;
    for (size_t i = 0; result == 0 && i < json_array_size(songs); i++) {
        const json_t *song = json_array_get(songs, i);
        double start = json_number_value(json_object_get(song, "start_s"));
        int64_t id = whole ? record.songs[i] : json_integer_value(json_object_get(song, "id"));
        result = add_play(l, id, at + (int64_t)(start + 0.5), err);
        if (result == MM_ERR_NOT_FOUND) { /* deleted since */
            l->unknown++;
            result = 0;
        }
    }
    json_decref(report);
    mm_set_record_finish(&record);
    return result;
}

/* ---- CSV ---- */

/* One row of RFC 4180 from *at on; cells point into the text, which is changed. Returns how many.
 */
static size_t read_row(char **at, char **cells, size_t most)
{
    size_t n = 0;
    char *p = *at;
    for (bool more = true; more && *p;) {
        char *to = p;
        if (n < most)
            cells[n++] = p;
        bool quoted = *p == '"';
        p += quoted;
        while (*p && (quoted || (*p != ',' && *p != '\n' && *p != '\r'))) {
            if (quoted && *p == '"' && p[1] != '"') {
                quoted = false;
                p++;
                continue;
            }
            p += quoted && *p == '"'; /* two stand for one */
            *to++ = *p++;
        }
        more = *p == ',';
        char stop = *p;
        p += stop != '\0';
        if (stop == '\r' && *p == '\n')
            p++;
        *to = '\0';
    }
    *at = p;
    return n;
}

enum column { COLUMN_START, COLUMN_ARTIST, COLUMN_SONG, COLUMNS };
enum { MOST_CELLS = 64 };

static bool find_columns(char **cells, size_t n, size_t where[COLUMNS])
{
    static const char *const names[COLUMNS][3] = {
        {"start", "time", "date"}, {"artist", "artist name", "aw"}, {"song", "title", "sn"}};
    for (size_t c = 0; c < COLUMNS; c++) {
        where[c] = MOST_CELLS;
        for (size_t k = 0; k < 3 && where[c] == MOST_CELLS; k++)
            for (size_t i = 0; i < n; i++)
                if (strcasecmp(cells[i], names[c][k]) == 0)
                    where[c] = i;
    }
    return where[COLUMN_START] < n && where[COLUMN_SONG] < n && where[COLUMN_ARTIST] < n;
}

/* A title that was defused for spreadsheets. */
static const char *bare(const char *text)
{
    return *text == '\'' && text[1] && strchr("=+-@", text[1]) ? text + 1 : text;
}

static int log_spin(struct logging *l, const char *start, const char *artist, const char *song,
                    struct mm_error *err)
{
    int64_t at = parse_time(start);
    int64_t id = 0;
    int result =
        *song ? set_find_named(l->catalog, bare(artist), bare(song), &id, err) : MM_ERR_NOT_FOUND;
    if (result == MM_ERR_NOT_FOUND) {
        l->unknown++;
        return 0;
    }
    if (result == 0 && at < 0) {
        l->timeless++;
        return 0;
    }
    return result < 0 ? result : add_play(l, id, at, err);
}

static int log_csv(struct logging *l, const char *file, struct mm_error *err)
{
    char *text = NULL;
    size_t count;
    int result = mm_file_read(file, CSV_LIMIT, &text, &count, err);
    if (result < 0)
        return result;
    char *at = text;
    char *cells[MOST_CELLS];
    size_t where[COLUMNS];
    if (count >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    size_t n = read_row(&at, cells, MOST_CELLS);
    if (!find_columns(cells, n, where))
        result = mm_error_set(err, MM_ERR_INPUT,
                              "%s: the first line names no columns \"start\", \"artist\" and "
                              "\"song\"",
                              file);
    while (result == 0 && *at) {
        n = read_row(&at, cells, MOST_CELLS);
        if (n > where[COLUMN_START] && n > where[COLUMN_SONG] && n > where[COLUMN_ARTIST])
            result = log_spin(l, cells[where[COLUMN_START]], cells[where[COLUMN_ARTIST]],
                              cells[where[COLUMN_SONG]], err);
    }
    free(text);
    return result;
}

/* ---- the log ---- */

struct listing {
    json_t *plays;
    size_t most;
};

static int on_play(void *ctx, int64_t song, int64_t at, const char *show, struct mm_error *err)
{
    struct listing *list = ctx;
    (void)err;
    if (json_array_size(list->plays) < list->most)
        json_array_append_new(list->plays,
                              json_pack("{s:I, s:I, s:o}", "song", (json_int_t)song, "at",
                                        (json_int_t)at, "show", cmd_json_text(show)));
    return 0;
}

static int show_log(const struct command *self, struct mm_catalog *catalog)
{
    struct mm_error err = {0};
    struct listing list = {json_array(), cmd_common.json || cmd_common.verbose ? SIZE_MAX : 100};
    int status = CMD_DONE;
    if (mm_catalog_each_play(catalog, on_play, &list, &err) < 0)
        status = cmd_fail_error(self, &err);
    else if (cmd_common.json)
        cmd_print_json(json_incref(list.plays));
    for (size_t i = 0; !status && !cmd_common.json && i < json_array_size(list.plays); i++) {
        const json_t *play = json_array_get(list.plays, i);
        time_t at = (time_t)json_integer_value(json_object_get(play, "at"));
        struct tm tm;
        char when[32] = "";
        if (gmtime_r(&at, &tm))
            strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
        printf("%s  #%-6lld %s\n", when,
               (long long)json_integer_value(json_object_get(play, "song")),
               json_string_value(json_object_get(play, "show")));
    }
    json_decref(list.plays);
    return status;
}

static bool is_csv(const char *word)
{
    size_t length = strlen(word);
    return length > 4 && strcasecmp(word + length - 4, ".csv") == 0;
}

static int log_it(struct logging *l, const char *word, const char *at, struct mm_error *err)
{
    int64_t when = at ? parse_time(at) : local_now();
    if (when < 0)
        return mm_error_set(err, MM_ERR_USAGE, "--at cannot be \"%s\": 2026-10-01 20:00", at);
    int result = mm_catalog_begin(l->catalog, err);
    if (result < 0)
        return result;
    result = is_csv(word) ? log_csv(l, word, err) : log_set(l, word, when, err);
    if (result == 0)
        result = mm_catalog_commit(l->catalog, err);
    if (result < 0)
        mm_catalog_rollback(l->catalog);
    return result;
}

int set_log(const struct command *self, int argc, char **argv)
{
    const char *at = NULL;
    const char *show = NULL;
    const struct cmd_option options[] = {
        {"at", 0, CMD_TEXT, &at, "TIME", "when it began: 2026-10-01 20:00 (default: now)", 0, 0},
        {"show", 0, CMD_TEXT, &show, "NAME", "the show it was part of (default: name and day)", 0,
         0},
        {0}};
    char **operands;
    size_t n;
    int status = cmd_parse(self, options, argc, argv, 0, 1, &operands, &n);
    struct mm_catalog *catalog = status ? NULL : cmd_open_library(self, false);
    if (!catalog)
        return status ? status : CMD_FAILED;
    if (n == 0) {
        status = show_log(self, catalog);
        mm_catalog_close(catalog);
        return status;
    }
    struct mm_error err = {0};
    int64_t when = at ? parse_time(at) : local_now();
    char *name = show ? mm_strdup(show)
                 : is_csv(operands[0])
                     ? NULL
                     : mm_format("%s, day %" PRId64, mm_path_name(operands[0]), when / 86400);
    struct logging l = {.catalog = catalog, .show = name, .file = operands[0]};
    if (log_it(&l, operands[0], at, &err) < 0) {
        status = cmd_fail_error(self, &err);
    } else {
        cmd_say("logged: %zu plays, %zu known before, %zu not in the library", l.added, l.known,
                l.unknown);
        if (l.timeless)
            cmd_fail(self, CMD_PARTLY, "%zu spin%s no time that can be read, such as %s",
                     l.timeless, l.timeless == 1 ? " has" : "s have", "2026-10-01 20:00");
        if (cmd_common.json)
            cmd_print_json(json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)l.added, "known",
                                     (json_int_t)l.known, "unknown", (json_int_t)l.unknown,
                                     "timeless", (json_int_t)l.timeless));
        status = l.unknown || l.timeless ? CMD_PARTLY : CMD_DONE;
    }
    free(name);
    mm_catalog_close(catalog);
    return status;
}
