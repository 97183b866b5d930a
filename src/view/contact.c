/* SPDX-License-Identifier: BSD-2-Clause */
/* contact.c - many small maps on one sheet, to look and choose. */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "view/picture.h"

#define COLUMNS ((size_t)4)
#define SIDE    400.0 /* of a map */
#define GAP     28.0
#define CAPTION 66.0
#define MARGIN  40.0
#define MOST    ((size_t)400) /* maps: the sheet would be too long for a PNG */

static const struct mm_paint panel = {0xffffff, 1};
static const struct mm_paint frame = {0xd8d0c0, 1};
static const struct mm_paint unlabelled = {0xa8a296, 1};

/* Colours that differ for many groups: the golden angle round the colour wheel, lighter and darker
 * in turn. */
static struct mm_paint colour_of(uint32_t group)
{
    if (group == UINT32_MAX)
        return unlabelled;
    double hue = fmod(group * 0.6180339887, 1) * 6;
    double value = group % 3 == 0 ? 0.82 : group % 3 == 1 ? 0.62 : 0.95;
    double low = value * (group % 2 ? 0.35 : 0.15);
    double part = hue - floor(hue);
    double up = low + (value - low) * part;
    double down = value - (value - low) * part;
    double rgb[6][3] = {{value, up, low},   {down, value, low}, {low, value, up},
                        {low, down, value}, {up, low, value},   {value, low, down}};
    const double *c = rgb[(int)hue % 6];
    uint32_t word = 0;
    for (size_t i = 0; i < 3; i++)
        word = word << 8 | (uint32_t)(255 * c[i] + 0.5);
    return (struct mm_paint){word, 0.9};
}

static int write_line(struct mm_canvas *canvas, const char *text, double x, double y, double size,
                      int weight, struct mm_paint paint, struct mm_error *err)
{
    struct mm_type type = {.size = size, .weight = weight, .lines = 1, .width = SIDE};
    struct mm_lettering *lettering;
    int result = mm_lettering_create(canvas, text, &type, &lettering, err);
    if (result == 0)
        mm_canvas_letter_on_line(canvas, lettering, x, y, paint);
    if (result == 0)
        mm_lettering_destroy(lettering);
    return result;
}

/* Songs in the box, which keeps its shape: -1..1 both ways. */
static void draw_songs(struct mm_canvas *canvas, const struct mm_contact *c, double x, double y)
{
    double radius = c->n > 20000 ? 0.8 : c->n > 2000 ? 1.6 : 3.2;
    double scale = SIDE / 2 - 4 * radius;
    for (size_t i = 0; i < c->n; i++) {
        mm_canvas_circle(canvas, x + SIDE / 2 + scale * c->xy[2 * i],
                         y + SIDE / 2 - scale * c->xy[2 * i + 1], radius);
        mm_canvas_fill(canvas, colour_of(c->group[i]), false);
    }
}

static int draw_one(struct mm_canvas *canvas, const struct mm_contact *c, double x, double y,
                    struct mm_error *err)
{
    mm_canvas_rectangle(canvas, x, y, SIDE, SIDE);
    mm_canvas_fill(canvas, panel, true);
    mm_canvas_stroke(canvas, frame, 1, false);
    draw_songs(canvas, c, x, y);
    int result = write_line(canvas, c->title, x, y + SIDE + 26, 19, 700, mm_ink, err);
    if (result == 0)
        result = write_line(canvas, c->note, x, y + SIDE + 50, 16, 400, mm_faint_ink, err);
    return result;
}

static int paint(struct mm_canvas *canvas, const struct mm_contact *contacts, size_t n,
                 struct mm_error *err)
{
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        size_t row = i / COLUMNS;
        result = draw_one(canvas, &contacts[i], MARGIN + (double)(i % COLUMNS) * (SIDE + GAP),
                          MARGIN + (double)row * (SIDE + CAPTION + GAP), err);
    }
    return result == 0 ? mm_canvas_finish(canvas, err) : result;
}

int mm_draw_contacts(const struct mm_contact *contacts, size_t n, const char *path,
                     struct mm_error *err)
{
    if (n == 0 || n > MOST)
        return mm_error_set(err, MM_ERR_USAGE, "a contact sheet shows 1 to %zu maps, not %zu", MOST,
                            n);
    size_t columns = n < COLUMNS ? n : COLUMNS;
    size_t rows = (n + COLUMNS - 1) / COLUMNS;
    int width = (int)(2 * MARGIN + (double)columns * (SIDE + GAP) - GAP);
    int height = (int)(2 * MARGIN + (double)rows * (SIDE + CAPTION + GAP) - GAP);
    struct mm_file_write file = {0};
    struct mm_canvas *canvas = NULL;
    enum mm_canvas_format format;
    int result = mm_canvas_format_of(path, &format, err);
    if (result == 0)
        result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    result = mm_canvas_create(format, width, height, "musicmap lab", file.stream, &canvas, err);
    if (result == 0) {
        mm_canvas_rectangle(canvas, 0, 0, width, height);
        mm_canvas_fill(canvas, mm_paper, false);
        result = paint(canvas, contacts, n, err);
    }
    if (result == 0)
        result = mm_file_write_commit(&file, err);
    else
        mm_file_write_abort(&file);
    mm_canvas_destroy(canvas);
    return result;
}
