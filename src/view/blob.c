/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/blob.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"
#include "base/hash.h"

int mm_blob_create(unsigned char *bytes, size_t size, const char *mime, struct mm_blob **out,
                   struct mm_error *err)
{
    *out = NULL;
    unsigned char hash[MM_HASH_SIZE];
    int result = mm_hash_bytes(bytes, size, hash, err);
    struct mm_blob *blob = result < 0 ? NULL : calloc(1, sizeof *blob);
    if (!blob) {
        free(bytes);
        return result < 0 ? result : mm_no_memory(err);
    }
    atomic_init(&blob->holders, 1);
    blob->bytes = bytes;
    blob->size = size;
    snprintf(blob->mime, sizeof blob->mime, "%s", mime);
    char hex[2 * MM_HASH_SIZE + 1];
    mm_hash_hex(hash, hex);
    snprintf(blob->etag, sizeof blob->etag, "\"%.16s\"", hex);
    *out = blob;
    return 0;
}

int mm_blob_compress(struct mm_blob *blob, struct mm_error *err)
{
    enum { WORTH = 256, GZIP_WINDOW = 15 + 16 };
    if (blob->size < WORTH || blob->size > UINT_MAX)
        return 0;
    z_stream z = {0};
    /* Level 1: these replies are made while somebody waits. */
    if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return mm_no_memory(err);
    /* Room for less than the original only: where deflate needs more, it is not worth it. */
    unsigned char *data = malloc(blob->size);
    if (!data) {
        deflateEnd(&z);
        return mm_no_memory(err);
    }
    z.next_in = blob->bytes;
    z.avail_in = (uInt)blob->size;
    z.next_out = data;
    z.avail_out = (uInt)blob->size;
    bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    size_t size = z.total_out;
    deflateEnd(&z);
    if (!done) {
        free(data);
        return 0;
    }
    blob->gzip = data;
    unsigned char *exact = realloc(data, size);
    if (exact)
        blob->gzip = exact;
    blob->gzip_size = size;
    return 0;
}

struct mm_blob *mm_blob_hold(struct mm_blob *blob)
{
    atomic_fetch_add_explicit(&blob->holders, 1, memory_order_relaxed);
    return blob;
}

void mm_blob_release(struct mm_blob *blob)
{
    if (!blob || atomic_fetch_sub_explicit(&blob->holders, 1, memory_order_acq_rel) != 1)
        return;
    free(blob->bytes);
    free(blob->gzip);
    free(blob);
}
