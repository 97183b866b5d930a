/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/gone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/source.h"

bool mm_file_is_gone(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool mm_file_is_same(const char *a, const char *b)
{
    struct stat x;
    struct stat y;
    if (stat(a, &x) != 0 || stat(b, &y) != 0 || x.st_dev != y.st_dev || x.st_ino != y.st_ino)
        return false;
    char *real_a = realpath(a, NULL);
    char *real_b = realpath(b, NULL);
    bool same = real_a && real_b && strcmp(real_a, real_b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct missing {
    const int64_t *seen;
    size_t n_seen;
    int64_t *ids;
    size_t count;
    size_t capacity;
};

static int collect_missing(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct missing *m = ctx;
    if (!mm_source_is_files(song->source) ||
        (m->n_seen && bsearch(&song->id, m->seen, m->n_seen, sizeof *m->seen, compare_ids)))
        return 0;
    /* Not seen, and yet there: the walk could not read its folder, or the file itself failed. */
    if (!mm_file_is_gone(song->key))
        return 0;
    if (mm_array_reserve(&m->ids, &m->capacity, m->count + 1) < 0)
        return mm_no_memory(err);
    m->ids[m->count++] = song->id;
    return 0;
}

int mm_gone_songs(struct mm_catalog *catalog, const char *folder, int64_t *seen, size_t n,
                  size_t *count, struct mm_error *err)
{
    if (n)
        qsort(seen, n, sizeof *seen, compare_ids);
    struct missing m = {.seen = seen, .n_seen = n};
    int result = mm_catalog_each_song(catalog, MM_SONGS_PRESENT, folder, collect_missing, &m, err);
    if (result == 0)
        result = mm_catalog_begin(catalog, err);
    if (result == 0) {
        for (size_t i = 0; i < m.count && result == 0; i++)
            result = mm_catalog_set_state(catalog, m.ids[i], MM_SONG_MISSING, err);
        if (result == 0)
            result = mm_catalog_commit(catalog, err);
        if (result < 0)
            mm_catalog_rollback(catalog);
    }
    *count += m.count;
    free(m.ids);
    return result;
}

struct stale {
    const char *folder, *stage;
    char **paths;
    size_t count;
    size_t capacity;
};

/* What the walk passed over for what stat() says (it knows no size of it), and would not now. */
static bool is_fine_now(const struct mm_failure *failure)
{
    struct stat st;
    if (failure->size || failure->mtime_ns || stat(failure->path, &st) != 0)
        return false;
    return S_ISDIR(st.st_mode) ? access(failure->path, R_OK | X_OK) == 0
                               : st.st_size > 0 && access(failure->path, R_OK) == 0;
}

static int collect_stale(void *ctx, const struct mm_failure *failure, struct mm_error *err)
{
    struct stale *list = ctx;
    bool below = strncmp(failure->path, list->folder, strlen(list->folder)) == 0;
    if (!below || strcmp(failure->stage, list->stage) != 0 ||
        !(mm_file_is_gone(failure->path) || is_fine_now(failure)))
        return 0;
    if (mm_array_reserve(&list->paths, &list->capacity, list->count + 1) < 0 ||
        !(list->paths[list->count] = mm_strdup(failure->path)))
        return mm_no_memory(err);
    list->count++;
    return 0;
}

int mm_gone_failures(struct mm_catalog *catalog, const char *folder, const char *stage,
                     struct mm_error *err)
{
    struct stale list = {.folder = folder, .stage = stage};
    int result = mm_catalog_each_failure(catalog, collect_stale, &list, err);
    for (size_t i = 0; i < list.count; i++) {
        if (result == 0)
            result = mm_catalog_clear_failure(catalog, list.paths[i], stage, err);
        free(list.paths[i]);
    }
    free(list.paths);
    return result;
}
