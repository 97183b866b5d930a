/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double real_now(void *ctx)
{
    (void)ctx;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void real_wait(void *ctx, double seconds)
{
    (void)ctx;
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (seconds > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

static double shared_now(void *ctx)
{
    _Atomic int64_t *microseconds = ctx;
    return 1e-6 * (double)atomic_load(microseconds);
}

static void shared_wait(void *ctx, double seconds)
{
    _Atomic int64_t *microseconds = ctx;
    if (seconds > 0)
        atomic_fetch_add(microseconds, (int64_t)(seconds * 1e6) + 1);
}

static struct mm_http_clock chosen = {real_now, real_wait, NULL};

static void choose(void)
{
    const char *path = getenv("MUSICMAP_CLOCK");
    int fd = path && *path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    struct stat st;
    if (fd < 0)
        return;
    void *map = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= 8)
        map = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        chosen = (struct mm_http_clock){shared_now, shared_wait, map};
}

const struct mm_http_clock *mm_http_clock_default(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return &chosen;
}
