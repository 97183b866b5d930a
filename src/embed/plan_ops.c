/* SPDX-License-Identifier: BSD-2-Clause */
/* From a node of a graph to a step of a program: shapes, checks, joining with what follows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/program_impl.h"

#define NO_NODE SIZE_MAX

/* ---- what every operation needs ---- */

static const struct mm_node *node_at(const struct plan *plan, size_t node)
{
    return &plan->graph->nodes[node];
}

static int misfit(struct plan *plan, const struct mm_node *node, const char *what)
{
    return mm_error_set(plan->err, MM_ERR_INPUT, "%s (%s): %s", mm_op_name(node->op), node->name,
                        what);
}

static int unsupported(struct plan *plan, const struct mm_node *node, const char *what)
{
    return mm_error_set(plan->err, MM_ERR_UNSUPPORTED, "%s (%s): %s is not supported",
                        mm_op_name(node->op), node->name, what);
}

/* Takes `count` inputs of floats as the step's operands. */
static int take_inputs(struct plan *plan, const struct mm_node *node, size_t count,
                       struct step *step)
{
    if (node->n_inputs < count)
        return misfit(plan, node, "too few inputs");
    step->n_inputs = count;
    for (size_t i = 0; i < count; i++) {
        const struct mm_value *value = &plan->graph->values[node->inputs[i]];
        if (value->kind == MM_VALUE_INTS)
            return unsupported(plan, node, "an input of whole numbers");
        step->inputs[i] = plan->operands[node->inputs[i]];
    }
    return 0;
}

/* A constant of floats with this shape; NULL when it is something else. */
static const float *constant_of(const struct plan *plan, const struct mm_node *node, size_t i,
                                size_t count)
{
    if (i >= node->n_inputs)
        return NULL;
    const struct mm_value *value = &plan->graph->values[node->inputs[i]];
    bool fits =
        value->kind == MM_VALUE_FLOATS && value->shape.rank == 1 && value->shape.dims[0] == count;
    return fits ? value->floats : NULL;
}

static int set_output(struct plan *plan, const struct mm_node *node, const struct mm_shape *shape,
                      struct step *step)
{
    size_t count = mm_shape_count(shape);
    if (count == 0)
        return misfit(plan, node, "its output is empty or too large");
    step->output.shape = *shape;
    int result = plan_reserve(plan, count, &step->output.offset);
    if (result == 0)
        plan->operands[node->output] = step->output;
    return result;
}

/* The same numbers under another shape: nothing is left to be done at run time. */
static int set_alias(struct plan *plan, const struct mm_node *node, const struct operand *in,
                     const struct mm_shape *shape)
{
    if (mm_shape_count(shape) != mm_shape_count(&in->shape))
        return misfit(plan, node, "the new shape has another number of values");
    plan->operands[node->output] = *in;
    plan->operands[node->output].shape = *shape;
    return 0;
}

/* Whole numbers that are an attribute in old opsets and a constant input in new ones. */
static int take_ints(struct plan *plan, const struct mm_node *node, size_t input,
                     const struct mm_ints *attribute, struct mm_ints *out)
{
    *out = *attribute;
    if (input >= node->n_inputs)
        return 0;
    const struct mm_value *value = &plan->graph->values[node->inputs[input]];
    if (value->kind != MM_VALUE_INTS || value->shape.rank > 1)
        return unsupported(plan, node, "a shape that is computed");
    out->count = mm_shape_count(&value->shape);
    if (out->count > MM_GRAPH_INTS)
        return misfit(plan, node, "too many dimensions");
    memcpy(out->values, value->ints, out->count * sizeof *out->values);
    return 0;
}

/* -1 is the last of rank dimensions. False when there is no such dimension. */
static bool take_axis(int64_t axis, size_t rank, size_t *out)
{
    if (axis < 0)
        axis += (int64_t)rank;
    *out = (size_t)axis;
    return axis >= 0 && (size_t)axis < rank;
}

/* Marks the axes of a list; false when one does not exist or comes twice. */
static bool mark_axes(const struct mm_ints *axes, size_t rank, bool marks[MM_GRAPH_RANK])
{
    memset(marks, 0, MM_GRAPH_RANK * sizeof *marks);
    for (size_t i = 0; i < axes->count; i++) {
        size_t axis = 0;
        if (rank > MM_GRAPH_RANK || !take_axis(axes->values[i], rank, &axis) || marks[axis])
            return false;
        marks[axis] = true;
    }
    return true;
}

/* Floats from one element to the next in each dimension of a plain tensor. */
static void plain_strides(const struct mm_shape *shape, size_t strides[MM_GRAPH_RANK])
{
    size_t step = 1;
    for (size_t d = shape->rank; d-- > 0;) {
        strides[d] = step;
        step *= shape->dims[d];
    }
}

/* ---- shapes only ---- */

static int plan_reshape(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints to = {0};
    int result = take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &(struct mm_ints){0}, &to);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (to.count > MM_GRAPH_RANK || node->n_inputs < 2)
        return misfit(plan, node, "too many dimensions");
    struct mm_shape shape = {.rank = to.count};
    size_t open = MM_GRAPH_RANK; /* the dimension that is given as -1 */
    for (size_t i = 0; i < to.count; i++) {
        if (to.values[i] < -1 || (to.values[i] == -1 && open != MM_GRAPH_RANK) ||
            (to.values[i] == 0 && i >= in->rank))
            return misfit(plan, node, "no shape");
        if (to.values[i] == -1)
            open = i;
        shape.dims[i] = to.values[i] > 0 ? (size_t)to.values[i] : to.values[i] ? 1 : in->dims[i];
    }
    size_t known = mm_shape_count(&shape);
    size_t all = mm_shape_count(in);
    if (open != MM_GRAPH_RANK && known)
        shape.dims[open] = all / known;
    return set_alias(plan, node, &step->inputs[0], &shape);
}

static int plan_squeeze(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints axes = {0};
    bool gone[MM_GRAPH_RANK];
    int result = take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (!mark_axes(&axes, in->rank, gone))
        return misfit(plan, node, "no such dimension");
    struct mm_shape shape = {0};
    for (size_t d = 0; d < in->rank; d++) {
        bool drop = axes.count ? gone[d] : in->dims[d] == 1;
        if (drop && in->dims[d] != 1)
            return misfit(plan, node, "a dimension to be dropped is not 1");
        if (!drop)
            shape.dims[shape.rank++] = in->dims[d];
    }
    return set_alias(plan, node, &step->inputs[0], &shape);
}

static int plan_unsqueeze(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints axes = {0};
    bool added[MM_GRAPH_RANK];
    int result = take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    struct mm_shape shape = {.rank = in->rank + axes.count};
    if (!mark_axes(&axes, shape.rank, added))
        return misfit(plan, node, "no such dimension");
    for (size_t d = 0, from = 0; d < shape.rank; d++)
        shape.dims[d] = added[d] ? 1 : in->dims[from++];
    return set_alias(plan, node, &step->inputs[0], &shape);
}

static int plan_flatten(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    size_t axis = in->rank;
    int64_t wanted = node->has_axis ? node->axis : 1;
    if (wanted != (int64_t)in->rank && !take_axis(wanted, in->rank, &axis))
        return misfit(plan, node, "no such dimension");
    struct mm_shape shape = {2, {1, 1}};
    for (size_t d = 0; d < in->rank; d++)
        shape.dims[d >= axis] *= in->dims[d];
    return set_alias(plan, node, &step->inputs[0], &shape);
}

/* ---- loops ---- */

/* Shape and loops of an operation on two tensors that are stretched to each other's shape. */
static int plan_binary(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 2, step);
    if (result < 0)
        return result;
    const struct mm_shape *in[2] = {&step->inputs[0].shape, &step->inputs[1].shape};
    struct mm_shape shape = {.rank = in[0]->rank > in[1]->rank ? in[0]->rank : in[1]->rank};
    struct loop *loop = &step->loop;
    for (size_t d = 0; d < MM_GRAPH_RANK; d++)
        loop->dims[d] = 1;
    for (size_t k = 0; k < 2; k++) {
        size_t strides[MM_GRAPH_RANK];
        size_t shift = shape.rank - in[k]->rank; /* dimensions are aligned at the last */
        plain_strides(in[k], strides);
        for (size_t d = 0; d < in[k]->rank; d++) {
            size_t *dim = &shape.dims[d + shift];
            if (in[k]->dims[d] != 1 && *dim > 1 && *dim != in[k]->dims[d])
                return misfit(plan, node, "the shapes of its inputs do not go together");
            if (in[k]->dims[d] != 1 || *dim == 0)
                *dim = in[k]->dims[d];
            if (in[k]->dims[d] != 1)
                loop->strides[k][MM_GRAPH_RANK - shape.rank + shift + d] = strides[d];
        }
    }
    size_t strides[MM_GRAPH_RANK];
    plain_strides(&shape, strides);
    for (size_t d = 0; d < shape.rank; d++) {
        loop->dims[MM_GRAPH_RANK - shape.rank + d] = shape.dims[d];
        loop->strides[LOOP_OUT][MM_GRAPH_RANK - shape.rank + d] = strides[d];
    }
    step->run = node->op == MM_OP_ADD ? run_add : run_mul;
    return set_output(plan, node, &shape, step);
}

static int plan_transpose(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    struct mm_ints perm = node->perm;
    bool used[MM_GRAPH_RANK];
    if (perm.count == 0)
        for (; perm.count < in->rank; perm.count++)
            perm.values[perm.count] = (int64_t)(in->rank - 1 - perm.count);
    if (perm.count != in->rank || !mark_axes(&perm, in->rank, used))
        return misfit(plan, node, "no order of its dimensions");
    size_t from[MM_GRAPH_RANK], to[MM_GRAPH_RANK];
    struct mm_shape shape = {.rank = in->rank};
    for (size_t d = 0; d < in->rank; d++) {
        size_t axis = 0;
        take_axis(perm.values[d], in->rank, &axis);
        shape.dims[d] = in->dims[axis];
        perm.values[d] = (int64_t)axis;
    }
    plain_strides(in, from);
    plain_strides(&shape, to);
    size_t pad = MM_GRAPH_RANK - in->rank;
    for (size_t d = 0; d < MM_GRAPH_RANK; d++)
        step->loop.dims[d] = d < pad ? 1 : shape.dims[d - pad];
    for (size_t d = 0; d < in->rank; d++) {
        step->loop.strides[LOOP_A][pad + d] = from[perm.values[d]];
        step->loop.strides[LOOP_OUT][pad + d] = to[d];
    }
    step->run = run_transpose;
    return set_output(plan, node, &shape, step);
}

static int plan_reduce(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints axes = {0};
    bool reduced[MM_GRAPH_RANK];
    int result = take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (!mark_axes(&axes, in->rank, reduced))
        return misfit(plan, node, "no such dimension");
    struct mm_shape kept = {.rank = in->rank}; /* with the reduced ones as 1 */
    struct mm_shape shape = {0};
    size_t n = 1;
    for (size_t d = 0; d < in->rank; d++) {
        reduced[d] = reduced[d] || axes.count == 0;
        kept.dims[d] = reduced[d] ? 1 : in->dims[d];
        if (reduced[d])
            n *= in->dims[d];
        if (!reduced[d] || node->keepdims)
            shape.dims[shape.rank++] = kept.dims[d];
    }
    size_t from[MM_GRAPH_RANK], to[MM_GRAPH_RANK];
    plain_strides(in, from);
    plain_strides(&kept, to);
    size_t pad = MM_GRAPH_RANK - in->rank;
    for (size_t d = 0; d < MM_GRAPH_RANK; d++)
        step->loop.dims[d] = d < pad ? 1 : in->dims[d - pad];
    for (size_t d = 0; d < in->rank; d++) {
        step->loop.strides[LOOP_A][pad + d] = from[d];
        step->loop.strides[LOOP_OUT][pad + d] = reduced[d] ? 0 : to[d];
    }
    step->factor = node->op == MM_OP_REDUCE_MEAN ? 1.0f / (float)n : 0;
    step->run = run_reduce;
    return set_output(plan, node, &shape, step);
}

/* ---- plain ones ---- */

static int plan_elementwise(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *shape = &step->inputs[0].shape;
    if (node->op == MM_OP_SOFTMAX) {
        size_t axis = 0;
        if (!take_axis(node->has_axis ? node->axis : -1, shape->rank, &axis) ||
            axis + 1 != shape->rank)
            return unsupported(plan, node, "a dimension that is not the last");
        step->rows.inner = shape->dims[axis];
        step->rows.outer = mm_shape_count(shape) / step->rows.inner;
    }
    step->run = node->op == MM_OP_RELU      ? run_relu
                : node->op == MM_OP_SIGMOID ? run_sigmoid
                                            : run_softmax;
    return set_output(plan, node, shape, step);
}

static int plan_concat(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, node->n_inputs, step);
    if (result < 0)
        return result;
    struct mm_shape shape = step->inputs[0].shape;
    size_t axis;
    if (!take_axis(node->axis, shape.rank, &axis) || !node->has_axis)
        return misfit(plan, node, "no such dimension");
    size_t total = 0;
    for (size_t i = 0; i < step->n_inputs; i++) {
        const struct mm_shape *in = &step->inputs[i].shape;
        bool same = in->rank == shape.rank;
        for (size_t d = 0; same && d < shape.rank; d++)
            same = d == axis || in->dims[d] == shape.dims[d];
        if (!same)
            return misfit(plan, node, "the shapes of its inputs do not go together");
        total += in->dims[axis];
    }
    shape.dims[axis] = total;
    step->rows.outer = 1;
    for (size_t d = 0; d < axis; d++)
        step->rows.outer *= shape.dims[d];
    step->run = run_concat;
    return set_output(plan, node, &shape, step);
}

static int plan_matmul(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 2, step);
    if (result < 0)
        return result;
    const struct mm_shape *a = &step->inputs[0].shape;
    const struct mm_shape *b = &step->inputs[1].shape;
    if (a->rank != 2 || b->rank != 2)
        return unsupported(plan, node, "a product of other than two matrices");
    if (a->dims[1] != b->dims[0])
        return misfit(plan, node, "the shapes of its inputs do not go together");
    step->matmul.rows = a->dims[0];
    step->matmul.inner = a->dims[1];
    step->matmul.columns = b->dims[1];
    step->run = run_matmul;
    return set_output(plan, node, &(struct mm_shape){2, {a->dims[0], b->dims[1]}}, step);
}

/* Scale and shift of a batch norm over `channels`; both malloc'ed, [channels]. */
static int take_norm(struct plan *plan, const struct mm_node *node, size_t channels, float **scale,
                     float **shift)
{
    const float *gamma = constant_of(plan, node, 1, channels);
    const float *beta = constant_of(plan, node, 2, channels);
    const float *mean = constant_of(plan, node, 3, channels);
    const float *variance = constant_of(plan, node, 4, channels);
    if (!gamma || !beta || !mean || !variance)
        return misfit(plan, node, "it lacks a constant for each channel");
    *scale = mm_calloc3(channels, sizeof **scale, 1);
    *shift = mm_calloc3(channels, sizeof **shift, 1);
    if (!*scale || !*shift)
        return mm_no_memory(plan->err);
    for (size_t i = 0; i < channels; i++) {
        if (!((double)variance[i] + (double)node->epsilon > 0))
            return misfit(plan, node, "a variance is negative");
        double s = gamma[i] / sqrt((double)variance[i] + (double)node->epsilon);
        (*scale)[i] = (float)s;
        (*shift)[i] = (float)(beta[i] - mean[i] * s);
    }
    return 0;
}

static int plan_norm(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *shape = &step->inputs[0].shape;
    if (shape->rank < 2)
        return misfit(plan, node, "its input has no channels");
    step->run = run_norm; /* from here on the step owns what take_norm() allocates */
    step->norm.outer = shape->dims[0];
    step->norm.channels = shape->dims[1];
    step->norm.inner = mm_shape_count(shape) / (shape->dims[0] * shape->dims[1]);
    result = take_norm(plan, node, shape->dims[1], &step->norm.scale, &step->norm.shift);
    return result < 0 ? result : set_output(plan, node, shape, step);
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
        return unsupported(plan, node, "anything but two dimensions");
    if (!all_between(&node->kernel, 1, MAX_EXTENT) || !all_between(&node->strides, 1, MAX_EXTENT) ||
        !all_between(&node->pads, 0, MAX_EXTENT))
        return misfit(plan, node, "no such kernel, strides or padding");
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
            return misfit(plan, node, "the kernel does not fit its input");
        extents[d] = (padded - pool->kernel[d]) / pool->strides[d] + 1;
    }
    pool->out_h = extents[0];
    pool->out_w = extents[1];
    *out = (struct mm_shape){4, {in->dims[0], in->dims[1], extents[0], extents[1]}};
    return 0;
}

static int plan_pool(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_shape shape;
    int result = take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_pool(plan, node, &step->inputs[0].shape, &step->pool, &shape);
    if (result < 0)
        return result;
    step->run = run_pool;
    return set_output(plan, node, &shape, step);
}

/* The node behind this one when it is of that kind and alone reads its output; else NULL. */
static const struct mm_node *follower(const struct plan *plan, const struct mm_node *node,
                                      enum mm_op op)
{
    size_t next = plan->consumer[node->output];
    if (next == NO_NODE || node_at(plan, next)->op != op ||
        node_at(plan, next)->inputs[0] != node->output)
        return NULL;
    return node_at(plan, next);
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
        return unsupported(plan, node, "a kernel that is computed");
    if (in->rank != 4 || in->dims[0] != 1 || k->rank != 4)
        return unsupported(plan, node, "anything but two dimensions of one example");
    if (k->dims[1] != in->dims[1])
        return misfit(plan, node, "its kernel has another number of channels than its input");
    if (!all_between(&node->strides, 1, 1))
        return unsupported(plan, node, "a stride");
    if ((node->pads.count != 0 && node->pads.count != 4) ||
        !all_between(&node->pads, 0, MAX_EXTENT))
        return misfit(plan, node, "no such padding");
    for (size_t d = 0; d < node->kernel.count; d++)
        if (node->kernel.count != 2 || (size_t)node->kernel.values[d] != k->dims[2 + d])
            return misfit(plan, node, "its kernel has another shape than announced");
    *desc = (struct mm_conv_desc){.in_channels = in->dims[1],
                                  .out_channels = k->dims[0],
                                  .height = in->dims[2],
                                  .width = in->dims[3],
                                  .kernel_h = k->dims[2],
                                  .kernel_w = k->dims[3],
                                  .kernel = kernel->floats,
                                  .bias = constant_of(plan, node, 2, k->dims[0])};
    if (node->n_inputs > 2 && !desc->bias)
        return misfit(plan, node, "its bias is not a constant for each channel");
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
        return misfit(plan, last, "its output is too large");
    int result = plan_reserve(plan, in->size, &conv->in_map);
    if (result == 0)
        result = plan_reserve(plan, conv->out_plane.size, &conv->out_map);
    if (result == 0)
        result = plan_reserve(plan, mm_conv_scratch(conv->conv), &conv->scratch);
    plan->program->bytes += mm_conv_bytes(conv->conv);
    return result < 0
               ? result
               : set_output(plan, last, &(struct mm_shape){4, {1, channels, height, width}}, step);
}

/* Joins relu, batch norm and pooling that follow, as far as they are there, in this order. */
static int plan_conv(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_conv_desc desc;
    float *scale = NULL;
    float *shift = NULL;
    struct pool_step pool;
    const struct mm_node *last = node;
    const struct mm_node *next;
    int result = take_inputs(plan, node, 2, step);
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
        result = misfit(plan, node, "its kernel does not fit its input");
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

int plan_node(struct plan *plan, size_t node, struct step *step)
{
    static int (*const plans[MM_OP_COUNT])(struct plan *, const struct mm_node *, struct step *) = {
        [MM_OP_ADD] = plan_binary,          [MM_OP_BATCH_NORM] = plan_norm,
        [MM_OP_CONCAT] = plan_concat,       [MM_OP_CONV] = plan_conv,
        [MM_OP_FLATTEN] = plan_flatten,     [MM_OP_MATMUL] = plan_matmul,
        [MM_OP_MAX_POOL] = plan_pool,       [MM_OP_MUL] = plan_binary,
        [MM_OP_REDUCE_MAX] = plan_reduce,   [MM_OP_REDUCE_MEAN] = plan_reduce,
        [MM_OP_RELU] = plan_elementwise,    [MM_OP_RESHAPE] = plan_reshape,
        [MM_OP_SIGMOID] = plan_elementwise, [MM_OP_SOFTMAX] = plan_elementwise,
        [MM_OP_SQUEEZE] = plan_squeeze,     [MM_OP_TRANSPOSE] = plan_transpose,
        [MM_OP_UNSQUEEZE] = plan_unsqueeze,
    };
    const struct mm_node *from = node_at(plan, node);
    return plans[from->op](plan, from, step);
}
