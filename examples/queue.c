/* SPDX-License-Identifier: BSD-2-Clause */
/* Who works on a shared library, and how much is left to do. */
#include <stdio.h>

#include <musicmap/queue.h>

static int print_worker(void *ctx, const struct mm_queue_worker_info *worker, struct mm_error *err)
{
    (void)ctx;
    (void)err;
    printf("%s: %zu songs done, %zu in hand, heard of %.0f s ago%s\n", worker->host, worker->done,
           worker->held, worker->seen_s, worker->alive ? "" : " (lost)");
    return 0;
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    struct mm_queue_counts counts = {0};
    if (argc != 2) {
        fputs("usage: queue postgresql://...\n", stderr);
        return 2;
    }
    int result = mm_catalog_open(argv[1], false, &catalog, &err);
    if (result == 0)
        result = mm_queue_count(catalog, 0, &counts, &err);
    if (result == 0)
        printf("%zu songs wait, %zu are in hand\n", counts.free, counts.held);
    if (result == 0)
        result = mm_queue_each_worker(catalog, print_worker, NULL, &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.message);
    mm_catalog_close(catalog);
    return result == 0 ? 0 : 3;
}
