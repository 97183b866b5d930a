/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - direct convolution, the reference and the kernel for all shapes that have no faster
 * one. One source for every instruction set: the including file defines
 *
 *     MM_VEC      floats in a vector register (divides MM_LANES)
 *     MM_PIXELS   output pixels computed at a time
 *     MM_DIRECT   the function's name
 *
 * An output pixel of one group is the sum over taps (in group, y, x) and lanes of
 * input[tap][lane] * weights[tap][lane][0..15]. MM_PIXELS neighbours times MM_LANES channels are
 * kept in registers over the whole sum: each weight that is loaded is used MM_PIXELS times and each
 * input MM_LANES times, so the arithmetic units and not memory set the pace. Nothing is copied: the
 * table of taps takes the place of im2col.
 */
#include <float.h>
#include <string.h>

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/vec.h"

#define VECS (MM_LANES / MM_VEC)

/* sum: [n][MM_LANES]; n and lanes are compile-time constants at every call. */
MM_INLINE void sum_taps(const struct mm_conv *conv, const float *in, const float *weights, size_t n,
                        size_t lanes, float *sum)
{
    vec acc[MM_PIXELS][VECS];
    size_t step = conv->walk.in_pixel;
    for (size_t p = 0; p < n; p++)
        for (size_t v = 0; v < VECS; v++)
            acc[p][v] = vec_set(0);
    for (size_t t = 0; t < conv->n_taps; t++) {
        const float *x = in + conv->taps[t];
#pragma GCC unroll 16
        for (size_t l = 0; l < lanes; l++) {
            vec w[VECS];
            for (size_t v = 0; v < VECS; v++)
                w[v] = vec_load(weights + l * MM_LANES + v * MM_VEC);
#pragma GCC unroll 32
            for (size_t p = 0; p < n; p++)
                for (size_t v = 0; v < VECS; v++)
                    acc[p][v] += x[p * step + l] * w[v];
        }
        weights += lanes * MM_LANES;
    }
    for (size_t p = 0; p < n; p++)
        for (size_t v = 0; v < VECS; v++)
            vec_store(sum + p * MM_LANES + v * MM_VEC, acc[p][v]);
}

/* Bias, relu and affine of n pixels in place; values: [n][MM_LANES]. */
static void finish_pixels(const struct mm_conv *conv, size_t group, size_t n, float *values)
{
    size_t at = group * MM_LANES;
    for (size_t v = 0; v < VECS; v++) {
        vec bias = vec_load(conv->bias + at + v * MM_VEC);
        vec low = vec_set(conv->relu ? 0.0f : -FLT_MAX);
        vec scale = vec_set(1);
        vec shift = vec_set(0);
        if (conv->scale) {
            scale = vec_load(conv->scale + at + v * MM_VEC);
            shift = vec_load(conv->shift + at + v * MM_VEC);
        }
        for (size_t p = 0; p < n; p++) {
            float *value = values + p * MM_LANES + v * MM_VEC;
            vec x = vec_max(low, vec_load(value) + bias);
            vec_store(value, conv->scale ? x * scale + shift : x);
        }
    }
}

/* One line of one group of the convolution: line_out [pixels][MM_LANES]. */
static void run_line(const struct mm_conv *conv, size_t group, const float *in, float *line_out)
{
    const float *weights = conv->weights + group * conv->n_taps * conv->in.lanes * MM_LANES;
    size_t pixels = conv->walk.pixels;
    size_t step = conv->walk.in_pixel;
    bool flat = conv->in.lanes == 1;
    size_t p = 0;
    while (p < pixels) {
        if (pixels - p < MM_PIXELS && pixels >= MM_PIXELS)
            p = pixels - MM_PIXELS; /* the last ones overlap: the same sums once more */
        const float *x = in + p * step;
        float *y = line_out + p * MM_LANES;
        if (pixels < MM_PIXELS) {
            if (flat)
                sum_taps(conv, x, weights, 1, 1, y);
            else
                sum_taps(conv, x, weights, 1, MM_LANES, y);
            p += 1;
        } else {
            if (flat)
                sum_taps(conv, x, weights, MM_PIXELS, 1, y);
            else
                sum_taps(conv, x, weights, MM_PIXELS, MM_LANES, y);
            p += MM_PIXELS;
        }
    }
    finish_pixels(conv, group, pixels, line_out);
}

/* Pools rows [pool_h][conv_w][MM_LANES] into one of conv_w / pool_w pixels, in place. */
static void pool_rows(const struct mm_conv *conv, float *rows)
{
    size_t width = conv->conv_w / conv->pool_w;
    for (size_t x = 0; x < width; x++)
        for (size_t v = 0; v < VECS; v++) {
            vec best = vec_set(-FLT_MAX);
            for (size_t i = 0; i < conv->pool_h; i++)
                for (size_t j = 0; j < conv->pool_w; j++)
                    best = vec_max(vec_load(rows +
                                            ((i * conv->conv_w) + x * conv->pool_w + j) * MM_LANES +
                                            v * MM_VEC),
                                   best);
            vec_store(rows + x * MM_LANES + v * MM_VEC, best);
        }
}

/* Copies a line [pixels][MM_LANES] to its place in the output map. */
static void put_line(const struct mm_plane *plane, size_t pixels, size_t step, const float *line,
                     float *out)
{
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * step, line + p * MM_LANES, plane->lanes * sizeof *out);
}

static void run_map(const struct mm_conv *conv, const float *in, size_t rows,
                    const struct mm_plane *out_plane, float *out, float *scratch)
{
    const struct mm_conv_walk *walk = &conv->walk;
    bool straight =
        conv->pool_h == 1 && conv->pool_w == 1 && !walk->columns && out_plane->lanes == MM_LANES;
    size_t lines = walk->columns ? walk->lines : rows;
    /* The corner of the first output pixel's receptive field is the first pixel of the padding. */
    for (size_t group = 0; group < conv->out_groups; group++) {
        float *to = out + group * out_plane->group + out_plane->origin;
        for (size_t line = 0; straight && line < lines; line++)
            run_line(conv, group, in + line * walk->in_line, to + line * out_plane->row);
        for (size_t line = 0; !straight && line < lines; line += conv->pool_h) {
            for (size_t i = 0; i < conv->pool_h; i++)
                run_line(conv, group, in + (line + i) * walk->in_line,
                         scratch + i * walk->pixels * MM_LANES);
            pool_rows(conv, scratch);
            if (walk->columns)
                put_line(out_plane, walk->pixels, out_plane->row, scratch,
                         to + line * out_plane->lanes);
            else
                put_line(out_plane, walk->pixels / conv->pool_w, out_plane->lanes, scratch,
                         to + line / conv->pool_h * out_plane->row);
        }
    }
}

void MM_DIRECT(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    for (size_t i = 0; i < part->maps; i++)
        run_map(conv, part->in + i * part->in_plane->size, part->count, part->out_plane,
                part->out + i * part->out_plane->size, scratch);
}
