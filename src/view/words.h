/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - what songs are searched by in the page: one line of text a song. */
#ifndef VIEW_WORDS_H
#define VIEW_WORDS_H

#include "musicmap/catalog.h"
#include "view/blob.h"

/*
 * songs: [n] ids, ascending. Line i of the text (UTF-8, compressed as well) is of songs[order[i]]:
 * title, artist, album, genres and tags with tabs between, the last two with commas; a song without
 * a title has its file's name. A song that is gone has an empty line.
 */
int mm_words_make(struct mm_catalog *catalog, const uint32_t *songs, const uint32_t *order,
                  size_t n, struct mm_blob **out, struct mm_error *err);

#endif
