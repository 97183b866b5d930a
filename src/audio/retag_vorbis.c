/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vorbis comments ("NAME=text", little-endian lengths): every other comment keeps its bytes and its
 * place, ours go to the end. And the container that has them as a block of its own: FLAC.
 * (xiph.org, "Ogg Vorbis I format specification: comment field"; RFC 9639, section 8.)
 */
#include <string.h>
#include <strings.h>

#include "audio/retag.h"
#include "base/array.h"

static const char *const names[MM_RETAG_FIELDS] = {"BPM", "INITIALKEY", "MOOD", "CLUSTER"};

static enum mm_retag_field field_of(const unsigned char *b, size_t n, size_t *value)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        size_t length = strlen(names[f]);
        if (n > length && b[length] == '=' && strncasecmp((const char *)b, names[f], length) == 0) {
            *value = length + 1;
            return (enum mm_retag_field)f;
        }
    }
    return MM_RETAG_FIELDS;
}

struct comments {
    const unsigned char *in;
    size_t n, list; /* where the first comment's length stands */
    uint32_t count;
};

static int open_comments(struct comments *c, struct mm_error *err)
{
    uint32_t vendor = c->n >= 8 ? mm_le32(c->in) : UINT32_MAX;
    if (c->n < 8 || vendor > c->n - 8)
        return mm_error_set(err, MM_ERR_INPUT, "its comments make no sense");
    c->count = mm_le32(c->in + 4 + vendor);
    c->list = 8 + (size_t)vendor;
    return 0;
}

/* Once to look (out NULL), once to write; *end is behind the last. */
static int walk(struct mm_retagging *r, const struct comments *c, struct mm_text *out,
                uint32_t *kept, size_t *end, struct mm_error *err)
{
    size_t at = c->list;
    *kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t length = c->n - at >= 4 ? mm_le32(c->in + at) : UINT32_MAX;
        if (c->n - at < 4 || length > c->n - at - 4)
            return mm_error_set(err, MM_ERR_INPUT, "its comments make no sense");
        const unsigned char *text = c->in + at + 4;
        size_t value = 0;
        enum mm_retag_field field = field_of(text, length, &value);
        if (!out && field == MM_RETAG_FIELDS)
            mm_retag_keep(r, text - 4, (size_t)length + 4);
        if (!out && field < MM_RETAG_FIELDS &&
            mm_retag_had(r, field, text + value, length - value) < 0)
            return MM_ERR_NO_MEMORY;
        if (out && (field == MM_RETAG_FIELDS || !r->plan->writes[field])) {
            mm_text_add_bytes(out, text - 4, (size_t)length + 4);
            ++*kept;
        }
        at += 4 + (size_t)length;
    }
    *end = at;
    return 0;
}

static void add_own(const struct mm_retagging *r, struct mm_text *out, uint32_t *count)
{
    for (int f = 0; f < MM_RETAG_FIELDS; f++) {
        unsigned char length[4];
        if (!r->plan->writes[f])
            continue;
        mm_put_le32(length, (uint32_t)(strlen(names[f]) + 1 + strlen(r->plan->value[f])));
        mm_text_add_bytes(out, length, 4);
        mm_text_addf(out, "%s=%s", names[f], r->plan->value[f]);
        ++*count;
    }
}

int mm_retag_comments(struct mm_retagging *r, const unsigned char *in, size_t n,
                      struct mm_text *out, size_t *used, struct mm_error *err)
{
    struct comments c = {.in = in, .n = n};
    uint32_t count;
    size_t begin = out->length;
    int result = open_comments(&c, err);
    if (result == 0) {
        mm_retag_keep(r, in, c.list - 4);
        result = walk(r, &c, NULL, &count, used, err);
    }
    if (result < 0 || !mm_retag_decide(r, false))
        return result;
    mm_text_add_bytes(out, in, c.list);
    result = walk(r, &c, out, &count, used, err);
    if (result < 0)
        return result;
    add_own(r, out, &count);
    if (out->failed)
        return MM_ERR_NO_MEMORY;
    mm_put_le32((unsigned char *)out->data + begin + c.list - 4, count);
    return 0;
}

/* ---- FLAC ---- */

enum { COMMENTS = 4, LAST = 0x80, HEADER = 4 };

struct blocks {
    size_t comments, comments_size; /* 0 = there are none */
    size_t behind_info;             /* where new ones go */
    size_t last;                    /* header of the last block */
    size_t sound;
};

static int find_blocks(struct mm_retagging *r, size_t at, struct blocks *out, struct mm_error *err)
{
    *out = (struct blocks){0};
    at += 4;
    for (;;) {
        if (r->size < HEADER || at > r->size - HEADER)
            return mm_error_set(err, MM_ERR_INPUT, "it ends before its sound begins");
        const unsigned char *b = r->data + at;
        size_t size = mm_be32(b) & 0xffffff;
        int kind = b[0] & 0x7f;
        if (size > r->size - at - HEADER)
            return mm_error_set(err, MM_ERR_INPUT, "a block of it is longer than the file");
        if (kind == COMMENTS && out->comments)
            return mm_error_set(err, MM_ERR_INPUT, "it has comments twice");
        if (kind == COMMENTS) {
            out->comments = at;
            out->comments_size = size;
        } else { /* padding, too: it is not ours to shrink */
            mm_retag_keep(r, &(unsigned char){(unsigned char)kind}, 1);
            mm_retag_keep(r, b + 1, size + 3);
        }
        out->last = at;
        at += HEADER + size;
        if (!out->behind_info)
            out->behind_info = at;
        if (b[0] & LAST)
            break;
    }
    out->sound = at;
    mm_retag_keep(r, r->data + at, r->size - at);
    return 0;
}

/* The header of the last block loses its mark when another comes behind it. */
static int lay_out(struct mm_retagging *r, const struct blocks *b, const struct mm_text *block,
                   struct mm_error *err)
{
    size_t from = b->comments ? b->comments : b->behind_info;
    size_t to = b->comments ? from + HEADER + b->comments_size : from;
    bool last = b->comments ? b->last == b->comments : b->behind_info == b->sound;
    unsigned char h[HEADER];
    if (block->length > 0xffffff)
        return mm_error_set(err, MM_ERR_LIMIT, "its comments are full");
    mm_put_be32(h, (uint32_t)block->length);
    h[0] = (unsigned char)(COMMENTS | (last ? LAST : 0));
    int result;
    if (!b->comments && last) { /* STREAMINFO was all there was */
        unsigned char info = r->data[b->last] & 0x7f;
        result = mm_retag_copy(r, 0, b->last);
        if (result == 0)
            result = mm_retag_put(r, &info, 1);
        if (result == 0)
            result = mm_retag_copy(r, b->last + 1, from - b->last - 1);
    } else {
        result = mm_retag_copy(r, 0, from);
    }
    if (result == 0)
        result = mm_retag_put(r, h, sizeof h);
    if (result == 0)
        result = mm_retag_put(r, block->data, block->length);
    return result < 0 ? result : mm_retag_copy(r, to, r->size - to);
}

int mm_retag_flac(struct mm_retagging *r, size_t at, struct mm_error *err)
{
    static const unsigned char none[] = {8,   0,   0,   0,   'm', 'u', 's', 'i',
                                         'c', 'm', 'a', 'p', 0,   0,   0,   0};
    struct blocks b;
    struct mm_text block = {0};
    size_t used;
    mm_retag_keep(r, r->data, at);
    int result = find_blocks(r, at, &b, err);
    if (result == 0 && b.comments)
        result = mm_retag_comments(r, r->data + b.comments + HEADER, b.comments_size, &block, &used,
                                   err);
    else if (result == 0)
        result = mm_retag_comments(r, none, sizeof none, &block, &used, err);
    if (result == 0 && block.length)
        result = lay_out(r, &b, &block, err);
    mm_text_finish(&block);
    return result;
}
