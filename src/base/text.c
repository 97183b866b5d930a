/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void mm_text_finish(struct mm_text *text)
{
    free(text->data);
    *text = (struct mm_text){0};
}

static bool reserve(struct mm_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more >= SIZE_MAX / 4 - text->length) {
        text->failed = true;
        return false;
    }
    size_t need = text->length + more + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void mm_text_add_bytes(struct mm_text *text, const void *bytes, size_t count)
{
    if (!reserve(text, count))
        return;
    if (count)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void mm_text_add(struct mm_text *text, const char *string)
{
    mm_text_add_bytes(text, string, strlen(string));
}

void mm_text_addf(struct mm_text *text, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (need < 0)
        text->failed = true;
    else if (reserve(text, (size_t)need)) {
        vsnprintf(text->data + text->length, (size_t)need + 1, format, again);
        text->length += (size_t)need;
    }
    va_end(again);
}

char *mm_text_steal(struct mm_text *text)
{
    if (!text->data && !text->failed)
        mm_text_add(text, "");
    char *data = text->data;
    if (text->failed) {
        free(data);
        data = NULL;
    }
    *text = (struct mm_text){0};
    return data;
}

char *mm_strndup(const char *bytes, size_t count)
{
    char *copy = malloc(count + 1);
    if (copy) {
        memcpy(copy, bytes, count);
        copy[count] = '\0';
    }
    return copy;
}

char *mm_strdup(const char *string)
{
    return string ? mm_strndup(string, strlen(string)) : NULL;
}

char *mm_format(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *string = need < 0 ? NULL : malloc((size_t)need + 1);
    if (string)
        vsnprintf(string, (size_t)need + 1, format, again);
    va_end(again);
    return string;
}

void mm_text_clean_line(char *string)
{
    for (unsigned char *p = (unsigned char *)string; *p; p++) {
        if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
            *p++ = '?'; /* both bytes: the second alone is an order to some */
        else if (*p >= 0x20 && *p != 0x7f)
            continue;
        *p = '?';
    }
}

bool mm_text_is_utf8(const char *bytes, size_t count)
{
    while (count) {
        utf8proc_int32_t code;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)count, &code);
        if (used < 1)
            return false;
        bytes += used;
        count -= (size_t)used;
    }
    return true;
}

/* Controls, line and paragraph separators, and the marks that reorder foreign text around them. */
static bool is_unsafe(utf8proc_int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

char *mm_text_clean_utf8(const char *bytes, size_t count)
{
    struct mm_text out = {0};
    bool blank = false;
    while (count) {
        utf8proc_int32_t code;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)count, &code);
        if (used < 1) {
            used = 1;
            code = 0xfffd;
        }
        if (is_unsafe(code) || code == ' ' || code == 0xa0) {
            blank = true;
        } else {
            if (blank && out.length)
                mm_text_add(&out, " ");
            blank = false;
            utf8proc_uint8_t encoded[4];
            utf8proc_ssize_t length = utf8proc_encode_char(code, encoded);
            mm_text_add_bytes(&out, encoded, (size_t)length);
        }
        bytes += used;
        count -= (size_t)used;
    }
    char *clean = mm_text_steal(&out);
    if (!clean)
        return NULL;
    utf8proc_uint8_t *composed = NULL;
    if (utf8proc_map((const utf8proc_uint8_t *)clean, 0, &composed,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE) < 0)
        return clean;
    free(clean);
    return (char *)composed;
}

char *mm_text_fold(const char *utf8)
{
    utf8proc_uint8_t *folded = NULL;
    if (utf8proc_map((const utf8proc_uint8_t *)utf8, 0, &folded,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD) <
        0)
        return mm_strdup(utf8);
    return (char *)folded;
}
