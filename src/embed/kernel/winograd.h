/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * winograd.h - 3 x 3 convolution by Winograd's minimal filtering F(6 x 6, 3 x 3) (Lavin, Gray: Fast
 * Algorithms for Convolutional Neural Networks, CVPR 2016; interpolation points 0, 1, -1, 2, -2,
 * 1/2, -1/2 and infinity). One source for every instruction set: the including file defines
 *
 *     MM_VEC       floats in a vector register (divides MM_LANES)
 *     MM_TILES     tiles multiplied at a time
 *     MM_PANEL     output channels multiplied at a time, a multiple of MM_LANES
 *     MM_UNROLL    input channels in the loop's body, divides MM_LANES
 *     MM_WINOGRAD  the function's name
 *
 * A tile of 8 x 8 inputs, transformed, times transformed weights, added up over the input channels
 * and transformed back gives 6 x 6 outputs: 64 multiplications instead of 324. Each of the 64
 * positions of a tile is a matrix product [tiles][in channels] x [in channels][out channels]. A
 * block of tiles goes through all three steps while it is in the cache:
 *
 *     in      -> V  [64][tiles / MM_TILES][in groups][MM_TILES][MM_LANES]
 *     V x U   -> M  [panels of a pass][tiles][64][MM_PANEL]
 *     M       -> out
 *
 * U, the weights, lies in the order in which it is walked. MM_TILES x MM_PANEL sums stay in
 * registers over all input channels, so a value depends on nothing but its own tile.
 */
#include <float.h>
#include <string.h>

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/vec.h"
#include "embed/kernel/winograd_plan.h"

#define IN        MM_WINOGRAD_IN
#define OUT       MM_WINOGRAD_OUT
#define POSITIONS MM_WINOGRAD_POSITIONS
#define LINE      16 /* floats of a cache line */
#define COLUMNS   (MM_PANEL / MM_VEC)
#define M_STEP    MM_WINOGRAD_M_STEP(MM_PANEL) /* floats from a tile of M to the next */

#define STEPS (MM_LANES / MM_UNROLL)
#define HALF  ((MM_TILES + 1) / 2)

/* Cache lines that are fetched ahead in every step: of weights, so that four strips fetch the whole
 * next panel; of V, the strip two groups further on. */
#define AHEAD_U ((MM_PANEL / 4 + STEPS - 1) / STEPS)
#define AHEAD_V ((MM_TILES + STEPS - 1) / STEPS)

/* Where a block's tiles come from and go to. */
struct tile {
    size_t map, y, x; /* y, x in tiles */
};

/* All that stays the same during one call. */
struct job {
    const struct mm_conv *conv;
    const struct mm_winograd *plan;
    size_t tiles_h, tiles_w; /* of a map */
    size_t conv_h;           /* rows wanted, before pooling */
    const struct mm_plane *in_plane, *out_plane;
    const float *in;
    float *out;
};

static struct tile tile_at(const struct job *job, size_t index)
{
    size_t each = job->tiles_h * job->tiles_w;
    size_t rest = index % each;
    return (struct tile){index / each, rest / job->tiles_w, rest % job->tiles_w};
}

static void next_tile(const struct job *job, struct tile *tile)
{
    if (++tile->x < job->tiles_w)
        return;
    tile->x = 0;
    if (++tile->y < job->tiles_h)
        return;
    tile->y = 0;
    tile->map++;
}

/* ---- transforms ---- */

/* B^T d: one column or row of a tile of inputs. */
MM_INLINE void transform_in(const vec d[IN], vec t[IN])
{
    t[0] = d[0] - d[6] + (d[4] - d[2]) * 5.25f;
    t[7] = d[7] - d[1] + (d[3] - d[5]) * 5.25f;
    vec even = d[2] + d[6] - d[4] * 4.25f;
    vec odd = d[1] + d[5] - d[3] * 4.25f;
    t[1] = even + odd;
    t[2] = even - odd;
    even = d[6] - d[4] * 1.25f + d[2] * 0.25f;
    odd = d[1] * 0.5f - d[3] * 2.5f + d[5] * 2.0f;
    t[3] = even + odd;
    t[4] = even - odd;
    even = d[6] - d[4] * 5.0f + d[2] * 4.0f;
    odd = d[1] * 2.0f - d[3] * 2.5f + d[5] * 0.5f;
    t[5] = even + odd;
    t[6] = even - odd;
}

/* A^T m: one column or row of a tile of outputs. */
MM_INLINE void transform_out(const vec m[IN], vec y[OUT])
{
    vec sum1 = m[1] + m[2];
    vec dif1 = m[1] - m[2];
    vec sum2 = m[3] + m[4];
    vec dif2 = m[3] - m[4];
    vec sum3 = m[5] + m[6];
    vec dif3 = m[5] - m[6];
    y[0] = m[0] + sum1 + sum2 + sum3 * 32.0f;
    y[1] = dif1 + dif2 * 2.0f + dif3 * 16.0f;
    y[2] = sum1 + sum2 * 4.0f + sum3 * 8.0f;
    y[3] = dif1 + dif2 * 8.0f + dif3 * 4.0f;
    y[4] = sum1 + sum2 * 16.0f + sum3 * 2.0f;
    y[5] = m[7] + dif1 + dif2 * 32.0f + dif3;
}

/* One tile of MM_VEC channels; step: floats from a position of V to the next. */
MM_INLINE void put_inputs(const float *in, size_t row, float *v, size_t step)
{
    vec half[IN][IN];
    for (size_t x = 0; x < IN; x++) {
        vec column[IN], t[IN];
#pragma GCC unroll 8
        for (size_t y = 0; y < IN; y++)
            column[y] = vec_load(in + y * row + x * MM_LANES);
        /* The next tile's columns: it begins OUT pixels to the right. */
        if (x < OUT)
#pragma GCC unroll 8
            for (size_t y = 0; y < IN; y++)
                __builtin_prefetch(in + y * row + (IN + x) * MM_LANES);
        transform_in(column, t);
#pragma GCC unroll 8
        for (size_t y = 0; y < IN; y++)
            half[y][x] = t[y];
    }
    for (size_t y = 0; y < IN; y++) {
        vec t[IN];
        transform_in(half[y], t);
#pragma GCC unroll 8
        for (size_t x = 0; x < IN; x++)
            vec_store(v + (y * IN + x) * step, t[x]);
    }
}

/* V of `count` tiles from number `first`. */
static void transform_inputs(const struct job *job, size_t first, size_t count, float *v)
{
    const struct mm_plane *plane = job->in_plane;
    for (size_t group = 0; group < plane->groups; group++) {
        struct tile tile = tile_at(job, first);
        for (size_t t = 0; t < count; t++, next_tile(job, &tile)) {
            const float *from = job->in + tile.map * plane->size + group * plane->group +
                                tile.y * OUT * plane->row + tile.x * OUT * MM_LANES;
            float *to =
                v + ((t / MM_TILES * plane->groups + group) * MM_TILES + t % MM_TILES) * MM_LANES;
            for (size_t lane = 0; lane < MM_LANES; lane += MM_VEC)
                put_inputs(from + lane, plane->row, to + lane, job->plan->v_step);
        }
    }
}

/* The block of outputs of one tile for MM_VEC channels, with bias and relu. */
MM_INLINE void take_outputs(const float *m, vec bias, vec low, vec y[OUT][OUT])
{
    vec half[OUT][IN];
    for (size_t x = 0; x < IN; x++) {
        vec column[IN], t[OUT];
#pragma GCC unroll 8
        for (size_t i = 0; i < IN; i++)
            column[i] = vec_load(m + (i * IN + x) * MM_PANEL);
        transform_out(column, t);
#pragma GCC unroll 8
        for (size_t i = 0; i < OUT; i++)
            half[i][x] = t[i];
    }
    for (size_t i = 0; i < OUT; i++) {
        transform_out(half[i], y[i]);
#pragma GCC unroll 8
        for (size_t x = 0; x < OUT; x++)
            y[i][x] = vec_max(low, y[i][x] + bias);
    }
}

/* Stores rows x columns of a tile's outputs. */
MM_INLINE void put_outputs(const vec y[OUT][OUT], size_t rows, size_t columns, float *out,
                           size_t row)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t x = 0; x < columns; x++)
            vec_store(out + i * row + x * MM_LANES, y[i][x]);
}

MM_INLINE void pool_outputs(vec y[OUT][OUT], vec pooled[OUT][OUT])
{
    for (size_t i = 0; i < OUT; i += 2)
        for (size_t x = 0; x < OUT; x += 2)
            pooled[i / 2][x / 2] =
                vec_max(vec_max(y[i][x], y[i][x + 1]), vec_max(y[i + 1][x], y[i + 1][x + 1]));
}

/* One tile of one group of channels, from M to the output map. */
MM_INLINE void finish_tile(const struct job *job, const struct tile *tile, size_t group,
                           const float *m, size_t pool)
{
    const struct mm_conv *conv = job->conv;
    const struct mm_plane *plane = job->out_plane;
    size_t side = OUT / pool;
    size_t rows = job->conv_h / pool - tile->y * side;
    size_t columns = conv->conv_w / pool - tile->x * side;
    float *to = job->out + tile->map * plane->size + group * plane->group + plane->origin +
                tile->y * side * plane->row + tile->x * side * MM_LANES;
    for (size_t lane = 0; lane < MM_LANES; lane += MM_VEC) {
        vec y[OUT][OUT], pooled[OUT][OUT];
        vec low = vec_set(conv->relu ? 0.0f : -FLT_MAX);
        take_outputs(m + lane, vec_load(conv->bias + group * MM_LANES + lane), low, y);
        if (pool == 2)
            pool_outputs(y, pooled);
        if (rows >= side && columns >= side)
            put_outputs(pool == 2 ? pooled : y, side, side, to + lane, plane->row);
        else
            put_outputs(pool == 2 ? pooled : y, rows < side ? rows : side,
                        columns < side ? columns : side, to + lane, plane->row);
    }
}

/* The outputs of `count` tiles from number `first`, for n_panels panels from `panel` on. */
static void transform_outputs(const struct job *job, size_t first, size_t count, size_t panel,
                              size_t n_panels, const float *m)
{
    for (size_t p = 0; p < n_panels; p++)
        for (size_t i = 0; i < MM_PANEL / MM_LANES; i++) {
            size_t group = (panel + p) * (MM_PANEL / MM_LANES) + i;
            if (group >= job->conv->out_groups)
                break;
            struct tile tile = tile_at(job, first);
            const float *from = m + p * job->plan->block * M_STEP + i * MM_LANES;
            for (size_t t = 0; t < count; t++, next_tile(job, &tile), from += M_STEP)
                if (job->conv->pool_h == 2)
                    finish_tile(job, &tile, group, from, 2);
                else
                    finish_tile(job, &tile, group, from, 1);
        }
}

/* ---- products ---- */

/* m = v x u for `tiles` tiles, a constant, and one panel. ahead: weights that will be needed next.
 */
MM_INLINE void multiply_tiles(size_t tiles, size_t groups, const float *v, const float *u, float *m,
                              const float *ahead)
{
    vec sum[MM_TILES][COLUMNS];
#pragma GCC unroll 16
    for (size_t t = 0; t < tiles; t++) {
        for (size_t c = 0; c < COLUMNS; c++)
            sum[t][c] = vec_set(0);
        for (size_t c = 0; c < MM_PANEL; c += LINE)
            __builtin_prefetch(m + t * M_STEP + c, 1);
    }
    for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 1
        for (size_t step = 0; step < STEPS; step++) {
            /* Here and not in a loop of its own: that costs a third of the speed. */
#pragma GCC unroll 16
            for (size_t i = 0; i < AHEAD_V; i++)
                __builtin_prefetch(v + (2 * MM_TILES + step * AHEAD_V + i) * MM_LANES);
#pragma GCC unroll 16
            for (size_t i = 0; i < AHEAD_U; i++)
                __builtin_prefetch(ahead + i * LINE);
#pragma GCC unroll 16
            for (size_t lane = 0; lane < MM_UNROLL; lane++) {
                vec w[COLUMNS];
#pragma GCC unroll 8
                for (size_t c = 0; c < COLUMNS; c++)
                    w[c] = vec_load(u + lane * MM_PANEL + c * MM_VEC);
#pragma GCC unroll 16
                for (size_t t = 0; t < tiles; t++)
#pragma GCC unroll 8
                    for (size_t c = 0; c < COLUMNS; c++)
                        sum[t][c] += v[t * MM_LANES + step * MM_UNROLL + lane] * w[c];
            }
            u += MM_UNROLL * MM_PANEL;
            ahead += AHEAD_U * LINE;
        }
        v += MM_TILES * MM_LANES;
    }
#pragma GCC unroll 16
    for (size_t t = 0; t < tiles; t++)
#pragma GCC unroll 8
        for (size_t c = 0; c < COLUMNS; c++)
            vec_store(m + t * M_STEP + c * MM_VEC, sum[t][c]);
}

/* Not inlined: each has its registers for itself. */
static __attribute__((noinline)) void multiply(size_t groups, const float *v, const float *u,
                                               float *m, const float *ahead)
{
    multiply_tiles(MM_TILES, groups, v, u, m, ahead);
}

/* The last tiles of a block, when they fill no more than half a strip. */
static __attribute__((noinline)) void multiply_half(size_t groups, const float *v, const float *u,
                                                    float *m, const float *ahead)
{
    multiply_tiles(HALF, groups, v, u, m, ahead);
}

/* All 64 products of one pass; weights: those of the pass. */
static void multiply_pass(const struct job *job, const float *v, const float *weights, size_t tiles,
                          size_t n_panels, float *m)
{
    const struct mm_winograd *plan = job->plan;
    size_t groups = job->in_plane->groups;
    size_t panel = groups * MM_LANES * MM_PANEL;
    size_t strips = (tiles + MM_TILES - 1) / MM_TILES;
    size_t share = panel / strips / LINE * LINE; /* of the next panel, for each strip to fetch */
    for (size_t position = 0; position < POSITIONS; position++)
        for (size_t p = 0; p < n_panels; p++, weights += panel)
            for (size_t s = 0; s < strips; s++) {
                const float *strip = v + position * plan->v_step + s * groups * MM_TILES * MM_LANES;
                float *to = m + (p * plan->block + s * MM_TILES) * M_STEP + position * MM_PANEL;
                const float *ahead = weights + panel + s * share;
                if (tiles - s * MM_TILES > HALF)
                    multiply(groups, strip, weights, to, ahead);
                else
                    multiply_half(groups, strip, weights, to, ahead);
            }
}

/* Tiles of a block: all blocks as large as each other, and none left of a few tiles for which all
 * weights would have to be fetched once more. */
static size_t choose_block(const struct mm_winograd *plan, size_t all)
{
    size_t usual = plan->block - MM_TILES;
    size_t blocks = all > plan->block ? (all - MM_TILES + usual - 1) / usual : 1;
    return (all + blocks * MM_TILES - 1) / (blocks * MM_TILES) * MM_TILES;
}

void MM_WINOGRAD(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    const struct mm_winograd *plan = conv->winograd;
    struct job job = {.conv = conv,
                      .plan = plan,
                      .tiles_h = (part->count + OUT - 1) / OUT,
                      .tiles_w = plan->tiles_w,
                      .conv_h = part->count,
                      .in_plane = part->in_plane,
                      .out_plane = part->out_plane,
                      .in = part->in,
                      .out = part->out};
    float *v = scratch;
    float *m = scratch + POSITIONS * plan->v_step;
    size_t all = part->maps * job.tiles_h * job.tiles_w;
    size_t panel = POSITIONS * conv->in.groups * MM_LANES * MM_PANEL;
    size_t block = choose_block(plan, all);
    for (size_t first = 0; first < all; first += block) {
        size_t count = all - first < block ? all - first : block;
        transform_inputs(&job, first, count, v);
        for (size_t p = 0; p < plan->n_panels; p += plan->pass) {
            size_t n_panels = plan->n_panels - p < plan->pass ? plan->n_panels - p : plan->pass;
            multiply_pass(&job, v, plan->weights + p * panel, count, n_panels, m);
            transform_outputs(&job, first, count, p, n_panels, m);
        }
    }
}
