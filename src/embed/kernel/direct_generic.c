/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct convolution with nothing but what every machine has: 3 pixels x 16 channels fill 12 of the
 * 16 registers of SSE2. */
#define MM_VEC    4
#define MM_PIXELS 3
#define MM_PANEL  16
#define MM_DIRECT mm_conv_direct_generic
#include "embed/kernel/direct.h"

#define MM_TALL mm_conv_tall_generic
#include "embed/kernel/tall.h"
