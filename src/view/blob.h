/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blob.h - bytes to be sent that several threads hold at once.
 *
 * A blob does not change once made; the last mm_blob_release() frees it. Any thread.
 */
#ifndef VIEW_BLOB_H
#define VIEW_BLOB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

enum { MM_ETAG_SIZE = 24 };

struct mm_blob {
    atomic_uint holders;
    unsigned char *bytes;
    size_t size;
    unsigned char *gzip; /* the same, compressed; NULL where that was not wanted or no gain */
    size_t gzip_size;
    uint64_t tag; /* what it was made from (see clips.h), 0 = not said */
    char mime[32];
    char etag[MM_ETAG_SIZE]; /* of the content, with its quotes */
};

/* Takes bytes over (freed also on failure). */
int mm_blob_create(unsigned char *bytes, size_t size, const char *mime, struct mm_blob **out,
                   struct mm_error *err);
/* Adds the compressed form; call before the blob is shared. Small or incompressible: none. */
int mm_blob_compress(struct mm_blob *blob, struct mm_error *err);
struct mm_blob *mm_blob_hold(struct mm_blob *blob);
void mm_blob_release(struct mm_blob *blob); /* NULL is allowed */

#endif
