/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Height is the logarithm of the density (one over the cell's area), smoothed over neighbours.
 * A cell's slope is the least-squares plane through its neighbours' heights; light falls from the
 * upper left, as on printed maps. The scale is the map's own: nine tenths of all slopes fit.
 */
#include "view/relief.h"

#include <math.h>
#include <stdlib.h>

#include "base/array.h"

#define SMOOTHINGS 3

struct plane {
    double xx, xy, yy, xh, yh;
};

static void measure_heights(const struct mm_scene *scene, double *height)
{
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t c = 0; c < v->n; c++) {
        double area = 0;
        for (uint32_t i = v->start[c]; i < v->start[c + 1]; i++) {
            uint32_t next = i + 1 < v->start[c + 1] ? i + 1 : v->start[c];
            const double *p = v->corners + 2 * (size_t)v->index[i];
            const double *q = v->corners + 2 * (size_t)v->index[next];
            area += (p[0] * q[1] - q[0] * p[1]) / 2;
        }
        height[c] = -log(fmax(area, 1e-12));
    }
}

/* The mean of a cell and its neighbours, the cell counting as one of them. */
static void smooth(const struct mm_scene *scene, double *height, double *sum, double *count)
{
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t c = 0; c < v->n; c++) {
        sum[c] = height[c];
        count[c] = 1;
    }
    for (size_t e = 0; e < v->n_edges; e++) {
        uint32_t a = v->edges[e].left;
        uint32_t b = v->edges[e].right;
        if (b == UINT32_MAX)
            continue;
        sum[a] += height[b];
        sum[b] += height[a];
        count[a]++;
        count[b]++;
    }
    for (size_t c = 0; c < v->n; c++)
        height[c] = sum[c] / count[c];
}

static void fit_planes(const struct mm_scene *scene, const double *height, struct plane *planes)
{
    const struct mm_voronoi *v = scene->voronoi;
    for (size_t e = 0; e < v->n_edges; e++) {
        uint32_t a = v->edges[e].left;
        uint32_t b = v->edges[e].right;
        if (b == UINT32_MAX)
            continue;
        double dx = scene->xy[2 * (size_t)b] - scene->xy[2 * (size_t)a];
        double dy = scene->xy[2 * (size_t)b + 1] - scene->xy[2 * (size_t)a + 1];
        double dh = height[b] - height[a];
        for (int end = 0; end < 2; end++) { /* the same numbers seen from b: all signs cancel */
            struct plane *p = planes + (end ? b : a);
            p->xx += dx * dx;
            p->xy += dx * dy;
            p->yy += dy * dy;
            p->xh += dx * dh;
            p->yh += dy * dh;
        }
    }
}

static int by_value(const void *one, const void *two)
{
    double a = *(const double *)one;
    double b = *(const double *)two;
    return (a > b) - (a < b);
}

/* Grain of a cell, -1..1, so that flat country is not blank. */
static double grain(size_t cell)
{
    uint32_t h = (uint32_t)cell * 0x9E3779B1u;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    return (double)(h ^ h >> 13) / 0x1p31 - 1;
}

int mm_relief(const struct mm_scene *scene, signed char *step, struct mm_error *err)
{
    size_t n = scene->n_songs;
    double *height = mm_calloc3(n, 3, sizeof *height);
    struct plane *planes = mm_calloc3(n, 1, sizeof *planes);
    if (!height || !planes) {
        free(height);
        free(planes);
        return mm_no_memory(err);
    }
    double *light = height + n;
    double *sorted = light + n;
    measure_heights(scene, height);
    for (int i = 0; i < SMOOTHINGS; i++)
        smooth(scene, height, light, sorted);
    fit_planes(scene, height, planes);
    for (size_t c = 0; c < n; c++) {
        const struct plane *p = planes + c;
        double d = p->xx * p->yy - p->xy * p->xy;
        double size = p->xx + p->yy;
        if (d > 1e-6 * size * size) {
            double gx = (p->yy * p->xh - p->xy * p->yh) / d;
            double gy = (p->xx * p->yh - p->xy * p->xh) / d;
            light[c] = 0.6 * gx - 0.8 * gy; /* the slope that rises away from the light is lit */
        } else {
            light[c] = 0;
        }
        sorted[c] = fabs(light[c]);
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    double scale = sorted[n * 9 / 10];
    for (size_t c = 0; c < n; c++) {
        double s = (scale > 0 ? 0.8 * light[c] / scale : 0) + 0.3 * grain(c);
        step[c] = (signed char)lrint(fmin(fmax(s, -1), 1) * MM_RELIEF_STEPS);
    }
    free(height);
    free(planes);
    return 0;
}
