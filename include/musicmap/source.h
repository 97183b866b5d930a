/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - where songs come from. A source lists what there is; it opens no audio.
 *
 * Threads: a source belongs to one thread.
 */
#ifndef MUSICMAP_SOURCE_H
#define MUSICMAP_SOURCE_H

#include <stdint.h>

#include "error.h"
#include "progress.h"
#include "song.h"

/* One song as a source sees it. All pointers are valid during the callback only. */
struct mm_source_item {
    const char *source; /* "folder", ... */
    const char *key;    /* what names it there; for a folder its absolute path, bytes as they are */
    uint64_t size;      /* bytes; 0 = not known */
    int64_t mtime_ns;   /* 0 = not known */
    const struct mm_tags *tags; /* what the source knows by itself (a folder: from the path) */
};

/* What was passed over, and why; path as bytes, reason a static sentence. */
enum mm_skip {
    MM_SKIP_NOT_AUDIO,  /* by its name */
    MM_SKIP_EMPTY,      /* zero bytes */
    MM_SKIP_UNREADABLE, /* folder or file without permission, I/O error */
    MM_SKIP_LOOP,       /* a link to a folder or file already seen */
    MM_SKIP_SPECIAL,    /* socket, device, pipe, dangling link */
    MM_SKIP_KINDS
};
const char *mm_skip_name(enum mm_skip kind); /* "not audio", "empty file", ... */

struct mm_source_events {
    /* Non-zero stops the walk with that code. */
    int (*item)(void *ctx, const struct mm_source_item *item, struct mm_error *err);
    void (*skipped)(void *ctx, enum mm_skip kind, const char *path, const char *detail);
    void *ctx;
};

/*
 * Walks dir to the bottom, names in byte order, so two walks of the same tree agree. Links to
 * files and folders are followed after all that is there by itself, each real folder once, and no
 * file that was met before. Hidden entries (leading dot) are left out. Keys are below the real path
 * of dir. dir may be a single file. MM_ERR_NOT_FOUND when it does not exist; that dir itself cannot
 * be read is an error, below it a skip.
 */
int mm_source_folder(const char *dir, const struct mm_source_events *events,
                     const struct mm_progress *progress, struct mm_error *err);

/* True for the file name endings that the folder source takes for audio. */
int mm_source_is_audio_name(const char *name);

/*
 * What a path says when tags are missing: "Artist/Album/03 - Title.mp3",
 * "Artist - Title.mp3", "Title.mp3". Fills only members that are still NULL or 0.
 * root is the folder that was gathered (its own name is not taken for an artist); may be NULL.
 */
int mm_tags_from_path(const char *path, const char *root, struct mm_tags *tags);

#endif
