/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scarce.h - for tests: memory that runs out at the n-th request, and writes that fail or stop
 * short at the n-th. The C library's calls are replaced for the whole program, so that libraries
 * are hit too; the sanitizers bring allocators of their own, so there SCARCE_MEMORY is 0.
 *
 * Streams write behind the back of write(): with SCARCE_STREAMS defined before this is included,
 * those that are opened for writing while writes are counted go through it, and fsync() and
 * rename() count as writes.
 *
 * Requests are counted in the thread that set them only: others get what they ask for.
 */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
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

ssize_t write(int fd, const void *bytes, size_t count)
{
    return scarce_write(SYS_write, fd, bytes, count, 0);
}

/* 64-bit offsets: pwrite64. */
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    return scarce_write(SYS_pwrite64, fd, bytes, count, at);
}

/* Every n-th call where there is time ("make check-full"); otherwise those after the first few in
 * strides. */
static inline long scarce_next(long n, long every_one_below, long stride)
{
    const char *full = getenv("MUSICMAP_FULL");
    return n + (n < every_one_below || (full && *full) ? 1 : stride);
}

#ifdef SCARCE_STREAMS
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct {
    FILE *stream;
    int fd;
} watched_streams[16];

static int *watched(const FILE *stream)
{
    for (size_t i = 0; i < sizeof watched_streams / sizeof *watched_streams; i++)
        if (watched_streams[i].stream == stream)
            return &watched_streams[i].fd;
    return NULL;
}

/* As the C library does it: goes on where a write stopped short, gives up where one failed. */
static ssize_t stream_write(void *cookie, const char *bytes, size_t count)
{
    const int *fd = cookie;
    size_t done = 0;
    while (done < count) {
        ssize_t n = write(*fd, bytes + done, count - done);
        if (n < 0)
            return 0;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
    *at = lseek(*(const int *)cookie, *at, whence);
    return *at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
    int *fd = cookie;
    for (size_t i = 0; i < sizeof watched_streams / sizeof *watched_streams; i++)
        if (&watched_streams[i].fd == fd)
            watched_streams[i].stream = NULL;
    return close(*fd);
}

static FILE *watch(int *slot, int fd)
{
    const cookie_io_functions_t calls = {
        .write = stream_write, .seek = stream_seek, .close = stream_close};
    *slot = fd;
    return fopencookie(slot, "w", calls);
}

/* 64-bit offsets: fopen64. */
FILE *fopen(const char *path, const char *mode)
{
    for (size_t i = 0; writes_left >= 0 && mode[0] == 'w' && i < 16; i++) {
        if (watched_streams[i].stream)
            continue;
        int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (strchr(mode, 'x') ? O_EXCL : O_TRUNC);
        int fd = open(path, flags, 0666);
        return fd < 0 ? NULL : (watched_streams[i].stream = watch(&watched_streams[i].fd, fd));
    }
    FILE *(*next)(const char *, const char *);
    *(void **)&next = dlsym(RTLD_NEXT, "fopen64");
    return next(path, mode);
}

int fileno(FILE *stream)
{
    const int *fd = watched(stream);
    return fd ? *fd : stream->_fileno;
}

int fsync(int fd)
{
    if (let_through(1) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    if (let_through(1) == 0) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
#endif

#endif
