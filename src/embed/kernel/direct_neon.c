/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct convolution with NEON: 6 pixels x 16 channels fill 24 of the 32 registers. */
#define MM_VEC    4
#define MM_PIXELS 6
#define MM_PANEL  16
#define MM_DIRECT mm_conv_direct_neon
#include "embed/kernel/direct.h"

#define MM_TALL mm_conv_tall_neon
#include "embed/kernel/tall.h"
