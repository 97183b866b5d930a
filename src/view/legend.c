/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands around the map: title, number of songs, the legend of countries, the foot. */
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "view/colour.h"
#include "view/picture.h"
#include "view/shade.h"

#define LOOSE_ROW 36.0

enum side { LEFT, RIGHT };

/* One line of text with its middle at y; returns how wide it is (0 when err is filled). */
static int write_line(const struct mm_picture *p, const char *text, const struct mm_type *type,
                      enum side side, double x, double y, struct mm_paint paint, double *width,
                      struct mm_error *err)
{
    struct mm_lettering *l;
    /* Capitals decide where the middle of a line is, not what happens to hang below this one. */
    struct mm_lettering *capital;
    if (width)
        *width = 0;
    int result = mm_lettering_create(p->canvas, "H", type, &capital, err);
    if (result < 0)
        return result;
    result = mm_lettering_create(p->canvas, text, type, &l, err);
    if (result == 0) {
        double w = mm_lettering_width(l);
        mm_canvas_letter_on_line(p->canvas, l, side == LEFT ? x : x - w,
                                 y + mm_lettering_height(capital) / 2, paint);
        if (width)
            *width = w;
    }
    mm_lettering_destroy(l);
    mm_lettering_destroy(capital);
    return result;
}

/* 12345 as "12,345"; out: 32 bytes. */
static void group_digits(size_t value, char *out)
{
    char plain[24];
    int length = snprintf(plain, sizeof plain, "%zu", value);
    int n = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = plain[i];
    }
    out[n] = '\0';
}

static int paint_header(const struct mm_picture *p, struct mm_error *err)
{
    const struct mm_rect *h = &p->sheet.header;
    double u = p->sheet.u;
    char songs[32];
    char countries[32];
    group_digits(p->songs->n_songs, songs);
    group_digits(p->n_ranks, countries);
    char line[128];
    snprintf(line, sizeof line, "%s %s in %s %s", songs, p->songs->n_songs == 1 ? "song" : "songs",
             countries, p->n_ranks == 1 ? "country" : "countries");
    struct mm_type small = {21 * u, 400, true, 0.01, 1, h->w};
    if (!p->title)
        return write_line(p, line, &small, LEFT, h->x, h->y + 8 * u, mm_faint_ink, NULL, err);
    struct mm_type large = {56 * u, 900, false, 0.005, 1, h->w * 0.8};
    double width;
    int result = write_line(p, p->title, &large, LEFT, h->x, h->y + 30 * u, mm_ink, &width, err);
    small.width = fmax(h->w - width - 28 * u, 60 * u);
    if (result == 0)
        result =
            write_line(p, line, &small, RIGHT, h->x + h->w, h->y + 40 * u, mm_faint_ink, NULL, err);
    return result;
}

/*
 * Which countries the legend lists when it cannot list all: those the map shows as numbers, then
 * the largest; in order of size. shown: [n_ranks]. Returns how many are listed.
 */
static size_t choose_lines(const struct mm_picture *p, size_t room, bool *shown)
{
    size_t left = room;
    if (p->n_ranks > room)
        left = room > 0 ? room - 1 : 0; /* the last line tells of the rest */
    size_t most = left;
    for (size_t i = 0; i < p->n_ranks && left > 0; i++)
        if (p->n_ranks <= room || p->labels[p->by_rank[i]].kind == MM_LABEL_AS_NUMBER) {
            shown[i] = true;
            left--;
        }
    for (size_t i = 0; i < p->n_ranks && left > 0; i++)
        if (!shown[i]) {
            shown[i] = true;
            left--;
        }
    return most - left;
}

static int paint_row(const struct mm_picture *p, size_t rank, const struct mm_rect *r,
                     struct mm_error *err)
{
    size_t c = p->by_rank[rank];
    double u = p->sheet.u;
    double size = fmin(0.62 * r->h, 20 * u);
    double middle = r->y + r->h / 2;
    double swatch = 1.15 * size;
    mm_canvas_rectangle(p->canvas, r->x, middle - 0.42 * size, swatch, 0.84 * size);
    uint32_t colour = p->shade ? mm_shade_colour(p->shade, mm_shade_country(p, c))
                               : p->scene->countries[c].colour;
    mm_canvas_fill(p->canvas, (struct mm_paint){colour, 1}, true);
    mm_canvas_stroke(p->canvas, mm_ink, 0.9 * u, false);
    char text[32];
    double width = 0;
    double x = r->x + swatch + 0.55 * size;
    group_digits(p->songs->countries[c].n_songs, text);
    struct mm_type plain = {size, 400, false, 0, 1, 0};
    int result = write_line(p, text, &plain, RIGHT, r->x + r->w, middle, mm_faint_ink, &width, err);
    double end = r->x + r->w - width - 0.6 * size;
    if (result == 0 && p->labels[c].kind == MM_LABEL_AS_NUMBER) {
        struct mm_type bold = {size, 700, false, 0, 1, 0};
        snprintf(text, sizeof text, "%zu", rank + 1);
        result = write_line(p, text, &bold, LEFT, x, middle, mm_ink, &width, err);
        x += width + 0.45 * size;
    }
    plain.width = end - x;
    if (result < 0 || plain.width < size)
        return result;
    return write_line(p, p->songs->countries[c].name, &plain, LEFT, x, middle, mm_ink, NULL, err);
}

/* The place of line number `at`: down the first column, then the second. */
static struct mm_rect row_place(const struct mm_picture *p, size_t at, size_t rows)
{
    const struct mm_rect *legend = &p->sheet.legend;
    double columns = p->sheet.legend_columns;
    double gap = 18 * p->sheet.u;
    double width = (legend->w - gap * (columns - 1)) / columns;
    double height = fmin(legend->h / (double)rows, LOOSE_ROW * p->sheet.u);
    size_t column = at / rows;
    size_t row = at % rows;
    return (struct mm_rect){legend->x + (double)column * (width + gap),
                            legend->y + (double)row * height, width, height};
}

static int paint_rows(const struct mm_picture *p, const bool *shown, size_t listed,
                      struct mm_error *err)
{
    size_t columns = (size_t)p->sheet.legend_columns;
    bool rest = listed < p->n_ranks;
    size_t rows = (listed + rest + columns - 1) / columns;
    size_t at = 0;
    size_t songs = 0;
    for (size_t i = 0; i < p->n_ranks; i++) {
        if (!shown[i]) {
            songs += p->songs->countries[p->by_rank[i]].n_songs;
            continue;
        }
        struct mm_rect place = row_place(p, at++, rows);
        int result = paint_row(p, i, &place, err);
        if (result < 0)
            return result;
    }
    if (!rest)
        return 0;
    char text[96];
    snprintf(text, sizeof text, "and %zu more, with %zu song%s", p->n_ranks - listed, songs,
             songs == 1 ? "" : "s");
    struct mm_rect r = row_place(p, at, rows);
    struct mm_type type = {fmin(0.62 * r.h, 20 * p->sheet.u), 400, true, 0, 1, r.w};
    return write_line(p, text, &type, LEFT, r.x, r.y + r.h / 2, mm_faint_ink, NULL, err);
}

/* What the shade of a cell means: its name and the scale between its ends. */
static int paint_scale(const struct mm_picture *p, double x, double middle, struct mm_error *err)
{
    double u = p->sheet.u;
    struct mm_type type = {15 * u, 400, true, 0.01, 1, 0};
    double width;
    char text[96];
    char low[48] = "";
    if (!p->shade->circular)
        mm_shade_number(p->shade->low, low, sizeof low);
    snprintf(text, sizeof text, "Cells by %s:%s%s", p->shade->name, *low ? " " : "", low);
    int result = write_line(p, text, &type, LEFT, x, middle, mm_faint_ink, &width, err);
    x += width + 10 * u;
    for (size_t step = 0; step < MM_SHADE_STEPS; step++, x += 9 * u) {
        uint32_t colour = mm_shade_colour(p->shade, step);
        mm_canvas_rectangle(p->canvas, x, middle - 8 * u, 9 * u, 16 * u);
        mm_canvas_fill(p->canvas, (struct mm_paint){colour, 1}, true);
        mm_canvas_stroke(p->canvas, (struct mm_paint){colour, 1}, 0.5, false);
    }
    if (p->shade->circular)
        snprintf(text, sizeof text, "round the circle of fifths from C");
    else
        mm_shade_number(p->shade->high, text, sizeof text);
    if (result == 0)
        result = write_line(p, text, &type, LEFT, x + 10 * u, middle, mm_faint_ink, NULL, err);
    return result;
}

static int paint_foot(const struct mm_picture *p, struct mm_error *err)
{
    const struct mm_rect *f = &p->sheet.footer;
    double u = p->sheet.u;
    double middle = f->y + 26 * u;
    double width;
    struct mm_type name = {15 * u, 700, false, 0.08, 1, f->w / 2};
    int result =
        write_line(p, "musicmap", &name, RIGHT, f->x + f->w, middle, mm_faint_ink, &width, err);
    const char *words = p->cells == MM_DRAW_SONGS
                            ? "Every cell is a song. Songs that sound alike lie close together."
                            : "Every dot is a song. Songs that sound alike lie close together.";
    struct mm_type small = {15 * u, 400, true, 0.01, 1, f->w - width - 20 * u};
    if (result == 0 && p->shade)
        return paint_scale(p, f->x, middle, err);
    if (result == 0)
        result = write_line(p, words, &small, LEFT, f->x, middle, mm_faint_ink, NULL, err);
    return result;
}

int mm_legend_paint(const struct mm_picture *p, struct mm_error *err)
{
    bool *shown = mm_calloc3(p->n_ranks, 1, sizeof *shown);
    if (!shown)
        return mm_no_memory(err);
    size_t room = p->sheet.legend_rows * (size_t)p->sheet.legend_columns;
    size_t listed = choose_lines(p, room, shown);
    int result = paint_header(p, err);
    if (result == 0)
        result = paint_rows(p, shown, listed, err);
    if (result == 0)
        result = paint_foot(p, err);
    free(shown);
    return result;
}
