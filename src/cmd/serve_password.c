/* SPDX-License-Identifier: BSD-2-Clause */
/* The page's password: from the environment or a file nobody else reads, never from an option. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "cmd/serve.h"

enum { LINE = MM_PASSWORD_MAX + 2 };

/* The password, or what was kept of it, as a record. */
static int take(const char *text, char record[MM_PASSWORD_RECORD_SIZE], struct mm_error *err)
{
    if (!mm_password_is_record(text))
        return mm_serve_password(text, record, err);
    snprintf(record, MM_PASSWORD_RECORD_SIZE, "%s", text);
    return 0;
}

static int from_file(const char *path, char record[MM_PASSWORD_RECORD_SIZE], struct mm_error *err)
{
    struct stat st;
    char *text = NULL;
    size_t n;
    if (stat(path, &st) != 0)
        return mm_error_errno(err, errno, "%s", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return mm_error_set(err, MM_ERR_USAGE, "%s can be read by others: chmod 600 it first",
                            path);
    int result = mm_file_read(path, 4096, &text, &n, err);
    if (result < 0)
        return result;
    text[strcspn(text, "\r\n")] = '\0';
    result = take(text, record, err);
    explicit_bzero(text, n);
    free(text);
    return result < 0 ? mm_error_prefix(err, "%s", path) : 0;
}

int cmd_serve_password(const char *file, char record[MM_PASSWORD_RECORD_SIZE], struct mm_error *err)
{
    record[0] = '\0';
    if (file)
        return from_file(file, record, err);
    char *told = getenv("MUSICMAP_PASSWORD");
    if (!told || !*told)
        return 0;
    int result = take(told, record, err);
    unsetenv("MUSICMAP_PASSWORD"); /* helpers need not inherit it */
    return result < 0 ? mm_error_prefix(err, "MUSICMAP_PASSWORD") : 0;
}

/* A line from standard input, not shown while it is typed. */
static int read_line(char line[LINE], struct mm_error *err)
{
    struct termios before;
    bool typed = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (typed) {
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        fputs("password: ", stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    bool got = fgets(line, LINE, stdin) != NULL;
    if (typed) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (!got)
        return mm_error_set(err, MM_ERR_USAGE, "there is no password on standard input");
    size_t n = strcspn(line, "\r\n");
    if (line[n] == '\0' && n == LINE - 1)
        return mm_error_set(err, MM_ERR_USAGE, "a password has at most %d bytes", MM_PASSWORD_MAX);
    line[n] = '\0';
    return 0;
}

int cmd_serve_set_password(const struct command *self, const char *file)
{
    struct mm_error err = {0};
    char line[LINE];
    char record[MM_PASSWORD_RECORD_SIZE + 1] = "";
    if (read_line(line, &err) < 0)
        return cmd_fail_error(self, &err);
    int result = mm_serve_password(line, record, &err);
    explicit_bzero(line, sizeof line);
    if (result == 0) {
        size_t n = strlen(record);
        record[n] = '\n'; /* there is a byte more than a record takes */
        record[n + 1] = '\0';
        mode_t before = umask(077);
        result = mm_file_write(file, record, strlen(record), &err);
        umask(before);
    }
    if (result < 0)
        return cmd_fail_error(self, &err);
    cmd_say("%s keeps a hash of the password", file);
    return CMD_DONE;
}
