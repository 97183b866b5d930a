/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights.h - trained numbers as they come out of a file: a flat list of named tensors.
 *
 *     struct mm_weights weights;
 *     mm_weights_read_keras("openl3.h5.gz", &mm_weights_limits_default, &weights, err);
 *     ... weights.tensors[i] ...
 *     mm_weights_finish(&weights);
 *
 * The list has no pointers into a library's memory, so it can be read in one process and used in
 * another (mm_weights_pack, mm_weights_unpack): the libraries that parse such files were not
 * written for hostile ones.
 *
 * Threads: the calls share nothing but HDF5, which is entered by one thread at a time.
 */
#ifndef EMBED_WEIGHTS_H
#define EMBED_WEIGHTS_H

#include <stddef.h>

#include "musicmap/error.h"

#define MM_TENSOR_MAX_RANK 4
#define MM_TENSOR_NAME     96 /* bytes, with the NUL */

struct mm_tensor {
    char layer[MM_TENSOR_NAME]; /* "conv2d_1" */
    char name[MM_TENSOR_NAME];  /* "kernel", "bias", "gamma", ... */
    size_t rank;
    size_t shape[MM_TENSOR_MAX_RANK];
    size_t count; /* product of shape */
    float *data;  /* [shape[0]][shape[1]]..., finite */
};

/* Tensors in the order of the network's layers; all of one layer stand together. */
struct mm_weights {
    size_t n_tensors;
    struct mm_tensor *tensors;
};
void mm_weights_finish(struct mm_weights *weights);

/* What a file may ask of us, checked before anything is allocated for it. */
struct mm_weights_limits {
    size_t file_bytes;   /* the file, unpacked */
    size_t weight_bytes; /* all tensors together */
    size_t layers;
};
extern const struct mm_weights_limits mm_weights_limits_default;

/*
 * Reads a Keras HDF5 file: weights alone or a whole model (group model_weights), plain or gzipped.
 * Layers come in the order of the attribute layer_names; of each layer, the tensors called kernel,
 * bias, gamma, beta, moving_mean and moving_variance are taken and others skipped unread (old
 * OpenL3 files keep their spectrogram there). Links and data outside of the file are refused.
 * MM_ERR_INPUT: no such file; MM_ERR_LIMIT: larger than limits allow.
 */
int mm_weights_read_keras(const char *path, const struct mm_weights_limits *limits,
                          struct mm_weights *out, struct mm_error *err);

/* The same from memory, not gzipped. image is not changed. */
int mm_weights_parse_keras(const void *image, size_t size, const struct mm_weights_limits *limits,
                           struct mm_weights *out, struct mm_error *err);

/*
 * The list as one block of bytes for another process on the same machine, and back. *out: free().
 * Unpacking believes nothing: MM_ERR_INPUT when lengths, names or values are not as they must be.
 */
int mm_weights_pack(const struct mm_weights *weights, unsigned char **out, size_t *size,
                    struct mm_error *err);
int mm_weights_unpack(const unsigned char *bytes, size_t size,
                      const struct mm_weights_limits *limits, struct mm_weights *out,
                      struct mm_error *err);

/* The tensor of this name in this layer; NULL when there is none. */
const struct mm_tensor *mm_weights_find(const struct mm_weights *weights, const char *layer,
                                        const char *name);

#endif
