/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/kernel/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE ((size_t)64)
#define LARGE_PAGE ((size_t)2 << 20)

float *mm_floats_alloc(size_t count)
{
    if (count > SIZE_MAX / sizeof(float) - LARGE_PAGE)
        return NULL;
    size_t bytes = count ? count * sizeof(float) : 1;
    size_t alignment = bytes >= LARGE_PAGE ? LARGE_PAGE : CACHE_LINE;
    /* Not rounded up to whole large pages: the last one would cost memory that nothing uses. */
    bytes = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *block = NULL;
    if (posix_memalign(&block, alignment, bytes) != 0)
        return NULL;
    if (alignment == LARGE_PAGE)
        madvise(block, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE); /* a hint, may fail */
    memset(block, 0, bytes);
    return block;
}
