/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - direct convolution, the reference and the kernel for all shapes that have no faster
 * one. One source for every instruction set: the including file defines
 *
 *     MM_VEC      floats in a vector register (divides MM_LANES)
 *     MM_PIXELS   most output pixels computed at a time
 *     MM_PANEL    output channels computed at a time, a multiple of MM_LANES
 *     MM_DIRECT   the function's name
 *
 * A row of a kernel covers neighbours in memory, whatever the number of channels: an output pixel
 * is the sum over such runs of input[i] * weights[i][0..MM_PANEL-1]. MM_PIXELS neighbours times
 * MM_PANEL channels are kept in registers over the whole sum: each weight that is loaded is used
 * MM_PIXELS times and each input MM_PANEL times, so the arithmetic units and not memory set the
 * pace. Nothing is copied: the list of runs takes the place of im2col.
 */
#include <float.h>
#include <string.h>

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/vec.h"

#define VECS   (MM_PANEL / MM_VEC)
#define GROUPS (MM_PANEL / MM_LANES)
#define EACH   (MM_LANES / MM_VEC) /* vectors of a group */

/* n pixels, `pixel` floats apart, times the panel's first `vecs` vectors of channels, to
 * lines[vecs / EACH][n][MM_LANES]. n, vecs and, but for one call, pixel are compile-time constants.
 */
MM_INLINE void sum_runs(const struct mm_conv *conv, const float *in, const float *weights, size_t n,
                        size_t vecs, size_t pixel, float *const *lines, size_t at)
{
    vec sum[MM_PIXELS][VECS];
    for (size_t p = 0; p < n; p++)
        for (size_t v = 0; v < vecs; v++)
            sum[p][v] = vec_set(0);
    for (size_t r = 0; r < conv->n_runs; r++) {
        const float *x = in + conv->runs[r];
#pragma GCC unroll 2
        for (size_t i = 0; i < conv->run_length; i++) {
            vec w[VECS];
#pragma GCC unroll 8
            for (size_t v = 0; v < vecs; v++)
                w[v] = vec_load(weights + v * MM_VEC);
#pragma GCC unroll 16
            for (size_t p = 0; p < n; p++)
#pragma GCC unroll 8
                for (size_t v = 0; v < vecs; v++)
                    sum[p][v] += x[p * pixel] * w[v];
            x += conv->run_step;
            weights += MM_PANEL;
        }
    }
    for (size_t p = 0; p < n; p++)
        for (size_t v = 0; v < vecs; v++)
            vec_store(lines[v / EACH] + (at + p) * MM_LANES + v % EACH * MM_VEC, sum[p][v]);
}

MM_INLINE void sum_line(const struct mm_conv *conv, const float *in, const float *weights, size_t n,
                        size_t vecs, size_t pixel, float *const *lines)
{
    size_t pixels = conv->walk.pixels;
    for (size_t p = 0; p < pixels; p += n) {
        if (pixels - p < n)
            p = pixels - n; /* the last ones overlap: the same sums once more */
        sum_runs(conv, in + p * pixel, weights, n, vecs, pixel, lines, p);
    }
}

/* Pixels at a time: as few as possible computed twice, and then as many as possible. */
static size_t choose_pixels(size_t pixels)
{
    static const size_t choices[] = {MM_PIXELS, MM_PIXELS * 5 / 6, MM_PIXELS * 2 / 3};
    size_t best = 1;
    size_t work = SIZE_MAX;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        size_t n = choices[i];
        if (n > pixels || (pixels + n - 1) / n * n >= work)
            continue;
        work = (pixels + n - 1) / n * n;
        best = n;
    }
    return best;
}

MM_INLINE void sum_vecs_of(const struct mm_conv *conv, const float *in, const float *weights,
                           size_t vecs, size_t pixel, float *const *lines)
{
    size_t n = choose_pixels(conv->walk.pixels);
    if (n == MM_PIXELS)
        sum_line(conv, in, weights, MM_PIXELS, vecs, pixel, lines);
    else if (n == MM_PIXELS * 5 / 6)
        sum_line(conv, in, weights, MM_PIXELS * 5 / 6, vecs, pixel, lines);
    else if (n == MM_PIXELS * 2 / 3)
        sum_line(conv, in, weights, MM_PIXELS * 2 / 3, vecs, pixel, lines);
    else
        sum_line(conv, in, weights, 1, vecs, pixel, lines);
}

/* The last panel may have but half of its channels. */
MM_INLINE void sum_line_of(const struct mm_conv *conv, const float *in, const float *weights,
                           size_t groups, size_t pixel, float *const *lines)
{
    if (GROUPS == 2 && groups == 1)
        sum_vecs_of(conv, in, weights, EACH, pixel, lines);
    else
        sum_vecs_of(conv, in, weights, VECS, pixel, lines);
}

/* Bias, relu and affine of n pixels of a group in place; values: [n][MM_LANES]. */
static void finish_pixels(const struct mm_conv *conv, size_t group, size_t n, float *values)
{
    size_t at = group * MM_LANES;
    for (size_t v = 0; v < EACH; v++) {
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

/* One line of one panel: lines[GROUPS][pixels][MM_LANES]. */
static void run_line(const struct mm_conv *conv, size_t panel, size_t groups, const float *in,
                     float *const *lines)
{
    const float *weights = conv->weights + panel * conv->n_runs * conv->run_length * MM_PANEL;
    if (conv->walk.in_pixel == 1)
        sum_line_of(conv, in, weights, groups, 1, lines);
    else if (conv->walk.in_pixel == MM_LANES)
        sum_line_of(conv, in, weights, groups, MM_LANES, lines);
    else
        sum_line_of(conv, in, weights, groups, conv->walk.in_pixel, lines);
    for (size_t g = 0; g < groups; g++)
        finish_pixels(conv, panel * GROUPS + g, conv->walk.pixels, lines[g]);
}

/* Pools rows [pool_h][conv_w][MM_LANES] into one of conv_w / pool_w pixels, in place. */
static void pool_rows(const struct mm_conv *conv, float *rows)
{
    size_t width = conv->conv_w / conv->pool_w;
    for (size_t x = 0; x < width; x++)
        for (size_t v = 0; v < EACH; v++) {
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

/* Lines go straight to the output where they lie there as they are computed. */
static void run_panel_straight(const struct mm_conv *conv, size_t panel, size_t groups,
                               const float *in, size_t rows, const struct mm_plane *plane,
                               float *out, float *scratch)
{
    for (size_t row = 0; row < rows; row++) {
        float *lines[GROUPS];
        for (size_t g = 0; g < GROUPS; g++)
            lines[g] = g < groups ? out + g * plane->group + row * plane->row : scratch;
        run_line(conv, panel, groups, in + row * conv->walk.in_line, lines);
    }
}

static void run_panel(const struct mm_conv *conv, size_t panel, size_t groups, const float *in,
                      size_t rows, const struct mm_plane *plane, float *out, float *scratch)
{
    const struct mm_conv_walk *walk = &conv->walk;
    size_t n_lines = walk->columns ? walk->lines : rows;
    size_t each = conv->pool_h * walk->pixels * MM_LANES;
    for (size_t line = 0; line < n_lines; line += conv->pool_h) {
        for (size_t i = 0; i < conv->pool_h; i++) {
            float *lines[GROUPS];
            for (size_t g = 0; g < GROUPS; g++)
                lines[g] = scratch + g * each + i * walk->pixels * MM_LANES;
            run_line(conv, panel, groups, in + (line + i) * walk->in_line, lines);
        }
        for (size_t g = 0; g < groups; g++) {
            float *to = out + g * plane->group;
            pool_rows(conv, scratch + g * each);
            if (walk->columns)
                put_line(plane, walk->pixels, plane->row, scratch + g * each,
                         to + line * plane->lanes);
            else
                put_line(plane, walk->pixels / conv->pool_w, plane->lanes, scratch + g * each,
                         to + line / conv->pool_h * plane->row);
        }
    }
}

void MM_DIRECT(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    const struct mm_plane *plane = part->out_plane;
    bool straight =
        conv->pool_h == 1 && conv->pool_w == 1 && !conv->walk.columns && plane->lanes == MM_LANES;
    /* The corner of the first output pixel's receptive field is the first pixel of the padding. */
    for (size_t i = 0; i < part->maps; i++)
        for (size_t panel = 0; panel * GROUPS < conv->out_groups; panel++) {
            const float *in = part->in + i * part->in_plane->size;
            float *out =
                part->out + i * plane->size + panel * GROUPS * plane->group + plane->origin;
            size_t groups = conv->out_groups - panel * GROUPS;
            if (groups > GROUPS)
                groups = GROUPS;
            if (straight)
                run_panel_straight(conv, panel, groups, in, part->count, plane, out, scratch);
            else
                run_panel(conv, panel, groups, in, part->count, plane, out, scratch);
        }
}
