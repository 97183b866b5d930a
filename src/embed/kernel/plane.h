/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plane.h - how a feature map lies in memory.
 *
 * Channels are kept in groups of MM_LANES, so that one pixel of one group is one cache line and a
 * vector register of any width (4, 8, 16 floats) loads channels that belong together:
 *
 *     [groups][top + height + bottom][left + width + right][lanes]
 *
 * A map of one channel (a spectrogram) is kept plainly, lanes = 1. The pixels around the map are
 * the zero padding of the convolution that reads it; they and the unused lanes of the last group
 * are zero before anything is written, and nothing ever writes them otherwise.
 */
#ifndef EMBED_KERNEL_PLANE_H
#define EMBED_KERNEL_PLANE_H

#include <stdbool.h>
#include <stddef.h>

#define MM_LANES 16

struct mm_pad {
    size_t top, left, bottom, right; /* pixels */
};

struct mm_plane {
    size_t channels, height, width;
    struct mm_pad pad;
    size_t lanes;  /* 1 or MM_LANES: also floats from a pixel to its right neighbour */
    size_t groups; /* channels / lanes, rounded up */
    size_t row;    /* floats from a pixel to the one below */
    size_t group;  /* floats from a group to the next */
    size_t size;   /* floats of the whole map, a multiple of MM_LANES */
    size_t origin; /* float of channel 0, pixel (0, 0) */
};

/*
 * Lays out a map. False when a size is 0 or the whole takes more than 2^31 floats: no network of
 * ours comes near, and every product of sizes below stays within size_t.
 */
bool mm_plane_init(struct mm_plane *plane, size_t channels, size_t height, size_t width,
                   struct mm_pad pad);

#endif
