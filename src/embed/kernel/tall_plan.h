/* SPDX-License-Identifier: BSD-2-Clause */
/* tall_plan.h - planning for tall.h; for the files of this folder only. */
#ifndef EMBED_KERNEL_TALL_PLAN_H
#define EMBED_KERNEL_TALL_PLAN_H

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/points_plan.h"

#define MM_TALL_ROWS      7         /* of the kernel */
#define MM_TALL_OUT       4         /* rows computed together */
#define MM_TALL_POSITIONS MM_POINTS /* products for them */

/* Can a convolution of this description run as tall.h has it? */
bool mm_tall_fits(const struct mm_conv_desc *desc, const struct mm_kernels *kernels);

/* Rows more below when the last rows are fewer than MM_TALL_OUT. */
void mm_tall_pad(const struct mm_conv *conv, const struct mm_conv_desc *desc, struct mm_pad *pad);

/* Transforms the weights; fills in what direct.h's inner loop needs. MM_ERR_NO_MEMORY. */
int mm_tall_plan(struct mm_conv *conv, const struct mm_conv_desc *desc);

/* Floats of the transformed rows, which stand first in the scratch memory. */
static inline size_t mm_tall_rows_floats(const struct mm_conv *conv)
{
    return (MM_TALL_POSITIONS * conv->in.row + MM_LANES - 1) / MM_LANES * MM_LANES;
}

#endif
