/* SPDX-License-Identifier: BSD-2-Clause */
/* npy.h - NumPy's array file, version 1.0, little-endian float32, C order. */
#ifndef CMD_NPY_H
#define CMD_NPY_H

#include <stddef.h>

#include "musicmap/error.h"

/* values: [rows][columns]; rows 0 writes a one-dimensional array [columns]. Written atomically. */
int cmd_write_npy(const char *path, const float *values, size_t rows, size_t columns,
                  struct mm_error *err);

#endif
