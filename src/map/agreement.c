/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agreement.c - normalised and adjusted mutual information (Vinh, Epps, Bailey 2010), both with
 * the arithmetic mean of the entropies. What chance gives is the expectation over all groupings
 * with the same group sizes: overlaps are then hypergeometric (their equation 24a).
 */
#include "map/agreement.h"

#include <float.h>
#include <math.h>

#include "base/array.h"

struct overlap {
    uint32_t a, b;
};

static int compare_overlaps(const void *one, const void *two)
{
    const struct overlap *x = one;
    const struct overlap *y = two;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static int compare_sizes(const void *one, const void *two)
{
    size_t x = *(const size_t *)one;
    size_t y = *(const size_t *)two;
    return (x > y) - (x < y);
}

static double entropy(const size_t *size, size_t groups, double n)
{
    double sum = 0;
    for (size_t i = 0; i < groups; i++)
        if (size[i] > 0)
            sum -= (double)size[i] / n * log((double)size[i] / n);
    return sum;
}

/* pairs: [n], sorted here. */
static double mutual_information(struct overlap *pairs, size_t n, const size_t *size_a,
                                 const size_t *size_b)
{
    double sum = 0;
    qsort(pairs, n, sizeof *pairs, compare_overlaps);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && compare_overlaps(&pairs[i], &pairs[end]) == 0)
            end++;
        double both = (double)(end - i);
        sum += both / (double)n *
               log(both * (double)n / ((double)size_a[pairs[i].a] * (double)size_b[pairs[i].b]));
        i = end;
    }
    return sum > 0 ? sum : 0;
}

/* Expected contribution of one group of size a and one of size b. */
static double expect_pair(size_t a, size_t b, size_t n, const double *log_factorial)
{
    size_t least = a + b > n ? a + b - n : 1;
    least = least > 1 ? least : 1;
    size_t most = a < b ? a : b;
    double fixed = log_factorial[a] + log_factorial[b] + log_factorial[n - a] +
                   log_factorial[n - b] - log_factorial[n];
    double sum = 0;
    for (size_t both = least; both <= most; both++) {
        double chance = fixed - log_factorial[both] - log_factorial[a - both] -
                        log_factorial[b - both] - log_factorial[n - a - b + both];
        sum += (double)both / (double)n * log((double)both * (double)n / ((double)a * (double)b)) *
               exp(chance);
    }
    return sum;
}

/* Groups of the same size contribute the same: with size_a and size_b sorted, runs are done once.
 */
static double expected_information(const size_t *size_a, size_t n_a, const size_t *size_b,
                                   size_t n_b, size_t n, const double *log_factorial)
{
    double sum = 0;
    for (size_t i = 0; i < n_a;) {
        size_t i_end = i;
        while (i_end < n_a && size_a[i_end] == size_a[i])
            i_end++;
        for (size_t j = 0; j < n_b && size_a[i] > 0;) {
            size_t j_end = j;
            while (j_end < n_b && size_b[j_end] == size_b[j])
                j_end++;
            if (size_b[j] > 0)
                sum += (double)(i_end - i) * (double)(j_end - j) *
                       expect_pair(size_a[i], size_b[j], n, log_factorial);
            j = j_end;
        }
        i = i_end;
    }
    return sum;
}

static size_t used_groups(const size_t *size, size_t groups)
{
    size_t used = 0;
    for (size_t i = 0; i < groups; i++)
        used += size[i] > 0;
    return used;
}

static double pairs_of(const size_t *size, size_t groups)
{
    double sum = 0;
    for (size_t i = 0; i < groups; i++)
        sum += (double)size[i] * ((double)size[i] - 1) / 2;
    return sum;
}

/* pairs: sorted, as mutual_information() leaves them. */
static double adjusted_rand(const struct overlap *pairs, size_t n, double pairs_a, double pairs_b)
{
    double both = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && pairs[end].a == pairs[i].a && pairs[end].b == pairs[i].b)
            end++;
        both += (double)(end - i) * (double)(end - i - 1) / 2;
        i = end;
    }
    double all = (double)n * ((double)n - 1) / 2;
    double chance = all > 0 ? pairs_a * pairs_b / all : 0;
    double most = (pairs_a + pairs_b) / 2;
    return most > chance ? (both - chance) / (most - chance) : 1;
}

int mm_agreement_measure(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, size_t n,
                         struct mm_agreement *out, struct mm_error *err)
{
    int result = 0;
    struct overlap *pairs = mm_calloc3(n, 1, sizeof *pairs);
    size_t *size_a = mm_calloc3(n_a, 1, sizeof *size_a);
    size_t *size_b = mm_calloc3(n_b, 1, sizeof *size_b);
    double *log_factorial = mm_calloc3(n + 1, 1, sizeof *log_factorial);
    if (!pairs || !size_a || !size_b || !log_factorial) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (struct overlap){a[i], b[i]};
        size_a[a[i]]++;
        size_b[b[i]]++;
        log_factorial[i + 1] = log_factorial[i] + log((double)(i + 1));
    }
    size_t used_a = used_groups(size_a, n_a);
    size_t used_b = used_groups(size_b, n_b);
    if ((used_a < 2 && used_b < 2) || (used_a == n && used_b == n)) {
        /* All in one group, or each alone, twice: the same grouping, and 0 / 0 below. */
        *out = (struct mm_agreement){1, 1, 1};
        goto out;
    }
    double information = mutual_information(pairs, n, size_a, size_b);
    out->ari = adjusted_rand(pairs, n, pairs_of(size_a, n_a), pairs_of(size_b, n_b));
    double mean = (entropy(size_a, n_a, (double)n) + entropy(size_b, n_b, (double)n)) / 2;
    qsort(size_a, n_a, sizeof *size_a, compare_sizes);
    qsort(size_b, n_b, sizeof *size_b, compare_sizes);
    double chance = expected_information(size_a, n_a, size_b, n_b, n, log_factorial);
    double room = mean - chance;
    out->nmi = mean > 0 ? information / mean : 0;
    room = room < 0 ? fmin(room, -DBL_EPSILON) : fmax(room, DBL_EPSILON);
    out->ami = (information - chance) / room;

out:
    free(log_factorial);
    free(size_b);
    free(size_a);
    free(pairs);
    return result;
}
