/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/retry.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define LONGEST (30.0 * 86400)

double mm_retry_after(const char *header, double now)
{
    if (!header)
        return MM_RETRY_UNKNOWN;
    while (*header == ' ' || *header == '\t')
        header++;
    double seconds;
    if (*header >= '0' && *header <= '9') {
        char *end;
        errno = 0;
        unsigned long long value = strtoull(header, &end, 10);
        if (*end && *end != ' ' && *end != '.')
            return MM_RETRY_UNKNOWN;
        seconds = errno ? LONGEST : (double)value;
    } else {
        time_t date = curl_getdate(header, NULL);
        if (date < 0 || (double)date < now)
            return MM_RETRY_UNKNOWN;
        seconds = (double)date - now;
    }
    return seconds > LONGEST ? LONGEST : seconds;
}

/* How long to wait before try number tries + 1 (tries >= 1 were made): 1 s doubled with each, at
 * most 60 s, times 0.75 .. 1.25 drawn from *random. */
static double backoff(int tries, struct mm_random *random)
{
    double seconds = 1;
    while (--tries > 0 && seconds < 60)
        seconds *= 2;
    if (seconds > 60)
        seconds = 60;
    return seconds * (0.75 + 0.5 * mm_random_unit(random));
}

enum mm_retry mm_retry_decide(const struct mm_retry_policy *policy, int tries, double asked_s,
                              struct mm_random *random, double *wait_s)
{
    *wait_s = asked_s >= 0 ? asked_s : backoff(tries, random);
    if (*wait_s > policy->max_wait_s)
        return MM_RETRY_STOP;
    return tries >= policy->tries ? MM_RETRY_GIVE_UP : MM_RETRY_WAIT;
}
