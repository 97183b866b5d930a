/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Colouring a graph whose vertices are countries and whose edges are common borders.
 *
 * A ladder of palettes, each a set whose members all differ by Delta-E 2000 >= 15 for all four
 * kinds of vision; short ones are pale and muted as maps are, longer ones must use darker and
 * stronger colours. The first palette that colours the map wins. Colouring is greedy in
 * smallest-last order, repaired by tabu search (TabuCol, Hertz & de Werra 1987) with conflicts
 * weighted by length of border. At last every country leaves its palette's colour by a small step
 * of its own, as far as its neighbours allow, so that no two countries look the same and the sheet
 * looks hand-tinted.
 *
 * The palettes were found by annealing over CIELAB: largest least distance first, then small chroma
 * and high lightness. test_palette checks every pair.
 */
#include "view/palette.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/random.h"
#include "view/colour.h"

#define MOST 16

static const struct palette {
    size_t n;
    uint32_t colours[MOST];
} palettes[] = {
    {6, {0xb8f7df, 0xeedb8f, 0xdfd6fc, 0x87b5a1, 0xa199bd, 0xaf944f}},
    {8, {0xc0f0db, 0xf1de92, 0xdbd2f8, 0x83b19d, 0xc29a59, 0x9d95b9, 0x667f79, 0x847240}},
    {10,
     {0xb6fad6, 0xf9e4fe, 0xecc17e, 0xb7ace3, 0x89b6a2, 0xac8d5e, 0x7c8696, 0x2a7862, 0x816021,
      0x625a83}},
    {12,
     {0xcef3d6, 0xded8f4, 0xf3d17f, 0x6eaefc, 0x96aa93, 0xab98af, 0xc38c4a, 0x4c8076, 0x796fab,
      0x876526, 0x595242, 0x49526a}},
    {14,
     {0xf2f5ba, 0xdbf6f0, 0x86e1ff, 0xe5b052, 0xb8b297, 0xa2adb3, 0x629cd5, 0xb1782e, 0x697c66,
      0x837187, 0x745205, 0x534b83, 0x05574c, 0x392f12}},
    {16,
     {0xecfb45, 0xe3f3fc, 0xeed3b1, 0x6bc9f8, 0x9fb2af, 0xabb537, 0x11a272, 0x8882a6, 0x7077ff,
      0x817900, 0x386b4b, 0x5e606c, 0x5937de, 0x3f4002, 0x35226b, 0x541d31}},
};
#define N_PALETTES (sizeof palettes / sizeof *palettes)

struct graph {
    size_t n;
    size_t *start;   /* [n + 1] */
    uint32_t *other; /* [start[n]] neighbours */
    double *weight;  /* [start[n]] what it costs when the two get one colour */
};

struct search {
    const struct graph *graph;
    size_t k;
    uint8_t *class;  /* [n] the colouring at hand */
    uint8_t *best;   /* [n] the best one met */
    double *cost;    /* [n][MOST] weight of the neighbours in that class */
    uint32_t *tabu;  /* [n][MOST] round until which the move is forbidden */
    uint32_t *order; /* [n] smallest-last */
};

static void finish_graph(struct graph *graph)
{
    free(graph->start);
    free(graph->other);
    free(graph->weight);
}

static int make_graph(struct graph *graph, size_t n, const struct mm_border *borders, size_t count)
{
    size_t *start = graph->start = mm_calloc3(n + 2, 1, sizeof *start);
    graph->other = mm_calloc3(count, 2, sizeof *graph->other);
    graph->weight = mm_calloc3(count, 2, sizeof *graph->weight);
    if (!start || !graph->other || !graph->weight)
        return MM_ERR_NO_MEMORY;
    graph->n = n;
    double mean = 0;
    for (size_t i = 0; i < count; i++) {
        start[borders[i].a + 2]++;
        start[borders[i].b + 2]++;
        mean += borders[i].length / (double)count;
    }
    for (size_t v = 2; v <= n + 1; v++)
        start[v] += start[v - 1];
    /* start[v + 1] is where the next neighbour of v goes: behind the last one it is start[v + 1].
     */
    for (size_t i = 0; i < count; i++) {
        /* Even the shortest border counts something; a coast-to-coast one not without end. */
        double weight = 0.2 + (mean > 0 ? fmin(borders[i].length / mean, 4) : 0);
        size_t to_a = start[borders[i].a + 1]++;
        size_t to_b = start[borders[i].b + 1]++;
        graph->other[to_a] = borders[i].b;
        graph->other[to_b] = borders[i].a;
        graph->weight[to_a] = graph->weight[to_b] = weight;
    }
    return 0;
}

/*
 * Smallest-last order (Matula & Beck 1983; bucket form of Batagelj & Zaversnik 2003): again and
 * again the country with the fewest neighbours left is taken out and put at the end. Greedy colours
 * in this order never exceed 6 on a planar map, so a map without exclaves gets the palest palette.
 */
static int smallest_last(const struct graph *graph, uint32_t *order)
{
    size_t n = graph->n;
    size_t *degree = mm_calloc3(n, 1, sizeof *degree);
    size_t *place = mm_calloc3(n, 1, sizeof *place);
    size_t *bucket = mm_calloc3(n + 1, 1, sizeof *bucket); /* a pair is one border: degree < n */
    if (!degree || !place || !bucket) {
        free(degree);
        free(place);
        free(bucket);
        return MM_ERR_NO_MEMORY;
    }
    for (size_t v = 0; v < n; v++)
        bucket[degree[v] = graph->start[v + 1] - graph->start[v]]++;
    for (size_t d = 0, sum = 0; d <= n; d++) {
        size_t count = bucket[d];
        bucket[d] = sum;
        sum += count;
    }
    for (size_t v = 0; v < n; v++)
        order[place[v] = bucket[degree[v]]++] = (uint32_t)v;
    for (size_t d = n; d > 0; d--)
        bucket[d] = bucket[d - 1];
    bucket[0] = 0;
    for (size_t i = 0; i < n; i++) { /* order[i] has the fewest neighbours left */
        size_t v = order[i];
        for (size_t e = graph->start[v]; e < graph->start[v + 1]; e++) {
            size_t u = graph->other[e];
            if (degree[u] <= degree[v])
                continue;
            size_t first = bucket[degree[u]]++;
            size_t w = order[first];
            order[first] = (uint32_t)u;
            order[place[u]] = (uint32_t)w;
            place[w] = place[u];
            place[u] = first;
            degree[u]--;
        }
    }
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t swap = order[i];
        order[i] = order[n - 1 - i];
        order[n - 1 - i] = swap;
    }
    free(degree);
    free(place);
    free(bucket);
    return 0;
}

/* Writes v's class into the costs of its neighbours (sign 1) or takes it out again (-1). */
static void add_cost(struct search *s, size_t v, size_t class, double sign)
{
    const struct graph *graph = s->graph;
    for (size_t e = graph->start[v]; e < graph->start[v + 1]; e++)
        s->cost[(size_t)graph->other[e] * MOST + class] += sign * graph->weight[e];
}

/* Each country takes the class that costs least; among equals the one used least so far. */
static double greedy(struct search *s)
{
    size_t used[MOST] = {0};
    double total = 0;
    memset(s->cost, 0, s->graph->n * MOST * sizeof *s->cost);
    for (size_t i = 0; i < s->graph->n; i++) {
        size_t v = s->order[i];
        const double *cost = s->cost + v * MOST;
        size_t best = 0;
        for (size_t c = 1; c < s->k; c++)
            if (cost[c] < cost[best] - 1e-9 ||
                (cost[c] < cost[best] + 1e-9 && used[c] < used[best]))
                best = c;
        total += cost[best];
        s->class[v] = (uint8_t)best;
        used[best]++;
        add_cost(s, v, best, 1);
    }
    return total;
}

/* The cheapest move of a country in conflict that is not forbidden; false when there is none. */
static bool find_move(const struct search *s, uint32_t round, double total, double best,
                      size_t *move_v, size_t *move_class, size_t *in_conflict)
{
    double least = INFINITY;
    *in_conflict = 0;
    for (size_t v = 0; v < s->graph->n; v++) {
        const double *cost = s->cost + v * MOST;
        double now = cost[s->class[v]];
        if (now < 1e-9)
            continue;
        ++*in_conflict;
        for (size_t c = 0; c < s->k; c++) {
            double change = cost[c] - now;
            bool allowed = s->tabu[v * MOST + c] <= round || total + change < best - 1e-9;
            if (c != s->class[v] && allowed && change < least - 1e-9) {
                least = change;
                *move_v = v;
                *move_class = c;
            }
        }
    }
    return least < INFINITY;
}

/* TabuCol from the colouring at hand; the best one ends in s->best. Returns its cost. */
static double repair(struct search *s, double total)
{
    size_t n = s->graph->n;
    double best = total;
    memcpy(s->best, s->class, n);
    memset(s->tabu, 0, n * MOST * sizeof *s->tabu);
    struct mm_random random = mm_random_stream(n, s->k);
    uint32_t rounds = (uint32_t)fmin(2000 + 20.0 * (double)n, 4e7 / (double)n);
    for (uint32_t round = 1; round <= rounds && best > 1e-9; round++) {
        size_t v = 0;
        size_t class = 0;
        size_t in_conflict;
        if (!find_move(s, round, total, best, &v, &class, &in_conflict))
            continue;
        size_t old = s->class[v];
        total += s->cost[v * MOST + class] - s->cost[v * MOST + old];
        add_cost(s, v, old, -1);
        add_cost(s, v, class, 1);
        s->class[v] = (uint8_t) class;
        s->tabu[v * MOST + old] =
            round + (uint32_t)(0.6 * (double)in_conflict) + (uint32_t)mm_random_below(&random, 10);
        if (total < best - 1e-9) {
            best = total;
            memcpy(s->best, s->class, n);
        }
    }
    return best;
}

static void look(uint32_t rgb, struct mm_lab seen[MM_VISIONS])
{
    for (int v = 0; v < MM_VISIONS; v++)
        seen[v] = mm_colour_seen(rgb, (enum mm_vision)v);
}

static double difference(const struct mm_lab one[MM_VISIONS], const struct mm_lab two[MM_VISIONS])
{
    double least = INFINITY;
    for (int v = 0; v < MM_VISIONS; v++)
        least = fmin(least, mm_colour_delta_e(one[v], two[v]));
    return least;
}

/* A step away from rgb in lightness, chroma and hue, small enough to stay the same tint. */
static uint32_t step_aside(uint32_t rgb, struct mm_random *random, int *inside)
{
    struct mm_lab lab = mm_colour_lab(rgb);
    double chroma = hypot(lab.a, lab.b) * (0.45 + 0.6 * mm_random_unit(random));
    double hue = atan2(lab.b, lab.a) + 0.5 * (mm_random_unit(random) - 0.5);
    lab.l = fmin(lab.l + 8 * (mm_random_unit(random) - 0.5), 95);
    lab.a = chroma * cos(hue);
    lab.b = chroma * sin(hue);
    return mm_colour_from_lab(lab, inside);
}

/* How far a colour is from what looks well on a map: greens loud beyond a moss's chroma, other hues
 * beyond an ochre's, and anything as grey as stone. */
static double unloveliness(struct mm_lab lab)
{
    double chroma = hypot(lab.a, lab.b);
    double most = lab.a < -5 && fabs(lab.b) < 0.8 * -lab.a ? 16 : 36;
    return fmax(chroma - most, 0) + fmax(11 - chroma, 0);
}

/* True when a colour keeps its distance, or what there was of it, from v's neighbours. */
static bool fits(const struct graph *graph, const struct mm_lab *seen, size_t v,
                 const struct mm_lab colour[MM_VISIONS])
{
    for (size_t e = graph->start[v]; e < graph->start[v + 1]; e++) {
        const struct mm_lab *other = seen + (size_t)graph->other[e] * MM_VISIONS;
        double least = fmin(MM_PALETTE_LEAST + 0.1, difference(seen + v * MM_VISIONS, other));
        if (difference(colour, other) < least)
            return false;
    }
    return true;
}

/* Each country takes the loveliest of a few steps aside. seen: [n][MM_VISIONS] of colours. */
static void tint(const struct graph *graph, uint32_t *colours, struct mm_lab *seen)
{
    for (size_t v = 0; v < graph->n; v++) {
        struct mm_random random = mm_random_stream(1, v);
        uint32_t from = colours[v];
        double best = INFINITY;
        struct mm_lab chosen[MM_VISIONS];
        for (int attempt = 0; attempt < 24 && best > 0; attempt++) {
            int inside;
            uint32_t rgb = step_aside(from, &random, &inside);
            struct mm_lab new[MM_VISIONS];
            look(rgb, new);
            double flaw = unloveliness(new[MM_VISION_NORMAL]);
            if (!inside || flaw >= best || !fits(graph, seen, v, new))
                continue;
            best = flaw;
            colours[v] = rgb;
            memcpy(chosen, new, sizeof chosen);
        }
        if (best < INFINITY)
            memcpy(seen + v * MM_VISIONS, chosen, sizeof chosen);
    }
}

static int make_search(struct search *s, const struct graph *graph)
{
    size_t n = graph->n;
    s->graph = graph;
    s->class = mm_calloc3(n, 1, 1);
    s->best = mm_calloc3(n, 1, 1);
    s->order = mm_calloc3(n, 1, sizeof *s->order);
    s->cost = mm_calloc3(n, MOST, sizeof *s->cost);
    s->tabu = mm_calloc3(n, MOST, sizeof *s->tabu);
    if (!s->class || !s->best || !s->order || !s->cost || !s->tabu)
        return MM_ERR_NO_MEMORY;
    return smallest_last(graph, s->order);
}

static void finish_search(struct search *s)
{
    free(s->class);
    free(s->best);
    free(s->order);
    free(s->cost);
    free(s->tabu);
}

int mm_palette_assign(size_t n, const struct mm_border *borders, size_t n_borders,
                      uint32_t *colours, size_t *close_pairs, struct mm_error *err)
{
    *close_pairs = 0;
    if (n == 0)
        return 0;
    struct graph graph = {0};
    struct search search = {0};
    struct mm_lab *seen = mm_calloc3(n, MM_VISIONS, sizeof *seen);
    int result = MM_ERR_NO_MEMORY;
    if (!seen || make_graph(&graph, n, borders, n_borders) < 0 || make_search(&search, &graph) < 0)
        goto out;
    size_t p = 0;
    for (; p < N_PALETTES; p++) {
        search.k = palettes[p].n;
        if (repair(&search, greedy(&search)) < 1e-9 || p + 1 == N_PALETTES)
            break;
    }
    for (size_t v = 0; v < n; v++) {
        colours[v] = palettes[p].colours[search.best[v]];
        look(colours[v], seen + v * MM_VISIONS);
    }
    tint(&graph, colours, seen);
    for (size_t i = 0; i < n_borders; i++)
        *close_pairs += difference(seen + (size_t)borders[i].a * MM_VISIONS,
                                   seen + (size_t)borders[i].b * MM_VISIONS) < MM_PALETTE_LEAST;
    result = 0;
out:
    finish_search(&search);
    finish_graph(&graph);
    free(seen);
    return result < 0 ? mm_no_memory(err) : 0;
}
