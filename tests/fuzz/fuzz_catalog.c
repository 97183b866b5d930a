/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A catalog in which bytes are overwritten: five bytes each, where (three) and with what (two). It
 * is opened, read, looked at by the doctor and rebuilt; what it says may be wrong, but not more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "musicmap/catalog.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static char folder[64];
static char *whole;
static size_t whole_size;

static void forget(void)
{
    static const char *const names[] = {
        "",         "-wal",         "-shm",         "-journal",
        ".damaged", ".damaged-wal", ".damaged-shm", ".damaged-journal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/catalog.sqlite%s", folder, names[i]);
        unlink(path);
    }
}

static void end(void)
{
    forget();
    rmdir(folder);
    free(whole);
}

static void begin(void)
{
    struct mm_catalog *catalog = NULL;
    snprintf(folder, sizeof folder, "%s/musicmap-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder) || mm_catalog_open(folder, true, &catalog, NULL) < 0)
        abort();
    static const float values[4] = {1, 2, 3, 4};
    const struct mm_vector_kind kind = {.model = "timbre", .settings = "v1", .segment = ""};
    for (int i = 1; i <= 50; i++) {
        char key[32];
        snprintf(key, sizeof key, "/m/%d.mp3", i);
        struct mm_song song = {.source = (char *)"folder", .key = key, .tags.title = key};
        mm_catalog_add_song(catalog, &song, NULL);
        mm_catalog_put_vector(catalog, song.id, &kind, values, 4, NULL);
    }
    struct mm_map_song place = {.song = 1};
    char *name = (char *)"N";
    struct mm_map_record map = {.model = (char *)"timbre",
                                .settings = (char *)"s",
                                .report = (char *)"{}",
                                .n_songs = 1,
                                .songs = &place,
                                .n_clusters = 1,
                                .cluster_names = &name};
    mm_catalog_put_map(catalog, &map, NULL);
    mm_catalog_close(catalog);
    char path[128];
    snprintf(path, sizeof path, "%s/catalog.sqlite", folder);
    if (mm_file_read(path, 1 << 24, &whole, &whole_size, NULL) < 0)
        abort();
    atexit(end);
}

static void see(void *ctx, const struct mm_finding *finding)
{
    (void)ctx;
    if (!finding->what || !*finding->what)
        abort();
}

static int see_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)ctx;
    (void)err;
    if (!song->key || !song->source)
        abort();
    return 0;
}

static void read_all(void)
{
    struct mm_catalog *catalog = NULL;
    struct mm_error err = {0};
    struct mm_map_record map = {0};
    struct mm_catalog_counts counts;
    if (mm_catalog_open(folder, false, &catalog, &err) < 0) {
        if (!*err.message)
            abort();
        return;
    }
    (void)mm_catalog_count(catalog, &counts, &err);
    (void)mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, see_song, NULL, &err);
    if (mm_catalog_get_map(catalog, &map, &err) == 0)
        mm_map_record_finish(&map);
    mm_catalog_close(catalog);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char path[128];
    if (!whole)
        begin();
    forget();
    char *bytes = malloc(whole_size);
    if (!bytes)
        return 0;
    memcpy(bytes, whole, whole_size);
    for (; size >= 5; data += 5, size -= 5) {
        size_t at = (size_t)(data[0] << 16 | data[1] << 8 | data[2]) % (whole_size - 1);
        bytes[at] = (char)data[3];
        bytes[at + 1] = (char)data[4];
    }
    snprintf(path, sizeof path, "%s/catalog.sqlite", folder);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, whole_size, 1, file) != 1 || fclose(file) != 0)
        abort();
    free(bytes);
    read_all();
    (void)mm_catalog_examine(folder, see, NULL, NULL);
    struct mm_salvage_report report;
    if (mm_catalog_rebuild(folder, NULL, &report, NULL) == 0)
        read_all();
    return 0;
}
