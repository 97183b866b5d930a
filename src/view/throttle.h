/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * throttle.h - how much one address may ask for: token buckets.
 *
 * An address has a bucket that refills at a steady rate. Buckets lie in a table of fixed size,
 * found by a hash that a stranger cannot foresee; where addresses meet, the one with the fullest
 * bucket is forgotten, which costs it nothing. IPv6 counts by its first 64 bits, which is what one
 * customer gets.
 *
 * Threads: any.
 */
#ifndef VIEW_THROTTLE_H
#define VIEW_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "musicmap/error.h"

struct mm_throttle;
/* Buckets of burst tokens that refill by rate a second. */
int mm_throttle_create(double burst, double rate, struct mm_throttle **out, struct mm_error *err);
void mm_throttle_destroy(struct mm_throttle *throttle);

/* Takes cost tokens at now (monotonic seconds); false: there are not as many, none are taken. */
bool mm_throttle_take(struct mm_throttle *throttle, uint64_t who, double now, double cost);

struct sockaddr;
/* What stands for an address; 0 for one of no known kind. */
uint64_t mm_throttle_who(const struct sockaddr *address);
/* The same of an address in text, as proxies write it; 0 when it is none. */
uint64_t mm_throttle_who_text(const char *address);

#endif
