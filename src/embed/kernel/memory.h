/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - blocks of floats for kernels: zeroed, aligned, on large pages where they are large. */
#ifndef EMBED_KERNEL_MEMORY_H
#define EMBED_KERNEL_MEMORY_H

#include <stddef.h>

/* count floats, all 0, aligned to a cache line (large ones to 2 MiB); free(). NULL = no memory. */
float *mm_floats_alloc(size_t count);

#endif
