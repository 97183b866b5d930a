/* SPDX-License-Identifier: BSD-2-Clause */
#include "catalog/floats.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

size_t mm_encode_floats(const float *values, size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int b = 0; b < 4; b++)
            out[4 * i + (size_t)b] = (unsigned char)(bits >> (8 * b));
    }
    return 4 * count;
}

bool mm_decode_floats(const unsigned char *bytes, size_t count, float *values)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                        (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24;
        finite = finite && (bits & 0x7f800000u) != 0x7f800000u;
        memcpy(&values[i], &bits, sizeof bits);
    }
    return finite;
}

/* Of a value that is finite; one that is too large becomes infinite. */
static uint16_t to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t rest = bits & 0x7fffffff;
    if (rest >= 0x47800000) /* 65,536 */
        return (uint16_t)(sign | 0x7c00);
    uint32_t shift = 13;
    uint32_t digits = rest - 0x38000000; /* the exponent's bias goes from 127 to 15 */
    if (rest < 0x38800000) {             /* below 2^-14: no leading one, and fewer digits */
        uint32_t exponent = rest >> 23;
        if (exponent < 102)
            return (uint16_t)sign;
        shift = 126 - exponent;
        digits = (rest & 0x7fffff) | 0x800000;
    }
    uint32_t half = digits >> shift;
    uint32_t lost = digits & (((uint32_t)1 << shift) - 1);
    uint32_t tie = (uint32_t)1 << (shift - 1);
    if (lost > tie || (lost == tie && half & 1))
        half++;
    return (uint16_t)(sign | half);
}

static float from_half(uint16_t half)
{
    uint32_t digits = half & 0x3ff;
    int exponent = half >> 10 & 31;
    double value = exponent ? ldexp(digits + 1024, exponent - 25) : ldexp(digits, -24);
    return (float)(half & 0x8000 ? -value : value);
}

size_t mm_encode_halves(const float *values, size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half = to_half(values[i]);
        if ((half & 0x7c00) == 0x7c00)
            return 0;
        out[2 * i] = (unsigned char)half;
        out[2 * i + 1] = (unsigned char)(half >> 8);
    }
    return 2 * count;
}

bool mm_decode_vector(const unsigned char *bytes, size_t size, size_t count, float *values)
{
    if (size == 4 * count)
        return mm_decode_floats(bytes, count, values);
    if (size != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint16_t half = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
        if ((half & 0x7c00) == 0x7c00)
            return false;
        values[i] = from_half(half);
    }
    return true;
}
