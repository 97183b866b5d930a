/* SPDX-License-Identifier: BSD-2-Clause */
/* The sound files below a folder, as a playlist: what a source tells, without opening a file. */
#include <stdio.h>

#include <musicmap/source.h>

static int print_item(void *ctx, const struct mm_source_item *item, struct mm_error *err)
{
    (void)ctx;
    (void)err;
    puts(item->key);
    return 0;
}

static void print_skip(void *ctx, enum mm_skip kind, const char *path, const char *detail)
{
    (void)ctx;
    fprintf(stderr, "%s: %s%s%s\n", path, mm_skip_name(kind), detail ? ": " : "",
            detail ? detail : "");
}

int main(int argc, char **argv)
{
    struct mm_error err = {0};
    const struct mm_source_events events = {.item = print_item, .skipped = print_skip};
    if (argc != 2) {
        fputs("usage: source DIR\n", stderr);
        return 2;
    }
    if (mm_source_folder(argv[1], &events, NULL, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 3;
    }
    return 0;
}
