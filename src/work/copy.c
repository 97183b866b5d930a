/* SPDX-License-Identifier: BSD-2-Clause */
/* copy.c - a library moves to another store: its rows, the sounds that lie in its folder, and the
 * proof that both say the same. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

enum { BLOCK = 1 << 18 };

struct sounds {
    const struct mm_catalog *from, *to;
    const struct mm_progress *progress;
    struct mm_copy_report *report;
    char *block; /* [BLOCK] */
};

static int pour(int in, FILE *out, char *block, const char *path, struct mm_error *err)
{
    for (;;) {
        ssize_t n = read(in, block, BLOCK);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return mm_error_errno(err, errno, "cannot read %s", path);
        if (n > 0 && fwrite(block, 1, (size_t)n, out) != (size_t)n)
            return mm_error_errno(err, errno, "cannot write a copy of %s", path);
    }
}

static int copy_file(const char *from, const char *to, char *block, struct mm_error *err)
{
    struct mm_file_write file = {0};
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return mm_error_errno(err, errno, "cannot read %s", from);
    int result = mm_file_write_begin(&file, to, err);
    if (result == 0)
        result = pour(in, file.stream, block, from, err);
    if (result == 0)
        result = mm_file_write_commit(&file, err);
    mm_file_write_abort(&file);
    close(in);
    return result;
}

/* A sound that is gone already is counted, not a reason to stop. */
static int copy_sound(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct sounds *s = ctx;
    if (!song->file)
        return 0;
    if (mm_progress_cancelled(s->progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "stopped");
    char *from = mm_path_join(mm_catalog_path(s->from), song->file);
    char *to = mm_path_join(mm_catalog_path(s->to), song->file);
    char *folder = to ? mm_strndup(to, (size_t)(mm_path_name(to) - to)) : NULL;
    int result = from && folder ? mm_file_make_folder(folder, err) : mm_no_memory(err);
    if (result == 0) {
        result = copy_file(from, to, s->block, err);
        if (result == 0)
            s->report->sounds++;
        else if (result == MM_ERR_NOT_FOUND)
            result = 0, s->report->absent++;
        mm_progress_update(s->progress, "copying sounds", s->report->sounds, 0);
    }
    free(folder);
    free(to);
    free(from);
    return result;
}

static int copy_sounds(struct mm_catalog *from, struct mm_catalog *to,
                       const struct mm_progress *progress, struct mm_copy_report *report,
                       struct mm_error *err)
{
    struct sounds sounds = {from, to, progress, report, malloc(BLOCK)};
    if (!sounds.block)
        return mm_no_memory(err);
    int result = 0;
    if (strcmp(mm_catalog_path(from), mm_catalog_path(to)) != 0) /* else they are there */
        result = mm_catalog_each_song(from, MM_SONGS_ALL, NULL, copy_sound, &sounds, err);
    free(sounds.block);
    return result;
}

int mm_copy_library(struct mm_catalog *from, struct mm_catalog *to,
                    const struct mm_progress *progress, struct mm_copy_report *report,
                    struct mm_error *err)
{
    *report = (struct mm_copy_report){0};
    unsigned char copied[32];
    size_t rows;
    /* Sounds first: rows without their sounds would be a library that looks whole. */
    int result = copy_sounds(from, to, progress, report, err);
    if (result == 0)
        result = mm_catalog_copy(from, to, progress, &report->rows, err);
    if (result == 0)
        result = mm_catalog_hash(from, report->hash, &rows, err);
    if (result == 0)
        result = mm_catalog_hash(to, copied, &rows, err);
    if (result == 0 && memcmp(report->hash, copied, sizeof copied) != 0)
        result = mm_error_set(err, MM_ERR_BUG,
                              "the copy does not say what %s says: do not use it (was the library "
                              "written to meanwhile? then copy it again)",
                              mm_catalog_name(from));
    return result;
}
