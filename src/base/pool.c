/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* Multiplications that take about as long as waking threads and waiting for them. */
#define LEAST_WORK 2e5

struct worker {
    struct mm_pool *pool;
    size_t number;
    pthread_t thread;
};

struct mm_pool {
    size_t jobs;
    size_t started; /* threads, the caller not counted */
    struct worker *workers;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_cond_t done;
    size_t generation; /* grows with every run: tells a worker that there is work */
    size_t busy;
    bool quit;
    size_t n;
    void (*round)(void *ctx, size_t i, size_t worker);
    void *ctx;
    atomic_size_t next;
};

size_t mm_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (size_t)count : 1;
}

static void take_rounds(struct mm_pool *pool, size_t worker)
{
    for (;;) {
        size_t i = atomic_fetch_add(&pool->next, 1);
        if (i >= pool->n)
            return;
        pool->round(pool->ctx, i, worker);
    }
}

static void *worker_main(void *arg)
{
    struct worker *self = arg;
    struct mm_pool *pool = self->pool;
    size_t seen = 0;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->quit && pool->generation == seen)
            pthread_cond_wait(&pool->wake, &pool->mutex);
        if (pool->quit)
            break;
        seen = pool->generation;
        pthread_mutex_unlock(&pool->mutex);
        take_rounds(pool, self->number);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

int mm_pool_create(size_t jobs, struct mm_pool **out, struct mm_error *err)
{
    *out = NULL;
    struct mm_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    pool->jobs = jobs ? jobs : mm_cpu_count();
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->workers = calloc(pool->jobs, sizeof *pool->workers);
    if (!pool->workers) {
        mm_pool_destroy(pool);
        return mm_error_set(err, MM_ERR_NO_MEMORY, "out of memory");
    }
    for (size_t i = 1; i < pool->jobs; i++) {
        struct worker *w = &pool->workers[i];
        *w = (struct worker){.pool = pool, .number = i};
        int fault = pthread_create(&w->thread, NULL, worker_main, w);
        if (fault) {
            mm_pool_destroy(pool);
            return mm_error_errno(err, fault, "cannot start a thread");
        }
        pool->started = i;
    }
    *out = pool;
    return 0;
}

void mm_pool_destroy(struct mm_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->quit = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool);
}

size_t mm_pool_jobs(const struct mm_pool *pool)
{
    return pool->jobs;
}

void mm_pool_run(struct mm_pool *pool, size_t n, void (*round)(void *ctx, size_t i, size_t worker),
                 void *ctx)
{
    if (n == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->n = n;
    pool->round = round;
    pool->ctx = ctx;
    atomic_store(&pool->next, 0);
    pool->busy = pool->started;
    pool->generation++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);

    take_rounds(pool, 0);

    pthread_mutex_lock(&pool->mutex);
    while (pool->busy)
        pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void mm_pool_run_sized(struct mm_pool *pool, size_t n, double work,
                       void (*round)(void *ctx, size_t i, size_t worker), void *ctx)
{
    if (work > LEAST_WORK)
        mm_pool_run(pool, n, round, ctx);
    else
        for (size_t i = 0; i < n; i++)
            round(ctx, i, 0);
}
