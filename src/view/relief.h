/* SPDX-License-Identifier: BSD-2-Clause */
/* relief.h - light and shade on the cells: the land rises where songs are dense. */
#ifndef VIEW_RELIEF_H
#define VIEW_RELIEF_H

#include "musicmap/view.h"

#define MM_RELIEF_STEPS 4

/* step: [n_songs] -MM_RELIEF_STEPS (in the shade) .. MM_RELIEF_STEPS (in the light). */
int mm_relief(const struct mm_scene *scene, signed char *step, struct mm_error *err);

#endif
