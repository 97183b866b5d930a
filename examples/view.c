/* SPDX-License-Identifier: BSD-2-Clause */
/* A library's map as a picture: .svg, .png or .pdf. */
#include <stdio.h>
#include <stdlib.h>

#include <musicmap/view.h>

/* A scene is made of places, clusters and names, wherever they come from. */
static int make_scene(const struct mm_map_record *map, struct mm_scene **out, struct mm_error *err)
{
    float *xy = calloc(map->n_songs, 2 * sizeof *xy);
    uint32_t *cluster = calloc(map->n_songs, sizeof *cluster);
    int result = xy && cluster ? 0 : mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    if (result == 0) {
        for (size_t i = 0; i < map->n_songs; i++) {
            xy[2 * i] = map->songs[i].x;
            xy[2 * i + 1] = map->songs[i].y;
            cluster[i] = map->songs[i].cluster;
        }
        const struct mm_scene_input input = {.n_songs = map->n_songs,
                                             .xy = xy,
                                             .cluster = cluster,
                                             .n_countries = map->n_clusters,
                                             .names = (const char *const *)map->cluster_names};
        result = mm_scene_create(&input, out, err);
    }
    free(xy);
    free(cluster);
    return result;
}

static int draw(struct mm_catalog *catalog, const char *path, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct mm_scene *scene = NULL;
    struct mm_draw_report report = {0};
    const struct mm_draw_settings settings = {.title = "My songs", .width = 1200, .height = 800};
    int result = mm_catalog_get_map(catalog, &map, err);
    if (result == 0)
        result = make_scene(&map, &scene, err);
    if (result == 0)
        result = mm_draw(scene, &settings, path, &report, err);
    if (result == 0)
        printf("%zu of %zu countries have room for their names\n", report.named, report.countries);
    mm_scene_destroy(scene);
    mm_map_record_finish(&map);
    return result;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    if (argc != 3) {
        fputs("usage: view LIBRARY PICTURE\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result = draw(catalog, argv[2], &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
