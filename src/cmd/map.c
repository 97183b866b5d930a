/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/lab_table.h"
#include "cmd/map_update.h"
#include "musicmap/view.h"

/* The page numbers countries in 16 bits, of which one value is the sea. */
#define MOST_CLUSTERS 65535UL

#define MOST_LINES ((size_t)24) /* of the curve as text */
#define BAR        40

static bool in_table(const char *name, const struct mm_algorithm *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return true;
    return false;
}

int cmd_map_options(const struct command *self, const struct cmd_map_options *in,
                    struct mm_map_options *out)
{
    *out = (struct mm_map_options){.model = in->model,
                                   .settings = {.clusterer = in->clusterer,
                                                .layout = in->layout,
                                                .memory = in->memory,
                                                .seed = cmd_common.seed,
                                                .jobs = cmd_common.jobs}};
    size_t n_clusterers;
    size_t n_layouts;
    const struct mm_algorithm *clusterers = mm_clusterers(&n_clusterers);
    const struct mm_algorithm *layouts = mm_layouts(&n_layouts);
    if (in->clusterer && !in_table(in->clusterer, clusterers, n_clusterers))
        return cmd_fail(self, CMD_USAGE, "there is no clusterer \"%s\"", in->clusterer);
    if (in->layout && !in_table(in->layout, layouts, n_layouts))
        return cmd_fail(self, CMD_USAGE, "there is no layout \"%s\"", in->layout);
    if (in->clusters && strcmp(in->clusters, "auto") != 0) {
        char *end;
        unsigned long k = strtoul(in->clusters, &end, 10);
        if (*in->clusters < '0' || *in->clusters > '9' || *end || k < 1 || k > MOST_CLUSTERS)
            return cmd_fail(self, CMD_USAGE, "--clusters cannot be \"%s\": auto, or 1 to %lu",
                            in->clusters, MOST_CLUSTERS);
        out->settings.clusters = k;
    }
    return 0;
}

int cmd_run_map(const struct command *self, struct mm_catalog *catalog,
                const struct mm_map_options *options, struct mm_map_record *record)
{
    struct mm_error err = {0};
    int result = mm_map_songs(catalog, options, cmd_work_progress(catalog, "map"), record, &err);
    cmd_progress_end();
    cmd_work_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    if (record->n_regions > 0)
        cmd_say("mapped: %zu song%s in %zu countr%s of %zu region%s", record->n_songs,
                cmd_s(record->n_songs), record->n_clusters, record->n_clusters == 1 ? "y" : "ies",
                record->n_regions, cmd_s(record->n_regions));
    else
        cmd_say("mapped: %zu song%s in %zu countr%s", record->n_songs, cmd_s(record->n_songs),
                record->n_clusters, record->n_clusters == 1 ? "y" : "ies");
    return CMD_DONE;
}

/* ---- how it came about ---- */

static size_t count_of(const json_t *object, const char *key)
{
    return (size_t)json_integer_value(json_object_get(object, key));
}

/* The curve as lines of text: number, score, bar. Longer ones are thinned out. */
static void say_curve(const json_t *choice)
{
    const json_t *curve = json_object_get(choice, "curve");
    size_t n = json_array_size(curve);
    size_t chosen = count_of(choice, "chosen");
    double low = 0;
    double high = 0;
    for (size_t i = 0; i < n; i++) {
        double score = json_real_value(json_object_get(json_array_get(curve, i), "score"));
        low = i == 0 || score < low ? score : low;
        high = i == 0 || score > high ? score : high;
    }
    cmd_say("%s by number of %s:", json_string_value(json_object_get(choice, "criterion")),
            json_string_value(json_object_get(choice, "parameter")));
    size_t step = (n + MOST_LINES - 1) / MOST_LINES;
    for (size_t i = 0; i < n; i++) {
        const json_t *point = json_array_get(curve, i);
        double score = json_real_value(json_object_get(point, "score"));
        size_t k = count_of(point, "k");
        double length = high > low ? BAR * (score - low) / (high - low) : 0;
        if (i % step == 0 || k == chosen)
            cmd_say("%8zu %10.4f %.*s%s", k, score, (int)(length + 0.5),
                    "########################"
                    "################",
                    k == chosen ? " <- chosen" : "");
    }
}

static void say_how(const struct mm_map_record *record)
{
    json_t *report = json_loads(record->report, 0, NULL);
    const json_t *choice = json_object_get(report, "choice");
    size_t looked_at = count_of(report, "looked_at");
    size_t noise = count_of(report, "noise");
    if (json_array_size(json_object_get(choice, "curve")) > 0)
        say_curve(choice);
    if (count_of(choice, "joined") > 0)
        cmd_say("joined: %zu clusters of fewer than %zu songs, each to its nearest",
                count_of(choice, "joined"), count_of(choice, "least_songs"));
    size_t laid_out = count_of(report, "laid_out");
    if (laid_out > 0 && laid_out < record->n_songs)
        cmd_say("sampled: %zu songs were laid out in the memory allowed; the others were placed "
                "among them",
                laid_out);
    if (looked_at > 0 && looked_at < laid_out)
        cmd_say("sampled: %zu songs were clustered; the others went with the nearest of them",
                looked_at);
    if (noise > 0)
        cmd_say("noise: %zu songs belong to no cluster and went with the nearest that does", noise);
    json_decref(report);
}

/* Writes the curve as a picture. */
static int draw_curve(const struct command *self, const struct mm_map_record *record,
                      const char *path)
{
    json_t *report = json_loads(record->report, 0, NULL);
    const json_t *choice = json_object_get(report, "choice");
    const json_t *points = json_object_get(choice, "curve");
    size_t n = json_array_size(points);
    double *k = calloc(n ? n : 1, sizeof *k);
    double *score = calloc(n ? n : 1, sizeof *score);
    struct mm_error err = {0};
    int status = CMD_DONE;
    for (size_t i = 0; k && score && i < n; i++) {
        const json_t *point = json_array_get(points, i);
        k[i] = (double)count_of(point, "k");
        score[i] = json_real_value(json_object_get(point, "score"));
    }
    struct mm_curve curve = {.title = "How many countries?",
                             .x_label = json_string_value(json_object_get(choice, "parameter")),
                             .y_label = json_string_value(json_object_get(choice, "criterion")),
                             .n = n,
                             .k = k,
                             .score = score,
                             .chosen = (double)count_of(choice, "chosen")};
    if (n == 0)
        status = cmd_fail(self, CMD_FAILED,
                          "there is no curve to draw: the number of countries was not chosen from "
                          "the data, or there are too few songs");
    else if (!k || !score || mm_draw_curve(&curve, path, &err) < 0)
        status = cmd_fail_error(self, &err);
    else
        cmd_say("drawn: %s", path);
    free(score);
    free(k);
    json_decref(report);
    return status;
}

static json_t *record_json(const struct mm_map_record *record)
{
    json_t *json = json_loads(record->report, 0, NULL);
    if (!json)
        json = json_object();
    size_t *sizes = calloc(record->n_clusters ? record->n_clusters : 1, sizeof *sizes);
    for (size_t i = 0; sizes && i < record->n_songs; i++)
        sizes[record->songs[i].cluster]++;
    json_t *names = json_array();
    for (size_t i = 0; sizes && i < record->n_clusters; i++)
        json_array_append_new(
            names, json_pack("{s:s, s:I, s:s?}", "name", record->cluster_names[i], "songs",
                             (json_int_t)sizes[i], "region",
                             record->n_regions ? record->region_names[record->region[i]] : NULL));
    free(sizes);
    json_object_set_new(json, "countries", names);
    json_object_set_new(json, "map", json_integer(record->id));
    return json;
}

/* ---- like a row of the lab ---- */

/* *row: that row of the lab's table, in *table, which must live as long as in is used. */
static int read_row(const struct command *self, const char *number, json_t **table,
                    const json_t **row)
{
    char *library = cmd_library_folder(self);
    char *path = library ? mm_format("%s/%s", library, LAB_FILE) : NULL;
    char *end;
    unsigned long wanted = strtoul(number, &end, 10);
    int status = 0;
    *table = path ? json_load_file(path, 0, NULL) : NULL;
    const json_t *rows = json_object_get(*table, "rows");
    *row = wanted ? json_array_get(rows, wanted - 1) : NULL;
    if (!library)
        status = CMD_FAILED;
    else if (!json_is_array(rows))
        status = cmd_fail(self, CMD_FAILED,
                          "the library has no table to choose from: run \"musicmap lab\" first");
    else if (*number < '0' || *number > '9' || *end || !json_is_object(*row))
        status =
            cmd_fail(self, CMD_USAGE, "--like: there is no row \"%s\" in the lab's table", number);
    free(path);
    free(library);
    return status;
}

/* Sets what the row was made with. number: heap, the number of clusters as text. */
static int apply_row(const struct command *self, const char *like, json_t **table,
                     struct cmd_map_options *in, char **number)
{
    const json_t *row;
    if (cmd_given(&in->model) || cmd_given(&in->clusters) || cmd_given(&in->clusterer) ||
        cmd_given(&in->layout))
        return cmd_fail(self, CMD_USAGE,
                        "--like takes model, clusterer, clusters and layout from the row: leave "
                        "them out");
    int status = read_row(self, like, table, &row);
    if (status)
        return status;
    in->model = json_string_value(json_object_get(row, "model"));
    in->clusterer = json_string_value(json_object_get(row, "clusterer"));
    in->layout = json_string_value(json_object_get(row, "layout"));
    size_t clusters = count_of(row, "clusters");
    *number = clusters ? mm_format("%zu", clusters) : mm_strdup("auto");
    in->clusters = *number;
    cmd_common.seed = (uint64_t)json_integer_value(json_object_get(*table, "seed"));
    return 0;
}

/* What stands in the configuration is for new maps. */
static int check_update(const struct command *self, const struct cmd_map_options *in,
                        const char *const *like, const char *const *curve)
{
    if (cmd_given(&in->memory))
        return cmd_fail(self, CMD_USAGE,
                        "--update takes no --memory: it lays nothing out, and needs a kilobyte or "
                        "two a song; a new map within less is \"musicmap map --memory\"");
    if (cmd_given(&in->model) || cmd_given(&in->clusters) || cmd_given(&in->clusterer) ||
        cmd_given(&in->layout) || cmd_given(like) || cmd_given(curve))
        return cmd_fail(self, CMD_USAGE,
                        "--update keeps the map as it was made: give no other settings with it");
    return 0;
}

int cmd_map(const struct command *self, int argc, char **argv)
{
    struct cmd_map_options in = {0};
    const char *curve = NULL;
    const char *like = NULL;
    json_t *table = NULL;
    char *number = NULL;
    bool update = false;
    const struct cmd_option options[] = {
        {"model", 0, CMD_TEXT, &in.model, "NAME",
         "vectors to map: one model's (A:max: those pooled so), or several as A+B or A+0.7*B "
         "(default: "
         "what most have)",
         0, 0},
        {"clusters", 0, CMD_TEXT, &in.clusters, "N|auto", "how many countries (default auto)", 0,
         0},
        {"clusterer", 0, CMD_TEXT, &in.clusterer, "NAME",
         "how: kmeans, minibatch, gmm, gmm-full, ward, hdbscan, spectral", 0, 0},
        {"layout", 0, CMD_TEXT, &in.layout, "NAME",
         "how songs are placed: umap (default), tsne, pca", 0, 0},
        {"memory", 0, CMD_BYTES, &in.memory, "SIZE",
         "stay within it (2G): lay out as many songs as fit, place the others among them", 0, 0},
        {"like", 0, CMD_TEXT, &like, "ROW", "as that row of the last \"musicmap lab\" was made", 0,
         0},
        {"curve", 0, CMD_TEXT, &curve, "FILE", "draw how the number was chosen: .svg, .png or .pdf",
         0, 0},
        {"update", 0, CMD_FLAG, &update, NULL,
         "put new songs onto the map there is; no other song moves", 0, 0},
        {0},
    };
    struct mm_map_options map;
    struct mm_map_record record = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_error err = {0};
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status && curve && mm_draw_check_name(curve, &err) < 0)
        status = cmd_fail_error(self, &err);
    if (!status && update)
        status = check_update(self, &in, &like, &curve);
    if (!status && like && !update)
        status = apply_row(self, like, &table, &in, &number);
    if (!status)
        status = cmd_map_options(self, &in, &map);
    if (!status && curve && map.settings.clusters && !update)
        status = cmd_fail(self, CMD_USAGE,
                          "--clusters %s leaves no curve to draw: nothing is chosen", in.clusters);
    if (!status && !(catalog = cmd_open_library(self, false)))
        status = CMD_FAILED;
    if (!status)
        status = update ? cmd_run_map_update(self, catalog, &record)
                        : cmd_run_map(self, catalog, &map, &record);
    if (!status && !update)
        say_how(&record);
    if (!status && cmd_common.json)
        cmd_print_json(record_json(&record));
    if (!status && curve && !update)
        status = draw_curve(self, &record, curve);
    mm_map_record_finish(&record);
    mm_catalog_close(catalog);
    free(number);
    json_decref(table);
    return status;
}
