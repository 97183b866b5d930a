/* SPDX-License-Identifier: BSD-2-Clause */
/* winograd_plan.h - how a 3 x 3 convolution is cut for winograd.h; for the files of this folder. */
#ifndef EMBED_KERNEL_WINOGRAD_PLAN_H
#define EMBED_KERNEL_WINOGRAD_PLAN_H

#include "embed/kernel/conv_impl.h"
#include "embed/kernel/points_plan.h"

#define MM_WINOGRAD_IN_H      MM_POINTS /* of a tile of inputs */
#define MM_WINOGRAD_IN_W      8
#define MM_WINOGRAD_OUT_H     8 /* of its outputs */
#define MM_WINOGRAD_OUT_W     6
#define MM_WINOGRAD_NARROW_W  2 /* outputs across of a tile that the last of a row may be */
#define MM_WINOGRAD_POSITIONS ((size_t)(MM_WINOGRAD_IN_H * MM_WINOGRAD_IN_W))
#define MM_WINOGRAD_MAX_PANEL 32

/* Floats that keep walks over V and M off multiples of 4 KiB, which share a set of the cache. */
#define MM_WINOGRAD_SKEW          16
#define MM_WINOGRAD_M_STEP(panel) (MM_WINOGRAD_POSITIONS * (panel) + MM_WINOGRAD_SKEW)

struct mm_winograd {
    size_t tiles_w;  /* of one map */
    bool narrow;     /* the last tile of a row is */
    size_t block;    /* most tiles that are transformed together */
    size_t n_panels; /* of kernels->panel output channels */
    size_t pass;     /* panels that are multiplied before their outputs are taken */
    size_t v_step;   /* floats from a position of V to the next */
    float *weights;  /* [passes][80][panels of the pass][in groups * MM_LANES][kernels->panel] */
    size_t bytes;    /* of the weights */
    size_t scratch;  /* floats */
};

/* Can a convolution of this description run as winograd.h has it? */
bool mm_winograd_fits(const struct mm_conv_desc *desc, const struct mm_kernels *kernels);

/* Input padding that whole tiles need; called before the input's plane is made. */
void mm_winograd_pad(const struct mm_conv *conv, const struct mm_conv_desc *desc,
                     struct mm_pad *pad);

/* Cuts conv, whose sizes and input are planned, and transforms its weights. NULL: no memory. */
struct mm_winograd *mm_winograd_create(const struct mm_conv *conv, const struct mm_conv_desc *desc);
void mm_winograd_destroy(struct mm_winograd *plan);

#endif
