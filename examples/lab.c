/* SPDX-License-Identifier: BSD-2-Clause */
/* Which clustering suits a library? A small table, as "musicmap lab" makes large ones. */
#include <stdio.h>

#include <musicmap/lab.h>

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_lab *lab = NULL;
    const char *clusterers[] = {"kmeans", "ward"};
    const char *layouts[] = {"pca"};
    const char *models[] = {"timbre"};
    const size_t clusters[] = {0};
    const struct mm_lab_grid grid = {.models = models,
                                     .n_models = 1,
                                     .clusterers = clusterers,
                                     .n_clusterers = 2,
                                     .clusters = clusters,
                                     .n_clusters = 1,
                                     .layouts = layouts,
                                     .n_layouts = 1,
                                     .seed = 1};
    if (argc != 2) {
        fputs("usage: lab LIBRARY\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result = mm_lab_run(catalog, &grid, NULL, &lab, &err);
    for (size_t i = 0; result == 0 && i < lab->n; i++)
        if (lab->rows[i].failure)
            printf("%-8s %s\n", lab->rows[i].clusterer, lab->rows[i].failure);
        else
            printf("%-8s %zu clusters, silhouette %.3f\n", lab->rows[i].clusterer,
                   lab->rows[i].quality.clusters, lab->rows[i].quality.silhouette);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_lab_destroy(lab);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
