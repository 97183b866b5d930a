/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * realms.h - where the page writes the names of regions. As on the poster (lands.c), a region is
 * known by its sound and may lie in several places: it is named at the largest, and not at all
 * where no place holds most of it.
 */
#ifndef VIEW_REALMS_H
#define VIEW_REALMS_H

#include "musicmap/view.h"

#define MM_REALM_MOST 0.5 /* of its land must a region have in a place to be named there */

struct mm_realm {
    const char *name;    /* of the scene */
    double x, y, radius; /* the largest circle in its largest place, map units */
    size_t songs;
};

/* country: [height][width] as the overview has it, the uppermost row first, 0xffff = sea; box: its
 * outline. Only regions of two countries and more. Release *out with free. */
int mm_realms_find(const struct mm_scene *scene, const uint16_t *country, size_t width,
                   size_t height, const struct mm_box *box, struct mm_realm **out, size_t *n,
                   struct mm_error *err);

#endif
