/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - what the queue of a shared library costs, with a model of fixed cost in place of a real
 * one (bench/queue calls it on a library with songs 1 .. N and no tasks):
 *
 *     build/bench/bench-queue LIBRARY WORKERS MILLISECONDS SONGS
 *
 * WORKERS processes each take their share of SONGS, as far as there are any: lease, "compute" for
 * so long (0 = not at all), store a vector of 512 values with the end of the task. Prints songs and
 * seconds, and the share of the workers' time that was not computing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "musicmap/queue.h"

enum { DIM = 512, BATCH = 4, CLAIM = 32 };

static const struct mm_vector_kind kind = {"stub", "v1", ""};
static const struct mm_queue_recipe recipe = {"stub", &kind, 1};
static struct mm_error err;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(3);
    }
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* So much of this process's own processor time: others on the machine do not count. */
static void compute(double seconds)
{
    double end = now(CLOCK_PROCESS_CPUTIME_ID) + seconds;
    while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
        ;
}

static struct mm_catalog *enter(const char *library, struct mm_queue_worker *worker)
{
    struct mm_catalog *catalog;
    must(mm_catalog_open(library, false, &catalog, &err));
    must(mm_queue_join(catalog, &recipe, "bench", (int64_t)getpid(), 60, worker, &err));
    return catalog;
}

static void do_song(struct mm_catalog *catalog, const struct mm_queue_worker *worker, int64_t song,
                    double cost_s)
{
    static float values[DIM];
    int tries;
    bool measure;
    bool vector;
    must(mm_queue_start(catalog, worker, song, &tries, NULL, &err));
    must(mm_queue_lacks(catalog, &recipe, song, &measure, &vector, &err));
    compute(cost_s);
    must(mm_catalog_begin_beside(catalog, &err));
    must(mm_queue_finish(catalog, worker, song, &err));
    must(mm_catalog_put_vector(catalog, song, &kind, values, DIM, &err));
    must(mm_catalog_commit(catalog, &err));
}

/* The whole way, song by song; the child tells how much of its processor time was not computing.
 * Returns the songs done. */
static size_t work(const char *library, double cost_s, size_t share)
{
    struct mm_queue_worker worker;
    struct mm_catalog *catalog = enter(library, &worker);
    int64_t songs[BATCH];
    double begin = now(CLOCK_PROCESS_CPUTIME_ID);
    double wall = now(CLOCK_MONOTONIC);
    size_t n;
    size_t done = 0;
    do {
        must(mm_queue_claim(catalog, &worker, BATCH, songs, &n, &err));
        for (size_t i = 0; i < n; i++)
            do_song(catalog, &worker, songs[i], cost_s);
        done += n;
    } while (n && done < share);
    double spent = now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    printf("worker: %zu songs, %.2f s, processor %.2f s of which %.2f s (%.2f %%) for the queue\n",
           done, now(CLOCK_MONOTONIC) - wall, spent, spent - (double)done * cost_s,
           100 * (spent - (double)done * cost_s) / spent);
    must(mm_queue_leave(catalog, &worker, &err));
    mm_catalog_close(catalog);
    return done;
}

/* Leases and nothing else; returns their number. */
static size_t lease(const char *library, size_t share)
{
    struct mm_queue_worker worker;
    struct mm_catalog *catalog = enter(library, &worker);
    int64_t songs[CLAIM];
    size_t n;
    size_t got = 0;
    do {
        must(mm_queue_claim(catalog, &worker, CLAIM, songs, &n, &err));
        got += n;
    } while (n && got < share);
    must(mm_queue_leave(catalog, &worker, &err));
    mm_catalog_close(catalog);
    return got;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    size_t workers = strtoul(argv[2], NULL, 10);
    double cost_s = strtod(argv[3], NULL) / 1000;
    size_t songs = strtoul(argv[4], NULL, 10);
    struct mm_queue_worker worker;
    struct mm_catalog *catalog = enter(argv[1], &worker);
    size_t added;
    double begin = now(CLOCK_MONOTONIC);
    must(mm_queue_fill(catalog, &worker, &recipe, false, &added, &err));
    if (added)
        printf("filled: %zu tasks in %.2f s\n", added, now(CLOCK_MONOTONIC) - begin);
    must(mm_queue_leave(catalog, &worker, &err));
    mm_catalog_close(catalog);
    fflush(stdout);
    size_t *done = mmap(NULL, workers * sizeof *done, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED)
        return 3;
    begin = now(CLOCK_MONOTONIC);
    for (size_t i = 0; i < workers; i++)
        if (fork() == 0) {
            size_t share = songs / workers;
            done[i] = cost_s > 0 ? work(argv[1], cost_s, share) : lease(argv[1], share);
            exit(0);
        }
    int bad = 0;
    for (int status; wait(&status) > 0;)
        bad |= status != 0;
    double seconds = now(CLOCK_MONOTONIC) - begin;
    size_t all = 0; /* fewer than asked for where the library has no more */
    for (size_t i = 0; i < workers; i++)
        all += done[i];
    printf("%zu workers: %zu songs in %.2f s, %.0f/s\n", workers, all, seconds,
           (double)all / seconds);
    return bad ? 3 : 0;
}
