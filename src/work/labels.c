/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/labels.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* numbers: label -> its number; a hash table of jansson's. */
static uint32_t number_of(json_t *numbers, const char *name)
{
    const json_t *known = json_object_get(numbers, name);
    if (known)
        return (uint32_t)json_integer_value(known);
    size_t number = json_object_size(numbers);
    /* Folder names need not be UTF-8. */
    if (json_object_set_new_nocheck(numbers, name, json_integer((json_int_t)number)) < 0)
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

static uint32_t label_of(json_t *numbers, const struct mm_song *song, enum mm_label_kind kind)
{
    if (kind == MM_LABEL_GENRE)
        return song->tags.n_genres ? number_of(numbers, song->tags.genres[0]) : UINT32_MAX;
    char *folder = parent_name(song->key);
    uint32_t label = folder ? number_of(numbers, folder) : UINT32_MAX;
    free(folder);
    return label;
}

int mm_song_labels(struct mm_catalog *catalog, const int64_t *ids, size_t n,
                   enum mm_label_kind kind, uint32_t *label, struct mm_error *err)
{
    json_t *numbers = json_object();
    int result = numbers ? 0 : mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n && result == 0; i++) {
        struct mm_song song = {0};
        result = mm_catalog_get_song(catalog, ids[i], &song, err);
        if (result < 0)
            break;
        label[i] = label_of(numbers, &song, kind);
        mm_song_finish(&song);
    }
    json_decref(numbers);
    return result;
}
