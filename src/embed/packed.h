/* SPDX-License-Identifier: BSD-2-Clause */
/* packed.h - arrays of 16-bit floats as train/pack.py writes them: the weights that are part of the
 * program. */
#ifndef EMBED_PACKED_H
#define EMBED_PACKED_H

#include <stddef.h>

#include "musicmap/error.h"

typedef size_t mm_packed_shape[4]; /* 0 ends it */

struct mm_packed {
    size_t rank, count;
    float *values; /* free() it */
};

/*
 * Reads n arrays, each of the shape it must have. MM_ERR_INPUT: the bytes are anything else; what
 * was read until then is in out, to be freed.
 */
int mm_packed_read(const unsigned char *bytes, size_t size, const mm_packed_shape *shapes, size_t n,
                   struct mm_packed *out, struct mm_error *err);
void mm_packed_finish(struct mm_packed *arrays, size_t n);

#endif
