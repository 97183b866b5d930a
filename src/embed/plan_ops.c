/* SPDX-License-Identifier: BSD-2-Clause */
/* From a node of a graph to a step of a program: shapes, checks, joining with what follows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/program_impl.h"

/* ---- what every operation needs ---- */

const struct mm_node *plan_node_at(const struct plan *plan, size_t node)
{
    return &plan->graph->nodes[node];
}

int plan_misfit(struct plan *plan, const struct mm_node *node, const char *what)
{
    return mm_error_set(plan->err, MM_ERR_INPUT, "%s (%s): %s", mm_op_name(node->op), node->name,
                        what);
}

int plan_unsupported(struct plan *plan, const struct mm_node *node, const char *what)
{
    return mm_error_set(plan->err, MM_ERR_UNSUPPORTED, "%s (%s): %s is not supported",
                        mm_op_name(node->op), node->name, what);
}

/* Takes `count` inputs of floats as the step's operands. */
int plan_take_inputs(struct plan *plan, const struct mm_node *node, size_t count, struct step *step)
{
    if (node->n_inputs < count)
        return plan_misfit(plan, node, "too few inputs");
    step->n_inputs = count;
    for (size_t i = 0; i < count; i++) {
        const struct mm_value *value = &plan->graph->values[node->inputs[i]];
        if (value->kind == MM_VALUE_INTS)
            return plan_unsupported(plan, node, "an input of whole numbers");
        step->inputs[i] = plan->operands[node->inputs[i]];
    }
    return 0;
}

/* A constant of floats with this shape; NULL when it is something else. */
const float *plan_constant_of(const struct plan *plan, const struct mm_node *node, size_t i,
                              size_t count)
{
    if (i >= node->n_inputs)
        return NULL;
    const struct mm_value *value = &plan->graph->values[node->inputs[i]];
    bool fits =
        value->kind == MM_VALUE_FLOATS && value->shape.rank == 1 && value->shape.dims[0] == count;
    return fits ? value->floats : NULL;
}

int plan_set_output(struct plan *plan, const struct mm_node *node, const struct mm_shape *shape,
                    struct step *step)
{
    size_t count = mm_shape_count(shape);
    if (count == 0)
        return plan_misfit(plan, node, "its output is empty or too large");
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
        return plan_misfit(plan, node, "the new shape has another number of values");
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
        return plan_unsupported(plan, node, "a shape that is computed");
    out->count = mm_shape_count(&value->shape);
    if (out->count > MM_GRAPH_INTS)
        return plan_misfit(plan, node, "too many dimensions");
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
    int result = plan_take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &(struct mm_ints){0}, &to);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (to.count > MM_GRAPH_RANK || node->n_inputs < 2)
        return plan_misfit(plan, node, "too many dimensions");
    struct mm_shape shape = {.rank = to.count};
    size_t open = MM_GRAPH_RANK; /* the dimension that is given as -1 */
    for (size_t i = 0; i < to.count; i++) {
        if (to.values[i] < -1 || (to.values[i] == -1 && open != MM_GRAPH_RANK) ||
            (to.values[i] == 0 && i >= in->rank))
            return plan_misfit(plan, node, "no shape");
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
    int result = plan_take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (!mark_axes(&axes, in->rank, gone))
        return plan_misfit(plan, node, "no such dimension");
    struct mm_shape shape = {0};
    for (size_t d = 0; d < in->rank; d++) {
        bool drop = axes.count ? gone[d] : in->dims[d] == 1;
        if (drop && in->dims[d] != 1)
            return plan_misfit(plan, node, "a dimension to be dropped is not 1");
        if (!drop)
            shape.dims[shape.rank++] = in->dims[d];
    }
    return set_alias(plan, node, &step->inputs[0], &shape);
}

static int plan_unsqueeze(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints axes = {0};
    bool added[MM_GRAPH_RANK];
    int result = plan_take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    struct mm_shape shape = {.rank = in->rank + axes.count};
    if (!mark_axes(&axes, shape.rank, added))
        return plan_misfit(plan, node, "no such dimension");
    for (size_t d = 0, from = 0; d < shape.rank; d++)
        shape.dims[d] = added[d] ? 1 : in->dims[from++];
    return set_alias(plan, node, &step->inputs[0], &shape);
}

static int plan_flatten(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    size_t axis = in->rank;
    int64_t wanted = node->has_axis ? node->axis : 1;
    if (wanted != (int64_t)in->rank && !take_axis(wanted, in->rank, &axis))
        return plan_misfit(plan, node, "no such dimension");
    struct mm_shape shape = {2, {1, 1}};
    for (size_t d = 0; d < in->rank; d++)
        shape.dims[d >= axis] *= in->dims[d];
    return set_alias(plan, node, &step->inputs[0], &shape);
}

/* ---- loops ---- */

/*
 * Fewer and longer loops that do the same: dimensions of 1 go, and two that every operand walks as
 * one become one. The innermost loop is where the time goes.
 */
static void merge_loops(struct loop *loop)
{
    struct loop merged = {0};
    size_t to = MM_GRAPH_RANK; /* filled from the last */
    for (size_t d = MM_GRAPH_RANK; d-- > 0;) {
        if (loop->dims[d] == 1)
            continue;
        bool joins = to < MM_GRAPH_RANK;
        for (size_t k = 0; joins && k < LOOP_OPERANDS; k++)
            joins = loop->strides[k][d] == merged.strides[k][to] * merged.dims[to];
        if (joins) {
            merged.dims[to] *= loop->dims[d];
            continue;
        }
        merged.dims[--to] = loop->dims[d];
        for (size_t k = 0; k < LOOP_OPERANDS; k++)
            merged.strides[k][to] = loop->strides[k][d];
    }
    while (to > 0)
        merged.dims[--to] = 1;
    *loop = merged;
}

/* Shape and loops of an operation on two tensors that are stretched to each other's shape. */
static int plan_binary(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 2, step);
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
                return plan_misfit(plan, node, "the shapes of its inputs do not go together");
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
    merge_loops(&step->loop);
    step->run = node->op == MM_OP_ADD ? run_add : run_mul;
    return plan_set_output(plan, node, &shape, step);
}

static int plan_transpose(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    struct mm_ints perm = node->perm;
    bool used[MM_GRAPH_RANK];
    if (perm.count == 0)
        for (; perm.count < in->rank; perm.count++)
            perm.values[perm.count] = (int64_t)(in->rank - 1 - perm.count);
    if (perm.count != in->rank || !mark_axes(&perm, in->rank, used))
        return plan_misfit(plan, node, "no order of its dimensions");
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
    merge_loops(&step->loop);
    step->run = run_transpose;
    return plan_set_output(plan, node, &shape, step);
}

static int plan_reduce(struct plan *plan, const struct mm_node *node, struct step *step)
{
    struct mm_ints axes = {0};
    bool reduced[MM_GRAPH_RANK];
    int result = plan_take_inputs(plan, node, 1, step);
    if (result == 0)
        result = take_ints(plan, node, 1, &node->axes, &axes);
    if (result < 0)
        return result;
    const struct mm_shape *in = &step->inputs[0].shape;
    if (!mark_axes(&axes, in->rank, reduced))
        return plan_misfit(plan, node, "no such dimension");
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
    merge_loops(&step->loop);
    step->run = run_reduce;
    return plan_set_output(plan, node, &shape, step);
}

/* ---- plain ones ---- */

static int plan_elementwise(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 1, step);
    if (result < 0)
        return result;
    const struct mm_shape *shape = &step->inputs[0].shape;
    if (node->op == MM_OP_SOFTMAX) {
        size_t axis = 0;
        /* Up to opset 12 that is all behind the first dimension, from 13 on the last one. */
        if (!node->has_axis && shape->rank > 2)
            return plan_unsupported(plan, node, "a dimension that is not named");
        if (!take_axis(node->has_axis ? node->axis : -1, shape->rank, &axis) ||
            axis + 1 != shape->rank)
            return plan_unsupported(plan, node, "a dimension that is not the last");
        step->rows.inner = shape->dims[axis];
        step->rows.outer = mm_shape_count(shape) / step->rows.inner;
    }
    step->run = node->op == MM_OP_RELU      ? run_relu
                : node->op == MM_OP_SIGMOID ? run_sigmoid
                                            : run_softmax;
    return plan_set_output(plan, node, shape, step);
}

static int plan_concat(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, node->n_inputs, step);
    if (result < 0)
        return result;
    struct mm_shape shape = step->inputs[0].shape;
    size_t axis;
    if (!take_axis(node->axis, shape.rank, &axis) || !node->has_axis)
        return plan_misfit(plan, node, "no such dimension");
    size_t total = 0;
    for (size_t i = 0; i < step->n_inputs; i++) {
        const struct mm_shape *in = &step->inputs[i].shape;
        bool same = in->rank == shape.rank;
        for (size_t d = 0; same && d < shape.rank; d++)
            same = d == axis || in->dims[d] == shape.dims[d];
        if (!same)
            return plan_misfit(plan, node, "the shapes of its inputs do not go together");
        total += in->dims[axis];
    }
    shape.dims[axis] = total;
    step->rows.outer = 1;
    for (size_t d = 0; d < axis; d++)
        step->rows.outer *= shape.dims[d];
    step->run = run_concat;
    return plan_set_output(plan, node, &shape, step);
}

static int plan_matmul(struct plan *plan, const struct mm_node *node, struct step *step)
{
    int result = plan_take_inputs(plan, node, 2, step);
    if (result < 0)
        return result;
    const struct mm_shape *a = &step->inputs[0].shape;
    const struct mm_shape *b = &step->inputs[1].shape;
    if (a->rank != 2 || b->rank != 2)
        return plan_unsupported(plan, node, "a product of other than two matrices");
    if (a->dims[1] != b->dims[0])
        return plan_misfit(plan, node, "the shapes of its inputs do not go together");
    step->matmul.rows = a->dims[0];
    step->matmul.inner = a->dims[1];
    step->matmul.columns = b->dims[1];
    step->run = run_matmul;
    return plan_set_output(plan, node, &(struct mm_shape){2, {a->dims[0], b->dims[1]}}, step);
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
    const struct mm_node *from = plan_node_at(plan, node);
    return plans[from->op](plan, from, step);
}
