/* SPDX-License-Identifier: BSD-2-Clause */
/* coast.h - where the land of the map ends: the sea begins where songs are rare. */
#ifndef VIEW_COAST_H
#define VIEW_COAST_H

#include "musicmap/view.h"
#include "view/contour.h"

#define MM_COAST_RIPPLES 4

struct mm_coast {
    struct mm_grid grid; /* over the scene's box and some water around it */
    float *land;         /* [h][w] >= 0 on land. Every song is on land. */
    struct mm_contours shore;
    struct mm_contours ripples[MM_COAST_RIPPLES]; /* lines in the sea, from the shore outward */
};

/* Map units throughout. */
int mm_coast_create(const struct mm_scene *scene, struct mm_coast **out, struct mm_error *err);
void mm_coast_destroy(struct mm_coast *coast);

#endif
