/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - the vectors of a large library in PostgreSQL (bench/load calls it):
 *
 *     build/bench/bench-load read LIBRARY MODEL SETTINGS DIM   reads all in blocks, as "map" does
 *     build/bench/bench-load make SONGS DIM                    rows of the table "vector" for COPY:
 *                                                              songs of 60 kinds of music
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "musicmap/catalog.h"

enum { BLOCK = 4096, KINDS = 60 };

static struct mm_error err;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(3);
    }
}

static int read_all(const char *library, const struct mm_vector_kind *kind, size_t dim)
{
    struct mm_catalog *catalog;
    int64_t *ids;
    size_t n;
    must(mm_catalog_open(library, false, &catalog, &err));
    must(mm_catalog_embedded(catalog, kind, &ids, &n, &err));
    float *values = calloc(BLOCK * dim, sizeof *values);
    double begin = mm_clock_s();
    for (size_t i = 0; i < n; i += BLOCK)
        must(mm_catalog_read_vectors(catalog, kind, ids + i, n - i < BLOCK ? n - i : BLOCK, dim,
                                     values, &err));
    printf("%.3f\n", mm_clock_s() - begin);
    free(values);
    free(ids);
    mm_catalog_close(catalog);
    return 0;
}

static void print_hex(const float *values, size_t dim, char *line)
{
    static const char digit[] = "0123456789abcdef";
    unsigned char bytes[sizeof(float)];
    for (size_t j = 0; j < dim; j++) {
        memcpy(bytes, &values[j], sizeof bytes);
        for (size_t b = 0; b < sizeof bytes; b++) {
            *line++ = digit[bytes[b] >> 4];
            *line++ = digit[bytes[b] & 15];
        }
    }
    *line = '\0';
}

/* A song is its kind's middle, a little of another kind's, and something of its own. */
static int make(size_t n, size_t dim)
{
    struct mm_random random = mm_random_stream(1, 0);
    float *middle = calloc(KINDS * dim, sizeof *middle);
    float *values = calloc(dim, sizeof *values);
    char *line = calloc(8 * dim + 1, 1);
    if (!middle || !values || !line)
        return 3;
    for (size_t i = 0; i < KINDS * dim; i++)
        middle[i] = (float)mm_random_normal(&random);
    for (size_t i = 0; i < n; i++) {
        const float *one = middle + mm_random_below(&random, KINDS) * dim;
        const float *two = middle + mm_random_below(&random, KINDS) * dim;
        float share = (float)(mm_random_next(&random) >> 40) * 0x1p-25F;
        for (size_t j = 0; j < dim; j++)
            values[j] = one[j] + share * (two[j] - one[j]) + (float)mm_random_normal(&random);
        print_hex(values, dim, line);
        printf("1\t%zu\t\\\\x%s\n", i + 1, line);
    }
    free(line);
    free(values);
    free(middle);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "read") == 0)
        return read_all(argv[2], &(struct mm_vector_kind){argv[3], argv[4], ""},
                        strtoul(argv[5], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    return 2;
}
