/* SPDX-License-Identifier: BSD-2-Clause */
/* What a library knows of its songs, as a table: number, tempo, artist, title. */
#include <inttypes.h>
#include <stdio.h>

#include <musicmap/catalog.h>

static int print_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct mm_catalog *catalog = ctx;
    struct mm_measure measure = {0};
    int result = mm_catalog_get_measure(catalog, song->id, &measure, err);
    if (result < 0 && result != MM_ERR_NOT_FOUND)
        return result;
    printf("%" PRId64 "\t%.0f\t%s\t%s\n", song->id, measure.tempo_bpm,
           song->tags.artist ? song->tags.artist : "", song->tags.title ? song->tags.title : "");
    return 0;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    if (argc != 2) {
        fputs("usage: catalog LIBRARY\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, print_song, catalog, &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
