/* SPDX-License-Identifier: BSD-2-Clause */
/* raster.h - which country is where, on a grid. */
#ifndef VIEW_RASTER_H
#define VIEW_RASTER_H

#include "musicmap/view.h"
#include "view/contour.h"

/*
 * country: [h][w], UINT32_MAX beyond the box and, where land (same shape, >= 0 on land; NULL = all)
 * says so, in the sea.
 */
void mm_raster_countries(const struct mm_scene *scene, const struct mm_grid *grid,
                         const float *land, uint32_t *country);

#endif
