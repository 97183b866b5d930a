/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct convolution with nothing but what every machine of its kind has: SSE2, NEON, ... */
#define MM_VEC 4
#ifdef __aarch64__ /* 32 registers instead of 16 */
#define MM_PIXELS 6
#else
#define MM_PIXELS 3
#endif
#define MM_DIRECT mm_conv_direct_generic
#include "embed/kernel/direct.h"
