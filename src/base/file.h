/* SPDX-License-Identifier: BSD-2-Clause */
/* file.h - whole files and folders: read with a limit, write without ever leaving half a file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "musicmap/error.h"

/* Reads at most limit bytes (more is MM_ERR_LIMIT); *out has a NUL behind *count bytes; free it. */
int mm_file_read(const char *path, size_t limit, char **out, size_t *count, struct mm_error *err);

/*
 * Writing a file so that the name holds either the old content or all of the new: begin() opens a
 * temporary file beside path, commit() flushes, syncs and renames it, abort() removes it.
 */
struct mm_file_write {
    FILE *stream; /* write here */
    char *path;
    char *temporary;
};
int mm_file_write_begin(struct mm_file_write *file, const char *path, struct mm_error *err);
int mm_file_write_commit(struct mm_file_write *file, struct mm_error *err);
void mm_file_write_abort(struct mm_file_write *file); /* no-op after commit */

/* All at once. */
int mm_file_write(const char *path, const void *bytes, size_t count, struct mm_error *err);

/* Gives a file that is whole another name on the same disk, in place of what has it; waits until
 * the disk has both. */
int mm_file_rename(const char *from, const char *to, struct mm_error *err);

/* Makes the folder and its parents (mode 0777 less the umask). There already is fine. */
int mm_file_make_folder(const char *path, struct mm_error *err);

/* "a/b" from "a" and "b"; NULL when memory is out. */
char *mm_path_join(const char *folder, const char *name);

/* The part of path behind the last slash (inside path). */
const char *mm_path_name(const char *path);

#endif
