/* SPDX-License-Identifier: BSD-2-Clause */
/* format.c - the kinds of picture, told apart by the ending of the file's name. */
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "musicmap/view.h"
#include "view/canvas.h"

static const struct {
    const char *ending;
    enum mm_canvas_format format;
} formats[] = {{".svg", MM_CANVAS_SVG}, {".png", MM_CANVAS_PNG}, {".pdf", MM_CANVAS_PDF}};

int mm_canvas_format_of(const char *path, enum mm_canvas_format *out, struct mm_error *err)
{
    const char *dot = strrchr(mm_path_name(path), '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(dot, formats[i].ending) == 0) {
            *out = formats[i].format;
            return 0;
        }
    return mm_error_set(err, MM_ERR_USAGE, "%s: a picture's name ends in .svg, .png or .pdf", path);
}

int mm_draw_check_name(const char *path, struct mm_error *err)
{
    enum mm_canvas_format format;
    return mm_canvas_format_of(path, &format, err);
}
