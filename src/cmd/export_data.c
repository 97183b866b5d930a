/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_data.c - musicmap export --data: songs, what is known of them, their vectors and their
 * places on the map as a table for other programs. Columns are told apart by one table; each format
 * writes the same values. Titles come from strangers: cells that a spreadsheet would take for a
 * formula get an apostrophe, control characters are gone.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/export.h"
#include "cmd/npz.h"
#include "musicmap/work.h"

enum { TEXT_MOST = 200 }; /* code points of a text in .npz */

/* ---- columns ---- */

enum kind { TEXT, NUMBER, COUNT };

/* A value; text is borrowed from the row, NAN or NULL = not known. */
struct value {
    const char *text;
    double number;
};

static struct value column_value(const struct mm_table *t, const struct mm_table_row *row,
                                 size_t column);

static const struct column {
    const char *name;
    enum kind kind;
} columns[] = {
    {"id", COUNT},         {"title", TEXT},       {"artist", TEXT},       {"album", TEXT},
    {"genre", TEXT},       {"year", COUNT},       {"duration_s", NUMBER}, {"x", NUMBER},
    {"y", NUMBER},         {"cluster", COUNT},    {"country", TEXT},      {"region", TEXT},
    {"honesty", NUMBER},   {"tempo_bpm", NUMBER}, {"key", TEXT},          {"loudness_lufs", NUMBER},
    {"intensity", NUMBER}, {"source", TEXT},      {"path", TEXT},         {"isrc", TEXT},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static struct value place_value(const struct mm_table *t, const struct mm_map_song *place,
                                const char *name)
{
    struct value v = {.number = (double)NAN};
    if (!place)
        return v;
    if (strcmp(name, "x") == 0)
        v.number = (double)place->x;
    else if (strcmp(name, "y") == 0)
        v.number = (double)place->y;
    else if (strcmp(name, "honesty") == 0)
        v.number = (double)place->honesty;
    else if (strcmp(name, "cluster") == 0)
        v.number = place->cluster;
    else if (strcmp(name, "country") == 0 && place->cluster < t->map.n_clusters)
        v.text = t->map.cluster_names[place->cluster];
    else if (strcmp(name, "region") == 0 && t->map.n_regions &&
             place->cluster < t->map.n_clusters && t->map.region[place->cluster] < t->map.n_regions)
        v.text = t->map.region_names[t->map.region[place->cluster]];
    return v;
}

static struct value measure_value(const struct mm_measure *m, const char *name)
{
    struct value v = {.number = (double)NAN};
    if (strcmp(name, "tempo_bpm") == 0 && m->tempo_bpm > 0)
        v.number = m->tempo_bpm;
    else if (strcmp(name, "key") == 0)
        v.text = mm_key_name(m->key, m->mode);
    else if (strcmp(name, "loudness_lufs") == 0 && isfinite(m->loudness_lufs))
        v.number = m->loudness_lufs;
    else if (strcmp(name, "intensity") == 0)
        v.number = m->intensity;
    return v;
}

static struct value column_value(const struct mm_table *t, const struct mm_table_row *row,
                                 size_t column)
{
    const struct mm_song *s = &row->song;
    const struct mm_tags *tags = &s->tags;
    switch (column) {
    case 0:
        return (struct value){NULL, (double)s->id};
    case 1:
        return (struct value){tags->title ? tags->title : s->key ? mm_path_name(s->key) : NULL, 0};
    case 2:
        return (struct value){tags->artist, 0};
    case 3:
        return (struct value){tags->album, 0};
    case 4:
        return (struct value){tags->n_genres ? tags->genres[0] : NULL, 0};
    case 5:
        return (struct value){NULL, tags->year ? tags->year : (double)NAN};
    case 6:
        return (struct value){NULL, s->duration_s > 0 ? s->duration_s : (double)NAN};
    case 17:
        return (struct value){s->source, 0};
    case 18:
        return (struct value){s->key, 0};
    case 19:
        return (struct value){tags->isrc, 0};
    default:
        if (column >= 13)
            return row->measured ? measure_value(&row->measure, columns[column].name)
                                 : (struct value){NULL, (double)NAN};
        return place_value(t, row->place, columns[column].name);
    }
}

static char *clean(const char *text)
{
    return mm_text_clean_utf8(text ? text : "", text ? strlen(text) : 0);
}

/* Nine digits give a float back to the bit. */
static void put_number(FILE *out, enum kind kind, double value)
{
    if (isfinite(value))
        fprintf(out, kind == COUNT ? "%.0f" : "%.9g", value);
}

/* ---- .csv, and the .tsv pair of the TensorFlow projector ---- */

static void put_text(FILE *out, const char *text, char separator)
{
    bool formula = separator == ',' && *text && strchr("=+-@", *text);
    bool quote = separator == ',' && (formula || strpbrk(text, ",\"") || *text == ' ');
    if (quote)
        fputc('"', out);
    if (formula)
        fputc('\'', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"' && quote)
            fputc('"', out);
        fputc(*p, out); /* clean: no tab, no line break */
    }
    if (quote)
        fputc('"', out);
}

static int put_cells(const struct mm_table *t, size_t i, FILE *out, char separator,
                     struct mm_error *err)
{
    for (size_t c = 0; c < N_COLUMNS; c++) {
        struct value v = column_value(t, &t->rows[i], c);
        if (c)
            fputc(separator, out);
        if (columns[c].kind != TEXT) {
            put_number(out, columns[c].kind, v.number);
            continue;
        }
        char *text = clean(v.text);
        if (!text)
            return mm_no_memory(err);
        put_text(out, text, separator);
        free(text);
    }
    return 0;
}

static int write_csv(const struct mm_table *t, FILE *out, struct mm_error *err)
{
    int result = 0;
    for (size_t c = 0; c < N_COLUMNS; c++)
        fprintf(out, "%s%s", c ? "," : "", columns[c].name);
    for (size_t d = 0; d < t->dim; d++)
        fprintf(out, ",v%zu", d);
    fputs("\r\n", out);
    for (size_t i = 0; i < t->n && result == 0; i++) {
        result = put_cells(t, i, out, ',', err);
        for (size_t d = 0; d < t->dim; d++)
            fprintf(out, ",%.9g", (double)t->vectors[i * t->dim + d]);
        fputs("\r\n", out);
    }
    return result;
}

static int write_tsv_vectors(const struct mm_table *t, FILE *out, struct mm_error *err)
{
    (void)err;
    for (size_t i = 0; i < t->n; i++)
        for (size_t d = 0; d < t->dim; d++)
            fprintf(out, "%.9g%c", (double)t->vectors[i * t->dim + d],
                    d + 1 < t->dim ? '\t' : '\n');
    return 0;
}

static int write_tsv_words(const struct mm_table *t, FILE *out, struct mm_error *err)
{
    int result = 0;
    for (size_t c = 0; c < N_COLUMNS; c++)
        fprintf(out, "%s%s", c ? "\t" : "", columns[c].name);
    fputc('\n', out);
    for (size_t i = 0; i < t->n && result == 0; i++) {
        result = put_cells(t, i, out, '\t', err);
        fputc('\n', out);
    }
    return result;
}

/* ---- .jsonl ---- */

static int write_jsonl(const struct mm_table *t, FILE *out, struct mm_error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        json_t *row = json_object();
        for (size_t c = 0; c < N_COLUMNS; c++) {
            struct value v = column_value(t, &t->rows[i], c);
            char *text = columns[c].kind == TEXT && v.text && *v.text ? clean(v.text) : NULL;
            if (text)
                json_object_set_new(row, columns[c].name, json_string(text));
            else if (columns[c].kind == COUNT && isfinite(v.number))
                json_object_set_new(row, columns[c].name, json_integer((json_int_t)v.number));
            else if (columns[c].kind == NUMBER && isfinite(v.number))
                json_object_set_new(row, columns[c].name, json_real(v.number));
            free(text);
        }
        json_t *vector = json_array();
        for (size_t d = 0; d < t->dim; d++)
            json_array_append_new(vector, json_real((double)t->vectors[i * t->dim + d]));
        json_object_set_new(row, "vector", vector);
        int written = json_dumpf(row, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
        json_decref(row);
        if (written < 0)
            return mm_error_set(err, MM_ERR_IO, "cannot write the table");
        fputc('\n', out);
    }
    return 0;
}

/* ---- .npz ---- */

/* [n][TEXT_MOST] code points, zero behind the text. */
static uint32_t *text_column(const struct mm_table *t, size_t column)
{
    uint32_t *out = mm_calloc3(t->n, TEXT_MOST, sizeof *out);
    for (size_t i = 0; out && i < t->n; i++) {
        char *text = clean(column_value(t, &t->rows[i], column).text);
        const unsigned char *p = (const unsigned char *)(text ? text : "");
        for (size_t k = 0; *p && k < TEXT_MOST; k++) { /* clean, so whole sequences only */
            unsigned more = *p < 0x80 ? 0 : *p < 0xE0 ? 1 : *p < 0xF0 ? 2 : 3;
            uint32_t point = *p++ & (more == 0 ? 0x7FU : 0x3FU >> more);
            while (more-- && *p)
                point = point << 6 | (*p++ & 0x3FU);
            out[i * TEXT_MOST + k] = point;
        }
        free(text);
    }
    return out;
}

static void *number_column(const struct mm_table *t, size_t column)
{
    double *out = mm_calloc3(t->n, 1, sizeof *out);
    for (size_t i = 0; out && i < t->n; i++)
        out[i] = column_value(t, &t->rows[i], column).number;
    return out;
}

static int write_npz(const struct mm_table *t, const char *path, struct mm_error *err)
{
    struct cmd_array arrays[N_COLUMNS + 1];
    void *held[N_COLUMNS] = {0};
    char type[16];
    snprintf(type, sizeof type, "<U%d", TEXT_MOST);
    int result = 0;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        bool text = columns[c].kind == TEXT;
        held[c] = text ? (void *)text_column(t, c) : number_column(t, c);
        if (!held[c])
            result = mm_no_memory(err);
        arrays[c] = (struct cmd_array){.name = columns[c].name,
                                       .type = text ? type : "<f8",
                                       .shape = {1, {t->n}},
                                       .words = text ? TEXT_MOST : 0,
                                       .values = held[c]};
    }
    arrays[N_COLUMNS] = (struct cmd_array){
        .name = "vectors", .type = "<f4", .shape = {2, {t->n, t->dim}}, .values = t->vectors};
    if (result == 0)
        result = cmd_write_arrays(path, arrays, N_COLUMNS + 1, err);
    for (size_t c = 0; c < N_COLUMNS; c++)
        free(held[c]);
    return result;
}

/* ---- files ---- */

static int write_file(const struct mm_table *t, const char *path,
                      int (*write)(const struct mm_table *t, FILE *out, struct mm_error *err),
                      struct mm_error *err)
{
    struct mm_file_write file;
    int result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    result = write(t, file.stream, err);
    if (result == 0)
        return mm_file_write_commit(&file, err);
    mm_file_write_abort(&file);
    return result;
}

static const char *ending_of(const char *path)
{
    const char *dot = strrchr(mm_path_name(path), '.');
    return dot ? dot : "";
}

bool cmd_export_data_knows(const char *path)
{
    const char *ending = ending_of(path);
    return strcasecmp(ending, ".csv") == 0 || strcasecmp(ending, ".jsonl") == 0 ||
           strcasecmp(ending, ".npz") == 0 || strcasecmp(ending, ".tsv") == 0;
}

static int write_table(const struct mm_table *t, const char *path, struct mm_error *err)
{
    const char *ending = ending_of(path);
    if (strcasecmp(ending, ".csv") == 0)
        return write_file(t, path, write_csv, err);
    if (strcasecmp(ending, ".jsonl") == 0)
        return write_file(t, path, write_jsonl, err);
    if (strcasecmp(ending, ".npz") == 0)
        return write_npz(t, path, err);
    char *words = mm_format("%.*s-metadata.tsv", (int)(ending - path), path);
    int result = words ? write_file(t, path, write_tsv_vectors, err) : mm_no_memory(err);
    if (result == 0)
        result = write_file(t, words, write_tsv_words, err);
    free(words);
    return result;
}

int cmd_export_data(const struct command *self, struct mm_catalog *catalog, const char *path,
                    const char *model)
{
    struct mm_error err = {0};
    struct mm_table table;
    int result = mm_load_table(catalog, model, &table, &err);
    if (result < 0)
        return cmd_fail_error(self, &err);
    result = write_table(&table, path, &err);
    int status = result < 0 ? cmd_fail_error(self, &err) : CMD_DONE;
    if (status == CMD_DONE) {
        cmd_say("written: %s, %zu songs, %s vectors of %zu values", path, table.n, table.model,
                table.dim);
        if (cmd_common.json)
            cmd_print_json(json_pack("{s:o, s:I, s:s, s:I}", "file", cmd_json_text(path), "songs",
                                     (json_int_t)table.n, "model", table.model, "values",
                                     (json_int_t)table.dim));
    }
    mm_table_finish(&table);
    return status;
}
