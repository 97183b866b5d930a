/* SPDX-License-Identifier: BSD-2-Clause */
/* ground.c - which country, or the sea, lies where on the sheet: what letters are placed by. */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "view/picture.h"
#include "view/raster.h"

#define NODES 760 /* of the raster, along the longer side of the frame */

/* The raster covers the frame; its rows grow upward as the map does. */
static struct mm_grid frame_grid(const struct mm_sheet *sheet)
{
    double side = fmax(sheet->frame.w, sheet->frame.h) / sheet->scale;
    struct mm_grid g = {.step = side / NODES};
    g.x0 = (sheet->frame.x - sheet->map_x) / sheet->scale;
    g.y0 = (sheet->map_y - sheet->frame.y - sheet->frame.h) / sheet->scale;
    g.w = (size_t)(sheet->frame.w / sheet->scale / g.step) + 1;
    g.h = (size_t)(sheet->frame.h / sheet->scale / g.step) + 1;
    return g;
}

/* The coast's field read off at the raster's nodes. */
static void sample_land(const struct mm_coast *coast, const struct mm_grid *g, float *land)
{
    const struct mm_grid *from = &coast->grid;
    for (size_t j = 0; j < g->h; j++)
        for (size_t i = 0; i < g->w; i++) {
            double x = (g->x0 + (double)i * g->step - from->x0) / from->step + 0.5;
            double y = (g->y0 + (double)j * g->step - from->y0) / from->step + 0.5;
            bool known = x >= 0 && y >= 0 && x < (double)from->w && y < (double)from->h;
            land[j * g->w + i] = known ? coast->land[(size_t)y * from->w + (size_t)x] : -1;
        }
}

int mm_ground_plan(struct mm_picture *p, struct mm_error *err)
{
    struct mm_ground *ground = &p->ground;
    struct mm_grid *g = &ground->grid;
    *g = frame_grid(&p->sheet);
    ground->unit = g->step * p->sheet.scale;
    ground->country = mm_calloc3(g->w, g->h, sizeof *ground->country);
    float *land = mm_calloc3(g->w, g->h, sizeof *land);
    int result = ground->country && land ? 0 : mm_no_memory(err);
    if (result == 0) {
        if (p->coast)
            sample_land(p->coast, g, land);
        mm_raster_countries(p->scene, g, p->coast ? land : NULL, ground->country);
    }
    free(land);
    return result;
}

void mm_ground_to_sheet(const struct mm_picture *p, double *x, double *y)
{
    const struct mm_grid *g = &p->ground.grid;
    *x = mm_sheet_x(&p->sheet, g->x0 + *x * g->step);
    *y = mm_sheet_y(&p->sheet, g->y0 + *y * g->step);
}
