/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slices.c - cells of songs that share a place: the cell is cut from the place (the apex) outward
 * into slices of equal area. A cut ends on a border and so makes a new corner there, which the cell
 * on the other side gets, too: borders always meet corner to corner.
 */
#include "map/slices.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

/* A new corner on the border low-high, at share t of the way from low to high. */
struct split {
    uint32_t low, high;
    double t;
    uint32_t corner;
};

struct slicer {
    struct mm_rings *rings;
    size_t corner_capacity;
    const struct mm_box *box;
    const double *apex;
    const uint32_t *first;
    const uint32_t *song;
    struct split *splits;
    size_t n_splits, split_capacity;
    uint32_t *cut;  /* [places + 1] number of the place's first new corner */
    uint32_t *open; /* [places] borders at the ring's end that are beside its apex */
    uint32_t *ring; /* a place's corners with those that splits add */
    size_t n_ring, ring_capacity;
    uint32_t *made; /* rings of the songs, in order of places */
    size_t n_made, made_capacity;
    size_t *made_start; /* [songs] where the song's ring begins in made */
    uint32_t *made_count;
};

static int add_corner(struct slicer *s, double x, double y)
{
    struct mm_rings *r = s->rings;
    if (mm_array_reserve(&r->corners, &s->corner_capacity, 2 * (r->n_corners + 1)) < 0)
        return MM_ERR_NO_MEMORY;
    r->corners[2 * r->n_corners] = x;
    r->corners[2 * r->n_corners + 1] = y;
    r->n_corners++;
    return 0;
}

/* Adds the corner at share t of the way from a to b. */
static int add_split(struct slicer *s, uint32_t a, uint32_t b, double t)
{
    if (mm_array_reserve(&s->splits, &s->split_capacity, s->n_splits + 1) < 0)
        return MM_ERR_NO_MEMORY;
    uint32_t corner = (uint32_t)s->rings->n_corners;
    s->splits[s->n_splits++] =
        (struct split){a < b ? a : b, a < b ? b : a, a < b ? t : 1 - t, corner};
    const double *p = s->rings->corners + 2 * (size_t)a;
    const double *q = s->rings->corners + 2 * (size_t)b;
    return add_corner(s, p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]));
}

/* Twice the area of the triangle apex, a, b. */
static double fan_area(const struct slicer *s, const double *apex, uint32_t a, uint32_t b)
{
    const double *p = s->rings->corners + 2 * (size_t)a;
    const double *q = s->rings->corners + 2 * (size_t)b;
    double area = (p[0] - apex[0]) * (q[1] - apex[1]) - (p[1] - apex[1]) * (q[0] - apex[0]);
    return area > 0 ? area : 0;
}

/* Whether the apex lies on a side of the box and a-b on the same. */
static bool beside_apex(const struct slicer *s, const double *apex, uint32_t a, uint32_t b)
{
    const double *p = s->rings->corners + 2 * (size_t)a;
    const double *q = s->rings->corners + 2 * (size_t)b;
    bool upright = apex[0] == s->box->x0 || apex[0] == s->box->x1;
    bool level = apex[1] == s->box->y0 || apex[1] == s->box->y1;
    return (upright && p[0] == apex[0] && q[0] == apex[0]) ||
           (level && p[1] == apex[1] && q[1] == apex[1]);
}

/* An apex on a side of the box: turns the ring so that it ends with the borders beside the apex,
 * which belong to no triangle of the fan. Returns how many there are. */
static size_t open_ring(const struct slicer *s, const double *apex, uint32_t *ring, size_t n)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += beside_apex(s, apex, ring[i], ring[(i + 1) % n]);
    while (
        open > 0 && open < n &&
        (!beside_apex(s, apex, ring[n - 1], ring[0]) || beside_apex(s, apex, ring[0], ring[1]))) {
        uint32_t first = ring[0];
        memmove(ring, ring + 1, (n - 1) * sizeof *ring);
        ring[n - 1] = first;
    }
    return open < n ? open : 0;
}

/* Makes the place's apex (first of its new corners) and its cuts. */
static int cut_place(struct slicer *s, size_t place, size_t parts)
{
    uint32_t *ring = s->rings->index + s->rings->start[place];
    size_t n = s->rings->start[place + 1] - s->rings->start[place];
    const double *apex = s->apex + 2 * place;
    s->open[place] = (uint32_t)open_ring(s, apex, ring, n);
    size_t borders = n - s->open[place];
    double area = 0;
    for (size_t i = 0; i < borders; i++)
        area += fan_area(s, apex, ring[i], ring[(i + 1) % n]);
    if (add_corner(s, apex[0], apex[1]) < 0)
        return MM_ERR_NO_MEMORY;
    double passed = 0;
    size_t next = 1;
    for (size_t i = 0; i < borders; i++) {
        uint32_t a = ring[i];
        uint32_t b = ring[(i + 1) % n];
        double part = fan_area(s, apex, a, b);
        for (; next < parts; next++) {
            double t = (area * ((double)next / (double)parts) - passed) / part;
            if (!(t < 1) && i + 1 < borders)
                break;
            if (add_split(s, a, b, fmin(fmax(t, 0), 1)) < 0)
                return MM_ERR_NO_MEMORY;
        }
        passed += part;
    }
    return 0;
}

static int compare_splits(const void *one, const void *two)
{
    const struct split *a = one;
    const struct split *b = two;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->t != b->t)
        return a->t < b->t ? -1 : 1;
    return (a->corner > b->corner) - (a->corner < b->corner);
}

/* The first split that is not before border low-high. */
static size_t find_splits(const struct slicer *s, uint32_t low, uint32_t high)
{
    size_t from = 0;
    size_t to = s->n_splits;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct split *at = &s->splits[middle];
        if (at->low < low || (at->low == low && at->high < high))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static int expand_ring(struct slicer *s, size_t place)
{
    const struct mm_rings *r = s->rings;
    const uint32_t *ring = r->index + r->start[place];
    size_t n = r->start[place + 1] - r->start[place];
    s->n_ring = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t a = ring[i];
        uint32_t b = ring[(i + 1) % n];
        uint32_t low = a < b ? a : b;
        uint32_t high = a < b ? b : a;
        size_t from = find_splits(s, low, high);
        size_t to = from;
        while (to < s->n_splits && s->splits[to].low == low && s->splits[to].high == high)
            to++;
        if (mm_array_reserve(&s->ring, &s->ring_capacity, s->n_ring + 1 + to - from) < 0)
            return MM_ERR_NO_MEMORY;
        s->ring[s->n_ring++] = a;
        for (size_t k = 0; k < to - from; k++)
            s->ring[s->n_ring++] = s->splits[a < b ? from + k : to - 1 - k].corner;
    }
    return s->ring ? 0 : MM_ERR_NO_MEMORY;
}

/* Hands ring[from .. to] (round the end) to a song, with the apex in front where there is one. */
static int make_ring(struct slicer *s, uint32_t song, size_t from, size_t to, uint32_t apex)
{
    size_t count = to - from + 1;
    if (mm_array_reserve(&s->made, &s->made_capacity, s->n_made + count + 1) < 0 || !s->made)
        return MM_ERR_NO_MEMORY;
    s->made_start[song] = s->n_made;
    if (apex != UINT32_MAX)
        s->made[s->n_made++] = apex;
    for (size_t i = from; i <= to; i++)
        s->made[s->n_made++] = s->ring[i < s->n_ring ? i : i - s->n_ring];
    s->made_count[song] = (uint32_t)(s->n_made - s->made_start[song]);
    return 0;
}

static int make_place(struct slicer *s, size_t place)
{
    size_t parts = s->first[place + 1] - s->first[place];
    const uint32_t *song = s->song + s->first[place];
    if (expand_ring(s, place) < 0)
        return MM_ERR_NO_MEMORY;
    if (parts == 1)
        return make_ring(s, song[0], 0, s->n_ring - 1, UINT32_MAX);
    uint32_t apex = s->cut[place];
    size_t from = 0;
    size_t part = 0;
    for (size_t i = 0; i < s->n_ring && part + 1 < parts; i++) {
        if (s->ring[i] <= apex || s->ring[i] >= s->cut[place + 1])
            continue;
        if (make_ring(s, song[part++], from, i, apex) < 0)
            return MM_ERR_NO_MEMORY;
        from = i;
    }
    return make_ring(s, song[part], from, s->n_ring - s->open[place], apex);
}

static int collect_rings(struct slicer *s, size_t n, struct mm_rings *out)
{
    out->n = n;
    out->start = mm_calloc3(n + 1, 1, sizeof *out->start);
    out->index = mm_calloc3(s->n_made, 1, sizeof *out->index);
    if (!out->start || !out->index || s->n_made > UINT32_MAX)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < s->made_count[i]; k++)
            out->index[out->start[i] + k] = s->made[s->made_start[i] + k];
        out->start[i + 1] = out->start[i] + s->made_count[i];
    }
    return 0;
}

int mm_slices_cut(struct mm_rings *rings, const struct mm_box *box, const double *apex,
                  const uint32_t *first, const uint32_t *song, size_t n, struct mm_rings *out,
                  struct mm_error *err)
{
    int result = MM_ERR_NO_MEMORY;
    *out = (struct mm_rings){0};
    struct slicer s = {.rings = rings,
                       .corner_capacity = 2 * rings->n_corners,
                       .box = box,
                       .apex = apex,
                       .first = first,
                       .song = song};
    s.cut = mm_calloc3(rings->n + 1, 1, sizeof *s.cut);
    s.open = mm_calloc3(rings->n, 1, sizeof *s.open);
    s.made_start = mm_calloc3(n, 1, sizeof *s.made_start);
    s.made_count = mm_calloc3(n, 1, sizeof *s.made_count);
    if (!s.cut || !s.open || !s.made_start || !s.made_count)
        goto out;
    for (size_t i = 0; i < rings->n; i++) {
        s.cut[i] = (uint32_t)rings->n_corners;
        size_t parts = first[i + 1] - first[i];
        if (parts > 1 && cut_place(&s, i, parts) < 0)
            goto out;
    }
    s.cut[rings->n] = (uint32_t)rings->n_corners;
    if (s.n_splits > 1)
        qsort(s.splits, s.n_splits, sizeof *s.splits, compare_splits);
    for (size_t i = 0; i < rings->n; i++)
        if (make_place(&s, i) < 0)
            goto out;
    result = collect_rings(&s, n, out);

out:
    free(s.splits);
    free(s.cut);
    free(s.open);
    free(s.ring);
    free(s.made);
    free(s.made_start);
    free(s.made_count);
    if (result < 0) {
        mm_rings_finish(out);
        return mm_no_memory(err);
    }
    return 0;
}
