/* SPDX-License-Identifier: BSD-2-Clause */
/* Winograd's convolution with AVX2 and FMA: 6 tiles x 16 channels fill 12 of the 16 registers. */
#define MM_VEC      8
#define MM_TILES    6
#define MM_PANEL    16
#define MM_UNROLL   4
#define MM_WINOGRAD mm_conv_winograd_avx2
#include "embed/kernel/winograd.h"
