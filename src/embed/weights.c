/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/weights.h"

#include <stdlib.h>
#include <string.h>

const struct mm_weights_limits mm_weights_limits_default = {
    .file_bytes = (size_t)256 << 20,
    .weight_bytes = (size_t)256 << 20,
    .layers = 1024,
};

void mm_weights_finish(struct mm_weights *weights)
{
    if (!weights)
        return;
    for (size_t i = 0; i < weights->n_tensors; i++)
        free(weights->tensors[i].data);
    free(weights->tensors);
    *weights = (struct mm_weights){0};
}

const struct mm_tensor *mm_weights_find(const struct mm_weights *weights, const char *layer,
                                        const char *name)
{
    for (size_t i = 0; i < weights->n_tensors; i++)
        if (strcmp(weights->tensors[i].layer, layer) == 0 &&
            strcmp(weights->tensors[i].name, name) == 0)
            return &weights->tensors[i];
    return NULL;
}
