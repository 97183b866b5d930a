/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/secret.h"

enum { SETS = 1024, WAYS = 4 };

struct bucket {
    uint64_t who;       /* 0 = nobody yet */
    double missing, at; /* tokens that were missing at a time */
};

struct mm_throttle {
    pthread_mutex_t mutex;
    double burst, rate;
    uint64_t salt;
    struct bucket buckets[SETS][WAYS];
};

int mm_throttle_create(double burst, double rate, struct mm_throttle **out, struct mm_error *err)
{
    struct mm_throttle *throttle = calloc(1, sizeof *throttle);
    *out = NULL;
    if (!throttle)
        return mm_no_memory(err);
    throttle->burst = burst;
    throttle->rate = rate;
    int result = mm_secret_random(&throttle->salt, sizeof throttle->salt, err);
    if (result < 0) {
        free(throttle);
        return result;
    }
    pthread_mutex_init(&throttle->mutex, NULL);
    *out = throttle;
    return 0;
}

void mm_throttle_destroy(struct mm_throttle *throttle)
{
    if (!throttle)
        return;
    pthread_mutex_destroy(&throttle->mutex);
    free(throttle);
}

/* The finalizer of MurmurHash3 (public domain): every bit of the input moves half of the output. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

bool mm_throttle_take(struct mm_throttle *throttle, uint64_t who, double now, double cost)
{
    pthread_mutex_lock(&throttle->mutex);
    struct bucket *set = throttle->buckets[mix(who ^ throttle->salt) % SETS];
    struct bucket *mine = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        struct bucket *bucket = &set[i];
        double back = (now - bucket->at) * throttle->rate;
        bucket->missing = bucket->missing > back ? bucket->missing - back : 0;
        bucket->at = now;
        if (mine->who != who && (bucket->who == who || bucket->missing < mine->missing))
            mine = bucket;
    }
    if (mine->who != who)
        *mine = (struct bucket){.who = who, .at = now};
    bool enough = mine->missing + cost <= throttle->burst;
    if (enough)
        mine->missing += cost;
    pthread_mutex_unlock(&throttle->mutex);
    return enough;
}

static uint64_t who_v4(const unsigned char bytes[4])
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return UINT64_C(1) << 32 | value; /* no IPv6 network begins with 31 zero bits but :: */
}

static uint64_t who_v6(const struct in6_addr *address)
{
    uint64_t value;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return who_v4(address->s6_addr + 12);
    memcpy(&value, address->s6_addr, sizeof value);
    return value ? value : 1;
}

uint64_t mm_throttle_who(const struct sockaddr *address)
{
    if (address && address->sa_family == AF_INET)
        return who_v4((const unsigned char *)&((const struct sockaddr_in *)address)->sin_addr);
    if (address && address->sa_family == AF_INET6)
        return who_v6(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return 0;
}

uint64_t mm_throttle_who_text(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return who_v4((const unsigned char *)&v4);
    return inet_pton(AF_INET6, address, &v6) == 1 ? who_v6(&v6) : 0;
}
