/* SPDX-License-Identifier: BSD-2-Clause */
/* ONNX files, written by onnx_writer.h: every operation, every refusal, any damage. */
#include <math.h>

#include "base/random.h"
#include "check.h"
#include "embed/onnx.h"
#include "embed/program.h"
#include "onnx_writer.h"

/* ---- running ---- */

static struct mm_program *load(struct writer *w, const struct mm_shape *in)
{
    struct mm_error err = {0};
    struct mm_graph graph;
    struct mm_program *program;
    size_t size;
    unsigned char *bytes = end(w, &size);
    assert_ok(mm_onnx_parse(bytes, size, MM_ONNX_LIMIT, &graph, &err), &err);
    free(bytes);
    assert_ok(mm_program_create(&graph, in, mm_kernels_best(), &program, &err), &err);
    mm_graph_finish(&graph);
    return program;
}

/* Runs the network twice, so that what the first run leaves behind shows; checks its shape. */
static void run(struct writer *w, const struct mm_shape *in_shape, const float *in,
                const struct mm_shape *want_shape, const float *want)
{
    struct mm_error err = {0};
    struct mm_program *program = load(w, in_shape);
    struct mm_program_work *work;
    assert_ok(mm_program_work_create(program, &work, &err), &err);
    const struct mm_shape *shape = mm_program_output(program);
    assert_int_equal(shape->rank, want_shape->rank);
    for (size_t d = 0; d < shape->rank; d++)
        assert_int_equal(shape->dims[d], want_shape->dims[d]);
    size_t count = mm_shape_count(shape);
    float *got = calloc(count, sizeof *got);
    mm_program_run(program, work, in, got);
    mm_program_run(program, work, in, got);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + fabsf(want[i]))))
            fail_msg("value %zu is %f, not %f", i, (double)got[i], (double)want[i]);
    free(got);
    mm_program_work_destroy(work);
    mm_program_destroy(program);
}
#define SHAPE(...) \
    (&(struct mm_shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})
#define VALUES(...) ((const float[]){__VA_ARGS__})

/* ---- each operation ---- */

static void test_elementwise(void **state)
{
    (void)state;
    struct writer *w = begin();
    node(w, "Relu", "in", "out");
    run(w, SHAPE(1, 3), VALUES(-1, 0, 2), SHAPE(1, 3), VALUES(0, 0, 2));
    w = begin();
    node(w, "Sigmoid", "in", "out");
    run(w, SHAPE(3), VALUES(-100, 0, 1), SHAPE(3), VALUES(0, 0.5f, 0.7310586f));
    w = begin();
    node(w, "Softmax", "in", "out");
    attribute_int(w, "axis", -1);
    run(w, SHAPE(2, 2), VALUES(1000, 1000, 0, 1), SHAPE(2, 2),
        VALUES(0.5f, 0.5f, 0.2689414f, 0.7310586f));
    w = begin();
    FLOATS(w, "s", 2, VALUES(2, 3), 2);
    FLOATS(w, "b", 2, VALUES(1, 0), 2);
    FLOATS(w, "m", 2, VALUES(1, 2), 2);
    FLOATS(w, "v", 2, VALUES(3, 8), 2);
    node(w, "BatchNormalization", "in s b m v", "out");
    Onnx__AttributeProto *a = attribute(w, "epsilon");
    a->has_f = 1;
    a->f = 1;
    run(w, SHAPE(1, 2, 2), VALUES(1, 3, 2, 5), SHAPE(1, 2, 2), VALUES(1, 3, 0, 3));
}

static void test_broadcasting(void **state)
{
    (void)state;
    struct writer *w = begin();
    FLOATS(w, "c", 3, VALUES(10, 20, 30), 3);
    node(w, "Add", "in c", "out");
    run(w, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6), SHAPE(2, 3), VALUES(11, 22, 33, 14, 25, 36));
    w = begin();
    FLOATS(w, "c", 2, VALUES(10, 100), 2, 1);
    node(w, "Mul", "c in", "out");
    run(w, SHAPE(3), VALUES(1, 2, 3), SHAPE(2, 3), VALUES(10, 20, 30, 100, 200, 300));
    w = begin();
    node(w, "Add", "in in", "a");
    node(w, "Mul", "a in", "out");
    run(w, SHAPE(2, 1, 2), VALUES(1, 2, 3, 4), SHAPE(2, 1, 2), VALUES(2, 8, 18, 32));
}

static void test_shapes(void **state)
{
    (void)state;
    const float six[6] = {1, 2, 3, 4, 5, 6};
    static const int64_t one = 1, to[3] = {0, -1, 1};
    struct writer *w = begin();
    raw_ints(w, "axes", 1, &one);
    raw_ints(w, "shape", 3, to);
    node(w, "Unsqueeze", "in axes", "a"); /* 2 1 3 */
    node(w, "Reshape", "a shape", "b");   /* 2 3 1 */
    node(w, "Squeeze", "b", "c");         /* 2 3 */
    node(w, "Flatten", "c", "d");
    attribute_int(w, "axis", 0);
    node(w, "Transpose", "d", "out"); /* 6 1 */
    run(w, SHAPE(2, 3), six, SHAPE(6, 1), six);
    w = begin();
    node(w, "Unsqueeze", "in", "a");
    INTS(w, "axes", 0, -1);
    node(w, "Transpose", "a", "b");
    INTS(w, "perm", 3, 0, 2, 1);
    node(w, "Squeeze", "b", "out");
    INTS(w, "axes", 1);
    run(w, SHAPE(2, 3), six, SHAPE(1, 3, 2), VALUES(1, 4, 2, 5, 3, 6));
}

static void test_concat_and_reduce(void **state)
{
    (void)state;
    struct writer *w = begin();
    FLOATS(w, "c", 2, VALUES(7, 8), 2, 1);
    node(w, "Concat", "in c in", "out");
    attribute_int(w, "axis", 1);
    run(w, SHAPE(2, 2), VALUES(1, 2, 3, 4), SHAPE(2, 5), VALUES(1, 2, 7, 1, 2, 3, 4, 8, 3, 4));
    w = begin();
    node(w, "ReduceMean", "in", "out");
    INTS(w, "axes", 0, 2);
    run(w, SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8), SHAPE(1, 2, 1), VALUES(3.5f, 5.5f));
    w = begin();
    node(w, "ReduceMax", "in", "out");
    INTS(w, "axes", -2);
    attribute_int(w, "keepdims", 0);
    run(w, SHAPE(2, 2, 2), VALUES(-1, -2, -3, 4, 5, 6, 7, -8), SHAPE(2, 2), VALUES(-1, 4, 7, 6));
    w = begin();
    node(w, "ReduceMax", "in", "out");
    attribute_int(w, "keepdims", 0);
    run(w, SHAPE(2, 2), VALUES(-1, -2, -3, -4), &(struct mm_shape){0}, VALUES(-1));
}

static void test_matmul_and_pool(void **state)
{
    (void)state;
    struct writer *w = begin();
    FLOATS(w, "c", 6, VALUES(1, 0, 2, 0, 1, 3), 2, 3);
    node(w, "MatMul", "in c", "out");
    run(w, SHAPE(2, 2), VALUES(1, 2, 3, 4), SHAPE(2, 3), VALUES(1, 2, 8, 3, 4, 18));
    w = begin();
    node(w, "MaxPool", "in", "out");
    INTS(w, "kernel_shape", 2, 2);
    INTS(w, "pads", 1, 0, 0, 1);
    run(w, SHAPE(1, 1, 2, 2), VALUES(-1, -2, -3, -4), SHAPE(1, 1, 2, 2), VALUES(-1, -2, -1, -2));
    w = begin();
    node(w, "MaxPool", "in", "out");
    INTS(w, "kernel_shape", 1, 2);
    INTS(w, "strides", 2, 3);
    attribute_int(w, "ceil_mode", 0);
    run(w, SHAPE(1, 1, 3, 6), VALUES(1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 9, 8, 7, 6, 5, 4),
        SHAPE(1, 1, 2, 2), VALUES(2, 5, 9, 6));
}

/* A convolution of many channels with all that can be joined to it, against the definition. With
 * `apart` a second reader keeps every part by itself. */
static void conv_chain(bool apart, float *want)
{
    enum { IN = 3, OUT = 5, H = 7, W = 9, K = 3, HP = 3, WP = 3 };
    static float in[IN * H * W], kernel[OUT * IN * K * K], bias[OUT], scale[OUT], shift[OUT],
        mean[OUT], variance[OUT];
    static const float no_value[1] = {0};
    struct mm_random r = {5};
    float *const lists[] = {in, kernel, bias, scale, shift, mean, variance};
    const size_t counts[] = {IN * H * W, OUT * IN * K * K, OUT, OUT, OUT, OUT, OUT};
    for (int l = 0; l < 7; l++)
        for (size_t i = 0; i < counts[l]; i++)
            lists[l][i] = (float)(mm_random_unit(&r) * (l == 6 ? 1 : 2) - (l == 6 ? 0 : 1));
    struct writer *w = begin();
    FLOATS(w, "k", counts[1], kernel, OUT, IN, K, K);
    FLOATS(w, "b", OUT, bias, OUT);
    FLOATS(w, "s", OUT, scale, OUT);
    FLOATS(w, "t", OUT, shift, OUT);
    FLOATS(w, "m", OUT, mean, OUT);
    FLOATS(w, "v", OUT, variance, OUT);
    FLOATS(w, "zero", 1, no_value, 1);
    node(w, "Conv", "in k b", "c");
    INTS(w, "pads", 1, 2, 1, 0);
    INTS(w, "kernel_shape", K, K);
    INTS(w, "strides", 1, 1);
    INTS(w, "dilations", 1, 1);
    attribute_int(w, "group", 1);
    node(w, "Relu", "c", "r");
    node(w, "BatchNormalization", "r s t m v", "n");
    node(w, "MaxPool", "n", "p");
    INTS(w, "kernel_shape", 2, 3);
    INTS(w, "strides", 2, 3);
    if (apart) {
        node(w, "ReduceMax", "c", "x");
        node(w, "Mul", "x zero", "y");
        node(w, "ReduceMax", "r", "x2");
        node(w, "Mul", "x2 zero", "y2");
        node(w, "ReduceMax", "n", "x3");
        node(w, "Mul", "x3 zero", "y3");
        node(w, "Add", "y y2", "y4");
        node(w, "Add", "y3 y4", "y5");
        node(w, "Add", "p y5", "out");
    } else {
        FLOATS(w, "zeros", 1, no_value, 1, 1, 1, 1);
        node(w, "Add", "p zeros", "out");
    }
    for (size_t o = 0; o < OUT; o++)
        for (size_t y = 0; y < HP; y++)
            for (size_t x = 0; x < WP; x++) {
                double best = -HUGE_VAL;
                for (size_t q = 0; q < 6; q++) {
                    double sum = bias[o];
                    for (size_t t = 0; t < IN * K * K; t++) {
                        size_t row = y * 2 + q / 3 + t / K % K - 1;
                        size_t column = x * 3 + q % 3 + t % K - 2;
                        if (row < H && column < W)
                            sum += (double)in[t / (K * K) * H * W + row * W + column] *
                                   kernel[o * IN * K * K + t];
                    }
                    double s = scale[o] / sqrt(variance[o] + 1e-5);
                    best = fmax(best, (fmax(sum, 0) - mean[o]) * s + shift[o]);
                }
                want[(o * HP + y) * WP + x] = (float)best;
            }
    run(w, SHAPE(1, IN, H, W), in, SHAPE(1, OUT, HP, WP), want);
}

static void test_conv(void **state)
{
    (void)state;
    float want[5 * 3 * 3];
    conv_chain(false, want);
    conv_chain(true, want);
}

/* ---- refusals ---- */

static void refuse_parse(struct writer *w, int code, const char *words)
{
    struct mm_error err = {0};
    struct mm_graph graph;
    size_t size;
    unsigned char *bytes = end(w, &size);
    assert_int_equal(mm_onnx_parse(bytes, size, MM_ONNX_LIMIT, &graph, &err), code);
    assert_null(graph.values);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    free(bytes);
}

static void test_refused_files(void **state)
{
    (void)state;
    struct writer *w = begin();
    node(w, "Relu", "in", "a");
    node(w, "Einsum", "a", "out");
    refuse_parse(w, MM_ERR_UNSUPPORTED, "Einsum");
    w = begin();
    node(w, "Relu", "in", "out")->domain = "com.example";
    refuse_parse(w, MM_ERR_UNSUPPORTED, "com.example.Relu");
    w = begin();
    node(w, "Relu", "nowhere", "out");
    refuse_parse(w, MM_ERR_INPUT, "nowhere");
    w = begin();
    node(w, "Relu", "in", "other");
    refuse_parse(w, MM_ERR_INPUT, "out");
    w = begin();
    node(w, "Relu", "in", "in");
    refuse_parse(w, MM_ERR_INPUT, "twice");
    w = begin();
    node(w, "MaxPool", "in", "out");
    attribute_int(w, "ceil_mode", 1);
    refuse_parse(w, MM_ERR_UNSUPPORTED, "ceil_mode");
    w = begin();
    node(w, "Conv", "in in", "out");
    attribute_int(w, "group", 2);
    refuse_parse(w, MM_ERR_UNSUPPORTED, "group");
    w = begin();
    refuse_parse(w, MM_ERR_INPUT, "no network");
    w = begin();
    FLOATS(w, "c", 2, VALUES(1, 2), 3);
    node(w, "Add", "in c", "out");
    refuse_parse(w, MM_ERR_INPUT, "c does not hold");
    w = begin();
    FLOATS(w, "c", 1, VALUES(NAN), 1);
    node(w, "Add", "in c", "out");
    refuse_parse(w, MM_ERR_INPUT, "not finite");
    w = begin();
    FLOATS(w, "c", 1, VALUES(1), 1 << 20, 1 << 20);
    node(w, "Add", "in c", "out");
    refuse_parse(w, MM_ERR_LIMIT, "too large");
    w = begin();
    FLOATS(w, "c", 1, VALUES(1), 1);
    w->constants[0].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    node(w, "Add", "in c", "out");
    refuse_parse(w, MM_ERR_UNSUPPORTED, "element type");
}

static void refuse_shape(struct writer *w, const struct mm_shape *in, int code, const char *words)
{
    struct mm_error err = {0};
    struct mm_graph graph;
    struct mm_program *program;
    size_t size;
    unsigned char *bytes = end(w, &size);
    assert_ok(mm_onnx_parse(bytes, size, MM_ONNX_LIMIT, &graph, &err), &err);
    assert_int_equal(mm_program_create(&graph, in, mm_kernels_best(), &program, &err), code);
    assert_null(program);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    mm_graph_finish(&graph);
    free(bytes);
}

static void test_refused_shapes(void **state)
{
    (void)state;
    static const int64_t seven = 7;
    struct writer *w = begin();
    FLOATS(w, "c", 3, VALUES(1, 2, 3), 3);
    node(w, "Add", "in c", "out");
    refuse_shape(w, SHAPE(1, 2), MM_ERR_INPUT, "Add (out)");
    w = begin();
    FLOATS(w, "c", 3, VALUES(1, 2, 3), 3, 1);
    node(w, "MatMul", "in c", "out");
    refuse_shape(w, SHAPE(1, 2), MM_ERR_INPUT, "MatMul");
    w = begin();
    raw_ints(w, "s", 1, &seven);
    node(w, "Reshape", "in s", "out");
    refuse_shape(w, SHAPE(1, 2), MM_ERR_INPUT, "Reshape");
    w = begin();
    node(w, "Reshape", "in in", "out");
    refuse_shape(w, SHAPE(1, 2), MM_ERR_UNSUPPORTED, "computed");
    w = begin();
    node(w, "Squeeze", "in", "out");
    INTS(w, "axes", 0);
    refuse_shape(w, SHAPE(2, 2), MM_ERR_INPUT, "Squeeze");
    w = begin();
    node(w, "Transpose", "in", "out");
    INTS(w, "perm", 0, 0);
    refuse_shape(w, SHAPE(2, 2), MM_ERR_INPUT, "Transpose");
    w = begin();
    node(w, "Concat", "in in", "out");
    attribute_int(w, "axis", 2);
    refuse_shape(w, SHAPE(2, 2), MM_ERR_INPUT, "Concat");
    w = begin();
    node(w, "MaxPool", "in", "out");
    INTS(w, "kernel_shape", 3, 3);
    refuse_shape(w, SHAPE(1, 1, 2, 2), MM_ERR_INPUT, "MaxPool");
    w = begin();
    FLOATS(w, "k", 1, VALUES(1), 1, 1, 1, 1);
    node(w, "Conv", "in k", "out");
    INTS(w, "strides", 2, 2);
    refuse_shape(w, SHAPE(1, 1, 4, 4), MM_ERR_UNSUPPORTED, "stride");
    w = begin();
    node(w, "Softmax", "in", "out"); /* over one dimension or two: it depends on the opset */
    refuse_shape(w, SHAPE(1, 2, 3), MM_ERR_UNSUPPORTED, "not named");
    w = begin();
    FLOATS(w, "k", 1, VALUES(1), 1, 1, 1, 1);
    node(w, "Conv", "in k", "out");
    INTS(w, "pads", 5000, 5000, 5000, 5000);
    refuse_shape(w, SHAPE(1, 1, 4, 4), MM_ERR_LIMIT, "MB");
    w = begin();
    FLOATS(w, "k", 4, VALUES(1, 1, 1, 1), 1, 1, 2, 2);
    node(w, "Conv", "in k", "out");
    refuse_shape(w, SHAPE(1, 1, 1, 4), MM_ERR_INPUT, "kernel");
}

/* ---- damage ---- */

/* Reads, plans and, when that works, runs whatever these bytes are. */
static void survive(const unsigned char *bytes, size_t size, size_t limit)
{
    struct mm_error err = {0};
    struct mm_graph graph;
    struct mm_program *program = NULL;
    struct mm_program_work *work = NULL;
    float in[2 * 5 * 6] = {1};
    if (mm_onnx_parse(bytes, size, limit, &graph, &err) < 0) {
        assert_true(err.message[0]);
        return;
    }
    if (mm_program_create(&graph, SHAPE(1, 2, 5, 6), mm_kernels_best(), &program, &err) == 0 &&
        mm_program_work_create(program, &work, &err) == 0) {
        float *out = calloc(mm_shape_count(mm_program_output(program)), sizeof *out);
        mm_program_run(program, work, in, out);
        free(out);
    } else {
        assert_true(err.message[0]);
    }
    mm_program_work_destroy(work);
    mm_program_destroy(program);
    mm_graph_finish(&graph);
}

static unsigned char *small_network(size_t *size)
{
    static const int64_t shape[2] = {1, -1};
    static const float ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct writer *w = begin();
    FLOATS(w, "k", 8, ones, 2, 2, 1, 2);
    FLOATS(w, "b", 2, ones, 2);
    FLOATS(w, "d", 2, ones, 1, 2);
    raw_ints(w, "s", 2, shape);
    node(w, "Conv", "in k b", "c");
    INTS(w, "pads", 0, 1, 0, 0);
    node(w, "Relu", "c", "r");
    node(w, "BatchNormalization", "r b b b b", "n");
    node(w, "MaxPool", "n", "p");
    INTS(w, "kernel_shape", 1, 6);
    INTS(w, "strides", 1, 6);
    node(w, "Transpose", "p", "t");
    INTS(w, "perm", 0, 2, 3, 1);
    node(w, "Concat", "t t", "cc");
    attribute_int(w, "axis", 2);
    node(w, "ReduceMean", "cc", "m");
    INTS(w, "axes", 1, 2, 3);
    node(w, "Reshape", "m s", "q");
    node(w, "MatMul", "q d", "mm");
    node(w, "Softmax", "mm", "out");
    return end(w, size);
}

static void test_any_damage(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = small_network(&size);
    survive(bytes, size, MM_ONNX_LIMIT);
    for (size_t cut = 0; cut < size; cut++)
        survive(bytes, cut, MM_ONNX_LIMIT);
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            survive(bytes, size, MM_ONNX_LIMIT);
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    for (size_t limit = size; limit < 20 * size; limit += 97)
        survive(bytes, size, limit);
    free(bytes);
}

/* Puts a field's tag and length in front of what stands from *at to the end. */
static void wrap(unsigned char *bytes, size_t end, size_t *at, unsigned char tag)
{
    unsigned char length[8];
    size_t n = 0;
    size_t left = end - *at;
    do {
        length[n++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        left >>= 7;
    } while (left);
    *at -= n;
    memcpy(bytes + *at, length, n);
    *at -= 1;
    bytes[*at] = tag;
}

/* A graph in an attribute of a node in a graph in an attribute ... */
static void test_deep_nesting(void **state)
{
    (void)state;
    enum { SIZE = 300000, GRAPH = 0x3a, NODE = 0x0a, ATTRIBUTE = 0x2a, ITS_GRAPH = 0x32 };
    struct mm_error err = {0};
    struct mm_graph graph;
    unsigned char *bytes = malloc(SIZE);
    size_t at = SIZE;
    while (at > 64) {
        wrap(bytes, SIZE, &at, ITS_GRAPH);
        wrap(bytes, SIZE, &at, ATTRIBUTE);
        wrap(bytes, SIZE, &at, NODE);
    }
    wrap(bytes, SIZE, &at, GRAPH);
    assert_int_equal(mm_onnx_parse(bytes + at, SIZE - at, MM_ONNX_LIMIT, &graph, &err),
                     MM_ERR_LIMIT);
    assert_non_null(strstr(err.message, "nested"));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),     cmocka_unit_test(test_broadcasting),
        cmocka_unit_test(test_shapes),          cmocka_unit_test(test_concat_and_reduce),
        cmocka_unit_test(test_matmul_and_pool), cmocka_unit_test(test_conv),
        cmocka_unit_test(test_refused_files),   cmocka_unit_test(test_refused_shapes),
        cmocka_unit_test(test_any_damage),      cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
