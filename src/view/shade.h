/* SPDX-License-Identifier: BSD-2-Clause */
/* shade.h - cells in the colour of a figure of their songs. */
#ifndef VIEW_SHADE_H
#define VIEW_SHADE_H

#include "view/picture.h"

#define MM_SHADE_STEPS 24

/* 0xRRGGBB of step 0 .. MM_SHADE_STEPS - 1; MM_SHADE_STEPS: nothing is known of the song. */
uint32_t mm_shade_colour(const struct mm_shade *shade, size_t step);
size_t mm_shade_step(const struct mm_shade *shade, double value);

/* An end of the scale as people write it: 1987, 12.5, 0.25. */
void mm_shade_number(double value, char *out, size_t room);

/* The step of a country: of the mean of its songs' values; that of "unknown" on a circle. */
size_t mm_shade_country(const struct mm_picture *p, size_t country);

#endif
