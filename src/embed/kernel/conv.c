/* SPDX-License-Identifier: BSD-2-Clause */
/* Planning a convolution: checks, output size, the way through memory, weights in walking order. */
#include "embed/kernel/conv.h"

#include <stdlib.h>

#include "base/array.h"
#include "embed/kernel/conv_impl.h"
#include "embed/kernel/memory.h"
#include "embed/kernel/tall_plan.h"
#include "embed/kernel/winograd_plan.h"

/* Maps with fewer columns than this are walked down: kernels take up to so many pixels at once. */
#define NARROW 12

/* What pooling drops is not computed. False when the kernel is larger than the padded input. */
static bool plan_sizes(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    size_t height = desc->pad.top + desc->height + desc->pad.bottom;
    size_t width = desc->pad.left + desc->width + desc->pad.right;
    if (!desc->kernel_h || !desc->kernel_w || desc->kernel_h > height || desc->kernel_w > width)
        return false;
    conv->pool_h = desc->pool_h ? desc->pool_h : 1;
    conv->pool_w = desc->pool_w ? desc->pool_w : 1;
    conv->conv_h = (height - desc->kernel_h + 1) / conv->pool_h * conv->pool_h;
    conv->conv_w = (width - desc->kernel_w + 1) / conv->pool_w * conv->pool_w;
    conv->out_channels = desc->out_channels;
    conv->out_groups = (desc->out_channels + MM_LANES - 1) / MM_LANES;
    conv->relu = desc->relu;
    return desc->out_channels && conv->conv_h && conv->conv_w;
}

static bool plan_input(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    struct mm_pad pad = desc->pad;
    if (mm_winograd_fits(desc, conv->kernels))
        mm_winograd_pad(conv, desc, &pad);
    else if (mm_tall_fits(desc, conv->kernels))
        mm_tall_pad(conv, desc, &pad);
    return mm_plane_init(&conv->in, desc->in_channels, desc->height, desc->width, pad);
}

static void plan_walk(struct mm_conv *conv)
{
    struct mm_conv_walk *walk = &conv->walk;
    *walk = (struct mm_conv_walk){.lines = conv->conv_h,
                                  .pixels = conv->conv_w,
                                  .in_line = conv->in.row,
                                  .in_pixel = conv->in.lanes};
    walk->columns = conv->pool_h == 1 && conv->pool_w == 1 && conv->conv_h > conv->conv_w &&
                    conv->conv_w < NARROW;
    if (walk->columns)
        *walk = (struct mm_conv_walk){.lines = conv->conv_w,
                                      .pixels = conv->conv_h,
                                      .in_line = conv->in.lanes,
                                      .in_pixel = conv->in.row,
                                      .columns = true};
}

/*
 * A row of the kernel, or a column where it is one pixel wide and the input has one channel: what
 * it covers of a group lies together in memory.
 */
static void plan_runs(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    bool column = conv->in.lanes == 1 && desc->kernel_w == 1;
    conv->n_runs = column ? conv->in.groups : conv->in.groups * desc->kernel_h;
    conv->run_length = column ? desc->kernel_h : desc->kernel_w * conv->in.lanes;
    conv->run_step = column ? conv->in.row : 1;
}

static void fill_runs(struct mm_conv *conv)
{
    size_t rows = conv->n_runs / conv->in.groups;
    for (size_t r = 0; r < conv->n_runs; r++)
        conv->runs[r] = (uint32_t)(r / rows * conv->in.group + r % rows * conv->in.row);
}

/* In the order of the runs: group, y, x, lane of the group. */
static void pack_weights(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    size_t panel = conv->kernels->panel;
    size_t lanes = conv->in.lanes;
    size_t area = desc->kernel_h * desc->kernel_w;
    size_t all = conv->n_runs * conv->run_length;
    for (size_t out = 0; out < desc->out_channels; out++) {
        float *to = conv->weights + out / panel * all * panel + out % panel;
        for (size_t in = 0; in < desc->in_channels; in++)
            for (size_t i = 0; i < area; i++)
                to[((in / lanes * area + i) * lanes + in % lanes) * panel] =
                    desc->kernel[(out * desc->in_channels + in) * area + i];
    }
}

/* A copy of [out_channels], zeros behind; *out stays NULL when values is NULL and not wanted. */
static int pad_channels(const struct mm_conv *conv, const float *values, float **out)
{
    *out = mm_floats_alloc(conv->out_groups * MM_LANES);
    if (!*out)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; values && i < conv->out_channels; i++)
        (*out)[i] = values[i];
    return 0;
}

static int plan_direct(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    size_t panel = conv->kernels->panel;
    size_t n_weights; /* cannot overflow once this does not */
    plan_walk(conv);
    plan_runs(conv, desc);
    conv->scratch = conv->pool_h * conv->walk.pixels * panel;
    if (__builtin_mul_overflow(conv->n_runs, conv->run_length, &n_weights) ||
        __builtin_mul_overflow(n_weights, (desc->out_channels + panel - 1) / panel * panel,
                               &n_weights))
        return MM_ERR_NO_MEMORY;
    conv->weights = mm_floats_alloc(n_weights);
    conv->runs = mm_calloc3(conv->n_runs, sizeof *conv->runs, 1);
    if (!conv->weights || !conv->runs)
        return MM_ERR_NO_MEMORY;
    conv->bytes += n_weights * sizeof(float) + conv->n_runs * sizeof(uint32_t);
    fill_runs(conv);
    pack_weights(conv, desc);
    return 0;
}

/* A copy of everything that desc points to, in the form that run() wants. */
static int take_weights(struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    conv->bytes = sizeof *conv;
    if (pad_channels(conv, desc->bias, &conv->bias) < 0)
        return MM_ERR_NO_MEMORY;
    if (desc->scale && (pad_channels(conv, desc->scale, &conv->scale) < 0 ||
                        pad_channels(conv, desc->shift, &conv->shift) < 0))
        return MM_ERR_NO_MEMORY;
    if (mm_tall_fits(desc, conv->kernels))
        return mm_tall_plan(conv, desc);
    if (!mm_winograd_fits(desc, conv->kernels))
        return plan_direct(conv, desc);
    conv->winograd = mm_winograd_create(conv, desc);
    if (!conv->winograd)
        return MM_ERR_NO_MEMORY;
    conv->scratch = conv->winograd->scratch;
    conv->bytes += conv->winograd->bytes;
    return 0;
}

int mm_conv_create(const struct mm_conv_desc *desc, const struct mm_kernels *kernels,
                   struct mm_conv **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_conv *conv = calloc(1, sizeof *conv);
    if (!conv)
        return mm_no_memory(err);
    conv->kernels = kernels;
    if (!plan_sizes(conv, desc) || !plan_input(conv, desc)) {
        mm_conv_destroy(conv);
        return mm_error_set(
            err, MM_ERR_USAGE, "no convolution of %zu x %zu x %zu with a %zu x %zu kernel",
            desc->in_channels, desc->height, desc->width, desc->kernel_h, desc->kernel_w);
    }
    if (take_weights(conv, desc) < 0) {
        mm_conv_destroy(conv);
        return mm_no_memory(err);
    }
    *out = conv;
    return 0;
}

void mm_conv_destroy(struct mm_conv *conv)
{
    if (!conv)
        return;
    mm_winograd_destroy(conv->winograd);
    free(conv->weights);
    free(conv->runs);
    free(conv->shift);
    free(conv->scale);
    free(conv->bias);
    free(conv);
}

const struct mm_plane *mm_conv_input(const struct mm_conv *conv)
{
    return &conv->in;
}

size_t mm_conv_out_channels(const struct mm_conv *conv)
{
    return conv->out_channels;
}

size_t mm_conv_out_height(const struct mm_conv *conv)
{
    return conv->conv_h / conv->pool_h;
}

size_t mm_conv_out_width(const struct mm_conv *conv)
{
    return conv->conv_w / conv->pool_w;
}

size_t mm_conv_scratch(const struct mm_conv *conv)
{
    return conv->scratch;
}

size_t mm_conv_bytes(const struct mm_conv *conv)
{
    return conv->bytes;
}

static void run_part(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    if (conv->winograd)
        conv->kernels->winograd(conv, part, scratch);
    else if (conv->tall)
        conv->kernels->tall(conv, part, scratch);
    else
        conv->kernels->direct(conv, part, scratch);
}

void mm_conv_run(const struct mm_conv *conv, size_t n, const float *in,
                 const struct mm_plane *out_plane, float *out, float *scratch)
{
    struct mm_conv_part part = {n, conv->conv_h, &conv->in, in, out_plane, out};
    run_part(conv, &part, scratch);
}

void mm_conv_run_rows(const struct mm_conv *conv, size_t count, const struct mm_plane *in_plane,
                      const float *in, const struct mm_plane *out_plane, float *out, float *scratch)
{
    struct mm_conv_part part = {1, count, in_plane, in, out_plane, out};
    run_part(conv, &part, scratch);
}

size_t mm_conv_row_step(const struct mm_conv *conv)
{
    return conv->winograd ? MM_WINOGRAD_OUT_H : conv->tall ? MM_TALL_OUT : conv->pool_h;
}

/* The list of runs is made for one distance between groups. */
bool mm_conv_takes_strips(const struct mm_conv *conv)
{
    return conv->winograd || conv->in.groups == 1;
}
