/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overview.c - whose cell each pixel's middle lies in: songs are put into their pixels, then four
 * sweeps hand each pixel's song on to its neighbours as long as it is nearer than theirs
 * (Danielsson, "Euclidean distance mapping", 1980). Wrong by at most a pixel here and there.
 */
#include "view/overview.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "view/bytes.h"

#define NOBODY  UINT32_MAX
#define SEA     0xffff
#define SAMPLE  20000 /* cells whose size tells how far land reaches */
#define BEYOND  1.08  /* coast distances of water around the land */
#define LEAST   48.0  /* land reaches at least this part of the map's size from a song, */
#define MOST    3.0   /* and at most this */
#define TYPICAL 0.8   /* share of the cells that are land altogether */

struct overview {
    const struct mm_scene *scene;
    double coast;
    struct mm_box box;
    double scale; /* pixels a map unit */
    size_t width, height;
    uint32_t *ids; /* [height][width] the uppermost row first */
};

static int by_size(const void *one, const void *two)
{
    double a = *(const double *)one;
    double b = *(const double *)two;
    return (a > b) - (a < b);
}

int mm_overview_coast(const struct mm_scene *scene, double *coast, struct mm_error *err)
{
    const struct mm_voronoi *v = scene->voronoi;
    size_t step = scene->n_songs / SAMPLE + 1;
    size_t n = 0;
    double *reach = mm_calloc3(scene->n_songs / step + 1, 1, sizeof *reach);
    if (!reach)
        return mm_no_memory(err);
    for (size_t i = 0; i < scene->n_songs; i += step, n++)
        for (uint32_t k = v->start[i]; k < v->start[i + 1]; k++) {
            const double *corner = v->corners + 2 * (size_t)v->index[k];
            reach[n] = fmax(reach[n], hypot(corner[0] - (double)scene->xy[2 * i],
                                            corner[1] - (double)scene->xy[2 * i + 1]));
        }
    qsort(reach, n, sizeof *reach, by_size);
    double common = reach[(size_t)(TYPICAL * (double)n)];
    free(reach);
    double size = fmax(scene->box.x1 - scene->box.x0, scene->box.y1 - scene->box.y0);
    *coast = fmin(size / MOST, fmax(size / LEAST, 1.5 * common));
    return 0;
}

/* The box and what land reaches beyond it. */
static void find_box(struct overview *o)
{
    double reach = BEYOND * o->coast;
    struct mm_box box = o->scene->box;
    /* (With fmin and fmax gcc 12 for aarch64 falls over itself.) */
    for (size_t i = 0; i < o->scene->n_songs; i++) {
        double x = (double)o->scene->xy[2 * i];
        double y = (double)o->scene->xy[2 * i + 1];
        box.x0 = x - reach < box.x0 ? x - reach : box.x0;
        box.y0 = y - reach < box.y0 ? y - reach : box.y0;
        box.x1 = x + reach > box.x1 ? x + reach : box.x1;
        box.y1 = y + reach > box.y1 ? y + reach : box.y1;
    }
    o->box = box;
    double width = o->box.x1 - o->box.x0;
    double height = o->box.y1 - o->box.y0;
    o->scale = MM_OVERVIEW_SIDE / fmax(width, height);
    o->width = (size_t)fmax(1, round(width * o->scale));
    o->height = (size_t)fmax(1, round(height * o->scale));
}

/* Squared distance of a song from the middle of a pixel, in pixels. */
static double distance(const struct overview *o, uint32_t song, size_t px, size_t py)
{
    double x = ((double)o->scene->xy[2 * (size_t)song] - o->box.x0) * o->scale;
    double y = (o->box.y1 - (double)o->scene->xy[2 * (size_t)song + 1]) * o->scale;
    double dx = x - ((double)px + 0.5);
    double dy = y - ((double)py + 0.5);
    return dx * dx + dy * dy;
}

static void offer(struct overview *o, uint32_t song, size_t px, size_t py)
{
    uint32_t *own = o->ids + py * o->width + px;
    if (song == NOBODY || song == *own)
        return;
    if (*own == NOBODY || distance(o, song, px, py) < distance(o, *own, px, py))
        *own = song;
}

static void scatter(struct overview *o)
{
    for (size_t i = 0; i < o->width * o->height; i++)
        o->ids[i] = NOBODY;
    for (size_t i = 0; i < o->scene->n_songs; i++) {
        double x = ((double)o->scene->xy[2 * i] - o->box.x0) * o->scale;
        double y = (o->box.y1 - (double)o->scene->xy[2 * i + 1]) * o->scale;
        size_t px = (size_t)fmin(fmax(x, 0), (double)o->width - 1);
        size_t py = (size_t)fmin(fmax(y, 0), (double)o->height - 1);
        offer(o, (uint32_t)i, px, py);
    }
}

/* One row, handing on from the row before it (from = its number, or its own: no such row). */
static void sweep_row(struct overview *o, size_t y, size_t from)
{
    const uint32_t *other = o->ids + from * o->width;
    const uint32_t *own = o->ids + y * o->width;
    size_t w = o->width;
    for (size_t x = 0; x < w; x++) {
        for (size_t k = x > 0 ? x - 1 : 0; k <= x + 1 && k < w && from != y; k++)
            offer(o, other[k], x, y);
        if (x > 0)
            offer(o, own[x - 1], x, y);
    }
    for (size_t x = w - 1; x-- > 0;)
        offer(o, own[x + 1], x, y);
}

/* The country of each pixel, SEA where no land is; NULL: memory is out. */
static uint16_t *list_countries(const struct overview *o)
{
    uint16_t *country = mm_calloc3(o->width, o->height, sizeof *country);
    double limit = o->coast * o->scale * o->coast * o->scale;
    for (size_t y = 0, i = 0; country && y < o->height; y++)
        for (size_t x = 0; x < o->width; x++, i++) {
            bool land = distance(o, o->ids[i], x, y) < limit;
            country[i] = land ? (uint16_t)o->scene->cluster[o->ids[i]] : SEA;
        }
    return country;
}

static int pack(const struct overview *o, const uint16_t *country, struct mm_blob **out,
                struct mm_error *err)
{
    size_t pixels = o->width * o->height; /* at most MM_OVERVIEW_SIDE squared */
    size_t size = 28 + 2 * pixels;
    unsigned char *bytes = malloc(size);
    if (!bytes)
        return mm_no_memory(err);
    unsigned char *to = mm_put_magic(bytes, "MMO1");
    to = mm_put_u32(to, (uint32_t)o->width);
    to = mm_put_u32(to, (uint32_t)o->height);
    const double box[4] = {o->box.x0, o->box.y0, o->box.x1, o->box.y1};
    for (int i = 0; i < 4; i++)
        to = mm_put_f32(to, (float)box[i]);
    for (size_t i = 0; i < pixels; i++)
        to = mm_put_u16(to, country[i]);
    int result = mm_blob_create(bytes, size, "application/octet-stream", out, err);
    return result < 0 ? result : mm_blob_compress(*out, err);
}

int mm_overview_create(const struct mm_scene *scene, double coast, struct mm_blob **out,
                       struct mm_realm **realms, size_t *n_realms, struct mm_error *err)
{
    *out = NULL;
    *realms = NULL;
    struct overview o = {.scene = scene, .coast = coast};
    find_box(&o);
    o.ids = mm_calloc3(o.width, o.height, sizeof *o.ids);
    if (!o.ids)
        return mm_no_memory(err);
    scatter(&o);
    for (size_t y = 0; y < o.height; y++)
        sweep_row(&o, y, y > 0 ? y - 1 : y);
    for (size_t y = o.height; y-- > 0;)
        sweep_row(&o, y, y + 1 < o.height ? y + 1 : y);
    uint16_t *country = list_countries(&o);
    int result = country ? pack(&o, country, out, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_realms_find(scene, country, o.width, o.height, &o.box, realms, n_realms, err);
    free(country);
    free(o.ids);
    if (result < 0) {
        mm_blob_release(*out);
        *out = NULL;
    }
    return result;
}
