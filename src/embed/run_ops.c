/* SPDX-License-Identifier: BSD-2-Clause */
/* What each operation of a graph computes. Tensors lie plainly, the last dimension together. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "embed/program_impl.h"

#define LAST (MM_GRAPH_RANK - 1)

static const float *input(const struct step *step, size_t i, const float *work)
{
    const struct operand *operand = &step->inputs[i];
    return operand->constant ? operand->constant : work + operand->offset;
}

static float *output(const struct step *step, float *work)
{
    return work + step->output.offset;
}

/* ---- nested loops ---- */

/* The innermost loop: n elements, each operand moving by its own stride. */
typedef void inner_fn(size_t n, const float *a, size_t a_step, const float *b, size_t b_step,
                      float *out, size_t out_step);

static void nest(const struct loop *loop, const float *a, const float *b, float *out,
                 inner_fn *inner)
{
    size_t at[MM_GRAPH_RANK] = {0};
    for (;;) {
        size_t offsets[LOOP_OPERANDS] = {0};
        for (int k = 0; k < LOOP_OPERANDS; k++)
            for (int d = 0; d < LAST; d++)
                offsets[k] += at[d] * loop->strides[k][d];
        inner(loop->dims[LAST], a + offsets[LOOP_A], loop->strides[LOOP_A][LAST],
              b + offsets[LOOP_B], loop->strides[LOOP_B][LAST], out + offsets[LOOP_OUT],
              loop->strides[LOOP_OUT][LAST]);
        int d = LAST - 1;
        while (d >= 0 && ++at[d] == loop->dims[d])
            at[d--] = 0;
        if (d < 0)
            return;
    }
}

static void add_inner(size_t n, const float *a, size_t as, const float *b, size_t bs, float *out,
                      size_t os)
{
    for (size_t i = 0; i < n; i++)
        out[i * os] = a[i * as] + b[i * bs];
}

static void mul_inner(size_t n, const float *a, size_t as, const float *b, size_t bs, float *out,
                      size_t os)
{
    for (size_t i = 0; i < n; i++)
        out[i * os] = a[i * as] * b[i * bs];
}

static void copy_inner(size_t n, const float *a, size_t as, const float *b, size_t bs, float *out,
                       size_t os)
{
    (void)b;
    (void)bs;
    for (size_t i = 0; i < n; i++)
        out[i * os] = a[i * as];
}

static void sum_inner(size_t n, const float *a, size_t as, const float *b, size_t bs, float *out,
                      size_t os)
{
    (void)b;
    (void)bs;
    if (os == 0) { /* all to one place: kept in a register */
        float sum = *out;
        for (size_t i = 0; i < n; i++)
            sum += a[i * as];
        *out = sum;
    } else {
        for (size_t i = 0; i < n; i++)
            out[i * os] += a[i * as];
    }
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static void max_inner(size_t n, const float *a, size_t as, const float *b, size_t bs, float *out,
                      size_t os)
{
    (void)b;
    (void)bs;
    if (os == 0) {
        float best = *out;
        for (size_t i = 0; i < n; i++)
            best = larger(best, a[i * as]);
        *out = best;
    } else {
        for (size_t i = 0; i < n; i++)
            out[i * os] = larger(out[i * os], a[i * as]);
    }
}

void run_add(const struct step *step, float *work)
{
    nest(&step->loop, input(step, 0, work), input(step, 1, work), output(step, work), add_inner);
}

void run_mul(const struct step *step, float *work)
{
    nest(&step->loop, input(step, 0, work), input(step, 1, work), output(step, work), mul_inner);
}

void run_transpose(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    nest(&step->loop, in, in, output(step, work), copy_inner);
}

/* Mean or maximum over some dimensions: those in which the output does not move. */
void run_reduce(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    size_t count = mm_shape_count(&step->output.shape);
    bool mean = step->factor > 0;
    for (size_t i = 0; i < count; i++)
        out[i] = mean ? 0 : -FLT_MAX;
    nest(&step->loop, in, in, out, mean ? sum_inner : max_inner);
    for (size_t i = 0; mean && i < count; i++)
        out[i] *= step->factor;
}

/* ---- element by element ---- */

void run_relu(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    size_t count = mm_shape_count(&step->output.shape);
    for (size_t i = 0; i < count; i++)
        out[i] = in[i] > 0 ? in[i] : 0;
}

void run_sigmoid(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    size_t count = mm_shape_count(&step->output.shape);
    for (size_t i = 0; i < count; i++)
        out[i] = 1.0f / (1.0f + expf(-in[i]));
}

void run_softmax(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    size_t n = step->rows.inner;
    for (size_t row = 0; row < step->rows.outer; row++, in += n, out += n) {
        float largest = -FLT_MAX;
        float sum = 0;
        for (size_t i = 0; i < n; i++)
            largest = larger(largest, in[i]);
        for (size_t i = 0; i < n; i++)
            sum += out[i] = expf(in[i] - largest);
        for (size_t i = 0; i < n; i++)
            out[i] /= sum;
    }
}

void run_norm(const struct step *step, float *work)
{
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    size_t inner = step->norm.inner;
    for (size_t o = 0; o < step->norm.outer; o++)
        for (size_t c = 0; c < step->norm.channels; c++) {
            float scale = step->norm.scale[c];
            float shift = step->norm.shift[c];
            for (size_t i = 0; i < inner; i++)
                *out++ = *in++ * scale + shift;
        }
}

/* ---- the others ---- */

void run_concat(const struct step *step, float *work)
{
    float *out = output(step, work);
    size_t row = mm_shape_count(&step->output.shape) / step->rows.outer;
    for (size_t i = 0; i < step->n_inputs; i++) {
        const float *in = input(step, i, work);
        size_t part = mm_shape_count(&step->inputs[i].shape) / step->rows.outer;
        for (size_t o = 0; o < step->rows.outer; o++)
            memcpy(out + o * row, in + o * part, part * sizeof *out);
        out += part;
    }
}

void run_matmul(const struct step *step, float *work)
{
    const float *a = input(step, 0, work);
    const float *b = input(step, 1, work);
    float *out = output(step, work);
    size_t columns = step->matmul.columns;
    memset(out, 0, step->matmul.rows * columns * sizeof *out);
    for (size_t r = 0; r < step->matmul.rows; r++)
        for (size_t k = 0; k < step->matmul.inner; k++) {
            float x = a[r * step->matmul.inner + k];
            for (size_t c = 0; c < columns; c++)
                out[r * columns + c] += x * b[k * columns + c];
        }
}

/* ---- maps: the channels of a group lie side by side, pixel by pixel ---- */

static size_t lanes_of(const struct mm_plane *plane, size_t group)
{
    size_t left = plane->channels - group * plane->lanes;
    return left < plane->lanes ? left : plane->lanes;
}

/* From [channels][height][width] into the middle of a map, and back. Row by row: the channels of a
 * group share what the first of them brought into the cache. */
static void fill_map(const struct mm_plane *plane, const float *in, float *map)
{
    size_t lanes = plane->lanes;
    size_t width = plane->width;
    size_t area = plane->height * width;
    for (size_t g = 0; g < plane->groups; g++)
        for (size_t y = 0; y < plane->height; y++) {
            float *to = map + plane->origin + g * plane->group + y * plane->row;
            const float *from = in + g * lanes * area + y * width;
            for (size_t l = 0; l < lanes_of(plane, g); l++, to++, from += area)
                for (size_t x = 0; x < width; x++)
                    to[x * lanes] = from[x];
        }
}

static void empty_map(const struct mm_plane *plane, const float *map, float *out)
{
    size_t lanes = plane->lanes;
    size_t width = plane->width;
    size_t area = plane->height * width;
    for (size_t g = 0; g < plane->groups; g++)
        for (size_t y = 0; y < plane->height; y++) {
            const float *from = map + plane->origin + g * plane->group + y * plane->row;
            float *to = out + g * lanes * area + y * width;
            for (size_t l = 0; l < lanes_of(plane, g); l++, from++, to += area)
                for (size_t x = 0; x < width; x++)
                    to[x] = from[x * lanes];
        }
}

void run_conv(const struct step *step, float *work)
{
    const struct conv_step *conv = &step->conv;
    fill_map(mm_conv_input(conv->conv), input(step, 0, work), work + conv->in_map);
    mm_conv_run(conv->conv, 1, work + conv->in_map, &conv->out_plane, work + conv->out_map,
                work + conv->scratch);
    empty_map(&conv->out_plane, work + conv->out_map, output(step, work));
}

/* The largest value under one position of the pooling window; padding counts as nothing. */
static float pool_window(const struct pool_step *pool, const float *in, size_t y, size_t x)
{
    float best = -FLT_MAX;
    for (size_t i = 0; i < pool->kernel[0]; i++)
        for (size_t j = 0; j < pool->kernel[1]; j++) {
            size_t row = y * pool->strides[0] + i - pool->pads[0]; /* wraps above the top */
            size_t column = x * pool->strides[1] + j - pool->pads[1];
            if (row < pool->height && column < pool->width)
                best = larger(best, in[row * pool->width + column]);
        }
    return best;
}

/* Windows of one pixel: some rows and columns are left out. */
static void thin_out(const struct pool_step *pool, const float *in, float *out)
{
    for (size_t y = 0; y < pool->out_h; y++) {
        const float *row = in + y * pool->strides[0] * pool->width;
        for (size_t x = 0; x < pool->out_w; x++)
            *out++ = row[x * pool->strides[1]];
    }
}

void run_pool(const struct step *step, float *work)
{
    const struct pool_step *pool = &step->pool;
    const float *in = input(step, 0, work);
    float *out = output(step, work);
    bool single = pool->kernel[0] == 1 && pool->kernel[1] == 1; /* and so there is no padding */
    for (size_t c = 0; c < pool->channels; c++, in += pool->height * pool->width) {
        if (single) {
            thin_out(pool, in, out);
            out += pool->out_h * pool->out_w;
            continue;
        }
        for (size_t y = 0; y < pool->out_h; y++)
            for (size_t x = 0; x < pool->out_w; x++)
                *out++ = pool_window(pool, in, y, x);
    }
}
