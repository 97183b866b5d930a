/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route.c - a radio set on the poster: its way over the map with a numbered stop a song, and
 * beneath the sheet a strip in which every song is as wide as it is long and as high as it is
 * intense.
 */
#include <math.h>
#include <stdio.h>

#include "view/picture.h"

static const struct mm_paint way = {0xa3172a, 1};
static const struct mm_paint glow = {0xfffdf6, 0.85};
static const struct mm_paint bar = {0xd9b8a4, 1};

#define STOP 15.0 /* radius, units of the sheet */

static bool on_map(const struct mm_route_stop *stop)
{
    return isfinite(stop->x) && isfinite(stop->y);
}

static double level_of(double value)
{
    return fmin(fmax(value, 0), 1);
}

static void trace_way(const struct mm_picture *p)
{
    bool begun = false;
    for (size_t i = 0; i < p->route->n; i++) {
        const struct mm_route_stop *stop = &p->route->stops[i];
        if (!on_map(stop))
            continue;
        double x = mm_sheet_x(&p->sheet, stop->x);
        double y = mm_sheet_y(&p->sheet, stop->y);
        if (begun)
            mm_canvas_line(p->canvas, x, y);
        else
            mm_canvas_move(p->canvas, x, y);
        begun = true;
    }
}

/* text around x, y. */
static int letter(const struct mm_picture *p, const char *text, double size, double x, double y,
                  struct mm_paint paint, struct mm_error *err)
{
    const struct mm_type type = {.size = size * p->sheet.u, .weight = 500, .lines = 1};
    struct mm_lettering *lettering = NULL;
    int result = mm_lettering_create(p->canvas, text, &type, &lettering, err);
    if (result < 0)
        return result;
    mm_canvas_letter(p->canvas, lettering, x - mm_lettering_width(lettering) / 2,
                     y - mm_lettering_height(lettering) / 2, 1, paint, mm_no_paint, 0);
    mm_lettering_destroy(lettering);
    return 0;
}

static int paint_stops(const struct mm_picture *p, struct mm_error *err)
{
    double u = p->sheet.u;
    int result = 0;
    /* From the last to the first: where stops lie on one another the beginning stays in sight. */
    for (size_t i = p->route->n; i-- > 0 && result == 0;) {
        const struct mm_route_stop *stop = &p->route->stops[i];
        if (!on_map(stop))
            continue;
        double x = mm_sheet_x(&p->sheet, stop->x);
        double y = mm_sheet_y(&p->sheet, stop->y);
        bool end = i == 0 || i + 1 == p->route->n;
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        mm_canvas_circle(p->canvas, x, y, STOP * u);
        mm_canvas_fill(p->canvas, end ? way : glow, true);
        mm_canvas_stroke(p->canvas, end ? glow : way, 2.5 * u, false);
        result = letter(p, number, 17, x, y, end ? mm_paper : mm_ink, err);
    }
    return result;
}

/* ---- the strip ---- */

static double length_of(const struct mm_route *route)
{
    const struct mm_route_stop *last = &route->stops[route->n - 1];
    return fmax(last->start_s + last->length_s, 1);
}

static void paint_bars(const struct mm_picture *p, double scale, double base, double height)
{
    for (size_t i = 0; i < p->route->n; i++) {
        const struct mm_route_stop *stop = &p->route->stops[i];
        double level = isfinite(stop->level) ? level_of(stop->level) : 0.05;
        double w = fmax(stop->length_s * scale - 2 * p->sheet.u, 1);
        mm_canvas_rectangle(p->canvas, p->strip.x + stop->start_s * scale, base - level * height, w,
                            level * height);
        mm_canvas_fill(p->canvas, bar, false);
    }
    mm_canvas_move(p->canvas, p->strip.x, base);
    mm_canvas_line(p->canvas, p->strip.x + p->strip.w, base);
    mm_canvas_stroke(p->canvas, mm_faint_ink, 1.5 * p->sheet.u, false);
}

/* The arc that was wanted, through the middle of each song. */
static void paint_arc(const struct mm_picture *p, double scale, double base, double height)
{
    bool begun = false;
    for (size_t i = 0; i < p->route->n; i++) {
        const struct mm_route_stop *stop = &p->route->stops[i];
        if (!isfinite(stop->wanted))
            continue;
        double x = p->strip.x + (stop->start_s + stop->length_s / 2) * scale;
        double y = base - level_of(stop->wanted) * height;
        if (begun)
            mm_canvas_line(p->canvas, x, y);
        else
            mm_canvas_move(p->canvas, x, y);
        begun = true;
    }
    mm_canvas_stroke(p->canvas, way, 3 * p->sheet.u, false);
}

static int paint_marks(const struct mm_picture *p, double scale, double base, struct mm_error *err)
{
    double u = p->sheet.u;
    int result = 0;
    for (size_t i = 0; i < p->route->n && result == 0; i++) {
        const struct mm_route_stop *stop = &p->route->stops[i];
        double w = stop->length_s * scale;
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        if (w > 20 * u)
            result = letter(p, number, 17, p->strip.x + stop->start_s * scale + w / 2,
                            base - 14 * u, mm_ink, err);
    }
    double length = length_of(p->route);
    double step = length > 4 * 3600 ? 3600 : length > 5400 ? 1800 : 600;
    for (double at = 0; at <= length && result == 0; at += step) {
        char text[32];
        snprintf(text, sizeof text, at < 3600 ? "%02.0f:%02.0f" : "%.0f:%02.0f",
                 floor(at / (at < 3600 ? 60 : 3600)), at < 3600 ? fmod(at, 60) : fmod(at / 60, 60));
        double x = fmin(fmax(p->strip.x + at * scale, p->strip.x + 24 * u),
                        p->strip.x + p->strip.w - 24 * u);
        result = letter(p, text, 18, x, base + 18 * u, mm_faint_ink, err);
    }
    return result;
}

int mm_route_paint(const struct mm_picture *p, struct mm_error *err)
{
    double u = p->sheet.u;
    if (p->route->n == 0)
        return 0;
    trace_way(p);
    mm_canvas_stroke(p->canvas, glow, 9 * u, true);
    mm_canvas_stroke(p->canvas, way, 4 * u, false);
    int result = paint_stops(p, err);
    double scale = p->strip.w / length_of(p->route);
    double base = p->strip.y + p->strip.h - 40 * u;
    double height = p->strip.h - 52 * u;
    if (result < 0 || height <= 0)
        return result;
    paint_bars(p, scale, base, height);
    paint_arc(p, scale, base, height);
    return paint_marks(p, scale, base, err);
}
