/* SPDX-License-Identifier: BSD-2-Clause */
/* draw.c - mm_draw(): the poster from scene to file. */
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "view/picture.h"
#include "view/relief.h"
#include "view/scene.h"

#define WIDTH        2400
#define HEIGHT       1600
#define LEAST_SIDE   200
#define MOST_SIDE    30000
#define MOST_PIXELS  300e6 /* of a PNG: 1.2 GB while it is drawn */
#define WATER        0.065 /* around the land, of its longer side */
#define CENTRE_FRAME 0.06  /* empty rim around the songs when the cells are those of centres */

static int check_size(int *width, int *height, enum mm_canvas_format format, struct mm_error *err)
{
    *width = *width == 0 ? WIDTH : *width;
    *height = *height == 0 ? HEIGHT : *height;
    if (*width < LEAST_SIDE || *height < LEAST_SIDE || *width > MOST_SIDE || *height > MOST_SIDE)
        return mm_error_set(err, MM_ERR_USAGE, "a picture's sides are %d to %d long, not %d x %d",
                            LEAST_SIDE, MOST_SIDE, *width, *height);
    if (format == MM_CANVAS_PNG && (double)*width * *height > MOST_PIXELS)
        return mm_error_set(err, MM_ERR_USAGE, "%d x %d is too large for a PNG; draw a PDF or SVG",
                            *width, *height);
    return 0;
}

/*
 * The scene of the cluster centres: the same countries, one site each, over the songs' box widened
 * to the frame's shape, so that the cells fill it.
 */
static int make_centres(const struct mm_scene *songs, double aspect, struct mm_scene **out,
                        struct mm_error *err)
{
    size_t n = songs->n_countries;
    double *sum = mm_calloc3(n, 2, sizeof *sum);
    float *xy = mm_calloc3(n, 2, sizeof *xy);
    uint32_t *cluster = mm_calloc3(n, 1, sizeof *cluster);
    const char **names = mm_calloc3(n, 1, sizeof *names);
    int result;
    if (!sum || !xy || !cluster || !names) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < songs->n_songs; i++)
        for (size_t d = 0; d < 2; d++)
            sum[2 * (size_t)songs->cluster[i] + d] += songs->xy[2 * i + d];
    struct mm_scene_input input = {.xy = xy, .cluster = cluster, .n_countries = n, .names = names};
    /* Regions are not handed on: borders between cells of centres mean little. */
    for (size_t c = 0; c < n; c++) {
        names[c] = songs->countries[c].name;
        if (songs->countries[c].n_songs == 0)
            continue;
        for (size_t d = 0; d < 2; d++)
            xy[2 * input.n_songs + d] = (float)(sum[2 * c + d] / songs->countries[c].n_songs);
        cluster[input.n_songs++] = (uint32_t)c;
    }
    struct mm_box box = mm_box_around(songs->xy, songs->n_songs, CENTRE_FRAME);
    double more_x = fmax(aspect * (box.y1 - box.y0) - (box.x1 - box.x0), 0) / 2;
    double more_y = fmax((box.x1 - box.x0) / aspect - (box.y1 - box.y0), 0) / 2;
    box = (struct mm_box){box.x0 - more_x, box.y0 - more_y, box.x1 + more_x, box.y1 + more_y};
    result = mm_scene_create_in_box(&input, &box, out, err);
out:
    free(sum);
    free(xy);
    free(cluster);
    free(names);
    return result;
}

static int by_size(const void *one, const void *two, void *ctx)
{
    const struct mm_scene *scene = ctx;
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    uint32_t songs_a = scene->countries[a].n_songs;
    uint32_t songs_b = scene->countries[b].n_songs;
    if (songs_a != songs_b)
        return songs_a > songs_b ? -1 : 1;
    return (a > b) - (a < b);
}

static int rank_countries(struct mm_picture *p, struct mm_error *err)
{
    size_t n = p->songs->n_countries;
    p->rank = mm_calloc3(n, 1, sizeof *p->rank);
    p->by_rank = mm_calloc3(n, 1, sizeof *p->by_rank);
    if (!p->rank || !p->by_rank)
        return mm_no_memory(err);
    for (size_t c = 0; c < n; c++)
        if (p->songs->countries[c].n_songs > 0)
            p->by_rank[p->n_ranks++] = (uint32_t)c;
    qsort_r(p->by_rank, p->n_ranks, sizeof *p->by_rank, by_size, (void *)p->songs);
    for (size_t i = 0; i < p->n_ranks; i++)
        p->rank[p->by_rank[i]] = (uint32_t)i + 1;
    return 0;
}

/* The land and enough water around it for the lines along the shore. */
static struct mm_box box_of_land(const struct mm_coast *coast)
{
    const struct mm_contours *shore = &coast->shore;
    struct mm_box box = {HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < shore->n_points; i++) {
        const double *at = shore->xy + 2 * i;
        box = (struct mm_box){fmin(box.x0, at[0]), fmin(box.y0, at[1]), fmax(box.x1, at[0]),
                              fmax(box.y1, at[1])};
    }
    double water = WATER * fmax(box.x1 - box.x0, box.y1 - box.y0);
    return (struct mm_box){box.x0 - water, box.y0 - water, box.x1 + water, box.y1 + water};
}

/* Page, and what is drawn on it, short of letters. */
static int plan_map(struct mm_picture *p, int width, int height, struct mm_error *err)
{
    int result = 0;
    struct mm_box land = p->songs->box;
    if (p->cells == MM_DRAW_SONGS) {
        result = mm_coast_create(p->songs, &p->coast, err);
        if (result < 0)
            return result;
        land = box_of_land(p->coast);
    }
    int strip = p->route ? (int)(MM_ROUTE_STRIP * height) : 0;
    mm_sheet_plan(&p->sheet, width, height - strip, &land, p->n_ranks, p->title != NULL);
    const struct mm_rect *foot = &p->sheet.footer;
    p->strip =
        (struct mm_rect){foot->x, p->sheet.h, foot->w, strip - (p->sheet.h - foot->y - foot->h)};
    p->sheet.h = height;
    if (p->cells == MM_DRAW_CLUSTERS) {
        struct mm_scene *centres = NULL;
        result = make_centres(p->songs, p->sheet.frame.w / p->sheet.frame.h, &centres, err);
        if (result < 0)
            return result;
        p->scene = centres;
        mm_sheet_fit(&p->sheet, &centres->box);
    }
    p->relief = mm_calloc3(p->scene->n_songs, 1, sizeof *p->relief);
    if (!p->relief)
        return mm_no_memory(err);
    result = mm_outlines_create(p->scene, &p->outlines, err);
    if (result == 0 && p->cells == MM_DRAW_SONGS)
        result = mm_relief(p->scene, p->relief, err);
    return result;
}

int mm_picture_create(const struct mm_scene *scene, const struct mm_draw_settings *settings,
                      enum mm_canvas_format format, FILE *stream, struct mm_picture **out,
                      struct mm_error *err)
{
    *out = NULL;
    int width = settings->width;
    int height = settings->height;
    int result = check_size(&width, &height, format, err);
    if (result < 0)
        return result;
    struct mm_picture *p = calloc(1, sizeof *p);
    if (!p)
        return mm_no_memory(err);
    p->songs = p->scene = scene;
    p->cells = settings->cells;
    p->shade = settings->cells == MM_DRAW_SONGS ? settings->shade : NULL;
    p->route = settings->route;
    if (settings->title) {
        p->title = mm_text_clean_utf8(settings->title, strlen(settings->title));
        if (!p->title)
            result = mm_no_memory(err);
        else if (!*p->title) {
            free(p->title);
            p->title = NULL;
        }
    }
    if (result == 0)
        result = rank_countries(p, err);
    if (result == 0)
        result = plan_map(p, width, height, err);
    if (result == 0)
        result = mm_canvas_create(format, width, height, p->title, stream, &p->canvas, err);
    if (result == 0)
        result = mm_ground_plan(p, err);
    if (result == 0)
        result = mm_names_plan(p, err);
    if (result == 0)
        result = mm_lands_plan(p, err);
    if (result < 0)
        mm_picture_destroy(p);
    else
        *out = p;
    return result;
}

void mm_picture_destroy(struct mm_picture *p)
{
    if (!p)
        return;
    size_t n = p->songs->n_countries * (MM_LABEL_SHAPES + 1);
    for (size_t i = 0; p->letterings && i < n; i++)
        mm_lettering_destroy(p->letterings[i]);
    free(p->letterings);
    free(p->labels);
    for (size_t i = 0; i < p->n_lands; i++)
        mm_lettering_destroy(p->lands[i].lettering);
    free(p->lands);
    free(p->ground.country);
    mm_canvas_destroy(p->canvas);
    free(p->relief);
    mm_outlines_destroy(p->outlines);
    mm_coast_destroy(p->coast);
    if (p->scene != p->songs)
        mm_scene_destroy((struct mm_scene *)p->scene);
    free(p->rank);
    free(p->by_rank);
    free(p->title);
    free(p);
}

static int paint(struct mm_picture *p, struct mm_error *err)
{
    mm_canvas_rectangle(p->canvas, 0, 0, p->sheet.w, p->sheet.h);
    mm_canvas_fill(p->canvas, mm_paper, false);
    int result = mm_map_paint(p, err);
    if (result == 0) {
        mm_lands_letter(p);
        mm_names_paint(p);
        result = mm_legend_paint(p, err);
    }
    if (result == 0 && p->route)
        result = mm_route_paint(p, err);
    if (result == 0)
        result = mm_canvas_finish(p->canvas, err);
    return result;
}

int mm_draw(const struct mm_scene *scene, const struct mm_draw_settings *settings, const char *path,
            struct mm_draw_report *report, struct mm_error *err)
{
    enum mm_canvas_format format = MM_CANVAS_SVG;
    int result = mm_canvas_format_of(path, &format, err);
    if (result < 0)
        return result;
    struct mm_file_write file;
    struct mm_picture *picture = NULL;
    result = mm_file_write_begin(&file, path, err);
    if (result < 0)
        return result;
    result = mm_picture_create(scene, settings, format, file.stream, &picture, err);
    if (picture)
        result = paint(picture, err);
    if (result == 0)
        result = mm_file_write_commit(&file, err);
    else
        mm_file_write_abort(&file);
    if (result == 0 && picture && report) {
        *report = (struct mm_draw_report){.countries = picture->n_ranks};
        for (size_t i = 0; i < picture->n_ranks; i++)
            report->named += picture->labels[picture->by_rank[i]].kind != MM_LABEL_AS_NOTHING;
    }
    mm_picture_destroy(picture);
    return result;
}
