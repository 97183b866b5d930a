/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * winograd.h - 3 x 3 convolution by Winograd's minimal filtering F(8 x 6, 3 x 3) (Lavin, Gray: Fast
 * Algorithms for Convolutional Neural Networks, CVPR 2016): down by the ten points of points.h,
 * across by 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. F(8 x 8) would need another 6 % fewer products
 * and be half as exact. One source for every instruction set: the including file defines
 *
 *     MM_VEC       floats in a vector register (divides MM_LANES)
 *     MM_TILES     most tiles multiplied at a time: 3, 6 or 12
 *     MM_PANEL     output channels multiplied at a time, a multiple of MM_LANES
 *     MM_UNROLL    input channels in the loop's body, divides MM_LANES
 *     MM_WINOGRAD  the function's name
 *
 * A tile of 10 x 8 inputs, transformed, times transformed weights, added up over the input channels
 * and transformed back gives 8 x 6 outputs: 80 multiplications instead of 432. Each of the 80
 * positions of a tile is a matrix product [tiles][in channels] x [in channels][out channels]. A
 * block of tiles goes through all three steps while it is in the cache:
 *
 *     in      -> V  [80][strips][in groups][MM_TILES][MM_LANES]
 *     V x U   -> M  [panels of a pass][tiles][80][MM_PANEL]
 *     M       -> out
 *
 * U, the weights, lies in the order in which it is walked. The sums of a strip, MM_TILES x MM_PANEL
 * at most, stay in registers for PART groups of input channels and are then added to M, so a value
 * depends on nothing but its own tile. One sum over all of 512 channels would be as fast and, with
 * what the transforms make of its error, three times less exact.
 */
#include <float.h>
#include <string.h>

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/points.h"
#include "embed/kernel/vec.h"
#include "embed/kernel/winograd_plan.h"

#define IN_H      MM_WINOGRAD_IN_H
#define IN_W      MM_WINOGRAD_IN_W
#define OUT_H     MM_WINOGRAD_OUT_H
#define OUT_W     MM_WINOGRAD_OUT_W
#define POSITIONS MM_WINOGRAD_POSITIONS
#define NARROW_W  MM_WINOGRAD_NARROW_W
#define NARROW_IN (NARROW_W + IN_W - OUT_W)
#define LINE      16 /* floats of a cache line */
#define COLUMNS   (MM_PANEL / MM_VEC)
#define M_STEP    MM_WINOGRAD_M_STEP(MM_PANEL) /* floats from a tile of M to the next */
#define PART      4                            /* groups of input channels in one sum */
#define STEPS     (MM_LANES / MM_UNROLL)

/* Cache lines that are fetched ahead in every step: of weights, so that four strips fetch the whole
 * next panel; of V, the strip two groups further on. */
#define AHEAD_U ((MM_PANEL / 4 + STEPS - 1) / STEPS)
#define AHEAD_V ((MM_TILES + STEPS - 1) / STEPS)

/* For lines that are wanted soon, and for those that need not yet displace anything nearby. */
#define FETCH(p)       __builtin_prefetch(p)
#define FETCH_EARLY(p) __builtin_prefetch(p, 0, 2)

/* Where a block's tiles come from and go to. Narrow: the last of a row, when it has no more than
 * NARROW_W outputs across. All narrow ones come behind all others, so that most positions of theirs
 * need not be multiplied. */
struct tile {
    size_t index, map, y, x; /* y, x in tiles */
    bool narrow;
};

/* All that stays the same during one call. */
struct job {
    const struct mm_conv *conv;
    const struct mm_winograd *plan;
    size_t tiles_h, tiles_w; /* of a map, without narrow tiles */
    size_t n_wide;           /* tiles of all maps that are not narrow */
    size_t conv_h;           /* rows wanted, before pooling */
    const struct mm_plane *in_plane, *out_plane;
    const float *in;
    float *out;
};

static struct tile tile_at(const struct job *job, size_t index)
{
    if (index >= job->n_wide) {
        size_t rest = index - job->n_wide;
        return (struct tile){index, rest / job->tiles_h, rest % job->tiles_h, job->tiles_w, true};
    }
    size_t each = job->tiles_h * job->tiles_w;
    size_t rest = index % each;
    return (struct tile){index, index / each, rest / job->tiles_w, rest % job->tiles_w, false};
}

static void next_tile(const struct job *job, struct tile *tile)
{
    if (++tile->index == job->n_wide) {
        *tile = tile_at(job, tile->index);
        return;
    }
    if (!tile->narrow && ++tile->x < job->tiles_w)
        return;
    tile->x = tile->narrow ? job->tiles_w : 0;
    if (++tile->y < job->tiles_h)
        return;
    tile->y = 0;
    tile->map++;
}

/* Is a column of positions one that narrow tiles have: of the points 0, 1, -1 and infinity? */
MM_INLINE bool is_narrow(size_t x)
{
    return x < 3 || x == IN_W - 1;
}

/* ---- transforms ---- */

/* B^T d of F(6, 3): one row. */
MM_INLINE void transform_row_in(const vec d[IN_W], vec t[IN_W])
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

/* B^T d of F(2, 3): one row of a narrow tile, for weights that are scaled as those of F(6, 3). */
MM_INLINE void transform_narrow_in(const vec d[NARROW_IN], vec t[IN_W])
{
    t[0] = d[0] - d[2];
    t[1] = (d[1] + d[2]) * -2.25f;
    t[2] = (d[2] - d[1]) * -2.25f;
    t[7] = d[3] - d[1];
}

/* A^T m of F(6, 3): one row. */
MM_INLINE void transform_row_out(const vec m[IN_W], vec y[OUT_W])
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

/* A^T m of F(2, 3): one row of a narrow tile. */
MM_INLINE void transform_narrow_out(const vec m[IN_W], vec y[OUT_W])
{
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[7];
}

/* One tile of MM_VEC channels; step: floats from a position of V to the next. */
MM_INLINE void put_inputs(const float *in, size_t row, float *v, size_t step, bool narrow)
{
    vec half[IN_H][IN_W];
    for (size_t x = 0; x < (narrow ? NARROW_IN : IN_W); x++) {
        vec column[IN_H], t[IN_H];
#pragma GCC unroll 16
        for (size_t y = 0; y < IN_H; y++)
            column[y] = vec_load(in + y * row + x * MM_LANES);
        /* New columns of the next tile, OUT_W pixels to the right, and of the one behind it. */
        if (x < OUT_W)
#pragma GCC unroll 16
            for (size_t y = 0; y < IN_H; y++) {
                FETCH(in + y * row + (IN_W + x) * MM_LANES);
                FETCH_EARLY(in + y * row + (IN_W + OUT_W + x) * MM_LANES);
            }
        points_in(column, t);
#pragma GCC unroll 16
        for (size_t y = 0; y < IN_H; y++)
            half[y][x] = t[y];
    }
    for (size_t y = 0; y < IN_H; y++) {
        vec t[IN_W];
        if (narrow)
            transform_narrow_in(half[y], t);
        else
            transform_row_in(half[y], t);
#pragma GCC unroll 8
        for (size_t x = 0; x < IN_W; x++)
            if (!narrow || is_narrow(x))
                vec_store(v + (y * IN_W + x) * step, t[x]);
    }
}

/* Strips that count tiles are multiplied in, MM_TILES at most in each. */
MM_INLINE size_t n_strips(size_t count)
{
    return (count + MM_TILES - 1) / MM_TILES;
}

/* The size of part i of n when count is cut as evenly as can be. */
MM_INLINE size_t part_of(size_t count, size_t n, size_t i)
{
    return count / n + (i < count % n);
}

/* V of `count` tiles from number `first`. */
static void transform_inputs(const struct job *job, size_t first, size_t count, float *v)
{
    const struct mm_plane *plane = job->in_plane;
    size_t strips = n_strips(count);
    for (size_t group = 0; group < plane->groups; group++) {
        struct tile tile = tile_at(job, first);
        for (size_t s = 0; s < strips; s++) {
            float *to = v + (s * plane->groups + group) * MM_TILES * MM_LANES;
            size_t tiles = part_of(count, strips, s);
            for (size_t t = 0; t < tiles; t++) {
                const float *from = job->in + tile.map * plane->size + group * plane->group +
                                    tile.y * OUT_H * plane->row + tile.x * OUT_W * MM_LANES;
                for (size_t lane = 0; lane < MM_LANES; lane += MM_VEC)
                    if (tile.narrow)
                        put_inputs(from + lane, plane->row, to + lane, job->plan->v_step, true);
                    else
                        put_inputs(from + lane, plane->row, to + lane, job->plan->v_step, false);
                to += MM_LANES;
                next_tile(job, &tile);
            }
        }
    }
}

/* The block of outputs of one tile for MM_VEC channels, with bias and relu. */
MM_INLINE void take_outputs(const float *m, vec bias, vec low, bool narrow, vec y[OUT_H][OUT_W])
{
    vec half[OUT_H][IN_W];
    for (size_t x = 0; x < IN_W; x++) {
        if (narrow && !is_narrow(x))
            continue;
        vec column[IN_H], t[OUT_H];
#pragma GCC unroll 16
        for (size_t i = 0; i < IN_H; i++)
            column[i] = vec_load(m + (i * IN_W + x) * MM_PANEL);
        points_out(column, OUT_H, t);
#pragma GCC unroll 8
        for (size_t i = 0; i < OUT_H; i++)
            half[i][x] = t[i];
    }
    for (size_t i = 0; i < OUT_H; i++) {
        if (narrow)
            transform_narrow_out(half[i], y[i]);
        else
            transform_row_out(half[i], y[i]);
        for (size_t x = 0; x < (narrow ? NARROW_W : OUT_W); x++)
            y[i][x] = vec_max(low, y[i][x] + bias);
    }
}

/* Stores rows x columns of a tile's outputs, and asks for the lines of the tile after the next. */
MM_INLINE void put_outputs(const vec y[OUT_H][OUT_W], size_t rows, size_t columns, float *out,
                           size_t row)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t x = 0; x < columns; x++) {
            vec_store(out + i * row + x * MM_LANES, y[i][x]);
            FETCH_EARLY(out + i * row + (x + 2 * columns) * MM_LANES);
        }
}

MM_INLINE void pool_outputs(vec y[OUT_H][OUT_W], size_t width, vec pooled[OUT_H][OUT_W])
{
    for (size_t i = 0; i < OUT_H; i += 2)
        for (size_t x = 0; x < width; x += 2)
            pooled[i / 2][x / 2] =
                vec_max(vec_max(y[i][x], y[i][x + 1]), vec_max(y[i + 1][x], y[i + 1][x + 1]));
}

/* One tile of one group of channels, from M to the output map; pool and narrow are constants. */
MM_INLINE void finish_tile(const struct job *job, const struct tile *tile, size_t group,
                           const float *m, size_t pool, bool narrow)
{
    const struct mm_conv *conv = job->conv;
    const struct mm_plane *plane = job->out_plane;
    size_t high = OUT_H / pool;
    size_t wide = OUT_W / pool;
    size_t most = narrow ? NARROW_W / pool : wide;
    size_t rows = job->conv_h / pool - tile->y * high;
    size_t columns = conv->conv_w / pool - tile->x * wide;
    float *to = job->out + tile->map * plane->size + group * plane->group + plane->origin +
                tile->y * high * plane->row + tile->x * wide * MM_LANES;
    for (size_t lane = 0; lane < MM_LANES; lane += MM_VEC) {
        vec y[OUT_H][OUT_W], pooled[OUT_H][OUT_W];
        vec low = vec_set(conv->relu ? 0.0f : -FLT_MAX);
        take_outputs(m + lane, vec_load(conv->bias + group * MM_LANES + lane), low, narrow, y);
        if (pool == 2)
            pool_outputs(y, narrow ? NARROW_W : OUT_W, pooled);
        if (rows >= high && columns >= most)
            put_outputs(pool == 2 ? pooled : y, high, most, to + lane, plane->row);
        else
            put_outputs(pool == 2 ? pooled : y, rows < high ? rows : high,
                        columns < most ? columns : most, to + lane, plane->row);
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
                if (job->conv->pool_h == 2 && tile.narrow)
                    finish_tile(job, &tile, group, from, 2, true);
                else if (job->conv->pool_h == 2)
                    finish_tile(job, &tile, group, from, 2, false);
                else if (tile.narrow)
                    finish_tile(job, &tile, group, from, 1, true);
                else
                    finish_tile(job, &tile, group, from, 1, false);
        }
}

/* ---- products ---- */

/* m = v x u, or m += v x u, for `tiles` tiles, a constant, one panel and some groups of channels.
 * ahead: weights that will be needed next. */
MM_INLINE void multiply_part(size_t tiles, size_t groups, const float *v, const float *u, float *m,
                             const float *ahead, bool add)
{
    vec sum[MM_TILES][COLUMNS];
#pragma GCC unroll 16
    for (size_t t = 0; t < tiles; t++)
        for (size_t c = 0; c < COLUMNS; c++)
            sum[t][c] = vec_set(0);
    for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 1
        for (size_t step = 0; step < STEPS; step++) {
            /* Here and not in a loop of its own: that costs a third of the speed. */
#pragma GCC unroll 16
            for (size_t i = 0; i < AHEAD_V; i++)
                FETCH(v + (2 * MM_TILES + step * AHEAD_V + i) * MM_LANES);
#pragma GCC unroll 16
            for (size_t i = 0; i < AHEAD_U; i++)
                FETCH(ahead + i * LINE);
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
        for (size_t c = 0; c < COLUMNS; c++) {
            float *to = m + t * M_STEP + c * MM_VEC;
            vec_store(to, add ? vec_load(to) + sum[t][c] : sum[t][c]);
        }
}

MM_INLINE void multiply_tiles(size_t tiles, size_t groups, const float *v, const float *u, float *m,
                              const float *ahead)
{
#pragma GCC unroll 16
    for (size_t t = 0; t < tiles; t++)
        for (size_t c = 0; c < MM_PANEL; c += LINE)
            __builtin_prefetch(m + t * M_STEP + c, 1);
    for (size_t g = 0; g < groups; g += PART) {
        size_t n = groups - g < PART ? groups - g : PART;
        multiply_part(tiles, n, v, u, m, ahead, g > 0);
        v += n * MM_TILES * MM_LANES;
        u += n * MM_LANES * MM_PANEL;
        ahead += n * STEPS * AHEAD_U * LINE;
    }
}

/* One for each number of tiles; not inlined: each has its registers for itself. */
typedef void multiply(size_t groups, const float *v, const float *u, float *m, const float *ahead);
#define MULTIPLY(tiles)                                                              \
    static __attribute__((noinline)) void multiply_##tiles(                          \
        size_t groups, const float *v, const float *u, float *m, const float *ahead) \
    {                                                                                \
        multiply_tiles(tiles, groups, v, u, m, ahead);                               \
    }
MULTIPLY(1)
MULTIPLY(2)
MULTIPLY(3)
#if MM_TILES > 3
MULTIPLY(4)
MULTIPLY(5)
MULTIPLY(6)
#endif
#if MM_TILES > 6
MULTIPLY(7)
MULTIPLY(8)
MULTIPLY(9)
MULTIPLY(10)
MULTIPLY(11)
MULTIPLY(12)
#endif
static multiply *const multiply_of[MM_TILES + 1] = {
    NULL,       multiply_1, multiply_2, multiply_3,
#if MM_TILES > 3
    multiply_4, multiply_5, multiply_6,
#endif
#if MM_TILES > 6
    multiply_7, multiply_8, multiply_9, multiply_10, multiply_11, multiply_12,
#endif
};

/* All products of one pass, of whose tiles the first n_wide are not narrow; weights: those of the
 * pass. */
static void multiply_pass(const struct job *job, const float *v, const float *weights, size_t tiles,
                          size_t n_wide, size_t n_panels, float *m)
{
    const struct mm_winograd *plan = job->plan;
    size_t groups = job->in_plane->groups;
    size_t panel = groups * MM_LANES * MM_PANEL;
    size_t strips = n_strips(tiles);
    size_t share = panel / strips / LINE * LINE; /* of the next panel, for each strip to fetch */
    for (size_t position = 0; position < POSITIONS; position++) {
        size_t wanted = is_narrow(position % IN_W) ? tiles : n_wide;
        for (size_t p = 0; p < n_panels; p++, weights += panel)
            for (size_t s = 0, first = 0, n; s < strips && first < wanted; s++, first += n) {
                n = part_of(tiles, strips, s);
                multiply_of[wanted - first < n ? wanted - first : n](
                    groups, v + position * plan->v_step + s * groups * MM_TILES * MM_LANES, weights,
                    m + (p * plan->block + first) * M_STEP + position * MM_PANEL,
                    weights + panel + s * share);
            }
    }
}

void MM_WINOGRAD(const struct mm_conv *conv, const struct mm_conv_part *part, float *scratch)
{
    const struct mm_winograd *plan = conv->winograd;
    struct job job = {.conv = conv,
                      .plan = plan,
                      .tiles_h = (part->count + OUT_H - 1) / OUT_H,
                      .tiles_w = plan->tiles_w - plan->narrow,
                      .conv_h = part->count,
                      .in_plane = part->in_plane,
                      .out_plane = part->out_plane,
                      .in = part->in,
                      .out = part->out};
    float *v = scratch;
    float *m = scratch + POSITIONS * plan->v_step;
    size_t all = part->maps * job.tiles_h * plan->tiles_w;
    job.n_wide = part->maps * job.tiles_h * job.tiles_w;
    size_t panel = POSITIONS * conv->in.groups * MM_LANES * MM_PANEL;
    size_t blocks = (all + plan->block - 1) / plan->block;
    for (size_t b = 0, first = 0, count; b < blocks; b++, first += count) {
        count = part_of(all, blocks, b);
        size_t wide = job.n_wide < first ? 0 : job.n_wide - first;
        transform_inputs(&job, first, count, v);
        for (size_t p = 0; p < plan->n_panels; p += plan->pass) {
            size_t n_panels = plan->n_panels - p < plan->pass ? plan->n_panels - p : plan->pass;
            multiply_pass(&job, v, plan->weights + p * panel, count, wide < count ? wide : count,
                          n_panels, m);
            transform_outputs(&job, first, count, p, n_panels, m);
        }
    }
}
