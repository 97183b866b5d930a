/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

int main(void)
{
    puts("musicmap " MM_VERSION);
    return 0;
}
