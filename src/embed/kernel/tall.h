/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tall.h - kernels seven rows high on an input of one channel (MusiCNN's over time and frequency),
 * by Winograd's minimal filtering F(4, 7) down the columns: four rows of outputs take ten products
 * instead of 28. Included behind direct.h, whose settings and inner loop it uses; it defines
 * MM_TALL, the function's name.
 *
 * Each of the ten products is a convolution along a transformed row.
 */
#include "embed/kernel/points.h"
#include "embed/kernel/tall_plan.h"

#define POSITIONS MM_TALL_POSITIONS
#define OUT       MM_TALL_OUT

/* B^T d of n columns of ten rows, at most MM_VEC; `row` floats from a row to the next. */
MM_INLINE void transform_columns(const float *in, size_t row, size_t n, float *out)
{
    vec d[POSITIONS] = {{0}}, t[POSITIONS];
#pragma GCC unroll 16
    for (size_t i = 0; i < POSITIONS; i++)
        memcpy(&d[i], in + i * row, n * sizeof *in);
    points_in(d, t);
#pragma GCC unroll 16
    for (size_t i = 0; i < POSITIONS; i++)
        memcpy(out + i * row, &t[i], n * sizeof *out);
}

/* out: [10][row] */
static void transform_rows(const float *in, size_t row, float *out)
{
    size_t x = 0;
    for (; x + MM_VEC <= row; x += MM_VEC)
        transform_columns(in + x, row, MM_VEC, out + x);
    if (x < row)
        transform_columns(in + x, row, row - x, out + x);
}

/* A^T m; m: ten lines, `step` floats apart, of n floats; the rows take the first lines' place. */
static void combine_lines(float *m, size_t step, size_t n)
{
    for (size_t i = 0; i < n; i += MM_VEC) {
        vec p[POSITIONS], y[OUT];
#pragma GCC unroll 16
        for (size_t k = 0; k < POSITIONS; k++)
            p[k] = vec_load(m + k * step + i);
        points_out(p, OUT, y);
#pragma GCC unroll 4
        for (size_t k = 0; k < OUT; k++)
            vec_store(m + k * step + i, y[k]);
    }
}

/* n_rows rows of one panel. */
static void run_tall_panel(const struct mm_conv *conv, size_t panel, size_t groups,
                           const float *rows, size_t n_rows, const struct mm_plane *plane,
                           float *out, float *m)
{
    size_t line = conv->walk.pixels * MM_LANES;
    size_t weights = conv->run_length * MM_PANEL;
    for (size_t i = 0; i < POSITIONS; i++) {
        float *lines[GROUPS];
        for (size_t g = 0; g < GROUPS; g++)
            lines[g] = m + (g * POSITIONS + i) * line;
        sum_line_of(conv, rows + i * conv->in.row,
                    conv->weights + (panel * POSITIONS + i) * weights, groups, 1, lines);
    }
    for (size_t g = 0; g < groups; g++) {
        float *results = m + g * POSITIONS * line;
        combine_lines(results, line, line);
        for (size_t r = 0; r < n_rows; r++) {
            finish_pixels(conv, panel * GROUPS + g, conv->walk.pixels, results + r * line);
            pool_rows(conv, results + r * line);
            put_line(plane, conv->walk.pixels / conv->pool_w, plane->lanes, results + r * line,
                     out + g * plane->group + r * plane->row);
        }
    }
}

void MM_TALL(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    const struct mm_plane *plane = part->out_plane;
    float *rows = scratch;
    float *m = scratch + mm_tall_rows_floats(conv);
    for (size_t i = 0; i < part->maps; i++)
        for (size_t y = 0; y < part->count; y += MM_TALL_OUT) {
            size_t n_rows = part->count - y < MM_TALL_OUT ? part->count - y : MM_TALL_OUT;
            transform_rows(part->in + i * part->in_plane->size + y * conv->in.row, conv->in.row,
                           rows);
            for (size_t panel = 0; panel * GROUPS < conv->out_groups; panel++) {
                size_t groups = conv->out_groups - panel * GROUPS;
                run_tall_panel(conv, panel, groups < GROUPS ? groups : GROUPS, rows, n_rows, plane,
                               part->out + i * plane->size + panel * GROUPS * plane->group +
                                   plane->origin + y * plane->row,
                               m);
            }
        }
}
