/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/countries.h"

#include <math.h>

#include "base/array.h"
#include "map/ward.h"

/* Where the number of clusters was chosen, a cluster has two songs at least, and at least this
 * share of the mean cluster. */
#define LEAST_SONGS   ((size_t)2)
#define SHARE_OF_MEAN 8

/* Countries that make it worth to tell regions apart, and what a map can show. */
#define LEAST_COUNTRIES ((size_t)6)
#define MOST_REGIONS    ((size_t)16)

/* Means and sizes of groups of points. */
struct centres {
    size_t k, dim;
    double *mean; /* [k][dim] */
    double *size; /* [k] */
};

static void centres_finish(struct centres *c)
{
    free(c->mean);
    free(c->size);
}

static int centres_init(struct centres *c, const struct mm_points *p, const uint32_t *cluster,
                        size_t k)
{
    *c = (struct centres){.k = k, .dim = p->dim};
    c->mean = mm_calloc3(k, p->dim, sizeof *c->mean);
    c->size = mm_calloc3(k, 1, sizeof *c->size);
    if (!c->mean || !c->size)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < p->n; i++) {
        c->size[cluster[i]]++;
        for (size_t j = 0; j < p->dim; j++)
            c->mean[cluster[i] * p->dim + j] += p->x[i * p->dim + j];
    }
    for (size_t g = 0; g < k; g++)
        for (size_t j = 0; j < p->dim; j++)
            c->mean[g * p->dim + j] /= c->size[g];
    return 0;
}

/* By how much the sum of squares grows when two groups become one. */
static double join_cost(const struct centres *c, size_t a, size_t b)
{
    double apart = 0;
    for (size_t j = 0; j < c->dim; j++) {
        double d = c->mean[a * c->dim + j] - c->mean[b * c->dim + j];
        apart += d * d;
    }
    return c->size[a] * c->size[b] / (c->size[a] + c->size[b]) * apart;
}

/* The other group that is cheapest to join; k when there is none. */
static size_t cheapest(const struct centres *c, size_t group)
{
    size_t best = c->k;
    double least = INFINITY;
    for (size_t g = 0; g < c->k; g++) {
        if (g == group || c->size[g] <= 0)
            continue;
        double cost = join_cost(c, group, g);
        if (cost < least) {
            least = cost;
            best = g;
        }
    }
    return best;
}

/* b becomes part of a. */
static void join(struct centres *c, size_t a, size_t b)
{
    double total = c->size[a] + c->size[b];
    for (size_t j = 0; j < c->dim; j++) {
        double *mean = &c->mean[a * c->dim + j];
        *mean = (*mean * c->size[a] + c->mean[b * c->dim + j] * c->size[b]) / total;
    }
    c->size[a] = total;
    c->size[b] = 0;
}

/* The smallest group below `least`; k when there is none. */
static size_t smallest(const struct centres *c, double least)
{
    size_t best = c->k;
    for (size_t g = 0; g < c->k; g++)
        if (c->size[g] > 0 && c->size[g] < least && (best == c->k || c->size[g] < c->size[best]))
            best = g;
    return best;
}

/* into: [k] the group that took each; itself when it stayed. */
static size_t follow(const uint32_t *into, size_t group)
{
    while (into[group] != group)
        group = into[group];
    return group;
}

size_t mm_countries_least(size_t n, size_t k)
{
    size_t least = n / k / SHARE_OF_MEAN;
    return least > LEAST_SONGS ? least : LEAST_SONGS;
}

int mm_countries_join_small(const struct mm_points *points, size_t least, uint32_t *cluster,
                            size_t *k, size_t *joined, struct mm_error *err)
{
    struct centres c = {0};
    uint32_t *into = mm_calloc3(*k, 2, sizeof *into);
    *joined = 0;
    if (!into || centres_init(&c, points, cluster, *k) < 0) {
        centres_finish(&c);
        free(into);
        return mm_no_memory(err);
    }
    uint32_t *number = into + *k;
    for (size_t g = 0; g < *k; g++)
        into[g] = (uint32_t)g;
    for (;;) {
        size_t small = smallest(&c, (double)least);
        size_t other = small < *k ? cheapest(&c, small) : *k;
        if (other == *k)
            break;
        join(&c, other, small);
        into[small] = (uint32_t)other;
        ++*joined;
    }
    uint32_t used = 0;
    for (size_t g = 0; g < *k; g++)
        number[g] = into[g] == g ? used++ : 0;
    for (size_t i = 0; i < points->n; i++)
        cluster[i] = number[follow(into, cluster[i])];
    *k = used;
    centres_finish(&c);
    free(into);
    return 0;
}

/* ---- order ---- */

struct rank {
    double size;
    size_t first; /* the first member: breaks ties */
    uint32_t group;
};

static int compare_ranks(const void *one, const void *two)
{
    const struct rank *a = one;
    const struct rank *b = two;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* Renumbers groups in order of falling size; weight: [n] of the members, NULL = 1 each. */
static int sort_groups(uint32_t *group, const double *weight, size_t n, size_t k,
                       struct mm_error *err)
{
    struct rank *ranks = mm_calloc3(k, 1, sizeof *ranks);
    uint32_t *number = mm_calloc3(k, 1, sizeof *number);
    if (!ranks || !number) {
        free(ranks);
        free(number);
        return mm_no_memory(err);
    }
    for (size_t i = n; i-- > 0;) {
        struct rank *r = &ranks[group[i]];
        r->size += weight ? weight[i] : 1;
        r->first = i;
        r->group = group[i];
    }
    qsort(ranks, k, sizeof *ranks, compare_ranks);
    for (size_t g = 0; g < k; g++)
        number[ranks[g].group] = (uint32_t)g;
    for (size_t i = 0; i < n; i++)
        group[i] = number[group[i]];
    free(ranks);
    free(number);
    return 0;
}

/* ---- regions ---- */

/* The cut before which the tree has to reach farthest, as a ratio; between half and twice the
 * square root of the number of countries. */
static size_t choose_cut(const struct mm_ward_step *steps, size_t k)
{
    size_t low = (size_t)sqrt((double)k);
    size_t high = (size_t)(2 * sqrt((double)k));
    low = low < 2 ? 2 : low;
    high = high > k / 2 ? k / 2 : high;
    high = high > MOST_REGIONS ? MOST_REGIONS : high;
    size_t best = low;
    double widest = -1;
    for (size_t r = low; r <= high; r++) {
        double joined = steps[k - r - 1].height; /* the step that left r */
        double next = steps[k - r].height;
        double gap = joined > 0 ? next / joined : 0;
        if (gap > widest) {
            widest = gap;
            best = r;
        }
    }
    return best;
}

/* Points that stand for the countries, and their weight. */
static int describe(const struct mm_points *points, const uint32_t *cluster, size_t k,
                    struct centres *c, float **x)
{
    *x = mm_calloc3(k, points->dim, sizeof **x);
    if (!*x || centres_init(c, points, cluster, k) < 0)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < k * points->dim; i++)
        (*x)[i] = (float)c->mean[i];
    return 0;
}

int mm_countries_group(const struct mm_points *points, const uint32_t *cluster, size_t k,
                       struct mm_pool *pool, uint32_t *region, size_t *n_regions,
                       struct mm_error *err)
{
    *n_regions = 0;
    if (k < LEAST_COUNTRIES)
        return 0;
    struct centres c = {0};
    float *x = NULL;
    size_t alone;
    struct mm_ward_step *steps = mm_calloc3(k, 1, sizeof *steps);
    int result = MM_ERR_NO_MEMORY;
    if (!steps || describe(points, cluster, k, &c, &x) < 0) {
        mm_no_memory(err);
        goto out;
    }
    struct mm_points means = {x, k, points->dim};
    result = mm_ward_tree(&means, c.size, pool, NULL, steps, err);
    if (result == 0) {
        *n_regions = choose_cut(steps, k);
        result = mm_ward_cut(steps, k, *n_regions, region, err);
    }
    if (result == 0) /* a region of one country would be that country */
        result = mm_countries_join_small(&means, 2, region, n_regions, &alone, err);
    if (result == 0)
        result = sort_groups(region, c.size, k, *n_regions, err);
    if (*n_regions < 2)
        *n_regions = 0;

out:
    free(steps);
    free(x);
    centres_finish(&c);
    return result;
}

static void take_clustering(struct mm_map *map, const struct mm_clustering *clustering)
{
    map->cluster = clustering->cluster;
    map->n_clusters = clustering->n_clusters;
    map->looked_at = clustering->looked_at ? clustering->looked_at : map->n;
    map->noise = clustering->noise;
    map->k_criterion = clustering->criterion;
    map->k_parameter = clustering->parameter;
    map->curve = clustering->curve;
    map->n_curve = clustering->n_curve;
    map->k_chosen = clustering->chosen;
}

int mm_countries_find(const struct mm_algorithm *clusterer, const struct mm_algorithm_input *in,
                      struct mm_map *map, struct mm_error *err)
{
    struct mm_clustering clustering;
    int result = clusterer->ops->cluster(in, &clustering, err);
    if (result < 0)
        return result;
    take_clustering(map, &clustering);
    if (in->clusters == 0) {
        map->least_songs = mm_countries_least(map->n, map->n_clusters);
        result = mm_countries_join_small(&in->points, map->least_songs, map->cluster,
                                         &map->n_clusters, &map->joined, err);
    }
    if (result == 0)
        result = sort_groups(map->cluster, NULL, map->n, map->n_clusters, err);
    if (result < 0)
        return result;
    map->region = mm_calloc3(map->n_clusters, 1, sizeof *map->region);
    if (!map->region)
        return mm_no_memory(err);
    return mm_countries_group(&in->points, map->cluster, map->n_clusters, in->pool, map->region,
                              &map->n_regions, err);
}

int mm_countries_renumber(struct mm_map *map, struct mm_error *err)
{
    size_t k = map->n_clusters;
    uint32_t *region = mm_calloc3(k, 1, sizeof *region);
    double *size = mm_calloc3(k, 2, sizeof *size);   /* by the old numbers, then by the new */
    uint32_t *song = mm_calloc3(k, 1, sizeof *song); /* one of each cluster */
    int result = region && size && song ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < map->n && result == 0; i++) {
        size[map->cluster[i]]++;
        song[map->cluster[i]] = (uint32_t)i;
    }
    if (result == 0)
        result = sort_groups(map->cluster, NULL, map->n, k, err);
    for (size_t c = 0; c < k && result == 0; c++) {
        size_t now = map->cluster[song[c]];
        region[now] = map->region[c];
        size[k + now] = size[c];
    }
    if (result == 0 && map->n_regions > 0) {
        memcpy(map->region, region, k * sizeof *region);
        result = sort_groups(map->region, size + k, k, map->n_regions, err);
    }
    free(song);
    free(size);
    free(region);
    return result;
}
