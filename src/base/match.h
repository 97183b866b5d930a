/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match.h - do two descriptions mean the same recording, or at least the same work?
 *
 * Two recordings are one when their ISRCs are equal, or when their recording keys are equal and
 * their durations differ by at most MM_MATCH_SECONDS. A key is a heap string: case, accents,
 * punctuation, guests ("feat. X") and editions ("- Remastered 2011", "(Radio Edit)") are gone;
 * words that make it another recording (live, remix, acoustic, sped up, ...) stay in the recording
 * key and go from the work key. "" = nothing that could be compared. NULL = memory is out.
 */
#ifndef BASE_MATCH_H
#define BASE_MATCH_H

#include <stdbool.h>

#define MM_MATCH_SECONDS 2.0

char *mm_match_recording(const char *artist, const char *title);
char *mm_match_work(const char *artist, const char *title);

/* Both known (> 0) and near enough. */
bool mm_match_duration(double a_s, double b_s);

/* Twelve characters, upper case, in out (13 bytes); false when text (may be NULL) is no ISRC. */
bool mm_match_isrc(const char *text, char out[13]);

#endif
