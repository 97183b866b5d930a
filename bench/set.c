/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench/set - how fast sets are made, and similar songs found.
 *
 *     bench/set [SONGS [RUNS [RULES.ini]]]     100000 5 doc/rules-example.ini
 *
 * Made songs of 230 values around 12 styles, whose variance falls from one main component to the
 * next as that of timbre does on the demo library (0.85 of it in the first 32). Times are wall
 * clock, once the library is loaded, the median of the runs, each with another seed; recall is
 * against comparing everything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "set/made.h"

/* Of all threads: on a busy machine it tells more than the clock on the wall. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *one, const void *two)
{
    double a = *(const double *)one;
    double b = *(const double *)two;
    return (a > b) - (a < b);
}

static double median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, by_size);
    return times[n / 2];
}

static void bench_similar(const struct mm_set_library *library, size_t runs)
{
    struct mm_similar found[50];
    double times[100];
    double cpu[100];
    size_t n = mm_set_library_size(library);
    size_t hits = 0;
    struct mm_set_weights sound = {.sound = 1};
    for (size_t r = 0; r < runs; r++) {
        size_t song = r * 7919 % n;
        size_t count;
        double begun = mm_clock_s();
        double cpu_begun = cpu_seconds();
        if (mm_set_similar(library, song, 50, found, &count, NULL) < 0)
            abort();
        times[r] = mm_clock_s() - begun;
        cpu[r] = cpu_seconds() - cpu_begun;
        double worst = 1 - (double)found[count - 1].cosine;
        size_t nearer = 0; /* songs nearer than the last one found: all should be in the list */
        for (size_t i = 0; i < n; i++)
            nearer += i != song && mm_set_transition(library, &sound, song, i).sound < worst - 1e-6;
        hits += nearer < count ? count : 2 * count - nearer;
    }
    printf("%-44s %8.2f ms  (%.2f ms of processor), recall@50 %.3f\n", "similar, 50 songs",
           1e3 * median(times, runs), 1e3 * median(cpu, runs),
           (double)hits / (50.0 * (double)runs));
}

static void fall_off(struct made *made)
{
    for (size_t i = 0; i < made->n; i++)
        for (size_t d = 0; d < made->dim; d++)
            made->rows[i * made->dim + d] *= (float)pow(1 + (double)d / 2.2, -0.6);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
    const char *file = argc > 3 ? argv[3] : "doc/rules-example.ini";
    struct mm_error err = {0};
    struct mm_set_rules *rules = NULL;
    char *text = NULL;
    size_t count;
    runs = runs < 1 ? 1 : runs > 100 ? 100 : runs;
    if (mm_file_read(file, 1 << 20, &text, &count, &err) < 0 ||
        mm_set_rules_parse(text, count, file, &rules, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    double begun = mm_clock_s();
    struct made made = made_songs(n < 10 ? 10 : n, 230, n / 12 + 1, 1);
    fall_off(&made);
    struct mm_set_library *library = made_library(&made);
    printf("%-44s %8.2f s\n", "songs made and loaded", mm_clock_s() - begun);
    made_finish(&made);
    double times[100];
    double cpu[100];
    size_t bent = 0;
    for (size_t r = 0; r < runs; r++) {
        struct mm_set *set = NULL;
        struct mm_set_request request = {.seed = r};
        begun = mm_clock_s();
        double cpu_begun = cpu_seconds();
        if (mm_set_make(library, rules, &request, NULL, &set, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        times[r] = mm_clock_s() - begun;
        cpu[r] = cpu_seconds() - cpu_begun;
        for (size_t i = 0; i < set->n_bent; i++)
            bent += !set->bent[i].soft;
        mm_set_destroy(set);
    }
    printf("%-44s %8.3f s   (%.3f s of processor), %zu hard rules bent in %zu sets\n",
           "an hour by the rules", median(times, runs), median(cpu, runs), bent, runs);
    bench_similar(library, runs);
    mm_set_library_destroy(library);
    mm_set_rules_destroy(rules);
    free(text);
    return 0;
}
