/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * similar.c - the nearest songs, exactly, without looking at the whole of every vector.
 *
 * The rows come along their main components, so the first values carry most of them. By Cauchy and
 * Schwarz  a.b <= lead(a).lead(b) + |rest(a)| |rest(b)|.  One pass over the leads of all songs,
 * laid out so that sixteen songs share an instruction, gives every song that bound; the songs with
 * the highest bounds are measured in full, and then only those whose bound still reaches into the
 * best n. The answer is that of comparing everything.
 */
#include <math.h>

#include "base/array.h"
#include "set/library.h"

float mm_dot(const float *a, const float *b, size_t dim)
{
    /* Eight sums side by side: the compiler may use its vectors without reordering anything. */
    float sum[8] = {0};
    size_t d = 0;
    for (; d + 8 <= dim; d += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += a[d + k] * b[d + k];
    for (; d < dim; d++)
        sum[d % 8] += a[d] * b[d];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

int mm_set_index_rows(struct mm_set_library *l, struct mm_error *err)
{
    size_t blocks = l->n / MM_LANES + 1;
    l->lead = mm_calloc3(blocks, MM_LEAD * MM_LANES, sizeof *l->lead);
    l->rest = mm_calloc3(blocks, MM_LANES, sizeof *l->rest);
    if (!l->lead || !l->rest)
        return mm_no_memory(err);
    size_t lead = l->dim < MM_LEAD ? l->dim : MM_LEAD;
    for (size_t i = 0; i < l->n; i++) {
        const float *row = mm_set_row(l, i);
        float *to = l->lead + i / MM_LANES * MM_LEAD * MM_LANES + i % MM_LANES;
        for (size_t d = 0; d < lead; d++)
            to[d * MM_LANES] = row[d];
        double sum = 0;
        for (size_t d = lead; d < l->dim; d++)
            sum += (double)row[d] * (double)row[d];
        l->rest[i] = (float)sqrt(sum);
    }
    return 0;
}

/* bound: [blocks * MM_LANES] no cosine is larger than its. */
static void bound_all(const struct mm_set_library *l, size_t song, float *bound)
{
    const float *q = mm_set_row(l, song);
    size_t lead = l->dim < MM_LEAD ? l->dim : MM_LEAD;
    size_t blocks = l->n / MM_LANES + 1;
    for (size_t b = 0; b < blocks; b++) {
        const float *x = l->lead + b * MM_LEAD * MM_LANES;
        float sum[MM_LANES];
        for (size_t k = 0; k < MM_LANES; k++)
            sum[k] = l->rest[b * MM_LANES + k] * l->rest[song] + 1e-5F; /* for the rounding */
        for (size_t d = 0; d < lead; d++)
            for (size_t k = 0; k < MM_LANES; k++)
                sum[k] += q[d] * x[d * MM_LANES + k];
        memcpy(bound + b * MM_LANES, sum, sizeof sum);
    }
}

/* True when a belongs before b. */
static bool better(const struct mm_similar *a, const struct mm_similar *b)
{
    return a->cosine > b->cosine || (a->cosine == b->cosine && a->song < b->song);
}

/* A heap whose root is the worst of the best so far. */
static void sink(struct mm_similar *heap, size_t n, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n)
            return;
        if (child + 1 < n && better(&heap[child], &heap[child + 1]))
            child++;
        if (better(&heap[child], &heap[at]))
            return;
        struct mm_similar swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
        at = child;
    }
}

static void rise(struct mm_similar *heap, size_t at)
{
    while (at > 0 && better(&heap[(at - 1) / 2], &heap[at])) {
        struct mm_similar swap = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

static void offer(struct mm_similar *heap, size_t *n, size_t most, struct mm_similar it)
{
    if (*n < most) {
        heap[*n] = it;
        rise(heap, (*n)++);
    } else if (better(&it, &heap[0])) {
        heap[0] = it;
        sink(heap, most, 0);
    }
}

static int by_cosine(const void *one, const void *two)
{
    const struct mm_similar *a = one;
    const struct mm_similar *b = two;
    return better(b, a) - better(a, b);
}

int mm_set_similar(const struct mm_set_library *l, size_t song, size_t n, struct mm_similar *out,
                   size_t *count, struct mm_error *err)
{
    *count = 0;
    if (song >= l->n)
        return mm_error_set(err, MM_ERR_USAGE, "there is no song %zu", song);
    size_t most = n < l->n - 1 ? n : l->n - 1;
    if (most == 0)
        return 0;
    float *bound = mm_calloc3(l->n / MM_LANES + 1, MM_LANES, sizeof *bound);
    struct mm_similar *first = mm_calloc3(most, 1, sizeof *first);
    if (!bound || !first) {
        free(bound);
        free(first);
        return mm_no_memory(err);
    }
    bound_all(l, song, bound);
    bound[song] = -HUGE_VALF;
    /* The n highest bounds, measured: the worst of them is a cosine that n songs reach. */
    size_t n_first = 0;
    for (size_t i = 0; i < l->n; i++)
        if (i != song)
            offer(first, &n_first, most, (struct mm_similar){(uint32_t)i, bound[i]});
    const float *q = mm_set_row(l, song);
    for (size_t k = 0; k < n_first; k++) {
        uint32_t i = first[k].song;
        offer(out, count, most, (struct mm_similar){i, mm_dot(q, mm_set_row(l, i), l->dim)});
        bound[i] = -HUGE_VALF;
    }
    for (size_t i = 0; i < l->n; i++)
        if (bound[i] >= out[0].cosine)
            offer(out, count, most,
                  (struct mm_similar){(uint32_t)i, mm_dot(q, mm_set_row(l, i), l->dim)});
    qsort(out, *count, sizeof *out, by_cosine);
    free(first);
    free(bound);
    return 0;
}
