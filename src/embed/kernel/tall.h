/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tall.h - kernels seven rows high on an input of one channel (MusiCNN's over time and frequency),
 * by Winograd's minimal filtering F(2, 7) down the columns: two rows of outputs take eight products
 * instead of fourteen. Included behind direct.h, whose settings and inner loop it uses; it defines
 * MM_TALL, the function's name.
 *
 * The points are those of winograd.h, and so the transform of inputs is the same. Each of the eight
 * products is a convolution along a transformed row.
 */
#include "embed/kernel/tall_plan.h"

#define POSITIONS MM_TALL_POSITIONS

/* B^T d down the columns of eight rows of `row` floats; out: [8][row]. */
static void transform_rows(const float *in, size_t row, float *out)
{
    for (size_t x = 0; x < row; x++) {
        float d[POSITIONS];
#pragma GCC unroll 8
        for (size_t i = 0; i < POSITIONS; i++)
            d[i] = in[i * row + x];
        float even1 = d[2] + d[6] - d[4] * 4.25f;
        float odd1 = d[1] + d[5] - d[3] * 4.25f;
        float even2 = d[6] - d[4] * 1.25f + d[2] * 0.25f;
        float odd2 = d[1] * 0.5f - d[3] * 2.5f + d[5] * 2.0f;
        float even3 = d[6] - d[4] * 5.0f + d[2] * 4.0f;
        float odd3 = d[1] * 2.0f - d[3] * 2.5f + d[5] * 0.5f;
        out[0 * row + x] = d[0] - d[6] + (d[4] - d[2]) * 5.25f;
        out[1 * row + x] = even1 + odd1;
        out[2 * row + x] = even1 - odd1;
        out[3 * row + x] = even2 + odd2;
        out[4 * row + x] = even2 - odd2;
        out[5 * row + x] = even3 + odd3;
        out[6 * row + x] = even3 - odd3;
        out[7 * row + x] = d[7] - d[1] + (d[3] - d[5]) * 5.25f;
    }
}

/* A^T m; m: eight lines, `step` floats apart, of n floats; the two rows take the first two's place.
 */
static void combine_lines(float *m, size_t step, size_t n)
{
    for (size_t i = 0; i < n; i += MM_VEC) {
        vec p[POSITIONS];
#pragma GCC unroll 8
        for (size_t k = 0; k < POSITIONS; k++)
            p[k] = vec_load(m + k * step + i);
        vec_store(m + i, p[0] + (p[1] + p[2]) + (p[3] + p[4]) + (p[5] + p[6]) * 2.0f);
        vec_store(m + step + i, (p[1] - p[2]) + (p[3] - p[4]) * 2.0f + (p[5] - p[6]) + p[7]);
    }
}

/* Two rows, or the last one, of one panel. */
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
