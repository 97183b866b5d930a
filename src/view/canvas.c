/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only file that knows cairo and Pango. Hinting and rounding of glyph places are off, so that
 * letters measure the same at every size and in every format. Nothing of time or machine goes into
 * the file: the same scene gives the same bytes.
 */
#include "view/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define FAMILIES "Lato, Noto Sans, DejaVu Sans, sans-serif"

struct mm_canvas {
    enum mm_canvas_format format;
    FILE *stream; /* NULL once nothing may be written any more */
    int fault;    /* errno of the write that failed */
    cairo_surface_t *surface;
    cairo_t *cairo;
    PangoContext *pango;
    struct mm_text svg; /* kept back until it is whole */
};

struct mm_lettering {
    PangoLayout *layout;
    double x, y; /* from the box's corner to the layout's */
    double width, height;
};

static cairo_status_t write_out(struct mm_canvas *canvas, const void *data, size_t count)
{
    if (!canvas->stream)
        return CAIRO_STATUS_WRITE_ERROR;
    if (fwrite(data, 1, count, canvas->stream) == count)
        return CAIRO_STATUS_SUCCESS;
    if (!canvas->fault)
        canvas->fault = errno;
    return CAIRO_STATUS_WRITE_ERROR;
}

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    return write_out(closure, data, length);
}

static cairo_status_t keep_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    struct mm_text *text = closure;
    mm_text_add_bytes(text, data, length);
    return text->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

/* cairo numbers its surfaces through the life of the process and writes the number into the file:
 * the same picture drawn twice would differ. The number is left out. */
static cairo_status_t write_svg(struct mm_canvas *canvas)
{
    static const char mark[] = "<g id=\"surface";
    const struct mm_text *svg = &canvas->svg;
    const char *rest = svg->data ? svg->data : "";
    size_t count = svg->length;
    const char *found = svg->data ? strstr(svg->data, mark) : NULL;
    if (found) {
        size_t head = (size_t)(found - svg->data) + sizeof mark - 1;
        if (write_out(canvas, svg->data, head) != CAIRO_STATUS_SUCCESS)
            return CAIRO_STATUS_WRITE_ERROR;
        rest = found + sizeof mark - 1;
        rest += strspn(rest, "0123456789");
        count = svg->length - (size_t)(rest - svg->data);
    }
    return write_out(canvas, rest, count);
}

static int tell(const struct mm_canvas *canvas, cairo_status_t status, struct mm_error *err)
{
    if (status == CAIRO_STATUS_SUCCESS)
        return 0;
    if (status == CAIRO_STATUS_NO_MEMORY)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory while drawing");
    if (canvas->fault)
        return mm_error_errno(err, canvas->fault, "cannot write the picture");
    return mm_error_set(err, status == CAIRO_STATUS_WRITE_ERROR ? MM_ERR_IO : MM_ERR_BUG,
                        "cannot draw the picture: %s", cairo_status_to_string(status));
}

static cairo_surface_t *make_surface(struct mm_canvas *canvas, int width, int height,
                                     const char *title)
{
    cairo_surface_t *surface = NULL;
    switch (canvas->format) {
    case MM_CANVAS_PNG:
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    case MM_CANVAS_SVG:
        surface = cairo_svg_surface_create_for_stream(keep_bytes, &canvas->svg, width, height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
        return surface;
    case MM_CANVAS_PDF:
        surface = cairo_pdf_surface_create_for_stream(write_bytes, canvas, width, height);
        /* Left alone, cairo writes the time of day. */
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "musicmap");
        if (title)
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
        return surface;
    }
    return NULL;
}

static void make_pango(struct mm_canvas *canvas)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(canvas->cairo, options);
    canvas->pango = pango_cairo_create_context(canvas->cairo);
    pango_cairo_context_set_font_options(canvas->pango, options);
    pango_cairo_context_set_resolution(canvas->pango, 72);
    pango_context_set_round_glyph_positions(canvas->pango, FALSE);
    cairo_font_options_destroy(options);
}

int mm_canvas_create(enum mm_canvas_format format, int width, int height, const char *title,
                     FILE *stream, struct mm_canvas **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    canvas->format = format;
    canvas->stream = stream;
    canvas->surface = make_surface(canvas, width, height, title);
    canvas->cairo = cairo_create(canvas->surface);
    int result = tell(canvas, cairo_status(canvas->cairo), err);
    if (result < 0) {
        mm_canvas_destroy(canvas);
        return result;
    }
    make_pango(canvas);
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(canvas->cairo, CAIRO_LINE_CAP_ROUND);
    *out = canvas;
    return 0;
}

int mm_canvas_finish(struct mm_canvas *canvas, struct mm_error *err)
{
    cairo_status_t status = cairo_status(canvas->cairo);
    if (status == CAIRO_STATUS_SUCCESS) {
        cairo_show_page(canvas->cairo);
        if (canvas->format == MM_CANVAS_PNG)
            status = cairo_surface_write_to_png_stream(canvas->surface, write_bytes, canvas);
    }
    cairo_surface_finish(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_status(canvas->cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS && canvas->format == MM_CANVAS_SVG)
        status = write_svg(canvas);
    return tell(canvas, status, err);
}

void mm_canvas_destroy(struct mm_canvas *canvas)
{
    if (!canvas)
        return;
    canvas->stream = NULL; /* closed by now; a PDF that was given up would be finished into it */
    if (canvas->pango)
        g_object_unref(canvas->pango);
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    mm_text_finish(&canvas->svg);
    free(canvas);
}

void mm_canvas_move(struct mm_canvas *canvas, double x, double y)
{
    cairo_move_to(canvas->cairo, x, y);
}

void mm_canvas_line(struct mm_canvas *canvas, double x, double y)
{
    cairo_line_to(canvas->cairo, x, y);
}

void mm_canvas_curve(struct mm_canvas *canvas, double x1, double y1, double x2, double y2, double x,
                     double y)
{
    cairo_curve_to(canvas->cairo, x1, y1, x2, y2, x, y);
}

void mm_canvas_close(struct mm_canvas *canvas)
{
    cairo_close_path(canvas->cairo);
}

void mm_canvas_rectangle(struct mm_canvas *canvas, double x, double y, double w, double h)
{
    cairo_rectangle(canvas->cairo, x, y, w, h);
}

void mm_canvas_circle(struct mm_canvas *canvas, double x, double y, double radius)
{
    cairo_new_sub_path(canvas->cairo);
    cairo_arc(canvas->cairo, x, y, radius, 0, 6.283185307179586);
    cairo_close_path(canvas->cairo);
}

static void set_paint(struct mm_canvas *canvas, struct mm_paint paint)
{
    cairo_set_source_rgba(canvas->cairo, (paint.rgb >> 16 & 0xFF) / 255.0,
                          (paint.rgb >> 8 & 0xFF) / 255.0, (paint.rgb & 0xFF) / 255.0, paint.alpha);
}

void mm_canvas_fill(struct mm_canvas *canvas, struct mm_paint paint, bool keep)
{
    set_paint(canvas, paint);
    cairo_fill_preserve(canvas->cairo);
    if (!keep)
        cairo_new_path(canvas->cairo);
}

void mm_canvas_fill_between(struct mm_canvas *canvas, struct mm_paint paint)
{
    set_paint(canvas, paint);
    cairo_set_fill_rule(canvas->cairo, CAIRO_FILL_RULE_EVEN_ODD);
    cairo_fill(canvas->cairo);
    cairo_set_fill_rule(canvas->cairo, CAIRO_FILL_RULE_WINDING);
}

void mm_canvas_stroke(struct mm_canvas *canvas, struct mm_paint paint, double width, bool keep)
{
    set_paint(canvas, paint);
    cairo_set_line_width(canvas->cairo, width);
    cairo_stroke_preserve(canvas->cairo);
    if (!keep)
        cairo_new_path(canvas->cairo);
}

void mm_canvas_clip(struct mm_canvas *canvas)
{
    cairo_path_t *path = cairo_copy_path(canvas->cairo); /* save() does not save the path */
    cairo_new_path(canvas->cairo);
    cairo_save(canvas->cairo);
    cairo_append_path(canvas->cairo, path);
    cairo_path_destroy(path);
    cairo_clip(canvas->cairo);
}

void mm_canvas_unclip(struct mm_canvas *canvas)
{
    cairo_restore(canvas->cairo);
}

/* Letters of alphabets that may be spaced: Latin, Greek, Cyrillic, and what is common to all. */
static bool may_be_spaced(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c >= 0x530 && !(c >= 0x1E00 && c < 0x2070))
            return false;
    }
    return true;
}

static void set_type(PangoLayout *layout, const char *text, const struct mm_type *type)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, FAMILIES);
    pango_font_description_set_absolute_size(font, type->size * PANGO_SCALE);
    pango_font_description_set_weight(font, (PangoWeight)type->weight);
    pango_font_description_set_style(font, type->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, -1);
    if (type->tracking != 0 && may_be_spaced(text)) {
        PangoAttrList *list = pango_attr_list_new();
        pango_attr_list_insert(
            list, pango_attr_letter_spacing_new((int)(type->tracking * type->size * PANGO_SCALE)));
        pango_layout_set_attributes(layout, list);
        pango_attr_list_unref(list);
    }
    if (type->width > 0) {
        pango_layout_set_width(layout, (int)(type->width * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_height(layout, type->lines > 1 ? -type->lines : 0);
        if (type->lines > 1)
            pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
        pango_layout_set_line_spacing(layout, 0.92F);
    }
}

int mm_lettering_create(struct mm_canvas *canvas, const char *text, const struct mm_type *type,
                        struct mm_lettering **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_lettering *l = calloc(1, sizeof *l);
    if (!l)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    l->layout = pango_layout_new(canvas->pango);
    set_type(l->layout, text, type);
    PangoRectangle ink;
    PangoRectangle line;
    pango_layout_get_extents(l->layout, &ink, &line);
    double x0 = fmin(ink.x, line.x);
    double x1 = fmax(ink.x + ink.width, line.x + line.width);
    /* Upward the ink alone: the room for accents above a line without any only loosens the map. */
    double y0 = ink.height > 0 ? ink.y : line.y;
    double y1 = ink.height > 0 ? ink.y + ink.height : line.y + line.height;
    l->x = -x0 / PANGO_SCALE;
    l->y = -y0 / PANGO_SCALE;
    l->width = (x1 - x0) / PANGO_SCALE;
    l->height = (y1 - y0) / PANGO_SCALE;
    *out = l;
    return 0;
}

void mm_lettering_destroy(struct mm_lettering *lettering)
{
    if (!lettering)
        return;
    g_object_unref(lettering->layout);
    free(lettering);
}

double mm_lettering_width(const struct mm_lettering *lettering)
{
    return lettering->width;
}

double mm_lettering_height(const struct mm_lettering *lettering)
{
    return lettering->height;
}

int mm_lettering_lines(const struct mm_lettering *lettering)
{
    return pango_layout_get_line_count(lettering->layout);
}

bool mm_lettering_cut(const struct mm_lettering *lettering)
{
    return pango_layout_is_ellipsized(lettering->layout);
}

/* True when a line but the last ends where a word goes on: at a place Unicode allows no break. */
bool mm_lettering_breaks_word(const struct mm_lettering *lettering)
{
    int n;
    const PangoLogAttr *attrs = pango_layout_get_log_attrs_readonly(lettering->layout, &n);
    const char *text = pango_layout_get_text(lettering->layout);
    int lines = pango_layout_get_line_count(lettering->layout);
    for (int i = 1; i < lines; i++) {
        const PangoLayoutLine *line = pango_layout_get_line_readonly(lettering->layout, i);
        glong at = g_utf8_pointer_to_offset(text, text + line->start_index);
        if (at < n && !attrs[at].is_line_break)
            return true;
    }
    return false;
}

void mm_canvas_letter_on_line(struct mm_canvas *canvas, const struct mm_lettering *lettering,
                              double x, double y, struct mm_paint paint)
{
    double baseline = (double)pango_layout_get_baseline(lettering->layout) / PANGO_SCALE;
    mm_canvas_letter(canvas, lettering, x, y - baseline - lettering->y, 1, paint,
                     (struct mm_paint){0, 0}, 0);
}

void mm_canvas_letter(struct mm_canvas *canvas, const struct mm_lettering *lettering, double x,
                      double y, double scale, struct mm_paint paint, struct mm_paint halo,
                      double halo_width)
{
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, scale, scale);
    cairo_move_to(canvas->cairo, lettering->x, lettering->y);
    if (halo.alpha > 0) {
        pango_cairo_layout_path(canvas->cairo, lettering->layout);
        mm_canvas_stroke(canvas, halo, halo_width / scale, false);
        cairo_move_to(canvas->cairo, lettering->x, lettering->y);
    }
    set_paint(canvas, paint);
    pango_cairo_show_layout(canvas->cairo, lettering->layout);
    cairo_new_path(canvas->cairo);
    cairo_restore(canvas->cairo);
}
