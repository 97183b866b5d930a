/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matrix.h - the one door to OpenBLAS and LAPACK.
 *
 * Matrices are row by row and without gaps. OpenBLAS is held to one thread: parallel work is cut
 * into blocks of fixed size above it (base/pool.h), so that the same numbers come out for any
 * number of threads.
 *
 * Threads: all calls may run at the same time.
 */
#ifndef MAP_MATRIX_H
#define MAP_MATRIX_H

#include <stddef.h>

#include "musicmap/error.h"

/* Holds OpenBLAS to one thread. Call before the others; cheap. */
void mm_matrix_init(void);

/* out: [m][n] = a b^T; a: [m][dim], b: [n][dim]. All sizes below 2^31. */
void mm_matrix_dots(const float *a, size_t m, const float *b, size_t n, size_t dim, float *out);

/*
 * sum: [m][n] += a^T b over rows. a: [rows][stride], its first m columns; b likewise, n columns.
 * a and b point at the first column wanted.
 */
void mm_matrix_add_products(const double *a, size_t m, const double *b, size_t n, size_t rows,
                            size_t stride, double *sum, size_t sum_stride);

/* The same for floats, whose products are summed up as floats before they are added: for rows by
 * the thousand at most. part: [m][n] scratch. */
void mm_matrix_add_float_products(const float *a, size_t m, const float *b, size_t n, size_t rows,
                                  size_t stride, float *part, double *sum, size_t sum_stride);

/*
 * The `count` largest eigenvalues of the symmetric matrix a: [n][n] (destroyed; the lower triangle
 * is enough), falling, and their unit vectors: vectors [count][n]. Each vector's largest component
 * is positive, so that signs do not depend on the library.
 */
int mm_matrix_eigen(double *a, size_t n, size_t count, double *values, double *vectors,
                    struct mm_error *err);

/* Turns the symmetric positive definite a: [n][n] into its lower Cholesky factor (what is above the
 * diagonal stays as it was). MM_ERR_INPUT: it is not positive definite. */
int mm_matrix_cholesky(double *a, size_t n);

#endif
