/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/gunzip.h"

#define ZLIB_CONST
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/array.h"
#include "base/file.h"

#define FIRST_GUESS ((size_t)1 << 20)

/* Makes room for more output, up to one byte more than the limit: that byte tells a file that is
 * too large from one that just fits. */
static int make_room(char **out, size_t *capacity, size_t limit)
{
    size_t grown = *capacity ? *capacity * 2 : FIRST_GUESS;
    if (grown > limit + 1)
        grown = limit + 1;
    char *data = realloc(*out, grown);
    if (!data)
        return MM_ERR_NO_MEMORY;
    *out = data;
    *capacity = grown;
    return 0;
}

/* Several gzip members one behind the other are one file, as gzip(1) has it. */
static int inflate_all(z_stream *z, const char *packed, size_t n_packed, size_t limit, char **out,
                       size_t *count, struct mm_error *err)
{
    size_t capacity = 0;
    z->next_in = (const Bytef *)packed;
    size_t left = n_packed;
    for (;;) {
        if (*count == capacity && make_room(out, &capacity, limit) < 0)
            return mm_no_memory(err);
        z->avail_in = left > INT_MAX ? INT_MAX : (uInt)left;
        z->avail_out = capacity - *count > INT_MAX ? INT_MAX : (uInt)(capacity - *count);
        z->next_out = (Bytef *)*out + *count;
        uInt in_before = z->avail_in;
        uInt out_before = z->avail_out;
        int status = inflate(z, Z_NO_FLUSH);
        left -= in_before - z->avail_in;
        *count += out_before - z->avail_out;
        if (*count > limit)
            return mm_error_set(err, MM_ERR_LIMIT, "it unpacks to more than %zu MB", limit >> 20);
        if (status == Z_STREAM_END) {
            if (left == 0)
                return 0;
            if (inflateReset(z) != Z_OK)
                return mm_no_memory(err);
        } else if (status == Z_MEM_ERROR) {
            return mm_no_memory(err);
        } else if (status != Z_OK && !(status == Z_BUF_ERROR && *count == capacity)) {
            return mm_error_set(err, MM_ERR_INPUT, "its gzip data is damaged or cut off");
        }
    }
}

static int unpack(const char *packed, size_t n_packed, size_t limit, char **out, size_t *count,
                  struct mm_error *err)
{
    z_stream z = {0};
    *out = NULL;
    *count = 0;
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: a gzip header, not zlib's */
        return mm_no_memory(err);
    int result = inflate_all(&z, packed, n_packed, limit, out, count, err);
    inflateEnd(&z);
    if (result < 0) {
        free(*out);
        *out = NULL;
    }
    return result;
}

int mm_gunzip_file(const char *path, size_t limit, char **out, size_t *count, struct mm_error *err)
{
    *out = NULL;
    char *bytes;
    size_t n;
    int result = mm_file_read(path, limit, &bytes, &n, err);
    if (result < 0)
        return result;
    bool packed = n >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
    if (!packed) {
        *out = bytes;
        *count = n;
        return 0;
    }
    result = unpack(bytes, n, limit, out, count, err);
    free(bytes);
    return result < 0 ? mm_error_prefix(err, "%s", path) : 0;
}
