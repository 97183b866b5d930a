/* SPDX-License-Identifier: BSD-2-Clause */
/* bytes.h - numbers as little-endian bytes, for what the page reads. Each returns where to go on.
 */
#ifndef VIEW_BYTES_H
#define VIEW_BYTES_H

#include <stdint.h>
#include <string.h>

static inline unsigned char *mm_put_magic(unsigned char *to, const char *four)
{
    memcpy(to, four, 4);
    return to + 4;
}

static inline unsigned char *mm_put_u16(unsigned char *to, uint16_t value)
{
    *to++ = (unsigned char)value;
    *to++ = (unsigned char)(value >> 8);
    return to;
}

static inline unsigned char *mm_put_u32(unsigned char *to, uint32_t value)
{
    return mm_put_u16(mm_put_u16(to, (uint16_t)value), (uint16_t)(value >> 16));
}

static inline unsigned char *mm_put_f32(unsigned char *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return mm_put_u32(to, bits);
}

#endif
