/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MP4 (M4A): the list moov/udta/meta/ilst. Tempo is "tmpo", a whole number; key, mood and cluster
 * are free-form items of "com.apple.iTunes". Boxes on the way are rebuilt around the new list, all
 * others are copied. When the sound lies behind moov it moves, and the tables that say where its
 * chunks begin (stco, co64) are told so. Files in fragments are refused: more than those tables
 * would have to change. (ISO/IEC 14496-12; Apple, "QuickTime File Format".)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/retag.h"
#include "base/array.h"

struct box {
    size_t at, length, head; /* in its parent's bytes; head = 8 or 16 */
    char kind[5];
};

/* 1 = a box, 0 = no more (less than a header is left), < 0: it makes no sense. A length of 0 means
 * the rest of the file: what is put behind such a box would become part of it. */
static int next_box(const unsigned char *b, size_t n, size_t at, struct box *out,
                    struct mm_error *err)
{
    if (at > n || n - at < 8)
        return 0;
    uint64_t length = mm_be32(b + at);
    *out = (struct box){.at = at, .head = 8};
    memcpy(out->kind, b + at + 4, 4);
    if (length == 1 && n - at >= 16) {
        length = mm_be64(b + at + 8);
        out->head = 16;
    }
    if (length < out->head || length > n - at)
        return mm_error_set(err, MM_ERR_INPUT, "the length of a box in it makes no sense");
    out->length = (size_t)length;
    return 1;
}

/* The same for those of the file itself, of which the last may have no length. */
static int next_outer_box(const struct mm_retagging *r, size_t at, struct box *out,
                          struct mm_error *err)
{
    if (r->size < 8 || at > r->size - 8 || mm_be32(r->data + at) != 0)
        return next_box(r->data, r->size, at, out, err);
    *out = (struct box){.at = at, .length = r->size - at, .head = 8};
    memcpy(out->kind, r->data + at + 4, 4);
    return 1;
}

/* The first box of that kind; length 0 = there is none. */
static int find_box(const unsigned char *b, size_t n, const char *kind, struct box *out,
                    struct mm_error *err)
{
    struct box box;
    int more;
    *out = (struct box){0};
    for (size_t at = 0; (more = next_box(b, n, at, &box, err)) > 0; at += box.length)
        if (!out->length && strcmp(box.kind, kind) == 0)
            *out = box;
    return more;
}

static void add_box(struct mm_text *out, const char *kind, const void *body, size_t n)
{
    unsigned char head[8];
    out->failed |= n > UINT32_MAX - 8;
    mm_put_be32(head, (uint32_t)(n + 8));
    memcpy(head + 4, kind, 4);
    mm_text_add_bytes(out, head, 8);
    mm_text_add_bytes(out, body, n);
}

/* ---- items ---- */

static const char MEAN[] = "com.apple.iTunes";
static const char *const names[MM_RETAG_FIELDS] = {"tmpo", "initialkey", "MOOD", "CLUSTER"};

/* The value of an item's data box, behind its type and locale. */
static bool item_data(const unsigned char *b, const struct box *item, const unsigned char **value,
                      size_t *n)
{
    struct box data;
    const unsigned char *body = b + item->at + item->head;
    if (find_box(body, item->length - item->head, "data", &data, NULL) < 0 || data.length < 16)
        return false;
    *value = body + data.at + 16;
    *n = data.length - 16;
    return true;
}

static bool is_text(const unsigned char *body, size_t n, const char *kind, const char *text)
{
    struct box box;
    return find_box(body, n, kind, &box, NULL) >= 0 && box.length == 12 + strlen(text) &&
           strncasecmp((const char *)body + box.at + 12, text, strlen(text)) == 0;
}

static enum mm_retag_field field_of(const unsigned char *b, const struct box *item)
{
    if (strcmp(item->kind, names[MM_RETAG_BPM]) == 0)
        return MM_RETAG_BPM;
    const unsigned char *body = b + item->at + item->head;
    size_t n = item->length - item->head;
    if (strcmp(item->kind, "----") != 0 || !is_text(body, n, "mean", MEAN))
        return MM_RETAG_FIELDS;
    for (int f = MM_RETAG_KEY; f < MM_RETAG_FIELDS; f++)
        if (is_text(body, n, "name", names[f]))
            return (enum mm_retag_field)f;
    return MM_RETAG_FIELDS;
}

static int had(struct mm_retagging *r, enum mm_retag_field field, const unsigned char *b,
               const struct box *item)
{
    const unsigned char *value;
    size_t n;
    char number[16] = "";
    if (!item_data(b, item, &value, &n))
        return 0;
    if (field != MM_RETAG_BPM)
        return mm_retag_had(r, field, value, n);
    unsigned bpm = n == 1 ? value[0] : n >= 2 ? (unsigned)value[n - 2] << 8 | value[n - 1] : 0;
    if (bpm) /* 0 is how some programs say that they do not know */
        snprintf(number, sizeof number, "%u", bpm);
    return mm_retag_had(r, field, number, strlen(number));
}

static void add_item(struct mm_text *out, enum mm_retag_field field, const char *value)
{
    struct mm_text item = {0};
    struct mm_text body = {0};
    if (field == MM_RETAG_BPM) {
        unsigned bpm = (unsigned)strtoul(value, NULL, 10);
        mm_text_add_bytes(&body, "\0\0\0\x15\0\0\0", 8);
        mm_text_add_bytes(&body, (unsigned char[]){(unsigned char)(bpm >> 8), (unsigned char)bpm},
                          2);
        add_box(&item, "data", body.data, body.length);
    } else {
        mm_text_add_bytes(&body, "\0\0\0", 4);
        mm_text_add(&body, MEAN);
        add_box(&item, "mean", body.data, body.length);
        body.length = 4;
        mm_text_add(&body, names[field]);
        add_box(&item, "name", body.data, body.length);
        body.length = 0;
        mm_text_add_bytes(&body, "\0\0\0\1\0\0\0", 8);
        mm_text_add(&body, value);
        add_box(&item, "data", body.data, body.length);
    }
    add_box(out, field == MM_RETAG_BPM ? "tmpo" : "----", item.data, item.length);
    out->failed |= item.failed || body.failed;
    mm_text_finish(&item);
    mm_text_finish(&body);
}

/* The list's items: looked at (out NULL), then those that stay and ours. */
static int walk_items(struct mm_retagging *r, const unsigned char *b, size_t n, struct mm_text *out,
                      struct mm_error *err)
{
    struct box item;
    int more;
    for (size_t at = 0; (more = next_box(b, n, at, &item, err)) > 0; at += item.length) {
        enum mm_retag_field field = field_of(b, &item);
        if (!out && field == MM_RETAG_FIELDS)
            mm_retag_keep(r, b + at, item.length);
        if (!out && field < MM_RETAG_FIELDS && had(r, field, b, &item) < 0)
            return MM_ERR_NO_MEMORY;
        if (out && (field == MM_RETAG_FIELDS || !r->plan->writes[field]))
            mm_text_add_bytes(out, b + at, item.length);
    }
    for (int f = 0; more == 0 && out && f < MM_RETAG_FIELDS; f++)
        if (r->plan->writes[f])
            add_item(out, (enum mm_retag_field)f, r->plan->value[f]);
    return more;
}

/* ---- the way down to the list ---- */

/* moov/udta/meta/ilst: the next name, and the rest. */
static const char *const path[] = {"udta", "meta", "ilst", NULL};

/* How many bytes of a box's content stand before its first child: a meta box of ISO has a version,
 * one of QuickTime has not. */
static size_t before_children(const char *kind, const unsigned char *body, size_t n)
{
    return strcmp(kind, "meta") == 0 && n >= 8 && memcmp(body + 4, "hdlr", 4) != 0 ? 4 : 0;
}

/* The first box of a meta box of our making, behind its version. */
static const unsigned char HANDLER[33] = "\0\0\0\x21hdlr\0\0\0\0\0\0\0\0mdirappl";

/* Boxes that are not there yet. */
static void add_missing(struct mm_retagging *r, int level, struct mm_text *out,
                        struct mm_error *err)
{
    struct mm_text body = {0};
    if (!path[level + 1]) {
        out->failed |= walk_items(r, (const unsigned char *)"", 0, &body, err) < 0;
    } else {
        if (strcmp(path[level], "meta") == 0) {
            mm_text_add_bytes(&body, "\0\0\0", 4);
            mm_text_add_bytes(&body, HANDLER, sizeof HANDLER);
        }
        add_missing(r, level + 1, &body, err);
    }
    add_box(out, path[level], body.data ? body.data : "", body.length);
    out->failed |= body.failed;
    mm_text_finish(&body);
}

/* The content of the box above path[level]. out NULL: looks only; what is beside the way is kept.
 */
static int walk_down(struct mm_retagging *r, int level, const unsigned char *b, size_t n,
                     struct mm_text *out, struct mm_error *err)
{
    if (!path[level])
        return walk_items(r, b, n, out, err);
    struct box box;
    bool found = false;
    size_t at = 0;
    int more;
    for (; (more = next_box(b, n, at, &box, err)) > 0; at += box.length) {
        const unsigned char *body = b + at + box.head;
        size_t size = box.length - box.head;
        bool ours = !found && strcmp(box.kind, path[level]) == 0;
        found |= ours;
        if (!ours && out)
            mm_text_add_bytes(out, b + at, box.length);
        else if (!ours && level > 0) /* what is in moov is kept by keep_moov() */
            mm_retag_keep(r, b + at, box.length);
        if (!ours)
            continue;
        size_t skip = before_children(box.kind, body, size);
        struct mm_text inner = {0};
        mm_text_add_bytes(&inner, body, skip);
        int result = walk_down(r, level + 1, body + skip, size - skip, out ? &inner : NULL, err);
        if (out)
            add_box(out, box.kind, inner.data ? inner.data : "", inner.length);
        if (inner.failed && out)
            out->failed = true;
        mm_text_finish(&inner);
        if (result < 0)
            return result;
    }
    if (more < 0)
        return more;
    if (out && !found)
        add_missing(r, level, out, err);
    else if (!found && level < 2) /* as it will be */
        mm_retag_keep(r, HANDLER, sizeof HANDLER);
    if (out)
        mm_text_add_bytes(out, b + at, n - at); /* QuickTime ends udta with four zeros */
    return out && out->failed ? MM_ERR_NO_MEMORY : 0;
}

/* ---- where the sound is ---- */

struct shifting {
    struct mm_retagging *r;
    size_t moov_at, moov_end;
    int64_t by;   /* added to places behind moov */
    bool look;    /* hash, do not change */
    bool refused; /* a place does not fit, or a table that is not known */
};

static uint64_t moved(struct shifting *s, uint64_t place)
{
    if (s->look) /* as if moov had no length */
        return place >= s->moov_end ? place - s->moov_end : place;
    return place >= s->moov_end ? place + (uint64_t)s->by : place;
}

static void shift_table(struct shifting *s, unsigned char *body, size_t n, bool wide)
{
    size_t width = wide ? 8 : 4;
    size_t count = n >= 8 ? mm_be32(body + 4) : 0;
    if (n < 8 || count > (n - 8) / width) {
        s->refused = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = body + 8 + i * width;
        uint64_t before = wide ? mm_be64(at) : mm_be32(at);
        uint64_t place = moved(s, before);
        s->refused |= before > INT64_MAX || (!wide && place > UINT32_MAX);
        if (wide)
            mm_put_be32(at, (uint32_t)(place >> 32));
        mm_put_be32(at + width - 4, (uint32_t)place);
    }
}

/* Goes to the tables: trak/mdia/minf/stbl. body may be changed. */
static void shift_boxes(struct shifting *s, unsigned char *body, size_t n, int depth)
{
    static const char *const ways[] = {"trak", "mdia", "minf", "stbl"};
    struct box box;
    int more;
    for (size_t at = 0; (more = next_box(body, n, at, &box, NULL)) > 0; at += box.length) {
        unsigned char *inner = body + at + box.head;
        size_t size = box.length - box.head;
        if (depth < 4 && strcmp(box.kind, ways[depth]) == 0)
            shift_boxes(s, inner, size, depth + 1);
        else if (depth == 4 && (strcmp(box.kind, "stco") == 0 || strcmp(box.kind, "co64") == 0))
            shift_table(s, inner, size, box.kind[0] == 'c');
        else if ((depth == 4 && strcmp(box.kind, "saio") == 0) ||
                 (depth == 0 && strcmp(box.kind, "cmov") == 0)) /* packed: the tables are inside */
            s->refused = true;
    }
    s->refused |= more < 0; /* a table may lie behind it, which players find that guess */
}

/* All of moov but udta, with the places of chunks as they would be without moov. */
static int keep_moov(struct mm_retagging *r, const struct box *moov, struct mm_error *err)
{
    size_t n = moov->length - moov->head;
    unsigned char *copy = malloc(n + 1);
    struct shifting s = {
        .r = r, .moov_at = moov->at, .moov_end = moov->at + moov->length, .look = true};
    struct box box;
    int more = 0;
    if (!copy)
        return MM_ERR_NO_MEMORY;
    memcpy(copy, r->data + moov->at + moov->head, n);
    shift_boxes(&s, copy, n, 0);
    for (size_t at = 0; (more = next_box(copy, n, at, &box, err)) > 0; at += box.length)
        if (strcmp(box.kind, "udta") != 0)
            mm_retag_keep(r, copy + at, box.length);
    free(copy);
    if (more < 0)
        return more;
    return s.refused ? mm_error_set(err, MM_ERR_UNSUPPORTED, "its table of chunks is not known")
                     : 0;
}

/* ---- the file ---- */

static int find_moov(struct mm_retagging *r, struct box *moov, struct mm_error *err)
{
    struct box box;
    size_t at = 0;
    int more;
    *moov = (struct box){0};
    for (; (more = next_outer_box(r, at, &box, err)) > 0; at += box.length) {
        if (strcmp(box.kind, "moof") == 0 || strcmp(box.kind, "mfra") == 0 ||
            strcmp(box.kind, "meta") == 0)
            return mm_error_set(err, MM_ERR_UNSUPPORTED, "an MP4 file in fragments");
        if (strcmp(box.kind, "moov") != 0) {
            mm_retag_keep(r, r->data + at, box.length);
            continue;
        }
        if (moov->length)
            return mm_error_set(err, MM_ERR_INPUT, "it has two moov boxes");
        *moov = box;
    }
    if (more == 0 && !moov->length)
        return mm_error_set(err, MM_ERR_INPUT, "it has no moov box");
    mm_retag_keep(r, r->data + at, r->size - at);
    return more;
}

static int lay_out(struct mm_retagging *r, const struct box *moov, struct mm_error *err)
{
    const unsigned char *body = r->data + moov->at + moov->head;
    struct mm_text inner = {0};
    struct mm_text whole = {0};
    int result = walk_down(r, 0, body, moov->length - moov->head, &inner, err);
    if (result == 0) {
        struct shifting s = {.r = r, .moov_at = moov->at, .moov_end = moov->at + moov->length};
        s.by = (int64_t)inner.length + 8 - (int64_t)moov->length;
        shift_boxes(&s, (unsigned char *)inner.data, inner.length, 0);
        add_box(&whole, "moov", inner.data, inner.length);
        if (s.refused)
            result = mm_error_set(err, MM_ERR_UNSUPPORTED, "its sound lies too far behind");
        else if (whole.failed)
            result = MM_ERR_NO_MEMORY;
    }
    size_t end = moov->at + moov->length;
    if (result == 0)
        result = mm_retag_copy(r, 0, moov->at);
    if (result == 0)
        result = mm_retag_put(r, whole.data, whole.length);
    if (result == 0)
        result = mm_retag_copy(r, end, r->size - end);
    mm_text_finish(&inner);
    mm_text_finish(&whole);
    return result;
}

int mm_retag_mp4(struct mm_retagging *r, struct mm_error *err)
{
    struct box moov;
    int result = find_moov(r, &moov, err);
    if (result == 0)
        result = keep_moov(r, &moov, err);
    if (result == 0)
        result = walk_down(r, 0, r->data + moov.at + moov.head, moov.length - moov.head, NULL, err);
    return result == 0 && mm_retag_decide(r, true) ? lay_out(r, &moov, err) : result;
}
