/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pca.c - principal component analysis in one pass over the vectors.
 *
 * The sums of products are added up in double and are already centred, since the vectors are
 * standardised; where there are many vectors, those of a few thousand are summed up as floats
 * first, which is twice as fast and far below what chance leaves of them. With fewer vectors than
 * dimensions their n x n matrix of products has the same eigenvalues (Turk & Pentland 1991, "the
 * snapshot method"), and is much smaller.
 */
#include "map/pca.h"

#include <math.h>

#include "base/array.h"
#include "map/matrix.h"

/* Side of the square parts of the matrix that threads fill. */
#define TILE ((size_t)128)

/* Vectors whose products are summed up as floats, read by several threads where they are in memory.
 */
#define CHUNK      (4 * MM_BLOCK_ROWS)
#define FEW_ROWS   CHUNK         /* of fewer vectors the exact sums cost nothing */
#define PROJECTION ((size_t)256) /* vectors of one product */

/* A component with less than this share of the largest one's variance is rounding. */
#define LEAST_SHARE 1e-10

struct products {
    const double *rows;  /* [count][width] */
    const float *floats; /* [count][width] in place of rows, when they are NULL */
    float *part;         /* [jobs][TILE][TILE] */
    size_t count;
    size_t width;
    size_t tiles;
    double *sum; /* [width][width], lower triangle of tiles */
};

static void add_tile(void *ctx, size_t i, size_t worker)
{
    struct products *p = ctx;
    size_t row = 0; /* tile number i of the lower triangle */
    while ((row + 1) * (row + 2) / 2 <= i)
        row++;
    size_t column = i - row * (row + 1) / 2;
    size_t y = row * TILE;
    size_t x = column * TILE;
    size_t height = p->width - y < TILE ? p->width - y : TILE;
    size_t width = p->width - x < TILE ? p->width - x : TILE;
    double *sum = p->sum + y * p->width + x;
    if (p->rows)
        mm_matrix_add_products(p->rows + y, height, p->rows + x, width, p->count, p->width, sum,
                               p->width);
    else
        mm_matrix_add_float_products(p->floats + y, height, p->floats + x, width, p->count,
                                     p->width, p->part + worker * TILE * TILE, sum, p->width);
}

static void add_products(struct products *p, struct mm_pool *pool)
{
    p->tiles = (p->width + TILE - 1) / TILE;
    mm_pool_run(pool, p->tiles * (p->tiles + 1) / 2, add_tile, p);
}

static int cancelled(const struct mm_progress *progress, size_t done, size_t total,
                     struct mm_error *err)
{
    mm_progress_update(progress, "finding main directions", done, total);
    if (mm_progress_cancelled(progress))
        return mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
    return 0;
}

/* Reads many rows, standardised: [count][dim]. */
struct reading {
    const struct mm_standard *standard;
    size_t first, count;
    float *rows;
};

static void read_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct reading *r = ctx;
    size_t first = block * MM_BLOCK_ROWS;
    /* Rows in memory cannot fail. */
    (void)mm_standard_read(r->standard, r->first + first, mm_block_rows(r->count, first),
                           r->rows + first * r->standard->vectors->dim, NULL);
}

static int read_chunk(const struct mm_standard *s, size_t first, size_t count, struct mm_pool *pool,
                      float *rows, struct mm_error *err)
{
    if (s->vectors->read) /* is for one thread */
        return mm_standard_read(s, first, count, rows, err);
    struct reading r = {s, first, count, rows};
    mm_pool_run(pool, (count + MM_BLOCK_ROWS - 1) / MM_BLOCK_ROWS, read_block, &r);
    return 0;
}

static size_t chunk_rows(size_t n, size_t first)
{
    return n - first < CHUNK ? n - first : CHUNK;
}

/* sum: [dim][dim] = products of the dimensions over all vectors. */
static int dimension_products(const struct mm_standard *s, struct mm_pool *pool,
                              const struct mm_progress *progress, double *sum, struct mm_error *err)
{
    size_t n = s->vectors->n;
    size_t dim = s->vectors->dim;
    size_t most = chunk_rows(n, 0);
    int result = 0;
    float *rows = mm_calloc3(most, dim, sizeof *rows);
    float *part = mm_calloc3(mm_pool_jobs(pool), TILE * TILE, sizeof *part);
    double *wide = n < FEW_ROWS ? mm_calloc3(most, dim, sizeof *wide) : NULL;
    if (!rows || !part || (n < FEW_ROWS && !wide)) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t first = 0; first < n; first += CHUNK) {
        size_t count = chunk_rows(n, first);
        result = cancelled(progress, first, n, err);
        if (result == 0)
            result = read_chunk(s, first, count, pool, rows, err);
        if (result < 0)
            goto out;
        for (size_t i = 0; wide && i < count * dim; i++)
            wide[i] = rows[i];
        struct products p = {.rows = wide,
                             .floats = wide ? NULL : rows,
                             .part = part,
                             .count = count,
                             .width = dim,
                             .sum = sum};
        add_products(&p, pool);
    }

out:
    free(wide);
    free(part);
    free(rows);
    return result;
}

/* turned: [dim][n], all vectors as columns; sum: [n][n] = their products with one another. */
static int vector_products(const struct mm_standard *s, struct mm_pool *pool, double *turned,
                           double *sum, struct mm_error *err)
{
    size_t n = s->vectors->n;
    size_t dim = s->vectors->dim;
    float *row = mm_calloc3(dim, 1, sizeof *row);
    if (!row)
        return mm_no_memory(err);
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        result = mm_standard_read(s, i, 1, row, err);
        for (size_t j = 0; result == 0 && j < dim; j++)
            turned[j * n + i] = row[j];
    }
    free(row);
    struct products p = {.rows = turned, .count = dim, .width = n, .sum = sum};
    if (result == 0)
        add_products(&p, pool);
    return result;
}

/* Drops what is only rounding (at least one component stays), and sums into variances. */
static void keep_real(struct mm_pca *pca, size_t n, double trace)
{
    size_t real = 1;
    while (real < pca->count && pca->values[real] > LEAST_SHARE * pca->values[0])
        real++;
    pca->count = real;
    for (size_t i = 0; i < real; i++)
        pca->values[i] = fmax(pca->values[i], 0) / (double)n;
    pca->total = trace / (double)n;
}

/* From eigenvectors over songs to unit vectors over dimensions. */
static void turn_back(const double *turned, const double *vectors, const struct mm_pca *pca,
                      size_t n, double *basis)
{
    for (size_t c = 0; c < pca->count; c++) {
        double length = 0;
        size_t largest = 0;
        double *out = basis + c * pca->dim;
        for (size_t j = 0; j < pca->dim; j++) {
            out[j] = 0;
            for (size_t i = 0; i < n; i++)
                out[j] += turned[j * n + i] * vectors[c * n + i];
            length += out[j] * out[j];
            if (fabs(out[j]) > fabs(out[largest]) * (1 + 1e-9))
                largest = j;
        }
        double scale = length > 0 ? 1 / sqrt(length) : 0;
        if (out[largest] < 0)
            scale = -scale;
        for (size_t j = 0; j < pca->dim; j++)
            out[j] *= scale;
        if (length <= 0)
            out[0] = 1; /* nothing varies: any direction is as good */
    }
}

int mm_pca_fit(const struct mm_standard *standard, size_t most, struct mm_pool *pool,
               const struct mm_progress *progress, struct mm_pca *out, struct mm_error *err)
{
    size_t n = standard->vectors->n;
    size_t dim = standard->vectors->dim;
    size_t width = n < dim ? n : dim;
    size_t count = most < width ? most : width;
    int result = 0;
    *out = (struct mm_pca){.dim = dim, .count = count};
    double *sum = mm_calloc3(width, width, sizeof *sum);
    double *vectors = mm_calloc3(count, dim > n ? dim : n, sizeof *vectors);
    double *songs = n < dim ? mm_calloc3(count, n, sizeof *songs) : NULL;
    double *turned = n < dim ? mm_calloc3(dim, n, sizeof *turned) : NULL;
    out->values = mm_calloc3(count, 1, sizeof *out->values);
    out->basis = mm_calloc3(count, dim, sizeof *out->basis);
    if (!sum || !vectors || !out->values || !out->basis || (n < dim && (!songs || !turned))) {
        result = mm_no_memory(err);
        goto out;
    }
    result = n < dim ? vector_products(standard, pool, turned, sum, err)
                     : dimension_products(standard, pool, progress, sum, err);
    if (result < 0)
        goto out;
    double trace = 0;
    for (size_t i = 0; i < width; i++)
        trace += sum[i * width + i];
    result = mm_matrix_eigen(sum, width, count, out->values, n < dim ? songs : vectors, err);
    if (result < 0)
        goto out;
    keep_real(out, n, trace);
    if (n < dim)
        turn_back(turned, songs, out, n, vectors);
    for (size_t i = 0; i < out->count * dim; i++)
        out->basis[i] = (float)vectors[i];

out:
    free(turned);
    free(songs);
    free(vectors);
    free(sum);
    if (result < 0)
        mm_pca_finish(out);
    return result;
}

void mm_pca_finish(struct mm_pca *pca)
{
    free(pca->values);
    free(pca->basis);
    *pca = (struct mm_pca){0};
}

struct projecting {
    const struct mm_pca *pca;
    const float *rows; /* [count][dim] */
    size_t n, count;   /* components wanted */
    float *out;        /* [n][count] */
};

static void project_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    const struct projecting *p = ctx;
    size_t first = block * PROJECTION;
    size_t rows = p->n - first < PROJECTION ? p->n - first : PROJECTION;
    mm_matrix_dots(p->rows + first * p->pca->dim, rows, p->pca->basis, p->count, p->pca->dim,
                   p->out + first * p->count);
}

int mm_pca_project(const struct mm_pca *pca, const struct mm_standard *standard, size_t count,
                   struct mm_pool *pool, const struct mm_progress *progress, float *out,
                   struct mm_error *err)
{
    size_t n = standard->vectors->n;
    float *rows = mm_calloc3(chunk_rows(n, 0), pca->dim, sizeof *rows);
    if (!rows)
        return mm_no_memory(err);
    int result = 0;
    for (size_t first = 0; first < n && result == 0; first += CHUNK) {
        struct projecting p = {pca, rows, chunk_rows(n, first), count, out + first * count};
        result = cancelled(progress, first, n, err);
        if (result == 0)
            result = read_chunk(standard, first, p.n, pool, rows, err);
        double work = (double)p.n * (double)pca->dim * (double)count;
        if (result == 0)
            mm_pool_run_sized(pool, (p.n + PROJECTION - 1) / PROJECTION, work, project_block, &p);
    }
    free(rows);
    return result;
}
