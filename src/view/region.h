/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region.h - plane regions given by their border alone: straight segments in any order, that close.
 *
 * Holes and several rings are fine. Pure functions.
 */
#ifndef VIEW_REGION_H
#define VIEW_REGION_H

#include <stddef.h>

#include "musicmap/error.h"

struct mm_segment {
    double x0, y0, x1, y1;
};

struct mm_pole {
    double x, y;
    double radius; /* of the largest circle around x, y that crosses no border */
};

/* Distance to the nearest segment, negative outside. */
double mm_region_distance(const struct mm_segment *segments, size_t n, double x, double y);

/*
 * The pole of inaccessibility: the place inside that is farthest from the border, to within a
 * thousandth of the region's size. inside_x, inside_y: any place inside, the answer if none is
 * better.
 */
int mm_region_pole(const struct mm_segment *segments, size_t n, double inside_x, double inside_y,
                   struct mm_pole *out, struct mm_error *err);

#endif
