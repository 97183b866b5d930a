/* SPDX-License-Identifier: BSD-2-Clause */
/* Playlists of every format: the first byte chooses it. */
#include "fuzz.h"

#include "source/playlist.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const names[] = {"a.m3u", "a.pls", "a.xspf", "a.jspf",
                                        "a.cue", "a.csv", "a"};
    if (size == 0)
        return 0;
    struct mm_playlist list = {0};
    struct mm_error err = {0};
    char *copy = text_of(data + 1, size - 1);
    const char *name = names[data[0] % (sizeof names / sizeof *names)];
    must_say(mm_playlist_read(name, copy, size - 1, &list, &err), &err);
    for (size_t i = 0; i < list.n; i++) {
        must_be_tags(&list.entries[i].tags);
        must_be_length(list.entries[i].duration_s);
    }
    mm_playlist_finish(&list);
    free(copy);
    return 0;
}
