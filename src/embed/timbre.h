/* SPDX-License-Identifier: BSD-2-Clause */
/* timbre.h - the built-in model: what its numbers are. See doc/timbre.md. */
#ifndef EMBED_TIMBRE_H
#define EMBED_TIMBRE_H

#define MM_TIMBRE_RATE 22050
#define MM_TIMBRE_DIM  230

/* One name for each dimension, "mfcc01_mean", ...; [MM_TIMBRE_DIM], static. */
const char *const *mm_timbre_names(void);

#endif
