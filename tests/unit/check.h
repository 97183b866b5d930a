/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what every unit test includes: cmocka and a temporary folder. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "musicmap/error.h"

/* The sanitized builds take ten times as long: of much work of one kind they do a part, and the
 * plain build all. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Shows the error's words when a call that must succeed does not. */
#define assert_ok(call, err)                                         \
    do {                                                             \
        int result_ = (call);                                        \
        if (result_ < 0)                                             \
            fail_msg("%s: %d (%s)", #call, result_, (err)->message); \
    } while (0)

/* A new folder of its own below $TMPDIR; free the name. check_remove_folder() deletes all of it. */
static inline char *check_make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    snprintf(path, 4096, "%s/musicmap-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        abort();
    return path;
}

static inline void check_remove_folder(char *path)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0) /* NOLINT: a fixed command on a folder of our own */
        fprintf(stderr, "cannot remove %s\n", path);
    free(path);
}

#endif
