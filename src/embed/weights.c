/* SPDX-License-Identifier: BSD-2-Clause */
#include "embed/weights.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

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

/* ---- as bytes ---- */

/* What stands before the values of each tensor. */
struct head {
    char layer[MM_TENSOR_NAME];
    char name[MM_TENSOR_NAME];
    uint64_t rank;
    uint64_t shape[MM_TENSOR_MAX_RANK];
};

int mm_weights_pack(const struct mm_weights *weights, unsigned char **out, size_t *size,
                    struct mm_error *err)
{
    struct mm_text bytes = {0};
    for (size_t i = 0; i < weights->n_tensors; i++) {
        const struct mm_tensor *tensor = &weights->tensors[i];
        struct head head = {.rank = tensor->rank};
        memcpy(head.layer, tensor->layer, sizeof head.layer);
        memcpy(head.name, tensor->name, sizeof head.name);
        for (size_t d = 0; d < tensor->rank; d++)
            head.shape[d] = tensor->shape[d];
        mm_text_add_bytes(&bytes, &head, sizeof head);
        mm_text_add_bytes(&bytes, tensor->data, tensor->count * sizeof *tensor->data);
    }
    *size = bytes.length;
    *out = (unsigned char *)mm_text_steal(&bytes);
    return *out || *size == 0 ? 0 : mm_no_memory(err);
}

/* Reads one tensor at *at; false when it does not hold together. data stays NULL without memory. */
static bool unpack_tensor(const unsigned char **at, size_t *left, struct mm_tensor *tensor)
{
    struct head head;
    *tensor = (struct mm_tensor){0};
    if (*left < sizeof head)
        return false;
    memcpy(&head, *at, sizeof head);
    *at += sizeof head;
    *left -= sizeof head;
    if (!memchr(head.layer, 0, sizeof head.layer) || !memchr(head.name, 0, sizeof head.name) ||
        head.rank == 0 || head.rank > MM_TENSOR_MAX_RANK)
        return false;
    memcpy(tensor->layer, head.layer, sizeof head.layer);
    memcpy(tensor->name, head.name, sizeof head.name);
    tensor->rank = head.rank;
    size_t bytes = sizeof(float);
    for (size_t d = 0; d < tensor->rank; d++) {
        tensor->shape[d] = head.shape[d];
        if (head.shape[d] == 0 || __builtin_mul_overflow(bytes, head.shape[d], &bytes))
            return false;
    }
    if (bytes > *left)
        return false;
    tensor->count = bytes / sizeof(float);
    tensor->data = malloc(bytes);
    if (!tensor->data)
        return true;
    memcpy(tensor->data, *at, bytes);
    *at += bytes;
    *left -= bytes;
    for (size_t i = 0; i < tensor->count; i++)
        if (!isfinite(tensor->data[i]))
            return false;
    return true;
}

int mm_weights_unpack(const unsigned char *bytes, size_t size,
                      const struct mm_weights_limits *limits, struct mm_weights *out,
                      struct mm_error *err)
{
    *out = (struct mm_weights){0};
    size_t capacity = 0;
    size_t most = limits->layers * 8;
    int result = 0;
    while (result == 0 && size > 0) {
        struct mm_tensor tensor = {0};
        if (out->n_tensors == most ||
            mm_array_reserve(&out->tensors, &capacity, out->n_tensors + 1) < 0)
            result = mm_no_memory(err);
        else if (!unpack_tensor(&bytes, &size, &tensor))
            result = mm_error_set(err, MM_ERR_INPUT, "the helper's weights do not hold together");
        else if (!tensor.data)
            result = mm_no_memory(err);
        if (result < 0)
            free(tensor.data);
        else
            out->tensors[out->n_tensors++] = tensor;
    }
    if (result < 0)
        mm_weights_finish(out);
    return result;
}
