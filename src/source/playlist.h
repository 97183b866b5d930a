/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * playlist.h - what the readers of playlist formats give: entries as they are written, paths not
 * yet looked for. One file a format; playlist.c has their table and looks for the files.
 *
 * Threads: a list belongs to one thread.
 */
#ifndef SOURCE_PLAYLIST_H
#define SOURCE_PLAYLIST_H

#include <stddef.h>

#include "musicmap/error.h"
#include "musicmap/song.h"
#include "musicmap/source.h"

#define MM_PLAYLIST_MAX_BYTES   ((size_t)64 << 20)
#define MM_PLAYLIST_MAX_ENTRIES ((size_t)1 << 20)

struct mm_playlist_entry {
    char *location;    /* path or URI as written, bytes; NULL = only names are known */
    double duration_s; /* 0 = not known */
    struct mm_tags tags;
    struct mm_source_fact *facts; /* [n_facts] */
    size_t n_facts;
};

struct mm_playlist {
    struct mm_playlist_entry *entries;
    size_t n;
    size_t capacity;
};
void mm_playlist_finish(struct mm_playlist *list);

/* Appends an empty entry and returns it; NULL with err filled when there are too many, or no
 * memory. */
struct mm_playlist_entry *mm_playlist_add(struct mm_playlist *list, struct mm_error *err);

/* Sets *member, which is released before, to text as clean UTF-8 (taken for Latin-1 when it is not
 * UTF-8); NULL when nothing is left. 0 or MM_ERR_NO_MEMORY. */
int mm_playlist_text(char **member, const char *text, size_t n);

/*
 * The readers. bytes is UTF-8 or an 8-bit encoding, without a byte order mark, and has a NUL at
 * bytes[n]. They take what they understand and pass over the rest; MM_ERR_INPUT: not this format.
 */
int mm_playlist_read_m3u(const char *bytes, size_t n, struct mm_playlist *out,
                         struct mm_error *err);
int mm_playlist_read_pls(const char *bytes, size_t n, struct mm_playlist *out,
                         struct mm_error *err);
int mm_playlist_read_xspf(const char *bytes, size_t n, struct mm_playlist *out,
                          struct mm_error *err);
int mm_playlist_read_jspf(const char *bytes, size_t n, struct mm_playlist *out,
                          struct mm_error *err);
int mm_playlist_read_cue(const char *bytes, size_t n, struct mm_playlist *out,
                         struct mm_error *err);
int mm_playlist_read_csv(const char *bytes, size_t n, struct mm_playlist *out,
                         struct mm_error *err);

/* Looks for the files of a list that was read from file, and tells them as mm_source_playlist()
 * does. */
int mm_playlist_tell(struct mm_playlist *list, const char *file,
                     const struct mm_source_events *events, const struct mm_progress *progress,
                     struct mm_error *err);

/* By the ending of name, else by the first bytes. What playlist.c and the fuzzer call. */
int mm_playlist_read(const char *name, const char *bytes, size_t n, struct mm_playlist *out,
                     struct mm_error *err);

#endif
