/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hdbscan.c - HDBSCAN* (Campello, Moulavi, Sander 2013; Campello et al. 2015).
 *
 * Joining the edges of the spanning tree (span.c) from the shortest on gives the hierarchy; edges
 * of one length join all they touch at once, so that the result does not depend on which of several
 * shortest trees was found. From the top down a cluster lives on while it only loses parts of fewer
 * than `least` points, and ends when it falls into two or more others. Its stability is the sum
 * over its points of how long they were in it, in units of density, 1 / length. Of nested clusters
 * those are taken whose stabilities have the largest sum; the whole is none of them unless there is
 * nothing else.
 */
#include "map/hdbscan.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"

/* Lengths below this share of the longest count as this: songs at one place are not infinitely
 * dense. */
#define LEAST_LENGTH 1e-6

/* ---- the hierarchy ---- */

/* Node i < n is point i; the others are joins, the last one is the root. Children follow one
 * another in child[]. */
struct hierarchy {
    size_t n, n_nodes;
    uint32_t *child;  /* [2n] */
    uint32_t *first;  /* [2n] where a node's children begin, by node; points have none */
    uint32_t *end;    /* [2n] */
    uint32_t *size;   /* [2n] points below */
    float *length;    /* [2n] at which its parts were joined */
    uint32_t *parent; /* [n] of the forest of points that union-find keeps */
    uint32_t *node;   /* [n] node of a root of that forest */
};

static void hierarchy_finish(struct hierarchy *h)
{
    free(h->child);
    free(h->first);
    free(h->end);
    free(h->size);
    free(h->length);
    free(h->parent);
    free(h->node);
}

static int hierarchy_init(struct hierarchy *h, size_t n)
{
    *h = (struct hierarchy){.n = n, .n_nodes = n};
    h->child = mm_calloc3(n, 2, sizeof *h->child);
    h->first = mm_calloc3(n, 2, sizeof *h->first);
    h->end = mm_calloc3(n, 2, sizeof *h->end);
    h->size = mm_calloc3(n, 2, sizeof *h->size);
    h->length = mm_calloc3(n, 2, sizeof *h->length);
    h->parent = mm_calloc3(n, 1, sizeof *h->parent);
    h->node = mm_calloc3(n, 1, sizeof *h->node);
    if (!h->child || !h->first || !h->end || !h->size || !h->length || !h->parent || !h->node)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        h->size[i] = 1;
        h->parent[i] = h->node[i] = (uint32_t)i;
    }
    return 0;
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* Two parts a join; a node of the same length is not a part but passes its parts on when it is
 * asked for (see list_parts). */
static void join_all(struct hierarchy *h, const struct mm_span_edge *edges, float shortest)
{
    uint32_t used = 0;
    for (size_t e = 0; e + 1 < h->n; e++) {
        uint32_t a = root_of(h->parent, edges[e].a);
        uint32_t b = root_of(h->parent, edges[e].b);
        uint32_t node = (uint32_t)h->n_nodes++;
        h->first[node] = used;
        h->child[used++] = h->node[a];
        h->child[used++] = h->node[b];
        h->end[node] = used;
        h->size[node] = h->size[h->node[a]] + h->size[h->node[b]];
        h->length[node] = fmaxf(edges[e].length, shortest);
        h->parent[b] = a;
        h->node[a] = node;
    }
}

/* ---- condensing ---- */

struct cluster {
    uint32_t parent;  /* UINT32_MAX: it is the whole */
    double birth;     /* density at which it appeared */
    double stability; /* later: of the best choice from here down */
    uint32_t children;
    bool chosen;
};

/* A node that is still to be looked at, and the cluster its points are in. */
struct visit {
    uint32_t node, cluster;
};

struct condenser {
    const struct hierarchy *h;
    size_t least;
    struct cluster *clusters;
    size_t n_clusters, capacity;
    uint32_t *last;  /* [n] the smallest cluster a point was ever in */
    uint32_t *parts; /* [n] */
    uint32_t *stack; /* [2n] */
    struct visit *visits;
    size_t n_visits, visits_capacity;
};

/* The nodes into which this one falls, through joins of the same length. */
static size_t list_parts(struct condenser *c, uint32_t node)
{
    const struct hierarchy *h = c->h;
    size_t n_parts = 0;
    size_t n_stack = 0;
    c->stack[n_stack++] = node;
    while (n_stack > 0) {
        uint32_t now = c->stack[--n_stack];
        for (uint32_t i = h->first[now]; i < h->end[now]; i++) {
            uint32_t child = h->child[i];
            if (child >= h->n && h->length[child] == h->length[node])
                c->stack[n_stack++] = child;
            else
                c->parts[n_parts++] = child;
        }
    }
    return n_parts;
}

/* All points below the node were last in this cluster. */
static void leave(struct condenser *c, uint32_t node, uint32_t cluster)
{
    size_t n_stack = 0;
    c->stack[n_stack++] = node;
    while (n_stack > 0) {
        uint32_t now = c->stack[--n_stack];
        if (now < c->h->n)
            c->last[now] = cluster;
        for (uint32_t i = c->h->first[now]; now >= c->h->n && i < c->h->end[now]; i++)
            c->stack[n_stack++] = c->h->child[i];
    }
}

static int add_cluster(struct condenser *c, uint32_t parent, double birth, uint32_t node)
{
    if (mm_array_reserve(&c->clusters, &c->capacity, c->n_clusters + 1) < 0 ||
        mm_array_reserve(&c->visits, &c->visits_capacity, c->n_visits + 1) < 0)
        return MM_ERR_NO_MEMORY;
    if (parent != UINT32_MAX)
        c->clusters[parent].children++;
    c->clusters[c->n_clusters] = (struct cluster){.parent = parent, .birth = birth};
    c->visits[c->n_visits++] = (struct visit){node, (uint32_t)c->n_clusters++};
    return 0;
}

/* Follows one cluster from where it appeared to its end. */
static int follow(struct condenser *c, struct visit visit)
{
    for (;;) {
        double density = 1 / (double)c->h->length[visit.node];
        double age = density - c->clusters[visit.cluster].birth;
        size_t n_parts = list_parts(c, visit.node);
        size_t n_big = 0;
        for (size_t i = 0; i < n_parts; i++) /* large parts to the front, in their order */
            if (c->h->size[c->parts[i]] >= c->least) {
                uint32_t big = c->parts[i];
                c->parts[i] = c->parts[n_big];
                c->parts[n_big++] = big;
            }
        size_t gone = c->h->size[visit.node] - (n_big == 1 ? c->h->size[c->parts[0]] : 0);
        c->clusters[visit.cluster].stability += (double)gone * age;
        for (size_t i = n_big; i < n_parts; i++)
            leave(c, c->parts[i], visit.cluster);
        if (n_big != 1) {
            for (size_t i = 0; i < n_big; i++)
                if (add_cluster(c, visit.cluster, density, c->parts[i]) < 0)
                    return MM_ERR_NO_MEMORY;
            return 0;
        }
        visit.node = c->parts[0];
    }
}

/* From the smallest clusters up: a cluster or the best of what is in it? Parents stand before their
 * children. sum: [n_clusters] zeros. */
static void choose(struct condenser *c, double *sum)
{
    bool alone = c->n_clusters == 1;
    for (size_t i = c->n_clusters; i-- > 0;) {
        struct cluster *cluster = &c->clusters[i];
        bool whole = cluster->parent == UINT32_MAX;
        cluster->chosen = whole ? alone : !(sum[i] > cluster->stability);
        if (!cluster->chosen)
            cluster->stability = sum[i];
        if (!whole)
            sum[cluster->parent] += cluster->stability;
    }
    /* What lies in a chosen one is not chosen; from the top down. */
    for (size_t i = 0; i < c->n_clusters; i++) {
        uint32_t parent = c->clusters[i].parent;
        bool covered = parent != UINT32_MAX && sum[parent] < 0;
        if (covered)
            c->clusters[i].chosen = false;
        sum[i] = covered || c->clusters[i].chosen ? -1 : 0;
    }
}

/* The chosen cluster that holds the one a point was last in. */
static uint32_t chosen_above(const struct condenser *c, uint32_t cluster)
{
    while (cluster != UINT32_MAX && !c->clusters[cluster].chosen)
        cluster = c->clusters[cluster].parent;
    return cluster;
}

static int number_points(const struct condenser *c, size_t n, uint32_t *out, size_t *k)
{
    uint32_t *number = mm_calloc3(c->n_clusters, 1, sizeof *number);
    if (!number)
        return MM_ERR_NO_MEMORY;
    memset(number, 0xFF, c->n_clusters * sizeof *number);
    *k = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t cluster = chosen_above(c, c->last[i]);
        if (cluster != UINT32_MAX && number[cluster] == UINT32_MAX)
            number[cluster] = (uint32_t)(*k)++;
        out[i] = cluster == UINT32_MAX ? UINT32_MAX : number[cluster];
    }
    free(number);
    return 0;
}

static int condense(struct condenser *c, uint32_t *cluster, size_t *k)
{
    size_t n = c->h->n;
    double *sum = NULL;
    int result = MM_ERR_NO_MEMORY;
    c->last = mm_calloc3(n, 1, sizeof *c->last);
    c->parts = mm_calloc3(n, 1, sizeof *c->parts);
    c->stack = mm_calloc3(n, 2, sizeof *c->stack);
    if (!c->last || !c->parts || !c->stack ||
        add_cluster(c, UINT32_MAX, 0, (uint32_t)c->h->n_nodes - 1) < 0)
        goto out;
    while (c->n_visits > 0)
        if (follow(c, c->visits[--c->n_visits]) < 0)
            goto out;
    sum = mm_calloc3(c->n_clusters, 1, sizeof *sum);
    if (!sum)
        goto out;
    choose(c, sum);
    result = number_points(c, n, cluster, k);

out:
    free(sum);
    free(c->visits);
    free(c->clusters);
    free(c->stack);
    free(c->parts);
    free(c->last);
    return result;
}

int mm_hdbscan_extract(const struct mm_span_edge *edges, size_t n, size_t least, uint32_t *cluster,
                       size_t *k, struct mm_error *err)
{
    if (n < 2 || !(edges[n - 2].length > 0)) { /* one point, or all at one place */
        memset(cluster, 0, n * sizeof *cluster);
        *k = 1;
        return 0;
    }
    struct hierarchy h;
    struct condenser c = {.h = &h, .least = least < 2 ? 2 : least};
    int result = hierarchy_init(&h, n);
    if (result == 0) {
        join_all(&h, edges, (float)(edges[n - 2].length * LEAST_LENGTH));
        result = condense(&c, cluster, k);
    }
    hierarchy_finish(&h);
    return result < 0 ? mm_no_memory(err) : 0;
}
