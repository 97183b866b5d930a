/* SPDX-License-Identifier: BSD-2-Clause */
/* Winograd's convolution with AVX-512: 12 tiles x 32 channels fill 24 of the 32 registers. */
#define MM_VEC      16
#define MM_TILES    12
#define MM_PANEL    32
#define MM_UNROLL   2
#define MM_WINOGRAD mm_conv_winograd_avx512
#include "embed/kernel/winograd.h"
