/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

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
        if (*in->clusters < '0' || *in->clusters > '9' || *end || k < 1 || k > 100000)
            return cmd_fail(self, CMD_USAGE, "--clusters cannot be \"%s\": auto, or 1 and more",
                            in->clusters);
        out->settings.clusters = k;
    }
    return 0;
}

int cmd_run_map(const struct command *self, struct mm_catalog *catalog,
                const struct mm_map_options *options, struct mm_map_record *record)
{
    struct mm_error err = {0};
    int result = mm_map_songs(catalog, options, cmd_progress(), record, &err);
    cmd_progress_end();
    if (result < 0)
        return cmd_fail_error(self, &err);
    cmd_say("mapped: %zu songs in %zu countries", record->n_songs, record->n_clusters);
    return CMD_DONE;
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
        json_array_append_new(names, json_pack("{s:s, s:I}", "name", record->cluster_names[i],
                                               "songs", (json_int_t)sizes[i]));
    free(sizes);
    json_object_set_new(json, "countries", names);
    json_object_set_new(json, "map", json_integer(record->id));
    return json;
}

int cmd_map(const struct command *self, int argc, char **argv)
{
    struct cmd_map_options in = {0};
    const struct cmd_option options[] = {
        {"model", 0, CMD_TEXT, &in.model, "NAME",
         "vectors to map: one model's, or several as A+B or A+0.7*B (default: what most have)", 0,
         0},
        {"clusters", 0, CMD_TEXT, &in.clusters, "N|auto", "how many countries (default auto)", 0,
         0},
        {"clusterer", 0, CMD_TEXT, &in.clusterer, "NAME",
         "how: kmeans, minibatch, gmm, gmm-full, ward, hdbscan", 0, 0},
        {"layout", 0, CMD_TEXT, &in.layout, "NAME",
         "how songs are placed: umap (default), tsne, pca", 0, 0},
        {0},
    };
    struct mm_map_options map;
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (!status)
        status = cmd_map_options(self, &in, &map);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_map_record record = {0};
    status = cmd_run_map(self, catalog, &map, &record);
    if (status == CMD_DONE && cmd_common.json)
        cmd_print_json(record_json(&record));
    mm_map_record_finish(&record);
    mm_catalog_close(catalog);
    return status;
}
