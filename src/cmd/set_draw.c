/* SPDX-License-Identifier: BSD-2-Clause */
/* set_draw.c - the route of a set on the poster of the map. */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "cmd/set.h"
#include "musicmap/view.h"

static int make_scene(const struct mm_map_record *map, struct mm_scene **scene,
                      struct mm_error *err)
{
    float *xy = mm_calloc3(map->n_songs, 2, sizeof *xy);
    uint32_t *cluster = mm_calloc3(map->n_songs, 1, sizeof *cluster);
    int result = xy && cluster ? 0 : mm_no_memory(err);
    for (size_t i = 0; result == 0 && i < map->n_songs; i++) {
        xy[2 * i] = map->songs[i].x;
        xy[2 * i + 1] = map->songs[i].y;
        cluster[i] = map->songs[i].cluster;
    }
    if (result == 0) {
        struct mm_scene_input input = {.n_songs = map->n_songs,
                                       .xy = xy,
                                       .cluster = cluster,
                                       .n_countries = map->n_clusters,
                                       .names = (const char *const *)map->cluster_names};
        result = mm_scene_create(&input, scene, err);
    }
    free(cluster);
    free(xy);
    return result;
}

int set_draw(struct mm_catalog *catalog, const struct made_set *made, const char *title,
             const char *path, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct mm_scene *scene = NULL;
    struct mm_route_stop *stops = mm_calloc3(made->set->n, 1, sizeof *stops);
    int result = stops ? mm_catalog_get_map(catalog, &map, err) : mm_no_memory(err);
    if (result == 0)
        result = make_scene(&map, &scene, err);
    if (result == 0) {
        for (size_t i = 0; i < made->set->n; i++) {
            const struct mm_set_item *item = &made->set->items[i];
            const struct mm_set_song *song = mm_set_library_song(made->library, item->song);
            stops[i] =
                (struct mm_route_stop){.x = (double)song->x,
                                       .y = (double)song->y,
                                       .start_s = item->start_s,
                                       .length_s = song->duration_s,
                                       .level = isfinite(item->arc) ? item->arc : song->intensity,
                                       .wanted = item->arc_wanted};
        }
        struct mm_route route = {.n = made->set->n, .stops = stops};
        struct mm_draw_settings settings = {.title = title, .route = &route};
        struct mm_draw_report report;
        result = mm_draw(scene, &settings, path, &report, err);
    }
    mm_scene_destroy(scene);
    mm_map_record_finish(&map);
    free(stops);
    return result;
}
