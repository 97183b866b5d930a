/* SPDX-License-Identifier: BSD-2-Clause */
/* JSPF (https://wiki.xiph.org/JSPF): XSPF's names in JSON. Lists may also come as plain strings. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "source/json.h"
#include "source/playlist.h"

static int set_member(char **member, const json_t *track, const char *key)
{
    const char *text = mm_json_text(track, key);
    return text ? mm_playlist_text(member, text, strlen(text)) : 0;
}

static int read_track(const json_t *track, struct mm_playlist *out, struct mm_error *err)
{
    if (!json_is_object(track))
        return 0;
    struct mm_playlist_entry *entry = mm_playlist_add(out, err);
    if (!entry)
        return err->code;
    const json_t *location = json_object_get(track, "location");
    if (json_is_array(location))
        location = json_array_get(location, 0);
    int result = 0;
    if (json_is_string(location)) {
        entry->location = mm_strdup(json_string_value(location));
        result = entry->location ? 0 : MM_ERR_NO_MEMORY;
    }
    if (result == 0)
        result = set_member(&entry->tags.title, track, "title");
    if (result == 0)
        result = set_member(&entry->tags.artist, track, "creator");
    if (result == 0)
        result = set_member(&entry->tags.album, track, "album");
    entry->tags.track = (int)mm_json_count(track, "trackNum", 9999);
    entry->duration_s = mm_json_number(track, "duration", 0, 1e9) / 1000;
    return result < 0 ? mm_no_memory(err) : 0;
}

int mm_playlist_read_jspf(const char *bytes, size_t n, struct mm_playlist *out,
                          struct mm_error *err)
{
    struct mm_error local = {0};
    json_t *root = NULL;
    int result = mm_json_parse(bytes, n, &root, &local);
    const json_t *tracks = json_object_get(json_object_get(root, "playlist"), "track");
    if (result == 0 && !json_is_array(tracks))
        result = mm_error_set(&local, MM_ERR_INPUT, "not a JSPF playlist");
    for (size_t i = 0; result == 0 && i < json_array_size(tracks); i++)
        result = read_track(json_array_get(tracks, i), out, &local);
    json_decref(root);
    if (result < 0 && err)
        *err = local;
    return result;
}
