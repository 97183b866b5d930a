/* SPDX-License-Identifier: BSD-2-Clause */
/* draw_shade.h - what `musicmap draw --shade` needs. */
#ifndef CMD_DRAW_SHADE_H
#define CMD_DRAW_SHADE_H

#include "cmd/command.h"
#include "musicmap/view.h"

struct draw_shade {
    struct mm_shade shade;
    float *value;
};
bool draw_shade_known(const char *name);
/* Reads the figures, finds the ends of the scale, and says how they go with the distance to the
 * middle of the map. */
int draw_shade_init(struct draw_shade *out, struct mm_catalog *catalog,
                    const struct mm_map_record *map, const char *name, struct mm_error *err);
void draw_shade_finish(struct draw_shade *shade);

#endif
