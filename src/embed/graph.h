/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.h - a small neural network as a list of operations, as exchange formats describe it.
 *
 * A reader (onnx.h) makes a struct mm_graph, which is plain data, checked for what can be checked
 * without shapes: indices are in range, every value is made before it is used, constants are
 * finite. program.h makes it ready to run.
 */
#ifndef EMBED_GRAPH_H
#define EMBED_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

#define MM_GRAPH_RANK   6
#define MM_GRAPH_INPUTS 16 /* of one operation */
#define MM_GRAPH_INTS   8  /* of one attribute */
#define MM_GRAPH_NAME   128

/* The operations of ONNX that exist here; the table of their names is in onnx.c. */
enum mm_op {
    MM_OP_ADD,
    MM_OP_BATCH_NORM,
    MM_OP_CONCAT,
    MM_OP_CONV,
    MM_OP_FLATTEN,
    MM_OP_MATMUL,
    MM_OP_MAX_POOL,
    MM_OP_MUL,
    MM_OP_REDUCE_MAX,
    MM_OP_REDUCE_MEAN,
    MM_OP_RELU,
    MM_OP_RESHAPE,
    MM_OP_SIGMOID,
    MM_OP_SOFTMAX,
    MM_OP_SQUEEZE,
    MM_OP_TRANSPOSE,
    MM_OP_UNSQUEEZE,
    MM_OP_COUNT
};

struct mm_shape {
    size_t rank;
    size_t dims[MM_GRAPH_RANK];
};

/* Number of elements; 0 when it passes 2^31 (or a dimension is 0). */
size_t mm_shape_count(const struct mm_shape *shape);

enum mm_value_kind {
    MM_VALUE_COMPUTED, /* by a node, or the graph's input */
    MM_VALUE_FLOATS,
    MM_VALUE_INTS
};

struct mm_value {
    char name[MM_GRAPH_NAME]; /* cut off when longer: for messages */
    enum mm_value_kind kind;
    struct mm_shape shape; /* of a constant */
    float *floats;         /* [shape], MM_VALUE_FLOATS */
    int64_t *ints;         /* [shape], MM_VALUE_INTS */
};

struct mm_ints {
    size_t count;
    int64_t values[MM_GRAPH_INTS];
};

struct mm_node {
    enum mm_op op;
    char name[MM_GRAPH_NAME]; /* of what it computes, for messages */
    size_t n_inputs;
    size_t inputs[MM_GRAPH_INPUTS]; /* values */
    size_t output;                  /* value */
    /* Attributes; each operation has defaults of its own for the ones that were not given. */
    bool has_axis;
    int64_t axis;
    bool keepdims; /* true unless said otherwise */
    float epsilon; /* 1e-5 unless said otherwise */
    struct mm_ints axes, perm, kernel, strides, pads;
};

struct mm_graph {
    size_t n_values;
    struct mm_value *values;
    size_t n_nodes;
    struct mm_node *nodes; /* in an order in which they can be run */
    size_t input, output;  /* values */
};
void mm_graph_finish(struct mm_graph *graph);

/* "Conv", "MatMul", ... */
const char *mm_op_name(enum mm_op op);

#endif
