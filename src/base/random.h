/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.h - seeded random numbers: splitmix64 (Steele, Lea, Flood 2014). The same seed gives the
 * same numbers on every machine. Not for secrets.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct mm_random {
    uint64_t state;
};

static inline uint64_t mm_random_next(struct mm_random *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A generator of its own for part number `stream` of a computation, whatever thread runs it. */
static inline struct mm_random mm_random_stream(uint64_t seed, uint64_t stream)
{
    struct mm_random r = {seed ^ (stream * 0xD1342543DE82EF95u + 0x632BE59BD9B4E019u)};
    mm_random_next(&r);
    return r;
}

/* [0, 1) with 53 bits. */
static inline double mm_random_unit(struct mm_random *r)
{
    return (double)(mm_random_next(r) >> 11) * 0x1p-53;
}

/* 0 .. n-1, n >= 1, without bias (Lemire 2019). */
static inline size_t mm_random_below(struct mm_random *r, size_t n)
{
    __uint128_t m = (__uint128_t)mm_random_next(r) * n;
    uint64_t low = (uint64_t)m;
    if (low < n) {
        uint64_t floor = -(uint64_t)n % n;
        while (low < floor) {
            m = (__uint128_t)mm_random_next(r) * n;
            low = (uint64_t)m;
        }
    }
    return (size_t)(m >> 64);
}

/* Standard normal (Box-Muller, one of the pair). */
static inline double mm_random_normal(struct mm_random *r)
{
    double u = 1.0 - mm_random_unit(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * mm_random_unit(r));
}

#endif
