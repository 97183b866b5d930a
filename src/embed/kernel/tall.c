/* SPDX-License-Identifier: BSD-2-Clause */
/* Planning for tall.h: the transformed weights. */
#include "embed/kernel/tall_plan.h"

#include "base/array.h"
#include "embed/kernel/memory.h"

/* Narrower kernels do not pay for the transforms. */
#define LEAST_WIDTH 8
/* Outputs narrower than this leave registers empty; direct.h walks them down their columns: for
 * MusiCNN's 7 x 561 on a map just as wide five times as fast. */
#define LEAST_PIXELS 8

bool mm_tall_fits(const struct mm_conv_desc *desc, const struct mm_kernels *kernels)
{
    size_t width = desc->pad.left + desc->width + desc->pad.right;
    return kernels->tall && desc->in_channels == 1 && desc->kernel_h == MM_TALL_ROWS &&
           desc->kernel_w >= LEAST_WIDTH && width >= desc->kernel_w + LEAST_PIXELS - 1 &&
           desc->pool_h <= 1;
}

void mm_tall_pad(const struct mm_conv *conv, const struct mm_conv_desc *desc, struct mm_pad *pad)
{
    size_t rows = (conv->conv_h + MM_TALL_OUT - 1) / MM_TALL_OUT * MM_TALL_OUT + MM_TALL_ROWS - 1;
    if (rows > pad->top + desc->height + pad->bottom)
        pad->bottom = rows - pad->top - desc->height;
}

static void pack_weights(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    size_t panel = conv->kernels->panel;
    size_t width = desc->kernel_w;
    for (size_t out = 0; out < desc->out_channels; out++)
        for (size_t x = 0; x < width; x++) {
            double g[MM_TALL_ROWS], u[MM_TALL_POSITIONS];
            for (size_t y = 0; y < MM_TALL_ROWS; y++)
                g[y] = (double)desc->kernel[(out * MM_TALL_ROWS + y) * width + x];
            mm_points_weights(g, MM_TALL_ROWS, u, 1);
            for (size_t i = 0; i < MM_TALL_POSITIONS; i++)
                conv->weights[((out / panel * MM_TALL_POSITIONS + i) * width + x) * panel +
                              out % panel] = (float)u[i];
        }
}

int mm_tall_plan(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    size_t panel = conv->kernels->panel;
    size_t n_weights;
    conv->tall = true;
    conv->walk = (struct mm_conv_walk){
        .lines = conv->conv_h, .pixels = conv->conv_w, .in_line = conv->in.row, .in_pixel = 1};
    conv->n_runs = 1;
    conv->run_length = desc->kernel_w;
    conv->run_step = 1;
    conv->scratch = mm_tall_rows_floats(conv) + MM_TALL_POSITIONS * conv->walk.pixels * panel;
    if (__builtin_mul_overflow(MM_TALL_POSITIONS * desc->kernel_w,
                               (desc->out_channels + panel - 1) / panel * panel, &n_weights))
        return MM_ERR_NO_MEMORY;
    conv->weights = mm_floats_alloc(n_weights);
    conv->runs = mm_calloc3(1, sizeof *conv->runs, 1);
    if (!conv->weights || !conv->runs)
        return MM_ERR_NO_MEMORY;
    conv->bytes += n_weights * sizeof(float) + sizeof *conv->runs;
    pack_weights(conv, desc);
    return 0;
}
