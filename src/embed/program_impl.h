/* SPDX-License-Identifier: BSD-2-Clause */
/* program_impl.h - what a program is made of; for program.c, plan_ops.c and run_ops.c only. */
#ifndef EMBED_PROGRAM_IMPL_H
#define EMBED_PROGRAM_IMPL_H

#include "embed/program.h"

/* Where the numbers of a value are: a constant, or part of the work space. */
struct operand {
    const float *constant; /* NULL = in the work space */
    size_t offset;         /* floats */
    struct mm_shape shape;
};

/* Nested loops over MM_GRAPH_RANK dimensions and the way of up to three operands through them. */
enum { LOOP_A, LOOP_B, LOOP_OUT, LOOP_OPERANDS };
struct loop {
    size_t dims[MM_GRAPH_RANK];
    size_t strides[LOOP_OPERANDS][MM_GRAPH_RANK]; /* floats; 0 = the same value again */
};

struct conv_step {
    struct mm_conv *conv;
    size_t in_map; /* work space: the padded input, its margin stays 0 */
    struct mm_plane out_plane;
    size_t out_map;
    size_t scratch;
};

struct pool_step {
    size_t channels, height, width; /* of the input */
    size_t out_h, out_w;
    size_t kernel[2], strides[2], pads[2]; /* pads: top and left */
};

struct step;
typedef void step_fn(const struct step *step, float *work);

/* One thing to do. What it needs beyond its operands depends on the operation. */
struct step {
    step_fn *run;
    size_t n_inputs;
    struct operand inputs[MM_GRAPH_INPUTS];
    struct operand output;
    union {
        struct loop loop; /* add, mul, transpose, reduce */
        struct conv_step conv;
        struct pool_step pool;
        struct {
            float *scale, *shift; /* [channels] */
            size_t channels, inner, outer;
        } norm;
        struct {
            size_t outer, inner; /* concat: before and behind the axis; softmax: rows, length */
        } rows;
        struct {
            size_t rows, inner, columns;
        } matmul;
    };
    float factor; /* reduce: 1/n for the mean, 0 for the maximum */
};

struct mm_program {
    size_t n_steps;
    struct step *steps;
    size_t n_constants;
    float **constants; /* copies of the graph's that steps point at */
    size_t work_floats;
    size_t bytes;
    struct operand input, output;
};

/* ---- while it is made ---- */

struct plan {
    const struct mm_graph *graph;
    const struct mm_kernels *kernels;
    struct mm_program *program;
    struct operand *operands; /* [graph->n_values], those that are known so far */
    size_t *consumer;         /* [graph->n_values] the only node that reads it, or SIZE_MAX */
    bool *joined;             /* [graph->n_nodes] done as part of another */
    struct mm_error *err;
};

/* Fills step from node; plan_ops.c. Sets step->run to NULL when there is nothing to do. */
int plan_node(struct plan *plan, size_t node, struct step *step);

/* Those of plan_conv.c. */
int plan_norm(struct plan *plan, const struct mm_node *node, struct step *step);
int plan_pool(struct plan *plan, const struct mm_node *node, struct step *step);
int plan_conv(struct plan *plan, const struct mm_node *node, struct step *step);

/* What both files need; plan_ops.c. */
const struct mm_node *plan_node_at(const struct plan *plan, size_t node);
int plan_misfit(struct plan *plan, const struct mm_node *node, const char *what);
int plan_unsupported(struct plan *plan, const struct mm_node *node, const char *what);
/* Takes `count` inputs of floats as the step's operands. */
int plan_take_inputs(struct plan *plan, const struct mm_node *node, size_t count,
                     struct step *step);
/* Input i when it is a constant list of `count` floats, else NULL. */
const float *plan_constant_of(const struct plan *plan, const struct mm_node *node, size_t i,
                              size_t count);
int plan_set_output(struct plan *plan, const struct mm_node *node, const struct mm_shape *shape,
                    struct step *step);

/* Room in the work space for count floats. MM_ERR_LIMIT. */
int plan_reserve(struct plan *plan, size_t count, size_t *offset);

/* How to run them; run_ops.c. */
step_fn run_add, run_mul, run_transpose, run_reduce, run_relu, run_sigmoid, run_softmax, run_norm,
    run_concat, run_conv, run_pool, run_matmul;

#endif
