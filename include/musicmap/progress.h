/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress.h - how a long call tells how far it is, and how it is told to stop.
 *
 * update() may be called from any thread, never from two at once; it must return quickly. cancel is
 * read often; once it is non-zero the call returns MM_ERR_CANCELLED as soon as what is done is
 * safe. NULL for the whole struct, or for either member, means "not wanted".
 */
#ifndef MUSICMAP_PROGRESS_H
#define MUSICMAP_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mm_progress {
    /* total 0 = not known yet. stage is a static string such as "reading tags". */
    void (*update)(void *ctx, const char *stage, size_t done, size_t total);
    void *ctx;
    const atomic_int *cancel;
};

void mm_progress_update(const struct mm_progress *progress, const char *stage, size_t done,
                        size_t total);
bool mm_progress_cancelled(const struct mm_progress *progress);

#endif
