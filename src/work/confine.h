/* SPDX-License-Identifier: BSD-2-Clause */
/* confine.h - what a process may still do that is about to read a stranger's file. */
#ifndef WORK_CONFINE_H
#define WORK_CONFINE_H

#include <stdbool.h>

/*
 * From here on, for all threads to come: no core file, 2 GiB of memory, no file written, no program
 * started, no connection made, no process but itself touched. What is open stays usable, files may
 * be opened to be read, threads may be started. It cannot be undone.
 *
 * Returns whether the kernel filters system calls; where it does not (old kernels, emulators), the
 * limits of setrlimit alone hold: memory, core files, writing. Programs built with a sanitizer
 * are not confined, since those do what is forbidden here.
 */
bool mm_confine(void);

/* The next piece of work may take this many seconds of processor; then the process is killed by
 * SIGXCPU. */
void mm_confine_time(double seconds);

#endif
