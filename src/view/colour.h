/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * colour.h - colours as eyes see them: CIELAB, Delta-E 2000, and the three kinds of dichromacy.
 *
 * Colours are 0xRRGGBB in sRGB; Lab is under D65. Pure functions.
 */
#ifndef VIEW_COLOUR_H
#define VIEW_COLOUR_H

#include <stdint.h>

struct mm_lab {
    double l, a, b; /* 0..100, about -100..100 */
};

enum mm_vision {
    MM_VISION_NORMAL,
    MM_VISION_PROTANOPIA,
    MM_VISION_DEUTERANOPIA,
    MM_VISION_TRITANOPIA,
    MM_VISIONS
};

/* What an eye of this kind makes of a colour. */
struct mm_lab mm_colour_seen(uint32_t rgb, enum mm_vision vision);

static inline struct mm_lab mm_colour_lab(uint32_t rgb)
{
    return mm_colour_seen(rgb, MM_VISION_NORMAL);
}

/* The nearest 0xRRGGBB; *inside (may be NULL) tells whether sRGB holds the colour. */
uint32_t mm_colour_from_lab(struct mm_lab lab, int *inside);

/* CIEDE2000 with k_L = k_C = k_H = 1. */
double mm_colour_delta_e(struct mm_lab one, struct mm_lab two);

/* The smallest Delta-E 2000 between the two under the four kinds of vision. */
double mm_colour_difference(uint32_t one, uint32_t two);

/* The colour made lighter (dl > 0) or darker, and its chroma multiplied, kept inside sRGB. */
uint32_t mm_colour_shift(uint32_t rgb, double dl, double chroma);

#endif
