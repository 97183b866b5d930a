/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk through a Keras file, and the list of tensors on its way from one process to another. */
#include <stdint.h>
#include <stdlib.h>

#include "embed/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct mm_weights_limits limits = {
    .file_bytes = 1 << 20, .weight_bytes = 4 << 20, .layers = 64};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mm_weights weights;
    struct mm_weights again;
    struct mm_error err = {0};
    unsigned char *packed = NULL;
    size_t length;
    if (size > 0 && bytes[0] != 0x89) { /* no HDF5 file: take it for a packed list */
        if (mm_weights_unpack(bytes, size, &limits, &weights, &err) == 0)
            mm_weights_finish(&weights);
        return 0;
    }
    if (mm_weights_parse_keras(bytes, size, &limits, &weights, &err) < 0)
        return 0;
    size_t total = 0;
    for (size_t i = 0; i < weights.n_tensors; i++)
        total += weights.tensors[i].count * sizeof(float);
    if (total > limits.weight_bytes)
        abort();
    if (mm_weights_pack(&weights, &packed, &length, &err) < 0 ||
        mm_weights_unpack(packed, length, &limits, &again, &err) < 0 ||
        again.n_tensors != weights.n_tensors)
        abort(); /* what one process packs the other must understand */
    free(packed);
    mm_weights_finish(&again);
    mm_weights_finish(&weights);
    return 0;
}
