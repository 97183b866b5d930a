/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lab_table.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cmd/command.h"

/* One column of figures; a new one is one line of the table below. */
static double clusters(const struct mm_lab_row *r)
{
    return (double)r->quality.clusters;
}
static double p_high(const struct mm_lab_row *r)
{
    return r->quality.p_at_5_high;
}
static double p_map(const struct mm_lab_row *r)
{
    return r->quality.p_at_5_2d;
}
static double trust(const struct mm_lab_row *r)
{
    return r->quality.trust_at_10;
}
static double continuity(const struct mm_lab_row *r)
{
    return r->quality.continuity_at_10;
}
static double kept(const struct mm_lab_row *r)
{
    return r->quality.kept_neighbours_at_5;
}
static double silhouette(const struct mm_lab_row *r)
{
    return r->quality.silhouette;
}
static double davies_bouldin(const struct mm_lab_row *r)
{
    return r->quality.davies_bouldin;
}
static double ami(const struct mm_lab_row *r)
{
    return r->quality.ami;
}
static double ari(const struct mm_lab_row *r)
{
    return r->quality.ari;
}
static double stability(const struct mm_lab_row *r)
{
    return r->stability;
}
static double seconds(const struct mm_lab_row *r)
{
    return r->seconds;
}
static double memory(const struct mm_lab_row *r)
{
    return r->peak_mb;
}

static const struct column {
    const char *title; /* of the Markdown table */
    const char *key;   /* of CSV and JSON */
    int digits;
    double (*get)(const struct mm_lab_row *row);
} columns[] = {
    {"countries", "countries", 0, clusters},
    {"p@5 vectors", "p_at_5_high", 3, p_high},
    {"p@5 map", "p_at_5_2d", 3, p_map},
    {"trust@10", "trust_at_10", 3, trust},
    {"continuity@10", "continuity_at_10", 3, continuity},
    {"kept@5", "kept_neighbours_at_5", 3, kept},
    {"silhouette", "silhouette", 3, silhouette},
    {"Davies-Bouldin", "davies_bouldin", 2, davies_bouldin},
    {"AMI", "ami", 3, ami},
    {"ARI", "ari", 3, ari},
    {"stability", "stability", 3, stability},
    {"seconds", "seconds", 2, seconds},
    {"MB", "peak_mb", 0, memory},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

static void add_clusters(struct mm_text *text, const struct mm_lab_row *row)
{
    if (row->clusters)
        mm_text_addf(text, "%zu", row->clusters);
    else
        mm_text_add(text, "auto");
}

char *lab_table_markdown(const struct mm_lab *lab)
{
    struct mm_text text = {0};
    mm_text_add(&text, "| row | model | clusterer | clusters | layout |");
    for (size_t c = 0; c < N_COLUMNS; c++)
        mm_text_addf(&text, " %s |", columns[c].title);
    mm_text_add(&text, "\n|---:|---|---|---:|---|");
    for (size_t c = 0; c < N_COLUMNS; c++)
        mm_text_add(&text, "---:|");
    mm_text_add(&text, "\n");
    for (size_t i = 0; i < lab->n; i++) {
        const struct mm_lab_row *row = &lab->rows[i];
        mm_text_addf(&text, "| %zu | %s | %s | ", i + 1, row->model, row->clusterer);
        add_clusters(&text, row);
        mm_text_addf(&text, " | %s |", row->layout);
        for (size_t c = 0; c < N_COLUMNS && !row->failure; c++) {
            double value = columns[c].get(row);
            if (isfinite(value))
                mm_text_addf(&text, " %.*f |", columns[c].digits, value);
            else
                mm_text_add(&text, " |");
        }
        if (row->failure)
            mm_text_addf(&text, " %s |", row->failure);
        mm_text_add(&text, "\n");
    }
    return mm_text_steal(&text);
}

/* RFC 4180: quotes are doubled. */
static void add_quoted(struct mm_text *text, const char *field)
{
    mm_text_add(text, "\"");
    for (; *field; field++)
        mm_text_add_bytes(text, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    mm_text_add(text, "\"");
}

char *lab_table_csv(const struct mm_lab *lab)
{
    struct mm_text text = {0};
    mm_text_add(&text, "row,model,clusterer,clusters,layout");
    for (size_t c = 0; c < N_COLUMNS; c++)
        mm_text_addf(&text, ",%s", columns[c].key);
    mm_text_add(&text, ",failure\r\n");
    for (size_t i = 0; i < lab->n; i++) {
        const struct mm_lab_row *row = &lab->rows[i];
        mm_text_addf(&text, "%zu,", i + 1);
        add_quoted(&text, row->model);
        mm_text_addf(&text, ",%s,", row->clusterer);
        add_clusters(&text, row);
        mm_text_addf(&text, ",%s", row->layout);
        for (size_t c = 0; c < N_COLUMNS; c++) {
            double value = row->failure ? NAN : columns[c].get(row);
            mm_text_add(&text, ",");
            if (isfinite(value))
                mm_text_addf(&text, "%.6g", value);
        }
        mm_text_add(&text, ",");
        if (row->failure)
            add_quoted(&text, row->failure);
        mm_text_add(&text, "\r\n");
    }
    return mm_text_steal(&text);
}

json_t *lab_table_json(const struct mm_lab *lab, uint64_t seed)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < lab->n; i++) {
        const struct mm_lab_row *row = &lab->rows[i];
        json_t *object = json_pack("{s:I, s:s, s:s, s:I, s:s, s:o}", "row", (json_int_t)i + 1,
                                   "model", row->model, "clusterer", row->clusterer, "clusters",
                                   (json_int_t)row->clusters, "layout", row->layout, "failure",
                                   cmd_json_text(row->failure));
        for (size_t c = 0; c < N_COLUMNS && object && !row->failure; c++) {
            double value = columns[c].get(row);
            json_object_set_new(object, columns[c].key,
                                isfinite(value) ? json_real(value) : json_null());
        }
        json_array_append_new(rows, object);
    }
    return json_pack("{s:I, s:o}", "seed", (json_int_t)seed, "rows", rows);
}

char *lab_row_title(const struct mm_lab_row *row, size_t number)
{
    return mm_format("%zu  %s \xC2\xB7 %s \xC2\xB7 %s", number + 1, row->model, row->clusterer,
                     row->layout);
}

char *lab_row_note(const struct mm_lab_row *row)
{
    const struct mm_quality *q = &row->quality;
    if (!isfinite(q->ami))
        return mm_format("%zu countries, trust %.2f, kept %.2f", q->clusters, q->trust_at_10,
                         q->kept_neighbours_at_5);
    return mm_format("%zu countries, AMI %.2f, p@5 %.2f, trust %.2f, kept %.2f", q->clusters,
                     q->ami, q->p_at_5_2d, q->trust_at_10, q->kept_neighbours_at_5);
}
