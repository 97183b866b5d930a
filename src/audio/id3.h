/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * id3.h - how ID3v2 writes numbers and text (id3.org, "ID3 tag version 2.4.0", sections 4 and 6).
 *
 * Threads: nothing is shared.
 */
#ifndef AUDIO_ID3_H
#define AUDIO_ID3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Of 4 bytes, 7 bits each; the highest bits are passed over. */
uint32_t mm_id3_syncsafe(const unsigned char *b);

/* Takes out the zero bytes that stand behind 0xff, in place; the new length. */
size_t mm_id3_undo_unsynchronisation(unsigned char *b, size_t n);

/* UTF-16 to UTF-8; lone surrogates become U+FFFD. A mark of byte order may stand anywhere. big: the
 * order until then. */
void mm_id3_add_utf16(struct mm_text *out, const unsigned char *b, size_t n, bool big);

#endif
