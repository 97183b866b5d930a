/* SPDX-License-Identifier: BSD-2-Clause */
/* Batch norm, pooling, convolution, and the joining of all that follows a convolution with it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/program_impl.h"

#define NO_NODE SIZE_MAX

/* Scale and shift of a batch norm over `channels`; both malloc'ed, [channels]. */
static int take_norm(struct plan *plan, const struct mm_node *node, size_t channels, float **scale,
                     float **shift)
{
    const float *gamma = plan_constant_of(plan, node, 1, channels);
    const float *beta = plan_constant_of(plan, node, 2, channels);
    const float *mean = plan_constant_of(plan, node, 3, channels);
    const float *variance = plan_constant_of(plan, node, 4, channels);
    if (!gamma || !beta || !mean || !variance)
        return plan_misfit(plan, node, "it lacks a constant for each channel");
    *scale = mm_calloc3(channels, sizeof **scale, 1);
    *shift = mm_calloc3(channels, sizeof **shift, 1);
    if (!*scale || !*shift)
        return mm_no_memory(plan->err);
    for (size_t i = 0; i < channels; i++) {
        if (!((double)variance[i] + (double)node->epsilon > 0))
            return plan_misfit(plan, node, "a variance is negative");
        double s = gamma[i] / sqrt((double)variance[i] + (double)node->epsilon);
        (*scale)[i] = (float)s;
        (*shift)[i] = (float)(beta[i] - mean[i] * s);
    }
    return 0;
}

int plan_norm(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *shape = &step->inputs[0].shape;
    if (shape->rank < 2)
        return plan_misfit(plan, node, "its input has no channels");
    step->run = run_norm; /* from here on the step owns what take_norm() allocates */
    step->norm.outer = shape->dims[0];
    step->norm.channels = shape->dims[1];
    step->norm.inner = mm_shape_count(shape) / (shape->dims[0] * shape->dims[1]);
    result = take_norm(plan, node, shape->dims[1], &step->norm.scale, &step->norm.shift);
    return result < 0 ? result : plan_set_output(plan, node, shape, step);
}

/* ---- pooling and convolution ---- */

static bool all_between(const struct mm_ints *list, int64_t low, int64_t high)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->values[i] < low || list->values[i] > high)
            return false;
    return true;
}

#define MAX_EXTENT 65536 /* of kernels, strides and padding */

static int take_pool(struct plan *plan, const struct mm_node *node, const struct mm_shape *in,
                     struct pool_step *pool, struct mm_shape *out)
{
    if (in->rank != 4 || node->kernel.count != 2 ||
        (node->strides.count != 0 && node->strides.count != 2) ||
        (node->pads.count != 0 && node->pads.count != 4))
        return plan_unsupported(plan, node, "anything but two dimensions");
    if (!all_between(&node->kernel, 1, MAX_EXTENT) || !all_between(&node->strides, 1, MAX_EXTENT) ||
        !all_between(&node->pads, 0, MAX_EXTENT))
        return plan_misfit(plan, node, "no such kernel, strides or padding");
    *pool = (struct pool_step){
        .channels = in->dims[0] * in->dims[1], .height = in->dims[2], .width = in->dims[3]};
    size_t extents[2];
    for (size_t d = 0; d < 2; d++) {
        pool->kernel[d] = (size_t)node->kernel.values[d];
        pool->strides[d] = node->strides.count ? (size_t)node->strides.values[d] : 1;
        pool->pads[d] = node->pads.count ? (size_t)node->pads.values[d] : 0;
        size_t behind = node->pads.count ? (size_t)node->pads.values[d + 2] : 0;
        size_t padded = in->dims[2 + d] + pool->pads[d] + behind;
        if (pool->kernel[d] > padded || pool->pads[d] >= pool->kernel[d] ||
            behind >= pool->kernel[d])
            return plan_misfit(plan, node, "the kernel does not fit its input");
        extents[d] = (padded - pool->kernel[d]) / pool->strides[d] + 1;
    }
    pool->out_h = extents[0];
    pool->out_w = extents[1];
    *out = (struct mm_shape){4, {in->dims[0], in->dims[1], extents[0], extents[1]}};
    return 0;
}

int plan_pool(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_shape shape;
    int result = plan_take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_pool(plan, node, &step->inputs[0].shape, &step->pool, &shape);
    if (result < 0)
        return result;
    step->run = run_pool;
    return plan_set_output(plan, node, &shape, step);
}

/* The node behind this one when it is of that kind and alone reads its output; else NULL. */
static const struct mm_node *follower(const struct plan *plan, const struct mm_node *node,
                                      enum mm_op op)
{
    size_t next = plan->consumer[node->output];
    if (next == NO_NODE || plan_node_at(plan, next)->op != op ||
        plan_node_at(plan, next)->inputs[0] != node->output)
        return NULL;
    return plan_node_at(plan, next);
}

static void join(struct plan *plan, const struct mm_node *node)
{
    plan->joined[node - plan->graph->nodes] = true;
}

/* Weights, sizes and padding of a convolution of one [1][channels][height][width] tensor. */
static int take_conv(struct plan *plan, const struct mm_node *node, const struct mm_shape *in,
                     struct mm_conv_desc *desc)
{
    const struct mm_value *kernel = &plan->graph->values[node->inputs[1]];
    const struct mm_shape *k = &kernel->shape;
    if (kernel->kind != MM_VALUE_FLOATS)
        return plan_unsupported(plan, node, "a kernel that is computed");
    if (in->rank != 4 || in->dims[0] != 1 || k->rank != 4)
        return plan_unsupported(plan, node, "anything but two dimensions of one example");
    if (k->dims[1] != in->dims[1])
        return plan_misfit(plan, node, "its kernel has another number of channels than its input");
    if (!all_between(&node->strides, 1, 1))
        return plan_unsupported(plan, node, "a stride");
    if ((node->pads.count != 0 && node->pads.count != 4) ||
        !all_between(&node->pads, 0, MAX_EXTENT))
        return plan_misfit(plan, node, "no such padding");
    for (size_t d = 0; d < node->kernel.count; d++)
        if (node->kernel.count != 2 || (size_t)node->kernel.values[d] != k->dims[2 + d])
            return plan_misfit(plan, node, "its kernel has another shape than announced");
    *desc = (struct mm_conv_desc){.in_channels = in->dims[1],
                                  .out_channels = k->dims[0],
                                  .height = in->dims[2],
                                  .width = in->dims[3],
                                  .kernel_h = k->dims[2],
                                  .kernel_w = k->dims[3],
                                  .kernel = kernel->floats,
                                  .bias = plan_constant_of(plan, node, 2, k->dims[0])};
    if (node->n_inputs > 2 && !desc->bias)
        return plan_misfit(plan, node, "its bias is not a constant for each channel");
    if (node->pads.count)
        desc->pad = (struct mm_pad){(size_t)node->pads.values[0], (size_t)node->pads.values[1],
                                    (size_t)node->pads.values[2], (size_t)node->pads.values[3]};
    return 0;
}

/* A max-pool that a convolution can do itself: no padding, windows side by side. */
static bool can_join_pool(struct plan *plan, const struct mm_node *node, const struct mm_shape *in,
                          struct pool_step *pool)
{
    struct mm_shape out;
    struct plan quiet = *plan;
    quiet.err = NULL;
    return take_pool(&quiet, node, in, pool, &out) == 0 && all_between(&node->pads, 0, 0) &&
           pool->kernel[0] == pool->strides[0] && pool->kernel[1] == pool->strides[1];
}

/* Room for the maps of a planned convolution, and its output. */
static int place_conv(struct plan *plan, const struct mm_node *last, struct step *step)
{
    struct conv_step *conv = &step->conv;
    const struct mm_plane *in = mm_conv_input(conv->conv);
    size_t channels = mm_conv_out_channels(conv->conv);
    size_t height = mm_conv_out_height(conv->conv);
    size_t width = mm_conv_out_width(conv->conv);
    if (!mm_plane_init(&conv->out_plane, channels, height, width, (struct mm_pad){0}))
        return plan_misfit(plan, last, "its output is too large");
    int result = plan_reserve(plan, in->size, &conv->in_map);
    if (result == 0)
        result = plan_reserve(plan, conv->out_plane.size, &conv->out_map);
    if (result == 0)
        result = plan_reserve(plan, mm_conv_scratch(conv->conv), &conv->scratch);
    plan->program->bytes += mm_conv_bytes(conv->conv);
    return result < 0 ? result
                      : plan_set_output(plan, last,
                                        &(struct mm_shape){4, {1, channels, height, width}}, step);
}

/* Joins relu, batch norm and pooling that follow, as far as they are there, in this order. */
int plan_conv(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_conv_desc desc = {0};
    float *scale = NULL;
    float *shift = NULL;
    struct pool_step pool = {0};
    const struct mm_node *last = node;
    const struct mm_node *next;
    int result = plan_take_inputs(plan, node, 2, step);
    if (result == 0)
        result = take_conv(plan, node, &step->inputs[0].shape, &desc);
    if (result < 0)
        return result;
    if ((next = follower(plan, last, MM_OP_RELU))) {
        join(plan, last = next);
        desc.relu = true;
    }
    if ((next = follower(plan, last, MM_OP_BATCH_NORM))) {
        join(plan, last = next);
        if ((result = take_norm(plan, next, desc.out_channels, &scale, &shift)) < 0)
            goto out;
        desc.scale = scale;
        desc.shift = shift;
    }
    struct mm_shape shape = {4, {1, desc.out_channels}};
    shape.dims[2] = desc.height + desc.pad.top + desc.pad.bottom + 1 - desc.kernel_h;
    shape.dims[3] = desc.width + desc.pad.left + desc.pad.right + 1 - desc.kernel_w;
    if ((next = follower(plan, last, MM_OP_MAX_POOL)) && can_join_pool(plan, next, &shape, &pool)) {
        join(plan, last = next);
        desc.pool_h = pool.kernel[0];
        desc.pool_w = pool.kernel[1];
    }
    result = mm_conv_create(&desc, plan->kernels, &step->conv.conv, plan->err);
    if (result == MM_ERR_USAGE)
        result = plan_misfit(plan, node, "its kernel does not fit its input");
    if (result < 0)
        goto out;
    step->run = run_conv;
    step->n_inputs = 1;
    result = place_conv(plan, last, step);
out:
    free(scale);
    free(shift);
    return result;
}
