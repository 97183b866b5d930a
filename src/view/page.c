/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two plans are tried, the legend beside the map and the legend below it; the one that shows the
 * map larger is taken.
 */
#include <math.h>

#include "view/picture.h"

#define MARGIN        64.0 /* all in units of page->u */
#define GUTTER        36.0
#define COLUMN        232.0
#define LOOSE_ROW     27.0
#define TIGHT_ROW     16.0
#define TITLE_HEIGHT  104.0
#define SONGS_HEIGHT  44.0 /* without a title */
#define FOOTER_HEIGHT 40.0
#define MOST_COLUMNS  4

void mm_page_fit(struct mm_page *page, const struct mm_box *box)
{
    double width = box->x1 - box->x0;
    double height = box->y1 - box->y0;
    const struct mm_rect *f = &page->frame;
    page->scale = fmin(f->w / width, f->h / height);
    page->map_x = f->x + f->w / 2 - page->scale * (box->x0 + box->x1) / 2;
    page->map_y = f->y + f->h / 2 + page->scale * (box->y0 + box->y1) / 2;
}

/* The legend to the right: as few columns as hold all lines, closer set when there are many. */
static void plan_beside(struct mm_page *page, size_t n_lines)
{
    double u = page->u;
    struct mm_rect body = page->frame;
    double most = floor(body.h / (TIGHT_ROW * u));
    int columns = 1;
    while (columns < MOST_COLUMNS && (columns + 1) * (COLUMN + GUTTER) * u < 0.45 * page->w &&
           (double)n_lines > columns * most)
        columns++;
    double width = columns * COLUMN * u + (columns - 1) * GUTTER / 2 * u;
    width = fmin(width, 0.4 * page->w);
    page->legend_columns = columns;
    page->legend_rows = (size_t)fmax(most, 1);
    page->frame.w = body.w - width - GUTTER * u;
    page->legend = (struct mm_rect){body.x + body.w - width, body.y, width, body.h};
}

/* The legend below: as many columns as the sheet is wide, at most two fifths of the height. */
static void plan_below(struct mm_page *page, size_t n_lines)
{
    double u = page->u;
    struct mm_rect body = page->frame;
    int columns = (int)fmax(floor((body.w + GUTTER / 2 * u) / ((COLUMN + GUTTER / 2) * u)), 1);
    double rows = ceil((double)n_lines / columns);
    double row = rows * LOOSE_ROW * u > 0.25 * body.h ? TIGHT_ROW * u : LOOSE_ROW * u;
    rows = fmax(fmin(rows, floor(0.4 * body.h / row)), 1);
    double height = rows * row;
    page->legend_columns = columns;
    page->legend_rows = (size_t)rows;
    page->frame.h = body.h - height - GUTTER * u;
    page->legend = (struct mm_rect){body.x, body.y + body.h - height, body.w, height};
}

void mm_page_plan(struct mm_page *page, int width, int height, const struct mm_box *box,
                  size_t n_lines, bool has_title)
{
    *page = (struct mm_page){.w = width, .h = height};
    double u = page->u = sqrt((double)width * height / (2400.0 * 1600.0));
    double margin = fmin(MARGIN * u, 0.06 * fmin(width, height));
    double inner_w = width - 2 * margin;
    double top = has_title ? TITLE_HEIGHT * u : SONGS_HEIGHT * u;
    double inner_h = height - 2 * margin - top - FOOTER_HEIGHT * u;
    page->header = (struct mm_rect){margin, margin, inner_w, top};
    page->frame = (struct mm_rect){margin, margin + top, inner_w, inner_h};
    page->footer = (struct mm_rect){margin, margin + top + inner_h, inner_w, FOOTER_HEIGHT * u};
    struct mm_page below = *page;
    plan_beside(page, n_lines);
    plan_below(&below, n_lines);
    mm_page_fit(page, box);
    mm_page_fit(&below, box);
    if (below.scale > page->scale)
        *page = below;
}
