/* SPDX-License-Identifier: BSD-2-Clause */
/* outline.h - the outlines of all countries as closed rings of corners. */
#ifndef VIEW_OUTLINE_H
#define VIEW_OUTLINE_H

#include "musicmap/view.h"

/*
 * Country c has rings first[c] .. first[c + 1] - 1; ring r is corners corner[end[r - 1]] (0 for the
 * first) .. corner[end[r] - 1] of the diagram, the country on its left.
 */
struct mm_outlines {
    size_t *first; /* [n_countries + 1] */
    size_t *end;   /* [n_rings] */
    uint32_t *corner;
};
int mm_outlines_create(const struct mm_scene *scene, struct mm_outlines **out,
                       struct mm_error *err);
void mm_outlines_destroy(struct mm_outlines *outlines);

#endif
