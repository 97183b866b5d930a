/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * picture.h - what the files that make the poster share: the sheet's plan and what lies on it.
 */
#ifndef VIEW_PICTURE_H
#define VIEW_PICTURE_H

#include "musicmap/view.h"
#include "view/canvas.h"
#include "view/coast.h"
#include "view/label.h"
#include "view/outline.h"

struct mm_rect {
    double x, y, w, h;
};

/* Where things stand on the sheet, in its units, y downward. */
struct mm_sheet {
    double w, h;
    double u; /* what one pixel is on a sheet of 2400 x 1600: letters and lines grow with it */
    struct mm_rect header, frame, legend, footer;
    int legend_columns;
    size_t legend_rows;
    /* From map units: x = map_x + scale * x, y = map_y - scale * y. */
    double map_x, map_y, scale;
};

/* A raster over the frame. */
struct mm_ground {
    struct mm_grid grid; /* map units */
    double unit;         /* of its step, on the sheet */
    uint32_t *country;   /* [h][w]; MM_LABEL_SEA where there is none */
};
#define MM_GROUND_EDGE 10.0 /* letters stay so far from the frame; times mm_sheet.u */

/* A region's name, in units of the sheet. */
struct mm_land_name {
    struct mm_lettering *lettering; /* laid out at MM_LETTER_SIZE */
    double x, y, w, h;              /* the box, about its middle */
    double size;                    /* of the letters */
    bool at_sea;
};

struct mm_picture {
    const struct mm_scene *songs; /* as given */
    const struct mm_scene *scene; /* whose cells are drawn: the same, or that of the centres */
    enum mm_draw_cells cells;
    const struct mm_shade *shade; /* NULL = cells in the colours of their countries */
    char *title;                  /* clean; NULL = none */
    const struct mm_route *route; /* NULL = none */
    struct mm_rect strip;         /* where its arc is drawn */
    struct mm_sheet sheet;
    struct mm_canvas *canvas;
    struct mm_coast *coast; /* NULL: the land fills the frame */
    struct mm_outlines *outlines;
    signed char *relief; /* [scene->n_songs] */
    uint32_t *rank;      /* [n_countries] place in the legend, from 1; 0 = has no songs */
    uint32_t *by_rank;   /* [n_ranks] */
    size_t n_ranks;
    struct mm_ground ground;
    struct mm_label *labels; /* [n_countries], in units of the sheet */
    /* [n_countries][MM_LABEL_SHAPES], then [n_countries] numbers; laid out at MM_LETTER_SIZE */
    struct mm_lettering **letterings;
    struct mm_land_name *lands; /* [n_lands] names of regions that found a place */
    size_t n_lands;
};
#define MM_LETTER_SIZE 32.0

static const struct mm_paint mm_ink = {0x33302b, 1};
static const struct mm_paint mm_faint_ink = {0x7d766b, 1};
static const struct mm_paint mm_paper = {0xfbf8f1, 1};
static const struct mm_paint mm_no_paint = {0, 0};

static inline double mm_sheet_x(const struct mm_sheet *sheet, double x)
{
    return sheet->map_x + sheet->scale * x;
}

static inline double mm_sheet_y(const struct mm_sheet *sheet, double y)
{
    return sheet->map_y - sheet->scale * y;
}

/* sheet.c: divides it for a map of this box and a legend of n lines. */
void mm_sheet_plan(struct mm_sheet *sheet, int width, int height, const struct mm_box *box,
                   size_t n_lines, bool has_title);
/* Sets the map's scale and place so that box fills the frame as far as its shape allows. */
void mm_sheet_fit(struct mm_sheet *sheet, const struct mm_box *box);

/* ground.c: where what lies; from the raster's nodes to the sheet. */
int mm_ground_plan(struct mm_picture *picture, struct mm_error *err);
void mm_ground_to_sheet(const struct mm_picture *picture, double *x, double *y);

/* names.c: lays all names out and finds their places. The canvas is only measured with. */
int mm_names_plan(struct mm_picture *picture, struct mm_error *err);
void mm_names_paint(const struct mm_picture *picture);

/* paint.c: sea, land, countries, borders, songs. */
int mm_map_paint(const struct mm_picture *picture, struct mm_error *err);

/* lands.c: regions of countries. Their names are placed after those of countries. */
int mm_lands_plan(struct mm_picture *picture, struct mm_error *err);
void mm_lands_paint_borders(const struct mm_picture *picture);
void mm_lands_letter(const struct mm_picture *picture);

/* legend.c: title, legend, foot of the sheet. */
int mm_legend_paint(const struct mm_picture *picture, struct mm_error *err);

/* route.c: a set's way over the map and the arc beneath it. */
#define MM_ROUTE_STRIP 0.16 /* of the sheet's height */
int mm_route_paint(const struct mm_picture *picture, struct mm_error *err);

/* draw.c: everything up to painting; with destroy, for tests of where things stand. */
int mm_picture_create(const struct mm_scene *scene, const struct mm_draw_settings *settings,
                      enum mm_canvas_format format, FILE *stream, struct mm_picture **out,
                      struct mm_error *err);
void mm_picture_destroy(struct mm_picture *picture);

#endif
