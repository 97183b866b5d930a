/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array.h - growing arrays and overflow-checked allocation.
 *
 *     struct thing *things = NULL; size_t n = 0, capacity = 0;
 *     if (mm_array_reserve(&things, &capacity, n + 1) < 0) goto out;
 *     things[n++] = ...;
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "musicmap/error.h"

static inline int mm_array_reserve_bytes(void *pointer, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return 0;
    size_t grown = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    if (grown < need)
        grown = need;
    void *data;
    memcpy(&data, pointer, sizeof data);
    size_t bytes;
    if (__builtin_mul_overflow(grown, size, &bytes))
        return MM_ERR_NO_MEMORY;
    void *larger = realloc(data, bytes);
    if (!larger)
        return MM_ERR_NO_MEMORY;
    memcpy(pointer, &larger, sizeof larger);
    *capacity = grown;
    /* cppcheck-suppress memleak ; *pointer holds it, of whatever type that is */
    return 0;
}

/* Makes room for need elements in the array that *pointer holds. 0 or MM_ERR_NO_MEMORY. */
#define mm_array_reserve(pointer, capacity, need) \
    mm_array_reserve_bytes((pointer), (capacity), (need), sizeof **(pointer))

/* malloc(a * b * c) that refuses to overflow; zeroed. Never 0 bytes. */
static inline void *mm_calloc3(size_t a, size_t b, size_t c)
{
    size_t ab;
    if (__builtin_mul_overflow(a, b, &ab))
        return NULL;
    return calloc(ab ? ab : 1, c ? c : 1);
}

static inline int mm_no_memory(struct mm_error *err)
{
    mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    return MM_ERR_NO_MEMORY; /* said so plainly that static analysis sees it */
}

#endif
