/* SPDX-License-Identifier: BSD-2-Clause */
/* Winograd's convolution with nothing but what every machine has. */
#include "embed/kernel/conv_impl.h"
#define MM_VEC      4
#define MM_TILES    3
#define MM_PANEL    16
#define MM_UNROLL   2
#define MM_WINOGRAD mm_conv_winograd_generic
#include "embed/kernel/winograd.h"
