/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-grow - a library of any size out of a small one, for maps and posters.
 *
 *     bench-grow FROM TO SONGS
 *
 * FROM is a library with vectors of one model; TO is made, with SONGS songs that have no sound. A
 * new song is the mean of a folder of FROM and a random sum of how songs of any folder differ from
 * the mean of theirs: the styles stay where they are, and are as wide as they are. It has the
 * genres of a song of that folder. Folders are not equally large. Deterministic.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/random.h"
#include "base/text.h"
#include "musicmap/catalog.h"

#define TERMS 8 /* of the sum */

struct seed {
    int64_t id;
    char *folder;
    char *artist;
    struct mm_tags tags;
};

struct seeds {
    struct mm_catalog *catalog;
    struct mm_model_count kind;
    struct seed *at; /* [n] songs of one folder follow one another */
    size_t n, room;
    float *x;       /* [n][dim] less the mean of the folder */
    double *mean;   /* [folders][dim] */
    size_t *first;  /* [folders + 1] */
    double *weight; /* [folders] running sums */
    size_t folders;
};

static int die(const struct mm_error *err)
{
    fprintf(stderr, "bench-grow: %s\n", err->message);
    return 3;
}

static int add_seed(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct seeds *s = ctx;
    const char *end = strrchr(song->key, '/');
    if (mm_array_reserve(&s->at, &s->room, s->n + 1) < 0)
        return mm_no_memory(err);
    struct seed *seed = &s->at[s->n++];
    *seed = (struct seed){.id = song->id,
                          .folder = mm_strndup(song->key, end ? (size_t)(end - song->key) : 0)};
    seed->artist = song->tags.artist ? mm_strdup(song->tags.artist) : NULL;
    for (size_t g = 0; g < song->tags.n_genres; g++)
        mm_tags_add_genre(&seed->tags, song->tags.genres[g]);
    return seed->folder ? 0 : mm_no_memory(err);
}

static int by_folder(const void *one, const void *two)
{
    const struct seed *a = one;
    const struct seed *b = two;
    int order = strcmp(a->folder, b->folder);
    return order ? order : (a->id > b->id) - (a->id < b->id);
}

static void take_means(struct seeds *s)
{
    size_t dim = s->kind.dim;
    for (size_t f = 0; f < s->folders; f++) {
        double *mean = s->mean + f * dim;
        double n = (double)(s->first[f + 1] - s->first[f]);
        for (size_t i = s->first[f] * dim; i < s->first[f + 1] * dim; i++)
            mean[i % dim] += s->x[i] / n;
        for (size_t i = s->first[f] * dim; i < s->first[f + 1] * dim; i++)
            s->x[i] -= (float)mean[i % dim];
    }
}

static int read_seeds(struct seeds *s, const char *path, struct mm_error *err)
{
    size_t count = 0;
    int result = mm_catalog_open(path, false, &s->catalog, err);
    if (result == 0)
        result = mm_catalog_list_models(s->catalog, &s->kind, 1, &count, err);
    if (result == 0 && count == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND, "nothing is embedded in %s", path);
    if (result == 0)
        result = mm_catalog_each_song(s->catalog, MM_SONGS_PRESENT, NULL, add_seed, s, err);
    if (result < 0)
        return result;
    qsort(s->at, s->n, sizeof *s->at, by_folder);
    struct mm_vector_kind kind = {s->kind.model, s->kind.settings, s->kind.segment};
    s->x = mm_calloc3(s->n, s->kind.dim, sizeof *s->x);
    s->first = mm_calloc3(s->n + 1, 1, sizeof *s->first);
    s->weight = mm_calloc3(s->n, 1, sizeof *s->weight);
    if (!s->x || !s->first || !s->weight)
        return mm_no_memory(err);
    for (size_t i = 0; i < s->n && result == 0; i++) {
        result = mm_catalog_read_vectors(s->catalog, &kind, &s->at[i].id, 1, s->kind.dim,
                                         s->x + i * s->kind.dim, err);
        if (i == 0 || strcmp(s->at[i].folder, s->at[i - 1].folder) != 0)
            s->first[s->folders++] = i;
    }
    s->first[s->folders] = s->n;
    s->mean = mm_calloc3(s->folders, s->kind.dim, sizeof *s->mean);
    if (!s->mean)
        return mm_no_memory(err);
    take_means(s);
    return result;
}

/* Folders from a quarter to twice as large as the mean. */
static void weigh(struct seeds *s, struct mm_random *random)
{
    double sum = 0;
    for (size_t f = 0; f < s->folders; f++)
        s->weight[f] = sum += 0.25 + 1.75 * mm_random_unit(random) * mm_random_unit(random) * 2;
}

static size_t draw_folder(const struct seeds *s, struct mm_random *random)
{
    double want = mm_random_unit(random) * s->weight[s->folders - 1];
    size_t f = 0;
    while (f + 1 < s->folders && s->weight[f] <= want)
        f++;
    return f;
}

/* out: [dim] */
static void mix(const struct seeds *s, size_t folder, struct mm_random *random, float *out)
{
    size_t dim = s->kind.dim;
    for (size_t j = 0; j < dim; j++)
        out[j] = (float)s->mean[folder * dim + j];
    for (int t = 0; t < TERMS; t++) {
        const float *x = s->x + mm_random_below(random, s->n) * dim;
        float part = (float)(mm_random_normal(random) / sqrt(TERMS));
        for (size_t j = 0; j < dim; j++)
            out[j] += part * x[j];
    }
}

static int add_song(struct mm_catalog *to, const struct seeds *s, size_t number, size_t a,
                    const float *x, struct mm_error *err)
{
    struct mm_song song = {.source = mm_strdup("file"),
                           .key = mm_format("%s/%06zu.mp3", s->at[a].folder, number),
                           .duration_s = 180,
                           .sample_rate = 44100,
                           .channels = 2};
    struct mm_vector_kind kind = {s->kind.model, s->kind.settings, s->kind.segment};
    song.tags.title = mm_format("Song %zu", number);
    song.tags.artist = s->at[a].artist ? mm_strdup(s->at[a].artist) : NULL;
    for (size_t g = 0; g < s->at[a].tags.n_genres; g++)
        mm_tags_add_genre(&song.tags, s->at[a].tags.genres[g]);
    int result = song.source && song.key && song.tags.title ? mm_catalog_add_song(to, &song, err)
                                                            : mm_no_memory(err);
    if (result == 0)
        result = mm_catalog_put_vector(to, song.id, &kind, x, s->kind.dim, err);
    mm_song_finish(&song);
    return result;
}

static int grow(const struct seeds *s, const char *path, size_t songs, struct mm_random *random,
                struct mm_error *err)
{
    struct mm_catalog *to = NULL;
    float *x = mm_calloc3(s->kind.dim, 1, sizeof *x);
    int result = x ? mm_catalog_open(path, true, &to, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_catalog_begin(to, err);
    for (size_t i = 0; i < songs && result == 0; i++) {
        size_t f = draw_folder(s, random);
        size_t size = s->first[f + 1] - s->first[f];
        size_t a = s->first[f] + mm_random_below(random, size);
        mix(s, f, random, x);
        result = add_song(to, s, i + 1, a, x, err);
    }
    if (result == 0)
        result = mm_catalog_commit(to, err);
    mm_catalog_close(to);
    free(x);
    return result;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct seeds s = {0};
    struct mm_random random = mm_random_stream(1, 1);
    char *end = NULL;
    size_t songs = argc == 4 ? strtoul(argv[3], &end, 10) : 0;
    if (songs == 0 || *end) {
        fprintf(stderr, "usage: bench-grow FROM TO SONGS\n");
        return 2;
    }
    if (read_seeds(&s, argv[1], &err) < 0)
        return die(&err);
    weigh(&s, &random);
    return grow(&s, argv[2], songs, &random, &err) < 0 ? die(&err) : 0;
}
