/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folder.c - walks a folder to the bottom.
 *
 * Each folder is read at once and looked at entry by entry while its descriptor is open; then the
 * descriptor is closed and what is worth a second look waits, sorted, in a frame of an explicit
 * stack. So depth costs memory only, neither descriptors nor the C stack.
 *
 * Links are put off until the tree itself is done, and lead only to what was not met there: a song
 * is known by its real path where it has one in the tree, adding a link moves no song, and a folder
 * of links to favourites doubles none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "source/inodes.h"

enum { PROGRESS_EVERY = 64 };
static const char stage[] = "looking for songs";

struct entry {
    char *name;
    unsigned char d_type; /* as readdir said it */
    bool folder;          /* else an audio file */
    bool link;
    struct inode inode;
    uint64_t size;
    int64_t mtime_ns;
};

/* A folder that was read; next is the first entry that is still to be dealt with. */
struct frame {
    size_t path_length; /* of the folder, in walk.path */
    struct entry *entries;
    size_t n;
    size_t capacity;
    size_t next;
};

struct walk {
    const struct mm_source_events *events;
    const struct mm_progress *progress;
    const char *root; /* absolute */
    struct mm_text path;
    struct frame *stack;
    size_t depth;
    size_t stack_capacity;
    char **links; /* paths that wait for the end of the tree */
    size_t n_links;
    size_t links_capacity;
    struct inode_set folders; /* entered */
    struct inode_set files;   /* handed out */
    bool following; /* a link led here; else the same inode twice is two names of one file */
    size_t found;
};

/* ---- telling ---- */

static void skip(struct walk *walk, enum mm_skip kind, const char *detail)
{
    if (walk->events->skipped)
        walk->events->skipped(walk->events->ctx, kind, walk->path.data, detail);
}

static void skip_errno(struct walk *walk, int fault)
{
    char reason[96];
    skip(walk, MM_SKIP_UNREADABLE, strerror_r(fault, reason, sizeof reason));
}

/* The song whose path stands in walk.path. */
static int emit(struct walk *walk, const struct entry *entry, struct mm_error *err)
{
    bool added;
    if (inode_set_add(&walk->files, entry->inode, &added) < 0)
        return mm_no_memory(err);
    if (!added && walk->following) {
        skip(walk, MM_SKIP_LOOP, "a link leads to a file that was seen before");
        return 0;
    }
    struct mm_tags tags = {0};
    if (mm_tags_from_path(walk->path.data, walk->root, &tags) < 0) {
        mm_tags_finish(&tags);
        return mm_no_memory(err);
    }
    const struct mm_source_item item = {.source = "folder",
                                        .key = walk->path.data,
                                        .size = entry->size,
                                        .mtime_ns = entry->mtime_ns,
                                        .tags = &tags};
    int result = walk->events->item(walk->events->ctx, &item, err);
    mm_tags_finish(&tags);
    if (++walk->found % PROGRESS_EVERY == 0)
        mm_progress_update(walk->progress, stage, walk->found, 0);
    return result;
}

static int check_cancelled(const struct walk *walk, struct mm_error *err)
{
    return mm_progress_cancelled(walk->progress)
               ? mm_error_set(err, MM_ERR_CANCELLED, "stopped while looking for songs")
               : 0;
}

/* ---- one name ---- */

/* walk.path := its first length bytes, "/", name. */
static int set_path(struct walk *walk, size_t length, const char *name, struct mm_error *err)
{
    walk->path.length = length;
    if (length && walk->path.data[length - 1] != '/')
        mm_text_add(&walk->path, "/");
    mm_text_add(&walk->path, name);
    return walk->path.failed ? mm_no_memory(err) : 0;
}

static int64_t mtime_of(const struct stat *st)
{
    int64_t ns;
    if (__builtin_mul_overflow((int64_t)st->st_mtim.tv_sec, (int64_t)1000000000, &ns) ||
        __builtin_add_overflow(ns, (int64_t)st->st_mtim.tv_nsec, &ns))
        return 0;
    return ns;
}

/* The type of a name that is a link: what the link leads to. False = told of. */
static bool follow(struct walk *walk, int folder, const char *name, struct stat *st)
{
    if (fstatat(folder, name, st, 0) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR)
        skip(walk, MM_SKIP_SPECIAL, "the link leads nowhere");
    else if (errno == ELOOP)
        skip(walk, MM_SKIP_LOOP, "the link leads to itself");
    else
        skip_errno(walk, errno);
    return false;
}

/*
 * What is at (folder, entry->name), whose path stands in walk.path? True for folders and for audio
 * files that can be read; everything else is told of.
 */
static bool look_at(struct walk *walk, int folder, struct entry *entry)
{
    const char *name = entry->name;
    if (walk->path.length >= PATH_MAX) { /* nobody could open it by this name */
        skip(walk, MM_SKIP_UNREADABLE, "the path is too long");
        return false;
    }
    bool audio = mm_source_is_audio_name(name);
    if (entry->d_type == DT_REG && !audio) { /* saves a stat for most of what is no audio */
        skip(walk, MM_SKIP_NOT_AUDIO, "");
        return false;
    }
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        skip_errno(walk, errno);
        return false;
    }
    entry->link = S_ISLNK(st.st_mode);
    if (entry->link && !follow(walk, folder, name, &st))
        return false;
    entry->folder = S_ISDIR(st.st_mode);
    entry->inode = (struct inode){st.st_dev, st.st_ino};
    entry->size = (uint64_t)st.st_size;
    entry->mtime_ns = mtime_of(&st);
    if (entry->folder)
        return true;
    if (!S_ISREG(st.st_mode))
        skip(walk, MM_SKIP_SPECIAL, "socket, pipe or device");
    else if (!audio)
        skip(walk, MM_SKIP_NOT_AUDIO, "");
    else if (st.st_size == 0)
        skip(walk, MM_SKIP_EMPTY, "");
    else if (faccessat(folder, name, R_OK, AT_EACCESS) != 0)
        skip_errno(walk, errno);
    else
        return true;
    return false;
}

/* ---- one folder ---- */

static void frame_finish(struct frame *frame)
{
    for (size_t i = 0; i < frame->n; i++)
        free(frame->entries[i].name);
    free(frame->entries);
    *frame = (struct frame){0};
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return strcmp(x->name, y->name); /* bytes, unsigned */
}

static int add_name(struct frame *frame, const struct dirent *found, struct mm_error *err)
{
    if (mm_array_reserve(&frame->entries, &frame->capacity, frame->n + 1) < 0)
        return mm_no_memory(err);
    struct entry entry = {.name = mm_strdup(found->d_name), .d_type = found->d_type};
    if (!entry.name)
        return mm_no_memory(err);
    frame->entries[frame->n++] = entry;
    return 0;
}

/* All names but the hidden ones, sorted. A folder that breaks off is told of; what was read counts.
 */
static int read_names(struct walk *walk, DIR *dir, struct frame *frame, struct mm_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(dir); /* NOLINT: the DIR is ours alone */
        if (!found) {
            if (errno)
                skip_errno(walk, errno);
            break;
        }
        if (found->d_name[0] == '.')
            continue;
        int result = add_name(frame, found, err);
        if (result < 0)
            return result;
    }
    if (frame->n)
        qsort(frame->entries, frame->n, sizeof *frame->entries, by_name);
    return 0;
}

/* Keeps the entries of the frame that are folders and songs. */
static int sift(struct walk *walk, int folder, struct frame *frame, struct mm_error *err)
{
    size_t kept = 0;
    int result = 0;
    for (size_t i = 0; i < frame->n; i++) {
        struct entry entry = frame->entries[i];
        if (result == 0)
            result = check_cancelled(walk, err);
        if (result == 0)
            result = set_path(walk, frame->path_length, entry.name, err);
        if (result == 0 && look_at(walk, folder, &entry))
            frame->entries[kept++] = entry;
        else
            free(entry.name);
    }
    frame->n = kept;
    return result;
}

/* Too few descriptors or too little memory is our trouble, not the folder's. */
static bool is_our_fault(int fault)
{
    return fault == EMFILE || fault == ENFILE || fault == ENOMEM;
}

/* Reads the folder at walk.path and pushes its frame, unless it was entered before. */
static int enter(struct walk *walk, struct mm_error *err)
{
    int fd = open(walk->path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (is_our_fault(errno) || walk->folders.n == 0))
        return mm_error_errno(err, errno, "%s", walk->path.data);
    if (fd < 0) {
        skip_errno(walk, errno);
        return 0;
    }
    struct frame frame = {.path_length = walk->path.length};
    struct stat st;
    bool added = false;
    int result = 0;
    DIR *dir = NULL;
    if (fstat(fd, &st) != 0 || !(dir = fdopendir(fd))) {
        result = mm_error_errno(err, errno, "%s", walk->path.data);
        close(fd);
        return result;
    }
    if (inode_set_add(&walk->folders, (struct inode){st.st_dev, st.st_ino}, &added) < 0)
        result = mm_no_memory(err);
    else if (!added)
        skip(walk, MM_SKIP_LOOP, "");
    if (result == 0 && added)
        result = read_names(walk, dir, &frame, err);
    if (result == 0)
        result = sift(walk, fd, &frame, err);
    if (result == 0 && mm_array_reserve(&walk->stack, &walk->stack_capacity, walk->depth + 1) < 0)
        result = mm_no_memory(err);
    if (result == 0 && frame.n)
        walk->stack[walk->depth++] = frame;
    else
        frame_finish(&frame);
    closedir(dir);
    return result;
}

/* ---- the walk ---- */

static int put_off(struct walk *walk, struct mm_error *err)
{
    if (mm_array_reserve(&walk->links, &walk->links_capacity, walk->n_links + 1) < 0)
        return mm_no_memory(err);
    char *path = mm_strdup(walk->path.data);
    if (!path)
        return mm_no_memory(err);
    walk->links[walk->n_links++] = path;
    return 0;
}

/* One entry of the topmost frame, or its end. */
static int take_one(struct walk *walk, struct mm_error *err)
{
    struct frame *top = &walk->stack[walk->depth - 1];
    if (top->next == top->n) {
        frame_finish(top);
        walk->depth--;
        return 0;
    }
    int result = check_cancelled(walk, err);
    if (result < 0)
        return result;
    const struct entry *entry = &top->entries[top->next++];
    result = set_path(walk, top->path_length, entry->name, err);
    if (result < 0)
        return result;
    if (entry->link)
        return put_off(walk, err);
    return entry->folder ? enter(walk, err) : emit(walk, entry, err);
}

static int take_all(struct walk *walk, struct mm_error *err)
{
    int result = 0;
    while (walk->depth && result == 0)
        result = take_one(walk, err);
    return result;
}

/* The file or folder at path, and all below it. */
static int take_path(struct walk *walk, const char *path, struct mm_error *err)
{
    walk->path.length = 0;
    mm_text_add(&walk->path, path);
    if (walk->path.failed)
        return mm_no_memory(err);
    struct entry entry = {.name = walk->path.data, .d_type = DT_UNKNOWN};
    if (!look_at(walk, AT_FDCWD, &entry))
        return 0;
    if (!entry.folder)
        return emit(walk, &entry, err);
    int result = enter(walk, err);
    return result ? result : take_all(walk, err);
}

static void walk_finish(struct walk *walk)
{
    while (walk->depth)
        frame_finish(&walk->stack[--walk->depth]);
    free(walk->stack);
    for (size_t i = 0; i < walk->n_links; i++)
        free(walk->links[i]);
    free(walk->links);
    inode_set_finish(&walk->folders);
    inode_set_finish(&walk->files);
    mm_text_finish(&walk->path);
}

/* What path names are measured against: the folder itself, or the one that holds the file. */
static int find_root(char *real, struct mm_error *err)
{
    struct stat st;
    if (stat(real, &st) != 0)
        return mm_error_errno(err, errno, "%s", real);
    if (!S_ISDIR(st.st_mode))
        *strrchr(real, '/') = '\0';
    return 0;
}

int mm_source_folder(const char *dir, const struct mm_source_events *events,
                     const struct mm_progress *progress, struct mm_error *err)
{
    char *real = realpath(dir, NULL);
    if (!real)
        return mm_error_errno(err, errno, "%s", dir);
    char *root = mm_strdup(real);
    struct walk walk = {.events = events, .progress = progress, .root = root};
    int result = root ? find_root(root, err) : mm_no_memory(err);
    if (result == 0) {
        mm_progress_update(progress, stage, 0, 0);
        result = take_path(&walk, real, err);
    }
    walk.following = true;
    for (size_t i = 0; i < walk.n_links && result == 0; i++) /* more may come while it runs */
        result = take_path(&walk, walk.links[i], err);
    if (result == 0)
        mm_progress_update(progress, stage, walk.found, walk.found);
    walk_finish(&walk);
    free(root);
    free(real);
    return result;
}
