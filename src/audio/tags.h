/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tags.h - from what containers call things to struct mm_tags.
 *
 * Threads: nothing is shared.
 */
#ifndef AUDIO_TAGS_H
#define AUDIO_TAGS_H

#include "audio/input.h"
#include "musicmap/song.h"

/* Fills tags (zeroed before) from the container, the stream, and the file's own ID3v2 tag. */
int mm_tags_read(const struct mm_input *in, struct mm_tags *tags, struct mm_error *err);

/*
 * Any bytes as clean UTF-8: as they are when they are UTF-8, Windows-1252 (of which Latin-1 is a
 * part) when not; UTF-8 that was taken for Latin-1 and encoded again is put right. NULL: no memory.
 */
char *mm_tags_decode(const char *bytes, size_t count);

/* Genre number of ID3v1 with Winamp's extensions as a name; NULL when there is none. */
const char *mm_tags_id3_genre(int number);

/* One genre value as containers store it: names, or numbers as in "17", "(17)", "(4)(13)Eurodisco".
 */
int mm_tags_add_genres(struct mm_tags *tags, const char *bytes, size_t count);

/* Takes the value when it is a well-formed ISRC or recording id and none is known yet. */
int mm_tags_set_isrc(struct mm_tags *tags, const char *text);
int mm_tags_set_musicbrainz(struct mm_tags *tags, const char *text);

/* Takes a text frame of ID3v2 ("TIT2", or "TT2" of version 2) where nothing is known yet. */
int mm_tags_set_frame(struct mm_tags *tags, const char *id, const char *text);

/*
 * What FFmpeg's reader of ID3v2 leaves out: values behind the first in a genre frame, and the
 * recording id in a UFID frame; and what it gets wrong: all text of a tag of version 2 or 3 that is
 * unsynchronised as a whole (id3.c).
 */
int mm_tags_read_id3(const struct mm_input *in, struct mm_tags *tags);
/* The same for APEv2 items with several values (ape.c). */
int mm_tags_read_ape(const struct mm_input *in, struct mm_tags *tags);

#endif
