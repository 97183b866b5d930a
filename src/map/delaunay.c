/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delaunay.c - an exact Delaunay triangulation whatever the places look like.
 *
 * qhull does the n log n work in floating point. Its result is checked in integers (a triangulation
 * of all places, convex outside); where it is none, because places are too close together for
 * double precision or qhull gave up, a plain sweep makes one. Flipping edges (Lawson 1977) until
 * no circle holds a fourth place then makes either exactly Delaunay.
 */
#include "map/delaunay.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "map/hull.h"

int64_t mm_place_turn(struct mm_place a, struct mm_place b, struct mm_place c)
{
    return ((int64_t)b.x - a.x) * ((int64_t)c.y - a.y) -
           ((int64_t)b.y - a.y) * ((int64_t)c.x - a.x);
}

/* The determinant in double; *bound is larger than its rounding error. */
static double in_circle_estimate(const double x[3], const double y[3], double *bound)
{
    double sum = 0;
    double size = 0;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        int k = (i + 2) % 3;
        double lift = x[i] * x[i] + y[i] * y[i];
        sum += lift * (x[j] * y[k] - x[k] * y[j]);
        size += lift * (fabs(x[j] * y[k]) + fabs(x[k] * y[j]));
    }
    *bound = size * 0x1p-48;
    return sum;
}

int mm_place_in_circle(struct mm_place a, struct mm_place b, struct mm_place c, struct mm_place d)
{
    const int64_t x[3] = {(int64_t)a.x - d.x, (int64_t)b.x - d.x, (int64_t)c.x - d.x};
    const int64_t y[3] = {(int64_t)a.y - d.y, (int64_t)b.y - d.y, (int64_t)c.y - d.y};
    const double fx[3] = {(double)x[0], (double)x[1], (double)x[2]};
    const double fy[3] = {(double)y[0], (double)y[1], (double)y[2]};
    double bound;
    double estimate = in_circle_estimate(fx, fy, &bound);
    if (fabs(estimate) > bound)
        return estimate > 0 ? 1 : -1;
    __int128 sum = 0; /* |x|, |y| <= 2^30, so each term < 2^122 */
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        int k = (i + 2) % 3;
        sum += (__int128)(x[i] * x[i] + y[i] * y[i]) * (x[j] * y[k] - x[k] * y[j]);
    }
    return (sum > 0) - (sum < 0);
}

void mm_delaunay_finish(struct mm_delaunay *d)
{
    free(d->origin);
    free(d->twin);
    free(d->leaves);
    *d = (struct mm_delaunay){0};
}

static uint32_t target(const struct mm_delaunay *d, uint32_t h)
{
    return d->origin[mm_half_next(h)];
}

static void join(struct mm_delaunay *d, uint32_t a, uint32_t b)
{
    d->twin[a] = b;
    if (b != MM_NO_EDGE)
        d->twin[b] = a;
}

/* ---- qhull's triangles: which edges meet, and is it a triangulation at all ---- */

/* Finds the twins of all half-edges. first: [n + 1] scratch, list: [n_half] scratch. */
static void find_twins(struct mm_delaunay *d, uint32_t *first, uint32_t *list)
{
    memset(first, 0, (d->n + 1) * sizeof *first);
    for (size_t h = 0; h < d->n_half; h++)
        first[d->origin[h]]++;
    uint32_t sum = 0;
    for (size_t i = 0; i <= d->n; i++) {
        sum += i < d->n ? first[i] : 0;
        first[i] = sum; /* the end of list i; the loop below moves it to the beginning */
    }
    for (size_t h = d->n_half; h-- > 0;)
        list[--first[d->origin[h]]] = (uint32_t)h;
    memset(d->twin, 0xFF, d->n_half * sizeof *d->twin);
    for (size_t h = 0; h < d->n_half; h++) {
        uint32_t a = d->origin[h];
        uint32_t b = target(d, (uint32_t)h);
        if (first[b + 1] - first[b] > first[a + 1] - first[a])
            continue; /* found from the other end, where the list is shorter */
        for (uint32_t k = first[b]; k < first[b + 1]; k++)
            if (target(d, list[k]) == a)
                join(d, (uint32_t)h, list[k]);
    }
}

/* leaves[] for all places; false when a place is in no triangle or twice on the hull. */
static bool find_leaves(struct mm_delaunay *d, size_t *n_hull)
{
    memset(d->leaves, 0xFF, d->n * sizeof *d->leaves);
    *n_hull = 0;
    for (size_t h = 0; h < d->n_half; h++) {
        if (d->twin[h] == MM_NO_EDGE) {
            if (d->leaves[d->origin[h]] != MM_NO_EDGE)
                return false;
            d->leaves[d->origin[h]] = (uint32_t)h;
            ++*n_hull;
        } else if (d->twin[d->twin[h]] != h) {
            return false; /* three triangles at one edge */
        }
    }
    for (size_t h = 0; h < d->n_half; h++)
        if (d->leaves[d->origin[h]] == MM_NO_EDGE)
            d->leaves[d->origin[h]] = (uint32_t)h;
    for (size_t i = 0; i < d->n; i++)
        if (d->leaves[i] == MM_NO_EDGE)
            return false;
    return true;
}

/*
 * All triangles turn left and meet edge to edge. If besides the hull is one convex ring that goes
 * round once, and there are as many triangles as Euler's formula asks for, then the angles around
 * every inner place add up to a single turn: nothing overlaps, nothing is left out.
 */
static bool is_triangulation(const struct mm_delaunay *d, const struct mm_place *places,
                             size_t n_hull)
{
    if (n_hull < 3 || d->n_half / 3 + 2 + n_hull != 2 * d->n)
        return false;
    uint32_t start = 0; /* the first place in (x, y) order must be on the hull */
    uint32_t before = start;
    uint32_t at = start;
    size_t lows = 0;
    for (size_t step = 0; step <= n_hull; step++) {
        uint32_t h = d->leaves[at];
        if (d->twin[h] != MM_NO_EDGE)
            return false;
        uint32_t after = target(d, h);
        if (step > 0) {
            if (mm_place_turn(places[before], places[at], places[after]) < 0)
                return false;
            lows += before > at && after > at; /* numbers are in (x, y) order */
        }
        if (at == start && step > 0 && step < n_hull)
            return false;
        before = at;
        at = after;
    }
    return before == start && lows == 1;
}

static int from_hull(struct mm_delaunay *d, const struct mm_place *places, bool *good,
                     struct mm_error *err)
{
    uint32_t *triangles = NULL;
    uint32_t *first = NULL;
    uint32_t *list = NULL;
    size_t n_triangles;
    *good = false;
    int result = mm_hull_triangulate(places, d->n, &triangles, &n_triangles, err);
    if (result < 0 || n_triangles == 0 || n_triangles > 2 * d->n)
        goto out;
    d->n_half = 3 * n_triangles;
    memcpy(d->origin, triangles, d->n_half * sizeof *triangles);
    first = mm_calloc3(d->n + 1, 1, sizeof *first);
    list = mm_calloc3(d->n_half, 1, sizeof *list);
    if (!first || !list) {
        result = mm_no_memory(err);
        goto out;
    }
    find_twins(d, first, list);
    size_t n_hull;
    *good = find_leaves(d, &n_hull) && is_triangulation(d, places, n_hull);

out:
    free(list);
    free(first);
    free(triangles);
    return result;
}

/* ---- a triangulation by sweeping over the places from left to right ---- */

struct sweep {
    struct mm_delaunay *d;
    const struct mm_place *places;
    uint32_t *after;  /* [n] next place on the hull, counter-clockwise */
    uint32_t *before; /* [n] */
    uint32_t *edge;   /* [n] half-edge from the place to the next one on the hull */
};

/* A triangle a, b, c whose edge a-b lies against the half-edge `beyond`. Its first half-edge. */
static uint32_t add_triangle(struct mm_delaunay *d, uint32_t a, uint32_t b, uint32_t c,
                             uint32_t beyond)
{
    uint32_t h = (uint32_t)d->n_half;
    d->n_half += 3;
    d->origin[h] = a;
    d->origin[h + 1] = b;
    d->origin[h + 2] = c;
    join(d, h, beyond);
    d->twin[h + 1] = MM_NO_EDGE;
    d->twin[h + 2] = MM_NO_EDGE;
    return h;
}

/* Joins place p, which lies outside, to every hull edge that it sees. p - 1 is on the hull. */
static void sweep_place(struct sweep *s, uint32_t p)
{
    const struct mm_place *at = s->places;
    uint32_t low = p - 1;       /* walks clockwise */
    uint32_t high = p - 1;      /* walks counter-clockwise */
    uint32_t open = MM_NO_EDGE; /* the newest half-edge p -> high */
    while (mm_place_turn(at[high], at[s->after[high]], at[p]) < 0) {
        uint32_t next = s->after[high];
        uint32_t h = add_triangle(s->d, next, high, p, s->edge[high]);
        join(s->d, h + 1, open);
        if (open == MM_NO_EDGE)
            s->edge[low] = h + 1;
        open = h + 2;
        high = next;
    }
    while (mm_place_turn(at[s->before[low]], at[low], at[p]) < 0) {
        uint32_t next = s->before[low];
        uint32_t h = add_triangle(s->d, low, next, p, s->edge[next]);
        if (open == MM_NO_EDGE)
            open = h + 2; /* nothing was seen counter-clockwise of p - 1 */
        else
            join(s->d, h + 2, s->edge[low]);
        s->edge[next] = h + 1;
        low = next;
    }
    s->edge[p] = open;
    s->after[low] = p;
    s->before[p] = low;
    s->after[p] = high;
    s->before[high] = p;
}

/* The places before `apex` lie on one line, apex does not: a fan. */
static void sweep_begin(struct sweep *s, uint32_t apex)
{
    bool left = mm_place_turn(s->places[0], s->places[1], s->places[apex]) > 0;
    uint32_t last = MM_NO_EDGE; /* half-edge of the fan's open side */
    for (uint32_t i = 0; i + 1 < apex; i++) {
        uint32_t a = left ? i : i + 1;
        uint32_t b = left ? i + 1 : i;
        uint32_t h = add_triangle(s->d, a, b, apex, MM_NO_EDGE);
        s->after[a] = b;
        s->before[b] = a;
        s->edge[a] = h;
        uint32_t inner = left ? h + 2 : h + 1; /* between apex and place i */
        uint32_t outer = left ? h + 1 : h + 2;
        if (last != MM_NO_EDGE)
            join(s->d, inner, last);
        else if (left)
            s->edge[apex] = inner;
        else
            s->edge[0] = inner;
        last = outer;
    }
    uint32_t end = apex - 1;
    s->edge[left ? end : apex] = last;
    s->after[apex] = left ? 0 : end;
    s->before[left ? 0 : end] = apex;
    s->after[left ? end : 0] = apex;
    s->before[apex] = left ? end : 0;
}

static int by_sweep(struct mm_delaunay *d, const struct mm_place *places, struct mm_error *err)
{
    d->n_half = 0;
    uint32_t apex = 2;
    while (apex < d->n && mm_place_turn(places[0], places[1], places[apex]) == 0)
        apex++;
    if (apex >= d->n)
        return 0;
    uint32_t *scratch = mm_calloc3(d->n, 3, sizeof *scratch);
    if (!scratch)
        return mm_no_memory(err);
    struct sweep s = {d, places, scratch, scratch + d->n, scratch + 2 * d->n};
    sweep_begin(&s, apex);
    for (uint32_t p = apex + 1; p < d->n; p++)
        sweep_place(&s, p);
    free(scratch);
    return 0;
}

/* ---- flips ---- */

/* Replaces the edge h of two triangles by the other diagonal of their quadrangle. */
static void flip(struct mm_delaunay *d, uint32_t h)
{
    uint32_t g = d->twin[h];
    uint32_t h_prev = mm_half_prev(h);
    uint32_t g_prev = mm_half_prev(g);
    d->origin[h] = d->origin[g_prev];
    d->origin[g] = d->origin[h_prev];
    join(d, h, d->twin[g_prev]);
    join(d, g, d->twin[h_prev]);
    join(d, h_prev, g_prev);
}

static bool must_flip(const struct mm_delaunay *d, const struct mm_place *places, uint32_t h)
{
    uint32_t g = d->twin[h];
    return g != MM_NO_EDGE && mm_place_in_circle(places[d->origin[h]], places[target(d, h)],
                                                 places[d->origin[mm_half_prev(h)]],
                                                 places[d->origin[mm_half_prev(g)]]) > 0;
}

/* A flip never makes an edge that was there before, so this ends. */
static int flip_all(struct mm_delaunay *d, const struct mm_place *places, struct mm_error *err)
{
    uint32_t *stack = NULL;
    size_t capacity = 0;
    size_t n = 0;
    int result = 0;
    for (size_t start = 0; start < d->n_half; start++) {
        uint32_t h = (uint32_t)start;
        for (;;) {
            if (must_flip(d, places, h)) {
                uint32_t g = d->twin[h];
                flip(d, h);
                if (mm_array_reserve(&stack, &capacity, n + 3) < 0) {
                    result = mm_no_memory(err);
                    goto out;
                }
                stack[n++] = g;
                stack[n++] = mm_half_next(h);
                stack[n++] = mm_half_next(g);
                continue; /* these three and h are now the sides of the quadrangle */
            }
            if (n == 0)
                break;
            h = stack[--n];
        }
    }

out:
    free(stack);
    return result;
}

int mm_delaunay_build(const struct mm_place *places, size_t n, struct mm_delaunay *out,
                      struct mm_error *err)
{
    *out = (struct mm_delaunay){.n = n};
    struct mm_delaunay *d = out;
    int result = 0;
    if (n > MM_MAX_PLACES)
        return mm_error_set(err, MM_ERR_LIMIT, "too many songs for one map");
    d->origin = mm_calloc3(n, 6, sizeof *d->origin); /* at most 2n - 5 triangles */
    d->twin = mm_calloc3(n, 6, sizeof *d->twin);
    d->leaves = mm_calloc3(n, 1, sizeof *d->leaves);
    if (!d->origin || !d->twin || !d->leaves) {
        result = mm_no_memory(err);
        goto out;
    }
    bool good = false;
    if (n > 3)
        result = from_hull(d, places, &good, err);
    if (result == 0 && !good)
        result = by_sweep(d, places, err);
    if (result == 0)
        result = flip_all(d, places, err);
    size_t n_hull;
    if (result == 0 && d->n_half > 0 &&
        (!find_leaves(d, &n_hull) || !is_triangulation(d, places, n_hull)))
        result = mm_error_set(err, MM_ERR_BUG, "the triangulation of the map is broken");

out:
    if (result < 0)
        mm_delaunay_finish(d);
    return result;
}
