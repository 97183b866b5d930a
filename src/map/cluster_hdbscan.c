/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cluster_hdbscan.c - the clusterer "hdbscan".
 *
 * Its one parameter is the smallest cluster. Asked for a number of clusters it takes the smallest
 * cluster that comes nearest to that number; asked to choose, the one whose clusters are told apart
 * best, where songs that belong nowhere count as not told apart at all. The tree is the same for
 * all of them. A map has a place for every song: noise goes where the nearest song that is none
 * went. Of more than MM_SAMPLE_MOST songs a sample is looked at.
 */
#include <math.h>

#include "base/array.h"
#include "map/algorithms.h"
#include "map/hdbscan.h"
#include "map/sample.h"
#include "map/silhouette.h"

#define NEIGHBOURS \
    ((size_t)5) /* of the core distance; of fewer than MANY songs 2: crowds are small */
#define MANY         ((size_t)1000)
#define MOST_CURVE   ((size_t)48)
#define JUDGE_SAMPLE ((size_t)2500) /* songs that are compared with one another to judge */

struct scan {
    const struct mm_algorithm_input *in;
    struct mm_sample sample;
    struct mm_span_edge *edges; /* [n - 1] */
    uint32_t *own;              /* [n] UINT32_MAX = noise */
    size_t k;
};

static void scan_finish(struct scan *s)
{
    free(s->own);
    free(s->edges);
    mm_sample_finish(&s->sample);
}

static int scan_init(struct scan *s, const struct mm_algorithm_input *in, struct mm_error *err)
{
    *s = (struct scan){.in = in};
    int result = mm_sample_create(&in->points, MM_SAMPLE_MOST, in->seed, &s->sample, err);
    if (result < 0)
        return result;
    size_t n = s->sample.points.n;
    s->edges = mm_calloc3(n, 1, sizeof *s->edges);
    s->own = mm_calloc3(n, 1, sizeof *s->own);
    if (!s->edges || !s->own)
        return mm_no_memory(err);
    return mm_hdbscan_span(&s->sample.points, n < MANY ? 2 : NEIGHBOURS, in->pool, in->progress,
                           s->edges, err);
}

static int extract(struct scan *s, size_t least, struct mm_error *err)
{
    return mm_hdbscan_extract(s->edges, s->sample.points.n, least, s->own, &s->k, err);
}

static size_t next_least(size_t least)
{
    return least + 1 + least / 6;
}

/* ---- choosing the smallest cluster ---- */

/* The mean silhouette of the judged songs; 0 for noise. */
struct judge {
    struct mm_sample sample;
    struct mm_distances distances;
    uint32_t *cluster; /* [songs judged] */
};

static int judge(struct judge *j, const struct scan *s, double *score, struct mm_error *err)
{
    for (size_t i = 0; i < j->sample.points.n; i++)
        j->cluster[i] = s->own[j->sample.row ? j->sample.row[i] : i];
    return mm_silhouette_measure(&j->distances, j->cluster, s->k, s->in->pool, score, err);
}

static int try_all(struct scan *s, struct judge *j, size_t *least, struct mm_clustering *out,
                   struct mm_error *err)
{
    double best = -INFINITY;
    size_t n = s->sample.points.n;
    *least = out->chosen = 2;
    for (size_t try = 2; try <= n / 4 && out->n_curve < MOST_CURVE; try = next_least(try)) {
        double score = 0;
        mm_progress_update(s->in->progress, "choosing the smallest cluster", out->n_curve, 0);
        int result = extract(s, try, err);
        if (result == 0)
            result = judge(j, s, &score, err);
        if (result < 0)
            return result;
        out->curve[out->n_curve++] = (struct mm_k_point){try, score};
        if (score > best) {
            best = score;
            *least = out->chosen = try;
        }
        if (s->k < 2)
            break; /* it will not become more */
    }
    return 0;
}

static int choose(struct scan *s, size_t *least, struct mm_clustering *out, struct mm_error *err)
{
    struct judge j = {0};
    out->criterion = "mean silhouette, 0 for noise";
    out->parameter = "songs in the smallest cluster";
    out->curve = mm_calloc3(MOST_CURVE, 1, sizeof *out->curve);
    int result = mm_sample_create(&s->sample.points, JUDGE_SAMPLE, s->in->seed, &j.sample, err);
    if (result < 0)
        return result;
    j.cluster = mm_calloc3(j.sample.points.n, 1, sizeof *j.cluster);
    if (!j.cluster || !out->curve)
        result = mm_no_memory(err);
    if (result == 0)
        result = mm_distances_create(&j.sample.points, s->in->pool, &j.distances, err);
    if (result == 0)
        result = try_all(s, &j, least, out, err);
    mm_distances_finish(&j.distances);
    free(j.cluster);
    mm_sample_finish(&j.sample);
    return result;
}

/* The smallest cluster that gives a number of clusters near the one wanted. */
static int match(struct scan *s, size_t wanted, size_t *least, struct mm_error *err)
{
    size_t n = s->sample.points.n;
    size_t nearest = SIZE_MAX;
    *least = 2;
    for (size_t try = 2; try <= n / 2 + 1 && nearest > 0; try++) {
        /* There is no room for so many of that size that they would come nearer. */
        if (n / try < wanted && wanted - n / try >= nearest)
            break;
        int result = extract(s, try, err);
        if (result < 0)
            return result;
        size_t off = s->k > wanted ? s->k - wanted : wanted - s->k;
        if (off < nearest) {
            nearest = off;
            *least = try;
        }
        if (s->k <= 1)
            break;
    }
    return 0;
}

/* ---- noise ---- */

/* Sends noise where the nearest song that is none went; counts it. */
static int settle(struct scan *s, size_t *noise, struct mm_error *err)
{
    const struct mm_points *p = &s->sample.points;
    *noise = 0;
    for (size_t i = 0; i < p->n; i++)
        *noise += s->own[i] == UINT32_MAX;
    if (*noise == 0)
        return 0;
    size_t n = p->n - *noise;
    float *x = mm_calloc3(n, p->dim, sizeof *x);
    uint32_t *group = mm_calloc3(n, 1, sizeof *group);
    uint32_t *row = mm_calloc3(n, 1, sizeof *row);
    uint32_t *all = mm_calloc3(p->n, 1, sizeof *all);
    int result = x && group && row && all ? 0 : mm_no_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < p->n && result == 0; i++)
        if (s->own[i] != UINT32_MAX) {
            memcpy(x + at * p->dim, p->x + i * p->dim, p->dim * sizeof *x);
            group[at] = s->own[i];
            row[at++] = (uint32_t)i;
        }
    if (result == 0) {
        struct mm_sample kept = {.points = {x, n, p->dim}, .row = row};
        result = mm_sample_spread(&kept, group, p, s->in->pool, all, err);
    }
    if (result == 0)
        memcpy(s->own, all, p->n * sizeof *all);
    free(all);
    free(row);
    free(group);
    free(x);
    return result;
}

static int cluster(const struct mm_algorithm_input *in, struct mm_clustering *out,
                   struct mm_error *err)
{
    struct scan s;
    size_t least = 2;
    *out = (struct mm_clustering){0};
    int result = scan_init(&s, in, err);
    if (result == 0)
        result = in->clusters ? match(&s, in->clusters, &least, err) : choose(&s, &least, out, err);
    if (result == 0)
        result = extract(&s, least, err);
    if (result == 0)
        result = settle(&s, &out->noise, err);
    if (result == 0) {
        out->n_clusters = s.k;
        out->looked_at = s.sample.row ? s.sample.points.n : 0;
        out->cluster = mm_calloc3(in->points.n, 1, sizeof *out->cluster);
        result = out->cluster
                     ? mm_sample_spread(&s.sample, s.own, &in->points, in->pool, out->cluster, err)
                     : mm_no_memory(err);
    }
    scan_finish(&s);
    if (result < 0)
        mm_clustering_finish(out);
    return result;
}

const struct mm_algorithm_ops mm_clusterer_hdbscan = {.cluster = cluster};
