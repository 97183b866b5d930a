/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.c - every combination of a grid: map, figures, stability, time and memory.
 *
 * Stability: the clustering is done again with the same number of clusters on four fifths of the
 * songs, drawn anew each time; the adjusted Rand index tells how far both agree on these songs (the
 * idea of Hennig 2007). Memory is the process's peak, which Linux lets a process reset.
 */
#include "musicmap/lab.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "work/labels.h"
#include "work/vectors.h"

#define SHARE 0.8 /* of the songs in a resample */

static void reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static double read_peak(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double peak = NAN;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtod(line + 6, NULL) / 1024;
    if (file)
        fclose(file);
    return peak;
}

/* ---- the songs of one model ---- */

struct songs {
    size_t n, dim;
    float *rows;     /* [n][dim] */
    float *weight;   /* [dim] or NULL */
    uint32_t *label; /* [n] */
};

static void songs_finish(struct songs *s)
{
    free(s->rows);
    free(s->weight);
    free(s->label);
}

static int songs_init(struct songs *s, struct mm_catalog *catalog, const char *model,
                      enum mm_label_kind kind, struct mm_error *err)
{
    struct mm_song_vectors v;
    *s = (struct songs){0};
    int result = mm_song_vectors_init(&v, catalog, model, err);
    if (result < 0)
        return result;
    struct mm_vectors reader = mm_song_vectors_reader(&v);
    s->n = reader.n;
    s->dim = reader.dim;
    s->rows = mm_calloc3(s->n, s->dim, sizeof *s->rows);
    s->label = mm_calloc3(s->n, 1, sizeof *s->label);
    s->weight = reader.weight ? mm_calloc3(s->dim, 1, sizeof *s->weight) : NULL;
    if (!s->rows || !s->label || (reader.weight && !s->weight))
        result = mm_no_memory(err);
    if (result == 0 && reader.weight)
        memcpy(s->weight, reader.weight, s->dim * sizeof *s->weight);
    for (size_t first = 0; first < s->n && result == 0; first += 1024)
        result = reader.read(reader.ctx, first, s->n - first < 1024 ? s->n - first : 1024,
                             s->rows + first * s->dim, err);
    if (result == 0)
        result = mm_song_labels(catalog, v.ids, s->n, kind, s->label, err);
    mm_song_vectors_finish(&v);
    return result;
}

/* Some of the songs, as a reader. */
struct part {
    const struct songs *songs;
    size_t n;
    uint32_t *row; /* [n] */
};

static int read_part(void *ctx, size_t first, size_t count, float *out, struct mm_error *err)
{
    (void)err;
    const struct part *p = ctx;
    size_t dim = p->songs->dim;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * dim, p->songs->rows + p->row[first + i] * dim, dim * sizeof *out);
    return 0;
}

static void draw(struct part *p, uint64_t seed, size_t draw)
{
    struct mm_random random = mm_random_stream(seed, 1000 + draw);
    size_t taken = 0;
    for (size_t i = 0; taken < p->n; i++)
        if (mm_random_below(&random, p->songs->n - i) < p->n - taken)
            p->row[taken++] = (uint32_t)i;
}

/* How far the clusters of some of the songs agree with the row's. */
static int compare(const struct part *part, const struct mm_lab_row *row,
                   const struct mm_map_settings *settings, double *ari, struct mm_error *err)
{
    struct mm_vectors vectors = {.n = part->n,
                                 .dim = part->songs->dim,
                                 .read = read_part,
                                 .ctx = (void *)part,
                                 .weight = part->songs->weight};
    struct mm_map *map;
    struct mm_quality quality;
    uint32_t *before = mm_calloc3(part->n, 1, sizeof *before);
    if (!before)
        return mm_no_memory(err);
    for (size_t i = 0; i < part->n; i++)
        before[i] = row->cluster[part->row[i]];
    int result = mm_map_build(&vectors, settings, NULL, &map, err);
    if (result == 0) {
        result = mm_quality_measure(&vectors, map->xy, map->cluster, before, settings->jobs,
                                    &quality, err);
        *ari = quality.ari;
        mm_map_destroy(map);
    }
    free(before);
    return result;
}

static int measure_stability(const struct songs *songs, const struct mm_lab_grid *grid,
                             struct mm_lab_row *row, struct mm_error *err)
{
    struct part part = {.songs = songs, .n = (size_t)(SHARE * (double)songs->n)};
    struct mm_map_settings settings = {.clusterer = row->clusterer,
                                       .layout = "pca", /* the cheapest: it is not looked at */
                                       .clusters = row->quality.clusters,
                                       .seed = grid->seed,
                                       .jobs = grid->jobs};
    row->stability = NAN;
    if (grid->resamples == 0 || part.n < 2)
        return 0;
    part.row = mm_calloc3(part.n, 1, sizeof *part.row);
    if (!part.row)
        return mm_no_memory(err);
    double sum = 0;
    int result = 0;
    for (size_t i = 0; i < grid->resamples && result == 0; i++) {
        double ari = 0;
        draw(&part, grid->seed, i);
        result = compare(&part, row, &settings, &ari, err);
        sum += ari;
    }
    row->stability = sum / (double)grid->resamples;
    free(part.row);
    return result;
}

/* ---- rows ---- */

static int keep_map(struct mm_lab_row *row, struct mm_map *map, const struct songs *songs,
                    struct mm_error *err)
{
    row->n = map->n;
    row->label = mm_calloc3(map->n, 1, sizeof *row->label);
    if (!row->label)
        return mm_no_memory(err);
    memcpy(row->label, songs->label, map->n * sizeof *row->label);
    row->xy = map->xy;
    row->cluster = map->cluster;
    map->xy = NULL;
    map->cluster = NULL;
    return 0;
}

static int fill_row(const struct songs *songs, const struct mm_lab_grid *grid,
                    struct mm_lab_row *row, const struct mm_progress *progress,
                    struct mm_error *err)
{
    struct mm_vectors vectors = mm_vectors_in_memory(songs->rows, songs->n, songs->dim);
    struct mm_map_settings settings = {.clusterer = row->clusterer,
                                       .layout = row->layout,
                                       .clusters = row->clusters,
                                       .seed = grid->seed,
                                       .jobs = grid->jobs};
    struct mm_progress quiet = {.cancel = progress ? progress->cancel : NULL};
    struct mm_map *map;
    vectors.weight = songs->weight;
    reset_peak();
    double begin = mm_clock_s();
    int result = mm_map_build(&vectors, &settings, &quiet, &map, err);
    row->seconds = mm_clock_s() - begin;
    row->peak_mb = read_peak();
    if (result < 0)
        return result;
    result = keep_map(row, map, songs, err);
    mm_map_destroy(map);
    if (result == 0)
        result = mm_quality_measure(&vectors, row->xy, row->cluster, row->label, grid->jobs,
                                    &row->quality, err);
    if (result == 0)
        result = measure_stability(songs, grid, row, err);
    return result;
}

/* What a row that failed says; errors that would meet every row end the run. */
static int note_failure(struct mm_lab_row *row, int result, struct mm_error *err)
{
    if (result == 0 || result == MM_ERR_CANCELLED || result == MM_ERR_NO_MEMORY)
        return result;
    row->failure = mm_strdup(err->message);
    return row->failure ? 0 : mm_no_memory(err);
}

static int fill_model(struct mm_catalog *catalog, const struct mm_lab_grid *grid,
                      struct mm_lab *lab, size_t first, size_t count,
                      const struct mm_progress *progress, struct mm_error *err)
{
    struct songs songs;
    int loaded = songs_init(&songs, catalog, lab->rows[first].model, grid->label, err);
    int result = 0;
    for (size_t i = first; i < first + count && result == 0; i++) {
        struct mm_lab_row *row = &lab->rows[i];
        mm_progress_update(progress, "comparing maps", i, lab->n);
        if (mm_progress_cancelled(progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
        else
            result = note_failure(
                row, loaded < 0 ? loaded : fill_row(&songs, grid, row, progress, err), err);
    }
    songs_finish(&songs);
    return result;
}

int mm_lab_run(struct mm_catalog *catalog, const struct mm_lab_grid *grid,
               const struct mm_progress *progress, struct mm_lab **out, struct mm_error *err)
{
    *out = NULL;
    size_t of_model = grid->n_clusterers * grid->n_clusters * grid->n_layouts;
    if (of_model == 0 || grid->n_models == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there is nothing to compare");
    struct mm_lab *lab = calloc(1, sizeof *lab);
    if (!lab || !(lab->rows = mm_calloc3(grid->n_models, of_model, sizeof *lab->rows))) {
        mm_lab_destroy(lab);
        return mm_no_memory(err);
    }
    for (size_t m = 0; m < grid->n_models; m++)
        for (size_t c = 0; c < grid->n_clusterers; c++)
            for (size_t k = 0; k < grid->n_clusters; k++)
                for (size_t l = 0; l < grid->n_layouts; l++)
                    lab->rows[lab->n++] = (struct mm_lab_row){.model = grid->models[m],
                                                              .clusterer = grid->clusterers[c],
                                                              .layout = grid->layouts[l],
                                                              .clusters = grid->clusters[k]};
    int result = 0;
    for (size_t m = 0; m < grid->n_models && result == 0; m++)
        result = fill_model(catalog, grid, lab, m * of_model, of_model, progress, err);
    mm_progress_update(progress, "comparing maps", lab->n, lab->n);
    if (result < 0)
        mm_lab_destroy(lab);
    else
        *out = lab;
    return result;
}

void mm_lab_destroy(struct mm_lab *lab)
{
    if (!lab)
        return;
    for (size_t i = 0; i < lab->n; i++) {
        free(lab->rows[i].failure);
        free(lab->rows[i].xy);
        free(lab->rows[i].cluster);
        free(lab->rows[i].label);
    }
    free(lab->rows);
    free(lab);
}
