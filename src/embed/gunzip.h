/* SPDX-License-Identifier: BSD-2-Clause */
/* gunzip.h - a whole file in memory, unpacked when it is gzipped. */
#ifndef EMBED_GUNZIP_H
#define EMBED_GUNZIP_H

#include <stddef.h>

#include "musicmap/error.h"

/*
 * Reads path; a gzip file (by its first bytes) is unpacked. At most limit bytes come out, more is
 * MM_ERR_LIMIT; a damaged or cut gzip file is MM_ERR_INPUT. *out: free().
 */
int mm_gunzip_file(const char *path, size_t limit, char **out, size_t *count, struct mm_error *err);

#endif
