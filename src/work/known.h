/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.h - which song of the library is this recording? An index in memory, by ISRC and by
 * normalised artist and title (base/match.h); about 200 bytes a song.
 *
 * Threads: an index belongs to one thread.
 */
#ifndef WORK_KNOWN_H
#define WORK_KNOWN_H

#include "musicmap/catalog.h"

struct mm_known;

/* Empty, or filled with the library's songs where catalog is given. */
int mm_known_create(struct mm_catalog *catalog, struct mm_known **out, struct mm_error *err);
void mm_known_destroy(struct mm_known *known);

/* What tells a recording from another; NULL and 0 = not known. */
struct mm_recording {
    const char *isrc, *artist, *title;
    double duration_s;
};

int mm_known_add(struct mm_known *known, int64_t song, const struct mm_recording *recording,
                 struct mm_error *err);

/*
 * The song that is this recording: of equal ISRC, else of equal names and a duration that differs
 * by 2 s at most; of several the one added first. With loose, a duration that is not known fits.
 * *song 0 = there is none.
 */
int mm_known_find(const struct mm_known *known, const struct mm_recording *recording, bool loose,
                  int64_t *song, struct mm_error *err);

/*
 * The first song of the library that is the same recording as this one of its songs, itself when
 * there is none. Only for an index made from a catalog, before anything is added to it.
 */
int mm_known_first(const struct mm_known *known, int64_t song, int64_t *out, struct mm_error *err);

#endif
