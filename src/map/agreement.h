/* SPDX-License-Identifier: BSD-2-Clause */
/* agreement.h - how well two groupings of the same songs agree. */
#ifndef MAP_AGREEMENT_H
#define MAP_AGREEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_agreement {
    double nmi; /* mutual information / mean of the two entropies: 0..1 */
    double ami; /* the same less what chance gives: about 0 for groupings that are unrelated, at
                   most 1 */
    double ari; /* share of the pairs of songs on which they agree, less what chance gives (Hubert &
                   Arabie 1985); at most 1 */
};

/* a: [n] 0 .. n_a-1, b: [n] 0 .. n_b-1; n >= 1. */
int mm_agreement_measure(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, size_t n,
                         struct mm_agreement *out, struct mm_error *err);

#endif
