/* SPDX-License-Identifier: BSD-2-Clause */
/* conv_impl.h - what a convolution's plan holds; for the files of this folder only. */
#ifndef EMBED_KERNEL_CONV_IMPL_H
#define EMBED_KERNEL_CONV_IMPL_H

#include <stdint.h>

#include "embed/kernel/conv.h"

/*
 * How the output of one group of channels is walked: line by line, a few pixels at a time. Lines
 * are rows, except for maps too narrow for that, which are walked down their columns.
 */
struct mm_conv_walk {
    size_t lines, pixels;
    size_t in_line, in_pixel; /* floats to the next line, the next pixel */
    bool columns;
};

/* What one call computes: whole maps, or some rows of them. */
struct mm_conv_part {
    size_t maps;
    size_t count;                    /* rows, before pooling */
    const struct mm_plane *in_plane; /* direct.h: must be laid out as conv->in */
    const float *in;                 /* the first row that enters the first row that leaves */
    const struct mm_plane *out_plane;
    float *out; /* where a map begins whose row 0 is the first row that leaves */
};

struct mm_conv {
    const struct mm_kernels *kernels;
    struct mm_plane in;
    size_t out_channels;
    size_t out_groups;     /* of MM_LANES channels */
    size_t conv_h, conv_w; /* of the output before pooling; what pooling drops is left out */
    size_t pool_h, pool_w; /* >= 1 */
    bool relu;
    float *bias;  /* [out_groups][MM_LANES] */
    float *scale; /* [out_groups][MM_LANES] or NULL */
    float *shift; /* [out_groups][MM_LANES] or NULL */
    struct mm_conv_walk walk;
    size_t n_runs;     /* pieces of the input, each read from its first float on */
    size_t run_length; /* floats of a run */
    size_t run_step;   /* from one to the next */
    uint32_t *runs;    /* [n_runs] where they begin, from an output pixel's top left corner */
    float *weights;    /* [panels][n_runs][run_length][kernels->panel] */
    bool tall;         /* weights are [panels][8][kernel_w][panel] for tall.h, and one run a row */
    struct mm_winograd *winograd; /* instead of walk, runs and weights; NULL = direct */
    size_t scratch;               /* floats */
    size_t bytes;
};

mm_conv_kernel mm_conv_direct_generic, mm_conv_direct_avx2, mm_conv_direct_avx512;
mm_conv_kernel mm_conv_direct_neon;
mm_conv_kernel mm_conv_tall_generic, mm_conv_tall_avx2, mm_conv_tall_avx512, mm_conv_tall_neon;
mm_conv_kernel mm_conv_winograd_generic, mm_conv_winograd_avx2, mm_conv_winograd_avx512;
mm_conv_kernel mm_conv_winograd_neon;

#endif
