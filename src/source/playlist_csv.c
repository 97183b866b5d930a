/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables that players and converters of playlists export. Nobody agrees on their columns'
 * names: those that are met are listed below, lower-case, without what stands in brackets.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "source/csv.h"
#include "source/playlist.h"

enum column { LOCATION, TITLE, ARTIST, ALBUM, ISRC, SECONDS, MILLISECONDS, GENRE, N_COLUMNS };

static const struct {
    const char *name;
    enum column column;
} names[] = {
    {"location", LOCATION}, {"path", LOCATION},       {"file", LOCATION},
    {"filename", LOCATION}, {"file name", LOCATION},  {"file path", LOCATION},
    {"filepath", LOCATION}, {"full path", LOCATION},  {"title", TITLE},
    {"name", TITLE},        {"song", TITLE},          {"track", TITLE},
    {"track name", TITLE},  {"song name", TITLE},     {"track title", TITLE},
    {"artist", ARTIST},     {"artists", ARTIST},      {"artist name", ARTIST},
    {"creator", ARTIST},    {"track artist", ARTIST}, {"performer", ARTIST},
    {"album", ALBUM},       {"album name", ALBUM},    {"release", ALBUM},
    {"album title", ALBUM}, {"isrc", ISRC},           {"duration", SECONDS},
    {"length", SECONDS},    {"time", SECONDS},        {"total time", SECONDS},
    {"genre", GENRE},       {"genres", GENRE},        {"duration_ms", MILLISECONDS},
};

/* The column that a header means, N_COLUMNS = none. "Duration (ms)" says its unit in brackets. */
static enum column column_of(const char *header)
{
    char name[32];
    size_t n = 0;
    const char *bracket = strchr(header, '(');
    for (const char *p = header; *p && p != bracket && n + 1 < sizeof name; p++)
        name[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    while (n && name[n - 1] == ' ')
        n--;
    name[n] = '\0';
    bool ms = strstr(header, "(ms)") != NULL;
    if (ms && strstr(name, "duration"))
        return MILLISECONDS;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].column;
    return N_COLUMNS;
}

/* "213", "213.4", "3:33", "1:02:03"; of so many units a second. */
static double seconds(const char *text, double units)
{
    double total = 0;
    for (int part = 0; part < 3; part++) {
        char *end;
        double value = strtod(text, &end);
        if (end == text || !isfinite(value) || value < 0)
            return 0;
        total = total * 60 + value;
        if (*end != ':')
            break;
        text = end + 1;
    }
    return total < 1e6 * units ? total / units : 0;
}

struct table {
    struct mm_csv csv;
    size_t at[N_COLUMNS]; /* which cell; SIZE_MAX = none */
};

static const char *cell(const struct table *t, enum column column)
{
    return t->at[column] == SIZE_MAX ? "" : mm_csv_cell(&t->csv, t->at[column]);
}

static int read_header(struct table *t, struct mm_error *err)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        t->at[i] = SIZE_MAX;
    int result = mm_csv_next(&t->csv, err);
    if (result < 0)
        return result;
    for (size_t i = 0; result == 1 && i < t->csv.n_cells; i++) {
        enum column column = column_of(mm_csv_cell(&t->csv, i));
        if (column != N_COLUMNS && t->at[column] == SIZE_MAX)
            t->at[column] = i;
    }
    if (t->at[LOCATION] == SIZE_MAX && t->at[TITLE] == SIZE_MAX)
        return mm_error_set(
            err, MM_ERR_INPUT,
            "no column of the first line is called \"path\", \"title\" or the like");
    return 0;
}

static int read_row(const struct table *t, struct mm_playlist *out, struct mm_error *err)
{
    const char *location = cell(t, LOCATION);
    const char *title = cell(t, TITLE);
    if (!*location && !*title)
        return 0;
    struct mm_playlist_entry *entry = mm_playlist_add(out, err);
    if (!entry)
        return err->code;
    int result = 0;
    if (*location) {
        entry->location = mm_strdup(location);
        result = entry->location ? 0 : MM_ERR_NO_MEMORY;
    }
    struct mm_tags *tags = &entry->tags;
    const struct {
        char **member;
        const char *text;
    } texts[] = {{&tags->title, title},
                 {&tags->artist, cell(t, ARTIST)},
                 {&tags->album, cell(t, ALBUM)},
                 {&tags->isrc, cell(t, ISRC)}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++)
        result = mm_playlist_text(texts[i].member, texts[i].text, strlen(texts[i].text));
    const char *genres = cell(t, GENRE);
    if (result == 0)
        result = mm_tags_split_genres(tags, genres, strlen(genres));
    entry->duration_s = *cell(t, MILLISECONDS) ? seconds(cell(t, MILLISECONDS), 1000)
                                               : seconds(cell(t, SECONDS), 1);
    return result < 0 ? mm_no_memory(err) : 0;
}

/* What the first line is cut by: the separator it has most of. */
static char separator_of(const char *bytes, size_t n)
{
    static const char candidates[] = {',', '\t', ';'};
    size_t most = 0;
    char best = ',';
    for (size_t k = 0; k < sizeof candidates; k++) {
        size_t count = 0;
        bool quoted = false;
        for (size_t i = 0; i < n && (quoted || (bytes[i] != '\n' && bytes[i] != '\r')); i++) {
            quoted ^= bytes[i] == '"';
            count += !quoted && bytes[i] == candidates[k];
        }
        if (count > most) {
            most = count;
            best = candidates[k];
        }
    }
    return best;
}

int mm_playlist_read_csv(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err)
{
    struct mm_error local = {0};
    if (n == 0)
        return mm_error_set(err, MM_ERR_INPUT, "the table is empty");
    FILE *stream = fmemopen((void *)bytes, n, "r");
    if (!stream)
        return mm_no_memory(err);
    struct table t;
    mm_csv_init(&t.csv, stream, separator_of(bytes, n));
    int result = read_header(&t, &local);
    while (result == 0 && (result = mm_csv_next(&t.csv, &local)) == 1)
        result = read_row(&t, out, &local);
    mm_csv_finish(&t.csv);
    fclose(stream);
    if (result < 0 && err)
        *err = local;
    return result;
}
