/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpd.c - the songs of an MPD's database, as files of this computer.
 *
 * Folder by folder, not all at once: a server drops who asks for more than its output buffer holds
 * (max_output_buffer_size, 8 MB). Names go in byte order and folders where their names stand, as
 * when the folder itself is walked, so that both give the same library with the same ids. What the
 * database knows of a song fills what its file does not say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/mpd.h"
#include "musicmap/source.h"

enum { MOST_DEPTH = 200 };

struct walk {
    struct mm_mpd *mpd;
    const struct mm_source_events *events;
    const struct mm_progress *progress;
    const char *root; /* the music folder on this computer */
    size_t found;
    size_t absent;
};

/* A song, or a folder, of one folder. */
struct entry {
    const char *name;         /* uri */
    struct mm_mpd_song *song; /* NULL = a folder */
};

static int by_name(const void *one, const void *two)
{
    const struct entry *a = one;
    const struct entry *b = two;
    return strcmp(a->name, b->name);
}

/* The root's own name is no artist's: paths are read below it. */
static int tell_file(struct walk *w, const struct mm_mpd_song *song, const char *path,
                     const struct stat *st, struct mm_error *err)
{
    enum mm_skip skip = !S_ISREG(st->st_mode) ? MM_SKIP_SPECIAL
                        : st->st_size == 0    ? MM_SKIP_EMPTY
                                              : MM_SKIP_KINDS;
    if (skip != MM_SKIP_KINDS) {
        if (w->events->skipped)
            w->events->skipped(w->events->ctx, skip, path, NULL);
        return 0;
    }
    struct mm_tags tags = song->tags; /* borrowed, but for what the path adds */
    struct mm_tags guess = {0};
    if (mm_tags_from_path(path, w->root, &guess) < 0) {
        mm_tags_finish(&guess);
        return mm_no_memory(err);
    }
    tags.title = tags.title ? tags.title : guess.title;
    tags.artist = tags.artist ? tags.artist : guess.artist;
    tags.album = tags.album ? tags.album : guess.album;
    tags.track = tags.track ? tags.track : guess.track;
    const struct mm_source_item item = {.source = "folder",
                                        .key = path,
                                        .size = (uint64_t)st->st_size,
                                        .mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) +
                                                    st->st_mtim.tv_nsec,
                                        .duration_s = song->duration_s,
                                        .tags = &tags};
    w->found++;
    int result = w->events->item(w->events->ctx, &item, err);
    mm_tags_finish(&guess);
    return result;
}

static int tell_song(struct walk *w, const struct mm_mpd_song *song, struct mm_error *err)
{
    char *path = mm_path_join(w->root, song->uri);
    if (!path)
        return mm_no_memory(err);
    struct stat st;
    int result = 0;
    if (stat(path, &st) == 0 && !song->part) {
        result = tell_file(w, song, path, &st, err);
    } else if (song->part || errno == ENOTDIR) { /* a track of a CUE sheet */
        if (w->events->skipped)
            w->events->skipped(w->events->ctx, MM_SKIP_SPECIAL, path, "a part of a file");
    } else {
        const struct mm_source_absent absent = {path, song->duration_s, &song->tags};
        w->absent++;
        result = w->events->absent ? w->events->absent(w->events->ctx, &absent, err) : 0;
    }
    free(path);
    return result;
}

static int walk_folder(struct walk *w, const char *name, int depth, struct mm_error *err)
{
    struct mm_mpd_folder folder;
    struct entry *entries = NULL;
    int result = mm_mpd_read_folder(w->mpd, name, &folder, err);
    size_t n = folder.songs.n + folder.n_folders;
    if (result == 0 && depth > MOST_DEPTH)
        result = mm_error_set(err, MM_ERR_LIMIT, "folders in folders, %d deep: %.200s", MOST_DEPTH,
                              name);
    if (result == 0 && !(entries = mm_calloc3(n, 1, sizeof *entries)))
        result = mm_no_memory(err);
    for (size_t i = 0; i < folder.songs.n && result == 0; i++)
        entries[i] = (struct entry){folder.songs.list[i].uri, &folder.songs.list[i]};
    for (size_t i = 0; i < folder.n_folders && result == 0; i++)
        entries[folder.songs.n + i] = (struct entry){folder.folders[i], NULL};
    if (result == 0 && n)
        qsort(entries, n, sizeof *entries, by_name);
    for (size_t i = 0; i < n && result == 0; i++) {
        if (mm_progress_cancelled(w->progress))
            result = mm_error_set(err, MM_ERR_CANCELLED, "stopped");
        else if (entries[i].song)
            result = tell_song(w, entries[i].song, err);
        else
            result = walk_folder(w, entries[i].name, depth + 1, err);
    }
    free(entries);
    mm_mpd_folder_finish(&folder);
    return result;
}

/* Where the music is on this computer; heap. */
static int find_root(struct walk *w, const char *mapped, char **out, struct mm_error *err)
{
    char *told = NULL;
    *out = NULL;
    int result = mapped ? 0 : mm_mpd_music_folder(w->mpd, &told, err);
    if (result == MM_ERR_UNSUPPORTED)
        return mm_error_prefix(err, "--music-dir DIR says where its music is here");
    if (result < 0)
        return result;
    const char *folder = mapped ? mapped : told;
    *out = realpath(folder, NULL);
    if (!*out)
        result = mm_error_errno(err, errno,
                                "the music folder of the MPD at %s is not on this computer (where "
                                "is it here? --music-dir DIR): %s",
                                mm_mpd_name(w->mpd), folder);
    free(told);
    return result;
}

int mm_source_mpd(const char *address, const struct mm_source_events *events,
                  const struct mm_progress *progress, struct mm_error *err)
{
    struct walk w = {.events = events, .progress = progress};
    char *root = NULL;
    int result = mm_mpd_open(*address ? address : NULL, progress, &w.mpd, err);
    if (result == 0)
        result = find_root(&w, events->mapped, &root, err);
    if (result == 0 && events->root)
        result = events->root(events->ctx, root, err);
    w.root = root;
    if (result == 0)
        result = walk_folder(&w, "", 0, err);
    /* A mistaken folder would mark a whole collection as gone. */
    if (result == 0 && w.found == 0 && w.absent)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "none of the %zu songs of the MPD at %s is below %s: where is its "
                              "music here? --music-dir DIR",
                              w.absent, mm_mpd_name(w.mpd), root);
    free(root);
    mm_mpd_close(w.mpd);
    return result;
}
