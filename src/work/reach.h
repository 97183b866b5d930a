/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reach.h - where this machine finds a file that another machine gathered: under the same path,
 * under another one (/music=/mnt/nas), or on a web server (/music=https://host/music).
 */
#ifndef WORK_REACH_H
#define WORK_REACH_H

#include "musicmap/work.h"

struct mm_reached {
    char *path;
    bool temporary; /* it is a copy of ours */
};
/* maps: "FROM=TO" each; the longest FROM that path lies in counts, path itself where there is none.
 * A file on a server is fetched into $TMPDIR. */
int mm_reach(const char *path, const char *const *maps, size_t n_maps,
             const struct mm_progress *progress, struct mm_reached *out, struct mm_error *err);
void mm_reached_finish(struct mm_reached *reached);

/* MM_ERR_USAGE when map is not of the form "/FROM=TO". */
int mm_reach_check(const char *map, struct mm_error *err);

#endif
