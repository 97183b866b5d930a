/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * one_crowd.c - around one crowd, values become rarer and rarer: from its middle on, no gap between
 * neighbours is narrower than the one before. Gaps are fitted so by pooling adjacent violators
 * (Ayer et al. 1955); whether they were so before is told by the largest distance of both
 * distributions, the idea of the dip test (Hartigan & Hartigan 1985).
 */
#include "map/one_crowd.h"

#include <math.h>
#include <stdlib.h>

static int compare_values(const void *one, const void *two)
{
    float a = *(const float *)one;
    float b = *(const float *)two;
    return (a > b) - (a < b);
}

/* The middle of the quarter of the sorted values that lies closest together. */
static size_t find_middle(const float *x, size_t n)
{
    size_t width = n / 4;
    size_t best = 0;
    for (size_t i = 0; i + width < n; i++)
        if (x[i + width] - x[i] < x[best + width] - x[best])
            best = i;
    return best + width / 2;
}

/* Fits the gaps from x[0] to x[(n - 1) step]; returns how many values the fit is off at most. last:
 * the last value of each pool of gaps. */
static double widen_gaps(float *x, ptrdiff_t step, size_t n, size_t *last)
{
    size_t pools = 0;
    for (size_t i = 1; i < n; i++) {
        last[pools++] = i;
        for (; pools > 1; pools--) {
            size_t a = pools > 2 ? last[pools - 3] : 0;
            size_t b = last[pools - 2];
            double middle = x[step * (ptrdiff_t)b];
            double before = fabs(middle - x[step * (ptrdiff_t)a]) / (double)(b - a);
            double after = fabs(x[step * (ptrdiff_t)i] - middle) / (double)(i - b);
            if (before <= after)
                break;
            last[pools - 2] = i;
        }
    }
    double off = 0;
    for (size_t p = 0, first = 0; p < pools; first = last[p++]) {
        double from = x[step * (ptrdiff_t)first];
        double gap = (x[step * (ptrdiff_t)last[p]] - from) / (double)(last[p] - first);
        for (size_t i = first + 1; i < last[p]; i++) {
            float *value = &x[step * (ptrdiff_t)i];
            double fitted = from + gap * (double)(i - first);
            off = fabs(gap) > 0 ? fmax(off, fabs((*value - fitted) / gap)) : off;
            *value = (float)fitted;
        }
    }
    return off;
}

bool mm_one_crowd(float *x, size_t n, size_t *last)
{
    if (n < 2)
        return false;
    qsort(x, n, sizeof *x, compare_values);
    size_t middle = find_middle(x, n);
    double off = widen_gaps(x + middle, 1, n - middle, last);
    off = fmax(off, widen_gaps(x + middle, -1, middle + 1, last));
    return off >= sqrt((double)n); /* less is chance */
}
