/* SPDX-License-Identifier: BSD-2-Clause */
/* Planning for winograd.h: the cut into tiles, blocks and passes, and the transformed weights. */
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "embed/kernel/memory.h"
#include "embed/kernel/winograd_plan.h"

#define IN_H      MM_WINOGRAD_IN_H
#define IN_W      MM_WINOGRAD_IN_W
#define OUT_H     MM_WINOGRAD_OUT_H
#define OUT_W     MM_WINOGRAD_OUT_W
#define POSITIONS MM_WINOGRAD_POSITIONS

/* What measured best (bench/conv.c), within 3 % of half as many tiles: with few channels V and M of
 * a block stay in a second-level cache of 1 MiB, with many it is the weights that are large, and
 * used for more tiles at a time. */
#define FEW_CHANNELS  64
#define FEW_TILES     36 /* multiples of 12, which all kernels' strips divide */
#define MANY_TILES    72
#define PASS_CHANNELS 32

/* Weights that are worth threads. */
#define MANY_BYTES ((size_t)4 << 20)

/* Below this many channels the transforms cost more than they save. */
#define LEAST_CHANNELS 16

bool mm_winograd_fits(const struct mm_conv_desc *desc, const struct mm_kernels *kernels)
{
    size_t pool_h = desc->pool_h ? desc->pool_h : 1;
    size_t pool_w = desc->pool_w ? desc->pool_w : 1;
    return kernels->winograd && desc->kernel_h == 3 && desc->kernel_w == 3 && !desc->scale &&
           pool_h == pool_w && pool_h <= 2 && desc->in_channels >= LEAST_CHANNELS &&
           desc->out_channels >= LEAST_CHANNELS;
}

static size_t tiles_for(size_t outputs, size_t each)
{
    return (outputs + each - 1) / each;
}

void mm_winograd_pad(const struct mm_conv *conv, const struct mm_conv_desc *desc,
                     struct mm_pad *pad)
{
    size_t height = tiles_for(conv->conv_h, OUT_H) * OUT_H + IN_H - OUT_H;
    size_t width = tiles_for(conv->conv_w, OUT_W) * OUT_W + IN_W - OUT_W;
    if (height > pad->top + desc->height + pad->bottom)
        pad->bottom = height - pad->top - desc->height;
    if (width > pad->left + desc->width + pad->right)
        pad->right = width - pad->left - desc->width;
}

/* G g of F(6, 3) for one row, scaled so that the transforms of inputs and outputs have small whole
 * numbers. */
static void transform_row(const double g[3], double out[IN_W])
{
    double even = g[0] + g[2];
    out[0] = g[0];
    out[1] = (even + g[1]) * (-2.0 / 9);
    out[2] = (even - g[1]) * (-2.0 / 9);
    even = g[0] + 4 * g[2];
    out[3] = (even + 2 * g[1]) * (1.0 / 90);
    out[4] = (even - 2 * g[1]) * (1.0 / 90);
    even = 4 * g[0] + g[2];
    out[5] = (even + 2 * g[1]) * (1.0 / 180);
    out[6] = (even - 2 * g[1]) * (1.0 / 180);
    out[7] = g[2];
}

/* kernel: [3][3]; value (y, x) goes to out[(y * IN_W + x) * step]. */
static void transform_kernel(const float *kernel, float *out, size_t step)
{
    double half[IN_H][3], u[IN_W];
    for (size_t x = 0; x < 3; x++) {
        double column[3] = {(double)kernel[x], (double)kernel[3 + x], (double)kernel[6 + x]};
        mm_points_weights(column, 3, &half[0][x], 3);
    }
    for (size_t y = 0; y < IN_H; y++) {
        transform_row(half[y], u);
        for (size_t x = 0; x < IN_W; x++)
            out[(y * IN_W + x) * step] = (float)u[x];
    }
}

/* The weights of one panel for one input channel, all positions. */
static void pack_row(const struct mm_conv_desc *desc, size_t panel, size_t p, size_t in, float *to,
                     size_t step)
{
    float block[POSITIONS * MM_WINOGRAD_MAX_PANEL] = {0};
    for (size_t lane = 0; lane < panel && p * panel + lane < desc->out_channels; lane++)
        transform_kernel(desc->kernel + ((p * panel + lane) * desc->in_channels + in) * 9,
                         block + lane, panel);
    for (size_t i = 0; i < POSITIONS; i++)
        memcpy(to + i * step, block + i * panel, panel * sizeof *to);
}

struct packing {
    const struct mm_winograd *plan;
    const struct mm_conv *conv;
    const struct mm_conv_desc *desc;
};

static void pack_panel(void *ctx, size_t p, size_t worker)
{
    (void)worker;
    const struct packing *packing = ctx;
    const struct mm_winograd *plan = packing->plan;
    size_t panel = packing->conv->kernels->panel;
    size_t rows = packing->conv->in.groups * MM_LANES;
    size_t first = p / plan->pass * plan->pass; /* panel of its pass */
    size_t together = plan->n_panels - first < plan->pass ? plan->n_panels - first : plan->pass;
    float *to = plan->weights + (first * POSITIONS + (p - first)) * rows * panel;
    for (size_t in = 0; in < packing->desc->in_channels; in++)
        pack_row(packing->desc, panel, p, in, to + in * panel, together * rows * panel);
}

/* On all cores where there is much to do, and where threads can be had. */
static void pack_weights(const struct mm_winograd *plan, const struct mm_conv *conv,
                         const struct mm_conv_desc *desc)
{
    struct packing packing = {plan, conv, desc};
    struct mm_pool *pool = NULL;
    if (plan->bytes >= MANY_BYTES && mm_pool_create(0, &pool, NULL) == 0)
        mm_pool_run(pool, plan->n_panels, pack_panel, &packing);
    else
        for (size_t p = 0; p < plan->n_panels; p++)
            pack_panel(&packing, p, 0);
    mm_pool_destroy(pool);
}

struct mm_winograd *mm_winograd_create(const struct mm_conv *conv, const struct mm_conv_desc *desc)
{
    struct mm_winograd *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    size_t panel = conv->kernels->panel;
    size_t rows = conv->in.groups * MM_LANES;
    size_t n_weights;
    plan->tiles_w = tiles_for(conv->conv_w, OUT_W);
    plan->narrow = conv->conv_w - (plan->tiles_w - 1) * OUT_W <= MM_WINOGRAD_NARROW_W;
    plan->n_panels = (desc->out_channels + panel - 1) / panel;
    plan->block = rows <= FEW_CHANNELS ? FEW_TILES : MANY_TILES;
    plan->pass = PASS_CHANNELS / panel;
    plan->v_step = plan->block * rows + MM_WINOGRAD_SKEW;
    plan->scratch = POSITIONS * plan->v_step + plan->pass * plan->block * MM_WINOGRAD_M_STEP(panel);
    if (__builtin_mul_overflow(POSITIONS * panel * plan->n_panels, rows, &n_weights) ||
        !(plan->weights = mm_floats_alloc(n_weights))) {
        free(plan);
        return NULL;
    }
    plan->bytes = n_weights * sizeof(float);
    pack_weights(plan, conv, desc);
    return plan;
}

void mm_winograd_destroy(struct mm_winograd *plan)
{
    if (!plan)
        return;
    free(plan->weights);
    free(plan);
}
