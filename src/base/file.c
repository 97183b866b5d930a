/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"

int mm_file_read(const char *path, size_t limit, char **out, size_t *count, struct mm_error *err)
{
    *out = NULL;
    *count = 0;
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return mm_error_errno(err, errno, "%s", path);
    int result = 0;
    char *data = NULL;
    size_t length = 0;
    size_t capacity = 0;
    for (;;) {
        if (mm_array_reserve(&data, &capacity, length + 4097) < 0) {
            result = mm_no_memory(err);
            break;
        }
        size_t got = fread(data + length, 1, capacity - length - 1, stream);
        length += got;
        if (length > limit) {
            result = mm_error_set(err, MM_ERR_LIMIT, "%s: larger than %zu bytes", path, limit);
            break;
        }
        if (got == 0) {
            if (ferror(stream))
                result = mm_error_errno(err, errno, "%s", path);
            break;
        }
    }
    fclose(stream);
    if (result < 0) {
        free(data);
        return result;
    }
    data[length] = '\0';
    *out = data;
    *count = length;
    return 0;
}

int mm_file_write_begin(struct mm_file_write *file, const char *path, struct mm_error *err)
{
    *file = (struct mm_file_write){0};
    file->path = mm_strdup(path);
    file->temporary = mm_format("%s.%ld.tmp", path, (long)getpid());
    if (!file->path || !file->temporary) {
        mm_file_write_abort(file);
        return mm_no_memory(err);
    }
    /* Ours alone: what an earlier process of this number left behind goes, and a link that somebody
     * laid there is not followed. */
    unlink(file->temporary);
    file->stream = fopen(file->temporary, "wbxe");
    if (!file->stream) {
        int result = mm_error_errno(err, errno, "%s", path);
        free(file->temporary); /* it was never made: abort() must not remove a stranger's file */
        file->temporary = NULL;
        mm_file_write_abort(file);
        return result;
    }
    return 0;
}

/* A name is kept by its folder: without this a file that is whole may have no name after a crash of
 * the machine. Some file systems cannot, which is their own affair. */
static void sync_folder_of(const char *path)
{
    char *folder = path ? mm_strndup(path, (size_t)(mm_path_name(path) - path)) : NULL;
    int fd = folder ? open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

int mm_file_rename(const char *from, const char *to, struct mm_error *err)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    int fault = fd < 0 || fsync(fd) != 0 || rename(from, to) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (fault)
        return mm_error_errno(err, fault, "%s", to);
    sync_folder_of(to);
    return 0;
}

int mm_file_write_commit(struct mm_file_write *file, struct mm_error *err)
{
    int fault = 0;
    if (ferror(file->stream) || fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0)
        fault = errno ? errno : EIO;
    if (fclose(file->stream) != 0 && !fault)
        fault = errno;
    file->stream = NULL;
    if (!fault && rename(file->temporary, file->path) != 0)
        fault = errno;
    int result = 0;
    if (fault) {
        result = mm_error_errno(err, fault, "%s", file->path);
    } else {
        free(file->temporary);
        file->temporary = NULL;
        sync_folder_of(file->path);
    }
    mm_file_write_abort(file);
    return result;
}

void mm_file_write_abort(struct mm_file_write *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (struct mm_file_write){0};
}

int mm_file_write(const char *path, const void *bytes, size_t count, struct mm_error *err)
{
    struct mm_file_write file;
    int result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    fwrite(bytes, 1, count, file.stream);
    return mm_file_write_commit(&file, err);
}

int mm_file_make_folder(const char *path, struct mm_error *err)
{
    char *copy = mm_strdup(path);
    if (!copy)
        return mm_no_memory(err);
    int result = 0;
    for (char *p = copy + (*copy != '\0'); result == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        struct stat st;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            result = mm_error_errno(err, errno, "cannot make the folder %s", copy);
        else if (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode))
            result = mm_error_set(err, MM_ERR_IO, "%s is there, but is no folder", copy);
        if (kept == '\0')
            break;
        *p = kept;
    }
    free(copy);
    return result;
}

char *mm_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    return mm_format("%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}

const char *mm_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
