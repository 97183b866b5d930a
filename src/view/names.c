/* SPDX-License-Identifier: BSD-2-Clause */
/* The names on the map: laid out on one, two and three lines, placed by label.c, then lettered. */
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "view/colour.h"
#include "view/picture.h"
#include "view/raster.h"

#define LEAST_LETTER 13.0 /* units of the sheet */
#define MOST_LETTER  58.0
#define LEAST_PIXELS 7.0 /* below this nobody reads on a screen either */
#define WEIGHT       700
#define LONGEST_LINE 22.0 /* em */
#define NODES        760  /* of the raster, along the longer side of the frame */

/* The name broken into at most `lines`, at the narrowest width that does without a cut. */
static int break_name(struct mm_picture *p, const char *name, const struct mm_lettering *whole,
                      int lines, struct mm_lettering **out, struct mm_error *err)
{
    struct mm_type type = {MM_LETTER_SIZE, WEIGHT, false, 0.02, lines, 0};
    double width = fmin(mm_lettering_width(whole), LONGEST_LINE * MM_LETTER_SIZE * lines);
    for (int wider = 0; wider < 8; wider++) {
        type.width = fmin(1.02 / lines + 0.08 * wider, 1) * width + 1;
        int result = mm_lettering_create(p->canvas, name, &type, out, err);
        if (result < 0)
            return result;
        if (!mm_lettering_cut(*out) && !mm_lettering_breaks_word(*out))
            break;
        mm_lettering_destroy(*out);
        *out = NULL;
    }
    if (*out && mm_lettering_lines(*out) < lines) {
        mm_lettering_destroy(*out); /* no gain over fewer lines */
        *out = NULL;
    }
    return 0;
}

static int letter_country(struct mm_picture *p, size_t c, struct mm_error *err)
{
    const char *name = p->songs->countries[c].name;
    struct mm_lettering **shapes = p->letterings + c * MM_LABEL_SHAPES;
    struct mm_type type = {MM_LETTER_SIZE, WEIGHT, false, 0.02, 1, LONGEST_LINE * MM_LETTER_SIZE};
    int result = mm_lettering_create(p->canvas, name, &type, &shapes[0], err);
    for (int lines = 2; lines <= MM_LABEL_SHAPES && result == 0; lines++)
        result = break_name(p, name, shapes[0], lines, &shapes[lines - 1], err);
    if (result < 0)
        return result;
    char number[16];
    snprintf(number, sizeof number, "%u", p->rank[c]);
    type.width = 0;
    return mm_lettering_create(p->canvas, number, &type,
                               &p->letterings[p->songs->n_countries * MM_LABEL_SHAPES + c], err);
}

static struct mm_label_shape shape_of(const struct mm_lettering *lettering)
{
    if (!lettering)
        return (struct mm_label_shape){0, 0};
    return (struct mm_label_shape){mm_lettering_width(lettering) / MM_LETTER_SIZE,
                                   mm_lettering_height(lettering) / MM_LETTER_SIZE};
}

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

static int place(struct mm_picture *p, const struct mm_grid *g, uint32_t *country, float *land,
                 struct mm_label_want *wants, struct mm_error *err)
{
    size_t n = p->songs->n_countries;
    if (p->coast)
        sample_land(p->coast, g, land);
    mm_raster_countries(p->scene, g, p->coast ? land : NULL, country);
    for (size_t c = 0; c < n; c++) {
        for (int s = 0; s < MM_LABEL_SHAPES; s++)
            wants[c].shapes[s] = shape_of(p->letterings[c * MM_LABEL_SHAPES + (size_t)s]);
        wants[c].number = shape_of(p->letterings[n * MM_LABEL_SHAPES + c]);
    }
    const struct mm_sheet *sheet = &p->sheet;
    double unit = g->step * sheet->scale; /* of the raster, on the sheet */
    double edge = 10 * sheet->u / unit;
    struct mm_label_raster raster = {
        .w = g->w,
        .h = g->h,
        .country = country,
        .n_countries = n,
        .least = fmax(LEAST_LETTER * sheet->u, LEAST_PIXELS) / unit,
        .most = fmax(MOST_LETTER * sheet->u, LEAST_PIXELS) / unit,
        .x0 = edge,
        .y0 = edge,
        .x1 = (double)g->w - 1 - edge,
        .y1 = (double)g->h - 1 - edge,
    };
    int result = mm_label_place(&raster, wants, p->labels, err);
    for (size_t c = 0; c < n && result == 0; c++) {
        struct mm_label *l = p->labels + c;
        l->x = mm_sheet_x(sheet, g->x0 + l->x * g->step);
        l->y = mm_sheet_y(sheet, g->y0 + l->y * g->step);
        l->w *= unit;
        l->h *= unit;
        l->size *= unit;
    }
    return result;
}

int mm_names_plan(struct mm_picture *p, struct mm_error *err)
{
    size_t n = p->songs->n_countries;
    p->labels = mm_calloc3(n, 1, sizeof *p->labels);
    p->letterings = mm_calloc3(n, MM_LABEL_SHAPES + 1, sizeof(struct mm_lettering *));
    if (!p->labels || !p->letterings)
        return mm_no_memory(err);
    for (size_t i = 0; i < p->n_ranks; i++) {
        int result = letter_country(p, p->by_rank[i], err);
        if (result < 0)
            return result;
    }
    struct mm_grid g = frame_grid(&p->sheet);
    uint32_t *country = mm_calloc3(g.w, g.h, sizeof *country);
    float *land = mm_calloc3(g.w, g.h, sizeof *land);
    struct mm_label_want *wants = mm_calloc3(n, 1, sizeof *wants);
    int result;
    if (!country || !land || !wants)
        result = mm_no_memory(err);
    else
        result = place(p, &g, country, land, wants, err);
    free(country);
    free(land);
    free(wants);
    return result;
}

void mm_names_paint(const struct mm_picture *p)
{
    size_t n = p->songs->n_countries;
    for (size_t i = 0; i < p->n_ranks; i++) {
        size_t c = p->by_rank[i];
        const struct mm_label *l = p->labels + c;
        if (l->kind == MM_LABEL_AS_NOTHING)
            continue;
        const struct mm_lettering *lettering =
            p->letterings[l->kind == MM_LABEL_AS_NUMBER ? n * MM_LABEL_SHAPES + c
                                                        : c * MM_LABEL_SHAPES + (size_t)l->shape];
        uint32_t colour = p->shade ? mm_paper.rgb : p->scene->countries[c].colour;
        bool dark = mm_colour_lab(colour).l < 53; /* there both inks contrast alike */
        struct mm_paint ink = {dark ? mm_paper.rgb : 0x2a2622, 1};
        struct mm_paint halo = {mm_colour_shift(colour, dark ? -6 : 7, dark ? 1 : 0.8), 0.85};
        mm_canvas_letter(p->canvas, lettering, l->x - l->w / 2, l->y - l->h / 2,
                         l->size / MM_LETTER_SIZE, ink, halo,
                         fmax(0.16 * l->size, 2.5 * p->sheet.u));
    }
}
