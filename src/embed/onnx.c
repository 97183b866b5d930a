/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only file that includes protobuf-c. Parsing happens in three steps: the bytes are walked
 * against the schema without building anything, which bounds the nesting (protobuf-c recurses);
 * protobuf-c builds its tree from a purse of limited size; the tree is turned into a graph.
 */
#include "embed/onnx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "embed/onnx.pb-c.h"

#define MAX_DEPTH  12   /* model, graph, node, attribute, tensor are 5 */
#define MAX_VALUES 4096 /* names are searched one by one */
#define FLOAT_TYPE ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
#define INT64_TYPE ONNX__TENSOR_PROTO__DATA_TYPE__INT64

/* ---- step 1: is it nested sensibly ---- */

struct cursor {
    const uint8_t *at, *end;
};

static bool read_varint(struct cursor *c, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip_bytes(struct cursor *c, uint64_t count)
{
    if (count > (uint64_t)(c->end - c->at))
        return false;
    c->at += count;
    return true;
}

/* Messages still to be walked; a loop in place of recursion, so that the walk itself is bounded. */
struct walk {
    size_t depth;
    struct {
        const ProtobufCMessageDescriptor *type;
        const uint8_t *end;
    } stack[MAX_DEPTH];
};

/* Steps over one field, or into it when it is a message. */
static int walk_field(struct walk *w, struct cursor *c, struct mm_error *err)
{
    uint64_t tag, value;
    static const char damaged[] = "not an ONNX file, or it is damaged";
    if (!read_varint(c, &tag))
        return mm_error_set(err, MM_ERR_INPUT, damaged);
    const ProtobufCFieldDescriptor *field = NULL;
    if (tag >> 3 <= UINT32_MAX)
        field = protobuf_c_message_descriptor_get_field(w->stack[w->depth - 1].type,
                                                        (unsigned)(tag >> 3));
    bool fine = false;
    switch (tag & 7) {
    case 0:
        fine = read_varint(c, &value);
        break;
    case 1:
        fine = skip_bytes(c, 8);
        break;
    case 5:
        fine = skip_bytes(c, 4);
        break;
    case 2:
        fine = read_varint(c, &value) && value <= (uint64_t)(c->end - c->at);
        if (fine && field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (w->depth == MAX_DEPTH)
                return mm_error_set(err, MM_ERR_LIMIT, "it is nested too deep");
            w->stack[w->depth].type = field->descriptor;
            w->stack[w->depth++].end = c->at + value;
            c->end = c->at + value;
        } else if (fine) {
            c->at += value;
        }
        break;
    default: /* groups: not in this schema */
        break;
    }
    return fine ? 0 : mm_error_set(err, MM_ERR_INPUT, damaged);
}

static int check_nesting(const uint8_t *bytes, size_t size, struct mm_error *err)
{
    struct walk w = {.depth = 1};
    w.stack[0].type = &onnx__model_proto__descriptor;
    w.stack[0].end = bytes + size;
    struct cursor c = {bytes, bytes + size};
    for (;;) {
        while (c.at == c.end) {
            if (--w.depth == 0)
                return 0;
            c.end = w.stack[w.depth - 1].end;
        }
        int result = walk_field(&w, &c, err);
        if (result < 0)
            return result;
    }
}

/* ---- step 2: protobuf-c, with a purse ---- */

struct purse {
    size_t left;
    bool broke; /* something was refused */
};

/* Every block is charged with some overhead, so that many tiny ones cannot outwit the limit. */
static void *purse_alloc(void *data, size_t size)
{
    struct purse *purse = data;
    if (size > purse->left || purse->left - size < 32) {
        purse->broke = true;
        return NULL;
    }
    purse->left -= size + 32;
    return malloc(size ? size : 1);
}

static void purse_free(void *data, void *block)
{
    (void)data;
    free(block);
}

/* ---- step 3: into a graph ---- */

struct builder {
    struct mm_graph *graph;
    size_t capacity;    /* of graph->values */
    const char **names; /* [graph->n_values] full names, in the tree */
    size_t names_capacity;
    struct mm_error *err;
};

static void copy_name(char out[MM_GRAPH_NAME], const char *name)
{
    size_t length = strnlen(name, MM_GRAPH_NAME - 1);
    memcpy(out, name, length);
    out[length] = '\0';
}

/* Index of the value called name; graph->n_values when there is none. Later ones hide earlier. */
static size_t find_value(const struct builder *b, const char *name)
{
    for (size_t i = b->names ? b->graph->n_values : 0; i-- > 0;)
        if (strcmp(b->names[i], name) == 0)
            return i;
    return b->graph->n_values;
}

static int add_value(struct builder *b, const char *name, struct mm_value **out)
{
    struct mm_graph *g = b->graph;
    if (!name || !*name)
        return mm_error_set(b->err, MM_ERR_INPUT, "a value has no name");
    if (find_value(b, name) != g->n_values)
        return mm_error_set(b->err, MM_ERR_INPUT, "%.100s is defined twice", name);
    if (g->n_values == MAX_VALUES)
        return mm_error_set(b->err, MM_ERR_LIMIT, "it has more than %d values", MAX_VALUES);
    if (mm_array_reserve(&g->values, &b->capacity, g->n_values + 1) < 0 ||
        mm_array_reserve(&b->names, &b->names_capacity, g->n_values + 1) < 0)
        return mm_no_memory(b->err);
    b->names[g->n_values] = name;
    *out = &g->values[g->n_values++];
    **out = (struct mm_value){.kind = MM_VALUE_COMPUTED};
    copy_name((*out)->name, name);
    return 0;
}

static int take_shape(struct builder *b, const Onnx__TensorProto *tensor, struct mm_shape *shape)
{
    if (tensor->n_dims > MM_GRAPH_RANK)
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "%.100s has %zu dimensions", tensor->name,
                            tensor->n_dims);
    shape->rank = tensor->n_dims;
    for (size_t i = 0; i < shape->rank; i++) {
        if (tensor->dims[i] <= 0)
            return mm_error_set(b->err, MM_ERR_INPUT, "%.100s has an empty dimension",
                                tensor->name);
        shape->dims[i] = (size_t)tensor->dims[i];
    }
    if (mm_shape_count(shape) == 0)
        return mm_error_set(b->err, MM_ERR_LIMIT, "%.100s is too large", tensor->name);
    return 0;
}

/* Copies count elements of `size` bytes from raw_data or from the typed list (n, list). */
static int take_data(struct builder *b, const Onnx__TensorProto *tensor, size_t count, size_t size,
                     size_t n, const void *list, void **out)
{
    const void *from = list;
    bool fits = n == count;
    if (tensor->has_raw_data) {
        from = tensor->raw_data.data;
        fits = tensor->raw_data.len == count * size && n == 0;
    }
    if (!fits)
        return mm_error_set(b->err, MM_ERR_INPUT,
                            "%.100s does not hold the %zu values of its shape", tensor->name,
                            count);
    *out = malloc(count * size);
    if (!*out)
        return mm_no_memory(b->err);
    memcpy(*out, from, count * size);
    return 0;
}

static int add_constant(struct builder *b, const Onnx__TensorProto *tensor)
{
    struct mm_value *value;
    int result = add_value(b, tensor->name, &value);
    if (result == 0)
        result = take_shape(b, tensor, &value->shape);
    if (result < 0)
        return result;
    if ((tensor->has_data_location && tensor->data_location != 0) || tensor->n_external_data)
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "%.100s lies in another file",
                            tensor->name);
    size_t count = mm_shape_count(&value->shape);
    void *data = NULL;
    if (tensor->data_type == FLOAT_TYPE) {
        result = take_data(b, tensor, count, sizeof(float), tensor->n_float_data,
                           tensor->float_data, &data);
        value->kind = MM_VALUE_FLOATS;
        value->floats = data;
    } else if (tensor->data_type == INT64_TYPE) {
        result = take_data(b, tensor, count, sizeof(int64_t), tensor->n_int64_data,
                           tensor->int64_data, &data);
        value->kind = MM_VALUE_INTS;
        value->ints = data;
    } else {
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "%.100s has element type %d", tensor->name,
                            (int)tensor->data_type);
    }
    for (size_t i = 0; result == 0 && value->floats && i < count; i++)
        if (!isfinite(value->floats[i]))
            return mm_error_set(b->err, MM_ERR_INPUT, "%.100s holds values that are not finite",
                                tensor->name);
    return result;
}

/* ---- attributes ---- */

static int unsupported(struct builder *b, const struct mm_node *node, const char *attribute)
{
    return mm_error_set(b->err, MM_ERR_UNSUPPORTED,
                        "%s (%s): the attribute %.60s is not supported with this value",
                        mm_op_name(node->op), node->name, attribute);
}

static int take_ints(struct builder *b, const struct mm_node *node,
                     const Onnx__AttributeProto *attribute, struct mm_ints *out)
{
    if (attribute->n_ints > MM_GRAPH_INTS)
        return unsupported(b, node, attribute->name);
    out->count = attribute->n_ints;
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = attribute->ints[i];
    return 0;
}

/* Attributes that change nothing as long as they have their usual value. */
static bool is_usual(const Onnx__AttributeProto *a)
{
    static const char *const zeros[] = {"ceil_mode", "storage_order", "training_mode", "allowzero",
                                        "noop_with_empty_axes"};
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (strcmp(a->name, zeros[i]) == 0)
            return a->i == 0;
    if (strcmp(a->name, "group") == 0 || strcmp(a->name, "spatial") == 0)
        return a->i == 1;
    if (strcmp(a->name, "momentum") == 0) /* of training */
        return true;
    if (strcmp(a->name, "auto_pad") == 0)
        return (a->s.len == 6 && memcmp(a->s.data, "NOTSET", 6) == 0) ||
               (a->s.len == 5 && memcmp(a->s.data, "VALID", 5) == 0);
    if (strcmp(a->name, "dilations") == 0) {
        for (size_t i = 0; i < a->n_ints; i++)
            if (a->ints[i] != 1)
                return false;
        return true;
    }
    return false;
}

static int take_attribute(struct builder *b, struct mm_node *node,
                          const Onnx__AttributeProto *attribute)
{
    const struct {
        const char *name;
        struct mm_ints *ints;
    } lists[] = {
        {"axes", &node->axes},       {"perm", &node->perm}, {"kernel_shape", &node->kernel},
        {"strides", &node->strides}, {"pads", &node->pads},
    };
    if (!attribute->name)
        return mm_error_set(b->err, MM_ERR_INPUT, "an attribute of %s has no name", node->name);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(attribute->name, lists[i].name) == 0)
            return take_ints(b, node, attribute, lists[i].ints);
    if (strcmp(attribute->name, "axis") == 0) {
        node->has_axis = true;
        node->axis = attribute->i;
    } else if (strcmp(attribute->name, "keepdims") == 0) {
        node->keepdims = attribute->i != 0;
    } else if (strcmp(attribute->name, "epsilon") == 0) {
        node->epsilon = attribute->f;
    } else if (!is_usual(attribute)) {
        return unsupported(b, node, attribute->name);
    }
    return 0;
}

/* ---- nodes ---- */

static int take_op(struct builder *b, const Onnx__NodeProto *from, struct mm_node *node)
{
    bool standard = !from->domain || !*from->domain || strcmp(from->domain, "ai.onnx") == 0;
    for (int op = 0; standard && from->op_type && op < MM_OP_COUNT; op++)
        if (strcmp(from->op_type, mm_op_name((enum mm_op)op)) == 0) {
            node->op = (enum mm_op)op;
            return 0;
        }
    return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "the operation %.60s%s%.60s is not supported",
                        standard ? "" : from->domain, standard ? "" : ".",
                        from->op_type ? from->op_type : "(none)");
}

static int add_node(struct builder *b, const Onnx__NodeProto *from)
{
    struct mm_graph *g = b->graph;
    struct mm_node *node = &g->nodes[g->n_nodes];
    *node = (struct mm_node){.keepdims = true, .epsilon = 1e-5f};
    int result = take_op(b, from, node);
    if (result < 0)
        return result;
    if (from->n_output == 0 || from->n_input == 0 || from->n_input > MM_GRAPH_INPUTS)
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "%s with %zu inputs and %zu outputs",
                            from->op_type, from->n_input, from->n_output);
    for (size_t i = 1; i < from->n_output; i++)
        if (from->output[i] && *from->output[i])
            return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "%s with more than one output",
                                from->op_type);
    copy_name(node->name, from->output[0] ? from->output[0] : "");
    node->n_inputs = from->n_input;
    for (size_t i = 0; i < from->n_input; i++) {
        node->inputs[i] = find_value(b, from->input[i]);
        if (node->inputs[i] == g->n_values)
            return mm_error_set(b->err, MM_ERR_INPUT, "%s needs %.100s, which nothing has made",
                                node->name, from->input[i]);
    }
    for (size_t i = 0; i < from->n_attribute; i++)
        if ((result = take_attribute(b, node, from->attribute[i])) < 0)
            return result;
    struct mm_value *output;
    result = add_value(b, from->output[0], &output);
    node->output = g->n_values - 1;
    g->n_nodes++;
    return result;
}

/* The input that is no constant (old files list constants among the inputs). */
static int find_input(struct builder *b, const Onnx__GraphProto *from)
{
    bool found = false;
    for (size_t i = 0; i < from->n_input; i++) {
        const char *name = from->input[i]->name;
        if (name && find_value(b, name) != b->graph->n_values)
            continue;
        if (found)
            return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "the network has more than one input");
        struct mm_value *input;
        int result = add_value(b, name, &input);
        if (result < 0)
            return result;
        b->graph->input = b->graph->n_values - 1;
        found = true;
    }
    return found ? 0 : mm_error_set(b->err, MM_ERR_INPUT, "the network has no input");
}

static int build(struct builder *b, const Onnx__ModelProto *model)
{
    const Onnx__GraphProto *from = model->graph;
    if (!from || from->n_node == 0)
        return mm_error_set(b->err, MM_ERR_INPUT, "there is no network in it");
    if (from->n_output != 1 || !from->output[0]->name)
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED, "the network has %zu outputs, not one",
                            from->n_output);
    if (from->n_sparse_initializer || model->n_functions)
        return mm_error_set(b->err, MM_ERR_UNSUPPORTED,
                            "sparse constants and functions are not supported");
    int result = 0;
    for (size_t i = 0; result == 0 && i < from->n_initializer; i++)
        result = add_constant(b, from->initializer[i]);
    if (result == 0)
        result = find_input(b, from);
    if (result < 0)
        return result;
    b->graph->nodes = mm_calloc3(from->n_node, sizeof *b->graph->nodes, 1);
    if (!b->graph->nodes)
        return mm_no_memory(b->err);
    for (size_t i = 0; result == 0 && i < from->n_node; i++)
        result = add_node(b, from->node[i]);
    if (result < 0)
        return result;
    b->graph->output = find_value(b, from->output[0]->name);
    if (b->graph->output == b->graph->n_values)
        return mm_error_set(b->err, MM_ERR_INPUT, "nothing computes the output %.100s",
                            from->output[0]->name);
    return 0;
}

int mm_onnx_parse(const void *bytes, size_t size, size_t limit_bytes, struct mm_graph *out,
                  struct mm_error *err)
{
    *out = (struct mm_graph){0};
    if (size > limit_bytes)
        return mm_error_set(err, MM_ERR_LIMIT, "larger than %zu bytes", limit_bytes);
    int result = check_nesting(bytes, size, err);
    if (result < 0)
        return result;
    struct purse purse = {.left = limit_bytes};
    ProtobufCAllocator allocator = {purse_alloc, purse_free, &purse};
    Onnx__ModelProto *model = onnx__model_proto__unpack(&allocator, size, bytes);
    if (!model)
        return purse.broke ? mm_error_set(err, MM_ERR_LIMIT, "it takes too much memory")
                           : mm_error_set(err, MM_ERR_INPUT, "not an ONNX file, or damaged");
    struct builder b = {.graph = out, .err = err};
    result = build(&b, model);
    free(b.names);
    onnx__model_proto__free_unpacked(model, &allocator);
    if (result < 0)
        mm_graph_finish(out);
    return result;
}

int mm_onnx_read(const char *path, size_t limit_bytes, struct mm_graph *out, struct mm_error *err)
{
    *out = (struct mm_graph){0};
    char *bytes;
    size_t size;
    int result = mm_file_read(path, limit_bytes, &bytes, &size, err);
    if (result < 0)
        return result;
    result = mm_onnx_parse(bytes, size, limit_bytes, out, err);
    free(bytes);
    return result < 0 ? mm_error_prefix(err, "%s", path) : 0;
}
