/* SPDX-License-Identifier: BSD-2-Clause */
/* A map of anything: rows of numbers in, places and clusters out. The library need not know of
 * music for it: 300 points of three kinds are made here. */
#include <stdio.h>

#include <musicmap/map.h>

enum { N = 300, DIM = 8, KINDS = 3 };

int main(void)
{
    struct mm_error err = {0};
    struct mm_map *map = NULL;
    static float rows[N][DIM];
    unsigned state = 1;
    for (int i = 0; i < N; i++)
        for (int d = 0; d < DIM; d++) {
            state = state * 1664525U + 1013904223U; /* numbers that look drawn, always the same */
            rows[i][d] = (float)(state >> 8) / (1 << 24) + (d % KINDS == i % KINDS ? 3 : 0);
        }
    const struct mm_vectors vectors = mm_vectors_in_memory(&rows[0][0], N, DIM);
    const struct mm_map_settings settings = {.seed = 1};
    if (mm_map_build(&vectors, &settings, NULL, &map, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 3;
    }
    printf("# %zu clusters\n# x y cluster kind\n", map->n_clusters);
    for (size_t i = 0; i < map->n; i++)
        printf("%7.4f %7.4f %u %zu\n", (double)map->xy[2 * i], (double)map->xy[2 * i + 1],
               (unsigned)map->cluster[i], i % KINDS);
    mm_map_destroy(map);
    return 0;
}
