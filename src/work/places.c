/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/places.h"

#include <math.h>

#include "base/array.h"

int mm_places_find(const struct mm_map_record *map, const int64_t *ids, size_t n,
                   struct mm_places *out, struct mm_error *err)
{
    *out = (struct mm_places){0};
    out->xy = mm_calloc3(n, 2, sizeof *out->xy);
    out->cluster = mm_calloc3(n, 1, sizeof *out->cluster);
    if (!out->xy || !out->cluster) {
        mm_places_finish(out);
        return mm_no_memory(err);
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        while (at < map->n_songs && map->songs[at].song < ids[i])
            at++;
        bool known = at < map->n_songs && map->songs[at].song == ids[i];
        out->xy[2 * i] = known ? map->songs[at].x : NAN;
        out->xy[2 * i + 1] = known ? map->songs[at].y : NAN;
        out->cluster[i] = known ? map->songs[at].cluster : 0;
        out->found += known;
    }
    return 0;
}

void mm_places_finish(struct mm_places *places)
{
    free(places->xy);
    free(places->cluster);
    *places = (struct mm_places){0};
}
