/* SPDX-License-Identifier: BSD-2-Clause */
/* one_crowd.h - values as they would be if they did not fall into crowds. */
#ifndef MAP_ONE_CROWD_H
#define MAP_ONE_CROWD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True: x: [n] were values of more than one crowd; they are now, rising, such of one between the
 * same ends. False: they were of one; x is not fit for use. last: [n] room.
 */
bool mm_one_crowd(float *x, size_t n, size_t *last);

#endif
