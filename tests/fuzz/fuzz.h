/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what fuzz targets share: claims, inputs as text or as a file, a folder in memory.
 *
 * A target is LLVMFuzzerTestOneInput() in fuzz_NAME.c; bytes are a stranger's, and what it holds of
 * them is said by must(). It keeps no state that would make an input behave differently the second
 * time.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "musicmap/error.h"
#include "musicmap/song.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define must(claim)                                                             \
    do {                                                                        \
        if (!(claim)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                            \
        }                                                                       \
    } while (0)

/* A failure has its code and says why. */
static inline void must_say(int result, const struct mm_error *err)
{
    must(result == 0 || (result < 0 && (int)err->code == result && *err->message));
}

/* Text for people: UTF-8 on one line; NULL is allowed. */
static inline void must_be_clean(const char *text)
{
    must(!text || mm_text_is_utf8(text, strlen(text)));
    for (const unsigned char *p = (const unsigned char *)text; p && *p; p++)
        must(*p >= 32 && *p != 127);
}

static inline void must_be_tags(const struct mm_tags *t)
{
    const char *const texts[] = {t->title,        t->artist, t->album,
                                 t->album_artist, t->isrc,   t->musicbrainz_id};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        must_be_clean(texts[i]);
    for (size_t i = 0; i < t->n_genres; i++)
        must_be_clean(t->genres[i]);
    must(t->year >= 0 && t->year <= 9999 && t->track >= 0 && t->disc >= 0);
}

/* A length in seconds that may be believed. */
static inline void must_be_length(double seconds)
{
    must(isfinite(seconds) && seconds >= 0 && seconds < 1e9);
}

/* A copy with a NUL behind it, so that reading past the end is seen; heap. */
static inline char *text_of(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    must(text);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* The text up to the next line end, which becomes a NUL; "" when there is no more. */
static inline char *next_line(char **rest)
{
    static char none[1];
    char *line = strsep(rest, "\n");
    return line ? line : none;
}

/* A file of these bytes that lies in memory, and what it may be opened as. */
struct memory_file {
    int fd;
    char path[40];
};
static inline struct memory_file file_of(const void *data, size_t size)
{
    struct memory_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
    must(file.fd >= 0 && write(file.fd, data, size) == (ssize_t)size &&
         lseek(file.fd, 0, SEEK_SET) == 0);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    return file;
}

static inline int fuzz_remove(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}
static inline const char *fuzz_folder(void);
static inline void fuzz_clean_up(void)
{
    nftw(fuzz_folder(), fuzz_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* An empty folder for as long as the program runs, in memory where that can be. A program that
 * crashes leaves it: tests/fuzz/run says where ($FUZZ_FOLDER) and removes that. */
static inline const char *fuzz_folder(void)
{
    static char folder[256];
    const char *above = getenv("FUZZ_FOLDER");
    if (!*folder) {
        above = above ? above : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof folder, "%s/musicmap-fuzz-XXXXXX", above);
        must(mkdtemp(folder));
        setenv("TMPDIR", folder, 1); /* of libraries, too */
        atexit(fuzz_clean_up);
    }
    return folder;
}

static inline void write_whole(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    must(file && (size == 0 || fwrite(data, size, 1, file) == 1) && fclose(file) == 0);
}

#endif
