/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/kernel/points_plan.h"

void mm_points_weights(const double *g, size_t taps, double *out, size_t step)
{
    static const double points[] = MM_POINTS_FINITE;
    double all = 1;
    for (size_t i = 0; i < 4; i++) {
        double p = points[i];
        double below = 2 * p * p;
        for (size_t j = 0; j < 4; j++)
            if (j != i)
                below *= p * p - points[j] * points[j];
        all *= p * p;
        double even = 0;
        double odd = 0;
        double power = 1;
        for (size_t k = 0; k < taps; k++, power *= p)
            *(k % 2 ? &odd : &even) += g[k] * power;
        out[(1 + 2 * i) * step] = (even + odd) / below;
        out[(2 + 2 * i) * step] = (even - odd) / below;
    }
    out[0] = g[0] / all;
    out[(MM_POINTS - 1) * step] = g[taps - 1];
}
