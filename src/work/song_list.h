/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * song_list.h - which songs of the library does a list name? One a line (.txt), or one a row of a
 * table (.csv, RFC 4180: the column called path, file, filename, song or id, else the first).
 *
 * A name is "#12" (a song's number), a path, or the end of one that only one song has
 * ("Artist/Album/ Song.mp3"): lists come from other machines, where the folder above was another.
 */
#ifndef WORK_SONG_LIST_H
#define WORK_SONG_LIST_H

#include "musicmap/catalog.h"

struct mm_song_list {
    char *text;   /* the file, cut into names */
    char **names; /* [n] into text */
    size_t *line; /* [n] of the file, from 1 */
    size_t n;
};
/* MM_ERR_INPUT: no text; MM_ERR_LIMIT: more than 256 MB. A heading of the table is no name. */
int mm_song_list_read(const char *path, struct mm_song_list *out, struct mm_error *err);
void mm_song_list_finish(struct mm_song_list *list);

struct mm_song_finder;
/* Of the present songs, as they are now. folder: what relative paths may start from; may be NULL.
 */
int mm_song_finder_create(struct mm_catalog *catalog, const char *folder,
                          struct mm_song_finder **out, struct mm_error *err);
void mm_song_finder_destroy(struct mm_song_finder *finder);

/* The song's id; 0 and *why (static) when it is none, or more than one. */
int64_t mm_song_finder_find(const struct mm_song_finder *finder, const char *name,
                            const char **why);

#endif
