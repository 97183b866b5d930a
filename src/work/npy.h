/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * npy.h - reads the array of a NumPy file (NEP 1, versions 1 to 3) that a stranger wrote: one or
 * two dimensions of 16-, 32- or 64-bit floats, any byte order, C or Fortran order.
 *
 * Nothing of the header is believed before it fits the file's size.
 *
 * Threads: the calls share nothing.
 */
#ifndef WORK_NPY_H
#define WORK_NPY_H

#include <stdbool.h>
#include <stddef.h>

#include "musicmap/error.h"

struct mm_npy {
    size_t rows, columns;        /* at least 1; one dimension is a single row */
    const unsigned char *values; /* in the file's bytes */
    size_t width;                /* bytes of a value: 2, 4 or 8 */
    bool big_endian, fortran;
};

/* bytes: [size] the whole file, must outlive *out. MM_ERR_INPUT: damaged; MM_ERR_UNSUPPORTED: an
 * array of another kind. */
int mm_npy_parse(const unsigned char *bytes, size_t size, struct mm_npy *out, struct mm_error *err);

/* Row number `row` as 32-bit floats, out: [columns]; false when one is not finite. */
bool mm_npy_row(const struct mm_npy *array, size_t row, float *out);

#endif
