/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metric.h - a learned space in which a model's values are compared when it stands beside another.
 *
 * Of timbre's 230 values many say the same, and many say what does not matter to a listener (the
 * key, the codec). Projected so that songs of one style spread alike in every direction, their
 * distances tell more: within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006),
 * learned from made songs by train/metric.py; doc/mm1.md has the figures. Alone, timbre stays what
 * it says it is: made by hand, nothing learned.
 *
 * Threads: a metric is read-only once made.
 */
#ifndef MUSICMAP_METRIC_H
#define MUSICMAP_METRIC_H

#include <stddef.h>

#include "error.h"

struct mm_metric;
/* *out is NULL for a model, or vectors of another length, that are compared as they are. */
int mm_metric_create(const char *model, size_t dim, struct mm_metric **out, struct mm_error *err);
void mm_metric_destroy(struct mm_metric *metric);

/* Changes with the numbers: maps that were made with others are told apart by it. Static. */
const char *mm_metric_version(const struct mm_metric *metric);

/* rows: [count][dim]; row i of the result is at out + i * stride, dim values. */
void mm_metric_apply(const struct mm_metric *metric, const float *rows, size_t count, float *out,
                     size_t stride);

#endif
