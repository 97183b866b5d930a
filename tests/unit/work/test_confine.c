/* SPDX-License-Identifier: BSD-2-Clause */
/* A child confines itself and then tries everything. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work/confine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(MM_COVERAGE)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum { KEPT = 0, UNFILTERED = 77 };

static void *in_thread(void *flag)
{
    *(int *)flag = 1;
    return NULL;
}

static bool starts_a_thread(void)
{
    int ran = 0;
    pthread_t thread;
    return pthread_create(&thread, NULL, in_thread, &ran) == 0 && pthread_join(thread, NULL) == 0 &&
           ran;
}

/* What goes on working: 0, or the number of what does not. */
static int try_allowed(int pipe_end)
{
    char buffer[16];
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, buffer, sizeof buffer) < 1 || close(fd) != 0)
        return 1;
    if (write(pipe_end, "x", 1) != 1)
        return 2;
    if (!starts_a_thread())
        return 3;
    void *block = malloc((size_t)64 << 20);
    if (!block)
        return 4;
    free(block);
    struct stat st;
    return stat("/etc/passwd", &st) == 0 ? 0 : 5;
}

/* What must fail: 0, or the number of what did not. */
static int try_forbidden(const char *path)
{
    if (open(path, O_WRONLY | O_CREAT, 0600) >= 0 || open(path, O_RDWR) >= 0)
        return 11;
    if (unlink(path) == 0 || rename(path, "elsewhere") == 0 || mkdir("folder", 0700) == 0 ||
        chmod(path, 0777) == 0 || symlink(path, "link") == 0 || truncate(path, 0) == 0)
        return 12;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
        return 13;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        return 14;
    execl("/bin/true", "true", (char *)NULL); /* would end with 0, which the test would not see */
    if (kill(getppid(), SIGTERM) == 0)
        return 16;
    void *volatile block = malloc((size_t)3 << 30);
    if (block)
        return 17;
    return 0;
}

static int confined(const char *path, int pipe_end)
{
    if (!mm_confine())
        return UNFILTERED;
    int wrong = try_allowed(pipe_end);
    if (wrong == 0)
        wrong = try_forbidden(path);
    return wrong ? wrong : 99;
}

static int run_child(int (*work)(const char *, int), const char *path)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(work(path, ends[1]));
    close(ends[1]);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_confined_process_can_read_and_nothing_else(void **state)
{
    (void)state;
    char path[] = "/tmp/musicmap-confine-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    signal(SIGPIPE, SIG_IGN);
    int status = run_child(confined, path);
    assert_int_equal(access(path, F_OK), 0);
    close(fd);
    unlink(path);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == UNFILTERED && !SANITIZED)
        print_message("# this kernel filters no system calls\n");
    if (WEXITSTATUS(status) == UNFILTERED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 99);
}

static int burn(const char *path, int pipe_end)
{
    (void)path;
    (void)pipe_end;
    mm_confine_time(0);
    for (volatile uint64_t i = 0;; i++)
        ;
    return 0;
}

static void time_is_limited(void **state)
{
    (void)state;
    int status = run_child(burn, "");
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXCPU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_can_read_and_nothing_else),
        cmocka_unit_test(time_is_limited),
    };
    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
