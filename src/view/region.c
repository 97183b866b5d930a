/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pole of inaccessibility by quadtree search (Agafonkin's polylabel, 2016): squares wait in a
 * heap by the best distance any place in them could have; the most hopeful is cut into four, and
 * those that cannot beat the best place known are dropped.
 */
#include "view/region.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

/* Bounds the work on a region whose best places are all alike (a long corridor). */
#define MOST_SQUARES 3000

double mm_region_distance(const struct mm_segment *segments, size_t n, double x, double y)
{
    double least = INFINITY;
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        const struct mm_segment *s = segments + i;
        if ((s->y0 > y) != (s->y1 > y) &&
            x < (s->x1 - s->x0) * (y - s->y0) / (s->y1 - s->y0) + s->x0)
            inside = !inside;
        double dx = s->x1 - s->x0;
        double dy = s->y1 - s->y0;
        double length = dx * dx + dy * dy;
        double t = length > 0 ? ((x - s->x0) * dx + (y - s->y0) * dy) / length : 0;
        t = fmin(fmax(t, 0), 1);
        double ex = s->x0 + t * dx - x;
        double ey = s->y0 + t * dy - y;
        least = fmin(least, ex * ex + ey * ey);
    }
    return inside ? sqrt(least) : -sqrt(least);
}

struct square {
    double x, y, half;
    double most; /* no place in it can be farther from the border */
};

struct heap {
    struct square *squares; /* the most hopeful first */
    size_t n;
    size_t capacity;
};

static int push(struct heap *heap, struct square square)
{
    if (mm_array_reserve(&heap->squares, &heap->capacity, heap->n + 1) < 0)
        return MM_ERR_NO_MEMORY;
    size_t i = heap->n++;
    for (; i > 0 && heap->squares[(i - 1) / 2].most < square.most; i = (i - 1) / 2)
        heap->squares[i] = heap->squares[(i - 1) / 2];
    heap->squares[i] = square;
    return 0;
}

static struct square pop(struct heap *heap)
{
    struct square *a = heap->squares;
    struct square top = a[0];
    struct square last = a[--heap->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->n)
            break;
        if (child + 1 < heap->n && a[child + 1].most > a[child].most)
            child++;
        if (a[child].most <= last.most)
            break;
        a[i] = a[child];
        i = child;
    }
    if (heap->n > 0)
        a[i] = last;
    return top;
}

struct hunt {
    const struct mm_segment *segments;
    size_t n;
    struct mm_pole best;
    struct heap heap;
};

/* Looks at the middle of a square and keeps the square when it may hold a better place. */
static int consider(struct hunt *hunt, double x, double y, double half, double precision)
{
    double d = mm_region_distance(hunt->segments, hunt->n, x, y);
    if (d > hunt->best.radius)
        hunt->best = (struct mm_pole){x, y, d};
    double most = d + half * sqrt(2);
    if (most <= hunt->best.radius + precision)
        return 0;
    return push(&hunt->heap, (struct square){x, y, half, most});
}

int mm_region_pole(const struct mm_segment *segments, size_t n, double inside_x, double inside_y,
                   struct mm_pole *out, struct mm_error *err)
{
    struct hunt hunt = {.segments = segments, .n = n};
    double x0 = INFINITY;
    double y0 = INFINITY;
    double x1 = -INFINITY;
    double y1 = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        x0 = fmin(x0, fmin(segments[i].x0, segments[i].x1));
        y0 = fmin(y0, fmin(segments[i].y0, segments[i].y1));
        x1 = fmax(x1, fmax(segments[i].x0, segments[i].x1));
        y1 = fmax(y1, fmax(segments[i].y0, segments[i].y1));
    }
    hunt.best = (struct mm_pole){inside_x, inside_y,
                                 fmax(mm_region_distance(segments, n, inside_x, inside_y), 0)};
    *out = hunt.best;
    double size = fmax(x1 - x0, y1 - y0);
    if (n < 3 || !(size > 0))
        return 0;
    /* At most 16 squares along the longer side, so that a splinter does not begin with thousands.
     */
    double side = fmax(fmin(x1 - x0, y1 - y0), size / 16);
    double precision = size / 300;
    int result = 0;
    for (double y = y0; y < y1 && result == 0; y += side)
        for (double x = x0; x < x1 && result == 0; x += side)
            result = consider(&hunt, x + side / 2, y + side / 2, side / 2, precision);
    for (size_t looked = 0; result == 0 && hunt.heap.n > 0 && looked < MOST_SQUARES; looked++) {
        struct square s = pop(&hunt.heap);
        if (s.most <= hunt.best.radius + precision)
            break;
        double h = s.half / 2;
        for (int q = 0; q < 4 && result == 0; q++)
            result = consider(&hunt, s.x + (q & 1 ? h : -h), s.y + (q & 2 ? h : -h), h, precision);
    }
    free(hunt.heap.squares);
    *out = hunt.best;
    return result < 0 ? mm_no_memory(err) : 0;
}
