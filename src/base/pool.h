/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - a few threads for loops whose rounds do not depend on one another.
 *
 *     mm_pool_run(pool, n_blocks, do_block, &ctx);
 *
 * calls do_block(ctx, i, worker) once for each i in 0 .. n_blocks-1, in any order. worker is
 * 0 .. mm_pool_jobs()-1 and belongs to one round at a time: index scratch memory with it. So that
 * results do not depend on the number of threads, cut the work into blocks of fixed size, give
 * every block its own output and add the outputs up in order afterwards.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#include "musicmap/error.h"

struct mm_pool;
/* jobs 0 = one a core. The calling thread counts as one of them. */
int mm_pool_create(size_t jobs, struct mm_pool **out, struct mm_error *err);
void mm_pool_destroy(struct mm_pool *pool);
size_t mm_pool_jobs(const struct mm_pool *pool);

/* Returns when all rounds are done. From one thread at a time; not from inside a round. */
void mm_pool_run(struct mm_pool *pool, size_t n, void (*round)(void *ctx, size_t i, size_t worker),
                 void *ctx);

/* The same for work (multiplications, all rounds together) that may be so little that waking
 * threads takes longer: the caller then does all rounds, in order. */
void mm_pool_run_sized(struct mm_pool *pool, size_t n, double work,
                       void (*round)(void *ctx, size_t i, size_t worker), void *ctx);

/* Processors this process may use. */
size_t mm_cpu_count(void);

#endif
