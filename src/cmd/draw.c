/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "cmd/command.h"
#include "cmd/draw_shade.h"
#include "musicmap/view.h"

struct arguments {
    const char *shade;
    const char *output;
    const char *cells;
    const char *title;
    size_t width;
    size_t height;
};

static int make_scene(const struct mm_map_record *map, struct mm_scene **scene,
                      struct mm_error *err)
{
    float *xy = mm_calloc3(map->n_songs, 2, sizeof *xy);
    uint32_t *cluster = mm_calloc3(map->n_songs, 1, sizeof *cluster);
    int result;
    if (!xy || !cluster) {
        result = mm_no_memory(err);
    } else {
        for (size_t i = 0; i < map->n_songs; i++) {
            xy[2 * i] = map->songs[i].x;
            xy[2 * i + 1] = map->songs[i].y;
            cluster[i] = map->songs[i].cluster;
        }
        struct mm_scene_input input = {.n_songs = map->n_songs,
                                       .xy = xy,
                                       .cluster = cluster,
                                       .n_countries = map->n_clusters,
                                       .names = (const char *const *)map->cluster_names,
                                       .n_regions = map->n_regions,
                                       .region_names = (const char *const *)map->region_names,
                                       .region = map->region};
        result = mm_scene_create(&input, scene, err);
    }
    free(cluster);
    free(xy);
    return result;
}

static int draw(struct mm_catalog *catalog, const struct arguments *in, enum mm_draw_cells cells,
                struct mm_draw_report *report, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct mm_scene *scene = NULL;
    struct mm_draw_settings settings = {
        .cells = cells, .title = in->title, .width = (int)in->width, .height = (int)in->height};
    int result = mm_catalog_get_map(catalog, &map, err);
    if (result == MM_ERR_NOT_FOUND)
        result = mm_error_set(err, result, "there is no map yet: run \"musicmap map\" first");
    if (result == 0)
        result = make_scene(&map, &scene, err);
    struct draw_shade shade = {0};
    if (result == 0 && in->shade)
        result = draw_shade_init(&shade, catalog, &map, in->shade, err);
    settings.shade = in->shade ? &shade.shade : NULL;
    if (result == 0)
        result = mm_draw(scene, &settings, in->output, report, err);
    draw_shade_finish(&shade);
    mm_scene_destroy(scene);
    mm_map_record_finish(&map);
    return result;
}

int cmd_draw(const struct command *self, int argc, char **argv)
{
    struct arguments in = {.cells = "songs"};
    const struct cmd_option options[] = {
        {"output", 'o', CMD_TEXT, &in.output, "FILE", "picture to write: .svg, .png or .pdf", 0, 0},
        {"cells", 0, CMD_TEXT, &in.cells, "songs|clusters",
         "a cell for each song (default), or one around each cluster's centre", 0, 0},
        {"shade", 0, CMD_TEXT, &in.shade, "WHAT",
         "colour cells by honesty, intensity, tempo, key, year, rating or plays", 0, 0},
        {"title", 0, CMD_TEXT, &in.title, "TEXT", "headline of the picture", 0, 0},
        {"width", 0, CMD_COUNT, &in.width, "N", "pixels, or points (default 2400)", 200, 20000},
        {"height", 0, CMD_COUNT, &in.height, "N", "pixels, or points (default 1600)", 200, 20000},
        {0},
    };
    int status = cmd_parse(self, options, argc, argv, 0, 0, NULL, NULL);
    if (status)
        return status;
    if (!in.output)
        return cmd_fail(self, CMD_USAGE, "say where to: -o map.svg, .png or .pdf");
    bool clusters = strcmp(in.cells, "clusters") == 0;
    if (!clusters && strcmp(in.cells, "songs") != 0)
        return cmd_fail(self, CMD_USAGE, "--cells cannot be \"%s\": songs or clusters", in.cells);
    if (in.shade && !draw_shade_known(in.shade))
        return cmd_fail(
            self, CMD_USAGE,
            "--shade cannot be \"%s\": honesty, intensity, tempo, key, year, rating or plays",
            in.shade);
    if (in.shade && clusters)
        return cmd_fail(self, CMD_USAGE, "--shade colours the cells of songs: leave --cells out");
    struct mm_catalog *catalog = cmd_open_library(self, false);
    if (!catalog)
        return CMD_FAILED;
    struct mm_error err = {0};
    struct mm_draw_report report = {0};
    int result = draw(catalog, &in, clusters ? MM_DRAW_CLUSTERS : MM_DRAW_SONGS, &report, &err);
    mm_catalog_close(catalog);
    if (result < 0)
        return cmd_fail_error(self, &err);
    cmd_say("drawn: %s (%zu of %zu countries named)", in.output, report.named, report.countries);
    if (cmd_common.json)
        cmd_print_json(json_pack("{s:o, s:I, s:I}", "file", cmd_json_text(in.output), "countries",
                                 (json_int_t)report.countries, "named", (json_int_t)report.named));
    return CMD_DONE;
}
