/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn.c - all pairs: nearest neighbours from tiles of matrix products.
 *
 * A pair's product serves both of its points, so only half of all tiles are computed. Tile (I, J)
 * offers the points of J to the lists of I ("ahead") and those of I to other lists of J ("behind").
 * Tiles are done in rounds: in round r, every block I meets block I + r (mod blocks). A list is
 * then written by one tile a round, needs no lock, and sees its candidates in the same order
 * whatever the number of threads. At the end a point's two lists become one.
 */
#include "map/knn.h"

#include <math.h>

#include "base/array.h"
#include "map/knn_list.h"
#include "map/matrix.h"

#define TILE  ((size_t)256) /* points of a block */
#define LANES ((size_t)16)  /* candidates looked at in one go */

/* ---- lists ---- */

int mm_knn_lists_init(struct mm_knn_lists *lists, size_t n, size_t size, struct mm_error *err)
{
    *lists = (struct mm_knn_lists){.n = n, .size = size};
    lists->key = mm_calloc3(n, size, sizeof *lists->key);
    lists->who = mm_calloc3(n, size, sizeof *lists->who);
    if (!lists->key || !lists->who) {
        mm_knn_lists_finish(lists);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < n * size; i++) {
        lists->key[i] = INFINITY;
        lists->who[i] = MM_KNN_NONE;
    }
    return 0;
}

void mm_knn_lists_finish(struct mm_knn_lists *lists)
{
    free(lists->key);
    free(lists->who);
    *lists = (struct mm_knn_lists){0};
}

void mm_knn_half_norms(const struct mm_points *points, float *half)
{
    for (size_t i = 0; i < points->n; i++) {
        const float *x = points->x + i * points->dim;
        double sum = 0;
        for (size_t j = 0; j < points->dim; j++)
            sum += (double)x[j] * x[j];
        half[i] = (float)(sum / 2);
    }
}

static int compare_ids(const void *one, const void *two)
{
    uint32_t a = *(const uint32_t *)one;
    uint32_t b = *(const uint32_t *)two;
    return (a > b) - (a < b);
}

void mm_knn_settle(const struct mm_points *points, const float *x, uint32_t self,
                   uint32_t *candidates, size_t count, size_t k, uint32_t *index, float *distance)
{
    size_t kept = 0;
    qsort(candidates, count, sizeof *candidates, compare_ids);
    for (size_t c = 0; c < count; c++) {
        uint32_t id = candidates[c];
        if (id == MM_KNN_NONE || id == self || (c > 0 && id == candidates[c - 1]))
            continue;
        float d = mm_distance2(x, points->x + id * points->dim, points->dim);
        if (kept == k && !(d < distance[k - 1]))
            continue;
        /* They come in order of their numbers, so that equal ones stay in it. */
        size_t at = kept < k ? kept++ : k - 1;
        for (; at > 0 && d < distance[at - 1]; at--) {
            distance[at] = distance[at - 1];
            index[at] = index[at - 1];
        }
        distance[at] = d;
        index[at] = id;
    }
    for (size_t i = 0; i < kept; i++)
        distance[i] = sqrtf(distance[i]);
}

/* ---- all pairs ---- */

struct pairs {
    const struct mm_points *points;
    size_t blocks;
    size_t round;
    struct mm_knn_lists ahead;
    struct mm_knn_lists behind;
    float *half;  /* [n] */
    float *limit; /* [n] no candidate with a larger key can be wanted; as of the last round */
    float *dots;  /* [jobs][TILE][TILE] */
    float *bound; /* [jobs][TILE] */
    struct mm_knn *out;
};

static size_t block_size(size_t n, size_t block)
{
    return n - block * TILE < TILE ? n - block * TILE : TILE;
}

/* Does any of the products give a key below a limit, for the row's point or for the columns'? */
static inline unsigned any_below(const float *dots, const float *half, float row_limit,
                                 float row_half, const float *limit, size_t count)
{
    unsigned any = 0;
    for (size_t j = 0; j < count; j++)
        any |=
            (unsigned)(half[j] - dots[j] < row_limit) | (unsigned)(row_half - dots[j] < limit[j]);
    return any;
}

/* Offers the row's products to the row's list and to those of the columns. */
static void scan_row(struct pairs *p, size_t row, size_t column, size_t columns, const float *dots,
                     float *bound)
{
    size_t size = p->ahead.size;
    float *keys = p->ahead.key + row * size;
    uint32_t *who = p->ahead.who + row * size;
    float limit = fminf(p->limit[row], keys[size - 1]);
    const float *half = p->half + column;
    for (size_t j0 = 0; j0 < columns; j0 += LANES) {
        size_t count = columns - j0 < LANES ? columns - j0 : LANES;
        /* A constant count is what compilers make vectors of. */
        unsigned any = count == LANES
                           ? any_below(dots + j0, half + j0, limit, p->half[row], bound + j0, LANES)
                           : 1;
        if (!any)
            continue;
        for (size_t j = j0; j < j0 + count; j++) {
            float key = half[j] - dots[j];
            if (key < limit) {
                mm_knn_offer(keys, who, size, key, (uint32_t)(column + j));
                limit = fminf(limit, keys[size - 1]);
            }
            key = p->half[row] - dots[j];
            if (key < bound[j]) {
                float *theirs = p->behind.key + (column + j) * size;
                mm_knn_offer(theirs, p->behind.who + (column + j) * size, size, key, (uint32_t)row);
                bound[j] = fminf(bound[j], theirs[size - 1]);
            }
        }
    }
}

/* The tile on the diagonal: every point meets those after it in its own block. */
static void scan_own(struct pairs *p, size_t first, size_t count, const float *dots, float *bound)
{
    for (size_t i = 0; i < count; i++)
        scan_row(p, first + i, first + i + 1, count - i - 1, dots + i * count + i + 1,
                 bound + i + 1);
}

static void do_tile(void *ctx, size_t block, size_t worker)
{
    struct pairs *p = ctx;
    const struct mm_points *points = p->points;
    size_t other = (block + p->round) % p->blocks;
    float *dots = p->dots + worker * TILE * TILE;
    float *bound = p->bound + worker * TILE;
    size_t rows = block_size(points->n, block);
    size_t columns = block_size(points->n, other);
    mm_matrix_dots(points->x + block * TILE * points->dim, rows,
                   points->x + other * TILE * points->dim, columns, points->dim, dots);
    size_t size = p->behind.size;
    for (size_t j = 0; j < columns; j++)
        bound[j] =
            fminf(p->limit[other * TILE + j], p->behind.key[(other * TILE + j) * size + size - 1]);
    if (p->round == 0)
        scan_own(p, block * TILE, rows, dots, bound);
    else
        for (size_t i = 0; i < rows; i++)
            scan_row(p, block * TILE + i, other * TILE, columns, dots + i * columns, bound);
}

static void settle_block(void *ctx, size_t block, size_t worker)
{
    (void)worker;
    struct pairs *p = ctx;
    size_t size = p->ahead.size;
    uint32_t candidates[2 * (MM_KNN_MOST + MM_KNN_SLACK)];
    for (size_t i = block * TILE; i < block * TILE + block_size(p->points->n, block); i++) {
        memcpy(candidates, p->ahead.who + i * size, size * sizeof *candidates);
        memcpy(candidates + size, p->behind.who + i * size, size * sizeof *candidates);
        mm_knn_settle(p->points, p->points->x + i * p->points->dim, (uint32_t)i, candidates,
                      2 * size, p->out->k, p->out->index + i * p->out->k,
                      p->out->distance + i * p->out->k);
    }
}

static int all_pairs(const struct mm_points *points, struct mm_pool *pool,
                     const struct mm_progress *progress, struct mm_knn *out, struct mm_error *err)
{
    size_t jobs = mm_pool_jobs(pool);
    struct pairs p = {.points = points, .blocks = (points->n + TILE - 1) / TILE, .out = out};
    int result = mm_knn_lists_init(&p.ahead, points->n, out->k + MM_KNN_SLACK, err);
    if (result == 0)
        result = mm_knn_lists_init(&p.behind, points->n, out->k + MM_KNN_SLACK, err);
    p.half = mm_calloc3(points->n, 1, sizeof *p.half);
    p.limit = mm_calloc3(points->n, 1, sizeof *p.limit);
    p.dots = mm_calloc3(jobs, TILE * TILE, sizeof *p.dots);
    p.bound = mm_calloc3(jobs, TILE, sizeof *p.bound);
    if (result == 0 && (!p.half || !p.limit || !p.dots || !p.bound))
        result = mm_no_memory(err);
    if (result < 0)
        goto out;
    mm_knn_half_norms(points, p.half);
    for (size_t i = 0; i < points->n; i++)
        p.limit[i] = INFINITY;
    size_t last = p.ahead.size - 1;
    for (p.round = 0; p.round <= p.blocks / 2; p.round++) {
        mm_progress_update(progress, "finding neighbours", p.round, p.blocks / 2 + 1);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            goto out;
        }
        /* Halfway round, I meets J and J meets I: once is enough. */
        bool twice = p.round > 0 && 2 * p.round == p.blocks;
        mm_pool_run(pool, twice ? p.blocks / 2 : p.blocks, do_tile, &p);
        for (size_t i = 0; i < points->n; i++)
            p.limit[i] =
                fminf(p.ahead.key[i * (last + 1) + last], p.behind.key[i * (last + 1) + last]);
    }
    mm_pool_run(pool, p.blocks, settle_block, &p);

out:
    free(p.bound);
    free(p.dots);
    free(p.limit);
    free(p.half);
    mm_knn_lists_finish(&p.behind);
    mm_knn_lists_finish(&p.ahead);
    return result;
}

static int knn_init(struct mm_knn *knn, size_t n, size_t k, struct mm_error *err)
{
    *knn = (struct mm_knn){.n = n, .k = k};
    knn->index = mm_calloc3(n, k, sizeof *knn->index);
    knn->distance = mm_calloc3(n, k, sizeof *knn->distance);
    if (knn->index && knn->distance)
        return 0;
    mm_knn_finish(knn);
    return mm_no_memory(err);
}

static enum mm_knn_method choose_method(const struct mm_points *points)
{
    /* Keys of products would mix up songs that lie close together at the rim of a map. */
    return points->dim == 2            ? MM_KNN_PLANE
           : points->n <= MM_KNN_EXACT ? MM_KNN_ALL_PAIRS
                                       : MM_KNN_CELLS;
}

static int find_in_plane(const struct mm_points *points, struct mm_pool *pool, struct mm_knn *out,
                         struct mm_error *err)
{
    struct mm_knn_plane *plane;
    int result = mm_knn_plane_create(points, &plane, err);
    if (result < 0)
        return result;
    mm_knn_plane_search(plane, NULL, pool, out);
    mm_knn_plane_destroy(plane);
    return 0;
}

static int find_by_cells(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                         const struct mm_progress *progress, struct mm_knn *out,
                         struct mm_error *err)
{
    struct mm_knn_cells *cells;
    mm_progress_update(progress, "finding neighbours", 0, 0);
    int result = mm_knn_cells_create(points, seed, pool, progress, &cells, err);
    if (result < 0)
        return result;
    result = mm_knn_cells_search(cells, NULL, pool, out, err);
    mm_knn_cells_destroy(cells);
    return result < 0 ? result : mm_knn_descend(points, pool, progress, out, err);
}

int mm_knn_find(const struct mm_points *points, size_t k, enum mm_knn_method method, uint64_t seed,
                struct mm_pool *pool, const struct mm_progress *progress, struct mm_knn *out,
                struct mm_error *err)
{
    *out = (struct mm_knn){0};
    if (points->n == 0 || k == 0 || k > MM_KNN_MOST || (method == MM_KNN_PLANE && points->dim != 2))
        return mm_error_set(err, MM_ERR_BUG, "%zu neighbours of %zu songs", k, points->n);
    mm_matrix_init();
    int result = knn_init(out, points->n, k < points->n - 1 ? k : points->n - 1, err);
    if (result < 0 || points->n == 1)
        return result;
    if (method == MM_KNN_BY_SIZE)
        method = choose_method(points);
    result = method == MM_KNN_ALL_PAIRS ? all_pairs(points, pool, progress, out, err)
             : method == MM_KNN_PLANE   ? find_in_plane(points, pool, out, err)
                                        : find_by_cells(points, seed, pool, progress, out, err);
    if (result < 0)
        mm_knn_finish(out);
    return result;
}

void mm_knn_finish(struct mm_knn *knn)
{
    free(knn->index);
    free(knn->distance);
    *knn = (struct mm_knn){0};
}

/* ---- other points' neighbours ---- */

struct query {
    const struct mm_points *points;
    const struct mm_points *queries;
    const float *half;
    struct mm_knn_lists lists; /* of the queries */
    float *dots;               /* [jobs][TILE][TILE] */
    struct mm_knn *out;
};

void mm_knn_scan(const float *dots, const float *half, size_t count, uint32_t first, float *keys,
                 uint32_t *who, size_t size)
{
    float limit = keys[size - 1];
    for (size_t j0 = 0; j0 < count; j0 += LANES) {
        size_t some = count - j0 < LANES ? count - j0 : LANES;
        unsigned any = some < LANES;
        for (size_t j = j0; some == LANES && j < j0 + LANES; j++)
            any |= (unsigned)(half[j] - dots[j] < limit);
        if (!any)
            continue;
        for (size_t j = j0; j < j0 + some; j++) {
            float key = half[j] - dots[j];
            if (!(key < limit))
                continue;
            mm_knn_offer(keys, who, size, key, first + (uint32_t)j);
            limit = keys[size - 1];
        }
    }
}

static void query_block(void *ctx, size_t block, size_t worker)
{
    struct query *q = ctx;
    const struct mm_points *p = q->points;
    size_t first = block * TILE;
    size_t rows = block_size(q->queries->n, block);
    float *dots = q->dots + worker * TILE * TILE;
    size_t size = q->lists.size;
    const float *x = q->queries->x + first * p->dim;
    for (size_t j = 0; j < p->n; j += TILE) {
        size_t columns = p->n - j < TILE ? p->n - j : TILE;
        mm_matrix_dots(x, rows, p->x + j * p->dim, columns, p->dim, dots);
        for (size_t i = 0; i < rows; i++)
            mm_knn_scan(dots + i * columns, q->half + j, columns, (uint32_t)j,
                        q->lists.key + (first + i) * size, q->lists.who + (first + i) * size, size);
    }
    size_t k = q->out->k;
    for (size_t i = 0; i < rows; i++)
        mm_knn_settle(p, x + i * p->dim, MM_KNN_NONE, q->lists.who + (first + i) * size, size, k,
                      q->out->index + (first + i) * k, q->out->distance + (first + i) * k);
}

int mm_knn_query(const struct mm_points *points, const struct mm_points *queries, size_t k,
                 struct mm_pool *pool, struct mm_knn *out, struct mm_error *err)
{
    *out = (struct mm_knn){0};
    if (k == 0 || k > points->n || k > MM_KNN_MOST || points->dim != queries->dim)
        return mm_error_set(err, MM_ERR_BUG, "%zu neighbours among %zu songs", k, points->n);
    mm_matrix_init();
    struct query q = {.points = points, .queries = queries, .out = out};
    float *half = mm_calloc3(points->n, 1, sizeof *half);
    q.half = half;
    q.dots = mm_calloc3(mm_pool_jobs(pool), TILE * TILE, sizeof *q.dots);
    int result = half && q.dots ? 0 : mm_no_memory(err);
    if (result == 0)
        result = mm_knn_lists_init(&q.lists, queries->n, k + MM_KNN_SLACK, err);
    if (result == 0)
        result = knn_init(out, queries->n, k, err);
    if (result == 0) {
        mm_knn_half_norms(points, half);
        mm_pool_run(pool, (queries->n + TILE - 1) / TILE, query_block, &q);
    }
    mm_knn_lists_finish(&q.lists);
    free(q.dots);
    free(half);
    return result;
}

struct mm_knn_index {
    struct mm_points points;
    struct mm_knn_cells *cells; /* at most one of these: */
    struct mm_knn_plane *plane;
};

int mm_knn_index_create(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_knn_index **out,
                        struct mm_error *err)
{
    struct mm_knn_index *index = calloc(1, sizeof *index);
    *out = NULL;
    if (!index)
        return mm_no_memory(err);
    mm_matrix_init();
    index->points = *points;
    enum mm_knn_method method = choose_method(points);
    int result = 0;
    if (method == MM_KNN_PLANE)
        result = mm_knn_plane_create(&index->points, &index->plane, err);
    else if (method == MM_KNN_CELLS)
        result = mm_knn_cells_create(&index->points, seed, pool, progress, &index->cells, err);
    if (result < 0) {
        mm_knn_index_destroy(index);
        return result;
    }
    *out = index;
    return 0;
}

int mm_knn_index_query(const struct mm_knn_index *index, const struct mm_points *queries, size_t k,
                       struct mm_pool *pool, struct mm_knn *out, struct mm_error *err)
{
    if (!index->cells && !index->plane)
        return mm_knn_query(&index->points, queries, k, pool, out, err);
    *out = (struct mm_knn){0};
    if (k == 0 || k > index->points.n || k > MM_KNN_MOST || index->points.dim != queries->dim)
        return mm_error_set(err, MM_ERR_BUG, "%zu neighbours among %zu songs", k, index->points.n);
    int result = knn_init(out, queries->n, k, err);
    if (result == 0 && index->plane)
        mm_knn_plane_search(index->plane, queries, pool, out);
    else if (result == 0)
        result = mm_knn_cells_search(index->cells, queries, pool, out, err);
    if (result < 0)
        mm_knn_finish(out);
    return result;
}

void mm_knn_index_destroy(struct mm_knn_index *index)
{
    if (!index)
        return;
    mm_knn_cells_destroy(index->cells);
    mm_knn_plane_destroy(index->plane);
    free(index);
}
