/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two plans are tried, the legend beside the map and the legend below it; the one that shows the
 * map larger is taken.
 */
#include <math.h>

#include "view/picture.h"

#define MARGIN        64.0 /* all in units of sheet->u */
#define GUTTER        36.0
#define COLUMN        264.0
#define LOOSE_ROW     36.0
#define TIGHT_ROW     16.0
#define TITLE_HEIGHT  104.0
#define SONGS_HEIGHT  44.0 /* without a title */
#define FOOTER_HEIGHT 40.0
#define MOST_COLUMNS  4

void mm_sheet_fit(struct mm_sheet *sheet, const struct mm_box *box)
{
    double width = box->x1 - box->x0;
    double height = box->y1 - box->y0;
    const struct mm_rect *f = &sheet->frame;
    sheet->scale = fmin(f->w / width, f->h / height);
    sheet->map_x = f->x + f->w / 2 - sheet->scale * (box->x0 + box->x1) / 2;
    sheet->map_y = f->y + f->h / 2 + sheet->scale * (box->y0 + box->y1) / 2;
}

/* The legend to the right: as few columns as hold all lines, closer set when there are many. */
static void plan_beside(struct mm_sheet *sheet, size_t n_lines)
{
    double u = sheet->u;
    struct mm_rect body = sheet->frame;
    double most = floor(body.h / (TIGHT_ROW * u));
    int columns = 1;
    while (columns < MOST_COLUMNS && (columns + 1) * (COLUMN + GUTTER) * u < 0.45 * sheet->w &&
           (double)n_lines > columns * most)
        columns++;
    double width = columns * COLUMN * u + (columns - 1) * GUTTER / 2 * u;
    width = fmin(width, 0.4 * sheet->w);
    sheet->legend_columns = columns;
    sheet->legend_rows = (size_t)fmax(most, 1);
    sheet->frame.w = body.w - width - GUTTER * u;
    sheet->legend = (struct mm_rect){body.x + body.w - width, body.y, width, body.h};
}

/* The legend below: as many columns as the sheet is wide, at most two fifths of the height. */
static void plan_below(struct mm_sheet *sheet, size_t n_lines)
{
    double u = sheet->u;
    struct mm_rect body = sheet->frame;
    int columns = (int)fmax(floor((body.w + GUTTER / 2 * u) / ((COLUMN + GUTTER / 2) * u)), 1);
    double rows = ceil((double)n_lines / columns);
    double row = rows * LOOSE_ROW * u > 0.25 * body.h ? TIGHT_ROW * u : LOOSE_ROW * u;
    rows = fmax(fmin(rows, floor(0.4 * body.h / row)), 1);
    double height = rows * row;
    sheet->legend_columns = columns;
    sheet->legend_rows = (size_t)rows;
    sheet->frame.h = body.h - height - GUTTER * u;
    sheet->legend = (struct mm_rect){body.x, body.y + body.h - height, body.w, height};
}

void mm_sheet_plan(struct mm_sheet *sheet, int width, int height, const struct mm_box *box,
                   size_t n_lines, bool has_title)
{
    *sheet = (struct mm_sheet){.w = width, .h = height};
    double u = sheet->u = sqrt((double)width * height / (2400.0 * 1600.0));
    double margin = fmin(MARGIN * u, 0.06 * fmin(width, height));
    double inner_w = width - 2 * margin;
    double top = has_title ? TITLE_HEIGHT * u : SONGS_HEIGHT * u;
    double inner_h = height - 2 * margin - top - FOOTER_HEIGHT * u;
    sheet->header = (struct mm_rect){margin, margin, inner_w, top};
    sheet->frame = (struct mm_rect){margin, margin + top, inner_w, inner_h};
    sheet->footer = (struct mm_rect){margin, margin + top + inner_h, inner_w, FOOTER_HEIGHT * u};
    struct mm_sheet below = *sheet;
    plan_beside(sheet, n_lines);
    plan_below(&below, n_lines);
    mm_sheet_fit(sheet, box);
    mm_sheet_fit(&below, box);
    if (below.scale > sheet->scale)
        *sheet = below;
}
