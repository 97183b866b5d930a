/* SPDX-License-Identifier: BSD-2-Clause */
/* npy.h - NumPy's array file, version 1.0, little-endian float32, C order. */
#ifndef CMD_NPY_H
#define CMD_NPY_H

#include <stddef.h>

#include "base/text.h"
#include "musicmap/error.h"

struct cmd_shape {
    size_t rank; /* 1..3 */
    size_t dims[3];
};
size_t cmd_shape_count(const struct cmd_shape *shape); /* of elements */

/* values: [dims[0]][dims[1]]... Written atomically. */
int cmd_write_npy(const char *path, const float *values, const struct cmd_shape *shape,
                  struct mm_error *err);

/* Adds the beginning of a file to out: type is NumPy's ("<f4"). */
void cmd_npy_header(struct mm_text *out, const char *type, const struct cmd_shape *shape);

/* The values of a whole .npy file in memory, float32 in C order; *values: free(). Negative when it
 * is something else. */
int cmd_npy_parse(const unsigned char *bytes, size_t size, float **values, size_t *count);

#endif
