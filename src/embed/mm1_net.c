/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/mm1_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "embed/packed.h"
#include "embed/program.h"

#define BLOCKS 3
#define FLOOR  1e-6

/* Of the last map: [CHANNELS][TIMES][PLACES]. */
enum { CHANNELS = 96, TIMES = 8, PLACES = 4, POOLED = CHANNELS * (PLACES + 2) };

/* ---- the weights ---- */

/* In the order of the file (train/pack.py, NAMES). */
static const mm_packed_shape shapes[] = {
    {MM_MM1_BANDS}, {MM_MM1_BANDS}, /* scale and shift of a band */
    {16, 1, 7, 5},  {16},           /* stem */
    {24, 16, 3, 3}, {24},           /* first block: two convolutions, and the one beside */
    {24, 24, 3, 3}, {24},           {24, 16, 2, 2}, {24}, {48, 24, 3, 3},       {48},
    {48, 48, 3, 3}, {48},           {48, 24, 2, 2}, {48}, {96, 48, 3, 3},       {96},
    {96, 96, 3, 3}, {96},           {96, 48, 2, 2}, {96}, {MM_MM1_DIM, POOLED}, {MM_MM1_DIM},
};
enum { ARRAYS = sizeof shapes / sizeof *shapes, STEM = 2, FIRST = 4, DENSE = ARRAYS - 2 };

/* ---- the graph of the convolutions ---- */

enum { MAX_VALUES = 64, MAX_NODES = 32 };

struct builder {
    struct mm_graph graph;
};

static size_t add_value(struct builder *b, enum mm_value_kind kind)
{
    struct mm_value *value = &b->graph.values[b->graph.n_values];
    value->kind = kind;
    snprintf(value->name, sizeof value->name, "mm1 %zu", b->graph.n_values);
    return b->graph.n_values++;
}

/* Takes the array's values over. */
static size_t add_constant(struct builder *b, struct mm_packed *array, const size_t shape[4])
{
    size_t id = add_value(b, MM_VALUE_FLOATS);
    struct mm_value *value = &b->graph.values[id];
    value->shape.rank = array->rank;
    memcpy(value->shape.dims, shape, array->rank * sizeof *shape);
    value->floats = array->values;
    array->values = NULL;
    return id;
}

static struct mm_node *add_node(struct builder *b, enum mm_op op, size_t one, size_t other)
{
    struct mm_node *node = &b->graph.nodes[b->graph.n_nodes++];
    *node = (struct mm_node){.op = op,
                             .n_inputs = other == SIZE_MAX ? 1 : 2,
                             .inputs = {one, other},
                             .keepdims = true,
                             .epsilon = 1e-5F};
    snprintf(node->name, sizeof node->name, "mm1 node %zu", b->graph.n_nodes);
    node->output = add_value(b, MM_VALUE_COMPUTED);
    return node;
}

/* A convolution with arrays[first] and the bias behind it. */
static size_t add_conv(struct builder *b, struct mm_packed *arrays, size_t first, size_t in,
                       const int64_t pads[4])
{
    struct mm_node *node = add_node(b, MM_OP_CONV, in, SIZE_MAX);
    size_t output = node->output;
    node->pads.count = 4;
    memcpy(node->pads.values, pads, 4 * sizeof *pads);
    node->n_inputs = 3;
    node->inputs[1] = add_constant(b, &arrays[first], shapes[first]);
    node->inputs[2] = add_constant(b, &arrays[first + 1], shapes[first + 1]);
    return output;
}

static size_t add_relu(struct builder *b, size_t in)
{
    return add_node(b, MM_OP_RELU, in, SIZE_MAX)->output;
}

/* Every other row and column: what a stride of two would have computed. */
static size_t add_halving(struct builder *b, size_t in)
{
    struct mm_node *node = add_node(b, MM_OP_MAX_POOL, in, SIZE_MAX);
    node->kernel = (struct mm_ints){2, {1, 1}};
    node->strides = (struct mm_ints){2, {2, 2}};
    return node->output;
}

static int build_graph(struct mm_packed arrays[ARRAYS], struct mm_graph *out, struct mm_error *err)
{
    static const int64_t wide[4] = {3, 2, 3, 2};
    static const int64_t one[4] = {1, 1, 1, 1};
    static const int64_t none[4] = {0, 0, 0, 0};
    struct builder b = {0};
    b.graph.values = calloc(MAX_VALUES, sizeof *b.graph.values);
    b.graph.nodes = calloc(MAX_NODES, sizeof *b.graph.nodes);
    if (!b.graph.values || !b.graph.nodes) {
        mm_graph_finish(&b.graph);
        return mm_no_memory(err);
    }
    b.graph.input = add_value(&b, MM_VALUE_COMPUTED);
    size_t x = add_halving(&b, add_relu(&b, add_conv(&b, arrays, STEM, b.graph.input, wide)));
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t first = FIRST + 6 * i;
        size_t y = add_halving(&b, add_relu(&b, add_conv(&b, arrays, first, x, one)));
        y = add_conv(&b, arrays, first + 2, y, one);
        size_t beside = add_halving(&b, add_conv(&b, arrays, first + 4, x, none));
        x = add_relu(&b, add_node(&b, MM_OP_ADD, y, beside)->output);
    }
    b.graph.output = x;
    *out = b.graph;
    return 0;
}

/* ---- the network ---- */

struct mm_mm1_net {
    struct mm_program *program;
    float *scale, *shift; /* [MM_MM1_BANDS] */
    float *dense;         /* [MM_MM1_DIM][POOLED] */
    float *bias;          /* [MM_MM1_DIM] */
};

struct mm_mm1_work {
    struct mm_program_work *program;
    float picture[MM_MM1_FRAMES * MM_MM1_BANDS];
    float map[CHANNELS * TIMES * PLACES];
    float pooled[POOLED];
};

int mm_mm1_net_create(const unsigned char *bytes, size_t size, const struct mm_kernels *kernels,
                      struct mm_mm1_net **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_packed arrays[ARRAYS] = {0};
    struct mm_graph graph = {0};
    const struct mm_shape input = {4, {1, 1, MM_MM1_FRAMES, MM_MM1_BANDS}};
    struct mm_mm1_net *net = calloc(1, sizeof *net);
    int result = net ? mm_packed_read(bytes, size, shapes, ARRAYS, arrays, err) : mm_no_memory(err);
    if (result == 0)
        result = build_graph(arrays, &graph, err);
    if (result == 0)
        result = mm_program_create(&graph, &input, kernels, &net->program, err);
    if (result == 0 && mm_shape_count(mm_program_output(net->program)) != CHANNELS * TIMES * PLACES)
        result = mm_error_set(err, MM_ERR_BUG, "mm1's last map has another size than it should");
    if (result == 0) {
        net->scale = arrays[0].values;
        net->shift = arrays[1].values;
        net->dense = arrays[DENSE].values;
        net->bias = arrays[DENSE + 1].values;
        arrays[0].values = arrays[1].values = NULL;
        arrays[DENSE].values = arrays[DENSE + 1].values = NULL;
        *out = net;
        net = NULL;
    }
    mm_packed_finish(arrays, ARRAYS);
    mm_graph_finish(&graph);
    mm_mm1_net_destroy(net);
    return result;
}

void mm_mm1_net_destroy(struct mm_mm1_net *net)
{
    if (!net)
        return;
    mm_program_destroy(net->program);
    free(net->scale);
    free(net->shift);
    free(net->dense);
    free(net->bias);
    free(net);
}

size_t mm_mm1_net_bytes(const struct mm_mm1_net *net)
{
    return sizeof *net + mm_program_bytes(net->program) +
           (size_t)MM_MM1_DIM * POOLED * sizeof(float);
}

int mm_mm1_work_create(const struct mm_mm1_net *net, struct mm_mm1_work **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_mm1_work *work = calloc(1, sizeof *work);
    if (!work)
        return mm_no_memory(err);
    int result = mm_program_work_create(net->program, &work->program, err);
    if (result < 0)
        mm_mm1_work_destroy(work);
    else
        *out = work;
    return result;
}

void mm_mm1_work_destroy(struct mm_mm1_work *work)
{
    if (!work)
        return;
    mm_program_work_destroy(work->program);
    free(work);
}

size_t mm_mm1_work_bytes(const struct mm_mm1_net *net)
{
    return sizeof(struct mm_mm1_work) + mm_program_work_bytes(net->program);
}

void mm_mm1_picture(float *energy)
{
    enum { COUNT = MM_MM1_FRAMES * MM_MM1_BANDS };
    double sum = 0;
    for (size_t i = 0; i < COUNT; i++)
        sum += (double)energy[i];
    double mean = fmax(sum / COUNT, 1e-30);
    for (size_t i = 0; i < COUNT; i++)
        energy[i] = (float)log10((double)energy[i] / mean + FLOOR);
}

/* map: [CHANNELS][TIMES][PLACES] -> pooled: means over time [CHANNELS][PLACES], maxima [CHANNELS],
 * deviations [CHANNELS]. */
static void pool_map(const float *map, float *pooled)
{
    for (size_t c = 0; c < CHANNELS; c++, map += TIMES * PLACES) {
        double sums[PLACES] = {0};
        double square = 0;
        float max = map[0];
        for (size_t i = 0; i < TIMES * PLACES; i++) {
            sums[i % PLACES] += (double)map[i];
            max = fmaxf(max, map[i]);
        }
        double mean = 0;
        for (size_t p = 0; p < PLACES; p++) {
            pooled[c * PLACES + p] = (float)(sums[p] / TIMES);
            mean += sums[p] / (TIMES * PLACES);
        }
        for (size_t i = 0; i < TIMES * PLACES; i++)
            square += ((double)map[i] - mean) * ((double)map[i] - mean);
        pooled[CHANNELS * PLACES + c] = max;
        pooled[CHANNELS * (PLACES + 1) + c] = (float)sqrt(square / (TIMES * PLACES) + 1e-6);
    }
}

void mm_mm1_net_run(const struct mm_mm1_net *net, struct mm_mm1_work *work, const float *picture,
                    float *out)
{
    for (size_t i = 0; i < MM_MM1_FRAMES * MM_MM1_BANDS; i++)
        work->picture[i] = picture[i] * net->scale[i % MM_MM1_BANDS] + net->shift[i % MM_MM1_BANDS];
    mm_program_run(net->program, work->program, work->picture, work->map);
    pool_map(work->map, work->pooled);
    for (size_t j = 0; j < MM_MM1_DIM; j++) {
        double sum = (double)net->bias[j];
        for (size_t i = 0; i < POOLED; i++)
            sum += (double)net->dense[j * POOLED + i] * (double)work->pooled[i];
        out[j] = (float)sum;
    }
}
