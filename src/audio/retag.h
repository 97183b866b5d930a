/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retag.h - what the editors of tags share: the file in memory, what is wanted, the plan in making.
 *
 * An editor reads one container, tells which fields are there, and lays out the new file as pieces:
 * ranges of the old one and bytes of its own. It also hashes everything that must not change, in an
 * order that is the same before and after, so that the new file can be held against the old one.
 */
#ifndef AUDIO_RETAG_H
#define AUDIO_RETAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"
#include "musicmap/audio.h"

struct mm_retagging {
    const unsigned char *data; /* [size] the whole file */
    size_t size;
    const struct mm_retag *wanted;
    struct mm_retag_plan *plan;
    struct mm_hash *rest; /* of what stays; NULL = not wanted */
    size_t capacity;      /* of plan->pieces */
};

/* The field is there, with this text (any bytes; made clean). The first that says something counts.
 */
int mm_retag_had(struct mm_retagging *r, enum mm_retag_field field, const void *text, size_t n);

/* After all had(): fills in plan->value and plan->writes. whole_bpm: the container has no decimals.
 * True when something is to be written. */
bool mm_retag_decide(struct mm_retagging *r, bool whole_bpm);

/* The next piece of the new file. 0 or MM_ERR_NO_MEMORY. */
int mm_retag_copy(struct mm_retagging *r, size_t from, size_t length);
int mm_retag_put(struct mm_retagging *r, const void *bytes, size_t length);

/* Bytes that stay as they are. */
void mm_retag_keep(struct mm_retagging *r, const void *bytes, size_t length);

/* One Vorbis comment block (without framing): in[0..n) as it is, edited into out (whose bytes
 * grow). *used = how many bytes the comments take; what is behind them is the caller's. */
int mm_retag_comments(struct mm_retagging *r, const unsigned char *in, size_t n,
                      struct mm_text *out, size_t *used, struct mm_error *err);

/* The editors; each wants a file that begins like one of its kind. */
int mm_retag_id3(struct mm_retagging *r, struct mm_error *err);
int mm_retag_flac(struct mm_retagging *r, size_t at, struct mm_error *err);
int mm_retag_ogg(struct mm_retagging *r, struct mm_error *err);
int mm_retag_mp4(struct mm_retagging *r, struct mm_error *err);

/* Numbers as the formats have them. */
static inline uint32_t mm_be32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline uint64_t mm_be64(const unsigned char *b)
{
    return (uint64_t)mm_be32(b) << 32 | mm_be32(b + 4);
}
static inline uint32_t mm_le32(const unsigned char *b)
{
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}
static inline void mm_put_be32(unsigned char *b, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (24 - 8 * i));
}
static inline void mm_put_le32(unsigned char *b, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (8 * i));
}

#endif
