/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.c - the table of sources. A new one is one new file and one new line here. */
#include <string.h>

#include "musicmap/source.h"

static const struct mm_source sources[] = {
    {"folder", "DIR...", "all songs in folders", mm_source_folder, true, false, false},
    {"playlist", "FILE...", "what playlists name (m3u, pls, xspf, jspf, cue, csv)",
     mm_source_playlist, false, false, false},
    {"fma", "DIR...", "the Free Music Archive data set", mm_source_fma, false, false, false},
    {"mpd", "[HOST[:PORT]|SOCKET]", "what a Music Player Daemon has", mm_source_mpd, true, true,
     false},
    {"mixxx", "[FILE]", "Mixxx's library, with tempo, key, cues and crates", mm_source_mixxx, false,
     true, true},
    {"rekordbox", "FILE...", "an export of Rekordbox (XML)", mm_source_rekordbox, false, false,
     true},
    {"traktor", "FILE...", "Traktor's collection.nml", mm_source_traktor, false, false, true},
};

const struct mm_source *mm_sources(size_t *count)
{
    *count = sizeof sources / sizeof *sources;
    return sources;
}

const struct mm_source *mm_source_find(const char *name)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, name) == 0)
            return &sources[i];
    return NULL;
}

bool mm_source_is_files(const char *source)
{
    return strcmp(source, "folder") == 0 || strcmp(source, "fma") == 0;
}
