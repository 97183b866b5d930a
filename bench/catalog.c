/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalog.c - how fast the library writes and answers, at 100,000 songs with vectors of 512 values
 * unless told otherwise:
 *
 *     build/bench/bench-catalog [SONGS [DIM]]
 *
 * Every song has tags, a measure and a vector; a hundredth are left to do. The library is made in
 * $TMPDIR and removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "musicmap/catalog.h"

enum { BATCH = 500, READS = 1000 };

static const struct mm_vector_kind kind = {"bench", "v1 pool=mean", ""};
static const char measure_settings[] = "excerpt=30 peak=sample";
static struct mm_error err;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(3);
    }
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct watch {
    double wall;
    double cpu;
};

static struct watch begin(void)
{
    return (struct watch){mm_clock_s(), cpu_seconds()};
}

static void say(const char *what, struct watch start, size_t rows)
{
    double seconds = mm_clock_s() - start.wall;
    printf("%-34s %9.1f ms %9.1f ms CPU", what, seconds * 1e3, (cpu_seconds() - start.cpu) * 1e3);
    if (rows)
        printf(" %10.0f rows/s", (double)rows / seconds);
    printf("\n");
}

static int64_t add_one(struct mm_catalog *catalog, size_t i)
{
    char key[96];
    char title[64];
    char artist[64];
    snprintf(key, sizeof key, "/home/ann/Music/Artist %zu/Album/%02zu - Title %zu.mp3", i / 12,
             i % 12, i);
    snprintf(title, sizeof title, "Title number %zu", i);
    snprintf(artist, sizeof artist, "Artist %zu", i / 12);
    char *genres[] = {"Bossa Nova", "Latin"};
    struct mm_song song = {
        .source = "folder",
        .key = key,
        .size = 5000000,
        .mtime_ns = 1,
        .duration_s = 200.0,
        .sample_rate = 44100,
        .channels = 2,
        .codec = "mp3",
        .tags = {
            .title = title, .artist = artist, .album = "Album", .genres = genres, .n_genres = 2}};
    memcpy(song.hash, &i, sizeof i);
    song.hash[31] = 1;
    must(mm_catalog_add_song(catalog, &song, &err));
    return song.id;
}

static void add_songs(struct mm_catalog *catalog, size_t n)
{
    struct watch start = begin();
    for (size_t i = 0; i < n; i++) {
        if (i % BATCH == 0)
            must(mm_catalog_begin(catalog, &err));
        add_one(catalog, i);
        if (i % BATCH == BATCH - 1 || i + 1 == n)
            must(mm_catalog_commit(catalog, &err));
    }
    say("add songs, 500 a commit", start, n);
}

static void add_results(struct mm_catalog *catalog, size_t n, size_t dim)
{
    float *values = calloc(dim, sizeof *values);
    struct mm_random random = {1};
    const struct mm_measure measure = {.excerpt_length_s = 30.0, .loudness_lufs = -14.0, .key = 3};
    struct watch start = begin();
    for (size_t i = 0; i < n; i++) {
        for (size_t d = 0; d < dim; d++)
            values[d] = (float)mm_random_unit(&random);
        if (i % BATCH == 0)
            must(mm_catalog_begin(catalog, &err));
        if (i % 100 != 99) {
            must(mm_catalog_put_measure(catalog, (int64_t)i + 1, measure_settings, &measure, &err));
            must(mm_catalog_put_vector(catalog, (int64_t)i + 1, &kind, values, dim, &err));
        }
        if (i % BATCH == BATCH - 1 || i + 1 == n)
            must(mm_catalog_commit(catalog, &err));
    }
    say("put measures and vectors", start, n);
    free(values);
}

static void read_vectors(struct mm_catalog *catalog, size_t dim)
{
    int64_t *ids;
    size_t n;
    struct watch start = begin();
    must(mm_catalog_embedded(catalog, &kind, &ids, &n, &err));
    say("ids of the embedded", start, n);
    float *values = malloc((size_t)READS * dim * sizeof *values);
    start = begin();
    for (size_t first = 0; first < n; first += READS) {
        size_t count = n - first < READS ? n - first : READS;
        must(mm_catalog_read_vectors(catalog, &kind, ids + first, count, dim, values, &err));
    }
    say("read vectors, 1,000 a block", start, n);
    free(values);
    free(ids);
}

static int see_song(void *ctx, const struct mm_song *song, struct mm_error *error)
{
    (void)error;
    *(size_t *)ctx += song->id > 0;
    return 0;
}

static void ask(struct mm_catalog *catalog)
{
    int64_t *todo;
    int64_t found[20];
    size_t n;
    struct watch start = begin();
    must(mm_catalog_todo(catalog, measure_settings, &kind, false, &todo, &n, &err));
    say("what is to be done", start, 0);
    free(todo);
    start = begin();
    must(mm_catalog_search(catalog, "number 777", found, 20, &n, &err));
    say("search \"number 777\"", start, 0);
    start = begin();
    struct mm_catalog_counts counts;
    must(mm_catalog_count(catalog, &counts, &err));
    say("figures of status", start, 0);
    start = begin();
    struct mm_model_count models[4];
    must(mm_catalog_list_models(catalog, models, 4, &n, &err));
    say("list of models", start, 0);
    start = begin();
    n = 0;
    must(mm_catalog_each_song(catalog, MM_SONGS_PRESENT, NULL, see_song, &n, &err));
    say("list all songs", start, n);
    start = begin();
    n = 0;
    must(mm_catalog_each_song(catalog, MM_SONGS_ALL, "/home/ann/Music", see_song, &n, &err));
    say("list all songs below a folder", start, n);
    start = begin();
    for (int i = 0; i < 1000; i++) {
        struct mm_song song;
        must(mm_catalog_get_song(catalog, 1 + i, &song, &err));
        mm_song_finish(&song);
    }
    say("get a song by id", start, 1000);
}

static void keep_map(struct mm_catalog *catalog, size_t n)
{
    struct mm_map_song *songs = calloc(n, sizeof *songs);
    char *names[] = {"One"};
    for (size_t i = 0; i < n; i++)
        songs[i] = (struct mm_map_song){(int64_t)i + 1, 0.5f, 0.5f, 0, 0};
    struct mm_map_record map = {.model = "bench",
                                .settings = "",
                                .report = "{}",
                                .n_songs = n,
                                .songs = songs,
                                .n_clusters = 1,
                                .cluster_names = names};
    struct watch start = begin();
    must(mm_catalog_put_map(catalog, &map, &err));
    say("put a map", start, n);
    start = begin();
    struct mm_map_record read;
    must(mm_catalog_get_map(catalog, &read, &err));
    say("get a map", start, n);
    mm_map_record_finish(&read);
    free(songs);
}

static void single_commits(struct mm_catalog *catalog)
{
    struct watch start = begin();
    for (int i = 0; i < 100; i++)
        must(mm_catalog_set_state(catalog, 1 + i, MM_SONG_HIDDEN, &err));
    say("one change a commit", start, 100);
}

int main(int argc, char **argv)
{
    size_t songs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    size_t dim = argc > 2 ? strtoul(argv[2], NULL, 10) : 512;
    const char *base = getenv("TMPDIR");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/musicmap-bench-XXXXXX", base ? base : "/tmp");
    if (songs < 1000 || dim < 1 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: bench-catalog [SONGS >= 1000 [DIM]]\n");
        return 2;
    }
    struct mm_catalog *catalog;
    must(mm_catalog_open(folder, true, &catalog, &err));
    add_songs(catalog, songs);
    add_results(catalog, songs, dim);
    read_vectors(catalog, dim);
    ask(catalog);
    keep_map(catalog, songs);
    single_commits(catalog);
    mm_catalog_close(catalog);

    char file[4200];
    snprintf(file, sizeof file, "%s/catalog.sqlite", folder);
    struct stat st;
    if (stat(file, &st) == 0)
        printf("%-34s %9.1f MB (vectors alone: %.1f MB)\n", "file", (double)st.st_size / 1e6,
               (double)(songs * dim * 4) / 1e6);
    unlink(file);
    rmdir(folder);
    return 0;
}
