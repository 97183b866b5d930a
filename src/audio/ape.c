/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Genres of an APEv2 tag at the end of the file: an item may hold several values with NULs between
 * them, of which FFmpeg sees the first.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/tags.h"

#define FOOTER    32
#define ID3V1     128
#define MAX_TAG   (1 << 20) /* larger ones hold pictures; their genre is FFmpeg's to find */
#define MAX_ITEMS 1024

static uint32_t little_endian(const unsigned char *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* items: [n] bytes, each item: size, flags, key and NUL, value. */
static int take_items(struct mm_tags *tags, const unsigned char *b, size_t n)
{
    for (size_t at = 0, i = 0; n - at > 9 && i < MAX_ITEMS; i++) {
        size_t size = little_endian(b + at);
        const char *key = (const char *)b + at + 8;
        size_t key_size = strnlen(key, n - at - 8);
        if (key_size == n - at - 8 || size > n - at - 8 - key_size - 1)
            return 0;
        const char *value = key + key_size + 1;
        if (strcasecmp(key, "genre") == 0) {
            int result = mm_tags_add_genres(tags, value, size);
            if (result < 0)
                return result;
        }
        at += 8 + key_size + 1 + size;
    }
    return 0;
}

int mm_tags_read_ape(const struct mm_input *in, struct mm_tags *tags)
{
    unsigned char footer[FOOTER];
    for (int64_t behind = 0; behind <= ID3V1; behind += ID3V1) {
        int64_t at = in->size - behind - FOOTER;
        if (at < 0 || mm_input_peek(in, at, footer, FOOTER) != FOOTER ||
            memcmp(footer, "APETAGEX", 8) != 0)
            continue;
        int64_t size = little_endian(footer + 12); /* items and footer */
        if (size <= FOOTER || size > MAX_TAG || size > at + FOOTER)
            return 0;
        size_t n = (size_t)size - FOOTER;
        unsigned char *items = malloc(n);
        if (!items)
            return MM_ERR_NO_MEMORY;
        int result = 0;
        if (mm_input_peek(in, at - (int64_t)n, items, n) == n)
            result = take_items(tags, items, n);
        free(items);
        return result;
    }
    return 0;
}
