/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/kernel/plane.h"

#define MAX_FLOATS ((size_t)1 << 31)

/* *value *= by, false when the result passes MAX_FLOATS. */
static bool grow(size_t *value, size_t by)
{
    return !__builtin_mul_overflow(*value, by, value) && *value <= MAX_FLOATS;
}

bool mm_plane_init(struct mm_plane *plane, size_t channels, size_t height, size_t width,
                   struct mm_pad pad)
{
    size_t limit = MAX_FLOATS;
    if (!channels || !height || !width || channels > limit || height > limit || width > limit ||
        pad.top > limit || pad.left > limit || pad.bottom > limit || pad.right > limit)
        return false;
    *plane = (struct mm_plane){.channels = channels, .height = height, .width = width, .pad = pad};
    plane->lanes = channels == 1 ? 1 : MM_LANES;
    plane->groups = (channels + plane->lanes - 1) / plane->lanes;
    plane->row = pad.left + width + pad.right;
    if (!grow(&plane->row, plane->lanes))
        return false;
    plane->group = pad.top + height + pad.bottom;
    if (!grow(&plane->group, plane->row))
        return false;
    plane->size = plane->group;
    if (!grow(&plane->size, plane->groups))
        return false;
    plane->size = (plane->size + MM_LANES - 1) / MM_LANES * MM_LANES;
    plane->origin = pad.top * plane->row + pad.left * plane->lanes;
    return true;
}
