/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overview.h - the map's countries as a small picture, which the page shows until the songs are
 * there, and in its corner. Format: doc/protocol.md, "MMO1". Pure function.
 */
#ifndef VIEW_OVERVIEW_H
#define VIEW_OVERVIEW_H

#include "musicmap/view.h"
#include "view/blob.h"
#include "view/realms.h"

enum { MM_OVERVIEW_SIDE = 640 }; /* pixels of the longer side */

/*
 * Where land ends, for this picture and for the page: a place is land when its nearest song is less
 * than this far away (map units). Ordinary cells are land altogether, the huge ones at the rim
 * mostly sea: half as much again as the reach (distance to the farthest corner) of four cells in
 * five, but always enough to see, and never more than a third of the map.
 */
int mm_overview_coast(const struct mm_scene *scene, double *coast, struct mm_error *err);

/* A scene of at most 65,535 countries. realms: as of mm_realms_find. */
int mm_overview_create(const struct mm_scene *scene, double coast, struct mm_blob **out,
                       struct mm_realm **realms, size_t *n_realms, struct mm_error *err);

#endif
