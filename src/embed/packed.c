/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/packed.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct reader {
    const unsigned char *at;
    size_t left;
};

static uint32_t read_u32(struct reader *r)
{
    if (r->left < 4) {
        r->left = 0;
        return UINT32_MAX;
    }
    const unsigned char *at = r->at;
    r->at += 4;
    r->left -= 4;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static float half_to_float(unsigned bits)
{
    unsigned exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double value = exponent == 31  ? (double)INFINITY
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, (int)exponent - 25);
    return (float)(bits >> 15 ? -value : value);
}

/* *fine becomes false when the array is not of the shape it must have. values may be NULL: memory.
 */
static struct mm_packed read_array(struct reader *r, const mm_packed_shape shape, bool *fine)
{
    struct mm_packed array = {.count = 1};
    while (array.rank < 4 && shape[array.rank])
        array.count *= shape[array.rank++];
    *fine = *fine && read_u32(r) == array.rank;
    for (size_t d = 0; d < array.rank; d++)
        *fine = *fine && read_u32(r) == shape[d];
    *fine = *fine && r->left >= 2 * array.count;
    if (!*fine)
        return array;
    array.values = malloc(array.count * sizeof *array.values);
    for (size_t i = 0; array.values && i < array.count; i++) {
        array.values[i] = half_to_float(r->at[2 * i] | (unsigned)r->at[2 * i + 1] << 8);
        *fine = *fine && isfinite(array.values[i]);
    }
    r->at += 2 * array.count;
    r->left -= 2 * array.count;
    return array;
}

int mm_packed_read(const unsigned char *bytes, size_t size, const mm_packed_shape *shapes, size_t n,
                   struct mm_packed *out, struct mm_error *err)
{
    struct reader r = {bytes, size};
    bool fine = size > 8 && memcmp(bytes, "MM1W", 4) == 0;
    read_u32(&r);
    fine = fine && read_u32(&r) == n;
    for (size_t i = 0; i < n && fine; i++) {
        out[i] = read_array(&r, shapes[i], &fine);
        if (fine && !out[i].values)
            return mm_no_memory(err);
    }
    if (!fine || r.left)
        return mm_error_set(err, MM_ERR_INPUT, "these are not such weights");
    return 0;
}

void mm_packed_finish(struct mm_packed *arrays, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(arrays[i].values);
}
