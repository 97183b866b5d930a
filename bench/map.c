/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-map - how long the parts of a map take.
 *
 *     bench-map [SONGS [DIMENSIONS [CLUSTERS [JOBS]]]]     20000 128 126 0; CLUSTERS 0 = chosen
 *
 * Songs are drawn around 126 centres with a spread as real descriptors have it. One line a part:
 * its name and seconds, wall clock.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "musicmap/map.h"

#define STYLES 126

static float *make_songs(size_t n, size_t dim, uint32_t *style)
{
    struct mm_random random = mm_random_stream(1, 1);
    float *rows = malloc(n * dim * sizeof *rows);
    float *centres = malloc(STYLES * dim * sizeof *centres);
    if (!rows || !centres)
        abort();
    for (size_t i = 0; i < STYLES * dim; i++)
        centres[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < n; i++) {
        style[i] = (uint32_t)mm_random_below(&random, STYLES);
        for (size_t j = 0; j < dim; j++)
            rows[i * dim + j] =
                centres[style[i] * dim + j] + 0.7F * (float)mm_random_normal(&random);
    }
    free(centres);
    return rows;
}

/* Names from one label a song, that of its style. */
static int choose_names(const struct mm_map *map, const uint32_t *style, struct mm_error *err)
{
    static char label[STYLES][16];
    static const char *own[STYLES];
    const char *const **labels = malloc(map->n * sizeof *labels);
    size_t *n_labels = malloc(map->n * sizeof *n_labels);
    if (!labels || !n_labels)
        abort();
    for (size_t i = 0; i < STYLES; i++) {
        snprintf(label[i], sizeof label[i], "Style %zu", i);
        own[i] = label[i];
    }
    for (size_t i = 0; i < map->n; i++) {
        labels[i] = &own[style[i]];
        n_labels[i] = 1;
    }
    struct mm_naming naming = {.n = map->n,
                               .labels = (const char *const *const *)labels,
                               .n_labels = n_labels,
                               .cluster = map->cluster,
                               .n_clusters = map->n_clusters,
                               .region = map->n_regions ? map->region : NULL,
                               .n_regions = map->n_regions};
    char **names = NULL;
    char **regions = NULL;
    int result = mm_names_choose(&naming, &names, &regions, err);
    if (result == 0) {
        mm_names_destroy(names, map->n_clusters);
        mm_names_destroy(regions, map->n_regions);
    }
    free(n_labels);
    free(labels);
    return result;
}

struct stage {
    const char *name;
    double since;
};

static void tell(const char *name, double since)
{
    printf("%-40s %8.3f s\n", name, mm_clock_s() - since);
}

static void on_progress(void *ctx, const char *stage, size_t done, size_t total)
{
    struct stage *now = ctx;
    (void)done;
    (void)total;
    if (now->name == stage)
        return;
    if (now->name)
        tell(now->name, now->since);
    *now = (struct stage){stage, mm_clock_s()};
}

static int run(size_t n, size_t dim, size_t clusters, size_t jobs, struct mm_error *err)
{
    uint32_t *style = malloc(n * sizeof *style);
    if (!style)
        abort();
    float *rows = make_songs(n, dim, style);
    struct mm_vectors vectors = mm_vectors_in_memory(rows, n, dim);
    struct mm_map_settings settings = {.clusters = clusters, .seed = 1, .jobs = jobs};
    struct stage now = {0};
    struct mm_progress progress = {.update = on_progress, .ctx = &now};
    struct mm_map *map = NULL;
    struct mm_voronoi *voronoi = NULL;
    struct mm_quality quality;

    double begin = mm_clock_s();
    int result = mm_map_build(&vectors, &settings, &progress, &map, err);
    if (result < 0)
        goto out;
    tell(now.name, now.since);
    tell("= map", begin);
    begin = mm_clock_s();
    result = choose_names(map, style, err);
    if (result < 0)
        goto out;
    tell("names", begin);
    struct mm_box box = mm_box_around(map->xy, n, 0.05);
    begin = mm_clock_s();
    result = mm_voronoi_create(map->xy, n, &box, &voronoi, err);
    if (result < 0)
        goto out;
    tell("cells", begin);
    begin = mm_clock_s();
    result = mm_quality_measure(&vectors, map->xy, map->cluster, style, jobs, &quality, err);
    if (result < 0)
        goto out;
    tell("quality", begin);
    printf("%zu clusters, inertia %.1f, AMI %.3f, p@5 %.3f high, %.3f on the map, trust@10 %.3f\n",
           map->n_clusters, map->inertia, quality.ami, quality.p_at_5_high, quality.p_at_5_2d,
           quality.trust_at_10);

out:
    mm_voronoi_destroy(voronoi);
    mm_map_destroy(map);
    free(rows);
    free(style);
    return result;
}

int main(int argc, char **argv)
{
    size_t value[4] = {20000, 128, STYLES, 0};
    for (int i = 1; i < argc && i <= 4; i++) {
        char *end;
        value[i - 1] = strtoul(argv[i], &end, 10);
        if (*end || end == argv[i] || (i < 3 && value[i - 1] == 0)) {
            fprintf(stderr, "usage: bench-map [SONGS [DIMENSIONS [CLUSTERS [JOBS]]]]\n");
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct mm_error err = {0};
    if (run(value[0], value[1], value[2], value[3], &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 3;
    }
    return 0;
}
