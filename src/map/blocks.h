/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks.h - the vectors as the algorithms read them: in blocks, standardised.
 *
 * Every dimension gets mean 0 and variance 1, times its weight where the vectors have any; one that
 * does not vary becomes 0 and so has no say.
 *
 * Threads: reading is for one thread at a time (the callback behind it is).
 */
#ifndef MAP_BLOCKS_H
#define MAP_BLOCKS_H

#include <stddef.h>

#include "musicmap/map.h"

/* Rows read at once. Fixed, so that sums over blocks come out the same every time. */
#define MM_BLOCK_ROWS ((size_t)1024)

struct mm_standard {
    const struct mm_vectors *vectors; /* not owned */
    double *mean;                     /* [dim] */
    double *scale;                    /* [dim] weight / standard deviation; 0: does not vary */
    size_t varying;                   /* dimensions with a scale */
};

/* Reads all vectors once. A value that is not finite is MM_ERR_INPUT. */
int mm_standard_create(const struct mm_vectors *vectors, const struct mm_progress *progress,
                       struct mm_standard *out, struct mm_error *err);
void mm_standard_finish(struct mm_standard *standard);

/* Standardised rows first .. first + count - 1 into out: [count][dim]. */
int mm_standard_read(const struct mm_standard *standard, size_t first, size_t count, float *out,
                     struct mm_error *err);

/* Rows of the block that begins at row first. */
static inline size_t mm_block_rows(size_t n, size_t first)
{
    return n - first < MM_BLOCK_ROWS ? n - first : MM_BLOCK_ROWS;
}

#endif
