/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures of the current map: its vectors, positions and clusters against labels of the songs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "musicmap/work.h"
#include "work/vectors.h"

/* The songs of the map that still have the vector it was made from, in the map's order. */
struct sample {
    struct mm_song_vectors vectors;
    float *xy;
    uint32_t *cluster;
    uint32_t *label;
    json_t *numbers; /* label's name -> its number: a hash table of jansson's */
};

static uint32_t number_of(struct sample *s, const char *name)
{
    const json_t *known = json_object_get(s->numbers, name);
    if (known)
        return (uint32_t)json_integer_value(known);
    size_t number = json_object_size(s->numbers);
    /* Folder names need not be UTF-8. */
    if (json_object_set_new_nocheck(s->numbers, name, json_integer((json_int_t)number)) < 0)
        return UINT32_MAX;
    return (uint32_t)number;
}

/* "Bossa Nova" of "/music/Bossa Nova/song.mp3"; heap string or NULL. */
static char *parent_name(const char *path)
{
    const char *end = strrchr(path, '/');
    if (!end || end == path)
        return NULL;
    const char *begin = end;
    while (begin > path && begin[-1] != '/')
        begin--;
    return mm_strndup(begin, (size_t)(end - begin));
}

static int label_of(struct sample *s, int64_t id, enum mm_label_kind kind, uint32_t *out,
                    struct mm_error *err)
{
    struct mm_song song = {0};
    *out = UINT32_MAX;
    int result = mm_catalog_get_song(s->vectors.catalog, id, &song, err);
    if (result < 0)
        return result;
    if (kind == MM_LABEL_GENRE && song.tags.n_genres) {
        *out = number_of(s, song.tags.genres[0]);
    } else if (kind == MM_LABEL_FOLDER) {
        char *folder = parent_name(song.key);
        if (folder)
            *out = number_of(s, folder);
        free(folder);
    }
    mm_song_finish(&song);
    return 0;
}

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
    int result = 0;
    for (size_t i = 0; i < room && result == 0; i++) {
        const struct mm_map_song *song = &map->songs[i];
        while (known < s->vectors.n && s->vectors.ids[known] < song->song)
            known++;
        if (known == s->vectors.n || s->vectors.ids[known] != song->song)
            continue;
        ids[n] = song->song;
        s->xy[2 * n] = song->x;
        s->xy[2 * n + 1] = song->y;
        s->cluster[n] = song->cluster;
        result = label_of(s, song->song, kind, &s->label[n], err);
        n++;
    }
    free(s->vectors.ids);
    s->vectors.ids = ids;
    s->vectors.n = n;
    return result;
}

int mm_eval_map(struct mm_catalog *catalog, enum mm_label_kind label, size_t jobs,
                struct mm_quality *out, struct mm_error *err)
{
    struct mm_map_record map = {0};
    struct sample s = {.numbers = json_object()};
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
    json_decref(s.numbers);
    free(s.label);
    free(s.cluster);
    free(s.xy);
    mm_song_vectors_finish(&s.vectors);
    mm_map_record_finish(&map);
    return result;
}
