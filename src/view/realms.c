/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * realms.c - places are what hangs together on the overview's pixels; the middle of one is the
 * pixel farthest from anything else (distances by two sweeps of 3-4 chamfer, Borgefors 1986).
 */
#include "view/realms.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

#define NO_REALM UINT16_MAX
#define STEP     3 /* chamfer distance to a pixel beside, */
#define DIAGONAL 4 /* and to one across */

struct ground {
    size_t w, h;
    uint16_t *realm;    /* [h][w] */
    uint32_t *root;     /* [h][w] a pixel that stands for the place */
    uint32_t *size;     /* [h][w] pixels of the place, at its root */
    uint16_t *distance; /* [h][w] from the nearest pixel of another region */
};

static uint32_t root_of(uint32_t *root, uint32_t i)
{
    while (root[i] != i) {
        root[i] = root[root[i]];
        i = root[i];
    }
    return i;
}

static void join(struct ground *g, size_t a, size_t b)
{
    if (g->realm[a] != g->realm[b])
        return;
    uint32_t one = root_of(g->root, (uint32_t)a);
    uint32_t two = root_of(g->root, (uint32_t)b);
    g->root[one > two ? one : two] = one > two ? two : one;
}

static void find_places(struct ground *g)
{
    size_t n = g->w * g->h;
    for (size_t i = 0; i < n; i++)
        g->root[i] = (uint32_t)i;
    for (size_t y = 0; y < g->h; y++)
        for (size_t x = 0; x < g->w; x++) {
            size_t i = y * g->w + x;
            if (x > 0)
                join(g, i, i - 1);
            if (y > 0)
                join(g, i, i - g->w);
        }
    for (size_t i = 0; i < n; i++)
        g->size[root_of(g->root, (uint32_t)i)]++;
}

/* How far pixel i is by way of the one dx, dy away. */
static uint16_t by_way_of(const struct ground *g, size_t i, int dx, int dy)
{
    size_t x = i % g->w;
    size_t y = i / g->w;
    if ((dx < 0 && x == 0) || (dx > 0 && x + 1 == g->w) || (dy < 0 && y == 0) ||
        (dy > 0 && y + 1 == g->h))
        return STEP; /* the picture's edge is a border, too */
    size_t other = (size_t)((long)i + dx + dy * (long)g->w);
    int step = dx && dy ? DIAGONAL : STEP;
    if (g->realm[other] != g->realm[i])
        return (uint16_t)step;
    int sum = g->distance[other] + step;
    return (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
}

static void measure(struct ground *g)
{
    static const int before[4][2] = {{-1, 0}, {-1, -1}, {0, -1}, {1, -1}};
    size_t n = g->w * g->h;
    for (size_t i = 0; i < n; i++)
        g->distance[i] = UINT16_MAX;
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < n; k++) {
            size_t i = pass ? n - 1 - k : k;
            int sign = pass ? -1 : 1;
            for (int b = 0; b < 4; b++) {
                uint16_t way = by_way_of(g, i, sign * before[b][0], sign * before[b][1]);
                g->distance[i] = way < g->distance[i] ? way : g->distance[i];
            }
        }
}

/* Numbers the regions by the first country of each: realm[c] of every country. */
static size_t number_realms(const struct mm_scene *scene, uint16_t *realm, struct mm_realm *realms)
{
    size_t n = 0;
    for (size_t c = 0; c < scene->n_countries; c++) {
        size_t r = 0;
        const struct mm_country *country = &scene->countries[c];
        while (r < n && realms[r].name != country->region) /* a scene has each name once */
            r++;
        realm[c] = country->region ? (uint16_t)r : NO_REALM;
        if (!country->region)
            continue;
        if (r == n)
            realms[n++] = (struct mm_realm){.name = country->region};
        realms[r].songs += country->n_songs;
    }
    return n;
}

static size_t count_countries(const uint16_t *realm, size_t n, size_t r)
{
    size_t count = 0;
    for (size_t c = 0; c < n; c++)
        count += realm[c] == r;
    return count;
}

/* False: no place holds most of the region. */
static bool settle(const struct ground *g, const struct mm_box *box, uint16_t number,
                   struct mm_realm *realm)
{
    size_t n = g->w * g->h;
    size_t all = 0;
    size_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        if (g->realm[i] != number)
            continue;
        all++;
        if (g->size[i] > (g->realm[largest] == number ? g->size[largest] : 0))
            largest = i; /* sizes stand at the roots, elsewhere is 0 */
    }
    if (all == 0 || (double)g->size[largest] < MM_REALM_MOST * (double)all)
        return false;
    size_t middle = largest;
    for (size_t i = 0; i < n; i++)
        if (root_of(g->root, (uint32_t)i) == largest && g->distance[i] > g->distance[middle])
            middle = i;
    size_t column = middle % g->w;
    size_t row = middle / g->w;
    double pixel = (box->x1 - box->x0) / (double)g->w;
    realm->x = box->x0 + ((double)column + 0.5) * pixel;
    realm->y = box->y1 - ((double)row + 0.5) * pixel;
    realm->radius = g->distance[middle] * pixel / STEP;
    return true;
}

static int make_ground(struct ground *g, const uint16_t *country, const uint16_t *realm)
{
    size_t n = g->w * g->h;
    g->realm = mm_calloc3(n, 1, sizeof *g->realm);
    g->root = mm_calloc3(n, 1, sizeof *g->root);
    g->size = mm_calloc3(n, 1, sizeof *g->size);
    g->distance = mm_calloc3(n, 1, sizeof *g->distance);
    if (!g->realm || !g->root || !g->size || !g->distance)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        g->realm[i] = country[i] == UINT16_MAX ? NO_REALM : realm[country[i]];
    find_places(g);
    measure(g);
    return 0;
}

int mm_realms_find(const struct mm_scene *scene, const uint16_t *country, size_t width,
                   size_t height, const struct mm_box *box, struct mm_realm **out, size_t *n,
                   struct mm_error *err)
{
    struct ground g = {.w = width, .h = height};
    uint16_t *realm = mm_calloc3(scene->n_countries, 1, sizeof *realm);
    struct mm_realm *realms = mm_calloc3(scene->n_countries, 1, sizeof *realms);
    int result = 0;
    *out = NULL;
    *n = 0;
    size_t count = realm && realms ? number_realms(scene, realm, realms) : 0;
    if (!realm || !realms || (count > 0 && make_ground(&g, country, realm) < 0)) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t r = 0; r < count; r++)
        if (count_countries(realm, scene->n_countries, r) > 1 &&
            settle(&g, box, (uint16_t)r, &realms[r]))
            realms[(*n)++] = realms[r];
    *out = realms;
    realms = NULL;
out:
    free(realms);
    free(realm);
    free(g.realm);
    free(g.root);
    free(g.size);
    free(g.distance);
    return result;
}
