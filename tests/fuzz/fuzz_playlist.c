/* SPDX-License-Identifier: BSD-2-Clause */
/* Playlists of every format: the first byte chooses it. */
#include <stdlib.h>
#include <string.h>

#include "source/playlist.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const names[] = {"a.m3u", "a.pls", "a.xspf", "a.jspf",
                                        "a.cue", "a.csv", "a"};
    if (size == 0)
        return 0;
    struct mm_playlist list = {0};
    struct mm_error err = {0};
    char *copy = malloc(size); /* with the NUL that files are read with */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    const char *name = names[data[0] % (sizeof names / sizeof *names)];
    int result = mm_playlist_read(name, copy, size - 1, &list, &err);
    if (result < 0 && (err.code != result || !*err.message))
        abort(); /* every failure says why */
    mm_playlist_finish(&list);
    free(copy);
    return 0;
}
