/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quadtree.c - songs are sorted along the Z curve (Morton 1966); a cell of the tree is then a run
 * of that order. Cells are kept in pre-order, each with the number of the next cell that is not
 * inside it: going through the tree takes no stack.
 */
#include "map/quadtree.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

#define LEVELS 16 /* a cell of the last level is 1 / 65536 of the map wide */
#define LEAF   4  /* songs that are looked at one by one */

struct node {
    float x, y;          /* centre of mass */
    float mass;          /* songs */
    float side2;         /* of the cell, squared */
    uint32_t next;       /* the cell after all that are inside this one */
    uint32_t first, end; /* songs, as places in the order */
    bool leaf;
};

struct mm_quadtree {
    size_t n;
    const float *xy;
    uint32_t *order; /* [n] */
    uint32_t *code;  /* [n] by place */
    uint32_t *spare_order;
    uint32_t *spare_code;
    struct node *node;
    size_t count;
    double side; /* of the square around all songs */
};

int mm_quadtree_create(size_t n, struct mm_quadtree **out, struct mm_error *err)
{
    struct mm_quadtree *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return mm_no_memory(err);
    t->n = n;
    t->order = mm_calloc3(n, 1, sizeof *t->order);
    t->code = mm_calloc3(n, 1, sizeof *t->code);
    t->spare_order = mm_calloc3(n, 1, sizeof *t->spare_order);
    t->spare_code = mm_calloc3(n, 1, sizeof *t->spare_code);
    t->node = mm_calloc3(n, 2, sizeof *t->node); /* every inner cell branches */
    if (!t->order || !t->code || !t->spare_order || !t->spare_code || !t->node) {
        mm_quadtree_destroy(t);
        return mm_no_memory(err);
    }
    *out = t;
    return 0;
}

void mm_quadtree_destroy(struct mm_quadtree *tree)
{
    if (!tree)
        return;
    free(tree->order);
    free(tree->code);
    free(tree->spare_order);
    free(tree->spare_code);
    free(tree->node);
    free(tree);
}

/* ---- building ---- */

/* Puts a 0 between all bits of a 16-bit number. */
static uint32_t spread_bits(uint32_t x)
{
    x = (x | x << 8) & 0x00FF00FFu;
    x = (x | x << 4) & 0x0F0F0F0Fu;
    x = (x | x << 2) & 0x33333333u;
    return (x | x << 1) & 0x55555555u;
}

static void find_codes(struct mm_quadtree *t)
{
    const float *xy = t->xy;
    float low[2] = {xy[0], xy[1]};
    float high[2] = {xy[0], xy[1]};
    for (size_t i = 0; i < t->n; i++)
        for (size_t d = 0; d < 2; d++) {
            low[d] = fminf(low[d], xy[2 * i + d]);
            high[d] = fmaxf(high[d], xy[2 * i + d]);
        }
    t->side = fmax((double)high[0] - low[0], (double)high[1] - low[1]);
    double scale = t->side > 0 ? ((1u << LEVELS) - 1) / t->side : 0;
    for (size_t i = 0; i < t->n; i++) {
        uint32_t column = (uint32_t)((xy[2 * i] - (double)low[0]) * scale);
        uint32_t row = (uint32_t)((xy[2 * i + 1] - (double)low[1]) * scale);
        t->code[i] = spread_bits(column) | spread_bits(row) << 1;
        t->order[i] = (uint32_t)i;
    }
}

/* By byte, lowest first; each pass keeps the order of equal ones. */
static void sort_codes(struct mm_quadtree *t)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        size_t start[257] = {0};
        for (size_t i = 0; i < t->n; i++)
            start[(t->code[i] >> shift & 0xFF) + 1]++;
        for (size_t b = 1; b < 257; b++)
            start[b] += start[b - 1];
        for (size_t i = 0; i < t->n; i++) {
            size_t to = start[t->code[i] >> shift & 0xFF]++;
            t->spare_code[to] = t->code[i];
            t->spare_order[to] = t->order[i];
        }
        uint32_t *code = t->code;
        uint32_t *order = t->order;
        t->code = t->spare_code;
        t->order = t->spare_order;
        t->spare_code = code;
        t->spare_order = order;
    }
}

static void weigh_leaf(const struct mm_quadtree *t, struct node *node)
{
    double x = 0;
    double y = 0;
    for (uint32_t p = node->first; p < node->end; p++) {
        x += t->xy[2 * (size_t)t->order[p]];
        y += t->xy[2 * (size_t)t->order[p] + 1];
    }
    node->mass = (float)(node->end - node->first);
    node->x = (float)(x / node->mass);
    node->y = (float)(y / node->mass);
}

static void weigh_inner(struct mm_quadtree *t, uint32_t at)
{
    struct node *node = &t->node[at];
    double x = 0;
    double y = 0;
    for (uint32_t child = at + 1; child < node->next; child = t->node[child].next) {
        x += (double)t->node[child].mass * t->node[child].x;
        y += (double)t->node[child].mass * t->node[child].y;
    }
    node->mass = (float)(node->end - node->first);
    node->x = (float)(x / node->mass);
    node->y = (float)(y / node->mass);
}

/* The smallest cell around a run of songs, and all below it. Calls itself LEVELS deep at most. */
static void add_cell(struct mm_quadtree *t, uint32_t first, uint32_t end)
{
    uint32_t at = (uint32_t)t->count++;
    struct node *node = &t->node[at];
    uint32_t differ = t->code[first] ^ t->code[end - 1];
    unsigned level = differ ? (unsigned)__builtin_clz(differ) / 2 : LEVELS;
    double side = end - first > 1 ? ldexp(t->side, -(int)level) : 0;
    *node = (struct node){.side2 = (float)(side * side), .first = first, .end = end};
    node->leaf = end - first <= LEAF || level == LEVELS;
    if (node->leaf) {
        node->next = (uint32_t)t->count;
        weigh_leaf(t, node);
        return;
    }
    unsigned shift = 2 * (LEVELS - 1 - level);
    for (uint32_t from = first; from < end;) {
        uint32_t quarter = t->code[from] >> shift;
        uint32_t to = from + 1;
        while (to < end && t->code[to] >> shift == quarter)
            to++;
        add_cell(t, from, to);
        from = to;
    }
    node->next = (uint32_t)t->count;
    weigh_inner(t, at);
}

void mm_quadtree_build(struct mm_quadtree *tree, const float *xy)
{
    tree->xy = xy;
    tree->count = 0;
    find_codes(tree);
    sort_codes(tree);
    add_cell(tree, 0, (uint32_t)tree->n);
}

const uint32_t *mm_quadtree_order(const struct mm_quadtree *tree)
{
    return tree->order;
}

/* ---- sums ---- */

double mm_quadtree_push(const struct mm_quadtree *tree, uint32_t i, double theta, double push[2])
{
    const float x = tree->xy[2 * (size_t)i];
    const float y = tree->xy[2 * (size_t)i + 1];
    const float theta2 = (float)(theta * theta);
    double sum = 0;
    double fx = 0;
    double fy = 0;
    for (uint32_t at = 0; at < tree->count;) {
        const struct node *node = &tree->node[at];
        float dx = x - node->x;
        float dy = y - node->y;
        float d2 = dx * dx + dy * dy;
        if (node->side2 < theta2 * d2) {
            float q = 1 / (1 + d2);
            float mq = node->mass * q;
            sum += mq;
            fx += mq * q * dx;
            fy += mq * q * dy;
        } else if (!node->leaf) {
            at++;
            continue;
        } else {
            for (uint32_t p = node->first; p < node->end; p++) {
                uint32_t j = tree->order[p];
                if (j == i)
                    continue;
                dx = x - tree->xy[2 * (size_t)j];
                dy = y - tree->xy[2 * (size_t)j + 1];
                float q = 1 / (1 + dx * dx + dy * dy);
                sum += q;
                fx += q * q * dx;
                fy += q * q * dy;
            }
        }
        at = node->next;
    }
    push[0] += fx;
    push[1] += fy;
    return sum;
}
