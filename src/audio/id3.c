/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of an ID3v2.2, 2.3 or 2.4 tag that FFmpeg reads in part, wrongly or not at all: TCON
 * with several values, UFID, where taggers keep the MusicBrainz recording id, and all text of tags
 * of 2.2 and 2.3 that are unsynchronised. Every length is
 * checked against the bytes that are really there; a tag that makes no sense is left alone.
 */
#include <stdlib.h>
#include <string.h>

#include "audio/id3.h"
#include "audio/tags.h"

#define HEADER         10
#define UNSYNCHRONISED 0x80                /* header flag */
#define MAX_FRAME      65536               /* longer ones (pictures) are stepped over */
#define MAX_UNDONE     (INT64_C(16) << 20) /* of a tag that is read as a whole */

/* A tag as its frames' lengths count it. In 2.2 and 2.3 unsynchronisation runs over the whole tag,
 * and lengths are those from before: it has to be undone first. */
struct tag {
    const struct mm_input *in;
    unsigned char *undone; /* what stands behind the header; NULL = read it from the file */
    size_t size;           /* of undone */
};

static uint32_t big_endian(const unsigned char *b, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | b[i];
    return v;
}

uint32_t mm_id3_syncsafe(const unsigned char *b)
{
    return (uint32_t)(b[0] & 0x7f) << 21 | (uint32_t)(b[1] & 0x7f) << 14 |
           (uint32_t)(b[2] & 0x7f) << 7 | (b[3] & 0x7f);
}

size_t mm_id3_undo_unsynchronisation(unsigned char *b, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        b[out++] = b[i];
        if (b[i] == 0xff && i + 1 < n && b[i + 1] == 0)
            i++;
    }
    return out;
}

static void add_utf8(struct mm_text *out, uint32_t code)
{
    char b[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        b[i] = (char)(0x80 | (code & 0x3f));
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    b[0] = (char)(n == 1 ? code : lead[n] | code);
    mm_text_add_bytes(out, b, n);
}

void mm_id3_add_utf16(struct mm_text *out, const unsigned char *b, size_t n, bool big)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = big ? (uint32_t)b[i] << 8 | b[i + 1] : (uint32_t)b[i + 1] << 8 | b[i];
        if (c == 0xfeff)
            continue;
        if (c == 0xfffe) {
            big = !big;
            continue;
        }
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
            uint32_t d =
                big ? (uint32_t)b[i + 2] << 8 | b[i + 3] : (uint32_t)b[i + 3] << 8 | b[i + 2];
            if (d >= 0xdc00 && d < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
                i += 2;
            }
        }
        add_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
}

static int take_genres(struct mm_tags *tags, const unsigned char *b, size_t n)
{
    if (n < 2)
        return 0;
    if (b[0] == 0 || b[0] == 3) /* Latin-1 or UTF-8: told apart by content, as labels lie */
        return mm_tags_add_genres(tags, (const char *)b + 1, n - 1);
    if (b[0] > 2)
        return 0;
    struct mm_text text = {0};
    mm_id3_add_utf16(&text, b + 1, n - 1, b[0] == 2);
    int result = text.failed ? MM_ERR_NO_MEMORY : 0;
    if (result == 0 && text.length)
        result = mm_tags_add_genres(tags, text.data, text.length);
    mm_text_finish(&text);
    return result;
}

static bool is_genre(const char *id)
{
    return strcmp(id, "TCON") == 0 || strcmp(id, "TCO") == 0;
}

static bool is_ufid(const char *id)
{
    return strcmp(id, "UFID") == 0 || strcmp(id, "UFI") == 0;
}

/* Content of a text frame; of several values the first. */
static int take_text(struct mm_tags *tags, const char *id, const unsigned char *b, size_t n)
{
    struct mm_text text = {0};
    if (n < 2 || b[0] > 3)
        return 0;
    if (b[0] == 1 || b[0] == 2)
        mm_id3_add_utf16(&text, b + 1, n - 1, b[0] == 2);
    else
        mm_text_add_bytes(&text, b + 1, n - 1);
    int result = text.failed ? MM_ERR_NO_MEMORY : 0;
    if (result == 0 && text.data)
        result = mm_tags_set_frame(tags, id, text.data);
    mm_text_finish(&text);
    return result;
}

static int take_ufid(struct mm_tags *tags, const unsigned char *b, size_t n)
{
    static const char owner[] = "http://musicbrainz.org";
    if (n != sizeof owner + 36 || memcmp(b, owner, sizeof owner) != 0)
        return 0;
    char id[37];
    memcpy(id, b + sizeof owner, 36);
    id[36] = '\0';
    return mm_tags_set_musicbrainz(tags, id);
}

/* At most count bytes from place `at` of the tag, its header counted; the number read. */
static size_t peek(const struct tag *tag, int64_t at, void *out, size_t count)
{
    if (!tag->undone)
        return mm_input_peek(tag->in, at, out, count);
    size_t begin = (size_t)at - HEADER;
    if (begin > tag->size)
        return 0;
    size_t n = tag->size - begin < count ? tag->size - begin : count;
    memcpy(out, tag->undone + begin, n);
    return n;
}

static int undo(struct tag *tag, int64_t size)
{
    tag->undone = malloc((size_t)size + 1);
    if (!tag->undone)
        return MM_ERR_NO_MEMORY;
    tag->size = mm_id3_undo_unsynchronisation(
        tag->undone, mm_input_peek(tag->in, HEADER, tag->undone, (size_t)size));
    return 0;
}

/* Reads the frame's content at `at` and takes what it holds. */
static int take_frame(const struct tag *tag, struct mm_tags *tags, const char *id, int64_t at,
                      size_t size, bool unsynchronised)
{
    unsigned char *b = malloc(size);
    if (!b)
        return MM_ERR_NO_MEMORY;
    int result = 0;
    if (peek(tag, at, b, size) == size) {
        if (unsynchronised)
            size = mm_id3_undo_unsynchronisation(b, size);
        result = is_genre(id)  ? take_genres(tags, b, size)
                 : is_ufid(id) ? take_ufid(tags, b, size)
                               : take_text(tags, id, b, size);
    }
    free(b);
    return result;
}

static int read_frames(const struct tag *tag, const unsigned char header[HEADER], int64_t end,
                       struct mm_tags *tags)
{
    unsigned char h[HEADER];
    int version = header[3];
    bool all_unsynchronised = !tag->undone && header[5] & UNSYNCHRONISED;
    int64_t at = HEADER;
    if (version > 2 && header[5] & 0x40 && peek(tag, at, h, 4) == 4) /* extended header */
        at += version == 3 ? 4 + (int64_t)big_endian(h, 4) : (int64_t)mm_id3_syncsafe(h);
    size_t id_size = version == 2 ? 3 : 4;
    size_t head = version == 2 ? 6 : 10;
    while (at + (int64_t)head < end && peek(tag, at, h, head) == head && h[0]) {
        int64_t size = version == 2   ? big_endian(h + 3, 3)
                       : version == 3 ? big_endian(h + 4, 4)
                                      : mm_id3_syncsafe(h + 4);
        unsigned flags = version == 2 ? 0 : h[9];
        char id[5] = "";
        memcpy(id, h, id_size);
        /* FFmpeg mistakes the lengths of an undone tag. */
        bool wanted = is_genre(id) || is_ufid(id) || (tag->undone && id[0] == 'T');
        at += (int64_t)head;
        if (size > end - at)
            break;
        /* Compressed or encrypted (version 4: bits 3 and 2; version 3: 7 and 6): not read here. */
        bool plain = !(flags & (version == 4 ? 0x0cu : 0xc0u));
        int64_t skip = version == 4 && flags & 0x01 ? 4 : 0; /* data length indicator */
        if (wanted && plain && size > skip && size <= MAX_FRAME) {
            int result = take_frame(tag, tags, id, at + skip, (size_t)(size - skip),
                                    all_unsynchronised || (version == 4 && flags & 0x02));
            if (result < 0)
                return result;
        }
        at += size;
    }
    return 0;
}

int mm_tags_read_id3(const struct mm_input *in, struct mm_tags *tags)
{
    struct tag tag = {.in = in};
    unsigned char h[HEADER];
    if (mm_input_peek(in, 0, h, sizeof h) != sizeof h || memcmp(h, "ID3", 3) != 0 || h[3] < 2 ||
        h[3] > 4)
        return 0;
    int64_t size = (int64_t)mm_id3_syncsafe(h + 6);
    int result = 0;
    if (h[3] < 4 && h[5] & UNSYNCHRONISED && size <= MAX_UNDONE) {
        result = undo(&tag, size);
        size = (int64_t)tag.size;
    }
    if (result == 0)
        result = read_frames(&tag, h, HEADER + size, tags);
    free(tag.undone);
    return result;
}
