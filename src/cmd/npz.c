/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats: NEP 1 for the arrays, APPNOTE.TXT of PKWARE for the archive (no ZIP64, no encryption).
 */
#define ZLIB_CONST
#include "cmd/npz.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/npy.h"

#define LIMIT ((size_t)64 << 20)

enum {
    LOCAL_HEAD = 30,
    CENTRAL_HEAD = 46,
    END_HEAD = 22,
    STORED = 0,
    DEFLATED = 8,
    DOS_DATE = 0x21, /* 1 January 1980: the same file every time */
};

/* ---- little-endian numbers ---- */

static void put(struct mm_text *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char byte = (char)(value >> (8 * i));
        mm_text_add_bytes(out, &byte, 1);
    }
}

static uint32_t get(const unsigned char *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

/* ---- writing ---- */

/* What a member's two headers have in common, from "version needed" to the length of the name. */
static void put_member(struct mm_text *out, const char *name, uint32_t crc, size_t size)
{
    put(out, 20, 2); /* version 2.0 */
    put(out, 0, 2);  /* no flags */
    put(out, STORED, 2);
    put(out, 0, 2); /* time */
    put(out, DOS_DATE, 2);
    put(out, crc, 4);
    put(out, size, 4);
    put(out, size, 4);
    put(out, strlen(name), 2);
    put(out, 0, 2); /* no extra field */
}

static void add_member(struct mm_text *archive, struct mm_text *directory, const char *name,
                       const struct mm_text *content)
{
    size_t offset = archive->length;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)content->data, (uInt)content->length);
    put(archive, 0x04034b50, 4);
    put_member(archive, name, crc, content->length);
    mm_text_add(archive, name);
    mm_text_add_bytes(archive, content->data, content->length);
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2); /* made by version 2.0 */
    put_member(directory, name, crc, content->length);
    put(directory, 0, 2); /* no comment */
    put(directory, 0, 2); /* disk */
    put(directory, 0, 2); /* attributes */
    put(directory, 0, 4);
    put(directory, offset, 4);
    mm_text_add(directory, name);
}

/* size bytes each: 1, 4 or 8; as they lie in memory of a little-endian machine. */
static void put_values(struct mm_text *out, const void *values, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        uint32_t half;
        if (size == 8)
            memcpy(&bits, (const char *)values + i * 8, 8);
        else if (size == 4)
            memcpy(&half, (const char *)values + i * 4, 4), bits = half;
        put(out, bits, size);
    }
}

int cmd_write_arrays(const char *path, const struct cmd_array *arrays, size_t n,
                     struct mm_error *err)
{
    struct mm_text archive = {0};
    struct mm_text directory = {0};
    bool failed = false;
    for (size_t i = 0; i < n; i++) {
        const struct cmd_array *a = &arrays[i];
        struct mm_text member = {0};
        char name[64];
        size_t words = cmd_shape_count(&a->shape) * (a->words ? a->words : 1);
        snprintf(name, sizeof name, "%.50s.npy", a->name);
        cmd_npy_header(&member, a->type, &a->shape);
        put_values(&member, a->values, words, a->type[1] == 'U' || a->type[2] == '4' ? 4 : 8);
        if (member.length > UINT32_MAX)
            failed = true;
        else
            add_member(&archive, &directory, name, &member);
        failed |= member.failed || archive.length > UINT32_MAX;
        mm_text_finish(&member);
        if (failed)
            break;
    }
    size_t offset = archive.length;
    mm_text_add_bytes(&archive, directory.data, directory.length);
    put(&archive, 0x06054b50, 4);
    put(&archive, 0, 4); /* disks */
    put(&archive, n, 2); /* members, on this disk and in all */
    put(&archive, n, 2);
    put(&archive, directory.length, 4);
    put(&archive, offset, 4);
    put(&archive, 0, 2); /* no comment */
    int result;
    if (archive.length > UINT32_MAX || failed)
        result = mm_error_set(err, MM_ERR_LIMIT, "%s would pass 4 GB, or memory", path);
    else if (archive.failed || directory.failed)
        result = mm_no_memory(err);
    else
        result = mm_file_write(path, archive.data, archive.length, err);
    mm_text_finish(&directory);
    mm_text_finish(&archive);
    return result;
}

int cmd_write_npz(const char *path, const float *embedding, const struct cmd_shape *shape,
                  const double *timestamps, struct mm_error *err)
{
    const struct cmd_array arrays[] = {
        {.name = "embedding", .type = "<f4", .shape = *shape, .values = embedding},
        {.name = "timestamps", .type = "<f8", .shape = {1, {shape->dims[0]}}, .values = timestamps},
    };
    return cmd_write_arrays(path, arrays, 2, err);
}

/* ---- reading ---- */

struct member {
    const unsigned char *data;
    size_t packed, size;
    unsigned method;
};

/* Finds a member through the directory at the end. */
static bool find_member(const unsigned char *bytes, size_t size, const char *name,
                        struct member *out)
{
    if (size < END_HEAD)
        return false;
    size_t end = size - END_HEAD; /* comments are not used by NumPy */
    if (get(bytes + end, 4) != 0x06054b50)
        return false;
    size_t count = get(bytes + end + 10, 2);
    size_t at = get(bytes + end + 16, 4);
    for (size_t i = 0; i < count && at <= end && end - at >= CENTRAL_HEAD; i++) {
        const unsigned char *head = bytes + at;
        size_t length = get(head + 28, 2);
        size_t local = get(head + 42, 4);
        if (get(head, 4) != 0x02014b50 || end - at - CENTRAL_HEAD < length)
            return false;
        bool match = length == strlen(name) && memcmp(head + CENTRAL_HEAD, name, length) == 0;
        *out = (struct member){
            .packed = get(head + 20, 4), .size = get(head + 24, 4), .method = get(head + 10, 2)};
        at += CENTRAL_HEAD + length + get(head + 30, 2) + get(head + 32, 2);
        if (!match)
            continue;
        if (local > end || end - local < LOCAL_HEAD)
            return false;
        size_t data = local + LOCAL_HEAD + get(bytes + local + 26, 2) + get(bytes + local + 28, 2);
        out->data = bytes + data;
        return data <= end && out->packed <= end - data;
    }
    return false;
}

/* The member's content; NULL when it is damaged, too large or memory is out. */
static unsigned char *unpack(const struct member *member)
{
    if (member->size > LIMIT)
        return NULL;
    unsigned char *out = malloc(member->size + 1);
    if (!out)
        return NULL;
    bool fine = false;
    if (member->method == STORED && member->packed == member->size) {
        memcpy(out, member->data, member->size);
        fine = true;
    } else if (member->method == DEFLATED) {
        z_stream z = {.next_in = member->data,
                      .avail_in = (uInt)member->packed,
                      .next_out = out,
                      .avail_out = (uInt)member->size};
        if (inflateInit2(&z, -15) == Z_OK) {
            fine = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
            inflateEnd(&z);
        }
    }
    if (fine)
        return out;
    free(out);
    return NULL;
}

int cmd_read_npz(const char *path, const char *name, float **values, size_t *count,
                 struct mm_error *err)
{
    *values = NULL;
    char *bytes;
    size_t size;
    int result = mm_file_read(path, LIMIT, &bytes, &size, err);
    if (result < 0)
        return result;
    char full[128];
    snprintf(full, sizeof full, "%s.npy", name);
    struct member member;
    unsigned char *array = NULL;
    if (find_member((const unsigned char *)bytes, size, full, &member))
        array = unpack(&member);
    if (!array || cmd_npy_parse(array, member.size, values, count) < 0)
        result = mm_error_set(err, MM_ERR_INPUT, "%s holds no array of 32-bit floats \"%s\"", path,
                              name);
    free(array);
    free(bytes);
    return result;
}
