/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * npz.h - NumPy's archive of arrays: a ZIP file of .npy files.
 */
#ifndef CMD_NPZ_H
#define CMD_NPZ_H

#include "cmd/npy.h"

/* One member of an archive. */
struct cmd_array {
    const char *name;
    const char *type; /* "<f4", "<f8", "<i8", or "<U12": 12 code points each */
    struct cmd_shape shape;
    size_t words;       /* "<U12": 12; else 0 */
    const void *values; /* float, double, int64_t, or uint32_t code points */
};
/* Written atomically, not compressed; at most 4 GB. */
int cmd_write_arrays(const char *path, const struct cmd_array *arrays, size_t n,
                     struct mm_error *err);

/* "embedding" [rows]... float32 and "timestamps" [rows] float64, as OpenL3's own tool writes them.
 * Written atomically, not compressed. */
int cmd_write_npz(const char *path, const float *embedding, const struct cmd_shape *shape,
                  const double *timestamps, struct mm_error *err);

/* The float32 array called name ("embedding") of a .npz file, stored or deflated; *values: free().
 * At most 64 MB. */
int cmd_read_npz(const char *path, const char *name, float **values, size_t *count,
                 struct mm_error *err);

#endif
