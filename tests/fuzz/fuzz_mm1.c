/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in network's weights, where they are somebody else's. */
#include <stdlib.h>

#include "embed/mm1_net.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct mm_mm1_net *net = NULL;
    struct mm_error err = {0};
    if (mm_mm1_net_create(data, size, mm_kernels_find("generic"), &net, &err) < 0 && !*err.message)
        abort();
    mm_mm1_net_destroy(net);
    return 0;
}
