/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/graph.h"

#include <stdlib.h>

#define MAX_ELEMENTS ((size_t)1 << 31)

static const char *const op_names[MM_OP_COUNT] = {
    [MM_OP_ADD] = "Add",
    [MM_OP_BATCH_NORM] = "BatchNormalization",
    [MM_OP_CONCAT] = "Concat",
    [MM_OP_CONV] = "Conv",
    [MM_OP_FLATTEN] = "Flatten",
    [MM_OP_MATMUL] = "MatMul",
    [MM_OP_MAX_POOL] = "MaxPool",
    [MM_OP_MUL] = "Mul",
    [MM_OP_REDUCE_MAX] = "ReduceMax",
    [MM_OP_REDUCE_MEAN] = "ReduceMean",
    [MM_OP_RELU] = "Relu",
    [MM_OP_RESHAPE] = "Reshape",
    [MM_OP_SIGMOID] = "Sigmoid",
    [MM_OP_SOFTMAX] = "Softmax",
    [MM_OP_SQUEEZE] = "Squeeze",
    [MM_OP_TRANSPOSE] = "Transpose",
    [MM_OP_UNSQUEEZE] = "Unsqueeze",
};

const char *mm_op_name(enum mm_op op)
{
    return op < MM_OP_COUNT ? op_names[op] : "?";
}

size_t mm_shape_count(const struct mm_shape *shape)
{
    size_t count = 1;
    for (size_t i = 0; i < shape->rank; i++)
        if (__builtin_mul_overflow(count, shape->dims[i], &count) || count > MAX_ELEMENTS)
            return 0;
    return count;
}

void mm_graph_finish(struct mm_graph *graph)
{
    if (!graph)
        return;
    for (size_t i = 0; i < graph->n_values; i++) {
        free(graph->values[i].floats);
        free(graph->values[i].ints);
    }
    free(graph->values);
    free(graph->nodes);
    *graph = (struct mm_graph){0};
}
