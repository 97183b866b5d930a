/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The density of songs (a sum of Gaussians, made on a grid by three box blurs) is cut at a level
 * that leaves even a lone song an island. A little noise on the level gives the shore bays; at the
 * box, where cells end, the land is made to end before. The ripples are lines of equal distance
 * from the land (exact Euclidean distance transform, Felzenszwalb & Huttenlocher 2012).
 */
#include "view/coast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define NODES     700  /* along the grid's longer side */
#define WATER     0.16 /* of the box's longer side, around it on the grid */
#define LEVEL     0.42 /* of a lone song's peak */
#define ROUGHNESS 0.30 /* of the logarithm of the level */
#define DEEPEST   (-4) /* logarithm to the level: no deeper water is told apart */
#define OPEN_SEA \
    0.005 /* of a lone song's peak: deeper than that wherever noise may put the level */
#define LEAST_LAND 0.62 /* of the songs' box shall be land */
#define WIDEST     0.05 /* of the box's longer side: no wider for that */
#define BLUR_TIMES 3

static const double ripple_distance[MM_COAST_RIPPLES] = {0.008, 0.018, 0.030, 0.045};

/* One row or column, in place: the mean over 2 * radius + 1 values; zeros beyond the ends. */
static void blur_line(float *values, size_t n, size_t stride, size_t radius, float *copy)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        copy[i] = values[i * stride];
    for (size_t i = 0; i < radius && i < n; i++)
        sum += copy[i];
    for (size_t i = 0; i < n; i++) {
        if (i + radius < n)
            sum += copy[i + radius];
        if (i > radius)
            sum -= copy[i - radius - 1];
        values[i * stride] = (float)(sum / (double)(2 * radius + 1));
    }
}

/* Gaussian of this deviation (in steps) as repeated box blurs: each adds (w^2 - 1) / 12. */
static void blur(const struct mm_grid *g, float *field, double deviation, float *line)
{
    double width = sqrt(12 * deviation * deviation / BLUR_TIMES + 1);
    size_t radius = (size_t)lrint(fmax((width - 1) / 2, 1));
    for (int t = 0; t < BLUR_TIMES; t++) {
        for (size_t j = 0; j < g->h; j++)
            blur_line(field + j * g->w, g->w, 1, radius, line);
        for (size_t i = 0; i < g->w; i++)
            blur_line(field + i, g->h, g->w, radius, line);
    }
}

static struct mm_grid make_grid(const struct mm_box *box)
{
    double side = fmax(box->x1 - box->x0, box->y1 - box->y0);
    double water = WATER * side;
    struct mm_grid g = {.step = (side + 2 * water) / NODES};
    g.x0 = box->x0 - water;
    g.y0 = box->y0 - water;
    g.w = (size_t)ceil((box->x1 + water - g.x0) / g.step) + 1;
    g.h = (size_t)ceil((box->y1 + water - g.y0) / g.step) + 1;
    return g;
}

/* A song counts for the four nodes around it, so that the density does not jump with the grid. */
static void splat(const struct mm_grid *g, const float *xy, size_t n, float *field)
{
    for (size_t s = 0; s < n; s++) {
        double x = (xy[2 * s] - g->x0) / g->step;
        double y = (xy[2 * s + 1] - g->y0) / g->step;
        size_t i = (size_t)x;
        size_t j = (size_t)y;
        double u = x - (double)i;
        double v = y - (double)j;
        float *at = field + j * g->w + i;
        at[0] += (float)((1 - u) * (1 - v));
        at[1] += (float)(u * (1 - v));
        at[g->w] += (float)((1 - u) * v);
        at[g->w + 1] += (float)(u * v);
    }
}

static double lattice(uint32_t i, uint32_t j, uint32_t octave)
{
    uint32_t h = i * 0x9E3779B1u ^ j * 0x85EBCA77u ^ octave * 0xC2B2AE3Du;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    return (double)(h ^ h >> 15) / 0x1p31 - 1;
}

/* Value noise, -1..1: four octaves, the first with `cells` lattice cells across the grid. */
static double noise(const struct mm_grid *g, size_t i, size_t j, double cells)
{
    double sum = 0;
    double weight = 0.5;
    for (uint32_t octave = 0; octave < 4; octave++, cells *= 2, weight /= 1.8) {
        double x = (double)i / (double)g->w * cells;
        double y = (double)j / (double)g->w * cells;
        uint32_t a = (uint32_t)x;
        uint32_t b = (uint32_t)y;
        double u = x - a;
        double v = y - b;
        u = u * u * (3 - 2 * u);
        v = v * v * (3 - 2 * v);
        sum += weight *
               ((lattice(a, b, octave) * (1 - u) + lattice(a + 1, b, octave) * u) * (1 - v) +
                (lattice(a, b + 1, octave) * (1 - u) + lattice(a + 1, b + 1, octave) * u) * v);
    }
    return sum;
}

/* 0 at the box and beyond, 1 from a third of the empty margin inward. */
static double inside_box(const struct mm_box *box, const struct mm_box *songs, double x, double y)
{
    double depth =
        fmin(fmin((x - box->x0) / (songs->x0 - box->x0), (box->x1 - x) / (box->x1 - songs->x1)),
             fmin((y - box->y0) / (songs->y0 - box->y0), (box->y1 - y) / (box->y1 - songs->y1)));
    double t = fmin(fmax((depth - 0.04) / 0.3, 0), 1);
    return t * t * (3 - 2 * t);
}

static int by_value(const void *one, const void *two)
{
    double a = *(const double *)one;
    double b = *(const double *)two;
    return (a > b) - (a < b);
}

/* How far apart songs typically are: the root of the median cell, held below that of the mean. */
static int typical_spacing(const struct mm_scene *scene, double *out)
{
    const struct mm_voronoi *v = scene->voronoi;
    const struct mm_box *box = &scene->box;
    double mean = (box->x1 - box->x0) * (box->y1 - box->y0) / (double)scene->n_songs;
    double *area = mm_calloc3(v->n, 1, sizeof *area);
    if (!area)
        return MM_ERR_NO_MEMORY;
    for (size_t c = 0; c < v->n; c++) {
        for (uint32_t i = v->start[c]; i < v->start[c + 1]; i++) {
            uint32_t next = i + 1 < v->start[c + 1] ? i + 1 : v->start[c];
            const double *p = v->corners + 2 * (size_t)v->index[i];
            const double *q = v->corners + 2 * (size_t)v->index[next];
            area[c] += (p[0] * q[1] - q[0] * p[1]) / 2;
        }
    }
    qsort(area, v->n, sizeof *area, by_value);
    *out = sqrt(fmin(fmax(area[v->n / 2], mean / 4), mean));
    free(area);
    return 0;
}

/* Land from the density at a deviation of h; returns the share of the songs' box that it covers. */
static double cut_land(const struct mm_scene *scene, struct mm_coast *coast, double h, float *line)
{
    const struct mm_grid *g = &coast->grid;
    const struct mm_box *box = &scene->box;
    double side = fmax(box->x1 - box->x0, box->y1 - box->y0);
    double deviation = h / g->step;
    memset(coast->land, 0, g->w * g->h * sizeof *coast->land);
    splat(g, scene->xy, scene->n_songs, coast->land);
    blur(g, coast->land, deviation, line);
    struct mm_box songs = mm_box_around(scene->xy, scene->n_songs, 0);
    double peak = 1 / (2 * 3.14159265358979 * deviation * deviation);
    double cells = side / (2.5 * h);
    size_t nodes = 0;
    for (size_t j = 0; j < g->h; j++)
        for (size_t i = 0; i < g->w; i++) {
            float *f = coast->land + j * g->w + i;
            double rim =
                inside_box(box, &songs, g->x0 + (double)i * g->step, g->y0 + (double)j * g->step);
            double density = *f / peak * rim;
            if (density < OPEN_SEA) { /* half of a sheet */
                *f = DEEPEST;
                continue;
            }
            double level = LEVEL * exp(ROUGHNESS * noise(g, i, j, cells));
            /* The logarithm is nearly linear across the shore: smoother contours. */
            *f = (float)fmax(log(density / level + 1e-9), DEEPEST);
            nodes += *f >= 0;
        }
    double area = (songs.x1 - songs.x0) * (songs.y1 - songs.y0);
    return area > 0 ? (double)nodes * g->step * g->step / area : 1;
}

/* Where songs lie in crowds far apart, the shore moves out until the land is more than a few dots.
 */
static int make_land(const struct mm_scene *scene, struct mm_coast *coast, float *line)
{
    const struct mm_box *box = &scene->box;
    double side = fmax(box->x1 - box->x0, box->y1 - box->y0);
    double spacing;
    if (typical_spacing(scene, &spacing) < 0)
        return MM_ERR_NO_MEMORY;
    double h = fmin(fmax(0.72 * spacing, 0.012 * side), 0.11 * side);
    while (cut_land(scene, coast, h, line) < LEAST_LAND && h < WIDEST * side)
        h *= 1.15;
    return 0;
}

/* Squared distance along one line: the lower envelope of parabolas. f, out: [n]. */
static void distance_line(const double *f, size_t n, double *out, size_t *vertex, double *border)
{
    size_t k = 0;
    vertex[0] = 0;
    border[0] = -HUGE_VAL;
    border[1] = HUGE_VAL;
    for (size_t q = 1; q < n; q++) {
        double s;
        for (;;) {
            double p = (double)vertex[k];
            s = (f[q] + (double)q * (double)q - f[vertex[k]] - p * p) / (2 * ((double)q - p));
            if (s > border[k] || k == 0)
                break;
            k--;
        }
        if (s > border[k])
            k++;
        vertex[k] = q;
        border[k] = k == 0 ? -HUGE_VAL : s;
        border[k + 1] = HUGE_VAL;
    }
    k = 0;
    for (size_t q = 0; q < n; q++) {
        while (border[k + 1] < (double)q)
            k++;
        double d = (double)q - (double)vertex[k];
        out[q] = d * d + f[vertex[k]];
    }
}

/* distance: [h][w] minus the distance (map units) to the land, so that land is the higher side. */
static int measure_sea(const struct mm_coast *coast, float *distance)
{
    const struct mm_grid *g = &coast->grid;
    size_t longest = (g->w > g->h ? g->w : g->h) + 1;
    double *f = mm_calloc3(longest, 3, sizeof *f);
    size_t *vertex = mm_calloc3(longest, 1, sizeof *vertex);
    if (!f || !vertex) {
        free(f);
        free(vertex);
        return MM_ERR_NO_MEMORY;
    }
    double *out = f + longest;
    double *border = out + longest;
    for (size_t i = 0; i < g->w; i++) {
        for (size_t j = 0; j < g->h; j++)
            f[j] = coast->land[j * g->w + i] >= 0 ? 0 : 1e12;
        distance_line(f, g->h, out, vertex, border);
        for (size_t j = 0; j < g->h; j++)
            distance[j * g->w + i] = (float)out[j];
    }
    for (size_t j = 0; j < g->h; j++) {
        for (size_t i = 0; i < g->w; i++)
            f[i] = distance[j * g->w + i];
        distance_line(f, g->w, out, vertex, border);
        for (size_t i = 0; i < g->w; i++)
            distance[j * g->w + i] = (float)(-sqrt(out[i]) * g->step);
    }
    free(f);
    free(vertex);
    return 0;
}

/* Keeps points at least this far apart: they will be drawn as smooth curves. */
static void thin_out(struct mm_contours *lines, double least)
{
    size_t kept = 0;
    size_t first = 0;
    for (size_t r = 0; r < lines->n_rings; r++) {
        size_t begin = kept;
        for (size_t i = first; i < lines->end[r]; i++) {
            const double *at = lines->xy + 2 * i;
            const double *last = lines->xy + 2 * (kept > begin ? kept - 1 : 0);
            /* The smallest rings stay as they are. */
            if (kept > begin && lines->end[r] - first > 12 &&
                hypot(at[0] - last[0], at[1] - last[1]) < least)
                continue;
            memmove(lines->xy + 2 * kept++, at, 2 * sizeof *at);
        }
        first = lines->end[r];
        lines->end[r] = kept;
    }
    lines->n_points = kept;
}

static int make_lines(struct mm_coast *coast, double side, float *line, struct mm_error *err)
{
    const struct mm_grid *g = &coast->grid;
    int result = mm_contour(g, coast->land, 0, &coast->shore, err);
    if (result < 0)
        return result;
    thin_out(&coast->shore, 2 * g->step);
    float *distance = mm_calloc3(g->w, g->h, sizeof *distance);
    if (!distance || measure_sea(coast, distance) < 0) {
        free(distance);
        return mm_no_memory(err);
    }
    blur(g, distance, 2, line); /* the mask has steps */
    for (int r = 0; r < MM_COAST_RIPPLES && result == 0; r++) {
        result = mm_contour(g, distance, -ripple_distance[r] * side, &coast->ripples[r], err);
        thin_out(&coast->ripples[r], 4 * g->step);
    }
    free(distance);
    return result;
}

int mm_coast_create(const struct mm_scene *scene, struct mm_coast **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_coast *coast = calloc(1, sizeof *coast);
    if (!coast)
        return mm_no_memory(err);
    coast->grid = make_grid(&scene->box);
    const struct mm_grid *g = &coast->grid;
    coast->land = mm_calloc3(g->w, g->h, sizeof *coast->land);
    float *line = mm_calloc3(g->w > g->h ? g->w : g->h, 1, sizeof *line);
    int result;
    if (!coast->land || !line || make_land(scene, coast, line) < 0)
        result = mm_no_memory(err);
    else
        result = make_lines(
            coast, fmax(scene->box.x1 - scene->box.x0, scene->box.y1 - scene->box.y0), line, err);
    free(line);
    if (result < 0)
        mm_coast_destroy(coast);
    else
        *out = coast;
    return result;
}

void mm_coast_destroy(struct mm_coast *coast)
{
    if (!coast)
        return;
    mm_contours_finish(&coast->shore);
    for (int r = 0; r < MM_COAST_RIPPLES; r++)
        mm_contours_finish(&coast->ripples[r]);
    free(coast->land);
    free(coast);
}
