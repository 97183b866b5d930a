/* SPDX-License-Identifier: BSD-2-Clause */
/* palette.h - colours for countries so that neighbours can be told apart by every eye. */
#ifndef VIEW_PALETTE_H
#define VIEW_PALETTE_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

/* The least Delta-E 2000 between neighbours, under each of the four kinds of vision. */
#define MM_PALETTE_LEAST 15.0

/* Two countries that touch. a < b, every pair once. */
struct mm_border {
    uint32_t a, b;
    double length;
};

/*
 * colours: [n] 0xRRGGBB. Deterministic. *close_pairs: how many pairs of neighbours stayed nearer
 * than MM_PALETTE_LEAST. That is 0 unless more than 16 countries all touch one another or the
 * borders come near to that: no larger set of colours holds the distance for all four eyes. The
 * pairs that then come too near are those with the shortest common borders.
 */
int mm_palette_assign(size_t n, const struct mm_border *borders, size_t n_borders,
                      uint32_t *colours, size_t *close_pairs, struct mm_error *err);

#endif
