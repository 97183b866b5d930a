/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of the services: the first byte chooses whose. */
#include <stdlib.h>

#include "source/service.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    struct mm_tracks tracks = {0};
    struct mm_error err = {0};
    json_t *json = NULL;
    if (mm_json_parse((const char *)data + 1, size - 1, &json, &err) == 0) {
        const json_t *inner = json_object_get(json, "tracks");
        switch (data[0] % 4) {
        case 0:
            mm_deezer_tracks(json, &tracks);
            break;
        case 1:
            mm_itunes_tracks(json, "US", &tracks);
            break;
        case 2:
            mm_jamendo_tracks(json, &tracks);
            break;
        default:
            mm_spotify_tracks(inner ? inner : json, &tracks);
        }
    }
    for (size_t i = 0; i < tracks.n; i++)
        if (!tracks.list[i].id || !tracks.list[i].tags.title || !tracks.list[i].tags.artist ||
            !(tracks.list[i].duration_s >= 0))
            abort(); /* what passes is a song */
    mm_tracks_finish(&tracks);
    json_decref(json);
    return 0;
}
