/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * umap.c - stochastic gradient descent on the fuzzy set cross entropy, with negative sampling.
 *
 * The authors' loop takes one edge after the other and moves both ends at once; its result depends
 * on the order, and cannot be shared among threads without chance deciding. Here an epoch goes over
 * songs: each takes its edges that are due, moves along them and away from strangers one edge after
 * the other, while all others stand where the last epoch left them. A song reads old places and
 * writes its own new one, so that threads make no difference. An edge that is due pulls twice,
 * since in the authors' loop a song is moved as either end.
 *
 * The forces' factors are functions of the squared distance alone, with a power in them; they are
 * looked up in a table over its logarithm, i.e. over the upper bits of the float.
 */
#include "map/umap.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"

#define BLOCK    ((size_t)256) /* songs of a round of the pool */
#define LONGEST  1.0F          /* step along an axis, in spreads */
#define SOFTENER 1e-4          /* keeps the push between near songs finite */

/* ---- the curve ---- */

#define CURVE_POINTS 300

/* The squared error of the curve with a = p[0], b = p[1], and the normal equations there. */
static double fit_error(double min_dist, double spread, const double *p, double *jj, double *jr)
{
    double error = 0;
    jj[0] = jj[1] = jj[2] = jr[0] = jr[1] = 0;
    for (int i = 1; i < CURVE_POINTS; i++) {
        double x = 3 * spread * i / (CURVE_POINTS - 1);
        double want = x < min_dist ? 1 : exp(-(x - min_dist) / spread);
        double power = pow(x, 2 * p[1]);
        double is = 1 / (1 + p[0] * power);
        double da = -power * is * is;
        double db = -p[0] * power * 2 * log(x) * is * is;
        error += (want - is) * (want - is);
        jj[0] += da * da;
        jj[1] += da * db;
        jj[2] += db * db;
        jr[0] += da * (want - is);
        jr[1] += db * (want - is);
    }
    return error;
}

/* Gauss-Newton steps, damped (Levenberg 1944), from the curve of a = b = 1 at scale `spread`. */
void mm_umap_curve(double min_dist, double spread, double *a, double *b)
{
    double p[2] = {pow(spread, -2), 1};
    double jj[3];
    double jr[2];
    double error = fit_error(min_dist, spread, p, jj, jr);
    for (double damping = 1e-3; damping > 1e-15 && damping < 1e12;) {
        double d0 = jj[0] * (1 + damping);
        double d2 = jj[2] * (1 + damping);
        double det = d0 * d2 - jj[1] * jj[1];
        double next[2] = {p[0] + (d2 * jr[0] - jj[1] * jr[1]) / det,
                          p[1] + (d0 * jr[1] - jj[1] * jr[0]) / det};
        double next_jj[3];
        double next_jr[2];
        double next_error = next[0] > 0 && next[1] > 0
                                ? fit_error(min_dist, spread, next, next_jj, next_jr)
                                : INFINITY;
        if (!(next_error < error)) { /* too far, or there already */
            damping *= 10;
            continue;
        }
        damping /= 10;
        error = next_error;
        memcpy(p, next, sizeof p);
        memcpy(jj, next_jj, sizeof jj);
        memcpy(jr, next_jr, sizeof jr);
    }
    *a = p[0];
    *b = p[1];
}

/* ---- tables ---- */

#define OCTAVES 48 /* of the squared distance, 2^-24 .. 2^24 */
#define STEPS   32 /* an octave */
#define SHIFT   18 /* mantissa bits within a step */
#define LOWEST  ((uint32_t)(127 - OCTAVES / 2) << 23)

struct forces {
    float pull[OCTAVES * STEPS + 1]; /* times the difference of places: the step */
    float push[OCTAVES * STEPS + 1];
};

static void make_forces(struct forces *f, double a, double b, double repulsion)
{
    for (uint32_t i = 0; i <= OCTAVES * STEPS; i++) {
        uint32_t bits = LOWEST + (i << SHIFT);
        float d2;
        memcpy(&d2, &bits, sizeof d2);
        double power = pow(d2, b);
        f->pull[i] = (float)(-2 * a * b * power / d2 / (1 + a * power));
        f->push[i] = (float)(repulsion * 2 * b / ((SOFTENER + d2) * (1 + a * power)));
    }
}

/* Straight between the table's points: within 1e-3 of the function. */
static inline float look_up(const float *table, float d2)
{
    uint32_t bits;
    memcpy(&bits, &d2, sizeof bits);
    if (bits < LOWEST)
        return table[0];
    uint32_t at = (bits - LOWEST) >> SHIFT;
    if (at >= OCTAVES * STEPS)
        return table[OCTAVES * STEPS];
    float part = (float)(bits & ((1u << SHIFT) - 1)) * (1.0F / (1u << SHIFT));
    return table[at] + part * (table[at + 1] - table[at]);
}

/* ---- epochs ---- */

struct layout {
    const struct mm_fuzzy *graph;
    const struct mm_umap_settings *settings;
    struct forces forces;
    float rate_scale;  /* 1 / largest weight: the edge with that weight is due in every epoch */
    const float *from; /* [n][2] */
    float *to;         /* [n][2] */
    size_t epoch;
    float step; /* learning rate */
    float longest;
};

static inline float clip(float x, float most)
{
    float low = x > -most ? x : -most;
    return low < most ? low : most;
}

/* Adds the step that `other` makes a song at `at` take. */
static inline void add_step(const struct layout *l, const float *at, const float *other,
                            const float *table, float *way)
{
    float dx = at[0] - other[0];
    float dy = at[1] - other[1];
    float factor = l->step * look_up(table, dx * dx + dy * dy);
    way[0] += clip(factor * dx, l->longest);
    way[1] += clip(factor * dy, l->longest);
}

/* Steps away from strangers. They do not wait for one another: all begin where the song is now. */
static inline void push_away(const struct layout *l, uint32_t i, struct mm_random *random,
                             float *at)
{
    float way[2] = {at[0], at[1]};
    for (size_t s = 0; s < l->settings->strangers; s++) {
        size_t other = (size_t)(((mm_random_next(random) >> 32) * l->graph->n) >> 32);
        if (other != i)
            add_step(l, at, l->from + 2 * other, l->forces.push, way);
    }
    at[0] = way[0];
    at[1] = way[1];
}

static inline void pull(const struct layout *l, const float *other, float *at)
{
    float from[2] = {at[0], at[1]};
    add_step(l, from, other, l->forces.pull, at);
}

/* Edges are due at even intervals in proportion to their weight, each with a phase of its own. */
static inline bool is_due(size_t epoch, float rate, uint32_t i, uint32_t j)
{
    uint32_t hash = (i * 0x9E3779B1u) ^ (j * 0x85EBCA77u);
    hash ^= hash >> 15;
    hash *= 0x2C1B3C6Du;
    float at = (float)(hash >> 8) * 0x1p-24F + (float)epoch * rate;
    return (uint64_t)(at + rate) > (uint64_t)at;
}

static void move_song(const struct layout *l, uint32_t i)
{
    const struct mm_fuzzy *g = l->graph;
    struct mm_random random = mm_random_stream(l->settings->seed, l->epoch * g->n + i);
    float at[2] = {l->from[2 * (size_t)i], l->from[2 * (size_t)i + 1]};
    for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
        uint32_t j = g->to[e];
        if (!is_due(l->epoch, g->weight[e] * l->rate_scale, i, j))
            continue;
        const float *other = l->from + 2 * (size_t)j;
        pull(l, other, at);
        push_away(l, i, &random, at);
        pull(l, other, at);
    }
    l->to[2 * (size_t)i] = at[0];
    l->to[2 * (size_t)i + 1] = at[1];
}

static void move_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct layout *l = ctx;
    size_t first = l->settings->fixed + block * BLOCK;
    size_t end = l->graph->n - first < BLOCK ? l->graph->n : first + BLOCK;
    for (size_t i = first; i < end; i++)
        move_song(l, (uint32_t)i);
}

int mm_umap_optimise(const struct mm_fuzzy *graph, const struct mm_umap_settings *settings,
                     struct mm_pool *pool, const struct mm_progress *progress, float *xy,
                     struct mm_error *err)
{
    size_t n = graph->n;
    float heaviest = 0;
    for (size_t e = 0; e < graph->start[n]; e++)
        heaviest = fmaxf(heaviest, graph->weight[e]);
    if (!(heaviest > 0) || settings->fixed >= n)
        return 0;
    struct layout *l = calloc(1, sizeof *l);
    float *spare = mm_calloc3(n, 2, sizeof *spare);
    int result = 0;
    if (!l || !spare) {
        result = mm_no_memory(err);
        goto out;
    }
    double a;
    double b;
    mm_umap_curve(settings->min_dist, settings->spread, &a, &b);
    make_forces(&l->forces, a, b, settings->repulsion);
    l->graph = graph;
    l->settings = settings;
    l->rate_scale = 1 / heaviest;
    l->longest = LONGEST * (float)settings->spread;
    memcpy(spare, xy, 2 * n * sizeof *spare);
    size_t blocks = (n - settings->fixed + BLOCK - 1) / BLOCK;
    for (l->epoch = 0; l->epoch < settings->epochs; l->epoch++) {
        mm_progress_update(progress, "placing songs", l->epoch, settings->epochs);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            goto out;
        }
        l->from = l->epoch % 2 ? spare : xy;
        l->to = l->epoch % 2 ? xy : spare;
        l->step = (float)(settings->rate * (1 - (double)l->epoch / (double)settings->epochs));
        mm_pool_run(pool, blocks, move_block, l);
    }
    if (settings->epochs % 2)
        memcpy(xy, spare, 2 * n * sizeof *xy);

out:
    free(spare);
    free(l);
    return result;
}
