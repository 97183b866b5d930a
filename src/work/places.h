/* SPDX-License-Identifier: BSD-2-Clause */
/* places.h - where the last map had the songs of a new one. */
#ifndef WORK_PLACES_H
#define WORK_PLACES_H

#include "musicmap/catalog.h"

struct mm_places {
    float *xy;         /* [n][2]; NAN for a song that is not on the map */
    uint32_t *cluster; /* [n] */
    size_t found;      /* songs that are */
};
/* ids: [n] ascending, as the map's songs are. */
int mm_places_find(const struct mm_map_record *map, const int64_t *ids, size_t n,
                   struct mm_places *out, struct mm_error *err);
void mm_places_finish(struct mm_places *places);

#endif
