/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/sounds.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

static const char *const endings[] = {"mp3", "m4a", "ogg", "flac", "wav"};

char *mm_sound_stem(const char *source, const char *id)
{
    unsigned hash = 0x811c9dc5; /* FNV-1a: spreads ids over 256 folders */
    struct mm_text stem = {0};
    for (const unsigned char *p = (const unsigned char *)id; *p; p++)
        hash = (hash ^ *p) * 0x01000193;
    mm_text_addf(&stem, MM_SOUNDS_FOLDER "/%s/%02x/", source, (hash ^ hash >> 16) & 0xff);
    for (const unsigned char *p = (const unsigned char *)id; *p; p++) {
        if (isalnum(*p) || *p == '-')
            mm_text_add_bytes(&stem, p, 1);
        else
            mm_text_addf(&stem, "_%02x", *p);
    }
    return mm_text_steal(&stem);
}

char *mm_sound_find(const struct mm_catalog *catalog, const char *stem)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *file = mm_format("%s.%s", stem, endings[i]);
        char *path = file ? mm_path_join(mm_catalog_path(catalog), file) : NULL;
        bool there = path && access(path, R_OK) == 0;
        free(path);
        if (there)
            return file;
        free(file);
    }
    return NULL;
}

/* Beside its place under a name that is always the same: what a killed run leaves half written is
 * written over by the next, and nothing piles up. */
static int write_whole(const char *path, const void *bytes, size_t size, struct mm_error *err)
{
    char *part = mm_format("%s.part", path);
    if (!part)
        return mm_no_memory(err);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    int result = fd < 0 ? mm_error_errno(err, errno, "cannot write %s", part) : 0;
    for (size_t at = 0; result == 0 && at < size;) {
        ssize_t n = write(fd, (const char *)bytes + at, size - at);
        if (n < 0 && errno != EINTR)
            result = mm_error_errno(err, errno, "cannot write %s", part);
        at += n > 0 ? (size_t)n : 0;
    }
    if (result == 0 && (fsync(fd) != 0 || rename(part, path) != 0))
        result = mm_error_errno(err, errno, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && result < 0)
        unlink(part);
    free(part);
    return result;
}

int mm_sound_store(const struct mm_catalog *catalog, const char *stem, const char *ending,
                   const void *bytes, size_t size, char **file, struct mm_error *err)
{
    *file = mm_format("%s.%s", stem, ending);
    char *path = *file ? mm_path_join(mm_catalog_path(catalog), *file) : NULL;
    char *folder = path ? mm_strndup(path, (size_t)(mm_path_name(path) - path)) : NULL;
    int result = folder ? mm_file_make_folder(folder, err) : mm_no_memory(err);
    if (result == 0)
        result = write_whole(path, bytes, size, err);
    free(folder);
    free(path);
    if (result < 0) {
        free(*file);
        *file = NULL;
    }
    return result;
}

void mm_sound_remove(const struct mm_catalog *catalog, const char *file, bool *removed)
{
    char *path = mm_path_join(mm_catalog_path(catalog), file);
    bool gone = path && strncmp(file, MM_SOUNDS_FOLDER "/", 9) == 0 && !strstr(file, "/../") &&
                unlink(path) == 0;
    if (removed)
        *removed = gone;
    free(path);
}

bool mm_sound_is_from(const char *file, const char *source)
{
    size_t n = strlen(source);
    return strncmp(file, MM_SOUNDS_FOLDER "/", 9) == 0 && strncmp(file + 9, source, n) == 0 &&
           file[9 + n] == '/';
}

/* The files in one of the 256 folders. */
static size_t empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    size_t removed = 0;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        char *file = *e->d_name == '.' ? NULL : mm_path_join(path, e->d_name);
        removed += file && unlink(file) == 0;
        free(file);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
    return removed;
}

size_t mm_sounds_remove_all(const struct mm_catalog *catalog, const char *source)
{
    char *path = mm_format("%s/" MM_SOUNDS_FOLDER "/%s", mm_catalog_path(catalog), source);
    size_t removed = 0;
    for (unsigned i = 0; path && i < 256; i++) {
        char *folder = mm_format("%s/%02x", path, i);
        removed += folder ? empty_folder(folder) : 0;
        free(folder);
    }
    if (path)
        rmdir(path);
    free(path);
    return removed;
}
