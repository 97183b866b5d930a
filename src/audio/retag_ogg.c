/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ogg Vorbis and Opus. The comments are the second packet of the stream; it shares its pages only
 * with headers (Vorbis: the setup packet). Those pages are laid out anew. When they become more or
 * fewer, every later page of the stream gets its next number and sum, and nothing else of it
 * changes. (RFC 3533; RFC 7845, section 5.2; "Ogg Vorbis I format specification".)
 */
#include <stdlib.h>
#include <string.h>

#include "audio/retag.h"
#include "base/array.h"

enum { HEAD = 27, MOST_SEGMENTS = 255, CONTINUED = 1, FIRST = 2 };

struct page {
    const unsigned char *at;
    size_t length, segments, body;
    uint32_t serial, number;
};

static bool read_page(const struct mm_retagging *r, size_t at, struct page *p)
{
    const unsigned char *b = r->data + at;
    if (at > r->size || r->size - at < HEAD || memcmp(b, "OggS", 4) != 0 || b[4] != 0)
        return false;
    *p = (struct page){
        .at = b, .segments = b[26], .serial = mm_le32(b + 14), .number = mm_le32(b + 18)};
    if (r->size - at < HEAD + p->segments)
        return false;
    for (size_t i = 0; i < p->segments; i++)
        p->body += b[HEAD + i];
    p->length = HEAD + p->segments + p->body;
    return p->length <= r->size - at;
}

/* The sum of an Ogg page: CRC-32, polynomial 0x04c11db7, not reflected, from 0. */
static uint32_t sum(uint32_t crc, const unsigned char *b, size_t n)
{
    static const uint32_t nibble[16] = {0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
                                        0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
                                        0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
                                        0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd};
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)b[i] << 24;
        crc = crc << 4 ^ nibble[crc >> 28];
        crc = crc << 4 ^ nibble[crc >> 28];
    }
    return crc;
}

struct headers {
    uint32_t serial;
    bool opus;
    size_t first_end; /* behind the first page */
    size_t end;       /* behind the pages of the headers */
    uint32_t pages;   /* from first_end to end */
    struct mm_text packets;
    size_t comments; /* length of the comment packet, the first in packets */
};

static int open_stream(struct mm_retagging *r, struct headers *h, struct mm_error *err)
{
    struct page p;
    if (!read_page(r, 0, &p) || !(p.at[5] & FIRST) || p.segments != 1)
        return mm_error_set(err, MM_ERR_INPUT, "its first page makes no sense");
    const unsigned char *body = p.at + HEAD + p.segments;
    h->opus = p.body >= 8 && memcmp(body, "OpusHead", 8) == 0;
    if (!h->opus && (p.body < 7 || memcmp(body, "\1vorbis", 7) != 0))
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "an Ogg file that is neither Vorbis nor Opus");
    h->serial = p.serial;
    h->first_end = p.length;
    mm_retag_keep(r, p.at, p.length);
    return 0;
}

/* Collects the header packets behind the first page: one (Opus) or two (Vorbis), which end with a
 * page. */
static int read_headers(struct mm_retagging *r, struct headers *h, struct mm_error *err)
{
    size_t wanted = h->opus ? 1 : 2;
    size_t packets = 0;
    struct page p = {0};
    for (size_t at = h->first_end; packets < wanted; at += p.length) {
        if (!read_page(r, at, &p))
            return mm_error_set(err, MM_ERR_INPUT, "its headers are cut short");
        if (p.serial != h->serial)
            return mm_error_set(err, MM_ERR_UNSUPPORTED, "an Ogg file of several streams");
        const unsigned char *body = p.at + HEAD + p.segments;
        for (size_t i = 0; i < p.segments; i++) {
            size_t n = p.at[HEAD + i];
            if (packets == wanted)
                return mm_error_set(err, MM_ERR_UNSUPPORTED, "its sound begins within its headers");
            mm_text_add_bytes(&h->packets, body, n);
            body += n;
            if (n < 255 && ++packets == 1)
                h->comments = h->packets.length;
        }
        h->pages++;
        h->end = at + p.length;
    }
    return h->packets.failed ? MM_ERR_NO_MEMORY : 0;
}

/* ---- the new pages ---- */

struct lacing {
    unsigned char *values;
    size_t n, capacity;
};

static int add_lacing(struct lacing *l, size_t packet)
{
    size_t n = packet / 255 + 1;
    if (mm_array_reserve(&l->values, &l->capacity, l->n + n) < 0 || !l->values)
        return MM_ERR_NO_MEMORY;
    memset(l->values + l->n, 255, n - 1);
    l->values[l->n + n - 1] = (unsigned char)(packet % 255);
    l->n += n;
    return 0;
}

static void number_page(unsigned char *head, uint32_t number)
{
    mm_put_le32(head + 18, number);
    mm_put_le32(head + 22, 0);
}

/* As many pages as there were, so that what follows need not be numbered anew, where they can hold
 * it; each as full as the others. *pages is their number. */
static int put_headers(struct mm_retagging *r, const struct headers *h, const struct lacing *l,
                       const struct mm_text *packets, uint32_t *pages)
{
    size_t least = (l->n + MOST_SEGMENTS - 1) / MOST_SEGMENTS;
    size_t n = h->pages >= least && h->pages <= l->n ? h->pages : least;
    const char *body = packets->data;
    int result = 0;
    for (size_t i = 0, from = 0; i < n && result == 0; i++) {
        size_t to = l->n * (i + 1) / n;
        unsigned char head[HEAD + MOST_SEGMENTS] = "OggS";
        size_t bytes = 0;
        bool ends = false; /* a packet */
        for (size_t k = from; k < to; k++) {
            bytes += l->values[k];
            ends |= l->values[k] < 255;
        }
        head[5] = from && l->values[from - 1] == 255 ? CONTINUED : 0;
        memset(head + 6, ends ? 0 : 0xff, 8); /* the place in the song: none */
        mm_put_le32(head + 14, h->serial);
        number_page(head, (uint32_t)i + 1);
        head[26] = (unsigned char)(to - from);
        memcpy(head + HEAD, l->values + from, to - from);
        mm_put_le32(head + 22,
                    sum(sum(0, head, HEAD + to - from), (const unsigned char *)body, bytes));
        result = mm_retag_put(r, head, HEAD + to - from);
        if (result == 0)
            result = mm_retag_put(r, body, bytes);
        body += bytes;
        from = to;
    }
    *pages = (uint32_t)n;
    return result;
}

/* The song's next page. A chain's next song begins with a first page, whatever its serial number.
 */
static bool read_sound(const struct mm_retagging *r, const struct headers *h, size_t at,
                       struct page *p)
{
    return read_page(r, at, p) && p->serial == h->serial && !(p->at[5] & FIRST);
}

/* The pages of sound: as they are, or with other numbers. A page that does not begin where the last
 * one ended, and pages of other streams (a chain of songs), are copied. */
static int put_sound(struct mm_retagging *r, const struct headers *h, uint32_t shift)
{
    size_t at = h->end;
    struct page p;
    int result = 0;
    while (shift && result == 0 && read_sound(r, h, at, &p)) {
        unsigned char head[HEAD];
        memcpy(head, p.at, HEAD);
        number_page(head, p.number + shift);
        mm_put_le32(head + 22, sum(sum(0, head, HEAD), p.at + HEAD, p.length - HEAD));
        result = mm_retag_put(r, head, HEAD);
        if (result == 0)
            result = mm_retag_copy(r, at + HEAD, p.length - HEAD);
        at += p.length;
    }
    return result < 0 ? result : mm_retag_copy(r, at, r->size - at);
}

/* Without numbers and sums, which may change. */
static void keep_sound(struct mm_retagging *r, const struct headers *h)
{
    size_t at = h->end;
    struct page p;
    while (read_sound(r, h, at, &p)) {
        mm_retag_keep(r, p.at, 18);
        mm_retag_keep(r, p.at + 26, p.length - 26);
        at += p.length;
    }
    mm_retag_keep(r, r->data + at, r->size - at);
}

/* The comment packet with other comments, and the packet behind it. */
static int edit_packets(struct mm_retagging *r, const struct headers *h, struct mm_text *out,
                        struct lacing *lacing, struct mm_error *err)
{
    const unsigned char *packet = (const unsigned char *)h->packets.data;
    size_t magic = h->opus ? 8 : 7;
    size_t used = 0;
    if (h->comments < magic || memcmp(packet, h->opus ? "OpusTags" : "\3vorbis", magic) != 0)
        return mm_error_set(err, MM_ERR_INPUT, "its comments make no sense");
    mm_text_add_bytes(out, packet, magic);
    int result = mm_retag_comments(r, packet + magic, h->comments - magic, out, &used, err);
    if (result < 0)
        return result;
    /* What stands behind the comments (framing bit, what an Opus encoder keeps there) stays. */
    const unsigned char *tail = packet + magic + used;
    size_t n_tail = h->comments - magic - used;
    const unsigned char *setup = packet + h->comments;
    size_t n_setup = h->packets.length - h->comments;
    mm_retag_keep(r, tail, n_tail);
    mm_retag_keep(r, setup, n_setup);
    mm_text_add_bytes(out, tail, n_tail);
    result = add_lacing(lacing, out->length);
    if (result == 0 && !h->opus)
        result = add_lacing(lacing, n_setup);
    mm_text_add_bytes(out, setup, n_setup);
    return out->failed ? MM_ERR_NO_MEMORY : result;
}

static bool writes_any(const struct mm_retag_plan *plan)
{
    bool any = false;
    for (int f = 0; f < MM_RETAG_FIELDS; f++)
        any |= plan->writes[f];
    return any;
}

int mm_retag_ogg(struct mm_retagging *r, struct mm_error *err)
{
    struct headers h = {0};
    struct mm_text packets = {0};
    struct lacing lacing = {0};
    uint32_t pages = 0;
    int result = open_stream(r, &h, err);
    if (result == 0)
        result = read_headers(r, &h, err);
    if (result == 0)
        result = edit_packets(r, &h, &packets, &lacing, err);
    if (result == 0) {
        keep_sound(r, &h);
        if (writes_any(r->plan)) {
            result = mm_retag_copy(r, 0, h.first_end);
            if (result == 0)
                result = put_headers(r, &h, &lacing, &packets, &pages);
            if (result == 0)
                result = put_sound(r, &h, pages - h.pages);
        }
    }
    free(lacing.values);
    mm_text_finish(&packets);
    mm_text_finish(&h.packets);
    return result;
}
