/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floats.h - numbers as they lie on the disk: IEEE 754, little-endian, of four bytes (float32) or
 * of two (float16). A vector's length tells which.
 */
#ifndef CATALOG_FLOATS_H
#define CATALOG_FLOATS_H

#include <stdbool.h>
#include <stddef.h>

/* out: [4 * count]. Returns the bytes written: 4 * count. */
size_t mm_encode_floats(const float *values, size_t count, unsigned char *out);
/* The nearest that two bytes can say, ties to even: 11 binary digits, up to 65,504. Returns
 * 2 * count; 0 when a value is larger. */
size_t mm_encode_halves(const float *values, size_t count, unsigned char *out);

/* False when one is not finite. */
bool mm_decode_floats(const unsigned char *bytes, size_t count, float *values);
/* Either of both; false when size fits neither, too. */
bool mm_decode_vector(const unsigned char *bytes, size_t size, size_t count, float *values);

#endif
