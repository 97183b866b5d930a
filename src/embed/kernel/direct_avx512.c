/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct convolution with AVX-512: 12 pixels x 32 channels fill 24 of the 32 registers. */
#define MM_VEC    16
#define MM_PIXELS 12
#define MM_PANEL  32
#define MM_DIRECT mm_conv_direct_avx512
#include "embed/kernel/direct.h"

#define MM_TALL mm_conv_tall_avx512
#include "embed/kernel/tall.h"
