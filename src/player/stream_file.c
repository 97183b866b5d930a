/* SPDX-License-Identifier: BSD-2-Clause */
#include "player/stream_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static int odd(struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_INPUT, "the mixed file is neither MP3 nor Ogg Opus");
}

/* Reads size bytes behind those of the piece; false = there are not so many. */
static int read_more(struct mm_stream_file *s, size_t size, bool *whole, struct mm_error *err)
{
    if (mm_array_reserve(&s->piece, &s->capacity, s->size + size) < 0)
        return mm_no_memory(err);
    size_t got = fread(s->piece + s->size, 1, size, s->file);
    s->size += got;
    *whole = got == size;
    return ferror(s->file) ? mm_error_set(err, MM_ERR_IO, "the mixed file cannot be read") : 0;
}

int mm_stream_open(struct mm_stream_file *s, const char *path, struct mm_error *err)
{
    unsigned char head[10];
    *s = (struct mm_stream_file){.file = fopen(path, "rbe")};
    if (!s->file)
        return mm_error_set(err, MM_ERR_IO, "cannot read %s", path);
    if (fread(head, 1, sizeof head, s->file) != sizeof head)
        return odd(err);
    s->ogg = memcmp(head, "OggS", 4) == 0;
    long skip = 0;
    if (memcmp(head, "ID3", 3) == 0) /* a length of four times seven bits */
        skip = 10 + ((long)(head[6] & 127) << 21 | (long)(head[7] & 127) << 14 |
                     (long)(head[8] & 127) << 7 | (long)(head[9] & 127));
    if (fseek(s->file, skip, SEEK_SET) != 0)
        return mm_error_set(err, MM_ERR_IO, "cannot read %s", path);
    return 0;
}

/* Layer III, as we write it: MPEG 1 or 2. */
static int next_frame(struct mm_stream_file *s, struct mm_error *err)
{
    static const int rates[2][16] = {
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}};
    static const int samples[4] = {44100, 48000, 32000, 0};
    bool whole;
    int result = read_more(s, 4, &whole, err);
    if (result < 0 || s->size == 0)
        return result;
    const unsigned char *h = s->piece;
    bool one = (h[1] >> 3 & 3) == 3;
    int kbit = rates[one][h[2] >> 4];
    int rate = samples[h[2] >> 2 & 3] / (one ? 1 : 2);
    if (!whole || h[0] != 0xff || (h[1] & 0xe6) != 0xe2 || !kbit || !rate)
        return s->size < 4 || memcmp(h, "TAG", 3) == 0 ? 0 : odd(err);
    size_t count = one ? 1152 : 576;
    size_t size = count / 8 * (size_t)kbit * 1000 / (size_t)rate + (h[2] >> 1 & 1);
    result = read_more(s, size - 4, &whole, err);
    s->next_s = s->at_s + (double)count / rate;
    return result < 0 ? result : whole;
}

static int keep_header(struct mm_stream_file *s, struct mm_error *err)
{
    if (mm_array_reserve(&s->headers, &s->headers_capacity, s->n_headers + s->size) < 0)
        return mm_no_memory(err);
    memcpy(s->headers + s->n_headers, s->piece, s->size);
    s->n_headers += s->size;
    return 0;
}

static int next_page(struct mm_stream_file *s, struct mm_error *err)
{
    bool whole;
    int result = read_more(s, 27, &whole, err);
    if (result < 0 || s->size == 0)
        return result;
    if (!whole || memcmp(s->piece, "OggS", 4) != 0)
        return odd(err);
    size_t segments = s->piece[26];
    result = read_more(s, segments, &whole, err);
    size_t body = 0;
    for (size_t i = 0; result == 0 && whole && i < segments; i++)
        body += s->piece[27 + i];
    if (result == 0 && whole)
        result = read_more(s, body, &whole, err);
    if (result < 0 || !whole)
        return result < 0 ? result : odd(err);
    uint64_t position = 0;
    for (int i = 7; i >= 0; i--)
        position = position << 8 | s->piece[6 + i];
    if (s->piece[5] & 2) { /* a stream begins */
        s->chain_s = s->at_s;
        s->n_headers = 0;
        s->in_headers = true;
    }
    s->in_headers = s->in_headers && position == 0;
    if (s->in_headers)
        return keep_header(s, err) < 0 ? err->code : 1;
    /* -1: no packet ends on this page. */
    if (position != UINT64_MAX)
        s->next_s = s->chain_s + (double)position / 48000;
    return 1;
}

int mm_stream_next(struct mm_stream_file *s, struct mm_error *err)
{
    s->at_s = s->next_s;
    s->size = 0;
    return s->ogg ? next_page(s, err) : next_frame(s, err);
}

void mm_stream_close(struct mm_stream_file *s)
{
    if (s->file)
        fclose(s->file);
    free(s->piece);
    free(s->headers);
    *s = (struct mm_stream_file){0};
}
