/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person sees: messages, the progress bar, Ctrl-C; and the library they talk about. */
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "cmd/command.h"

/* ---- messages ---- */

/* A line, less what a terminal would obey: it may quote what a stranger named a file. */
static void say(const char *format, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, format, ap) < 0)
        return;
    for (char *line = text, *end; line; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        if (end)
            *end = '\0';
        mm_text_clean_line(line);
        fprintf(stderr, "%s\n", line);
    }
    free(text);
}

void cmd_put(int width, const char *text)
{
    char *clean = mm_strdup(text);
    if (clean)
        mm_text_clean_line(clean);
    printf("%-*s", width, clean ? clean : "?");
    free(clean);
}

int cmd_fail(const struct command *self, enum cmd_exit status, const char *format, ...)
{
    cmd_progress_end();
    if (self)
        fprintf(stderr, "musicmap %s: ", self->name);
    else
        fputs("musicmap: ", stderr);
    va_list ap;
    va_start(ap, format);
    say(format, ap);
    va_end(ap);
    return status;
}

int cmd_fail_error(const struct command *self, const struct mm_error *err)
{
    if (err->code == MM_ERR_CANCELLED)
        return cmd_fail(self, CMD_FAILED, "stopped; what was done is kept, start again to go on");
    return cmd_fail(self, err->code == MM_ERR_USAGE ? CMD_USAGE : CMD_FAILED, "%s", err->message);
}

void cmd_say(const char *format, ...)
{
    if (cmd_common.quiet || cmd_common.json)
        return;
    cmd_progress_end();
    va_list ap;
    va_start(ap, format);
    say(format, ap);
    va_end(ap);
}

json_t *cmd_json_text(const char *text)
{
    char *clean = text ? mm_text_clean_utf8(text, strlen(text)) : NULL;
    json_t *json = clean ? json_string(clean) : json_null();
    free(clean);
    return json;
}

void cmd_print_json(json_t *json)
{
    if (!json) {
        cmd_fail(NULL, CMD_FAILED, "not enough memory for the result");
        return;
    }
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(json);
}

/* ---- interrupt ---- */

static atomic_int interrupts;

static void on_interrupt(int number)
{
    (void)number;
    /* The second time somebody means it. */
    if (atomic_fetch_add(&interrupts, 1) >= 1)
        _exit(130);
}

static void catch_interrupts(void)
{
    static bool caught;
    if (caught)
        return;
    caught = true;
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool cmd_interrupted(void)
{
    return atomic_load(&interrupts) > 0;
}

void cmd_wait_for_interrupt(void)
{
    catch_interrupts();
    /* Blocked while looking, so that a signal between look and sleep is not lost. */
    sigset_t wanted;
    sigset_t before;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &wanted, &before);
    while (!cmd_interrupted())
        sigsuspend(&before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- progress ---- */

static struct {
    const char *stage;
    struct timespec begin;
    struct timespec shown;
    bool open; /* a bar stands on the current line */
} bar;

static double seconds_between(struct timespec a, struct timespec b)
{
    return (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

static void format_rest(char *out, size_t size, size_t done, size_t total, double elapsed)
{
    *out = '\0';
    if (!done || elapsed < 1)
        return;
    double rate = (double)done / elapsed;
    if (done >= total) {
        snprintf(out, size, "  %.1f/s", rate);
        return;
    }
    double left = (double)(total - done) / rate;
    if (left < 90)
        snprintf(out, size, "  %.1f/s, %.0f s left", rate, left);
    else if (left < 5400)
        snprintf(out, size, "  %.1f/s, %.0f min left", rate, left / 60);
    else
        snprintf(out, size, "  %.1f/s, %.1f h left", rate, left / 3600);
}

static void draw_bar(const char *stage, size_t done, size_t total, double elapsed)
{
    enum { WIDTH = 30 };
    char rest[64];
    char cells[WIDTH + 1];
    if (total == 0) {
        fprintf(stderr, "\r\x1b[K%s: %zu", stage, done);
        return;
    }
    size_t full = done >= total ? WIDTH : done * WIDTH / total;
    memset(cells, '.', WIDTH);
    memset(cells, '#', full);
    cells[WIDTH] = '\0';
    format_rest(rest, sizeof rest, done, total, elapsed);
    fprintf(stderr, "\r\x1b[K%-24s [%s] %zu/%zu%s", stage, cells, done, total, rest);
}

static void print_line(const char *stage, size_t done, size_t total, double elapsed)
{
    char rest[64] = "";
    if (total)
        format_rest(rest, sizeof rest, done, total, elapsed);
    if (total)
        fprintf(stderr, "%s: %zu of %zu%s\n", stage, done, total, rest);
    else
        fprintf(stderr, "%s: %zu\n", stage, done);
}

/* ---- the note for pages that look at the same library ---- */

static struct {
    char *library;
    const char *task;
    const char *stage;
    struct timespec written;
} note;

static void write_note(const char *stage, size_t done, size_t total, struct timespec now)
{
    bool fresh = note.stage != stage;
    if (!note.library || (!fresh && seconds_between(note.written, now) < 0.5))
        return;
    struct mm_notice notice = {.done = done, .total = total};
    snprintf(notice.task, sizeof notice.task, "%s", note.task);
    snprintf(notice.stage, sizeof notice.stage, "%s", stage);
    mm_notice_put(note.library, &notice);
    note.stage = stage;
    note.written = now;
}

void cmd_work_end(void)
{
    if (note.library)
        mm_notice_end(note.library);
    free(note.library);
    note.library = NULL;
    note.stage = NULL;
}

const struct mm_progress *cmd_work_progress(const struct mm_catalog *catalog, const char *task)
{
    cmd_work_end();
    note.library = mm_strdup(mm_catalog_path(catalog)); /* NULL: nobody is told */
    note.task = task;
    return cmd_progress();
}

static void on_progress(void *ctx, const char *stage, size_t done, size_t total)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    write_note(stage, done, total, now);
    if (cmd_common.quiet || cmd_common.json)
        return;
    bool fresh = !bar.stage || strcmp(bar.stage, stage) != 0;
    if (fresh) {
        cmd_progress_end();
        bar.stage = stage;
        bar.begin = now;
    }
    bool terminal = isatty(STDERR_FILENO);
    bool last = total && done >= total;
    /* Ten times a second for eyes, every five seconds for logs. */
    if (!fresh && !last && seconds_between(bar.shown, now) < (terminal ? 0.1 : 5))
        return;
    bar.shown = now;
    double elapsed = seconds_between(bar.begin, now);
    if (!terminal) {
        if (done || last)
            print_line(stage, done, total, elapsed);
        return;
    }
    draw_bar(stage, done, total, elapsed);
    bar.open = true;
    if (last)
        cmd_progress_end();
}

const struct mm_progress *cmd_progress(void)
{
    static struct mm_progress progress = {.cancel = &interrupts};
    catch_interrupts();
    progress.update = on_progress;
    return &progress;
}

void cmd_progress_end(void)
{
    if (bar.open)
        fputc('\n', stderr);
    bar.open = false;
    bar.stage = NULL;
}

/* ---- library ---- */

char *cmd_library_path(void)
{
    if (cmd_common.library && *cmd_common.library)
        return mm_strdup(cmd_common.library);
    const char *named = getenv("MUSICMAP_LIBRARY");
    if (named && *named)
        return mm_strdup(named);
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data && *data)
        return mm_format("%s/musicmap", data);
    return mm_format("%s/.local/share/musicmap", home ? home : "");
}

struct mm_catalog *cmd_open_library(const struct command *self, bool create)
{
    struct mm_error err = {0};
    struct mm_catalog *catalog = NULL;
    char *path = cmd_library_path();
    int result = path ? mm_catalog_open(path, create, &catalog, &err) : mm_no_memory(&err);
    if (result < 0)
        cmd_fail_error(self, &err);
    free(path);
    return catalog;
}

char *cmd_library_folder(const struct command *self)
{
    struct mm_catalog *catalog = cmd_open_library(self, false);
    char *folder = catalog ? mm_strdup(mm_catalog_path(catalog)) : NULL;
    mm_catalog_close(catalog);
    return folder;
}

struct mm_helpers *cmd_start_helpers(const struct command *self)
{
    struct mm_error err = {0};
    struct mm_helpers *helpers = NULL;
    struct mm_helper_settings settings = {.count = cmd_common.jobs, .cancel = &interrupts};
    if (mm_helpers_create(&settings, &helpers, &err) < 0)
        cmd_fail_error(self, &err);
    return helpers;
}
