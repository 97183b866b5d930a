/* SPDX-License-Identifier: BSD-2-Clause */
/* retry.h - the one policy for trying again, as pure functions. */
#ifndef HTTP_RETRY_H
#define HTTP_RETRY_H

#include "base/random.h"
#include <stdbool.h>

#define MM_RETRY_UNKNOWN (-1.0)

/*
 * Seconds that a Retry-After header asks for: a number or an HTTP date (seen from now, seconds
 * since 1970). MM_RETRY_UNKNOWN when it is missing (NULL), no number, negative or past; at most 30
 * days.
 */
double mm_retry_after(const char *header, double now);

enum mm_retry { MM_RETRY_WAIT, MM_RETRY_GIVE_UP, MM_RETRY_STOP };

struct mm_retry_policy {
    int tries;         /* at most, the first included */
    double max_wait_s; /* a longer wait that is asked for ends the run */
};
/*
 * What to do after `tries` failed tries. asked_s is what the server asked for, or MM_RETRY_UNKNOWN.
 * STOP: it asks for more than we wait; *wait_s says how much.
 */
enum mm_retry mm_retry_decide(const struct mm_retry_policy *policy, int tries, double asked_s,
                              struct mm_random *random, double *wait_s);

#endif
