/* SPDX-License-Identifier: BSD-2-Clause */
#include "musicmap/song.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

void mm_tags_finish(struct mm_tags *tags)
{
    if (!tags)
        return;
    free(tags->title);
    free(tags->artist);
    free(tags->album);
    free(tags->album_artist);
    free(tags->isrc);
    free(tags->musicbrainz_id);
    for (size_t i = 0; i < tags->n_genres; i++)
        free(tags->genres[i]);
    free(tags->genres);
    *tags = (struct mm_tags){0};
}

static bool has_genre(const struct mm_tags *tags, const char *folded)
{
    bool found = false;
    for (size_t i = 0; i < tags->n_genres && !found; i++) {
        char *other = mm_text_fold(tags->genres[i]);
        found = other && strcmp(other, folded) == 0;
        free(other);
    }
    return found;
}

int mm_tags_add_genre(struct mm_tags *tags, const char *genre)
{
    char *folded = mm_text_fold(genre);
    if (!folded)
        return MM_ERR_NO_MEMORY;
    bool known = has_genre(tags, folded);
    free(folded);
    if (known || !*genre)
        return 0;
    char **grown = realloc(tags->genres, (tags->n_genres + 1) * sizeof *grown);
    if (!grown)
        return MM_ERR_NO_MEMORY;
    tags->genres = grown;
    char *copy = mm_strdup(genre);
    if (!copy)
        return MM_ERR_NO_MEMORY;
    tags->genres[tags->n_genres++] = copy;
    return 0;
}

int mm_tags_split_genres(struct mm_tags *tags, const char *text, size_t length)
{
    int result = 0;
    for (size_t begin = 0; begin <= length && result == 0;) {
        size_t end = begin;
        while (end < length && text[end] != '\0' && !strchr(";/,", text[end]))
            end++;
        char *part = mm_text_clean_utf8(text + begin, end - begin);
        result = part ? mm_tags_add_genre(tags, part) : MM_ERR_NO_MEMORY;
        free(part);
        begin = end + 1;
    }
    return result;
}

const char *mm_key_name(int key, enum mm_mode mode)
{
    static const char *const names[2][12] = {
        [MM_MODE_MINOR] = {"Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "A#m",
                           "Bm"},
        [MM_MODE_MAJOR] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"},
    };
    return key < 0 || key > 11 ? "" : names[mode == MM_MODE_MAJOR][key];
}
