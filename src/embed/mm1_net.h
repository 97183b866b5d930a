/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm1_net.h - the network of mm1, from a mel picture of three seconds to a vector.
 *
 *     x = scale * picture + shift                                   (a band at a time)
 *     x = relu(conv7x5(x)), halved
 *     three times:  x = relu(conv3x3(relu(conv3x3(x), halved)) + conv2x2(x), halved)
 *     vector = dense([mean over time of each band; maximum; deviation])
 *
 * Batch norms are folded into the convolutions (train/pack.py, which also has the layout of the
 * weights). A convolution with a stride of two is computed at every place, and every other place is
 * taken: the kernels know no strides, and all of it is 40 million products for three seconds.
 *
 * Threads: a network is read-only once made; every thread has a work space of its own.
 */
#ifndef EMBED_MM1_NET_H
#define EMBED_MM1_NET_H

#include <stddef.h>

#include "embed/kernel/conv.h"
#include "embed/mm1.h"

#define MM_MM1_FRAMES 128
#define MM_MM1_BANDS  64

struct mm_mm1_net;
/* MM_ERR_INPUT: the bytes are not such weights. */
int mm_mm1_net_create(const unsigned char *bytes, size_t size, const struct mm_kernels *kernels,
                      struct mm_mm1_net **out, struct mm_error *err);
void mm_mm1_net_destroy(struct mm_mm1_net *net);
size_t mm_mm1_net_bytes(const struct mm_mm1_net *net);

struct mm_mm1_work;
int mm_mm1_work_create(const struct mm_mm1_net *net, struct mm_mm1_work **out,
                       struct mm_error *err);
void mm_mm1_work_destroy(struct mm_mm1_work *work);
size_t mm_mm1_work_bytes(const struct mm_mm1_net *net);

/*
 * energy: mel energies [MM_MM1_FRAMES][MM_MM1_BANDS], not negative; becomes the picture that enters
 * the network, log10(energy / their mean + 1e-6): how loud a song is does not matter.
 */
void mm_mm1_picture(float *energy);

/* picture as above; out: [MM_MM1_DIM]. */
void mm_mm1_net_run(const struct mm_mm1_net *net, struct mm_mm1_work *work, const float *picture,
                    float *out);

#endif
