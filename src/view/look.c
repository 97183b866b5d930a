/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look.c - what somebody looks for that is not on the map yet: songs of the library by their names,
 * and in a library of many machines the word to the workers that these come first.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "musicmap/queue.h"
#include "view/desk.h"
#include "view/set_work.h"

enum {
    MOST_WORDS = 200, /* bytes */
    LOOKED_AT = 400,  /* hits; those on the map are among them */
    SHOWN = 12
};

static json_t *clean(const char *text)
{
    char *line = text ? mm_text_clean_utf8(text, strlen(text)) : NULL;
    json_t *json = line ? json_string(line) : json_null();
    free(line);
    return json;
}

/* Adds a song that is waiting; others (missing, hidden, gone meanwhile) are passed over. */
static int add_song(struct mm_catalog *catalog, int64_t id, json_t *list, struct mm_error *err)
{
    struct mm_song song = {0};
    int result = mm_catalog_get_song(catalog, id, &song, err);
    if (result == 0 && song.state == MM_SONG_PRESENT) {
        const char *title = song.tags.title && *song.tags.title ? song.tags.title
                            : song.key                          ? mm_path_name(song.key)
                                                                : "";
        json_t *json = json_pack("{s:I, s:o, s:o}", "id", (json_int_t)id, "title", clean(title),
                                 "artist", clean(song.tags.artist));
        result = json_array_append_new(list, json) == 0 ? 0 : mm_no_memory(err);
        if (result == 0 && mm_catalog_is_shared(catalog))
            result = mm_queue_prefer(catalog, id, err);
    }
    mm_song_finish(&song);
    return result == MM_ERR_NOT_FOUND ? 0 : result;
}

static int look(struct mm_catalog *catalog, const struct mm_desk_map *map, const char *words,
                struct mm_blob **out, struct mm_error *err)
{
    int64_t ids[LOOKED_AT];
    size_t n = 0;
    json_t *list = json_array();
    int result =
        list ? mm_catalog_search(catalog, words, ids, LOOKED_AT, &n, err) : mm_no_memory(err);
    for (size_t i = 0; i < n && result == 0 && json_array_size(list) < SHOWN; i++)
        if (!map->has(map->ctx, ids[i]))
            result = add_song(catalog, ids[i], list, err);
    if (result == 0)
        return mm_reply_json(
            json_pack("{s:o, s:b}", "songs", list, "first", mm_catalog_is_shared(catalog)), out,
            err);
    json_decref(list);
    return result;
}

int mm_look_task(struct mm_catalog *catalog, const struct mm_desk_map *map, const char *body,
                 size_t size, struct mm_blob **out, struct mm_error *err)
{
    json_t *json = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
    const char *what = json_string_value(json_object_get(json, "do"));
    const char *words = json_string_value(json_object_get(json, "words"));
    int result = 1;
    *out = NULL;
    if (what && strcmp(what, "look") == 0)
        result = words && *words && strlen(words) <= MOST_WORDS
                     ? look(catalog, map, words, out, err)
                     : mm_error_set(err, MM_ERR_USAGE, "\"words\" has 1 to %d bytes", MOST_WORDS);
    json_decref(json);
    return result;
}
