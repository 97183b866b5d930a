/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the time that pacing and waiting go by: the computer's, or, so that tests of hours of
 * polite waiting take seconds, one that stands still until somebody waits on it.
 */
#ifndef HTTP_CLOCK_H
#define HTTP_CLOCK_H

struct mm_http_clock {
    double (*now)(void *ctx); /* seconds since 1970 */
    void (*wait)(void *ctx, double seconds);
    void *ctx;
};

/*
 * The computer's clock; where $MUSICMAP_CLOCK names a file (8 bytes, microseconds since 1970, in
 * the machine's byte order), the one in it: waiting moves it on. tests/http/standin.py --clock
 * shares it.
 */
const struct mm_http_clock *mm_http_clock_default(void);

#endif
