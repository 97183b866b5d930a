/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - reads every vector of a library in blocks, as "map" does (bench/load calls it):
 *
 *     build/bench/bench-load LIBRARY MODEL SETTINGS DIM
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "musicmap/catalog.h"

enum { BLOCK = 4096 };

static struct mm_error err;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(3);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    const struct mm_vector_kind kind = {argv[2], argv[3], ""};
    size_t dim = strtoul(argv[4], NULL, 10);
    struct mm_catalog *catalog;
    int64_t *ids;
    size_t n;
    must(mm_catalog_open(argv[1], false, &catalog, &err));
    must(mm_catalog_embedded(catalog, &kind, &ids, &n, &err));
    float *values = calloc(BLOCK * dim, sizeof *values);
    double begin = mm_clock_s();
    for (size_t i = 0; i < n; i += BLOCK)
        must(mm_catalog_read_vectors(catalog, &kind, ids + i, n - i < BLOCK ? n - i : BLOCK, dim,
                                     values, &err));
    printf("%.3f\n", mm_clock_s() - begin);
    free(values);
    free(ids);
    mm_catalog_close(catalog);
    return 0;
}
