/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.c - follows folders with inotify. A watch is on one folder, so every folder below is walked
 * and watched; the walk is repeated after each change, which finds new ones. A change during the
 * walk is either in a folder that is watched already, or in one that is yet to be walked: none is
 * lost.
 */
#include <errno.h>
#include <fts.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "musicmap/source.h"
#include "source/inodes.h"

enum { LOOK_MS = 200 };
static const double settle_s = 2;    /* so long must nothing change, */
static const double patience_s = 30; /* unless it has gone on for so long */
static const uint32_t changes = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

struct mm_watch {
    int fd;
    char **folders; /* [n + 1] NULL at the end */
    size_t n;
};

static int watch_folder(struct mm_watch *watch, const char *path, struct mm_error *err)
{
    if (inotify_add_watch(watch->fd, path, changes | IN_ONLYDIR) >= 0)
        return 0;
    if (errno == ENOSPC)
        return mm_error_set(err, MM_ERR_LIMIT,
                            "there are more folders than the system lets one user watch: raise "
                            "fs.inotify.max_user_watches");
    return errno == ENOMEM ? mm_no_memory(err) : 0; /* gone again, or not ours to read */
}

/* Watches every folder below those that were asked for, each once, whichever links lead there: the
 * folder's own walk follows them, too. */
static int walk(struct mm_watch *watch, struct mm_error *err)
{
    FTS *tree = fts_open(watch->folders, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!tree)
        return mm_error_set(err, MM_ERR_IO, "cannot walk the folders to watch");
    struct inode_set met = {0};
    int result = 0;
    FTSENT *entry;
    while (result == 0 && (entry = fts_read(tree))) {
        if (entry->fts_info != FTS_D)
            continue;
        const struct stat *st = entry->fts_statp;
        bool added = false;
        if (inode_set_add(&met, (struct inode){st->st_dev, st->st_ino}, &added) < 0)
            result = mm_no_memory(err);
        else if (added)
            result = watch_folder(watch, entry->fts_path, err);
        else
            fts_set(tree, entry, FTS_SKIP);
    }
    inode_set_finish(&met);
    fts_close(tree);
    return result;
}

int mm_watch_create(const char *const *folders, size_t n, struct mm_watch **out,
                    struct mm_error *err)
{
    *out = NULL;
    struct mm_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return mm_no_memory(err);
    int result = 0;
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0)
        result = mm_error_set(err, MM_ERR_LIMIT, "the system has no room for one more watch");
    watch->folders = result == 0 ? mm_calloc3(n + 1, 1, sizeof *watch->folders) : NULL;
    if (result == 0 && !watch->folders)
        result = mm_no_memory(err);
    for (; result == 0 && watch->n < n; watch->n++)
        if (!(watch->folders[watch->n] = mm_strdup(folders[watch->n])))
            result = mm_no_memory(err);
    if (result == 0)
        result = walk(watch, err);
    if (result < 0)
        mm_watch_destroy(watch);
    else
        *out = watch;
    return result;
}

void mm_watch_destroy(struct mm_watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; watch->folders && i < watch->n; i++)
        free(watch->folders[i]);
    free(watch->folders);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch);
}

/* Takes in what is told; false: nothing was. */
static bool drain(struct mm_watch *watch)
{
    char buffer[4096] __attribute__((aligned(8)));
    bool any = false;
    while (read(watch->fd, buffer, sizeof buffer) > 0)
        any = true;
    return any;
}

int mm_watch_wait(struct mm_watch *watch, const struct mm_progress *progress, struct mm_error *err)
{
    double first = 0; /* when the change began and was seen last; 0 = nothing changed */
    double last = 0;
    for (;;) {
        if (mm_progress_cancelled(progress))
            return mm_error_set(err, MM_ERR_CANCELLED, "stopped while watching");
        struct pollfd told = {.fd = watch->fd, .events = POLLIN};
        (void)poll(&told, 1, LOOK_MS);
        double now = mm_clock_s();
        if (drain(watch)) {
            last = now;
            first = first > 0 ? first : now;
        } else if (first > 0 && (now - last > settle_s || now - first > patience_s)) {
            break;
        }
    }
    return walk(watch, err);
}
