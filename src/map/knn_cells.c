/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knn_cells.c - nearest neighbours of very many points, nearly all of them right.
 *
 * First K-means cuts a sample's space into cells (inverted lists: Sivic & Zisserman 2003, Jegou et
 * al. 2011), and a point is compared with those of the cells nearest to it, at least PROBE of
 * them. Points of one cell mostly want the same cells, so that they go together as matrix products:
 * far fewer pairs than all, at the same speed a pair. What that misses lies across the borders of
 * cells; rounds of NN-descent (Dong, Moses & Li 2011: a neighbour's neighbour is likely a
 * neighbour) then find it.
 *
 * Deterministic: a cell, and a point in a round of NN-descent, reads what the last step left and
 * writes its own lists only.
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
#define BLOCK   ((size_t)256) /* points of a round of the pool */

struct cell {
    uint32_t first, end; /* places in the order below */
};
struct scratch;

struct cells {
    const struct mm_points *points;
    struct mm_kmeans kmeans; /* of the sample */
    uint32_t *of;            /* [n] the nearest centre */
    uint32_t *order;         /* [n] points by cell */
    float *x;                /* [n][dim] in that order, so that a cell is a matrix */
    float *half;             /* [n] in that order */
    struct cell *cell;       /* [count] */
    float *centre;           /* [count][dim]; parts of a large cell share theirs */
    float *centre_half;      /* [count] */
    size_t count;
    struct mm_knn_lists lists; /* by place, of places */
    float *dots;               /* [jobs][ROWS][COLUMNS] */
    struct scratch *scratch;   /* [jobs] */
    uint32_t *last;            /* [n][k] neighbours before a round of NN-descent */
    struct mm_knn *out;
};

/* ---- cells ---- */

static int find_centres(struct cells *c, uint64_t seed, struct mm_pool *pool,
                        const struct mm_progress *progress, struct mm_error *err)
{
    size_t n = c->points->n;
    size_t dim = c->points->dim;
    size_t k = (n + CELL - 1) / CELL;
    size_t sample = k * SAMPLE < n ? k * SAMPLE : n;
    float *x = mm_calloc3(sample, dim, sizeof *x);
    if (!x)
        return mm_no_memory(err);
    struct mm_random random = mm_random_stream(seed, 0);
    for (size_t i = 0; i < sample; i++) {
        size_t from = i * n / sample;
        from += mm_random_below(&random, (i + 1) * n / sample - from);
        memcpy(x + i * dim, c->points->x + from * dim, dim * sizeof *x);
    }
    struct mm_points some = {x, sample, dim};
    struct mm_kmeans_settings settings = {.k = k, .starts = 1, .rounds = ROUNDS, .seed = seed};
    int result = mm_kmeans_run(&some, &settings, pool, progress, &c->kmeans, err);
    free(x);
    return result;
}

static void assign_block(void *ctx, size_t block, size_t worker)
{
    struct cells *c = ctx;
    size_t dim = c->points->dim;
    float *dots = c->dots + worker * ROWS * COLUMNS;
    size_t end = c->points->n < (block + 1) * ROWS ? c->points->n : (block + 1) * ROWS;
    size_t first = block * ROWS;
    float best[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        best[i] = INFINITY;
    for (size_t j0 = 0; j0 < c->kmeans.k; j0 += COLUMNS) {
        size_t columns = c->kmeans.k - j0 < COLUMNS ? c->kmeans.k - j0 : COLUMNS;
        mm_matrix_dots(c->points->x + first * dim, end - first, c->kmeans.centres + j0 * dim,
                       columns, dim, dots);
        for (size_t i = first; i < end; i++)
            for (size_t j = 0; j < columns; j++) {
                float key = c->half[j0 + j] - dots[(i - first) * columns + j];
                if (key < best[i - first]) {
                    best[i - first] = key;
                    c->of[i] = (uint32_t)(j0 + j);
                }
            }
    }
}

/* Orders points by their centre, and cuts that order into cells. */
static int make_cells(struct cells *c, struct mm_error *err)
{
    size_t n = c->points->n;
    size_t dim = c->points->dim;
    uint32_t *first = mm_calloc3(c->kmeans.k + 2, 1, sizeof *first);
    size_t most = c->kmeans.k + n / LARGEST + 1;
    c->cell = mm_calloc3(most, 1, sizeof *c->cell);
    c->centre = mm_calloc3(most, dim, sizeof *c->centre);
    c->centre_half = mm_calloc3(most, 1, sizeof *c->centre_half);
    if (!first || !c->cell || !c->centre || !c->centre_half) {
        free(first);
        return mm_no_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        first[c->of[i] + 2]++;
    for (size_t k = 2; k < c->kmeans.k + 2; k++)
        first[k] += first[k - 1];
    for (size_t i = 0; i < n; i++) {
        size_t place = first[c->of[i] + 1]++;
        c->order[place] = (uint32_t)i;
        memcpy(c->x + place * dim, c->points->x + i * dim, dim * sizeof *c->x);
    }
    for (size_t k = 0; k < c->kmeans.k; k++)
        for (uint32_t at = first[k]; at < first[k + 1];) {
            uint32_t size = first[k + 1] - at < LARGEST ? first[k + 1] - at : (uint32_t)LARGEST;
            memcpy(c->centre + c->count * dim, c->kmeans.centres + k * dim,
                   dim * sizeof *c->centre);
            c->cell[c->count++] = (struct cell){at, at + size};
            at += size;
        }
    mm_knn_half_norms(&(struct mm_points){c->centre, c->count, dim}, c->centre_half);
    free(first);
    return 0;
}

/* ---- the nearest cells ---- */

/* What a block of points is compared with, worked out in a thread's own memory. */
struct scratch {
    float *key;      /* [ROWS][count] ranks the cells by their centres' distances */
    uint32_t *heap;  /* [count] */
    uint32_t *first; /* [count + 2] where a cell's visitors begin */
    uint32_t *visit; /* [ROWS * VISITS] rows of the block, by cell */
    uint32_t *want;  /* [ROWS][VISITS] cells; NOWHERE after the last */
    float *x;        /* [ROWS][dim] the visitors of one cell */
    float *dots;     /* [ROWS][COLUMNS] */
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
static void choose_cells(const struct cells *c, const float *key, uint32_t *heap, uint32_t *want)
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

static void rank_cells(const struct cells *c, size_t first, size_t rows, struct scratch *s)
{
    size_t dim = c->points->dim;
    for (size_t j0 = 0; j0 < c->count; j0 += COLUMNS) {
        size_t columns = c->count - j0 < COLUMNS ? c->count - j0 : COLUMNS;
        mm_matrix_dots(c->x + first * dim, rows, c->centre + j0 * dim, columns, dim, s->dots);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                s->key[i * c->count + j0 + j] = c->centre_half[j0 + j] - s->dots[i * columns + j];
    }
    for (size_t i = 0; i < rows; i++)
        choose_cells(c, s->key + i * c->count, s->heap, s->want + i * VISITS);
}

/* Lists the rows that visit each cell. */
static void list_visitors(const struct cells *c, size_t rows, struct scratch *s)
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

static void visit_cell(struct cells *c, const struct cell *cell, size_t first,
                       const uint32_t *visit, size_t visitors, struct scratch *s)
{
    size_t dim = c->points->dim;
    size_t size = c->lists.size;
    for (size_t i = 0; i < visitors; i++)
        memcpy(s->x + i * dim, c->x + (first + visit[i]) * dim, dim * sizeof *s->x);
    for (size_t j = cell->first; j < cell->end; j += COLUMNS) {
        size_t columns = cell->end - j < COLUMNS ? cell->end - j : COLUMNS;
        mm_matrix_dots(s->x, visitors, c->x + j * dim, columns, dim, s->dots);
        for (size_t i = 0; i < visitors; i++)
            mm_knn_scan(s->dots + i * columns, c->half + j, columns, (uint32_t)j,
                        c->lists.key + (first + visit[i]) * size,
                        c->lists.who + (first + visit[i]) * size, size);
    }
}

static void search_block(void *ctx, size_t block, size_t worker)
{
    struct cells *c = ctx;
    struct scratch *s = &c->scratch[worker];
    size_t n = c->points->n;
    size_t first = block * ROWS;
    size_t rows = n - first < ROWS ? n - first : ROWS;
    rank_cells(c, first, rows, s);
    list_visitors(c, rows, s);
    for (size_t i = 0; i < c->count; i++)
        if (s->first[i + 1] > s->first[i])
            visit_cell(c, &c->cell[i], first, s->visit + s->first[i], s->first[i + 1] - s->first[i],
                       s);
    size_t size = c->lists.size;
    size_t k = c->out->k;
    for (size_t place = first; place < first + rows; place++) {
        uint32_t candidates[MM_KNN_MOST + MM_KNN_SLACK];
        for (size_t i = 0; i < size; i++) {
            uint32_t who = c->lists.who[place * size + i];
            candidates[i] = who == MM_KNN_NONE ? MM_KNN_NONE : c->order[who];
        }
        uint32_t self = c->order[place];
        mm_knn_settle(c->points, c->x + place * c->points->dim, self, candidates, size, k,
                      c->out->index + self * k, c->out->distance + self * k);
    }
}

/* ---- NN-descent ---- */

#define FRONT    ((size_t)20) /* neighbours whose neighbours are tried, and how many of theirs */
#define SEEN     ((size_t)2048)
#define DESCENTS 3
#define SETTLED  0.002 /* of all lists' places changed in a round: enough */

struct descent {
    struct cells *c;
    uint32_t *seen;  /* [jobs][SEEN] ids that were tried for this point: an open hash table */
    size_t *changed; /* [blocks] */
};

/* False when id was there already. The table is never more than a quarter full. */
static bool put_seen(uint32_t *seen, uint32_t id)
{
    for (size_t at = (id * 0x9E3779B1u) >> 21;; at = (at + 1) % SEEN) {
        if (seen[at] == id)
            return false;
        if (seen[at] == MM_KNN_NONE) {
            seen[at] = id;
            return true;
        }
    }
}

/* Puts id into the list, which is full, if it belongs there. distance: squared. */
static bool improve(uint32_t *index, float *distance, size_t k, uint32_t id, float d)
{
    if (!(d < distance[k - 1] || (!(d > distance[k - 1]) && id < index[k - 1])))
        return false;
    size_t at = k - 1;
    for (; at > 0 && (d < distance[at - 1] || (!(d > distance[at - 1]) && id < index[at - 1]));
         at--) {
        distance[at] = distance[at - 1];
        index[at] = index[at - 1];
    }
    distance[at] = d;
    index[at] = id;
    return true;
}

static size_t descend(const struct cells *c, uint32_t i, uint32_t *seen)
{
    size_t k = c->out->k;
    size_t dim = c->points->dim;
    size_t front = k < FRONT ? k : FRONT;
    size_t changed = 0;
    uint32_t *index = c->out->index + i * k;
    float *distance = c->out->distance + i * k;
    memset(seen, 0xff, SEEN * sizeof *seen);
    put_seen(seen, i);
    for (size_t a = 0; a < front; a++)
        put_seen(seen, c->last[i * k + a]);
    for (size_t a = 0; a < k; a++)
        distance[a] *= distance[a];
    for (size_t a = 0; a < front; a++)
        for (size_t b = 0; b < front; b++) {
            uint32_t id = c->last[c->last[i * k + a] * k + b];
            if (!put_seen(seen, id))
                continue;
            float d = mm_distance2(c->points->x + i * dim, c->points->x + id * dim, dim);
            bool known = false;
            for (size_t at = front; at < k && !known; at++)
                known = c->last[i * k + at] == id;
            changed += !known && improve(index, distance, k, id, d);
        }
    for (size_t a = 0; a < k; a++)
        distance[a] = sqrtf(distance[a]);
    return changed;
}

static void descend_block(void *ctx, size_t block, size_t worker)
{
    struct descent *d = ctx;
    size_t n = d->c->points->n;
    size_t end = n < (block + 1) * BLOCK ? n : (block + 1) * BLOCK;
    d->changed[block] = 0;
    for (size_t i = block * BLOCK; i < end; i++)
        d->changed[block] += descend(d->c, (uint32_t)i, d->seen + worker * SEEN);
}

static int refine(struct cells *c, struct mm_pool *pool, const struct mm_progress *progress,
                  struct mm_error *err)
{
    size_t n = c->points->n;
    size_t k = c->out->k;
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    struct descent d = {.c = c};
    int result = 0;
    d.seen = mm_calloc3(mm_pool_jobs(pool), SEEN, sizeof *d.seen);
    d.changed = mm_calloc3(blocks, 1, sizeof *d.changed);
    c->last = mm_calloc3(n, k, sizeof *c->last);
    if (!d.seen || !d.changed || !c->last)
        result = mm_no_memory(err);
    for (size_t round = 0; round < DESCENTS && result == 0; round++) {
        mm_progress_update(progress, "improving neighbours", round, DESCENTS);
        if (mm_progress_cancelled(progress)) {
            result = mm_error_set(err, MM_ERR_CANCELLED, "cancelled");
            break;
        }
        memcpy(c->last, c->out->index, n * k * sizeof *c->last);
        mm_pool_run(pool, blocks, descend_block, &d);
        size_t changed = 0;
        for (size_t b = 0; b < blocks; b++)
            changed += d.changed[b];
        if ((double)changed < SETTLED * (double)n * (double)k)
            break;
    }
    free(d.changed);
    free(d.seen);
    return result;
}

/* ---- the whole ---- */

static int cells_init(struct cells *c, size_t jobs, struct mm_error *err)
{
    size_t n = c->points->n;
    c->of = mm_calloc3(n, 1, sizeof *c->of);
    c->order = mm_calloc3(n, 1, sizeof *c->order);
    c->x = mm_calloc3(n, c->points->dim, sizeof *c->x);
    c->half = mm_calloc3(n, 1, sizeof *c->half);
    c->dots = mm_calloc3(jobs, ROWS * COLUMNS, sizeof *c->dots);
    if (!c->of || !c->order || !c->x || !c->half || !c->dots)
        return mm_no_memory(err);
    return mm_knn_lists_init(&c->lists, n, c->out->k + MM_KNN_SLACK, err);
}

static int scratch_init(struct cells *c, size_t jobs, struct mm_error *err)
{
    c->scratch = mm_calloc3(jobs, 1, sizeof *c->scratch);
    if (!c->scratch)
        return mm_no_memory(err);
    for (size_t i = 0; i < jobs; i++) {
        struct scratch *s = &c->scratch[i];
        s->key = mm_calloc3(ROWS, c->count, sizeof *s->key);
        s->heap = mm_calloc3(c->count, 1, sizeof *s->heap);
        s->first = mm_calloc3(c->count + 2, 1, sizeof *s->first);
        s->visit = mm_calloc3(ROWS, VISITS, sizeof *s->visit);
        s->want = mm_calloc3(ROWS, VISITS, sizeof *s->want);
        s->x = mm_calloc3(ROWS, c->points->dim, sizeof *s->x);
        s->dots = c->dots + i * ROWS * COLUMNS;
        if (!s->key || !s->heap || !s->first || !s->visit || !s->want || !s->x)
            return mm_no_memory(err);
    }
    return 0;
}

static void scratch_finish(struct cells *c, size_t jobs)
{
    for (size_t i = 0; c->scratch && i < jobs; i++) {
        free(c->scratch[i].key);
        free(c->scratch[i].heap);
        free(c->scratch[i].first);
        free(c->scratch[i].visit);
        free(c->scratch[i].want);
        free(c->scratch[i].x);
    }
    free(c->scratch);
}

static void cells_finish(struct cells *c, size_t jobs)
{
    scratch_finish(c, jobs);
    mm_kmeans_finish(&c->kmeans);
    mm_knn_lists_finish(&c->lists);
    free(c->last);
    free(c->dots);
    free(c->centre_half);
    free(c->centre);
    free(c->cell);
    free(c->half);
    free(c->x);
    free(c->order);
    free(c->of);
}

int mm_knn_by_cells(const struct mm_points *points, uint64_t seed, struct mm_pool *pool,
                    const struct mm_progress *progress, struct mm_knn *out, struct mm_error *err)
{
    size_t jobs = mm_pool_jobs(pool);
    struct cells c = {.points = points, .out = out};
    mm_progress_update(progress, "finding neighbours", 0, 0);
    int result = cells_init(&c, jobs, err);
    if (result == 0)
        result = find_centres(&c, seed, pool, progress, err);
    if (result < 0)
        goto out;
    struct mm_points centres = {c.kmeans.centres, c.kmeans.k, points->dim};
    mm_knn_half_norms(&centres, c.half); /* the centres', for now: there are at most n */
    mm_pool_run(pool, (points->n + ROWS - 1) / ROWS, assign_block, &c);
    result = make_cells(&c, err);
    if (result < 0)
        goto out;
    mm_knn_half_norms(&(struct mm_points){c.x, points->n, points->dim}, c.half);
    result = scratch_init(&c, jobs, err);
    if (result < 0)
        goto out;
    mm_pool_run(pool, (points->n + ROWS - 1) / ROWS, search_block, &c);
    mm_knn_lists_finish(&c.lists);
    result = refine(&c, pool, progress, err);

out:
    cells_finish(&c, jobs);
    return result;
}
