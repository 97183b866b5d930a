/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A catalog in which bytes are overwritten: five bytes each, where (three) and with what (two). It
 * is opened, read, looked at by the doctor and rebuilt; what it says may be wrong, but not more.
 */
#include "library.h"

#include "base/file.h"

static char *whole;
static size_t whole_size;

static void forget(void)
{
    static const char *const names[] = {
        "",         "-wal",         "-shm",         "-journal",
        ".damaged", ".damaged-wal", ".damaged-shm", ".damaged-journal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/catalog.sqlite%s", fuzz_folder(), names[i]);
        unlink(path);
    }
}

static void see(void *ctx, const struct mm_finding *finding)
{
    (void)ctx;
    must(finding->what && *finding->what);
}

static int see_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    (void)ctx, (void)err;
    must(song->key && song->source);
    return 0;
}

static void read_all(void)
{
    struct mm_catalog *catalog = NULL;
    struct mm_error err = {0};
    struct mm_map_record map = {0};
    struct mm_catalog_counts counts;
    int result = mm_catalog_open(fuzz_folder(), false, &catalog, &err);
    must_say(result, &err);
    if (result < 0)
        return;
    (void)mm_catalog_count(catalog, &counts, &err);
    (void)mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, see_song, NULL, &err);
    if (mm_catalog_get_map(catalog, &map, &err) == 0)
        mm_map_record_finish(&map);
    mm_catalog_close(catalog);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char path[300];
    bool half = size % 5 == 4;
    snprintf(path, sizeof path, "%s/catalog.sqlite", fuzz_folder());
    if (!whole) {
        make_library(fuzz_folder());
        must(mm_file_read(path, 1 << 24, &whole, &whole_size, NULL) == 0);
    }
    forget();
    char *bytes = malloc(whole_size);
    must(bytes);
    memcpy(bytes, whole, whole_size);
    for (; size >= 5; data += 5, size -= 5) {
        size_t at = (size_t)(data[0] << 16 | data[1] << 8 | data[2]) % (whole_size - 1);
        bytes[at] = (char)data[3];
        bytes[at + 1] = (char)data[4];
    }
    write_whole(path, bytes, whole_size);
    free(bytes);
    read_all();
    if (half) /* these take most of the time */
        return 0;
    (void)mm_catalog_examine(fuzz_folder(), see, NULL, NULL);
    struct mm_salvage_report report;
    if (mm_catalog_rebuild(fuzz_folder(), NULL, &report, NULL) == 0)
        read_all();
    return 0;
}
