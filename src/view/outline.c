/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The edges between a country and the rest, each turned so that the country lies on its left, leave
 * every corner as often as they enter it: walking along them until none is left gives closed rings.
 */
#include "view/outline.h"

#include <stdlib.h>

#include "base/array.h"

#define NONE UINT32_MAX

struct step {
    uint32_t from, to;
    uint32_t next; /* another step from the same corner, NONE = no more */
};

struct walk {
    size_t *start; /* [n_countries + 2] steps of a country */
    struct step *steps;
    uint32_t *at; /* [n_corners] a step that leaves the corner, NONE */
};

static int collect(const struct mm_scene *scene, struct walk *walk)
{
    const struct mm_voronoi *v = scene->voronoi;
    size_t n = scene->n_countries;
    for (int fill = 0; fill < 2; fill++) {
        for (size_t e = 0; e < v->n_edges; e++) {
            const struct mm_voronoi_edge *edge = v->edges + e;
            uint32_t left = scene->cluster[edge->left];
            uint32_t right = edge->right == UINT32_MAX ? NONE : scene->cluster[edge->right];
            if (left == right)
                continue;
            if (!fill) {
                walk->start[left + 2]++;
                if (right != NONE)
                    walk->start[right + 2]++;
                continue;
            }
            walk->steps[walk->start[left + 1]++] = (struct step){edge->a, edge->b, NONE};
            if (right != NONE)
                walk->steps[walk->start[right + 1]++] = (struct step){edge->b, edge->a, NONE};
        }
        if (fill)
            break;
        for (size_t c = 2; c <= n + 1; c++)
            walk->start[c] += walk->start[c - 1];
        walk->steps = mm_calloc3(walk->start[n + 1], 1, sizeof *walk->steps);
        if (!walk->steps)
            return MM_ERR_NO_MEMORY;
    }
    return 0;
}

static void walk_country(struct walk *walk, size_t c, struct mm_outlines *out, size_t *n_corners,
                         size_t *n_rings)
{
    for (size_t s = walk->start[c]; s < walk->start[c + 1]; s++) {
        struct step *step = walk->steps + s;
        step->next = walk->at[step->from];
        walk->at[step->from] = (uint32_t)s;
    }
    for (size_t s = walk->start[c]; s < walk->start[c + 1]; s++) {
        uint32_t corner = walk->steps[s].from;
        if (walk->at[corner] == NONE)
            continue;
        while (walk->at[corner] != NONE) {
            const struct step *step = walk->steps + walk->at[corner];
            out->corner[(*n_corners)++] = corner;
            walk->at[corner] = step->next;
            corner = step->to;
        }
        out->end[(*n_rings)++] = *n_corners;
    }
}

int mm_outlines_create(const struct mm_scene *scene, struct mm_outlines **out, struct mm_error *err)
{
    *out = NULL;
    size_t n = scene->n_countries;
    struct mm_outlines *lines = calloc(1, sizeof *lines);
    if (!lines)
        return mm_no_memory(err);
    struct walk walk = {.start = calloc(n + 2, sizeof *walk.start),
                        .at = mm_calloc3(scene->voronoi->n_corners, 1, sizeof *walk.at)};
    int result = MM_ERR_NO_MEMORY;
    if (!walk.start || !walk.at || collect(scene, &walk) < 0)
        goto out;
    size_t n_steps = walk.start[n + 1];
    lines->first = calloc(n + 1, sizeof *lines->first);
    lines->end = mm_calloc3(n_steps, 1, sizeof *lines->end);
    lines->corner = mm_calloc3(n_steps, 1, sizeof *lines->corner);
    if (!lines->first || !lines->end || !lines->corner)
        goto out;
    memset(walk.at, 0xFF, scene->voronoi->n_corners * sizeof *walk.at);
    size_t n_corners = 0;
    size_t n_rings = 0;
    for (size_t c = 0; c < n; c++) {
        walk_country(&walk, c, lines, &n_corners, &n_rings);
        lines->first[c + 1] = n_rings;
    }
    result = 0;
out:
    free(walk.start);
    free(walk.at);
    free(walk.steps);
    if (result == 0) {
        *out = lines;
        return 0;
    }
    mm_outlines_destroy(lines);
    return mm_no_memory(err);
}

void mm_outlines_destroy(struct mm_outlines *outlines)
{
    if (!outlines)
        return;
    free(outlines->first);
    free(outlines->end);
    free(outlines->corner);
    free(outlines);
}
