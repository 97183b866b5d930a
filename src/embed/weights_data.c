/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/weights_data.h"

const char mm_mm1_weights_version[] = MM_MM1_VERSION;
const char mm_metric_weights_version[] = MM_METRIC_VERSION;

/* clang-format off */
#define INCLUDE(name, file)     \
    ".balign 16\n"              \
    ".global " name "\n"        \
    name ":\n"                  \
    ".incbin \"" file "\"\n"    \
    ".global " name "_end\n"    \
    name "_end:\n"              \
    ".byte 0\n"

__asm__(".section .rodata\n"
        INCLUDE("mm_mm1_weights", MM_MM1_WEIGHTS)
        INCLUDE("mm_metric_weights", MM_METRIC_WEIGHTS)
        ".previous\n");
