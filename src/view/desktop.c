/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/desktop.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

enum { NOT_THERE = 127 };

/* The shell goes at once and leaves xdg-open to itself, so that nobody has to wait for it. The
 * folder is an argument, never part of the script. */
static int spawn(char *folder, struct mm_error *err)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char script[] = "command -v xdg-open >/dev/null || exit 127\n"
                    "xdg-open \"$1\" </dev/null >/dev/null 2>&1 &";
    char name[] = "musicmap";
    char *argv[] = {shell, option, script, name, folder, NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawnattr_init(&attributes) != 0)
        return mm_no_memory(err);
    /* The server's threads block signals; what they start should not. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    pid_t child;
    int fault = posix_spawn(&child, shell, NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    if (fault)
        return mm_error_errno(err, fault, "cannot start xdg-open");
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
        return mm_error_set(err, MM_ERR_UNSUPPORTED,
                            "this computer has no xdg-open (Debian: apt install xdg-utils)");
    return 0;
}

int mm_desktop_open(const char *path, struct mm_error *err)
{
    if (path[0] != '/')
        return mm_error_set(err, MM_ERR_NOT_FOUND, "the song is in no folder of this computer");
    size_t length = (size_t)(mm_path_name(path) - path);
    char *folder = mm_strndup(path, length > 1 ? length - 1 : 1);
    if (!folder)
        return mm_no_memory(err);
    int result = access(folder, R_OK) == 0
                     ? spawn(folder, err)
                     : mm_error_set(err, MM_ERR_NOT_FOUND, "the song's folder is not there");
    free(folder);
    return result;
}
