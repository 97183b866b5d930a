/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conv.h - a convolution, planned once and run often.
 *
 *     struct mm_conv_desc desc = {.in_channels = 64, .out_channels = 128, .height = 128,
 *                                 .width = 99, .kernel_h = 3, .kernel_w = 3,
 *                                 .pad = {1, 1, 1, 1}, .pool_h = 2, .pool_w = 2,
 *                                 .kernel = k, .bias = b, .relu = true};
 *     mm_conv_create(&desc, mm_kernels_best(), &conv, err);
 *     mm_plane_init(&out_plane, 128, mm_conv_out_height(conv), mm_conv_out_width(conv), next_pad);
 *     mm_conv_run(conv, n, in, &out_plane, out, scratch);
 *
 * One output value is  pool(affine(relu(bias + sum of input x kernel))): cross-correlation with
 * stride 1 (as every deep-learning library has it), each step but the sum optional.
 *
 * Threads: a plan is read-only once made; give every thread its own scratch. A window's values do
 * not depend on its place in the batch nor on what runs beside it.
 */
#ifndef EMBED_KERNEL_CONV_H
#define EMBED_KERNEL_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "embed/kernel/plane.h"
#include "musicmap/error.h"

struct mm_conv;

struct mm_conv_desc {
    size_t in_channels, out_channels;
    size_t height, width; /* of the input, without padding */
    size_t kernel_h, kernel_w;
    struct mm_pad pad;     /* zeros around the input */
    size_t pool_h, pool_w; /* max-pooling, stride = size, what does not fill a pool is dropped;
                              0 or 1 = none */
    const float *kernel;   /* [out_channels][in_channels][kernel_h][kernel_w] */
    const float *bias;     /* [out_channels]; NULL = zeros */
    bool relu;             /* max(x, 0) */
    const float *scale;    /* [out_channels], x * scale + shift after the relu; NULL = not */
    const float *shift;    /* [out_channels]; with scale only */
};

struct mm_conv_part;
typedef void mm_conv_kernel(const struct mm_conv *conv, const struct mm_conv_part *part,
                            float *scratch);

/* One implementation; the table is src/embed/kernel/kernels.c. */
struct mm_kernels {
    const char *name;         /* "generic", "avx2", ... */
    bool (*usable)(void);     /* does this processor have what it takes */
    mm_conv_kernel *direct;   /* any shape: direct.h */
    mm_conv_kernel *winograd; /* 3 x 3: winograd.h; NULL = direct has to do */
    mm_conv_kernel *tall;     /* 7 rows, one channel: tall.h; NULL = direct has to do */
    size_t panel;             /* MM_PANEL of all */
};

/* What the environment asks for (MUSICMAP_CPU), as --cpu does; NULL when it names nothing. */
const char *mm_kernels_named(void);
/* Those, or else the fastest that this processor runs. */
const struct mm_kernels *mm_kernels_best(void);
/* By name; NULL when there is no such one or this processor cannot run it. */
const struct mm_kernels *mm_kernels_find(const char *name);
/* All that were built, usable or not; *count gets how many. */
const struct mm_kernels *const *mm_kernels_all(size_t *count);

/* Copies and repacks the weights. MM_ERR_USAGE: sizes that make no sense; MM_ERR_NO_MEMORY. */
int mm_conv_create(const struct mm_conv_desc *desc, const struct mm_kernels *kernels,
                   struct mm_conv **out, struct mm_error *err);
void mm_conv_destroy(struct mm_conv *conv);

/* The layout that run() expects of its input: at least the padding, more where it helps. */
const struct mm_plane *mm_conv_input(const struct mm_conv *conv);
size_t mm_conv_out_channels(const struct mm_conv *conv);
size_t mm_conv_out_height(const struct mm_conv *conv); /* after pooling */
size_t mm_conv_out_width(const struct mm_conv *conv);
size_t mm_conv_scratch(const struct mm_conv *conv); /* floats of scratch */
size_t mm_conv_bytes(const struct mm_conv *conv);   /* memory the plan holds */

/*
 * in: n maps of mm_conv_input(), one behind the other; out: n maps of out_plane, whose channels,
 * height and width are those of this convolution and whose lanes are MM_LANES or, for one channel,
 * 1. in, out and scratch are aligned to 64 bytes.
 */
void mm_conv_run(const struct mm_conv *conv, size_t n, const float *in,
                 const struct mm_plane *out_plane, float *out, float *scratch);

/*
 * `count` rows of one map's output, counted before pooling, so that two convolutions can take turns
 * while what lies between them is in the cache. The first of them and count are multiples of
 * mm_conv_row_step(), but the last rows may be fewer. in: the padded input row that the first one
 * begins at, in a map laid out as in_plane, whose groups lie as far apart as those of
 * mm_conv_input() unless mm_conv_takes_strips(); out: where the first row goes, as row 0 of
 * out_plane.
 */
void mm_conv_run_rows(const struct mm_conv *conv, size_t count, const struct mm_plane *in_plane,
                      const float *in, const struct mm_plane *out_plane, float *out,
                      float *scratch);
size_t mm_conv_row_step(const struct mm_conv *conv);
bool mm_conv_takes_strips(const struct mm_conv *conv);

#endif
