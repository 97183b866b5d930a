/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of the current map: its vectors, positions and clusters against labels of the songs. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "musicmap/work.h"
#include "work/labels.h"
#include "work/vectors.h"

/* The songs of the map that still have the vector it was made from, in the map's order. */
struct sample {
    struct mm_song_vectors vectors;
    float *xy;
    uint32_t *cluster;
    uint32_t *label;
};

static int fill_sample(struct sample *s, const struct mm_map_record *map, enum mm_label_kind kind,
                       struct mm_error *err)
{
    size_t room = map->n_songs;
    int64_t *ids = mm_calloc3(room, 1, sizeof *ids);
    s->xy = mm_calloc3(room, 2, sizeof *s->xy);
    s->cluster = mm_calloc3(room, 1, sizeof *s->cluster);
    s->label = mm_calloc3(room, 1, sizeof *s->label);
    if (!ids || !s->xy || !s->cluster || !s->label) {
        free(ids);
        return mm_no_memory(err);
    }
    size_t n = 0;
    size_t known = 0; /* both lists ascend */
    int result;
    for (size_t i = 0; i < room; i++) {
        const struct mm_map_song *song = &map->songs[i];
        while (known < s->vectors.n && s->vectors.ids[known] < song->song)
            known++;
        if (known == s->vectors.n || s->vectors.ids[known] != song->song)
            continue;
        ids[n] = song->song;
        s->xy[2 * n] = song->x;
        s->xy[2 * n + 1] = song->y;
        s->cluster[n] = song->cluster;
        n++;
    }
    result = mm_song_labels(s->vectors.catalog, ids, n, kind, s->label, err);
    free(s->vectors.ids);
    s->vectors.ids = ids;
    s->vectors.n = n;
    return result;
}

int mm_eval_map(struct mm_catalog *catalog, enum mm_label_kind label, size_t jobs,
                struct mm_quality *out, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct sample s = {0};
    int result = mm_catalog_get_map(catalog, &map, err);
    if (result == 0)
        result = mm_song_vectors_init(&s.vectors, catalog, map.model, err);
    if (result == 0)
        result = fill_sample(&s, &map, label, err);
    if (result == 0 && s.vectors.n == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "no song of the map is there any more: run \"musicmap map\"");
    if (result == 0) {
        struct mm_vectors reader = mm_song_vectors_reader(&s.vectors);
        result = mm_quality_measure(&reader, s.xy, s.cluster, s.label, jobs, out, err);
    }
    free(s.label);
    free(s.cluster);
    free(s.xy);
    mm_song_vectors_finish(&s.vectors);
    mm_map_record_finish(&map);
    return result;
}
