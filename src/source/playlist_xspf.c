/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XSPF (https://xspf.org/specs/) with libxml2's pull reader. Entities are not expanded and nothing
 * is loaded from elsewhere; elements are told by their local names, since many files lack the
 * namespace.
 */
#include <libxml/xmlreader.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "source/playlist.h"

struct reader {
    xmlTextReaderPtr xml;
    struct mm_playlist *list;
    struct mm_playlist_entry *entry; /* the open <track> */
    int depth;                       /* of the open <track> */
    char field[16];                  /* the open child of it; "" = none */
    struct mm_text text;             /* of that child */
    bool any;                        /* a <playlist> was seen */
};

static void silent(void *ctx, const char *message, ...)
{
    (void)ctx;
    (void)message;
}

static int end_field(struct reader *r)
{
    struct mm_playlist_entry *e = r->entry;
    const char *text = r->text.data ? r->text.data : "";
    size_t n = r->text.length;
    int result = r->text.failed ? MM_ERR_NO_MEMORY : 0;
    if (strcmp(r->field, "location") == 0 && !e->location && n) {
        e->location = mm_strndup(text, n);
        result = e->location ? result : MM_ERR_NO_MEMORY;
    } else if (strcmp(r->field, "title") == 0) {
        result = mm_playlist_text(&e->tags.title, text, n);
    } else if (strcmp(r->field, "creator") == 0) {
        result = mm_playlist_text(&e->tags.artist, text, n);
    } else if (strcmp(r->field, "album") == 0) {
        result = mm_playlist_text(&e->tags.album, text, n);
    } else if (strcmp(r->field, "trackNum") == 0) {
        long number = strtol(text, NULL, 10);
        e->tags.track = number > 0 && number < 10000 ? (int)number : 0;
    } else if (strcmp(r->field, "duration") == 0) {
        double ms = strtod(text, NULL);
        e->duration_s = isfinite(ms) && ms > 0 && ms < 1e9 ? ms / 1000 : 0;
    }
    r->field[0] = '\0';
    r->text.length = 0;
    return result;
}

static int begin_element(struct reader *r, const char *name, int depth, struct mm_error *err)
{
    if (strcmp(name, "playlist") == 0) {
        r->any = true;
    } else if (strcmp(name, "track") == 0 && r->any) {
        r->entry = mm_playlist_add(r->list, err);
        r->depth = depth;
        r->field[0] = '\0';
        if (!r->entry)
            return err->code;
    } else if (r->entry && depth == r->depth + 1) {
        snprintf(r->field, sizeof r->field, "%s", name);
        r->text.length = 0;
    }
    return 0;
}

static int take_node(struct reader *r, struct mm_error *err)
{
    int type = xmlTextReaderNodeType(r->xml);
    int depth = xmlTextReaderDepth(r->xml);
    const char *name = (const char *)xmlTextReaderConstLocalName(r->xml);
    int result = 0;
    if (type == XML_READER_TYPE_ELEMENT) {
        result = begin_element(r, name ? name : "", depth, err);
        if (!xmlTextReaderIsEmptyElement(r->xml))
            return result;
        type = XML_READER_TYPE_END_ELEMENT;
    }
    if (result < 0)
        return result;
    if (type == XML_READER_TYPE_END_ELEMENT && r->entry) {
        if (depth == r->depth)
            r->entry = NULL;
        else if (depth == r->depth + 1 && r->field[0] && end_field(r) < 0)
            return mm_no_memory(err);
    } else if ((type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA) && r->field[0] &&
               depth == r->depth + 2) {
        const char *value = (const char *)xmlTextReaderConstValue(r->xml);
        if (value && r->text.length < 65536)
            mm_text_add(&r->text, value);
    }
    return 0;
}

int mm_playlist_read_xspf(const char *bytes, size_t n, struct mm_playlist *out,
                          struct mm_error *err)
{
    struct mm_error local = {0};
    struct reader r = {.list = out};
    r.xml = n <= INT32_MAX ? xmlReaderForMemory(bytes, (int)n, NULL, NULL,
                                                XML_PARSE_NONET | XML_PARSE_NOERROR |
                                                    XML_PARSE_NOWARNING | XML_PARSE_RECOVER)
                           : NULL;
    if (!r.xml)
        return mm_no_memory(err);
    xmlTextReaderSetErrorHandler(r.xml, (xmlTextReaderErrorFunc)silent, NULL);
    int result = 0;
    while (result == 0 && xmlTextReaderRead(r.xml) == 1)
        result = take_node(&r, &local);
    if (result == 0 && !r.any)
        result = mm_error_set(&local, MM_ERR_INPUT, "not an XSPF playlist");
    xmlFreeTextReader(r.xml);
    mm_text_finish(&r.text);
    if (result < 0 && err)
        *err = local;
    return result;
}
