/* SPDX-License-Identifier: BSD-2-Clause */
/* Format: NEP 1, "A Simple File Format for NumPy Arrays". */
#include "cmd/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { PREFIX = 10, ALIGN = 64 }; /* magic, version, header length; the data begin aligned */

int cmd_write_npy(const char *path, const float *values, size_t rows, size_t columns,
                  struct mm_error *err)
{
    char header[256];
    char shape[64];
    if (rows)
        snprintf(shape, sizeof shape, "(%zu, %zu)", rows, columns);
    else
        snprintf(shape, sizeof shape, "(%zu,)", columns);
    int length = snprintf(header, sizeof header,
                          "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    int padding = ALIGN - (PREFIX + length + 1) % ALIGN;
    memset(header + length, ' ', (size_t)padding);
    length += padding;
    header[length++] = '\n';

    struct mm_file_write file;
    int result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    const unsigned char prefix[PREFIX] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, (unsigned char)(length >> 8)};
    fwrite(prefix, 1, PREFIX, file.stream);
    fwrite(header, 1, (size_t)length, file.stream);
    size_t count = (rows ? rows : 1) * columns;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                        (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        fwrite(bytes, 1, sizeof bytes, file.stream);
    }
    return mm_file_write_commit(&file, err);
}
