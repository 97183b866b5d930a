/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delaunay.c - an exact Delaunay triangulation whatever the places look like.
 *
 * Divide and conquer (Guibas & Stolfi, "Primitives for the manipulation of general subdivisions",
 * 1985): halves of the places, which come in order, are triangulated and sewn together from below.
 * Every decision is made in integers, so nothing can go wrong by rounding.
 */
#include "map/delaunay.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

/* Positive when a, b, c turn left, 0 when they lie on one line; exact. */
static int64_t turn_of(struct mm_place a, struct mm_place b, struct mm_place c)
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

/* ---- edges while they are sewn ---- */

/* Directed edges; e ^ 1 runs the other way. The edges that leave a place are a ring. */
struct mesh {
    const struct mm_place *places;
    uint32_t *origin; /* [6 n] MM_NO_EDGE: taken out */
    uint32_t *left;   /* [6 n] next edge of the origin's ring, counter-clockwise */
    uint32_t *right;  /* [6 n] and clockwise */
    uint32_t n;       /* edges ever made, both directions */
    uint32_t unused;  /* an edge that was taken out; left[] leads to the next one */
};

static uint32_t end_of(const struct mesh *m, uint32_t e)
{
    return m->origin[e ^ 1];
}

/* The next edge around the face on e's left. */
static uint32_t along(const struct mesh *m, uint32_t e)
{
    return m->right[e ^ 1];
}

static uint32_t make_edge(struct mesh *m, uint32_t from, uint32_t to)
{
    uint32_t e = m->unused;
    if (e != MM_NO_EDGE) {
        m->unused = m->left[e];
    } else {
        e = m->n; /* at most 3 n - 6 edges are there at a time */
        m->n += 2;
    }
    m->origin[e] = from;
    m->origin[e ^ 1] = to;
    m->left[e] = m->right[e] = e;
    m->left[e ^ 1] = m->right[e ^ 1] = e ^ 1;
    return e;
}

/* Puts an edge of its own into a ring, counter-clockwise of `after`. */
static void insert(struct mesh *m, uint32_t e, uint32_t after)
{
    uint32_t next = m->left[after];
    m->left[e] = next;
    m->right[e] = after;
    m->right[next] = e;
    m->left[after] = e;
}

static void take_from_ring(struct mesh *m, uint32_t e)
{
    m->left[m->right[e]] = m->left[e];
    m->right[m->left[e]] = m->right[e];
}

static void take_out(struct mesh *m, uint32_t e)
{
    take_from_ring(m, e);
    take_from_ring(m, e ^ 1);
    m->origin[e] = m->origin[e ^ 1] = MM_NO_EDGE;
    m->left[e] = m->unused;
    m->unused = e;
}

/* A new edge from the end of a to the origin of b, the three around one face on their left. */
static uint32_t bridge(struct mesh *m, uint32_t a, uint32_t b)
{
    uint32_t e = make_edge(m, end_of(m, a), m->origin[b]);
    insert(m, e, along(m, a));
    insert(m, e ^ 1, b);
    return e;
}

static int64_t turn(const struct mesh *m, uint32_t a, uint32_t b, uint32_t c)
{
    return turn_of(m->places[a], m->places[b], m->places[c]);
}

static bool is_left_of(const struct mesh *m, uint32_t place, uint32_t e)
{
    return turn(m, place, m->origin[e], end_of(m, e)) > 0;
}

static bool is_right_of(const struct mesh *m, uint32_t place, uint32_t e)
{
    return turn(m, place, end_of(m, e), m->origin[e]) > 0;
}

static bool in_circle(const struct mesh *m, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return mm_place_in_circle(m->places[a], m->places[b], m->places[c], m->places[d]) > 0;
}

/* ---- sewing ---- */

/* Edges of the hull: counter-clockwise out of the leftmost place, clockwise out of the rightmost.
 */
struct seam {
    uint32_t first, last;
};

static struct seam few_places(struct mesh *m, uint32_t low, uint32_t count)
{
    uint32_t a = make_edge(m, low, low + 1);
    if (count == 2)
        return (struct seam){a, a ^ 1};
    uint32_t b = make_edge(m, low + 1, low + 2);
    insert(m, b, a ^ 1);
    int64_t side = turn(m, low, low + 1, low + 2);
    if (side == 0)
        return (struct seam){a, b ^ 1};
    uint32_t c = bridge(m, b, a);
    return side > 0 ? (struct seam){a, b ^ 1} : (struct seam){c ^ 1, c};
}

/* The edge beside the seam's head on one side that its circle test leaves; others are taken out. */
static uint32_t candidate(struct mesh *m, uint32_t base, bool on_left)
{
    const uint32_t *ring = on_left ? m->left : m->right;
    uint32_t e = on_left ? ring[base ^ 1] : ring[base];
    if (!is_right_of(m, end_of(m, e), base))
        return MM_NO_EDGE;
    while (in_circle(m, end_of(m, base), m->origin[base], end_of(m, e), end_of(m, ring[e]))) {
        uint32_t next = ring[e];
        take_out(m, e);
        e = next;
    }
    return e;
}

/* From the lower common tangent upward, triangle by triangle. */
static void sew(struct mesh *m, uint32_t base)
{
    for (;;) {
        uint32_t l = candidate(m, base, true);
        uint32_t r = candidate(m, base, false);
        if (l == MM_NO_EDGE && r == MM_NO_EDGE)
            return;
        bool right = l == MM_NO_EDGE || (r != MM_NO_EDGE && in_circle(m, end_of(m, l), m->origin[l],
                                                                      m->origin[r], end_of(m, r)));
        base = right ? bridge(m, r, base ^ 1) : bridge(m, base ^ 1, l ^ 1);
    }
}

/* Places low .. low + count - 1, at least two. The depth is the logarithm of their number. */
static struct seam triangulate(struct mesh *m, uint32_t low, uint32_t count)
{
    if (count <= 3)
        return few_places(m, low, count);
    struct seam one = triangulate(m, low, count / 2);
    struct seam two = triangulate(m, low + count / 2, count - count / 2);
    uint32_t l = one.last;
    uint32_t r = two.first;
    for (;;) {
        if (is_left_of(m, m->origin[r], l))
            l = along(m, l);
        else if (is_right_of(m, m->origin[l], r))
            r = m->left[r ^ 1];
        else
            break;
    }
    uint32_t base = bridge(m, r ^ 1, l);
    if (m->origin[l] == m->origin[one.first])
        one.first = base ^ 1;
    if (m->origin[r] == m->origin[two.last])
        two.last = base;
    sew(m, base);
    return (struct seam){one.first, two.last};
}

/* Numbers the triangles. half: [m->n] of a directed edge, scratch. */
static void list_triangles(const struct mesh *m, struct mm_delaunay *d, uint32_t *half)
{
    memset(half, 0xFF, m->n * sizeof *half);
    for (uint32_t e = 0; e < m->n; e++) {
        if (m->origin[e] == MM_NO_EDGE || half[e] != MM_NO_EDGE)
            continue;
        uint32_t side[3] = {e, along(m, e), along(m, along(m, e))};
        if (along(m, side[2]) != e ||
            turn(m, m->origin[side[0]], m->origin[side[1]], m->origin[side[2]]) <= 0)
            continue; /* the outside */
        for (int i = 0; i < 3; i++) {
            half[side[i]] = (uint32_t)d->n_half;
            d->origin[d->n_half++] = m->origin[side[i]];
        }
    }
    for (uint32_t e = 0; e < m->n; e++)
        if (half[e] != MM_NO_EDGE)
            d->twin[half[e]] = half[e ^ 1];
}

static int divide_and_conquer(struct mm_delaunay *d, const struct mm_place *places,
                              struct mm_error *err)
{
    struct mesh m = {.places = places, .unused = MM_NO_EDGE};
    uint32_t *scratch = mm_calloc3(d->n, 24, sizeof *scratch);
    if (!scratch)
        return mm_no_memory(err);
    m.origin = scratch;
    m.left = scratch + 6 * d->n;
    m.right = scratch + 12 * d->n;
    (void)triangulate(&m, 0, (uint32_t)d->n);
    list_triangles(&m, d, scratch + 18 * d->n);
    free(scratch);
    return 0;
}

/* ---- what came of it ---- */

static uint32_t target(const struct mm_delaunay *d, uint32_t h)
{
    return d->origin[mm_half_next(h)];
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
            if (turn_of(places[before], places[at], places[after]) < 0)
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
    if (n > 2)
        result = divide_and_conquer(d, places, err);
    size_t n_hull;
    if (result == 0 && d->n_half > 0 &&
        (!find_leaves(d, &n_hull) || !is_triangulation(d, places, n_hull)))
        result = mm_error_set(err, MM_ERR_BUG, "the triangulation of the map is broken");

out:
    if (result < 0)
        mm_delaunay_finish(d);
    return result;
}
