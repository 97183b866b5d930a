/* SPDX-License-Identifier: BSD-2-Clause */
/* Winograd's convolution with NEON: 6 tiles x 16 channels fill 24 of the 32 registers. */
#define MM_VEC      4
#define MM_TILES    6
#define MM_PANEL    16
#define MM_UNROLL   4
#define MM_WINOGRAD mm_conv_winograd_neon
#include "embed/kernel/winograd.h"
