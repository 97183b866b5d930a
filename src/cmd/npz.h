/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * npz.h - NumPy's archive of arrays: a ZIP file of .npy files.
 */
#ifndef CMD_NPZ_H
#define CMD_NPZ_H

#include "cmd/npy.h"

/* "embedding" [rows]... float32 and "timestamps" [rows] float64, as OpenL3's own tool writes them.
 * Written atomically, not compressed. */
int cmd_write_npz(const char *path, const float *embedding, const struct cmd_shape *shape,
                  const double *timestamps, struct mm_error *err);

/* The float32 array called name ("embedding") of a .npz file, stored or deflated; *values: free().
 * At most 64 MB. */
int cmd_read_npz(const char *path, const char *name, float **values, size_t *count,
                 struct mm_error *err);

#endif
