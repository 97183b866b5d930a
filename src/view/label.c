/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Greedy placement on a raster, the largest country first. For a country a summed-area table of its
 * largest piece's surroundings (own land 2, sea 1, foreign land 0) tells at once how much of any
 * box is its own. Each letter size, from the wished one downward, is tried with the name on one,
 * two and three lines at every place; the place with most room around the box wins, and among such
 * the one nearest the middle.
 *
 * First all names that fit (nearly) inside their countries are placed, then those that must run out
 * over the border, which is usual on maps where nothing else is there, then numbers.
 */
#include "view/label.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

#define SHRINK 0.88 /* from one letter size to the next */
#define GAP    0.30 /* least distance of two labels, in letter sizes */
#define WISH   0.19 /* letter size wished for, of the root of the country's area */

struct table {
    size_t x0, y0, w, h; /* window on the raster */
    size_t room;
    uint32_t *sum; /* [h + 1][w + 1] */
};

struct placer {
    const struct mm_label_raster *raster;
    struct table table;
    struct mm_label *placed; /* in order of placing */
    size_t n_placed;
};

/* How good a box must be at the different rounds. Its middle is always on the country's land. */
struct round {
    double inside;  /* least share of own land (sea counts half) */
    double largest; /* letter size to begin with, times the least one; 0 = the wished one */
    enum mm_label_form kind;
};
static const struct round rounds[] = {
    {0.94, 0, MM_LABEL_AS_NAME}, {0.75, 1.7, MM_LABEL_AS_NAME}, {0.45, 1.2, MM_LABEL_AS_NAME},
    {0.20, 1, MM_LABEL_AS_NAME}, {0.00, 1, MM_LABEL_AS_NUMBER},
};

/* ---- pieces ---- */

/* Fills one connected piece from `start`, marking its nodes; stack: room for all nodes. */
static struct mm_label_piece flood(const struct mm_label_raster *raster, size_t start,
                                   unsigned char *seen, uint32_t *stack)
{
    struct mm_label_piece p = {raster->country[start], 0, raster->w, raster->h, 0, 0, 0, 0};
    size_t n = 0;
    stack[n++] = (uint32_t)start;
    seen[start] = 1;
    while (n > 0) {
        size_t at = stack[--n];
        size_t i = at % raster->w;
        size_t j = at / raster->w;
        p.area++;
        p.x += (double)i;
        p.y += (double)j;
        p.x0 = i < p.x0 ? i : p.x0;
        p.y0 = j < p.y0 ? j : p.y0;
        p.x1 = i > p.x1 ? i : p.x1;
        p.y1 = j > p.y1 ? j : p.y1;
        const size_t next[4] = {i > 0 ? at - 1 : at, i + 1 < raster->w ? at + 1 : at,
                                j > 0 ? at - raster->w : at,
                                j + 1 < raster->h ? at + raster->w : at};
        for (int k = 0; k < 4; k++)
            if (!seen[next[k]] && raster->country[next[k]] == p.country) {
                seen[next[k]] = 1;
                stack[n++] = (uint32_t)next[k];
            }
    }
    p.x /= (double)p.area;
    p.y /= (double)p.area;
    return p;
}

int mm_label_pieces(const struct mm_label_raster *raster, struct mm_label_piece *largest)
{
    size_t n = raster->w * raster->h;
    unsigned char *seen = mm_calloc3(raster->w, raster->h, 1);
    uint32_t *stack = mm_calloc3(raster->w, raster->h, sizeof *stack);
    if (!seen || !stack) {
        free(seen);
        free(stack);
        return MM_ERR_NO_MEMORY;
    }
    for (size_t c = 0; c < raster->n_countries; c++)
        largest[c] = (struct mm_label_piece){.country = (uint32_t)c};
    for (size_t at = 0; at < n; at++) {
        if (seen[at] || raster->country[at] == MM_LABEL_SEA)
            continue;
        struct mm_label_piece p = flood(raster, at, seen, stack);
        if (p.area > largest[p.country].area)
            largest[p.country] = p;
    }
    free(seen);
    free(stack);
    return 0;
}

static int by_area(const void *one, const void *two)
{
    const struct mm_label_piece *a = one;
    const struct mm_label_piece *b = two;
    if (a->area != b->area)
        return a->area > b->area ? -1 : 1;
    return (a->country > b->country) - (a->country < b->country);
}

/* ---- how much of a box is a country's own ---- */

static int make_table(struct placer *p, const struct mm_label_piece *piece, double reach)
{
    const struct mm_label_raster *raster = p->raster;
    struct table *t = &p->table;
    size_t more = (size_t)ceil(reach) + 1;
    t->x0 = piece->x0 > more ? piece->x0 - more : 0;
    t->y0 = piece->y0 > more ? piece->y0 - more : 0;
    t->w = (piece->x1 + more < raster->w - 1 ? piece->x1 + more : raster->w - 1) - t->x0 + 1;
    t->h = (piece->y1 + more < raster->h - 1 ? piece->y1 + more : raster->h - 1) - t->y0 + 1;
    if (mm_array_reserve(&t->sum, &t->room, (t->w + 1) * (t->h + 1)) < 0 || !t->sum)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i <= t->w; i++)
        t->sum[i] = 0;
    for (size_t j = 0; j < t->h; j++) {
        const uint32_t *line = raster->country + (t->y0 + j) * raster->w + t->x0;
        const uint32_t *above = t->sum + j * (t->w + 1);
        uint32_t *row = t->sum + (j + 1) * (t->w + 1);
        uint32_t sum = 0;
        row[0] = 0;
        for (size_t i = 0; i < t->w; i++) {
            sum += line[i] == piece->country ? 2 : line[i] == MM_LABEL_SEA ? 1 : 0;
            row[i + 1] = above[i + 1] + sum;
        }
    }
    return 0;
}

static size_t clamp_to(double value, size_t most)
{
    return value <= 0 ? 0 : value >= (double)most ? most : (size_t)value;
}

/* Share of a box around x, y that is own land; what lies beyond the table counts as foreign. */
static double share(const struct table *t, double x, double y, double w, double h)
{
    double left = x - w / 2 + 0.5 - (double)t->x0;
    double low = y - h / 2 + 0.5 - (double)t->y0;
    size_t i0 = clamp_to(floor(left), t->w);
    size_t j0 = clamp_to(floor(low), t->h);
    size_t i1 = clamp_to(ceil(left + w), t->w);
    size_t j1 = clamp_to(ceil(low + h), t->h);
    if (i1 <= i0 || j1 <= j0)
        return 0;
    size_t row = t->w + 1;
    uint32_t sum = t->sum[j1 * row + i1] - t->sum[j0 * row + i1] - t->sum[j1 * row + i0] +
                   t->sum[j0 * row + i0];
    double area = (ceil(left + w) - floor(left)) * (ceil(low + h) - floor(low));
    return sum / (2 * area);
}

/* ---- placing ---- */

static bool is_free(const struct placer *p, const struct mm_label *l)
{
    const struct mm_label_raster *s = p->raster;
    if (l->x - l->w / 2 < s->x0 || l->x + l->w / 2 > s->x1 || l->y - l->h / 2 < s->y0 ||
        l->y + l->h / 2 > s->y1)
        return false;
    for (size_t i = 0; i < p->n_placed; i++) {
        const struct mm_label *o = p->placed + i;
        double gap = GAP * fmin(l->size, o->size);
        if (fabs(l->x - o->x) < (l->w + o->w) / 2 + gap &&
            fabs(l->y - o->y) < (l->h + o->h) / 2 + gap)
            return false;
    }
    return true;
}

/* The best place for a box of this size; score 0 when there is none. */
static double best_place(const struct placer *p, const struct mm_label_piece *piece,
                         const struct round *round, struct mm_label *label)
{
    size_t pace = (size_t)fmax(1, 0.12 * label->size);
    double air = 1.2 * label->size;
    double best = 0;
    struct mm_label try = *label;
    for (size_t j = piece->y0; j <= piece->y1; j += pace)
        for (size_t i = piece->x0; i <= piece->x1; i += pace) {
            if (p->raster->country[j * p->raster->w + i] != piece->country)
                continue;
            double x = (double)i;
            double y = (double)j;
            double inside = share(&p->table, x, y, try.w, try.h);
            if (inside < round->inside)
                continue;
            double off = hypot(x - piece->x, y - piece->y);
            double score = 1 + inside + share(&p->table, x, y, try.w + air, try.h + air) +
                           share(&p->table, x, y, try.w + 3 * air, try.h + 3 * air) -
                           0.6 * off / (off + sqrt((double)piece->area));
            try.x = x;
            try.y = y;
            if (score > best + 1e-9 && is_free(p, &try)) {
                best = score;
                *label = try;
            }
        }
    return best;
}

/* One letter size, all shapes: fewer lines win unless more lines have clearly more room. */
static bool try_size(const struct placer *p, const struct mm_label_piece *piece,
                     const struct round *round, const struct mm_label_want *want, double size,
                     struct mm_label *out)
{
    double best = 0;
    bool number = round->kind == MM_LABEL_AS_NUMBER;
    for (int s = 0; s < (number ? 1 : MM_LABEL_SHAPES); s++) {
        const struct mm_label_shape *shape = number ? &want->number : &want->shapes[s];
        if (shape->w <= 0)
            continue;
        struct mm_label label = {round->kind, s, size, 0, 0, shape->w * size, shape->h * size};
        double score = best_place(p, piece, round, &label);
        if (score > best + (s > 0 ? 0.12 : 0)) {
            best = score;
            *out = label;
        }
    }
    return best > 0;
}

static int place_country(struct placer *p, const struct mm_label_piece *piece,
                         const struct round *round, const struct mm_label_want *want,
                         struct mm_label *out)
{
    const struct mm_label_raster *raster = p->raster;
    double size = fmin(fmax(WISH * sqrt((double)piece->area), raster->least), raster->most);
    if (round->largest > 0)
        size = fmin(size, round->largest * raster->least);
    double widest = 0;
    for (int s = 0; s < MM_LABEL_SHAPES; s++)
        widest = fmax(widest, fmax(want->shapes[s].w, want->shapes[s].h));
    double reach = fmin(widest * size / 2, (double)(raster->w + raster->h)) + 2 * size;
    if (make_table(p, piece, reach) < 0)
        return MM_ERR_NO_MEMORY;
    for (;; size *= SHRINK) {
        size = fmax(size, raster->least);
        if (try_size(p, piece, round, want, size, out)) {
            p->placed[p->n_placed++] = *out;
            return 0;
        }
        if (size <= raster->least)
            return 0;
    }
}

int mm_label_place(const struct mm_label_raster *raster, const struct mm_label_want *wants,
                   struct mm_label *labels, struct mm_error *err)
{
    size_t n = raster->n_countries;
    struct placer p = {.raster = raster, .placed = mm_calloc3(n, 1, sizeof *p.placed)};
    struct mm_label_piece *pieces = mm_calloc3(n, 1, sizeof *pieces);
    int result = 0;
    if (!p.placed || !pieces || mm_label_pieces(raster, pieces) < 0) {
        result = mm_no_memory(err);
        goto out;
    }
    qsort(pieces, n, sizeof *pieces, by_area);
    for (size_t c = 0; c < n; c++)
        labels[c] = (struct mm_label){.kind = MM_LABEL_AS_NOTHING};
    for (size_t r = 0; r < sizeof rounds / sizeof *rounds && result == 0; r++)
        for (size_t i = 0; i < n && pieces[i].area > 0 && result == 0; i++) {
            uint32_t c = pieces[i].country;
            if (labels[c].kind == MM_LABEL_AS_NOTHING &&
                place_country(&p, pieces + i, rounds + r, wants + c, labels + c) < 0)
                result = mm_no_memory(err);
        }
out:
    free(p.table.sum);
    free(p.placed);
    free(pieces);
    return result;
}
