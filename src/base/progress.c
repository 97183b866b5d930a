/* SPDX-License-Identifier: BSD-2-Clause */
#include "musicmap/progress.h"

void mm_progress_update(const struct mm_progress *progress, const char *stage, size_t done,
                        size_t total)
{
    if (progress && progress->update)
        progress->update(progress->ctx, stage, done, total);
}

bool mm_progress_cancelled(const struct mm_progress *progress)
{
    return progress && progress->cancel && atomic_load(progress->cancel) != 0;
}
