/* SPDX-License-Identifier: BSD-2-Clause */
/* The weights of mm1, as train/pack.py wrote them, inside the program. */
#include "embed/mm1_net.h"

/* clang-format off */
__asm__(".section .rodata\n"
        ".balign 16\n"
        ".global mm_mm1_weights\n"
        "mm_mm1_weights:\n"
        ".incbin \"" MM_MM1_WEIGHTS "\"\n"
        ".global mm_mm1_weights_end\n"
        "mm_mm1_weights_end:\n"
        ".byte 0\n"
        ".previous\n");
