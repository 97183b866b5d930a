/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fma.c - the Free Music Archive data set (https://github.com/mdeff/fma): tracks.csv beside folders
 * 000 ... 155 of clips named by six digits.
 *
 * tracks.csv has three header rows: the group of a column, its name, and "track_id". The file has
 * 106,574 tracks whatever part of the audio was fetched; a row names the smallest subset its track
 * is in, so the audio folder's name tells which rows should have a file. What a row says wins over
 * the tags of the clip, which are a listener's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "source/csv.h"

enum column {
    ALBUM_TITLE,
    ALBUM_DATE,
    ARTIST_NAME,
    SUBSET,
    DURATION,
    GENRE_TOP,
    GENRES,
    LICENCE,
    NUMBER,
    TITLE,
    N_COLUMNS
};

static const struct {
    const char *group, *name;
} columns[N_COLUMNS] = {
    [ALBUM_TITLE] = {"album", "title"}, [ALBUM_DATE] = {"album", "date_released"},
    [ARTIST_NAME] = {"artist", "name"}, [SUBSET] = {"set", "subset"},
    [DURATION] = {"track", "duration"}, [GENRE_TOP] = {"track", "genre_top"},
    [GENRES] = {"track", "genres"},     [LICENCE] = {"track", "license"},
    [NUMBER] = {"track", "number"},     [TITLE] = {"track", "title"},
};

/* The audio folders, the most first: what is in a smaller one is in a larger one, too. */
static const char *const subsets[] = {"fma_full", "fma_large", "fma_medium", "fma_small"};

#define MAX_GENRE 65536

struct fma {
    const struct mm_source_events *events;
    const struct mm_progress *progress;
    char *audio; /* folder that has 000, 001, ... */
    char *table; /* path of tracks.csv */
    int subset;  /* index into subsets; -1 = the folder's name does not tell */
    size_t at[N_COLUMNS];
    char **genres; /* [MAX_GENRE] titles by id, NULL = none */
};

/* ---- where things lie ---- */

static char *existing(const char *folder, const char *const *names, size_t n)
{
    struct stat st;
    for (size_t i = 0; i < n; i++) {
        char *path = mm_path_join(folder, names[i]);
        if (path && stat(path, &st) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static bool has_clips(const char *folder)
{
    static const char *const first[] = {"000", "001", "010", "100", "155"};
    char *found = existing(folder, first, sizeof first / sizeof *first);
    free(found);
    return found != NULL;
}

static int subset_of(const char *folder)
{
    const char *name = mm_path_name(folder);
    for (int i = 0; i < (int)(sizeof subsets / sizeof *subsets); i++)
        if (strcmp(name, subsets[i]) == 0)
            return i;
    return -1;
}

static int locate(struct fma *f, const char *real, struct mm_error *err)
{
    static const char *const tables[] = {"tracks.csv", "fma_metadata/tracks.csv", "../tracks.csv",
                                         "../fma_metadata/tracks.csv"};
    f->table = existing(real, tables, sizeof tables / sizeof *tables);
    if (!f->table)
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "%s has no tracks.csv, nor has fma_metadata in it or beside it: unpack "
                            "fma_metadata.zip there",
                            real);
    if (has_clips(real))
        f->audio = mm_strdup(real);
    for (size_t i = 0; i < sizeof subsets / sizeof *subsets && !f->audio; i++) {
        char *path = mm_path_join(real, subsets[i]);
        if (path && has_clips(path))
            f->audio = path;
        else
            free(path);
    }
    if (!f->audio)
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "%s has no clips (folders 000, 001, ... as in fma_small)", real);
    f->subset = subset_of(f->audio);
    return 0;
}

/* ---- genres.csv ---- */

static void read_genres(struct fma *f)
{
    char *folder = mm_strndup(f->table, (size_t)(mm_path_name(f->table) - f->table));
    char *path = folder ? mm_format("%sgenres.csv", folder) : NULL;
    FILE *stream = path ? fopen(path, "re") : NULL;
    f->genres = calloc(MAX_GENRE, sizeof *f->genres);
    if (stream && f->genres) {
        struct mm_csv csv;
        struct mm_error ignored;
        size_t title = 3; /* genre_id,#tracks,parent,title,top_level */
        mm_csv_init(&csv, stream, ',');
        if (mm_csv_next(&csv, &ignored) == 1)
            for (size_t i = 0; i < csv.n_cells; i++)
                if (strcmp(mm_csv_cell(&csv, i), "title") == 0)
                    title = i;
        while (mm_csv_next(&csv, &ignored) == 1) {
            unsigned long id = strtoul(mm_csv_cell(&csv, 0), NULL, 10);
            const char *name = mm_csv_cell(&csv, title);
            if (id > 0 && id < MAX_GENRE && !f->genres[id])
                f->genres[id] = mm_text_clean_utf8(name, strlen(name));
        }
        mm_csv_finish(&csv);
    }
    if (stream)
        fclose(stream);
    free(path);
    free(folder);
}

/* "[21, 45]" */
static int add_genres(const struct fma *f, const char *list, struct mm_tags *tags)
{
    int result = 0;
    for (const char *at = list; *at && result == 0;) {
        char *end;
        unsigned long id = strtoul(at, &end, 10);
        if (end == at) {
            at++;
            continue;
        }
        at = end;
        if (f->genres && id < MAX_GENRE && f->genres[id])
            result = mm_tags_add_genre(tags, f->genres[id]);
    }
    return result;
}

/* ---- tracks.csv ---- */

static int read_header(struct fma *f, struct mm_csv *csv, struct mm_error *err)
{
    int result = mm_csv_next(csv, err);
    if (result < 0)
        return result;
    size_t n = csv->n_cells;
    char **groups = calloc(n ? n : 1, sizeof *groups);
    for (size_t i = 0; i < n && groups; i++)
        groups[i] = mm_strdup(mm_csv_cell(csv, i));
    result = groups ? mm_csv_next(csv, err) : mm_no_memory(err);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        f->at[c] = SIZE_MAX;
        for (size_t i = 1; i < n && result == 1; i++)
            if (groups[i] && strcmp(groups[i], columns[c].group) == 0 &&
                strcmp(mm_csv_cell(csv, i), columns[c].name) == 0)
                f->at[c] = i;
    }
    for (size_t i = 0; i < n && groups; i++)
        free(groups[i]);
    free(groups);
    if (result >= 0 && (result == 0 || f->at[TITLE] == SIZE_MAX || f->at[ARTIST_NAME] == SIZE_MAX))
        return mm_error_set(err, MM_ERR_INPUT, "%s is not the data set's table of tracks",
                            f->table);
    return result < 0 ? result : 0;
}

static const char *cell(const struct fma *f, const struct mm_csv *csv, enum column column)
{
    return f->at[column] == SIZE_MAX ? "" : mm_csv_cell(csv, f->at[column]);
}

static int clean(char **member, const char *text)
{
    char *line = mm_text_clean_utf8(text, strlen(text));
    if (!line)
        return MM_ERR_NO_MEMORY;
    if (*line)
        *member = line;
    else
        free(line);
    return 0;
}

static int read_tags(const struct fma *f, const struct mm_csv *csv, struct mm_tags *tags)
{
    int result = clean(&tags->title, cell(f, csv, TITLE));
    if (result == 0)
        result = clean(&tags->artist, cell(f, csv, ARTIST_NAME));
    if (result == 0)
        result = clean(&tags->album, cell(f, csv, ALBUM_TITLE));
    char *top = NULL;
    if (result == 0)
        result = clean(&top, cell(f, csv, GENRE_TOP));
    if (result == 0 && top)
        result = mm_tags_add_genre(tags, top);
    free(top);
    if (result == 0)
        result = add_genres(f, cell(f, csv, GENRES), tags);
    long year = strtol(cell(f, csv, ALBUM_DATE), NULL, 10);
    long number = strtol(cell(f, csv, NUMBER), NULL, 10);
    tags->year = year >= 1000 && year <= 9999 ? (int)year : 0;
    tags->track = number > 0 && number < 10000 ? (int)number : 0;
    return result;
}

/* Whether the audio folder should have this row's clip. */
static bool expected(const struct fma *f, const struct mm_csv *csv)
{
    const char *subset = cell(f, csv, SUBSET);
    switch (f->subset) {
    case 0:
    case 1:
        return true;
    case 2:
        return strcmp(subset, "small") == 0 || strcmp(subset, "medium") == 0;
    case 3:
        return strcmp(subset, "small") == 0;
    default:
        return false;
    }
}

static int emit_row(struct fma *f, const struct mm_csv *csv, struct mm_error *err)
{
    char *end;
    unsigned long id = strtoul(mm_csv_cell(csv, 0), &end, 10);
    if (end == mm_csv_cell(csv, 0) || *end || id > 999999)
        return 0; /* the third header row, or no track */
    char name[32];
    snprintf(name, sizeof name, "%03lu/%06lu.mp3", id / 1000, id);
    char *path = mm_path_join(f->audio, name);
    struct stat st;
    struct mm_tags tags = {0};
    double seconds = strtod(cell(f, csv, DURATION), NULL);
    if (!(seconds > 0 && seconds < 1e6))
        seconds = 0;
    int result = path ? 0 : mm_no_memory(err);
    bool there = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (result == 0 && (there || expected(f, csv)) && read_tags(f, csv, &tags) < 0)
        result = mm_no_memory(err);
    if (result == 0 && there && st.st_size > 0) {
        char *licence = NULL;
        if (clean(&licence, cell(f, csv, LICENCE)) < 0)
            result = mm_no_memory(err);
        const struct mm_source_item item = {
            .source = "fma",
            .key = path,
            .size = (uint64_t)st.st_size,
            .mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
            .duration_s = seconds,
            .licence = licence,
            .tags_win = true,
            .tags = &tags,
        };
        if (result == 0)
            result = f->events->item(f->events->ctx, &item, err);
        free(licence);
    } else if (result == 0 && there) {
        if (f->events->skipped)
            f->events->skipped(f->events->ctx, MM_SKIP_EMPTY, path, NULL);
    } else if (result == 0 && expected(f, csv) && f->events->absent) {
        const struct mm_source_absent absent = {path, seconds, &tags};
        result = f->events->absent(f->events->ctx, &absent, err);
    }
    mm_tags_finish(&tags);
    free(path);
    return result;
}

static int read_tracks(struct fma *f, struct mm_error *err)
{
    FILE *stream = fopen(f->table, "re");
    if (!stream)
        return mm_error_errno(err, errno, "%s", f->table);
    struct mm_csv csv;
    mm_csv_init(&csv, stream, ',');
    int result = read_header(f, &csv, err);
    size_t rows = 0;
    while (result == 0 && (result = mm_csv_next(&csv, err)) == 1) {
        result = emit_row(f, &csv, err);
        if (result == 0 && ++rows % 1024 == 0) {
            mm_progress_update(f->progress, "looking for songs", rows, 0);
            if (mm_progress_cancelled(f->progress))
                result = mm_error_set(err, MM_ERR_CANCELLED, "stopped while reading tracks.csv");
        }
    }
    mm_csv_finish(&csv);
    fclose(stream);
    return result;
}

int mm_source_fma(const char *dir, const struct mm_source_events *events,
                  const struct mm_progress *progress, struct mm_error *err)
{
    struct fma f = {.events = events, .progress = progress};
    char *real = realpath(dir, NULL);
    int result = real ? locate(&f, real, err) : mm_error_errno(err, errno, "%s", dir);
    if (result == 0) {
        read_genres(&f);
        result = read_tracks(&f, err);
    }
    for (size_t i = 0; f.genres && i < MAX_GENRE; i++)
        free(f.genres[i]);
    free(f.genres);
    free(f.table);
    free(f.audio);
    free(real);
    return result;
}
