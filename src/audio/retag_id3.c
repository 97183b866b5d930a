/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ID3v2.2, 2.3 and 2.4 at the head of an MP3. Frames are kept as they lie; those of our fields are
 * left out and new ones put behind the others, in the version that the tag has (a new tag is 2.4).
 * Tempo TBPM, key TKEY, mood TMOO, cluster TXXX:CLUSTER; in 2.2 TBP, TKE and TXX. An extended
 * header is dropped: it holds a check sum and restrictions that would no longer be true. What
 * follows the tag, an ID3v1 or APE tag at the end included, is copied.
 *
 * In 2.2 and 2.3 unsynchronisation runs over the whole tag and hides lengths: such a tag is undone
 * and written plain; its frames say what they said. (id3.org, "ID3 tag version 2.3.0", "2.4.0".)
 */
#include <stdlib.h>
#include <string.h>

#include "audio/id3.h"
#include "audio/retag.h"
#include "base/array.h"

enum { PADDING = 1024, NEW_VERSION = 4, UNSYNCHRONISED = 0x80, EXTENDED = 0x40, FOOTER = 0x10 };
enum { FIELD = 1024 }; /* more bytes than any field of ours takes */
/* Of a frame of 2.4. */
enum { FRAME_UNSYNCHRONISED = 0x02, FRAME_LENGTH = 0x01 };

struct tag {
    int version;
    bool flagged;         /* header flag: all frames are unsynchronised (2.4) */
    unsigned char *owned; /* an undone copy, or NULL */
    const unsigned char *at;
    size_t size;     /* of the frames and the padding */
    size_t sound_at; /* in the file */
};

static void put_syncsafe(unsigned char *b, size_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(v >> (21 - 7 * i) & 0x7f);
}

static int undo_unsynchronisation(struct tag *tag)
{
    tag->owned = malloc(tag->size + 1);
    if (!tag->owned)
        return MM_ERR_NO_MEMORY;
    memcpy(tag->owned, tag->at, tag->size);
    tag->size = mm_id3_undo_unsynchronisation(tag->owned, tag->size);
    tag->at = tag->owned;
    return 0;
}

static int open_tag(const struct mm_retagging *r, struct tag *tag, struct mm_error *err)
{
    const unsigned char *b = r->data;
    *tag = (struct tag){.version = NEW_VERSION};
    if (memcmp(b, "ID3", 3) != 0)
        return 0;
    size_t size = mm_id3_syncsafe(b + 6);
    if (b[3] < 2 || b[3] > 4 || (b[6] | b[7] | b[8] | b[9]) & 0x80 || size > r->size - 10)
        return mm_error_set(err, MM_ERR_INPUT, "its ID3 tag makes no sense");
    *tag = (struct tag){.version = b[3], .at = b + 10, .size = size, .sound_at = 10 + size};
    if (b[3] == 4 && b[5] & FOOTER)
        tag->sound_at += 10;
    if (tag->sound_at > r->size)
        return mm_error_set(err, MM_ERR_INPUT, "its ID3 tag is longer than the file");
    tag->flagged = b[3] == 4 && b[5] & UNSYNCHRONISED;
    if (b[3] == 2 && b[5] & EXTENDED)
        return mm_error_set(err, MM_ERR_UNSUPPORTED, "its ID3 tag is compressed");
    int result = b[3] < 4 && b[5] & UNSYNCHRONISED ? undo_unsynchronisation(tag) : 0;
    if (result == 0 && b[3] > 2 && b[5] & EXTENDED) {
        size_t extended = tag->size < 4 ? SIZE_MAX
                          : b[3] == 3   ? (size_t)4 + mm_be32(tag->at)
                                        : mm_id3_syncsafe(tag->at);
        if (extended > tag->size || extended < 6)
            return mm_error_set(err, MM_ERR_INPUT, "its ID3 tag makes no sense");
        tag->at += extended;
        tag->size -= extended;
    }
    return result;
}

struct frame {
    const unsigned char *at; /* its header */
    size_t length;           /* header and content */
    const unsigned char *content;
    size_t size;
    bool plain;                  /* not compressed, encrypted or the like */
    unsigned char undone[FIELD]; /* room for content */
};

/* Nothing but zeros up to the end: what is not known must not be lost. */
static int end_of_frames(const struct tag *tag, size_t at, struct mm_error *err)
{
    while (at < tag->size && tag->at[at] == 0)
        at++;
    return at == tag->size ? 0 : mm_error_set(err, MM_ERR_INPUT, "its ID3 tag makes no sense");
}

/* Some programs write sizes of 2.4 as those of 2.3: then what follows is no frame's name. */
static bool is_name(const unsigned char *b, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good &= (b[i] >= 'A' && b[i] <= 'Z') || (b[i] >= '0' && b[i] <= '9');
    return good;
}

/* A text of 2.4 is one of ours also with its length before it, and unsynchronised. */
static void open_content(struct frame *f)
{
    unsigned flags = f->at[9];
    size_t skip = flags & FRAME_LENGTH ? 4 : 0;
    if (flags & ~(FRAME_LENGTH | FRAME_UNSYNCHRONISED) || f->size < skip)
        return;
    f->plain = true;
    f->content += skip;
    f->size -= skip;
    if (flags & FRAME_UNSYNCHRONISED) {
        f->size = f->size < sizeof f->undone ? f->size : sizeof f->undone;
        memcpy(f->undone, f->content, f->size);
        f->size = mm_id3_undo_unsynchronisation(f->undone, f->size);
        f->content = f->undone;
    }
}

/* 1 = a frame, 0 = padding or the end, < 0 = the tag makes no sense. */
static int next_frame(const struct tag *tag, size_t at, struct frame *f, struct mm_error *err)
{
    size_t header = tag->version == 2 ? 6 : 10;
    if (tag->size - at < header || tag->at[at] == 0)
        return end_of_frames(tag, at, err);
    const unsigned char *b = tag->at + at;
    if (!is_name(b, tag->version == 2 ? 3 : 4))
        return mm_error_set(err, MM_ERR_INPUT, "its ID3 tag makes no sense");
    size_t size = tag->version == 2   ? mm_be32(b + 2) & 0xffffff
                  : tag->version == 3 ? mm_be32(b + 4)
                                      : mm_id3_syncsafe(b + 4);
    if (size > tag->size - at - header)
        return mm_error_set(err, MM_ERR_INPUT, "a frame of its ID3 tag is longer than the tag");
    f->at = b;
    f->length = header + size;
    f->content = b + header;
    f->size = size;
    f->plain = tag->version == 2 || b[9] == 0;
    if (tag->version == 4 && !f->plain)
        open_content(f);
    return 1;
}

/* A text without its encoding byte. What we write as Latin-1 is ASCII; other Latin-1 is told
 * roughly.
 */
static int had_text(struct mm_retagging *r, enum mm_retag_field field, int encoding,
                    const unsigned char *b, size_t n)
{
    struct mm_text text = {0};
    if (encoding == 0 || encoding == 3)
        return mm_retag_had(r, field, b, n);
    mm_id3_add_utf16(&text, b, n < FIELD ? n : FIELD, encoding == 2);
    int result = text.failed ? MM_ERR_NO_MEMORY : mm_retag_had(r, field, text.data, text.length);
    mm_text_finish(&text);
    return result;
}

static const char *const names[][2] = {{"TBPM", "TBP"}, {"TKEY", "TKE"}, {"TMOO", "TMO"}};
static const char CLUSTER[] = "CLUSTER";

/* Where the value of a TXXX:CLUSTER begins in its content; 0 = it is another. */
static size_t cluster_value(const struct frame *f)
{
    unsigned wide = f->size && (f->content[0] == 1 || f->content[0] == 2) ? 2 : 1;
    size_t at = 1;
    if (wide == 2 && f->size > 2 && (f->content[1] == 0xff || f->content[1] == 0xfe))
        at += 2;
    unsigned low = wide == 2 && !(at == 3 ? f->content[1] == 0xff : false) ? 1 : 0;
    for (size_t k = 0; k <= sizeof CLUSTER - 1; k++, at += wide)
        if (at + wide > f->size || f->content[at + low] != (unsigned char)CLUSTER[k])
            return 0;
    return at;
}

/* The field that a frame is; MM_RETAG_FIELDS = none of ours. *value: where its text begins. */
static enum mm_retag_field field_of(const struct tag *tag, const struct frame *f, size_t *value)
{
    bool two = tag->version == 2;
    *value = 1;
    if (!f->plain || f->size < 1 || !f->content)
        return MM_RETAG_FIELDS;
    for (int i = 0; i < 3; i++)
        if (memcmp(f->at, names[i][two], two ? 3 : 4) == 0)
            return (enum mm_retag_field)i;
    if (memcmp(f->at, two ? "TXX" : "TXXX", two ? 3 : 4) != 0)
        return MM_RETAG_FIELDS;
    *value = cluster_value(f);
    return *value ? MM_RETAG_CLUSTER : MM_RETAG_FIELDS;
}

static void add_utf16(struct mm_text *out, const char *utf8)
{
    const unsigned char *p = (const unsigned char *)utf8;
    mm_text_add_bytes(out, "\xff\xfe", 2);
    while (*p) {
        unsigned n = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        uint32_t c = n == 0 ? *p : *p & (0x3fu >> n);
        for (p++; n && *p; n--, p++)
            c = c << 6 | (*p & 0x3f);
        unsigned units[2] = {c, 0};
        if (c > 0xffff) {
            units[0] = 0xd800 + ((c - 0x10000) >> 10);
            units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        for (int i = 0; i < 1 + (c > 0xffff); i++)
            mm_text_add_bytes(
                out, (unsigned char[]){(unsigned char)units[i], (unsigned char)(units[i] >> 8)}, 2);
    }
}

static void add_frame(const struct tag *tag, enum mm_retag_field field, const char *value,
                      struct mm_text *out)
{
    struct mm_text body = {0};
    bool ascii = true;
    for (const char *p = value; *p; p++)
        ascii &= (unsigned char)*p < 0x80;
    bool wide = !ascii && tag->version < 4;
    mm_text_add_bytes(&body, wide ? "\1" : tag->version == 4 ? "\3" : "\0", 1);
    if (field == MM_RETAG_CLUSTER && wide) {
        add_utf16(&body, CLUSTER);
        mm_text_add_bytes(&body, "\0\0", 2);
    } else if (field == MM_RETAG_CLUSTER) {
        mm_text_add_bytes(&body, CLUSTER, sizeof CLUSTER);
    }
    if (wide)
        add_utf16(&body, value);
    else
        mm_text_add(&body, value);
    bool two = tag->version == 2;
    unsigned char h[10] = {0};
    memcpy(h, field == MM_RETAG_CLUSTER ? (two ? "TXX" : "TXXX") : names[field][two], two ? 3 : 4);
    if (tag->version == 4)
        put_syncsafe(h + 4, body.length);
    else
        mm_put_be32(h + (two ? 2 : 4), (uint32_t)body.length | (two ? (uint32_t)h[2] << 24 : 0));
    mm_text_add_bytes(out, h, two ? 6 : 10);
    mm_text_add_bytes(out, body.data, body.length);
    out->failed |= body.failed;
    mm_text_finish(&body);
}

/* The frames that stay, and, where the plan says so, ours. */
static int collect(struct mm_retagging *r, const struct tag *tag, bool write, struct mm_text *out,
                   struct mm_error *err)
{
    struct frame f = {0};
    size_t at = 0;
    int more;
    while ((more = next_frame(tag, at, &f, err)) > 0) {
        size_t value;
        enum mm_retag_field field = field_of(tag, &f, &value);
        at += f.length;
        if (!write && field == MM_RETAG_FIELDS)
            mm_retag_keep(r, f.at, f.length);
        if (!write && field < MM_RETAG_FIELDS && f.content &&
            had_text(r, field, f.content[0], f.content + value, f.size - value) < 0)
            return MM_ERR_NO_MEMORY;
        if (write && (field == MM_RETAG_FIELDS || !r->plan->writes[field]))
            mm_text_add_bytes(out, f.at, f.length);
    }
    for (int i = 0; more == 0 && write && i < MM_RETAG_FIELDS; i++)
        if (r->plan->writes[i])
            add_frame(tag, (enum mm_retag_field)i, r->plan->value[i], out);
    return out->failed ? MM_ERR_NO_MEMORY : more;
}

static int lay_out(struct mm_retagging *r, const struct tag *tag, struct mm_text *frames,
                   struct mm_error *err)
{
    static const unsigned char zeros[PADDING];
    unsigned char h[10] = {
        'I', 'D', '3', (unsigned char)tag->version, 0, tag->flagged ? UNSYNCHRONISED : 0};
    /* As large as it was when there is room, so that most programs see only the change. */
    size_t old = tag->sound_at > 10 ? tag->sound_at - 10 : 0;
    size_t padding = old >= frames->length && old - frames->length <= 16 * PADDING
                         ? old - frames->length
                         : PADDING;
    if (frames->length + padding >= (size_t)1 << 28)
        return mm_error_set(err, MM_ERR_LIMIT, "its ID3 tag is full");
    put_syncsafe(h + 6, frames->length + padding);
    int result = mm_retag_put(r, h, sizeof h);
    if (result == 0)
        result = mm_retag_put(r, frames->data, frames->length);
    for (size_t left = padding; left && result == 0; left -= left < PADDING ? left : PADDING)
        result = mm_retag_put(r, zeros, left < PADDING ? left : PADDING);
    return result < 0 ? result : mm_retag_copy(r, tag->sound_at, r->size - tag->sound_at);
}

int mm_retag_id3(struct mm_retagging *r, struct mm_error *err)
{
    struct tag tag;
    struct mm_text frames = {0};
    int result = open_tag(r, &tag, err);
    if (result == 0)
        result = collect(r, &tag, false, &frames, err);
    if (result == 0)
        mm_retag_keep(r, r->data + tag.sound_at, r->size - tag.sound_at);
    if (result == 0 && mm_retag_decide(r, true)) {
        result = collect(r, &tag, true, &frames, err);
        if (result == 0)
            result = lay_out(r, &tag, &frames, err);
    }
    mm_text_finish(&frames);
    free(tag.owned);
    return result;
}
