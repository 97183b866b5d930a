/* SPDX-License-Identifier: BSD-2-Clause */
/* The main job: from folders of songs to a map that can be heard. */
#include "cmd/command.h"

static int explore(const struct command *self, struct mm_catalog *catalog,
                   struct mm_helpers *helpers, char **folders, size_t n,
                   const struct mm_embed_options *embed, const struct mm_map_options *map)
{
    struct mm_gather_report gathered;
    struct mm_embed_report embedded;
    struct mm_error err = {0};
    bool stale;
    int status =
        cmd_run_gather(self, catalog, helpers, mm_source_find("folder"), folders, n, &gathered);
    if (status <= CMD_PARTLY)
        status = cmd_run_embed(self, catalog, helpers, embed, &embedded);
    if (status > CMD_PARTLY)
        return status;
    if (mm_map_is_stale(catalog, map, &stale, &err) < 0) {
        if (err.code == MM_ERR_NOT_FOUND)
            return cmd_fail(self, CMD_FAILED, "no song was found that can be mapped");
        return cmd_fail_error(self, &err);
    }
    if (!stale)
        return CMD_DONE;
    struct mm_map_record record = {0};
    status = cmd_run_map(self, catalog, map, &record);
    mm_map_record_finish(&record);
    return status;
}

int cmd_explore(const struct command *self, int argc, char **argv)
{
    struct cmd_embed_options embed_in = {0};
    struct cmd_map_options map_in = {0};
    size_t port = 8765;
    bool no_serve = false;
    const struct cmd_option options[] = {
        CMD_EMBED_OPTIONS(embed_in),
        {"clusters", 0, CMD_TEXT, &map_in.clusters, "N|auto", "how many countries (default auto)",
         0, 0},
        {"layout", 0, CMD_TEXT, &map_in.layout, "NAME",
         "how songs are placed: umap (default), tsne, pca", 0, 0},
        {"port", 'p', CMD_COUNT, &port, "N", "first port to try (default 8765; 0 = any)", 0, 65535},
        {"no-serve", 0, CMD_FLAG, &no_serve, NULL, "make the map and end", 0, 0},
        {0},
    };
    char **folders;
    size_t n;
    struct mm_embed_options embed;
    struct mm_map_options map;
    int status = cmd_parse(self, options, argc, argv, 1, SIZE_MAX, &folders, &n);
    if (!status)
        status = cmd_embed_options(self, &embed_in, &embed);
    map_in.model = embed_in.model;
    if (!status)
        status = cmd_map_options(self, &map_in, &map);
    if (status)
        return status;
    struct mm_catalog *catalog = cmd_open_library(self, true);
    struct mm_helpers *helpers = catalog ? cmd_start_helpers(self) : NULL;
    status = CMD_FAILED;
    if (helpers)
        status = explore(self, catalog, helpers, folders, n, &embed, &map);
    if (helpers && status <= CMD_PARTLY && !no_serve)
        status = cmd_run_serve(self, catalog, helpers, NULL, port);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return status;
}
