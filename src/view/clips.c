/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/clips.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"

enum { MAX_CLIP = 32 << 20, NAME_SIZE = 64 };
static const int64_t A_MINUTE = INT64_C(60000000000);

/* What stands before the bytes in a file. Written and read on one machine: no byte order to fix,
 * a header from another kind of machine is simply not ours. */
struct header {
    char magic[8];
    uint64_t size;
    char mime[32];
    unsigned char hash[MM_HASH_SIZE];
};
static const char magic[8] = "MMCLIP1\n";

struct entry {
    int64_t song;
    uint64_t tag;
    uint64_t size; /* of the file */
    int64_t used;  /* nanoseconds since 1970 */
    int64_t noted; /* the same, as the file's time has it */
    bool checked;  /* its hash was compared, by this process */
};

struct mm_clips {
    pthread_mutex_t mutex;
    char *folder;
    uint64_t limit;
    uint64_t bytes;
    struct entry *entries; /* in order of song, one each */
    size_t count;
    size_t capacity;
};

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return nanoseconds(&t);
}

static void entry_name(const struct entry *entry, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%" PRId64 "-%016" PRIx64 ".clip", entry->song, entry->tag);
}

/* Whether name is one that entry_name() gives. */
static bool parse_name(const char *name, struct entry *entry)
{
    char again[NAME_SIZE];
    *entry = (struct entry){0};
    char *end;
    if (*name < '1' || *name > '9')
        return false;
    entry->song = strtoll(name, &end, 10);
    if (*end != '-')
        return false;
    entry->tag = strtoull(end + 1, &end, 16);
    entry_name(entry, again);
    return strcmp(name, again) == 0;
}

static void remove_file(const struct mm_clips *clips, const struct entry *entry)
{
    char name[NAME_SIZE];
    entry_name(entry, name);
    char *path = mm_path_join(clips->folder, name);
    if (path)
        unlink(path);
    free(path);
}

/* Index of the first entry whose song is not below this one. */
static size_t find(const struct mm_clips *clips, int64_t song)
{
    size_t low = 0;
    size_t high = clips->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (clips->entries[middle].song < song)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void forget(struct mm_clips *clips, size_t i)
{
    remove_file(clips, &clips->entries[i]);
    clips->bytes -= clips->entries[i].size;
    clips->count--;
    memmove(&clips->entries[i], &clips->entries[i + 1],
            (clips->count - i) * sizeof *clips->entries);
}

/* Enters a file that is there. Of two of one song the one used later stays. */
static int enter(struct mm_clips *clips, const struct entry *entry)
{
    size_t i = find(clips, entry->song);
    if (i < clips->count && clips->entries[i].song == entry->song) {
        struct entry *old = &clips->entries[i];
        if (old->tag != entry->tag) {
            if (old->used > entry->used) {
                remove_file(clips, entry);
                return 0;
            }
            remove_file(clips, old);
        }
        clips->bytes -= old->size;
        clips->bytes += entry->size;
        *old = *entry;
        return 0;
    }
    if (mm_array_reserve(&clips->entries, &clips->capacity, clips->count + 1) < 0)
        return MM_ERR_NO_MEMORY;
    memmove(&clips->entries[i + 1], &clips->entries[i],
            (clips->count - i) * sizeof *clips->entries);
    clips->entries[i] = *entry;
    clips->count++;
    clips->bytes += entry->size;
    return 0;
}

static void shrink(struct mm_clips *clips)
{
    while (clips->bytes > clips->limit && clips->count) {
        size_t oldest = 0;
        for (size_t i = 1; i < clips->count; i++)
            if (clips->entries[i].used < clips->entries[oldest].used)
                oldest = i;
        forget(clips, oldest);
    }
}

/* A name that an interrupted write of ours leaves behind: SONG-TAG.clip.PID.tmp. */
static bool is_leftover(const char *name, const struct stat *st)
{
    enum { AN_HOUR = 3600 };
    char head[NAME_SIZE];
    struct entry entry;
    const char *clip = strstr(name, ".clip.");
    size_t length = strlen(name);
    if (!clip || length < 4 || strcmp(name + length - 4, ".tmp") != 0)
        return false;
    snprintf(head, sizeof head, "%.*s", (int)(clip + 5 - name), name);
    return parse_name(head, &entry) && time(NULL) - st->st_mtime > AN_HOUR;
}

static int scan(struct mm_clips *clips, struct mm_error *err)
{
    DIR *dir = opendir(clips->folder);
    if (!dir)
        return mm_error_errno(err, errno, "%s", clips->folder);
    int result = 0;
    struct dirent *d;
    while (result == 0 && (d = readdir(dir))) {
        struct stat st;
        struct entry entry;
        if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (is_leftover(d->d_name, &st))
            unlinkat(dirfd(dir), d->d_name, 0);
        if (!parse_name(d->d_name, &entry))
            continue;
        entry.size = (uint64_t)st.st_size;
        entry.used = nanoseconds(&st.st_mtim);
        entry.noted = entry.used;
        if (enter(clips, &entry) < 0)
            result = mm_no_memory(err);
    }
    closedir(dir);
    return result;
}

int mm_clips_create(const char *folder, uint64_t limit, struct mm_clips **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_clips *clips = calloc(1, sizeof *clips);
    if (!clips)
        return mm_no_memory(err);
    pthread_mutex_init(&clips->mutex, NULL);
    clips->limit = limit;
    clips->folder = mm_strdup(folder);
    if (!clips->folder) {
        mm_clips_destroy(clips);
        return mm_no_memory(err);
    }
    int result = mm_file_make_folder(folder, err);
    if (result == 0)
        result = scan(clips, err);
    if (result < 0) {
        mm_clips_destroy(clips);
        return result;
    }
    shrink(clips);
    *out = clips;
    return 0;
}

void mm_clips_destroy(struct mm_clips *clips)
{
    if (!clips)
        return;
    pthread_mutex_destroy(&clips->mutex);
    free(clips->entries);
    free(clips->folder);
    free(clips);
}

static bool read_all(int fd, void *out, size_t count, off_t offset)
{
    unsigned char *to = out;
    while (count) {
        ssize_t got = pread(fd, to, count, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        offset += got;
        count -= (size_t)got;
    }
    return true;
}

static bool hash_fits(int fd, const struct header *header)
{
    unsigned char hash[MM_HASH_SIZE];
    unsigned char *data = malloc(header->size ? (size_t)header->size : 1);
    bool good = data && read_all(fd, data, (size_t)header->size, sizeof *header) &&
                mm_hash_bytes(data, (size_t)header->size, hash, NULL) == 0 &&
                memcmp(hash, header->hash, sizeof hash) == 0;
    free(data);
    return good;
}

/* Opens the entry's file; false when it is not what was written there. */
static bool open_file(const struct mm_clips *clips, const struct entry *entry,
                      struct mm_clip_file *out)
{
    char name[NAME_SIZE];
    entry_name(entry, name);
    char *path = mm_path_join(clips->folder, name);
    out->fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    free(path);
    if (out->fd < 0)
        return false;
    struct header header;
    struct stat st;
    if (fstat(out->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        !read_all(out->fd, &header, sizeof header, 0) ||
        memcmp(header.magic, magic, sizeof magic) != 0 || header.size == 0 ||
        header.size > MAX_CLIP || (uint64_t)st.st_size != header.size + sizeof header ||
        !memchr(header.mime, '\0', sizeof header.mime) ||
        (!entry->checked && !hash_fits(out->fd, &header))) {
        close(out->fd);
        return false;
    }
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(header.hash, hex);
    snprintf(out->etag, sizeof out->etag, "\"%.16s\"", hex);
    memcpy(out->mime, header.mime, sizeof out->mime);
    out->size = header.size;
    out->offset = sizeof header;
    return true;
}

/* The order of use outlives the process as the file's time; a minute is exact enough. */
static void touch(struct entry *entry, int fd)
{
    int64_t at = now();
    if (at - entry->noted >= A_MINUTE && futimens(fd, NULL) == 0)
        entry->noted = at;
    entry->used = at;
}

bool mm_clips_open(struct mm_clips *clips, int64_t song, uint64_t tag, struct mm_clip_file *out)
{
    pthread_mutex_lock(&clips->mutex);
    size_t i = find(clips, song);
    struct entry entry = {0};
    bool known = i < clips->count && clips->entries[i].song == song;
    if (known)
        entry = clips->entries[i];
    pthread_mutex_unlock(&clips->mutex);
    if (!known || entry.tag != tag)
        return false;

    bool good = open_file(clips, &entry, out); /* may hash the whole file: not under the lock */
    pthread_mutex_lock(&clips->mutex);
    i = find(clips, song);
    if (i < clips->count && clips->entries[i].song == song && clips->entries[i].tag == tag) {
        if (good) {
            clips->entries[i].checked = true;
            touch(&clips->entries[i], out->fd);
        } else {
            forget(clips, i);
        }
    }
    pthread_mutex_unlock(&clips->mutex);
    return good;
}

static int write_file(const struct mm_clips *clips, const struct entry *entry,
                      const struct mm_blob *blob, struct mm_error *err)
{
    struct header header = {.size = blob->size};
    memcpy(header.magic, magic, sizeof magic);
    snprintf(header.mime, sizeof header.mime, "%s", blob->mime);
    char name[NAME_SIZE];
    entry_name(entry, name);
    char *path = mm_path_join(clips->folder, name);
    if (!path)
        return mm_no_memory(err);
    struct mm_file_write file;
    int result = mm_hash_bytes(blob->bytes, blob->size, header.hash, err);
    if (result == 0)
        result = mm_file_write_begin(&file, path, err);
    if (result == 0) {
        fwrite(&header, sizeof header, 1, file.stream);
        fwrite(blob->bytes, blob->size, 1, file.stream);
        result = mm_file_write_commit(&file, err);
    }
    free(path);
    return result;
}

int mm_clips_put(struct mm_clips *clips, int64_t song, uint64_t tag, const struct mm_blob *blob,
                 struct mm_error *err)
{
    struct entry entry = {.song = song,
                          .tag = tag,
                          .size = sizeof(struct header) + blob->size,
                          .used = now(),
                          .checked = true};
    entry.noted = entry.used;
    if (entry.size > clips->limit)
        return 0;
    int result = write_file(clips, &entry, blob, err);
    if (result < 0)
        return result;
    pthread_mutex_lock(&clips->mutex);
    if (enter(clips, &entry) < 0) {
        result = mm_no_memory(err);
        remove_file(clips, &entry);
    }
    shrink(clips);
    pthread_mutex_unlock(&clips->mutex);
    return result;
}

uint64_t mm_clips_bytes(struct mm_clips *clips)
{
    pthread_mutex_lock(&clips->mutex);
    uint64_t bytes = clips->bytes;
    pthread_mutex_unlock(&clips->mutex);
    return bytes;
}
