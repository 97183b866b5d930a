/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scarce.h - for tests: memory that runs out at the n-th request, and writes that fail or stop
 * short at the n-th. The C library's calls are replaced for the whole program, so that libraries
 * are hit too; the sanitizers bring allocators of their own, so there SCARCE_MEMORY is 0.
 *
 * Requests are counted in the thread that set them only: others get what they ask for.
 */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCARCE_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SCARCE_MEMORY 0
#else
#define SCARCE_MEMORY 1
#endif
#elif defined(__GLIBC__)
#define SCARCE_MEMORY 1
#else
#define SCARCE_MEMORY 0
#endif

static _Thread_local long requests_left = -1; /* -1 = all are granted */
static _Thread_local long held;               /* blocks in use since counting began */
static _Thread_local bool counting;
static _Thread_local long writes_left = -1; /* the same for writes; then each fails */
static _Thread_local long writes_refused;
static _Thread_local bool writes_short; /* it takes half of the bytes instead, once */

#if SCARCE_MEMORY
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *block);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);
void free(void *block);

static bool refuse_memory(void)
{
    if (requests_left == 0) {
        errno = ENOMEM;
        return true;
    }
    if (requests_left > 0)
        requests_left--;
    return false;
}

void *malloc(size_t size)
{
    void *block = refuse_memory() ? NULL : __libc_malloc(size);
    held += counting && block;
    return block;
}

void *calloc(size_t n, size_t size)
{
    void *block = refuse_memory() ? NULL : __libc_calloc(n, size);
    held += counting && block;
    return block;
}

void *realloc(void *old, size_t size)
{
    void *block = refuse_memory() ? NULL : __libc_realloc(old, size);
    held += counting && block && !old;
    return block;
}

void free(void *block)
{
    held -= counting && block;
    __libc_free(block);
}
#endif

/* How many bytes are let through: none (a full disk), half (once), all. */
static size_t let_through(size_t count)
{
    if (writes_left != 0) {
        writes_left -= writes_left > 0;
        return count;
    }
    writes_refused++;
    if (!writes_short || count < 2)
        return 0;
    writes_short = false;
    writes_left = -1;
    return count / 2;
}

static ssize_t scarce_write(long call, int fd, const void *bytes, size_t count, off_t at)
{
    size_t n = let_through(count);
    if (n == 0 && count) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(call, fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t count);
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at); /* 64-bit offsets: pwrite64 */

ssize_t write(int fd, const void *bytes, size_t count)
{
    return scarce_write(SYS_write, fd, bytes, count, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    return scarce_write(SYS_pwrite64, fd, bytes, count, at);
}

#endif
