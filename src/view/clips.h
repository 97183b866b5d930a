/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clips.h - which part of a song is its clip, and the clips that were made, kept on disk.
 *
 * The store is a folder of files named SONG-TAG.clip: a header with size and SHA-256, then the
 * bytes. It is bounded; the clip that was not used longest goes first. A file that is damaged or
 * out of date is removed when it is met, files with other names are left alone. Several processes
 * may share the folder. Threads: any.
 */
#ifndef VIEW_CLIPS_H
#define VIEW_CLIPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "musicmap/catalog.h"
#include "musicmap/error.h"
#include "view/blob.h"

struct mm_clip_plan {
    double start_s;
    double length_s;
    double onset_s; /* from the start of the clip */
    double gain;    /* linear, to -16 LUFS, peak at most -1 dBFS */
    uint64_t tag;   /* of all that decides on the clip's bytes: content, start and length */
};
/* measure NULL = none. */
struct mm_clip_plan mm_clip_plan(const struct mm_song *song, const struct mm_measure *measure);

struct mm_clips;

/* Makes folder when it is missing. limit: bytes. */
int mm_clips_create(const char *folder, uint64_t limit, struct mm_clips **out,
                    struct mm_error *err);
void mm_clips_destroy(struct mm_clips *clips);

/* A clip on disk, whole and checked: size bytes of fd from offset on; close fd. */
struct mm_clip_file {
    int fd;
    off_t offset;
    uint64_t size;
    char mime[32];
    char etag[MM_ETAG_SIZE]; /* as of a blob with the same bytes */
};
bool mm_clips_open(struct mm_clips *clips, int64_t song, uint64_t tag, struct mm_clip_file *out);

/* Keeps a clip; older ones of the song go. */
int mm_clips_put(struct mm_clips *clips, int64_t song, uint64_t tag, const struct mm_blob *blob,
                 struct mm_error *err);

uint64_t mm_clips_bytes(struct mm_clips *clips); /* on disk now */

#endif
