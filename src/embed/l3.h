/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * l3.h - the audio half of "Look, Listen and Learn": what OpenL3 and EdgeL3 compute.
 *
 *     x = batchnorm(spectrogram)
 *     three times:  x = pool2x2(relu(bn(conv3x3(relu(bn(conv3x3(x)))))))
 *     x = relu(bn(conv3x3(x)));  x = conv3x3(x)   [EdgeL3: relu(bn(conv3x3(x)))]
 *     embedding = flatten(maxpool(x))             in [row][column][channel] order
 *
 * (Arandjelovic, Zisserman 2017; Cramer, Wu, Salamon, Bello, ICASSP 2019; Kumari and others, 2019.)
 *
 * Threads: a network is read-only once made and shared; every thread has a work space of its own.
 * An embedding does not depend on its place in the batch.
 */
#ifndef EMBED_L3_H
#define EMBED_L3_H

#include <stdbool.h>
#include <stddef.h>

#include "embed/kernel/conv.h"
#include "embed/weights.h"

#define MM_L3_CONVS 8

struct mm_l3_spec {
    size_t bins, frames;
    size_t filters[MM_L3_CONVS];
    bool last_norm;        /* batch norm and relu behind the last convolution, too */
    size_t pool_h, pool_w; /* of the last map, zero-cost padding to a multiple ('same') */
};

struct mm_l3;

/* Weights must chain as the specification says; the error names the layer that does not. */
int mm_l3_create(const struct mm_l3_spec *spec, const struct mm_weights *weights,
                 const struct mm_kernels *kernels, struct mm_l3 **out, struct mm_error *err);
void mm_l3_destroy(struct mm_l3 *net);
size_t mm_l3_dim(const struct mm_l3 *net);     /* values of an embedding */
size_t mm_l3_in_size(const struct mm_l3 *net); /* bins x frames */
size_t mm_l3_bytes(const struct mm_l3 *net);   /* memory of the network itself */

/* Memory for running up to batch windows at a time. */
struct mm_l3_work;
int mm_l3_work_create(const struct mm_l3 *net, size_t batch, struct mm_l3_work **out,
                      struct mm_error *err);
void mm_l3_work_destroy(struct mm_l3_work *work);
size_t mm_l3_work_bytes(const struct mm_l3 *net, size_t batch);

/* in: [n][bins][frames], n <= batch; out: [n][dim]. */
void mm_l3_run(const struct mm_l3 *net, struct mm_l3_work *work, size_t n, const float *in,
               float *out);

#endif
