/* SPDX-License-Identifier: BSD-2-Clause */
/* tiles.c - D. Hilbert, "Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck" (1891). */
#include "view/tiles.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "view/bytes.h"

#define SIDE   65535U
#define SILENT (-32768) /* the gain of a song without sound */

struct place {
    uint32_t key;
    uint32_t song;
};

static uint32_t hilbert(uint32_t x, uint32_t y)
{
    uint32_t key = 0;
    for (uint32_t s = (SIDE + 1) / 2; s > 0; s >>= 1) {
        uint32_t rx = (x & s) != 0;
        uint32_t ry = (y & s) != 0;
        key = key * 4 + ((3 * rx) ^ ry);
        if (ry == 0) { /* turn the quadrant: the curve enters and leaves where its neighbours do */
            uint32_t turned = rx ? SIDE - y : y;
            y = rx ? SIDE - x : x;
            x = turned;
        }
    }
    return key;
}

static int by_key(const void *one, const void *two)
{
    const struct place *a = one;
    const struct place *b = two;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->song > b->song) - (a->song < b->song);
}

static uint32_t step(double value, double low, double size)
{
    double at = size > 0 ? (value - low) / size * SIDE : 0;
    return (uint32_t)fmin(fmax(at, 0), SIDE);
}

int mm_tiles_order(const float *xy, size_t n, const struct mm_box *box, uint32_t *order,
                   struct mm_error *err)
{
    struct place *places = mm_calloc3(n, 1, sizeof *places);
    if (!places)
        return mm_no_memory(err);
    double size = fmax(box->x1 - box->x0, box->y1 - box->y0);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){hilbert(step((double)xy[2 * i], box->x0, size),
                                           step((double)xy[2 * i + 1], box->y0, size)),
                                   (uint32_t)i};
    qsort(places, n, sizeof *places, by_key);
    for (size_t i = 0; i < n; i++)
        order[i] = places[i].song;
    free(places);
    return 0;
}

/* Hundredths of a decibel. */
static int16_t level(float gain)
{
    if (!(gain > 0))
        return SILENT;
    return (int16_t)fmin(fmax(round(2000 * log10((double)gain)), SILENT + 1), INT16_MAX);
}

static uint16_t milliseconds(float seconds)
{
    return (uint16_t)fmin(fmax(round(1000 * (double)seconds), 0), UINT16_MAX);
}

int mm_tile_create(const struct mm_tile_songs *songs, size_t first, size_t count,
                   struct mm_blob **out, struct mm_error *err)
{
    *out = NULL;
    size_t pad = count % 2; /* arrays of halves end at a multiple of four bytes */
    size_t size = 8 + 12 * count + 6 * (count + pad); /* count <= MM_TILE_SONGS */
    unsigned char *bytes = malloc(size);
    if (!bytes)
        return mm_no_memory(err);
    const uint32_t *order = songs->order + first;
    unsigned char *to = mm_put_u32(mm_put_magic(bytes, "MMP1"), (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        to = mm_put_u32(to, songs->id[order[i]]);
    for (size_t i = 0; i < count; i++) {
        const float *at = songs->xy + 2 * (size_t)order[i];
        to = mm_put_f32(mm_put_f32(to, at[0]), at[1]);
    }
    for (size_t i = 0; i < count + pad; i++)
        to = mm_put_u16(to, i < count ? (uint16_t)songs->cluster[order[i]] : 0);
    for (size_t i = 0; i < count + pad; i++)
        to = mm_put_u16(to, i < count ? (uint16_t)level(songs->gain[order[i]]) : 0);
    for (size_t i = 0; i < count + pad; i++)
        to = mm_put_u16(to, i < count ? milliseconds(songs->onset[order[i]]) : 0);
    int result = mm_blob_create(bytes, size, "application/octet-stream", out, err);
    if (result == 0)
        result = mm_blob_compress(*out, err);
    if (result < 0) {
        mm_blob_release(*out);
        *out = NULL;
    }
    return result;
}
