/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn_cells.c - nearest neighbours among very many points, nearly all of them right.
 *
 * K-means cuts a sample's space into cells (inverted lists: Sivic & Zisserman 2003, Jegou et al.
 * 2011), and who asks is compared with the points of the cells nearest to it, at least PROBE of
 * them. Those who ask out of one cell mostly want the same cells, so that they go together as
 * matrix products: far fewer pairs than all, at the same speed a pair.
 *
 * Deterministic: a block of those who ask writes its own lists only.
 */
#include <math.h>

#include "base/array.h"
#include "base/random.h"
#include "map/kmeans.h"
#include "map/knn_list.h"
#include "map/matrix.h"

#define CELL    ((size_t)512)  /* points a cell shall have, about */
#define LARGEST ((size_t)2048) /* points of a cell at most: larger ones are cut */
#define PROBE   ((size_t)6144) /* points that each is compared with, at least */
#define VISITS  ((size_t)64)   /* cells for that, at most */
#define NOWHERE UINT32_MAX
#define SAMPLE  ((size_t)32) /* points of the sample for each cell */
#define ROUNDS  8            /* of Lloyd's algorithm: cells need not be the best */
#define ROWS    ((size_t)256)
#define COLUMNS ((size_t)512)

struct cell {
    uint32_t first, end; /* places in the order */
};

/* Points in the order of the cells that they lie in, so that a cell is a matrix. */
struct by_cell {
    size_t n, dim;
    uint32_t *order; /* [n] numbers of the points */
    uint32_t *first; /* [cells + 2] where a cell's points begin */
    float *x;        /* [n][dim] */
};

struct mm_knn_cells {
    const struct mm_points *points;
    struct by_cell by;
    float *half;        /* [n] in that order */
    struct cell *cell;  /* [count] */
    float *centre;      /* [count][dim]; parts of a large cell share theirs */
    float *centre_half; /* [count] */
    size_t count;
};

/* ---- cells ---- */

static int find_centres(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_kmeans *out,
                        struct mm_error *err)
{
    size_t n = points->n;
    size_t dim = points->dim;
    size_t k = (n + CELL - 1) / CELL;
    size_t sample = k * SAMPLE < n ? k * SAMPLE : n;
    float *x = mm_calloc3(sample, dim, sizeof *x);
    if (!x)
        return mm_no_memory(err);
    struct mm_random random = mm_random_stream(seed, 0);
    for (size_t i = 0; i < sample; i++) {
        size_t from = i * n / sample;
        from += mm_random_below(&random, (i + 1) * n / sample - from);
        memcpy(x + i * dim, points->x + from * dim, dim * sizeof *x);
    }
    struct mm_points some = {x, sample, dim};
    struct mm_kmeans_settings settings = {.k = k, .starts = 1, .rounds = ROUNDS, .seed = seed};
    int result = mm_kmeans_run(&some, &settings, pool, progress, out, err);
    free(x);
    return result;
}

struct assigning {
    const struct mm_points *points;
    const float *centre; /* [k][dim] */
    const float *half;   /* [k] */
    size_t k;
    float *dots;  /* [jobs][ROWS][COLUMNS] */
    uint32_t *of; /* [n] the nearest centre, the first of equal ones */
};

static void assign_block(void *ctx, size_t block, size_t worker)
{
    struct assigning *a = ctx;
    size_t dim = a->points->dim;
    float *dots = a->dots + worker * ROWS * COLUMNS;
    size_t end = a->points->n < (block + 1) * ROWS ? a->points->n : (block + 1) * ROWS;
    size_t first = block * ROWS;
    float best[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        best[i] = INFINITY;
    for (size_t j0 = 0; j0 < a->k; j0 += COLUMNS) {
        size_t columns = a->k - j0 < COLUMNS ? a->k - j0 : COLUMNS;
        mm_matrix_dots(a->points->x + first * dim, end - first, a->centre + j0 * dim, columns, dim,
                       dots);
        for (size_t i = first; i < end; i++)
            for (size_t j = 0; j < columns; j++) {
                float key = a->half[j0 + j] - dots[(i - first) * columns + j];
                if (key < best[i - first]) {
                    best[i - first] = key;
                    a->of[i] = (uint32_t)(j0 + j);
                }
            }
    }
}

static void by_cell_finish(struct by_cell *by)
{
    free(by->order);
    free(by->first);
    free(by->x);
}

/* Orders points by the nearest of k centres. */
static int by_cell_init(struct by_cell *by, const struct mm_points *points, const float *centre,
                        size_t k, struct mm_pool *pool, struct mm_error *err)
{
    size_t n = points->n;
    size_t dim = points->dim;
    struct assigning a = {.points = points, .centre = centre, .k = k};
    float *half = mm_calloc3(k, 1, sizeof *half);
    int result = 0;
    a.half = half;
    a.of = mm_calloc3(n, 1, sizeof *a.of);
    a.dots = mm_calloc3(mm_pool_jobs(pool), ROWS * COLUMNS, sizeof *a.dots);
    *by = (struct by_cell){.n = n, .dim = dim};
    by->order = mm_calloc3(n, 1, sizeof *by->order);
    by->first = mm_calloc3(k + 2, 1, sizeof *by->first);
    by->x = mm_calloc3(n, dim, sizeof *by->x);
    if (!half || !a.of || !a.dots || !by->order || !by->first || !by->x) {
        result = mm_no_memory(err);
        goto out;
    }
    mm_knn_half_norms(&(struct mm_points){centre, k, dim}, half);
    mm_pool_run(pool, (n + ROWS - 1) / ROWS, assign_block, &a);
    for (size_t i = 0; i < n; i++)
        by->first[a.of[i] + 2]++;
    for (size_t c = 2; c < k + 2; c++)
        by->first[c] += by->first[c - 1];
    for (size_t i = 0; i < n; i++) {
        size_t place = by->first[a.of[i] + 1]++;
        by->order[place] = (uint32_t)i;
        memcpy(by->x + place * dim, points->x + i * dim, dim * sizeof *by->x);
    }

out:
    free(a.dots);
    free(a.of);
    free(half);
    if (result < 0)
        by_cell_finish(by);
    return result;
}

/* Cuts the order into cells. */
static int cut_cells(struct mm_knn_cells *c, const struct mm_kmeans *kmeans, struct mm_error *err)
{
    size_t dim = c->by.dim;
    size_t most = kmeans->k + c->by.n / LARGEST + 1;
    c->cell = mm_calloc3(most, 1, sizeof *c->cell);
    c->centre = mm_calloc3(most, dim, sizeof *c->centre);
    c->centre_half = mm_calloc3(most, 1, sizeof *c->centre_half);
    if (!c->cell || !c->centre || !c->centre_half)
        return mm_no_memory(err);
    const uint32_t *first = c->by.first;
    for (size_t k = 0; k < kmeans->k; k++)
        for (uint32_t at = first[k]; at < first[k + 1];) {
            uint32_t size = first[k + 1] - at < LARGEST ? first[k + 1] - at : (uint32_t)LARGEST;
            memcpy(c->centre + c->count * dim, kmeans->centres + k * dim, dim * sizeof *c->centre);
            c->cell[c->count++] = (struct cell){at, at + size};
            at += size;
        }
    mm_knn_half_norms(&(struct mm_points){c->centre, c->count, dim}, c->centre_half);
    return 0;
}

int mm_knn_cells_create(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_knn_cells **out,
                        struct mm_error *err)
{
    struct mm_kmeans kmeans = {0};
    struct mm_knn_cells *c = calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return mm_no_memory(err);
    c->points = points;
    int result = find_centres(points, seed, pool, progress, &kmeans, err);
    if (result == 0)
        result = by_cell_init(&c->by, points, kmeans.centres, kmeans.k, pool, err);
    if (result == 0)
        result = cut_cells(c, &kmeans, err);
    mm_kmeans_finish(&kmeans);
    if (result == 0 && !(c->half = mm_calloc3(points->n, 1, sizeof *c->half)))
        result = mm_no_memory(err);
    if (result < 0) {
        mm_knn_cells_destroy(c);
        return result;
    }
    mm_knn_half_norms(&(struct mm_points){c->by.x, points->n, points->dim}, c->half);
    *out = c;
    return 0;
}

void mm_knn_cells_destroy(struct mm_knn_cells *c)
{
    if (!c)
        return;
    by_cell_finish(&c->by);
    free(c->half);
    free(c->cell);
    free(c->centre);
    free(c->centre_half);
    free(c);
}

/* ---- asking ---- */

/* What a block of those who ask is compared with, worked out in a thread's own memory. */
struct scratch {
    float *key;      /* [ROWS][count] ranks the cells by their centres' distances */
    uint32_t *heap;  /* [count] */
    uint32_t *first; /* [count + 2] where a cell's visitors begin */
    uint32_t *visit; /* [ROWS * VISITS] rows of the block, by cell */
    uint32_t *want;  /* [ROWS][VISITS] cells; NOWHERE after the last */
    float *x;        /* [ROWS][dim] the visitors of one cell */
    float *dots;     /* [ROWS][COLUMNS] */
    float *list_key; /* [ROWS][size] the lists of the block, as mm_knn_lists has them */
    uint32_t *list_who;
};

struct asking {
    const struct mm_knn_cells *cells;
    const struct by_cell *by; /* who asks */
    bool own;                 /* the points themselves: none is its own neighbour */
    size_t size;              /* of a list */
    struct scratch *scratch;  /* [jobs] */
    struct mm_knn *out;
};

static void sink(const float *key, uint32_t *heap, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && key[heap[child + 1]] < key[heap[child]])
            child++;
        if (!(key[heap[child]] < key[heap[at]]))
            break;
        uint32_t swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/* The cells nearest to a point that hold PROBE points together. */
static void choose_cells(const struct mm_knn_cells *c, const float *key, uint32_t *heap,
                         uint32_t *want)
{
    size_t count = c->count;
    for (size_t i = 0; i < count; i++)
        heap[i] = (uint32_t)i;
    for (size_t at = count / 2; at-- > 0;)
        sink(key, heap, count, at);
    size_t seen = 0;
    for (size_t v = 0; v < VISITS; v++) {
        want[v] = NOWHERE;
        if (count == 0 || seen >= PROBE)
            continue;
        want[v] = heap[0];
        seen += c->cell[heap[0]].end - c->cell[heap[0]].first;
        heap[0] = heap[--count];
        sink(key, heap, count, 0);
    }
}

static void rank_cells(const struct asking *a, size_t first, size_t rows, struct scratch *s)
{
    const struct mm_knn_cells *c = a->cells;
    size_t dim = c->by.dim;
    for (size_t j0 = 0; j0 < c->count; j0 += COLUMNS) {
        size_t columns = c->count - j0 < COLUMNS ? c->count - j0 : COLUMNS;
        mm_matrix_dots(a->by->x + first * dim, rows, c->centre + j0 * dim, columns, dim, s->dots);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                s->key[i * c->count + j0 + j] = c->centre_half[j0 + j] - s->dots[i * columns + j];
    }
    for (size_t i = 0; i < rows; i++)
        choose_cells(c, s->key + i * c->count, s->heap, s->want + i * VISITS);
}

/* Lists the rows that visit each cell. */
static void list_visitors(const struct mm_knn_cells *c, size_t rows, struct scratch *s)
{
    memset(s->first, 0, (c->count + 2) * sizeof *s->first);
    for (size_t v = 0; v < rows * VISITS; v++)
        if (s->want[v] != NOWHERE)
            s->first[s->want[v] + 2]++;
    for (size_t i = 2; i < c->count + 2; i++)
        s->first[i] += s->first[i - 1];
    for (size_t v = 0; v < rows * VISITS; v++)
        if (s->want[v] != NOWHERE)
            s->visit[s->first[s->want[v] + 1]++] = (uint32_t)(v / VISITS);
}

/* visit: [visitors] rows of the block that begins at first. */
static void visit_cell(const struct asking *a, const struct cell *cell, size_t first,
                       const uint32_t *visit, size_t visitors, struct scratch *s)
{
    const struct mm_knn_cells *c = a->cells;
    size_t dim = c->by.dim;
    for (size_t i = 0; i < visitors; i++)
        memcpy(s->x + i * dim, a->by->x + (first + visit[i]) * dim, dim * sizeof *s->x);
    for (size_t j = cell->first; j < cell->end; j += COLUMNS) {
        size_t columns = cell->end - j < COLUMNS ? cell->end - j : COLUMNS;
        mm_matrix_dots(s->x, visitors, c->by.x + j * dim, columns, dim, s->dots);
        for (size_t i = 0; i < visitors; i++)
            mm_knn_scan(s->dots + i * columns, c->half + j, columns, (uint32_t)j,
                        s->list_key + visit[i] * a->size, s->list_who + visit[i] * a->size,
                        a->size);
    }
}

static void settle_rows(const struct asking *a, size_t first, size_t rows, struct scratch *s)
{
    const struct mm_knn_cells *c = a->cells;
    size_t k = a->out->k;
    for (size_t i = 0; i < rows; i++) {
        uint32_t *who = s->list_who + i * a->size;
        for (size_t at = 0; at < a->size; at++)
            who[at] = who[at] == MM_KNN_NONE ? MM_KNN_NONE : c->by.order[who[at]];
        size_t asker = a->by->order[first + i];
        mm_knn_settle(c->points, a->by->x + (first + i) * c->by.dim,
                      a->own ? (uint32_t)asker : MM_KNN_NONE, who, a->size, k,
                      a->out->index + asker * k, a->out->distance + asker * k);
    }
}

static void search_block(void *ctx, size_t block, size_t worker)
{
    const struct asking *a = ctx;
    struct scratch *s = &a->scratch[worker];
    size_t first = block * ROWS;
    size_t rows = a->by->n - first < ROWS ? a->by->n - first : ROWS;
    for (size_t i = 0; i < rows * a->size; i++) {
        s->list_key[i] = INFINITY;
        s->list_who[i] = MM_KNN_NONE;
    }
    rank_cells(a, first, rows, s);
    list_visitors(a->cells, rows, s);
    for (size_t i = 0; i < a->cells->count; i++)
        if (s->first[i + 1] > s->first[i])
            visit_cell(a, &a->cells->cell[i], first, s->visit + s->first[i],
                       s->first[i + 1] - s->first[i], s);
    settle_rows(a, first, rows, s);
}

static int scratch_init(struct scratch *s, size_t count, size_t dim, size_t size,
                        struct mm_error *err)
{
    s->key = mm_calloc3(ROWS, count, sizeof *s->key);
    s->heap = mm_calloc3(count, 1, sizeof *s->heap);
    s->first = mm_calloc3(count + 2, 1, sizeof *s->first);
    s->visit = mm_calloc3(ROWS, VISITS, sizeof *s->visit);
    s->want = mm_calloc3(ROWS, VISITS, sizeof *s->want);
    s->x = mm_calloc3(ROWS, dim, sizeof *s->x);
    s->dots = mm_calloc3(ROWS, COLUMNS, sizeof *s->dots);
    s->list_key = mm_calloc3(ROWS, size, sizeof *s->list_key);
    s->list_who = mm_calloc3(ROWS, size, sizeof *s->list_who);
    return s->key && s->heap && s->first && s->visit && s->want && s->x && s->dots && s->list_key &&
                   s->list_who
               ? 0
               : mm_no_memory(err);
}

static void scratch_finish(struct scratch *s)
{
    free(s->key);
    free(s->heap);
    free(s->first);
    free(s->visit);
    free(s->want);
    free(s->x);
    free(s->dots);
    free(s->list_key);
    free(s->list_who);
}

int mm_knn_cells_search(const struct mm_knn_cells *c, const struct mm_points *queries,
                        struct mm_pool *pool, struct mm_knn *out, struct mm_error *err)
{
    size_t jobs = mm_pool_jobs(pool);
    struct by_cell theirs = {0};
    struct asking a = {.cells = c,
                       .by = queries ? &theirs : &c->by,
                       .own = !queries,
                       .size = out->k + MM_KNN_SLACK,
                       .out = out};
    int result = 0;
    if (queries)
        result = by_cell_init(&theirs, queries, c->centre, c->count, pool, err);
    if (result < 0)
        return result;
    a.scratch = mm_calloc3(jobs, 1, sizeof *a.scratch);
    if (!a.scratch)
        result = mm_no_memory(err);
    for (size_t i = 0; i < jobs && result == 0; i++)
        result = scratch_init(&a.scratch[i], c->count, c->by.dim, a.size, err);
    if (result == 0)
        mm_pool_run(pool, (a.by->n + ROWS - 1) / ROWS, search_block, &a);
    for (size_t i = 0; a.scratch && i < jobs; i++)
        scratch_finish(&a.scratch[i]);
    free(a.scratch);
    by_cell_finish(&theirs);
    return result;
}
