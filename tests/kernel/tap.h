/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.h - as much of a test harness as the kernels need: this folder is also built for processors
 * for which the machine has a compiler and an emulator, but no libraries. */
#ifndef TESTS_KERNEL_TAP_H
#define TESTS_KERNEL_TAP_H

#include <stdio.h>
#include <stdlib.h>

#include "musicmap/error.h"

/* Ends the program: "not ok" and why. */
#define tap_fail(...)                    \
    do {                                 \
        printf("not ok - " __VA_ARGS__); \
        printf("\n");                    \
        exit(1);                         \
    } while (0)

#define tap_assert(condition)                                      \
    do {                                                           \
        if (!(condition))                                          \
            tap_fail("%s:%d: %s", __FILE__, __LINE__, #condition); \
    } while (0)

#define tap_assert_ok(call, err)                                     \
    do {                                                             \
        int result_ = (call);                                        \
        if (result_ < 0)                                             \
            tap_fail("%s: %d (%s)", #call, result_, (err)->message); \
    } while (0)

#endif
