/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notice.c - the note lies in the library's folder as "working": one line with the process, the
 * stage and the figures. It is renamed into place, never synced: after a crash it means nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "musicmap/work.h"

static const char note_name[] = "working";
static const double stale_s = 600; /* a process number may be another's by then */

static bool write_note(const char *path, const struct mm_notice *notice)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    int printed = fprintf(file, "%ld\t%s\t%s\t%zu\t%zu\n", (long)getpid(), notice->task,
                          notice->stage, notice->done, notice->total);
    return (fclose(file) == 0) && printed > 0;
}

void mm_notice_put(const char *library, const struct mm_notice *notice)
{
    char *path = mm_path_join(library, note_name);
    char *fresh = path ? mm_format("%s.%ld", path, (long)getpid()) : NULL;
    if (fresh && (!write_note(fresh, notice) || rename(fresh, path) != 0))
        unlink(fresh);
    free(fresh);
    free(path);
}

/* The text up to the next tab; false: it is too long, or is none. */
static bool take_word(char **rest, char *out, size_t room)
{
    const char *word = strsep(rest, "\t");
    if (!word || strlen(word) >= room || !mm_text_is_utf8(word, strlen(word)))
        return false;
    snprintf(out, room, "%s", word);
    return true;
}

/* The note as it stands; false: there is none that can be read. */
static bool read_note(const char *library, struct mm_notice *out, long *process)
{
    char line[128];
    struct stat st;
    char *path = mm_path_join(library, note_name);
    FILE *file = path ? fopen(path, "re") : NULL;
    free(path);
    if (!file)
        return false;
    bool good = fstat(fileno(file), &st) == 0 && fgets(line, sizeof line, file);
    fclose(file);
    if (!good || difftime(time(NULL), st.st_mtime) > stale_s)
        return false;
    *out = (struct mm_notice){0};
    char *end;
    char *rest = line;
    *process = strtol(line, &end, 10);
    const char *number = strsep(&rest, "\t");
    bool whole = number && take_word(&rest, out->task, sizeof out->task) &&
                 take_word(&rest, out->stage, sizeof out->stage) && rest;
    if (!whole || *process <= 0)
        return false;
    out->done = strtoull(rest, &end, 10);
    out->total = strtoull(end, NULL, 10);
    return true;
}

bool mm_notice_get(const char *library, struct mm_notice *out)
{
    long process;
    return read_note(library, out, &process) && (kill((pid_t)process, 0) == 0 || errno == EPERM);
}

void mm_notice_end(const char *library)
{
    struct mm_notice notice;
    long process;
    if (!read_note(library, &notice, &process) || process != (long)getpid())
        return;
    char *path = mm_path_join(library, note_name);
    if (path)
        unlink(path);
    free(path);
}
