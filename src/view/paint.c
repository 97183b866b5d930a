/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map itself, in the manner of old atlases: a pale sea with lines along the shore, countries
 * tinted flat with a stronger band of their colour inside the border, relief by slightly lighter
 * and darker cells. Lines between cells fade out as cells become too small to see.
 */
#include <math.h>

#include "base/array.h"
#include "view/colour.h"
#include "view/picture.h"
#include "view/relief.h"
#include "view/shade.h"

static const struct mm_paint sea = {0xd9e6ea, 1};
#define SMALL_PIECE 34.0 /* units of the sheet */

static const struct mm_paint border_ink = {0x4d4238, 1};

/* A ring of points as a smooth closed curve: each point pulls the line toward it (quadratic
 * B-spline, written as cubic curves). */
static void smooth_ring(const struct mm_picture *p, const double *xy, size_t n)
{
    const struct mm_sheet *sheet = &p->sheet;
    if (n < 3)
        return;
    double x = mm_sheet_x(sheet, (xy[2 * (n - 1)] + xy[0]) / 2);
    double y = mm_sheet_y(sheet, (xy[2 * (n - 1) + 1] + xy[1]) / 2);
    mm_canvas_move(p->canvas, x, y);
    for (size_t i = 0; i < n; i++) {
        size_t next = i + 1 < n ? i + 1 : 0;
        double cx = mm_sheet_x(sheet, xy[2 * i]);
        double cy = mm_sheet_y(sheet, xy[2 * i + 1]);
        double ex = mm_sheet_x(sheet, (xy[2 * i] + xy[2 * next]) / 2);
        double ey = mm_sheet_y(sheet, (xy[2 * i + 1] + xy[2 * next + 1]) / 2);
        mm_canvas_curve(p->canvas, x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3,
                        ex + (cx - ex) * 2 / 3, ey + (cy - ey) * 2 / 3, ex, ey);
        x = ex;
        y = ey;
    }
    mm_canvas_close(p->canvas);
}

static void trace_rings(const struct mm_picture *p, const struct mm_contours *rings)
{
    for (size_t r = 0; r < rings->n_rings; r++) {
        size_t first = r > 0 ? rings->end[r - 1] : 0;
        smooth_ring(p, rings->xy + 2 * first, rings->end[r] - first);
    }
}

static void trace_frame(const struct mm_picture *p)
{
    const struct mm_rect *f = &p->sheet.frame;
    mm_canvas_rectangle(p->canvas, f->x, f->y, f->w, f->h);
}

static void trace_corner(const struct mm_picture *p, uint32_t corner, bool first)
{
    const double *at = p->scene->voronoi->corners + 2 * (size_t)corner;
    double x = mm_sheet_x(&p->sheet, at[0]);
    double y = mm_sheet_y(&p->sheet, at[1]);
    if (first)
        mm_canvas_move(p->canvas, x, y);
    else
        mm_canvas_line(p->canvas, x, y);
}

static void trace_cell(const struct mm_picture *p, size_t cell)
{
    const struct mm_voronoi *v = p->scene->voronoi;
    for (uint32_t i = v->start[cell]; i < v->start[cell + 1]; i++)
        trace_corner(p, v->index[i], i == v->start[cell]);
    mm_canvas_close(p->canvas);
}

static void trace_ring(const struct mm_picture *p, size_t ring)
{
    const struct mm_outlines *o = p->outlines;
    size_t first = ring > 0 ? o->end[ring - 1] : 0;
    for (size_t i = first; i < o->end[ring]; i++)
        trace_corner(p, o->corner[i], i == first);
    mm_canvas_close(p->canvas);
}

static void trace_country(const struct mm_picture *p, size_t country)
{
    for (size_t r = p->outlines->first[country]; r < p->outlines->first[country + 1]; r++)
        trace_ring(p, r);
}

/*
 * The sea goes over the land, with a hole for it: cutting the land out by a clip instead would put
 * the whole shore into the file for every country.
 */
static void paint_sea(const struct mm_picture *p)
{
    static const double strength[MM_COAST_RIPPLES] = {0.75, 0.50, 0.32, 0.18};
    trace_frame(p);
    trace_rings(p, &p->coast->shore);
    mm_canvas_fill_between(p->canvas, sea);
    for (int r = 0; r < MM_COAST_RIPPLES; r++) {
        trace_rings(p, &p->coast->ripples[r]);
        mm_canvas_stroke(p->canvas, (struct mm_paint){0x9dbcc4, strength[r]}, 1.3 * p->sheet.u,
                         false);
    }
    trace_rings(p, &p->coast->shore);
    mm_canvas_stroke(p->canvas, (struct mm_paint){0x41565e, 1}, 2.2 * p->sheet.u, false);
}

/* Cells of one country and one light are one path: small files, and no seams between them. */
static int paint_ground(const struct mm_picture *p, struct mm_error *err)
{
    const struct mm_scene *scene = p->scene;
    const size_t n_lights = 2 * MM_RELIEF_STEPS + 1;
    size_t n_groups = scene->n_countries * n_lights;
    size_t *start = mm_calloc3(scene->n_countries + 1, n_lights, sizeof *start);
    uint32_t *order = mm_calloc3(scene->n_songs, 1, sizeof *order);
    if (!start || !order) {
        free(start);
        free(order);
        return mm_no_memory(err);
    }
    for (size_t c = 0; c < scene->n_countries; c++) { /* closes the seams between the groups */
        trace_country(p, c);
        mm_canvas_fill(p->canvas, (struct mm_paint){scene->countries[c].colour, 1}, true);
        mm_canvas_stroke(p->canvas, (struct mm_paint){scene->countries[c].colour, 1}, 0.5, false);
    }
    for (size_t i = 0; i < scene->n_songs; i++)
        start[scene->cluster[i] * n_lights + (size_t)(p->relief[i] + MM_RELIEF_STEPS) + 1]++;
    for (size_t g = 1; g <= n_groups; g++)
        start[g] += start[g - 1];
    for (size_t i = 0; i < scene->n_songs; i++)
        order[start[scene->cluster[i] * n_lights + (size_t)(p->relief[i] + MM_RELIEF_STEPS)]++] =
            (uint32_t)i;
    for (size_t g = 0; g < n_groups; g++) {
        double light = ((double)(g % n_lights) - MM_RELIEF_STEPS) / MM_RELIEF_STEPS;
        uint32_t colour = scene->countries[g / n_lights].colour;
        size_t first = g > 0 ? start[g - 1] : 0;
        if (light == 0 || first == start[g])
            continue;
        for (size_t i = first; i < start[g]; i++)
            trace_cell(p, order[i]);
        mm_canvas_fill(p->canvas, (struct mm_paint){mm_colour_shift(colour, 2.4 * light, 1), 1},
                       false);
    }
    free(start);
    free(order);
    return 0;
}

/* The same by steps of the shade. */
static void paint_shades(const struct mm_picture *p)
{
    for (size_t step = 0; step <= MM_SHADE_STEPS; step++) {
        uint32_t colour = mm_shade_colour(p->shade, step);
        bool any = false;
        for (size_t i = 0; i < p->scene->n_songs; i++)
            if (mm_shade_step(p->shade, p->shade->value[i]) == step) {
                trace_cell(p, i);
                any = true;
            }
        if (!any)
            continue;
        mm_canvas_fill(p->canvas, (struct mm_paint){colour, 1}, true);
        mm_canvas_stroke(p->canvas, (struct mm_paint){colour, 1}, 0.5, false);
    }
}

/* What a country's outline reaches, in units of the sheet. */
static struct mm_rect bounds(const struct mm_picture *p, size_t country)
{
    const struct mm_outlines *o = p->outlines;
    struct mm_rect r = {HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL}; /* w, h: the far corner first */
    size_t first = o->first[country] > 0 ? o->end[o->first[country] - 1] : 0;
    size_t last = o->first[country + 1] > 0 ? o->end[o->first[country + 1] - 1] : 0;
    for (size_t i = first; i < last; i++) {
        const double *at = p->scene->voronoi->corners + 2 * (size_t)o->corner[i];
        double x = mm_sheet_x(&p->sheet, at[0]);
        double y = mm_sheet_y(&p->sheet, at[1]);
        r = (struct mm_rect){fmin(r.x, x), fmin(r.y, y), fmax(r.w, x), fmax(r.h, y)};
    }
    return (struct mm_rect){r.x, r.y, r.w - r.x, r.h - r.y};
}

/* The parts of the shore that pass through a box: a country needs no more of it. */
static void trace_shore_near(const struct mm_picture *p, const struct mm_rect *box)
{
    const struct mm_contours *shore = &p->coast->shore;
    for (size_t r = 0; r < shore->n_rings; r++) {
        size_t first = r > 0 ? shore->end[r - 1] : 0;
        size_t n = shore->end[r] - first;
        bool drawing = false;
        for (size_t i = 0; i <= n; i++) {
            const double *at = shore->xy + 2 * (first + i % n);
            double x = mm_sheet_x(&p->sheet, at[0]);
            double y = mm_sheet_y(&p->sheet, at[1]);
            bool near = x >= box->x && y >= box->y && x <= box->x + box->w && y <= box->y + box->h;
            if (near && drawing)
                mm_canvas_line(p->canvas, x, y);
            else if (near)
                mm_canvas_move(p->canvas, x, y);
            drawing = near;
        }
    }
}

/* A band of the country's own colour along the inner side of its border, fading inward. */
static void paint_bands(const struct mm_picture *p)
{
    double u = p->sheet.u;
    for (size_t c = 0; c < p->scene->n_countries; c++) {
        if (p->outlines->first[c] == p->outlines->first[c + 1])
            continue;
        uint32_t colour = mm_colour_shift(p->scene->countries[c].colour, -13, 1.35);
        /* Small countries get a narrower band, or nothing of their colour would be left. */
        double room = p->scene->countries[c].label_radius * p->sheet.scale;
        double width = fmin(7 * u, 0.35 * room);
        struct mm_rect box = bounds(p, c);
        trace_country(p, c);
        mm_canvas_clip(p->canvas);
        trace_country(p, c);
        if (p->coast)
            trace_shore_near(p, &box);
        mm_canvas_stroke(p->canvas, (struct mm_paint){colour, 0.32}, 2 * width, true);
        mm_canvas_stroke(p->canvas, (struct mm_paint){colour, 0.40}, width, false);
        mm_canvas_unclip(p->canvas);
    }
}

/* Borders of cells within a country: plain when cells are large, gone when they are a few pixels.
 */
static void paint_cell_borders(const struct mm_picture *p)
{
    const struct mm_scene *scene = p->scene;
    const struct mm_voronoi *v = scene->voronoi;
    double area = (scene->box.x1 - scene->box.x0) * (scene->box.y1 - scene->box.y0);
    double cell = sqrt(area / (double)scene->n_songs) * p->sheet.scale / p->sheet.u;
    double fade = fmin(fmax((cell - 5) / 45, 0), 1);
    if (fade <= 0)
        return;
    for (size_t e = 0; e < v->n_edges; e++) {
        const struct mm_voronoi_edge *edge = v->edges + e;
        if (edge->right == UINT32_MAX || scene->cluster[edge->left] != scene->cluster[edge->right])
            continue;
        trace_corner(p, edge->a, true);
        trace_corner(p, edge->b, false);
    }
    mm_canvas_stroke(p->canvas, (struct mm_paint){border_ink.rgb, 0.06 + 0.22 * fade},
                     (0.5 + 0.6 * fade) * p->sheet.u, false);
}

/* The longer side of a ring of corners on the sheet. */
static double ring_size(const struct mm_picture *p, size_t first, size_t last)
{
    const double *corners = p->scene->voronoi->corners;
    const uint32_t *corner = p->outlines->corner;
    double low[2] = {HUGE_VAL, HUGE_VAL};
    double high[2] = {-HUGE_VAL, -HUGE_VAL};
    for (size_t i = first; i < last; i++)
        for (size_t d = 0; d < 2; d++) {
            low[d] = fmin(low[d], corners[2 * (size_t)corner[i] + d]);
            high[d] = fmax(high[d], corners[2 * (size_t)corner[i] + d]);
        }
    return fmax(high[0] - low[0], high[1] - low[1]) * p->sheet.scale;
}

/*
 * A song or two that strayed abroad get a thinner line than a country, or where many did, nothing
 * but lines would be seen. Each kind is one stroke: a line drawn from both sides is not twice as
 * dark.
 */
static void paint_borders(const struct mm_picture *p)
{
    const struct mm_outlines *o = p->outlines;
    double u = p->sheet.u;
    size_t n_rings = o->first[p->scene->n_countries];
    for (int large = 0; large < 2; large++) {
        for (size_t r = 0; r < n_rings; r++) {
            size_t first = r > 0 ? o->end[r - 1] : 0;
            if ((ring_size(p, first, o->end[r]) >= SMALL_PIECE * u) == large)
                trace_ring(p, r);
        }
        mm_canvas_stroke(p->canvas, (struct mm_paint){border_ink.rgb, large ? 0.9 : 0.6},
                         (large ? 2.1 : 0.9) * u, false);
    }
}

/* Where songs are few, each is marked as a town is. */
static void paint_towns(const struct mm_picture *p)
{
    const struct mm_scene *songs = p->songs;
    if (songs->n_songs > 1500)
        return;
    double radius = (1.1 + 1.3 / (1 + (double)songs->n_songs / 500)) * p->sheet.u;
    for (size_t i = 0; i < songs->n_songs; i++)
        mm_canvas_circle(p->canvas, mm_sheet_x(&p->sheet, songs->xy[2 * i]),
                         mm_sheet_y(&p->sheet, songs->xy[2 * i + 1]), radius);
    mm_canvas_fill(p->canvas, (struct mm_paint){border_ink.rgb, 0.55}, false);
}

/* Over the cells of the centres: every song a dot in the colour of its cluster. */
static int paint_dots(const struct mm_picture *p, struct mm_error *err)
{
    const struct mm_scene *songs = p->songs;
    double radius = fmin(fmax(140 / sqrt((double)songs->n_songs), 1.5), 6) * p->sheet.u;
    size_t *start = mm_calloc3(songs->n_countries + 1, 1, sizeof *start);
    uint32_t *order = mm_calloc3(songs->n_songs, 1, sizeof *order);
    if (!start || !order) {
        free(start);
        free(order);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < songs->n_songs; i++)
        start[songs->cluster[i] + 1]++;
    for (size_t c = 1; c <= songs->n_countries; c++)
        start[c] += start[c - 1];
    for (size_t i = 0; i < songs->n_songs; i++)
        order[start[songs->cluster[i]]++] = (uint32_t)i;
    for (size_t c = 0; c < songs->n_countries; c++) {
        for (size_t i = c > 0 ? start[c - 1] : 0; i < start[c]; i++)
            mm_canvas_circle(p->canvas, mm_sheet_x(&p->sheet, songs->xy[2 * (size_t)order[i]]),
                             mm_sheet_y(&p->sheet, songs->xy[2 * (size_t)order[i] + 1]), radius);
        uint32_t colour = mm_colour_shift(p->scene->countries[c].colour, -34, 1.5);
        mm_canvas_fill(p->canvas, (struct mm_paint){colour, 0.85}, true);
        mm_canvas_stroke(p->canvas, (struct mm_paint){mm_paper.rgb, 0.8}, 0.25 * radius, false);
    }
    free(start);
    free(order);
    return 0;
}

static void paint_neatline(const struct mm_picture *p)
{
    const struct mm_rect *f = &p->sheet.frame;
    double u = p->sheet.u;
    mm_canvas_rectangle(p->canvas, f->x, f->y, f->w, f->h);
    mm_canvas_stroke(p->canvas, mm_ink, 1.2 * u, false);
    mm_canvas_rectangle(p->canvas, f->x - 5 * u, f->y - 5 * u, f->w + 10 * u, f->h + 10 * u);
    mm_canvas_stroke(p->canvas, mm_ink, 2.6 * u, false);
}

int mm_map_paint(const struct mm_picture *p, struct mm_error *err)
{
    trace_frame(p);
    mm_canvas_clip(p->canvas);
    int result = 0;
    if (p->shade)
        paint_shades(p);
    else
        result = paint_ground(p, err);
    if (result == 0) {
        if (!p->shade)
            paint_bands(p);
        paint_cell_borders(p);
        paint_borders(p);
        mm_lands_paint_borders(p);
        if (p->coast)
            paint_sea(p);
        if (p->cells == MM_DRAW_SONGS)
            paint_towns(p);
        else
            result = paint_dots(p, err);
    }
    mm_canvas_unclip(p->canvas);
    paint_neatline(p);
    return result;
}
