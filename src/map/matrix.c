/* SPDX-License-Identifier: BSD-2-Clause */
#include "map/matrix.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>

#include "base/array.h"

void mm_matrix_init(void)
{
    openblas_set_num_threads(1);
}

void mm_matrix_dots(const float *a, size_t m, const float *b, size_t n, size_t dim, float *out)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)dim, 1, a, (int)dim,
                b, (int)dim, 0, out, (int)n);
}

void mm_matrix_add_products(const double *a, size_t m, const double *b, size_t n, size_t rows,
                            size_t stride, double *sum, size_t sum_stride)
{
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)rows, 1, a,
                (int)stride, b, (int)stride, 1, sum, (int)sum_stride);
}

void mm_matrix_add_float_products(const float *a, size_t m, const float *b, size_t n, size_t rows,
                                  size_t stride, float *part, double *sum, size_t sum_stride)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)rows, 1, a,
                (int)stride, b, (int)stride, 0, part, (int)n);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            sum[i * sum_stride + j] += part[i * n + j];
}

static void fix_sign(double *vector, size_t n)
{
    size_t largest = 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(vector[i]) > fabs(vector[largest]) * (1 + 1e-9)) /* a tie goes to the first */
            largest = i;
    if (vector[largest] < 0)
        for (size_t i = 0; i < n; i++)
            vector[i] = -vector[i];
}

int mm_matrix_eigen(double *a, size_t n, size_t count, double *values, double *vectors,
                    struct mm_error *err)
{
    int result = 0;
    lapack_int found = 0;
    double *w = mm_calloc3(n, 1, sizeof *w);
    double *z = mm_calloc3(n, count, sizeof *z);
    lapack_int *support = mm_calloc3(count, 2, sizeof *support);
    if (!w || !z || !support || n > INT32_MAX) {
        result = mm_no_memory(err);
        goto out;
    }
    /* Column by column: what is the lower triangle here is the upper one there. */
    lapack_int info = LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', (lapack_int)n, a,
                                     (lapack_int)n, 0, 0, (lapack_int)(n - count + 1),
                                     (lapack_int)n, 0, &found, w, z, (lapack_int)n, support);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR) {
        result = mm_no_memory(err);
        goto out;
    }
    if (info != 0 || (size_t)found != count) {
        result = mm_error_set(err, MM_ERR_BUG, "no eigenvectors found (LAPACK says %d)", (int)info);
        goto out;
    }
    for (size_t i = 0; i < count; i++) { /* LAPACK's rise */
        const double *from = z + (count - 1 - i) * n;
        values[i] = w[count - 1 - i];
        memcpy(vectors + i * n, from, n * sizeof *from);
        fix_sign(vectors + i * n, n);
    }

out:
    free(support);
    free(z);
    free(w);
    return result;
}

int mm_matrix_cholesky(double *a, size_t n)
{
    /* Column by column: what is the lower triangle here is the upper one there. */
    lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, (lapack_int)n);
    return info == 0 ? 0 : MM_ERR_INPUT;
}
