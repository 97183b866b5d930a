/* SPDX-License-Identifier: BSD-2-Clause */
/* sounds.h - the sounds of services on the disk: LIBRARY/previews/SOURCE/xx/ID.mp3, each whole or
 * not there at all. */
#ifndef WORK_SOUNDS_H
#define WORK_SOUNDS_H

#include <stdbool.h>

#include "musicmap/catalog.h"

#define MM_SOUNDS_FOLDER "previews"

/* Below the library's folder, without ending: "previews/deezer/3f/1109731"; heap, NULL = no memory.
 * Whatever the id holds, the path stays inside. */
char *mm_sound_stem(const char *source, const char *id);

/* The file with this stem, whatever its ending, below the library; heap, NULL when there is none.
 */
char *mm_sound_find(const struct mm_catalog *catalog, const char *stem);

/* Writes it; *file is its path below the library, heap. */
int mm_sound_store(const struct mm_catalog *catalog, const char *stem, const char *ending,
                   const void *bytes, size_t size, char **file, struct mm_error *err);

/* Removes it; *removed (may be NULL) = it was there. */
void mm_sound_remove(const struct mm_catalog *catalog, const char *file, bool *removed);

/* Whether file is one of source's. */
bool mm_sound_is_from(const char *file, const char *source);

/* Removes all sounds of source, also those no song knows of; returns how many. */
size_t mm_sounds_remove_all(const struct mm_catalog *catalog, const char *source);

#endif
