/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - time that only goes forward, for measuring how long something takes. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <time.h>

/* Seconds since some moment before the program began. Any thread. */
static inline double mm_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
