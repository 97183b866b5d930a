/* SPDX-License-Identifier: BSD-2-Clause */
/* gone.h - what the library says of a folder and is there no longer. */
#ifndef WORK_GONE_H
#define WORK_GONE_H

#include "musicmap/catalog.h"

/* Is there certainly nothing at path? A folder that cannot be read says nothing about its files. */
bool mm_file_is_gone(const char *path);

/* Do both paths lead to the same place, by way of links? Two hard links are two places. */
bool mm_file_is_same(const char *a, const char *b);

/*
 * Marks the songs below folder whose files are gone as missing and adds their number to *count.
 * seen: [n], put in order here: songs that were just met, which nothing needs to be asked about.
 */
int mm_gone_songs(struct mm_catalog *catalog, const char *folder, int64_t *seen, size_t n,
                  size_t *count, struct mm_error *err);

/* Forgets the failures of that stage below folder whose files are gone. */
int mm_gone_failures(struct mm_catalog *catalog, const char *folder, const char *stage,
                     struct mm_error *err);

#endif
