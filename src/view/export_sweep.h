/* SPDX-License-Identifier: BSD-2-Clause */
/* export_sweep.h - what an earlier copy of the map left in the folder, and this one does not have.
 */
#ifndef VIEW_EXPORT_SWEEP_H
#define VIEW_EXPORT_SWEEP_H

#include <stdbool.h>

#include "view/page_data.h"

struct mm_export_made {
    const struct mm_snapshot *snapshot;
    bool (*heard)(const void *ctx, size_t song); /* of the snapshot: it has a clip */
    const void *ctx;
};

/* Removes clips, tiles, songs and columns that were not made. Files of other names stay. */
int mm_export_sweep(const char *folder, const struct mm_export_made *made, struct mm_error *err);

#endif
