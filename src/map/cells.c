/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cells.c - Voronoi cells from a Delaunay triangulation, clipped to a box.
 *
 * A place's polygon is the ring of the circumcentres around it; on the hull it is closed by points
 * far outside. Each is clipped against the four sides (Sutherland & Hodgman 1974). What two cells
 * have in common must come out the same from both: so every corner carries a key that tells where
 * it comes from (triangle, border and side, corner of the box), and where a border meets a side is
 * computed from the two places alone.
 */
#include "map/cells.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

enum { BOTTOM, RIGHT, TOP, LEFT, N_SIDES };

/* Labels of polygon edges beyond the numbers of half-edges. */
#define FAR_EDGE  (UINT32_MAX - 1)
#define SIDE_EDGE (UINT32_MAX - 16) /* + side */

/* Keys: a triangle's number, or one of these + something. */
#define KEY_KIND     ((uint64_t)3 << 62)
#define KEY_CROSSING ((uint64_t)1 << 62) /* + border * 4 + side */
#define KEY_BOX      ((uint64_t)2 << 62) /* + number of the box's corner */
#define KEY_FAR      ((uint64_t)3 << 62)

struct vertex {
    double x, y;
    uint64_t key;
    uint32_t edge; /* label of the edge from here to the next vertex */
};

struct polygon {
    struct vertex *at;
    size_t n, capacity;
};

struct crossing {
    uint64_t key;
    uint32_t corner;
};

struct clipper {
    const struct mm_place *places;
    size_t n;
    const struct mm_delaunay *d;
    struct mm_box box;
    uint32_t *group;  /* [triangles] the first triangle with the same circle */
    uint32_t *corner; /* [triangles] corner made of it; UINT32_MAX = not yet */
    uint32_t box_corner[4];
    struct crossing *crossings; /* hash table, size a power of two, corner UINT32_MAX = empty */
    size_t n_crossings, crossing_slots;
    struct polygon polygon, clipped;
    struct mm_rings *out;
    size_t corner_capacity, index_capacity, n_index;
};

void mm_rings_finish(struct mm_rings *rings)
{
    free(rings->start);
    free(rings->index);
    free(rings->corners);
    *rings = (struct mm_rings){0};
}

/* ---- where circles coincide ---- */

static uint32_t find_group(uint32_t *group, uint32_t t)
{
    while (group[t] != t) {
        group[t] = group[group[t]];
        t = group[t];
    }
    return t;
}

static void group_triangles(struct clipper *c)
{
    const struct mm_delaunay *d = c->d;
    size_t n = d->n_half / 3;
    for (size_t t = 0; t < n; t++) {
        c->group[t] = (uint32_t)t;
        c->corner[t] = UINT32_MAX;
    }
    for (uint32_t h = 0; h < d->n_half; h++) {
        uint32_t g = d->twin[h];
        if (g == MM_NO_EDGE || g < h)
            continue;
        const uint32_t *t = d->origin + (size_t)h / 3 * 3;
        if (mm_place_in_circle(c->places[t[0]], c->places[t[1]], c->places[t[2]],
                               c->places[d->origin[mm_half_prev(g)]]) != 0)
            continue;
        uint32_t a = find_group(c->group, h / 3);
        uint32_t b = find_group(c->group, g / 3);
        c->group[a > b ? a : b] = a > b ? b : a;
    }
    for (size_t t = 0; t < n; t++)
        c->group[t] = find_group(c->group, (uint32_t)t);
}

/* Numerators and denominator are exact, so this is right to the last bits. */
static void circumcentre(const struct clipper *c, uint32_t t, double *x, double *y)
{
    const uint32_t *corner = c->d->origin + 3 * (size_t)t;
    struct mm_place a = c->places[corner[0]];
    int64_t bx = (int64_t)c->places[corner[1]].x - a.x;
    int64_t by = (int64_t)c->places[corner[1]].y - a.y;
    int64_t cx = (int64_t)c->places[corner[2]].x - a.x;
    int64_t cy = (int64_t)c->places[corner[2]].y - a.y;
    __int128 b = bx * bx + by * by;
    __int128 e = cx * cx + cy * cy;
    double area = 2 * (double)(bx * cy - by * cx);
    *x = a.x + (double)(cy * b - by * e) / area;
    *y = a.y + (double)(bx * e - cx * b) / area;
}

/* ---- a place's polygon before clipping ---- */

static int push(struct polygon *p, struct vertex v)
{
    if (p->n > 0 && p->at[p->n - 1].key == v.key && v.key < KEY_CROSSING) {
        p->at[p->n - 1].edge = v.edge; /* the border between two parts of one corner: length 0 */
        return 0;
    }
    if (mm_array_reserve(&p->at, &p->capacity, p->n + 1) < 0)
        return MM_ERR_NO_MEMORY;
    p->at[p->n++] = v;
    return 0;
}

static int push_triangle(struct clipper *c, uint32_t h)
{
    struct vertex v = {.key = c->group[h / 3]};
    circumcentre(c, (uint32_t)v.key, &v.x, &v.y);
    uint32_t border = mm_half_prev(h);
    uint32_t twin = c->d->twin[border];
    v.edge = twin < border ? twin : border;
    return push(&c->polygon, v);
}

static double far_away(const struct clipper *c)
{
    return 4 * ((c->box.x1 - c->box.x0) + (c->box.y1 - c->box.y0));
}

/* The far end of the border that crosses the hull edge a -> b, when it begins at (x, y). */
static struct vertex far_end(const struct clipper *c, uint32_t a, uint32_t b, double x, double y)
{
    double dx = (double)c->places[b].x - c->places[a].x;
    double dy = (double)c->places[b].y - c->places[a].y;
    double length = hypot(dx, dy);
    double nx = dy / length; /* outward: the hull is counter-clockwise */
    double ny = -dx / length;
    double mx = c->places[a].x + dx / 2;
    double my = c->places[a].y + dy / 2;
    double along = (x - mx) * nx + (y - my) * ny;
    double reach = (along > 0 ? along : 0) + far_away(c);
    return (struct vertex){mx + reach * nx, my + reach * ny, KEY_FAR, FAR_EDGE};
}

/* Closes the open polygon of a hull place: `last` runs to it, `first` leaves it. */
static int push_far(struct clipper *c, uint32_t place, uint32_t last, uint32_t first)
{
    const struct mm_delaunay *d = c->d;
    uint32_t before = d->origin[last];
    uint32_t after = d->origin[mm_half_next(first)];
    const struct vertex *end = &c->polygon.at[c->polygon.n - 1];
    struct vertex one = far_end(c, before, place, end->x, end->y);
    const struct vertex *start = &c->polygon.at[0];
    struct vertex two = far_end(c, place, after, start->x, start->y);
    two.edge = first;
    /* Between them one more, outward: normals carry a flat corner, the bisector a sharp one. */
    double ax = (double)c->places[after].x - c->places[place].x;
    double ay = (double)c->places[after].y - c->places[place].y;
    double bx = (double)c->places[place].x - c->places[before].x;
    double by = (double)c->places[place].y - c->places[before].y;
    double a = hypot(ax, ay);
    double b = hypot(bx, by);
    double ux = ay / a + by / b - ax / a + bx / b;
    double uy = -ax / a - bx / b - ay / a + by / b;
    double scale = far_away(c) / hypot(ux, uy);
    struct vertex middle = {c->places[place].x + scale * ux, c->places[place].y + scale * uy,
                            KEY_FAR, FAR_EDGE};
    if (push(&c->polygon, one) < 0 || push(&c->polygon, middle) < 0)
        return MM_ERR_NO_MEMORY;
    return push(&c->polygon, two);
}

static int walk_place(struct clipper *c, uint32_t place)
{
    const struct mm_delaunay *d = c->d;
    uint32_t first = d->leaves[place];
    uint32_t h = first;
    c->polygon.n = 0;
    for (;;) {
        if (push_triangle(c, h) < 0)
            return MM_ERR_NO_MEMORY;
        uint32_t next = d->twin[mm_half_prev(h)];
        if (next == MM_NO_EDGE)
            return push_far(c, place, mm_half_prev(h), first);
        if (next == first)
            break;
        h = next;
    }
    struct polygon *p = &c->polygon;
    if (p->n > 1 && p->at[0].key == p->at[p->n - 1].key)
        p->n--; /* its border has length 0, too */
    return 0;
}

/* All places on one line: strips. Border number k lies between places k and k + 1. */
static int walk_line(struct clipper *c, uint32_t place)
{
    c->polygon.n = 0;
    double reach = far_away(c);
    struct mm_place a = c->places[0];
    struct mm_place b = c->places[c->n - 1];
    double dx = (double)b.x - a.x;
    double dy = (double)b.y - a.y;
    double length = c->n > 1 ? hypot(dx, dy) : 1;
    dx = c->n > 1 ? dx / length : 1;
    dy /= length;
    struct mm_place at = c->places[place];
    for (int end = 0; end < 2; end++) { /* forward side first, walking counter-clockwise */
        bool has = end == 0 ? place + 1 < c->n : place > 0;
        double sign = end == 0 ? 1 : -1;
        double x = at.x + sign * reach * dx;
        double y = at.y + sign * reach * dy;
        if (has) {
            struct mm_place to = c->places[end == 0 ? place + 1 : place - 1];
            x = ((double)at.x + to.x) / 2;
            y = ((double)at.y + to.y) / 2;
        }
        uint32_t border = end == 0 ? place : place - 1;
        struct vertex v = {x + sign * reach * dy, y - sign * reach * dx, KEY_FAR,
                           has ? border : FAR_EDGE};
        struct vertex w = {x - sign * reach * dy, y + sign * reach * dx, KEY_FAR, FAR_EDGE};
        if (push(&c->polygon, v) < 0 || push(&c->polygon, w) < 0)
            return MM_ERR_NO_MEMORY;
    }
    return 0;
}

/* ---- clipping ---- */

static bool inside(const struct clipper *c, const struct vertex *v, int side)
{
    switch (side) {
    case BOTTOM:
        return v->y >= c->box.y0;
    case RIGHT:
        return v->x <= c->box.x1;
    case TOP:
        return v->y <= c->box.y1;
    default:
        return v->x >= c->box.x0;
    }
}

static double clamp_between(double value, double a, double b)
{
    double low = a < b ? a : b;
    double high = a < b ? b : a;
    if (!(value >= low)) /* also NAN: border and side are parallel */
        return low;
    return value > high ? high : value;
}

/* Where the border between two places meets a side: from the places alone, so that both cells
 * find the same point. p and q, the border's ends, only bound what rounding can do. */
static void meet_border(const struct clipper *c, uint32_t edge, int side, const struct vertex *p,
                        const struct vertex *q, struct vertex *out)
{
    const struct mm_delaunay *d = c->d;
    uint32_t a = d->n_half ? d->origin[edge] : edge;
    uint32_t b = d->n_half ? d->origin[mm_half_next(edge)] : edge + 1;
    double dx = (double)c->places[b].x - c->places[a].x;
    double dy = (double)c->places[b].y - c->places[a].y;
    double mx = c->places[a].x + dx / 2;
    double my = c->places[a].y + dy / 2;
    if (side == BOTTOM || side == TOP) {
        out->y = side == BOTTOM ? c->box.y0 : c->box.y1;
        out->x = clamp_between(mx - (out->y - my) * dy / dx, p->x, q->x);
    } else {
        out->x = side == LEFT ? c->box.x0 : c->box.x1;
        out->y = clamp_between(my - (out->x - mx) * dx / dy, p->y, q->y);
    }
    out->key = KEY_CROSSING + 4 * (uint64_t)edge + (uint64_t)side;
}

static struct vertex meet(const struct clipper *c, const struct vertex *p, const struct vertex *q,
                          int side)
{
    struct vertex v = {.key = KEY_FAR, .edge = p->edge};
    bool level = side == BOTTOM || side == TOP;
    if (p->edge >= SIDE_EDGE && p->edge < SIDE_EDGE + N_SIDES) {
        int other = (int)(p->edge - SIDE_EDGE);
        int up = level ? side : other;
        int across = level ? other : side;
        v.x = across == LEFT ? c->box.x0 : c->box.x1;
        v.y = up == BOTTOM ? c->box.y0 : c->box.y1;
        v.key = KEY_BOX + (up == TOP ? 2 : 0) + (across == RIGHT ? 1 : 0);
    } else if (p->edge == FAR_EDGE) { /* stays outside: another side will cut it off */
        if (level) {
            v.y = side == BOTTOM ? c->box.y0 : c->box.y1;
            v.x = p->x + (v.y - p->y) / (q->y - p->y) * (q->x - p->x);
        } else {
            v.x = side == LEFT ? c->box.x0 : c->box.x1;
            v.y = p->y + (v.x - p->x) / (q->x - p->x) * (q->y - p->y);
        }
    } else {
        meet_border(c, p->edge, side, p, q, &v);
    }
    return v;
}

static int clip_side(struct clipper *c, int side)
{
    struct polygon *from = &c->polygon;
    struct polygon *to = &c->clipped;
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        const struct vertex *p = &from->at[i];
        const struct vertex *q = &from->at[i + 1 < from->n ? i + 1 : 0];
        bool p_in = inside(c, p, side);
        bool q_in = inside(c, q, side);
        if (p_in && push(to, *p) < 0)
            return MM_ERR_NO_MEMORY;
        if (p_in == q_in)
            continue;
        struct vertex v = meet(c, p, q, side);
        if (p_in)
            v.edge = SIDE_EDGE + (uint32_t)side;
        if (push(to, v) < 0)
            return MM_ERR_NO_MEMORY;
    }
    struct polygon swap = *from;
    *from = *to;
    *to = swap;
    return 0;
}

static int clip(struct clipper *c)
{
    for (int side = 0; side < N_SIDES; side++) {
        bool all = true;
        for (size_t i = 0; i < c->polygon.n && all; i++)
            all = inside(c, &c->polygon.at[i], side);
        if (!all && clip_side(c, side) < 0)
            return MM_ERR_NO_MEMORY;
    }
    return 0;
}

/* ---- from keys to shared corners ---- */

static struct crossing *find_crossing(struct crossing *table, size_t slots, uint64_t key)
{
    size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20);
    for (;; i++) {
        struct crossing *slot = &table[i & (slots - 1)];
        if (slot->corner == UINT32_MAX || slot->key == key)
            return slot;
    }
}

static int grow_crossings(struct clipper *c)
{
    if (2 * c->n_crossings < c->crossing_slots)
        return 0;
    size_t slots = c->crossing_slots ? 2 * c->crossing_slots : 64;
    struct crossing *table = mm_calloc3(slots, 1, sizeof *table);
    if (!table)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < slots; i++)
        table[i].corner = UINT32_MAX;
    for (size_t i = 0; i < c->crossing_slots; i++)
        if (c->crossings[i].corner != UINT32_MAX)
            *find_crossing(table, slots, c->crossings[i].key) = c->crossings[i];
    free(c->crossings);
    c->crossings = table;
    c->crossing_slots = slots;
    return 0;
}

/* The place where the number of the vertex's corner is kept; NULL: out of memory. */
static uint32_t *corner_slot(struct clipper *c, const struct vertex *v)
{
    switch (v->key & KEY_KIND) {
    case 0:
        return &c->corner[v->key];
    case KEY_BOX:
        return &c->box_corner[v->key & 3];
    default:
        break;
    }
    if (grow_crossings(c) < 0)
        return NULL;
    struct crossing *slot = find_crossing(c->crossings, c->crossing_slots, v->key);
    if (slot->corner == UINT32_MAX) {
        slot->key = v->key;
        c->n_crossings++;
    }
    return &slot->corner;
}

static int emit(struct clipper *c, struct mm_error *err)
{
    struct mm_rings *out = c->out;
    const struct polygon *p = &c->polygon;
    if (mm_array_reserve(&out->index, &c->index_capacity, c->n_index + p->n) < 0)
        return mm_no_memory(err);
    for (size_t i = 0; i < p->n; i++) {
        if (p->at[i].key >= KEY_FAR)
            return mm_error_set(err, MM_ERR_BUG, "a cell of the map was not clipped");
        uint32_t *corner = corner_slot(c, &p->at[i]);
        if (!corner ||
            mm_array_reserve(&out->corners, &c->corner_capacity, 2 * (out->n_corners + 1)) < 0)
            return mm_no_memory(err);
        if (*corner == UINT32_MAX) {
            double *xy = out->corners + 2 * out->n_corners;
            xy[0] = p->at[i].x;
            xy[1] = p->at[i].y;
            *corner = (uint32_t)out->n_corners++;
        }
        out->index[c->n_index++] = *corner;
    }
    if (p->n < 3 || c->n_index > UINT32_MAX / 2)
        return mm_error_set(err, MM_ERR_BUG, "a song has no cell on the map");
    return 0;
}

int mm_cells_clip(const struct mm_place *places, size_t n, const struct mm_delaunay *d,
                  const struct mm_box *box, struct mm_rings *out, struct mm_error *err)
{
    int result = 0;
    *out = (struct mm_rings){.n = n};
    struct clipper c = {.places = places, .n = n, .d = d, .box = *box, .out = out};
    memset(c.box_corner, 0xFF, sizeof c.box_corner);
    c.group = mm_calloc3(d->n_half / 3, 1, sizeof *c.group);
    c.corner = mm_calloc3(d->n_half / 3, 1, sizeof *c.corner);
    out->start = mm_calloc3(n + 1, 1, sizeof *out->start);
    if (!c.group || !c.corner || !out->start) {
        result = mm_no_memory(err);
        goto out;
    }
    group_triangles(&c);
    for (uint32_t i = 0; i < n; i++) {
        if ((d->n_half ? walk_place(&c, i) : walk_line(&c, i)) < 0 || clip(&c) < 0) {
            result = mm_no_memory(err);
            goto out;
        }
        result = emit(&c, err);
        if (result < 0)
            goto out;
        out->start[i + 1] = (uint32_t)c.n_index;
    }

out:
    free(c.polygon.at);
    free(c.clipped.at);
    free(c.crossings);
    free(c.group);
    free(c.corner);
    if (result < 0)
        mm_rings_finish(out);
    return result;
}
