/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - time that only goes forward, for measuring how long something takes; and time as clocks
 * on the wall show it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds since some moment before the program began. Any thread. */
static inline double mm_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A moment (seconds since 1970) as the clock on the wall shows it, counted as if that were UTC: so
 * are all times of sets and of the play log. */
static inline int64_t mm_clock_local(int64_t at)
{
    time_t moment = (time_t)at;
    struct tm tm;
    return localtime_r(&moment, &tm) ? (int64_t)timegm(&tm) : at;
}

#endif
