/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dj.h - what the readers of DJ programs' libraries share. They give entries as playlists do, with
 * facts: tempo, key, cues, crates, stars, plays as the person who plays them has set them.
 *
 * Threads: calls are self-contained.
 */
#ifndef SOURCE_DJ_H
#define SOURCE_DJ_H

#include "musicmap/source.h"
#include "source/playlist.h"

/* Appends a fact; empty ones are left out. 0 or MM_ERR_NO_MEMORY. */
int mm_dj_add_fact(struct mm_playlist_entry *entry, const char *name, const char *value);
int mm_dj_add_number(struct mm_playlist_entry *entry, const char *name, double value, int digits);

/* "F#m" of what a DJ program says: "F#m", "Gbm", "F# min", "11A" (Camelot), "4m" (Open Key).
 * NULL: it is no key. Static. */
const char *mm_dj_key(const char *text);

/* The readers, for the fuzzer too: bytes have a NUL at bytes[n]. */
int mm_dj_read_rekordbox(const char *bytes, size_t n, struct mm_playlist *out,
                         struct mm_error *err);
int mm_dj_read_traktor(const char *bytes, size_t n, struct mm_playlist *out, struct mm_error *err);
int mm_dj_read_mixxx(const char *file, struct mm_playlist *out, struct mm_error *err);

#endif
