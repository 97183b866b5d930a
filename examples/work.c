/* SPDX-License-Identifier: BSD-2-Clause */
/* From a folder to a map in one program: gather, embed, map. What it takes is one line at the top
 * of main: helper processes are this program itself, run as "PROGRAM helper FD". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <musicmap/work.h>

static int explore(struct mm_catalog *catalog, struct mm_helpers *helpers, const char *folder,
                   struct mm_error *err)
{
    struct mm_gather_report gathered = {0};
    struct mm_embed_report embedded = {0};
    struct mm_map_record map = {0};
    const struct mm_gather_request what = {
        .source = mm_source_find("folder"), .paths = &folder, .n = 1};
    const struct mm_embed_options embed = {.model = {.model = "timbre", .center = -1},
                                           .excerpt_s = 30};
    const struct mm_map_options options = {.settings = {.seed = 1}};
    int result = mm_gather_files(catalog, helpers, &what, NULL, &gathered, err);
    if (result == 0)
        result = mm_embed_songs(catalog, helpers, &embed, NULL, &embedded, err);
    if (result == 0)
        result = mm_map_songs(catalog, &options, NULL, &map, err);
    if (result == 0)
        printf("%zu songs, %zu countries\n", map.n_songs, map.n_clusters);
    for (size_t c = 0; result == 0 && c < map.n_clusters; c++)
        printf("  %s\n", map.cluster_names[c]);
    mm_map_record_finish(&map);
    return result;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "helper") == 0)
        return mm_helper_main(atoi(argv[2]));
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_helpers *helpers = NULL;
    const struct mm_helper_settings settings = {.program = NULL};
    if (argc != 3) {
        fputs("usage: work FOLDER LIBRARY\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[2], true, &catalog, &err);
    if (result == 0)
        result = mm_helpers_create(&settings, &helpers, &err);
    if (result == 0)
        result = explore(catalog, helpers, argv[1], &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_helpers_destroy(helpers);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
