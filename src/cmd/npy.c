/* SPDX-License-Identifier: BSD-2-Clause */
/* Format: NEP 1, "A Simple File Format for NumPy Arrays". */
#include "cmd/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"

enum { PREFIX = 10, ALIGN = 64 }; /* magic, version, header length; the data begin aligned */

size_t cmd_shape_count(const struct cmd_shape *shape)
{
    size_t count = 1;
    for (size_t i = 0; i < shape->rank; i++)
        count *= shape->dims[i];
    return count;
}

void cmd_npy_header(struct mm_text *out, const char *type, const struct cmd_shape *shape)
{
    char header[256];
    char tuple[80];
    int at = 0;
    for (size_t i = 0; i < shape->rank; i++)
        at += snprintf(tuple + at, sizeof tuple - (size_t)at, i ? ", %zu" : "%zu", shape->dims[i]);
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }", type, tuple,
                          shape->rank == 1 ? "," : "");
    int padding = ALIGN - (PREFIX + length + 1) % ALIGN;
    memset(header + length, ' ', (size_t)padding);
    length += padding;
    header[length++] = '\n';
    const unsigned char prefix[PREFIX] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, (unsigned char)(length >> 8)};
    mm_text_add_bytes(out, prefix, PREFIX);
    mm_text_add_bytes(out, header, (size_t)length);
}

int cmd_write_npy(const char *path, const float *values, const struct cmd_shape *shape,
                  struct mm_error *err)
{
    struct mm_text header = {0};
    cmd_npy_header(&header, "<f4", shape);
    if (header.failed) {
        mm_text_finish(&header);
        return mm_no_memory(err);
    }
    struct mm_file_write file;
    int result = mm_file_write_begin(&file, path, err);
    if (result < 0) {
        mm_text_finish(&header);
        return result;
    }
    fwrite(header.data, 1, header.length, file.stream);
    mm_text_finish(&header);
    size_t count = cmd_shape_count(shape);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                        (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        fwrite(bytes, 1, sizeof bytes, file.stream);
    }
    return mm_file_write_commit(&file, err);
}

int cmd_npy_parse(const unsigned char *bytes, size_t size, float **values, size_t *count)
{
    *values = NULL;
    if (size < PREFIX || memcmp(bytes, "\x93NUMPY\x01", 7) != 0)
        return MM_ERR_INPUT;
    size_t head = PREFIX + bytes[8] + 256 * (size_t)bytes[9];
    if (head > size || !memmem(bytes, head, "'<f4'", 5) || memmem(bytes, head, "r': True", 8))
        return MM_ERR_INPUT;
    *count = (size - head) / 4;
    *values = calloc(*count ? *count : 1, sizeof **values);
    if (!*values)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < *count; i++) {
        const unsigned char *at = bytes + head + 4 * i;
        uint32_t bits =
            at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        memcpy(*values + i, &bits, sizeof bits);
    }
    return 0;
}
