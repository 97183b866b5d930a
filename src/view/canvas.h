/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas.h - a sheet to draw on; cairo and Pango stay behind it.
 *
 * Coordinates are pixels (PNG) or points (SVG, PDF) from the upper left corner, y downward. A fault
 * of the backend stays in the canvas and is told by mm_canvas_finish(). One thread at a time.
 */
#ifndef VIEW_CANVAS_H
#define VIEW_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "musicmap/error.h"

enum mm_canvas_format { MM_CANVAS_SVG, MM_CANVAS_PNG, MM_CANVAS_PDF };

/* By the ending of path: .svg, .png, .pdf; another one is MM_ERR_USAGE. */
int mm_canvas_format_of(const char *path, enum mm_canvas_format *out, struct mm_error *err);

struct mm_canvas;
/* stream (the caller's) gets the picture's bytes, the last of them at finish. title may be NULL. */
int mm_canvas_create(enum mm_canvas_format format, int width, int height, const char *title,
                     FILE *stream, struct mm_canvas **out, struct mm_error *err);
/* Completes the picture. Nothing may be drawn after it. */
int mm_canvas_finish(struct mm_canvas *canvas, struct mm_error *err);
void mm_canvas_destroy(struct mm_canvas *canvas);

/* ---- paths ---- */

void mm_canvas_move(struct mm_canvas *canvas, double x, double y);
void mm_canvas_line(struct mm_canvas *canvas, double x, double y);
void mm_canvas_curve(struct mm_canvas *canvas, double x1, double y1, double x2, double y2, double x,
                     double y);
void mm_canvas_close(struct mm_canvas *canvas);
void mm_canvas_rectangle(struct mm_canvas *canvas, double x, double y, double w, double h);
/* A closed circle as a part of the path. */
void mm_canvas_circle(struct mm_canvas *canvas, double x, double y, double radius);

/* What becomes of the path; fill and stroke leave an empty one unless keep is set. */
struct mm_paint {
    uint32_t rgb;
    double alpha;
};
void mm_canvas_fill(struct mm_canvas *canvas, struct mm_paint paint, bool keep);
/* Fills what an odd number of the path's rings go round: the inside of one less that of the next.
 */
void mm_canvas_fill_between(struct mm_canvas *canvas, struct mm_paint paint);
void mm_canvas_stroke(struct mm_canvas *canvas, struct mm_paint paint, double width, bool keep);
/* Until mm_canvas_unclip(), nothing is drawn outside the path. May be nested. */
void mm_canvas_clip(struct mm_canvas *canvas);
void mm_canvas_unclip(struct mm_canvas *canvas);

/* ---- letters ---- */

struct mm_type {
    double size; /* of the em */
    int weight;  /* 300, 400, 500, 700, ... */
    bool italic;
    double tracking; /* extra space between letters, em; only where the script allows it */
    int lines;       /* at most; what does not fit ends in an ellipsis */
    double width;    /* lines are broken at it; 0 = never */
};

/* A text laid out. The box is that of its ink and line, about 0, 0 = its upper left corner. */
struct mm_lettering;
int mm_lettering_create(struct mm_canvas *canvas, const char *text, const struct mm_type *type,
                        struct mm_lettering **out, struct mm_error *err);
void mm_lettering_destroy(struct mm_lettering *lettering);
double mm_lettering_width(const struct mm_lettering *lettering);
double mm_lettering_height(const struct mm_lettering *lettering);
int mm_lettering_lines(const struct mm_lettering *lettering);
bool mm_lettering_cut(const struct mm_lettering *lettering);         /* an ellipsis was needed */
bool mm_lettering_breaks_word(const struct mm_lettering *lettering); /* a line ends inside one */

/* Draws it with its upper left corner at x, y, scaled; halo (alpha 0 = none) goes round letters. */
void mm_canvas_letter(struct mm_canvas *canvas, const struct mm_lettering *lettering, double x,
                      double y, double scale, struct mm_paint paint, struct mm_paint halo,
                      double halo_width);
/* Draws it with the baseline of its first line at y, unscaled. */
void mm_canvas_letter_on_line(struct mm_canvas *canvas, const struct mm_lettering *lettering,
                              double x, double y, struct mm_paint paint);

#endif
