/* SPDX-License-Identifier: BSD-2-Clause */
/* The names on the map: laid out on one, two and three lines, placed by label.c, then lettered. */
#include <math.h>

#include "base/array.h"
#include "base/text.h"
#include "view/colour.h"
#include "view/picture.h"

#define LEAST_LETTER 13.0 /* units of the sheet */
#define MOST_LETTER  58.0
#define LEAST_PIXELS 7.0 /* below this nobody reads on a screen either */
#define WEIGHT       700
#define LONGEST_LINE 22.0 /* em */

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

static int place(struct mm_picture *p, struct mm_label_want *wants, struct mm_error *err)
{
    size_t n = p->songs->n_countries;
    const struct mm_ground *ground = &p->ground;
    for (size_t c = 0; c < n; c++) {
        for (int s = 0; s < MM_LABEL_SHAPES; s++)
            wants[c].shapes[s] = shape_of(p->letterings[c * MM_LABEL_SHAPES + (size_t)s]);
        wants[c].number = shape_of(p->letterings[n * MM_LABEL_SHAPES + c]);
    }
    double edge = MM_GROUND_EDGE * p->sheet.u / ground->unit;
    struct mm_label_raster raster = {
        .w = ground->grid.w,
        .h = ground->grid.h,
        .country = ground->country,
        .n_countries = n,
        .least = fmax(LEAST_LETTER * p->sheet.u, LEAST_PIXELS) / ground->unit,
        .most = fmax(MOST_LETTER * p->sheet.u, LEAST_PIXELS) / ground->unit,
        .x0 = edge,
        .y0 = edge,
        .x1 = (double)ground->grid.w - 1 - edge,
        .y1 = (double)ground->grid.h - 1 - edge,
    };
    int result = mm_label_place(&raster, wants, p->labels, err);
    for (size_t c = 0; c < n && result == 0; c++) {
        struct mm_label *l = p->labels + c;
        mm_ground_to_sheet(p, &l->x, &l->y);
        l->w *= ground->unit;
        l->h *= ground->unit;
        l->size *= ground->unit;
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
    struct mm_label_want *wants = mm_calloc3(n, 1, sizeof *wants);
    int result = wants ? place(p, wants, err) : mm_no_memory(err);
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
