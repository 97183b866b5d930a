/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guide.c - the shape of a set as targets over time: vectors to sound like, countries to be in, or
 * places on the map.
 */
#include <math.h>

#include "base/array.h"
#include "set/problem.h"

#define REACH 0.15 /* of the map's larger side (2): a drawn line is followed this closely */

/* out = from + share * (to - from), of length 1. */
static void blend(const float *from, const float *to, double share, size_t dim, float *out)
{
    double sum = 0;
    for (size_t d = 0; d < dim; d++) {
        out[d] = (float)((1 - share) * (double)from[d] + share * (double)to[d]);
        sum += (double)out[d] * (double)out[d];
    }
    float scale = sum > 1e-12 ? (float)(1 / sqrt(sum)) : 0;
    for (size_t d = 0; d < dim; d++)
        out[d] *= scale;
}

/* Waypoints in the space of sounds; the time goes by the angle between them. */
static int plan_path(struct mm_guide *g, const uint32_t *points, size_t n, struct mm_error *err)
{
    const struct mm_set_library *l = g->library;
    double *reached = mm_calloc3(n, 1, sizeof *reached);
    g->targets = mm_calloc3(g->n_points, l->dim, sizeof *g->targets);
    if (!reached || !g->targets) {
        free(reached);
        return mm_no_memory(err);
    }
    for (size_t i = 1; i < n; i++) {
        double cosine =
            (double)mm_dot(mm_set_row(l, points[i - 1]), mm_set_row(l, points[i]), l->dim);
        reached[i] = reached[i - 1] + acos(fmax(fmin(cosine, 1), -1)) + 1e-3;
    }
    size_t leg = 0;
    for (size_t k = 0; k < g->n_points; k++) {
        double at = ((double)k + 0.5) / (double)g->n_points * reached[n - 1];
        while (leg + 2 < n && reached[leg + 1] < at)
            leg++;
        size_t to = n > 1 ? leg + 1 : leg;
        double span = reached[to] - reached[leg];
        double share = span > 0 ? fmin((at - reached[leg]) / span, 1) : 0;
        blend(mm_set_row(l, points[leg]), mm_set_row(l, points[to]), share, l->dim,
              g->targets + k * l->dim);
    }
    free(reached);
    return 0;
}

/* Song by song the playlist's own vectors. */
static int plan_like(struct mm_guide *g, struct mm_error *err)
{
    const struct mm_set_library *l = g->library;
    const struct mm_set_request *r = g->request;
    g->targets = mm_calloc3(g->n_points, l->dim, sizeof *g->targets);
    if (!g->targets)
        return mm_no_memory(err);
    for (size_t k = 0; k < g->n_points; k++)
        memcpy(g->targets + k * l->dim,
               mm_set_row(l, r->waypoints[k * r->n_waypoints / g->n_points]),
               l->dim * sizeof(float));
    return 0;
}

/* ---- a tour ---- */

static int country_centres(const struct mm_set_library *l, double *xy, size_t *sizes)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct mm_set_song *s = &l->songs[i];
        if (s->country == MM_SET_NONE || !isfinite(s->x) || !isfinite(s->y))
            continue;
        xy[2 * (size_t)s->country] += (double)s->x;
        xy[2 * (size_t)s->country + 1] += (double)s->y;
        sizes[s->country]++;
    }
    int found = 0;
    for (size_t c = 0; c < l->n_countries; c++)
        if (sizes[c]) {
            xy[2 * c] /= (double)sizes[c];
            xy[2 * c + 1] /= (double)sizes[c];
            found++;
        }
    return found;
}

static double leg_length(const double *xy, uint32_t a, uint32_t b)
{
    return hypot(xy[2 * (size_t)a] - xy[2 * (size_t)b],
                 xy[2 * (size_t)a + 1] - xy[2 * (size_t)b + 1]);
}

/* Nearest neighbour, then 2-opt until nothing gets shorter. The tour is open. */
static void order_countries(const double *xy, uint32_t *tour, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (leg_length(xy, tour[i - 1], tour[k]) < leg_length(xy, tour[i - 1], tour[i])) {
                uint32_t swap = tour[i];
                tour[i] = tour[k];
                tour[k] = swap;
            }
    for (bool better = true; better;) {
        better = false;
        for (size_t i = 0; i + 1 < n; i++)
            for (size_t k = i + 1; k < n; k++) {
                double before = (i ? leg_length(xy, tour[i - 1], tour[i]) : 0) +
                                (k + 1 < n ? leg_length(xy, tour[k], tour[k + 1]) : 0);
                double after = (i ? leg_length(xy, tour[i - 1], tour[k]) : 0) +
                               (k + 1 < n ? leg_length(xy, tour[i], tour[k + 1]) : 0);
                if (after >= before - 1e-12)
                    continue;
                for (size_t a = i, b = k; a < b; a++, b--) {
                    uint32_t swap = tour[a];
                    tour[a] = tour[b];
                    tour[b] = swap;
                }
                better = true;
            }
    }
}

/* As many of the largest countries as there are songs of four minutes, in the order of a short
 * trip. */
static int plan_tour(struct mm_guide *g, double target_s, struct mm_error *err)
{
    const struct mm_set_library *l = g->library;
    double *xy = mm_calloc3(l->n_countries, 2, sizeof *xy);
    size_t *sizes = mm_calloc3(l->n_countries, 1, sizeof *sizes);
    uint32_t *tour = mm_calloc3(l->n_countries, 1, sizeof *tour);
    g->countries = mm_calloc3(g->n_points, 1, sizeof *g->countries);
    int result = xy && sizes && tour && g->countries ? 0 : mm_no_memory(err);
    size_t n = 0;
    if (result == 0 && country_centres(l, xy, sizes) == 0)
        result = mm_error_set(err, MM_ERR_NOT_FOUND,
                              "a tour needs a map with countries: run \"musicmap map\" first");
    /* Countries come in order of falling size. */
    size_t most = (size_t)fmax(target_s / 240, 1);
    most = most < g->n_points ? most : g->n_points;
    for (size_t c = 0; result == 0 && c < l->n_countries && n < most; c++)
        if (sizes[c])
            tour[n++] = (uint32_t)c;
    if (result == 0) {
        order_countries(xy, tour, n);
        for (size_t k = 0; k < g->n_points; k++)
            g->countries[k] = tour[k * n / g->n_points];
    }
    free(xy);
    free(sizes);
    free(tour);
    return result;
}

/* ---- a line on the map ---- */

static int plan_line(struct mm_guide *g, struct mm_error *err)
{
    const double *line = g->request->line;
    size_t n = g->request->n_line;
    double total = 0;
    size_t mapped = 0;
    while (mapped < g->library->n && !isfinite(g->library->songs[mapped].x))
        mapped++;
    if (mapped == g->library->n)
        return mm_error_set(err, MM_ERR_NOT_FOUND,
                            "a line needs a map to be drawn on: run \"musicmap map\" first");
    for (size_t i = 1; i < n; i++)
        total += hypot(line[2 * i] - line[2 * i - 2], line[2 * i + 1] - line[2 * i - 1]);
    g->places = mm_calloc3(g->n_points, 2, sizeof *g->places);
    if (!g->places)
        return mm_no_memory(err);
    g->reach = REACH;
    for (size_t k = 0; k < g->n_points; k++) {
        double left = ((double)k + 0.5) / (double)g->n_points * total;
        size_t leg = 0;
        double length = 0;
        for (; leg + 1 < n; leg++) {
            length =
                hypot(line[2 * leg + 2] - line[2 * leg], line[2 * leg + 3] - line[2 * leg + 1]);
            if (left <= length || leg + 2 >= n)
                break;
            left -= length;
        }
        double share = length > 0 ? fmin(left / length, 1) : 0;
        size_t to = leg + 1 < n ? leg + 1 : leg;
        for (size_t d = 0; d < 2; d++)
            g->places[2 * k + d] =
                line[2 * leg + d] + share * (line[2 * to + d] - line[2 * leg + d]);
    }
    return 0;
}

/* ---- the whole ---- */

int mm_guide_init(struct mm_guide *g, const struct mm_set_library *library,
                  const struct mm_set_request *request, double target_s, size_t n_points,
                  struct mm_error *err)
{
    *g = (struct mm_guide){.library = library, .request = request, .n_points = n_points};
    switch (request->shape) {
    case MM_SHAPE_FREE:
        return 0;
    case MM_SHAPE_PATH:
    case MM_SHAPE_FILL:
        /* One end alone is a beginning, not a direction. */
        return request->n_waypoints > 1
                   ? plan_path(g, request->waypoints, request->n_waypoints, err)
                   : 0;
    case MM_SHAPE_AROUND:
        if (request->n_waypoints)
            return plan_path(g, request->waypoints, 1, err);
        g->countries = mm_calloc3(n_points, 1, sizeof *g->countries);
        if (!g->countries)
            return mm_no_memory(err);
        for (size_t k = 0; k < n_points; k++)
            g->countries[k] = request->country;
        return 0;
    case MM_SHAPE_TOUR:
        return plan_tour(g, target_s, err);
    case MM_SHAPE_DRAWN:
        return plan_line(g, err);
    case MM_SHAPE_LIKE:
        return plan_like(g, err);
    }
    return mm_error_set(err, MM_ERR_USAGE, "there is no such shape of a set");
}

void mm_guide_finish(struct mm_guide *g)
{
    free(g->targets);
    free(g->countries);
    free(g->places);
}

double mm_guide_cost(const struct mm_guide *g, size_t point, size_t song)
{
    const struct mm_set_library *l = g->library;
    if (g->targets) {
        double cosine = (double)mm_dot(g->targets + point * l->dim, mm_set_row(l, song), l->dim);
        return fmax(1 - cosine, 0);
    }
    if (g->countries)
        return l->songs[song].country == g->countries[point] ? 0 : 1;
    if (g->places) {
        const struct mm_set_song *s = &l->songs[song];
        if (!isfinite(s->x) || !isfinite(s->y))
            return 2;
        double away =
            hypot((double)s->x - g->places[2 * point], (double)s->y - g->places[2 * point + 1]);
        return fmin(away * away / (g->reach * g->reach), 4);
    }
    return (double)NAN;
}
