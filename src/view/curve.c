/* SPDX-License-Identifier: BSD-2-Clause */
/* curve.c - how the number of clusters was chosen, as a picture: one point a candidate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "view/picture.h"

#define WIDTH  1200
#define HEIGHT 750
#define LEFT   110.0
#define RIGHT  50.0
#define TOP    110.0
#define BOTTOM 100.0
#define DOT    5.0

static const struct mm_paint line_ink = {0x3b6ea5, 1};
static const struct mm_paint grid_ink = {0xddd6c8, 1};
static const struct mm_paint chosen_ink = {0xb5472f, 1};

struct plot {
    struct mm_canvas *canvas;
    const struct mm_curve *curve;
    double low, high; /* of the scores shown */
    double k0, k1;
};

/* Candidates lie at equal ratios, so the axis is logarithmic. */
static double at_x(const struct plot *p, double k)
{
    double span = log(p->k1 / p->k0);
    double share = span > 0 ? log(k / p->k0) / span : 0.5;
    return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct plot *p, double score)
{
    double span = p->high - p->low;
    double share = span > 0 ? (score - p->low) / span : 0.5;
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

enum anchor { FROM_LEFT, CENTRED, FROM_RIGHT };

static int write_text(const struct plot *p, const char *text, double x, double y, double size,
                      int weight, enum anchor anchor, struct mm_paint paint, struct mm_error *err)
{
    struct mm_type type = {.size = size, .weight = weight, .lines = 1};
    struct mm_lettering *lettering;
    int result = mm_lettering_create(p->canvas, text, &type, &lettering, err);
    if (result < 0)
        return result;
    double width = mm_lettering_width(lettering);
    double left = anchor == FROM_LEFT ? x : anchor == CENTRED ? x - width / 2 : x - width;
    mm_canvas_letter_on_line(p->canvas, lettering, left, y, paint);
    mm_lettering_destroy(lettering);
    return 0;
}

/* 1, 2 or 5 times a power of ten, so that about five of them fill the span. */
static double round_step(double span)
{
    double step = pow(10, floor(log10(span / 5)));
    double times = span / 5 / step;
    return step * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static int draw_scores(const struct plot *p, struct mm_error *err)
{
    double step = p->high > p->low ? round_step(p->high - p->low) : 1;
    int result = 0;
    for (double score = ceil(p->low / step) * step; score <= p->high && result == 0;
         score += step) {
        char text[32];
        snprintf(text, sizeof text, "%.4g", fabs(score) < step / 1000 ? 0 : score);
        mm_canvas_move(p->canvas, LEFT, at_y(p, score));
        mm_canvas_line(p->canvas, WIDTH - RIGHT, at_y(p, score));
        mm_canvas_stroke(p->canvas, grid_ink, 1, false);
        result = write_text(p, text, LEFT - 12, at_y(p, score) + 6, 17, 400, FROM_RIGHT,
                            mm_faint_ink, err);
    }
    return result;
}

/* The numbers tried, as far as they do not touch. */
static int draw_numbers(const struct plot *p, struct mm_error *err)
{
    double free_from = 0;
    int result = 0;
    for (size_t i = 0; i < p->curve->n && result == 0; i++) {
        double x = at_x(p, p->curve->k[i]);
        if (x < free_from)
            continue;
        char text[32];
        snprintf(text, sizeof text, "%.0f", p->curve->k[i]);
        free_from = x + 44;
        result = write_text(p, text, x, HEIGHT - BOTTOM + 28, 17, 400, CENTRED, mm_faint_ink, err);
    }
    return result;
}

static int draw_chosen(const struct plot *p, struct mm_error *err)
{
    char text[64];
    const struct mm_curve *c = p->curve;
    size_t i = 0;
    while (i < c->n && c->k[i] != c->chosen)
        i++;
    if (i == c->n)
        return 0;
    double x = at_x(p, c->k[i]);
    double y = at_y(p, c->score[i]);
    mm_canvas_move(p->canvas, x, HEIGHT - BOTTOM);
    mm_canvas_line(p->canvas, x, y);
    mm_canvas_stroke(p->canvas, chosen_ink, 2, false);
    mm_canvas_circle(p->canvas, x, y, 1.7 * DOT);
    mm_canvas_fill(p->canvas, chosen_ink, false);
    snprintf(text, sizeof text, "%.0f", c->chosen);
    return write_text(p, text, x, y - 18, 22, 700, CENTRED, chosen_ink, err);
}

static void draw_line(const struct plot *p)
{
    for (size_t i = 0; i < p->curve->n; i++)
        (i ? mm_canvas_line : mm_canvas_move)(p->canvas, at_x(p, p->curve->k[i]),
                                              at_y(p, p->curve->score[i]));
    mm_canvas_stroke(p->canvas, line_ink, 2.5, false);
    for (size_t i = 0; i < p->curve->n; i++) {
        mm_canvas_circle(p->canvas, at_x(p, p->curve->k[i]), at_y(p, p->curve->score[i]), DOT);
        mm_canvas_fill(p->canvas, line_ink, false);
    }
}

static int paint(const struct plot *p, struct mm_error *err)
{
    mm_canvas_rectangle(p->canvas, 0, 0, WIDTH, HEIGHT);
    mm_canvas_fill(p->canvas, mm_paper, false);
    int result = draw_scores(p, err);
    if (result == 0)
        result = draw_numbers(p, err);
    draw_line(p);
    if (result == 0)
        result = draw_chosen(p, err);
    if (result == 0)
        result = write_text(p, p->curve->title, LEFT, 48, 28, 700, FROM_LEFT, mm_ink, err);
    if (result == 0)
        result = write_text(p, p->curve->y_label, LEFT, 82, 19, 400, FROM_LEFT, mm_faint_ink, err);
    if (result == 0)
        result = write_text(p, p->curve->x_label, WIDTH - RIGHT, HEIGHT - 30, 19, 400, FROM_RIGHT,
                            mm_faint_ink, err);
    return result == 0 ? mm_canvas_finish(p->canvas, err) : result;
}

static int find_ends(struct plot *p, struct mm_error *err)
{
    const struct mm_curve *c = p->curve;
    if (c->n == 0)
        return mm_error_set(err, MM_ERR_USAGE, "there is no curve: the number was given");
    p->low = p->high = c->score[0];
    p->k0 = p->k1 = c->k[0];
    for (size_t i = 0; i < c->n; i++) {
        if (!isfinite(c->score[i]) || !(c->k[i] > 0))
            return mm_error_set(err, MM_ERR_USAGE, "point %zu of the curve is no number", i);
        p->low = fmin(p->low, c->score[i]);
        p->high = fmax(p->high, c->score[i]);
        p->k0 = fmin(p->k0, c->k[i]);
        p->k1 = fmax(p->k1, c->k[i]);
    }
    return 0;
}

int mm_draw_curve(const struct mm_curve *curve, const char *path, struct mm_error *err)
{
    struct plot p = {.curve = curve};
    struct mm_file_write file = {0};
    enum mm_canvas_format format = MM_CANVAS_SVG;
    int result = find_ends(&p, err);
    if (result == 0)
        result = mm_canvas_format_of(path, &format, err);
    if (result == 0)
        result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    result = mm_canvas_create(format, WIDTH, HEIGHT, curve->title, file.stream, &p.canvas, err);
    if (result == 0)
        result = paint(&p, err);
    if (result == 0)
        result = mm_file_write_commit(&file, err);
    else
        mm_file_write_abort(&file);
    mm_canvas_destroy(p.canvas);
    return result;
}
