/* SPDX-License-Identifier: BSD-2-Clause */
/* ward.h - Ward's tree of clusters: at each step the two are joined that raise the sum of squares
 * the least. */
#ifndef MAP_WARD_H
#define MAP_WARD_H

#include <stdint.h>

#include "base/pool.h"
#include "map/points.h"
#include "musicmap/error.h"
#include "musicmap/progress.h"

/* One step of the tree: the cluster that holds point a joins the one that holds point b. */
struct mm_ward_step {
    uint32_t a, b;
    double height; /* sqrt(2 |A||B| / (|A| + |B|)) |mean A - mean B|: what SciPy and R call it */
};

/*
 * steps: [n - 1], heights rising. weight: [n] how many songs each point stands for; NULL = 1 each.
 * Time grows with n^2, memory with n. n >= 1.
 */
int mm_ward_tree(const struct mm_points *points, const double *weight, struct mm_pool *pool,
                 const struct mm_progress *progress, struct mm_ward_step *steps,
                 struct mm_error *err);

/* Undoes the last steps until k clusters are left (1 <= k <= n); cluster: [n] numbered in order of
 * their first point. */
int mm_ward_cut(const struct mm_ward_step *steps, size_t n, size_t k, uint32_t *cluster,
                struct mm_error *err);

#endif
