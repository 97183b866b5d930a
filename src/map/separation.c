/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/separation.h"

#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/silhouette.h"

struct groups {
    const struct mm_standard *standard;
    const uint32_t *cluster;
    size_t k;
    double *middle; /* [k][dim] */
    double *width;  /* [k] mean distance to the middle */
    size_t *size;   /* [k] */
    float *rows;    /* [MM_BLOCK_ROWS][dim] */
};

/* Calls visit for every song with its standardised vector. */
static int each_song(struct groups *g, void (*visit)(struct groups *g, uint32_t c, const float *x),
                     struct mm_error *err)
{
    size_t n = g->standard->vectors->n;
    size_t dim = g->standard->vectors->dim;
    for (size_t first = 0; first < n; first += MM_BLOCK_ROWS) {
        size_t count = mm_block_rows(n, first);
        int result = mm_standard_read(g->standard, first, count, g->rows, err);
        if (result < 0)
            return result;
        for (size_t i = 0; i < count; i++)
            visit(g, g->cluster[first + i], g->rows + i * dim);
    }
    return 0;
}

static void add_song(struct groups *g, uint32_t c, const float *x)
{
    size_t dim = g->standard->vectors->dim;
    g->size[c]++;
    for (size_t j = 0; j < dim; j++)
        g->middle[c * dim + j] += x[j];
}

static void add_width(struct groups *g, uint32_t c, const float *x)
{
    size_t dim = g->standard->vectors->dim;
    double sum = 0;
    for (size_t j = 0; j < dim; j++) {
        double d = x[j] - g->middle[c * dim + j];
        sum += d * d;
    }
    g->width[c] += sqrt(sum) / (double)g->size[c];
}

static double compare_groups(const struct groups *g)
{
    size_t dim = g->standard->vectors->dim;
    double total = 0;
    for (size_t a = 0; a < g->k; a++) {
        double worst = 0;
        for (size_t b = 0; b < g->k; b++) {
            double sum = 0;
            for (size_t j = 0; j < dim && b != a; j++) {
                double d = g->middle[a * dim + j] - g->middle[b * dim + j];
                sum += d * d;
            }
            if (sum > 0)
                worst = fmax(worst, (g->width[a] + g->width[b]) / sqrt(sum));
        }
        total += worst;
    }
    return total / (double)g->k;
}

static int measure_widths(struct groups *g, double *out, struct mm_error *err)
{
    size_t dim = g->standard->vectors->dim;
    int result = each_song(g, add_song, err);
    if (result < 0)
        return result;
    for (size_t c = 0; c < g->k; c++)
        for (size_t j = 0; j < dim; j++)
            g->middle[c * dim + j] /= (double)g->size[c];
    result = each_song(g, add_width, err);
    *out = compare_groups(g);
    return result;
}

/* One song of each of `count` equal parts of the list. */
static int draw_sample(const struct groups *g, size_t count, float *x, uint32_t *cluster,
                       struct mm_error *err)
{
    size_t n = g->standard->vectors->n;
    size_t dim = g->standard->vectors->dim;
    struct mm_random random = mm_random_stream(0, count);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        size_t song = i * n / count;
        song += mm_random_below(&random, (i + 1) * n / count - song);
        cluster[i] = g->cluster[song];
        result = mm_standard_read(g->standard, song, 1, x + i * dim, err);
    }
    return result;
}

static int measure_silhouette(const struct groups *g, struct mm_pool *pool, double *out,
                              struct mm_error *err)
{
    size_t n = g->standard->vectors->n;
    size_t count = n < MM_SEPARATION_SAMPLE ? n : MM_SEPARATION_SAMPLE;
    size_t dim = g->standard->vectors->dim;
    struct mm_distances distances = {0};
    float *x = mm_calloc3(count, dim, sizeof *x);
    uint32_t *cluster = mm_calloc3(count, 1, sizeof *cluster);
    int result = x && cluster ? draw_sample(g, count, x, cluster, err) : mm_no_memory(err);
    if (result == 0)
        result = mm_distances_create(&(struct mm_points){x, count, dim}, pool, &distances, err);
    if (result == 0)
        result = mm_silhouette_measure(&distances, cluster, g->k, pool, out, err);
    mm_distances_finish(&distances);
    free(cluster);
    free(x);
    return result;
}

int mm_separation_measure(const struct mm_standard *standard, const uint32_t *cluster, size_t k,
                          struct mm_pool *pool, struct mm_separation *out, struct mm_error *err)
{
    *out = (struct mm_separation){NAN, NAN};
    if (k < 2)
        return 0;
    size_t dim = standard->vectors->dim;
    struct groups g = {.standard = standard, .cluster = cluster, .k = k};
    g.middle = mm_calloc3(k, dim, sizeof *g.middle);
    g.width = mm_calloc3(k, 1, sizeof *g.width);
    g.size = mm_calloc3(k, 1, sizeof *g.size);
    g.rows = mm_calloc3(MM_BLOCK_ROWS, dim, sizeof *g.rows);
    int result = g.middle && g.width && g.size && g.rows
                     ? measure_widths(&g, &out->davies_bouldin, err)
                     : mm_no_memory(err);
    if (result == 0)
        result = measure_silhouette(&g, pool, &out->silhouette, err);
    free(g.rows);
    free(g.size);
    free(g.width);
    free(g.middle);
    return result;
}
