/* SPDX-License-Identifier: BSD-2-Clause */
/* onnx_writer.h - writes small networks as ONNX files, with protobuf-c. */
#ifndef TEST_ONNX_WRITER_H
#define TEST_ONNX_WRITER_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "embed/onnx.pb-c.h"

#define MAX_PARTS 32

struct writer {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__ValueInfoProto input, output, *inputs[1], *outputs[1];
    size_t n_nodes, n_constants;
    Onnx__NodeProto nodes[MAX_PARTS], *node_list[MAX_PARTS];
    Onnx__TensorProto constants[MAX_PARTS], *constant_list[MAX_PARTS];
    Onnx__AttributeProto attributes[MAX_PARTS][8], *attribute_lists[MAX_PARTS][8];
    char *input_names[MAX_PARTS][8], *output_names[MAX_PARTS][1];
    int64_t dims[MAX_PARTS][8], ints[MAX_PARTS][8][8];
};

static struct writer *begin(void)
{
    struct writer *w = calloc(1, sizeof *w);
    assert_non_null(w);
    onnx__model_proto__init(&w->model);
    onnx__graph_proto__init(&w->graph);
    onnx__operator_set_id_proto__init(&w->opset);
    onnx__value_info_proto__init(&w->input);
    onnx__value_info_proto__init(&w->output);
    w->input.name = "in";
    w->output.name = "out";
    w->inputs[0] = &w->input;
    w->outputs[0] = &w->output;
    w->opsets[0] = &w->opset;
    w->opset.has_version = 1;
    w->opset.version = 15;
    w->model.n_opset_import = 1;
    w->model.opset_import = w->opsets;
    w->model.graph = &w->graph;
    w->graph.n_input = w->graph.n_output = 1;
    w->graph.input = w->inputs;
    w->graph.output = w->outputs;
    w->graph.node = w->node_list;
    w->graph.initializer = w->constant_list;
    return w;
}

/* inputs: names with blanks between them */
static Onnx__NodeProto *node(struct writer *w, const char *op, const char *inputs, char *output)
{
    size_t n = w->n_nodes++;
    Onnx__NodeProto *to = &w->nodes[n];
    onnx__node_proto__init(to);
    to->op_type = (char *)(uintptr_t)op;
    to->input = w->input_names[n];
    for (const char *at = inputs; *at; at += strcspn(at, " "), at += *at == ' ')
        to->input[to->n_input++] = strndup(at, strcspn(at, " "));
    w->output_names[n][0] = output;
    to->output = w->output_names[n];
    to->n_output = 1;
    to->attribute = w->attribute_lists[n];
    w->node_list[n] = to;
    w->graph.n_node = w->n_nodes;
    return to;
}

static Onnx__AttributeProto *attribute(struct writer *w, char *name)
{
    size_t n = w->n_nodes - 1;
    Onnx__NodeProto *to = &w->nodes[n];
    Onnx__AttributeProto *a = &w->attributes[n][to->n_attribute];
    onnx__attribute_proto__init(a);
    a->name = name;
    to->attribute[to->n_attribute++] = a;
    return a;
}

static void attribute_int(struct writer *w, char *name, int64_t value)
{
    Onnx__AttributeProto *a = attribute(w, name);
    a->has_i = 1;
    a->i = value;
}

static void attribute_ints(struct writer *w, char *name, size_t count, const int64_t *values)
{
    size_t n = w->n_nodes - 1;
    int64_t *list = w->ints[n][w->nodes[n].n_attribute];
    Onnx__AttributeProto *a = attribute(w, name);
    memcpy(list, values, count * sizeof *list);
    a->ints = list;
    a->n_ints = count;
}
#define INTS(w, name, ...)                                                      \
    attribute_ints(w, name, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
                   (const int64_t[]){__VA_ARGS__})

static Onnx__TensorProto *constant(struct writer *w, char *name, size_t rank, const int64_t *dims)
{
    size_t n = w->n_constants++;
    Onnx__TensorProto *to = &w->constants[n];
    onnx__tensor_proto__init(to);
    to->name = name;
    memcpy(w->dims[n], dims, rank * sizeof *dims);
    to->dims = w->dims[n];
    to->n_dims = rank;
    to->has_data_type = 1;
    w->constant_list[n] = to;
    w->graph.n_initializer = w->n_constants;
    return to;
}

static void floats(struct writer *w, char *name, size_t rank, const int64_t *dims, size_t count,
                   const float *values)
{
    Onnx__TensorProto *to = constant(w, name, rank, dims);
    to->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    to->float_data = (float *)(uintptr_t)values;
    to->n_float_data = count;
}
#define FLOATS(w, name, count, values, ...)                             \
    floats(w, name, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
           (const int64_t[]){__VA_ARGS__}, count, values)

static inline void raw_ints(struct writer *w, char *name, int64_t count, const int64_t *values)
{
    Onnx__TensorProto *to = constant(w, name, 1, &count);
    to->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    to->has_raw_data = 1;
    to->raw_data.data = (uint8_t *)(uintptr_t)values;
    to->raw_data.len = (size_t)count * sizeof *values;
}

/* The file's bytes; free(). */
static unsigned char *end(struct writer *w, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(&w->model);
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    onnx__model_proto__pack(&w->model, bytes);
    for (size_t n = 0; n < w->n_nodes; n++)
        for (size_t i = 0; i < w->nodes[n].n_input; i++)
            free(w->nodes[n].input[i]);
    free(w);
    return bytes;
}

#endif
