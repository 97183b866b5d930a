/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - which file names are taken for audio: the endings of what FFmpeg decodes. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "musicmap/source.h"

static const char *const endings[] = {
    /* MPEG */
    "mp3", "mp2", "mp1", "mpga", "aac", "m4a", "m4b", "mp4", "3gp",
    /* Xiph */
    "ogg", "oga", "opus", "spx", "flac",
    /* uncompressed */
    "wav", "wave", "w64", "rf64", "aif", "aiff", "aifc", "au", "snd", "caf",
    /* Microsoft, Real, Matroska */
    "wma", "asf", "ra", "rm", "mka", "weba", "webm",
    /* the lossless ones, Musepack, DSD, Dolby, DTS */
    "ape", "wv", "tta", "tak", "shn", "mpc", "mp+", "mpp", "dsf", "dff", "ac3", "eac3", "dts",
    /* trackers */
    "mod", "xm", "s3m", "it", "mptm", "mtm", "stm", "ult", "669", "far", "med", "okt", "amf", "dbm",
    "ptm", "psm", "mo3", "umx"};

int mm_source_is_audio_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    if (slash)
        name = slash + 1;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name) /* ".mp3" is a hidden file without an ending */
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return 1;
    return 0;
}

const char *mm_skip_name(enum mm_skip kind)
{
    switch (kind) {
    case MM_SKIP_NOT_AUDIO:
        return "not audio";
    case MM_SKIP_EMPTY:
        return "empty file";
    case MM_SKIP_UNREADABLE:
        return "not readable";
    case MM_SKIP_LOOP:
        return "link to a folder seen before";
    case MM_SKIP_SPECIAL:
        return "not a regular file";
    case MM_SKIP_KINDS:
        break;
    }
    return "?";
}
