/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list of what is allowed, not of what is forbidden: a system call that is not on it, also one of
 * a kernel to come, fails with ENOSYS, which libraries take for an older kernel and work around.
 */
#include "work/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define MEMORY_LIMIT ((rlim_t)2 << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(MM_COVERAGE)
#define UNCONFINED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNCONFINED 1
#endif
#endif

static void limit(int resource, rlim_t most)
{
    setrlimit(resource, &(struct rlimit){most, most});
}

#ifndef UNCONFINED

/* Names that a processor's kernel does not have are passed over. */
static const char *const allowed[] = {
    /* what is open already */
    "read", "readv", "pread64", "preadv", "write", "writev", "lseek", "close", "fstat", "dup",
    "fcntl", "ioctl", "flock", "fadvise64", "poll", "ppoll", "select", "pselect6", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "pipe2", "recvfrom", "recvmsg", "sendto",
    "sendmsg", "shutdown", "getsockopt", "setsockopt",
    /* looking at files */
    "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "getdents64", "statfs", "fstatfs",
    /* memory */
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "membarrier",
    /* threads, waiting, time */
    "futex", "set_robust_list", "rseq", "set_tid_address", "arch_prctl", "sched_yield",
    "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler", "nanosleep",
    "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "restart_syscall",
    "getcpu",
    /* this process itself */
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrusage",
    "getrlimit", "setrlimit", "prlimit64", "uname", "sysinfo", "times", "getrandom", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "exit", "exit_group"};

static bool allow(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    return number < 0 || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

/* Opening, when it is for reading alone. */
static bool allow_reading(scmp_filter_ctx filter)
{
    const scmp_datum_t mask = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    bool done = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, mask, O_RDONLY)) == 0;
    int open_number = seccomp_syscall_resolve_name("open");
    if (open_number >= 0)
        done = done && seccomp_rule_add(filter, SCMP_ACT_ALLOW, open_number, 1,
                                        SCMP_A1(SCMP_CMP_MASKED_EQ, mask, O_RDONLY)) == 0;
    return done;
}

/* A thread, but no process; and signals to nobody but itself, as abort() wants. clone3 keeps its
 * flags where a filter cannot look: without it the C library takes clone. */
static bool allow_threads(scmp_filter_ctx filter, scmp_datum_t own)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, own, 0)) == 0;
}

/* What people would try is refused, as without the rights to it, rather than missing. */
static bool refuse(scmp_filter_ctx filter)
{
    static const char *const refused[] = {"socket",   "connect", "bind",    "execve", "unlink",
                                          "unlinkat", "rename",  "mkdirat", "kill"};
    bool done = true;
    for (size_t i = 0; i < sizeof refused / sizeof *refused && done; i++) {
        int number = seccomp_syscall_resolve_name(refused[i]);
        done = number < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), number, 0) == 0;
    }
    return done;
}

static bool filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return false;
    bool done =
        refuse(filter) && allow_reading(filter) && allow_threads(filter, (scmp_datum_t)getpid());
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed && done; i++)
        done = allow(filter, allowed[i]);
    done = done && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

#endif

bool mm_confine(void)
{
    limit(RLIMIT_CORE, 0);
#ifdef UNCONFINED /* a sanitizer's shadow memory alone is larger than any limit */
    return false;
#else
    limit(RLIMIT_DATA, MEMORY_LIMIT);
    signal(SIGXFSZ, SIG_IGN); /* writing to a file then fails like any other call */
    limit(RLIMIT_FSIZE, 0);
    return filter_calls();
#endif
}

void mm_confine_time(double seconds)
{
    struct rusage used;
    struct rlimit now;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &now) != 0)
        return;
    double total = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1 + ceil(seconds);
    now.rlim_cur = (rlim_t)total < now.rlim_max ? (rlim_t)total : now.rlim_max;
    setrlimit(RLIMIT_CPU, &now);
}
