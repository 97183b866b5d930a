/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/export_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"

/* "tile-12.bin": NULL, or what stands between; *length: of it. */
static const char *between(const char *name, const char *prefix, const char *ending, size_t *length)
{
    size_t skipped = strlen(prefix);
    if (strncmp(name, prefix, skipped) != 0)
        return NULL;
    *length = strcspn(name + skipped, ".");
    return strcmp(name + skipped + *length, ending) == 0 ? name + skipped : NULL;
}

static bool is_old_clip(const struct mm_export_made *made, const char *name)
{
    const struct mm_snapshot *s = made->snapshot;
    if (!*name || name[strspn(name, "0123456789")])
        return false;
    unsigned long long id = strtoull(name, NULL, 10);
    for (size_t low = 0, high = s->n; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (s->songs[middle] == id)
            return !made->heard(made->ctx, middle);
        if (s->songs[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return true;
}

static bool is_old_data(const struct mm_export_made *made, const char *name)
{
    const struct mm_snapshot *s = made->snapshot;
    size_t length;
    const char *at = between(name, "tile-", ".bin", &length);
    if (at)
        return strtoull(at, NULL, 10) >= s->n_tiles;
    at = between(name, "songs-", ".json", &length);
    if (at)
        return strtoull(at, NULL, 10) >= s->n;
    at = between(name, "column-", ".bin", &length);
    for (size_t i = 0; at && i < s->columns.n; i++)
        if (strlen(s->columns.columns[i].name) == length &&
            memcmp(s->columns.columns[i].name, at, length) == 0)
            return false;
    return at;
}

static int sweep(const char *folder, const char *part, const struct mm_export_made *made,
                 bool (*is_old)(const struct mm_export_made *made, const char *name),
                 struct mm_error *err)
{
    char *path = mm_path_join(folder, part);
    if (!path)
        return mm_no_memory(err);
    DIR *dir = opendir(path);
    int result = 0;
    if (!dir)
        result = mm_error_errno(err, errno, "cannot read %s", path);
    for (const struct dirent *entry; dir && result == 0 && (entry = readdir(dir));)
        if (is_old(made, entry->d_name) && unlinkat(dirfd(dir), entry->d_name, 0) < 0)
            result = mm_error_errno(err, errno, "cannot remove %s/%s of an earlier copy", path,
                                    entry->d_name);
    if (dir)
        closedir(dir);
    free(path);
    return result;
}

int mm_export_sweep(const char *folder, const struct mm_export_made *made, struct mm_error *err)
{
    int result = sweep(folder, "clips", made, is_old_clip, err);
    return result == 0 ? sweep(folder, "data", made, is_old_data, err) : result;
}
