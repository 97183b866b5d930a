/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draw.c - draws a made-up map and says what each part took.
 *
 *     bench-draw SONGS COUNTRIES FILE [--clusters] [--stray SHARE] [--seed N] [--size WxH]
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "musicmap/view.h"
#include "synthetic.h"

struct options {
    double stray;
    uint64_t seed;
    struct mm_draw_settings settings;
};

static bool read_options(int argc, char **argv, struct options *o)
{
    for (int i = 4; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--clusters") == 0)
            o->settings.cells = MM_DRAW_CLUSTERS;
        else if (strcmp(argv[i], "--stray") == 0 && more)
            o->stray = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--seed") == 0 && more)
            o->seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--size") == 0 && more) {
            char *end;
            o->settings.width = (int)strtol(argv[++i], &end, 10);
            o->settings.height = *end ? (int)strtol(end + 1, NULL, 10) : 0;
        } else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {0.02, 1, {.title = "A Map of Invented Music"}};
    size_t n = argc > 3 ? strtoull(argv[1], NULL, 10) : 0;
    size_t k = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (n == 0 || k == 0 || k > n || !read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: bench-draw SONGS COUNTRIES FILE [--clusters] [--stray SHARE] "
                        "[--seed N] [--size WxH]\n");
        return 2;
    }
    struct synthetic s;
    synthetic_make(&s, n, k, o.seed, o.stray);
    struct mm_scene *scene = NULL;
    struct mm_error err = {0};
    struct mm_draw_report report;
    double start = mm_clock_s();
    int result = mm_scene_create(&s.input, &scene, &err);
    double made = mm_clock_s();
    if (result == 0)
        result = mm_draw(scene, &o.settings, argv[3], &report, &err);
    if (result == 0)
        printf("%zu songs, %zu countries: scene %.3f s, picture %.3f s, %zu named, %zu pairs of "
               "neighbours too alike\n",
               n, report.countries, made - start, mm_clock_s() - made, report.named,
               scene->close_pairs);
    else
        fprintf(stderr, "bench-draw: %s\n", err.message);
    mm_scene_destroy(scene);
    synthetic_finish(&s);
    return result == 0 ? 0 : 3;
}
