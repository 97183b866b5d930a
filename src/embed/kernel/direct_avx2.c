/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct convolution with AVX2 and FMA: 6 pixels x 16 channels fill 12 of the 16 registers. */
#define MM_VEC    8
#define MM_PIXELS 6
#define MM_PANEL  16
#define MM_DIRECT mm_conv_direct_avx2
#include "embed/kernel/direct.h"

#define MM_TALL mm_conv_tall_avx2
#include "embed/kernel/tall.h"
