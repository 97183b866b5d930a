/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * correlation.c - Spearman's rank correlation, equal values at their mean rank; its confidence
 * interval by Fisher's transformation with the variance of Bonett & Wright (2000).
 */
#include <math.h>

#include "base/array.h"
#include "musicmap/map.h"

#define NORMAL_975 1.959963984540054 /* 97.5 % of a normal distribution lie below it */

struct item {
    double value;
    size_t at;
};

static int compare_items(const void *one, const void *two)
{
    const struct item *a = one;
    const struct item *b = two;
    if (a->value < b->value || a->value > b->value)
        return a->value < b->value ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* rank: [n], less the mean of all ranks. items: [n] filled in. */
static void rank_items(struct item *items, size_t n, double *rank)
{
    qsort(items, n, sizeof *items, compare_items);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && !(items[end].value > items[i].value))
            end++;
        for (size_t j = i; j < end; j++)
            rank[items[j].at] = ((double)i + (double)end - 1) / 2 - ((double)n - 1) / 2;
        i = end;
    }
}

int mm_rank_correlation(const double *x, const double *y, size_t n, struct mm_correlation *out,
                        struct mm_error *err)
{
    *out = (struct mm_correlation){.n = n, .r = NAN, .low = NAN, .high = NAN};
    struct item *items = mm_calloc3(n, 1, sizeof *items);
    double *rank = mm_calloc3(n, 2, sizeof *rank);
    if (!items || !rank) {
        free(items);
        free(rank);
        return mm_no_memory(err);
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            items[i] = (struct item){side ? y[i] : x[i], i};
        rank_items(items, n, rank + (size_t)side * n);
    }
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (size_t i = 0; i < n; i++) {
        xx += rank[i] * rank[i];
        yy += rank[n + i] * rank[n + i];
        xy += rank[i] * rank[n + i];
    }
    if (n > 3 && xx > 0 && yy > 0) {
        out->r = fmax(fmin(xy / sqrt(xx * yy), 1), -1);
        double z = atanh(fmax(fmin(out->r, 1 - 1e-12), -1 + 1e-12));
        double way = NORMAL_975 * sqrt((1 + out->r * out->r / 2) / ((double)n - 3));
        out->low = tanh(z - way);
        out->high = tanh(z + way);
    }
    free(rank);
    free(items);
    return 0;
}
