/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench/set-quality - do sets flow, in the ears of a model that had no say in making them?
 *
 *     bench/set-quality LIBRARY [MODEL [JUDGE [SETS]]]     timbre musicnn-msd 40
 *
 * The library is embedded with both models. Sets of 20 songs are made with MODEL, at most one song
 * an artist, free ones and paths between two songs drawn by lot. Against each stand, under the same
 * rule, as long, and from the same first song (and to the same last one):
 *
 *   random order     the same songs shuffled (mean of 20)
 *   random songs     songs drawn by lot
 *   nearest next     always the nearest song that is left, as peers make mixes
 *   straight line    the nearest songs to points on the line between both ends, as peers make paths
 *
 * The figure is the mean distance (1 - cosine on standardised values) between neighbours by JUDGE;
 * songs by lot have 1.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "musicmap/catalog.h"
#include "musicmap/work.h"

enum { LENGTH = 20, MOST = 200 };

struct bench {
    struct mm_set_library *model, *judge;
    const struct mm_set_weights *weights;
    struct mm_random random;
};

struct list {
    uint32_t at[MOST];
    size_t n;
};

static const struct mm_set_weights sound = {.sound = 1};

static double judged(const struct bench *b, const struct list *list)
{
    double sum = 0;
    for (size_t i = 1; i < list->n; i++) {
        int64_t from = mm_set_library_song(b->model, list->at[i - 1])->id;
        int64_t to = mm_set_library_song(b->model, list->at[i])->id;
        sum += mm_set_transition(b->judge, &sound, mm_set_library_find(b->judge, from),
                                 mm_set_library_find(b->judge, to))
                   .sound;
    }
    return sum / (double)(list->n - 1);
}

static bool allowed(const struct bench *b, const struct list *list, uint32_t song)
{
    const char *artist = mm_set_library_song(b->model, song)->artist;
    for (size_t i = 0; i < list->n; i++) {
        const char *other = mm_set_library_song(b->model, list->at[i])->artist;
        if (list->at[i] == song || (artist && other && strcmp(artist, other) == 0))
            return false;
    }
    return true;
}

static double random_order(struct bench *b, const struct list *set)
{
    double sum = 0;
    for (int t = 0; t < 20; t++) {
        struct list list = *set;
        for (size_t i = list.n; i > 1; i--) {
            size_t k = mm_random_below(&b->random, i);
            uint32_t swap = list.at[i - 1];
            list.at[i - 1] = list.at[k];
            list.at[k] = swap;
        }
        sum += judged(b, &list) / 20;
    }
    return sum;
}

static double random_songs(struct bench *b, size_t n)
{
    struct list list = {.n = 0};
    for (int tries = 0; list.n < n && tries < 100000; tries++) {
        uint32_t song = (uint32_t)mm_random_below(&b->random, mm_set_library_size(b->model));
        if (allowed(b, &list, song))
            list.at[list.n++] = song;
    }
    return judged(b, &list);
}

static double nearest_next(struct bench *b, const struct list *set, bool path)
{
    /* The song that ends a path is kept back for its place. */
    struct list list = {.n = 1, .at = {set->at[0]}};
    struct list taken = {.n = path ? 2 : 1, .at = {set->at[0], set->at[set->n - 1]}};
    while (list.n < set->n - path) {
        uint32_t best = MM_SET_NONE;
        double best_cost = HUGE_VAL;
        for (uint32_t i = 0; i < mm_set_library_size(b->model); i++) {
            double cost = mm_set_transition(b->model, &sound, list.at[list.n - 1], i).sound;
            if (cost < best_cost && allowed(b, &taken, i)) {
                best = i;
                best_cost = cost;
            }
        }
        if (best == MM_SET_NONE)
            break;
        list.at[list.n++] = taken.at[taken.n++] = best;
    }
    if (path)
        list.at[list.n++] = set->at[set->n - 1];
    return judged(b, &list);
}

/*
 * cos(line point, song) from the cosines with both ends: the point is (1 - t) a + t z of two
 * vectors of length one, and its own length is the same for all songs.
 */
static double straight_line(struct bench *b, const struct list *set)
{
    uint32_t a = set->at[0];
    uint32_t z = set->at[set->n - 1];
    struct list list = {.n = 2, .at = {a, z}}; /* both ends are taken from the beginning */
    uint32_t middle[MOST];
    for (size_t k = 1; k + 1 < set->n; k++) {
        double t = (double)k / (double)(set->n - 1);
        uint32_t best = MM_SET_NONE;
        double best_cosine = -HUGE_VAL;
        for (uint32_t i = 0; i < mm_set_library_size(b->model); i++) {
            double cosine = (1 - t) * (1 - mm_set_transition(b->model, &sound, a, i).sound) +
                            t * (1 - mm_set_transition(b->model, &sound, z, i).sound);
            if (cosine > best_cosine && allowed(b, &list, i)) {
                best = i;
                best_cosine = cosine;
            }
        }
        if (best == MM_SET_NONE)
            break;
        middle[k - 1] = list.at[list.n++] = best;
    }
    size_t n = list.n;
    list.at[0] = a;
    memcpy(list.at + 1, middle, (n - 2) * sizeof *middle);
    list.at[n - 1] = z;
    return judged(b, &list);
}

static int run(struct bench *b, const struct mm_set_rules *rules, size_t sets, bool path,
               struct mm_error *err)
{
    double sum[5] = {0};
    for (size_t i = 0; i < sets; i++) {
        uint32_t ends[2];
        do {
            ends[0] = (uint32_t)mm_random_below(&b->random, mm_set_library_size(b->model));
            ends[1] = (uint32_t)mm_random_below(&b->random, mm_set_library_size(b->model));
        } while (strcmp(mm_set_library_song(b->model, ends[0])->artist,
                        mm_set_library_song(b->model, ends[1])->artist) == 0);
        /* A free set, too, begins at a song drawn by lot: else it would choose the easiest place.
         */
        struct mm_set_request request = {.shape = MM_SHAPE_PATH,
                                         .waypoints = ends,
                                         .n_waypoints = path ? 2 : 1,
                                         .from_first = true,
                                         .to_last = path,
                                         .seed = i};
        struct mm_set *set;
        int result = mm_set_make(b->model, rules, &request, NULL, &set, err);
        if (result < 0)
            return result;
        struct list list = {.n = set->n < MOST ? set->n : MOST};
        for (size_t k = 0; k < list.n; k++)
            list.at[k] = set->items[k].song;
        mm_set_destroy(set);
        sum[0] += judged(b, &list);
        sum[1] += random_order(b, &list);
        sum[2] += random_songs(b, list.n);
        sum[3] += nearest_next(b, &list, path);
        sum[4] += straight_line(b, &list);
    }
    static const char *const names[] = {"musicmap set", "its songs, random order", "random songs",
                                        "nearest next", "straight line"};
    printf("%s, %zu sets\n", path ? "from one song to another" : "from one song on", sets);
    for (size_t k = 0; k < (path ? 5 : 4); k++)
        printf("  %-26s %.3f   %.2f of it\n", names[k], sum[k] / (double)sets, sum[0] / sum[k]);
    return 0;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_set_rules *rules = NULL;
    struct bench b = {.random = mm_random_stream(1, 1)};
    size_t sets = argc > 4 ? strtoul(argv[4], NULL, 10) : 40;
    if (argc < 2) {
        fputs("usage: set-quality LIBRARY [MODEL [JUDGE [SETS]]]\n", stderr);
        return 2;
    }
    const char *text = "[limit]\nartist = 1\n";
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result =
            mm_load_set_library(catalog, argc > 2 ? argv[2] : "timbre", 0, NULL, &b.model, &err);
    if (result == 0)
        result = mm_load_set_library(catalog, argc > 3 ? argv[3] : "musicnn-msd", 0, NULL, &b.judge,
                                     &err);
    if (result == 0)
        result = mm_set_rules_parse(text, strlen(text), "rules", &rules, &err);
    if (result == 0) {
        double mean = 0;
        size_t n = mm_set_library_size(b.model);
        for (size_t i = 0; i < n; i++)
            mean += mm_set_library_song(b.model, i)->duration_s / (double)n;
        mm_set_rules_set_minutes(rules, mean * LENGTH / 60);
        result = run(&b, rules, sets, false, &err);
    }
    if (result == 0)
        result = run(&b, rules, sets, true, &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_set_rules_destroy(rules);
    mm_set_library_destroy(b.model);
    mm_set_library_destroy(b.judge);
    mm_catalog_close(catalog);
    return result < 0;
}
