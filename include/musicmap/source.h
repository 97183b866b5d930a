/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - where songs come from. A source lists what there is; it opens no audio.
 *
 * Threads: a source belongs to one thread.
 */
#ifndef MUSICMAP_SOURCE_H
#define MUSICMAP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "progress.h"
#include "song.h"

/* What a DJ program says of a song: see mm_fact (catalog.h). */
struct mm_source_fact {
    const char *name; /* static */
    char *value;
};

/* One song as a source sees it. All pointers are valid during the callback only. */
struct mm_source_item {
    const char *source; /* "folder", ... */
    const char *key;    /* what names it there; for a folder its absolute path, bytes as they are */
    uint64_t size;      /* bytes; 0 = not known */
    int64_t mtime_ns;   /* 0 = not known */
    double duration_s;  /* 0 = not known */
    const char *licence;        /* a name or an address; NULL = not known */
    bool tags_win;              /* the tags below are better than those in the file */
    const struct mm_tags *tags; /* what the source knows by itself (a folder: from the path) */
    const struct mm_source_fact *facts; /* [n_facts] written under the gathering source's name */
    size_t n_facts;
};

/* Something a list names that is not there. Pointers as above. */
struct mm_source_absent {
    const char *location; /* path or address as written; NULL = only names are known */
    double duration_s;    /* 0 = not known */
    const struct mm_tags *tags;
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
    /* May be NULL, as skipped may. Non-zero stops. */
    int (*absent)(void *ctx, const struct mm_source_absent *absent, struct mm_error *err);
    /* Of a source that is named by an address: the folder of this computer that its songs lie in,
     * told before the first of them. May be NULL. */
    int (*root)(void *ctx, const char *folder, struct mm_error *err);
    const char *mapped; /* the same, as the person says it; NULL = as the source knows it */
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

/*
 * The files that a playlist names (M3U, M3U8, PLS, XSPF, JSPF, CUE, or an export in CSV), in its
 * order, each once; what names no file of this computer is told as absent. Items have the source
 * "folder": they are files like any other. A file of at most 64 MiB.
 */
int mm_source_playlist(const char *file, const struct mm_source_events *events,
                       const struct mm_progress *progress, struct mm_error *err);

/*
 * The Free Music Archive data set: dir has tracks.csv (or fma_metadata/tracks.csv, in it or beside
 * it) and the clips, or a folder fma_small, fma_medium, fma_large or fma_full that has them. Songs
 * in order of their number, source "fma", with the table's tags and licence. Absent: clips that
 * this part of the set should have.
 */
int mm_source_fma(const char *dir, const struct mm_source_events *events,
                  const struct mm_progress *progress, struct mm_error *err);

/*
 * The database of a Music Player Daemon at address ("" = as its clients find it; see mpd.h). Items
 * are files of this computer like any other, in the order in which the folder would tell them, with
 * the database's tags. Absent: songs whose files are not here. MM_ERR_NOT_FOUND when none is here.
 */
int mm_source_mpd(const char *address, const struct mm_source_events *events,
                  const struct mm_progress *progress, struct mm_error *err);

/*
 * The songs of a DJ program, in its order, with what the person says of them as facts. Items have
 * the source "folder". Mixxx: its mixxxdb.sqlite ("" = in its usual place), read from a copy that
 * is gone afterwards; Rekordbox: the XML that it exports; Traktor: collection.nml. Absent: songs
 * whose files are not here.
 */
int mm_source_mixxx(const char *file, const struct mm_source_events *events,
                    const struct mm_progress *progress, struct mm_error *err);
int mm_source_rekordbox(const char *file, const struct mm_source_events *events,
                        const struct mm_progress *progress, struct mm_error *err);
int mm_source_traktor(const char *file, const struct mm_source_events *events,
                      const struct mm_progress *progress, struct mm_error *err);

/* ---- the table of sources ---- */

struct mm_source {
    const char *name;
    const char *arguments; /* "DIR..." */
    const char *summary;
    int (*walk)(const char *path, const struct mm_source_events *events,
                const struct mm_progress *progress, struct mm_error *err);
    bool complete; /* the walk tells all that lies below path: what is not told is gone */
    bool address;  /* path is no path; "" = the usual one */
    bool facts;    /* it tells facts: a song that has none has none any more */
};
const struct mm_source *mm_sources(size_t *count);
const struct mm_source *mm_source_find(const char *name); /* NULL when there is none */

/* True for the sources whose songs are files where their keys say: "folder", "fma". */
bool mm_source_is_files(const char *source);

/* ---- folders that grow ---- */

/* Tells when something below folders changes. Threads: one at a time. */
struct mm_watch;
/* MM_ERR_LIMIT: more folders than the system lets one user watch. */
int mm_watch_create(const char *const *folders, size_t n, struct mm_watch **out,
                    struct mm_error *err);
/* Waits until something changed since create or the last wait, and then nothing for two seconds (or
 * for half a minute something all the time). MM_ERR_CANCELLED: progress said so. */
int mm_watch_wait(struct mm_watch *watch, const struct mm_progress *progress, struct mm_error *err);
void mm_watch_destroy(struct mm_watch *watch); /* NULL is allowed */

/* True for the file name endings that the folder source takes for audio. */
int mm_source_is_audio_name(const char *name);

/*
 * What a path says when tags are missing: "Artist/Album/03 - Title.mp3",
 * "Artist - Title.mp3", "Title.mp3". Fills only members that are still NULL or 0.
 * root is the folder that was gathered (its own name is not taken for an artist); may be NULL.
 */
int mm_tags_from_path(const char *path, const char *root, struct mm_tags *tags);

#endif
