/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.h - how every call of the library fails.
 *
 * A call that can fail returns 0 (MM_OK) or one of the negative codes below and, when it was given
 * a struct mm_error, fills it with the same code and one sentence for a person. The library never
 * prints and never exits. The error belongs to the caller and needs no release; NULL is allowed
 * everywhere where only the code matters.
 *
 *     struct mm_error err = {0};
 *     if (mm_audio_probe("song.mp3", &info, &err) < 0)
 *         fprintf(stderr, "%s\n", err.message);
 *
 * Threads: an error object belongs to one thread at a time.
 */
#ifndef MUSICMAP_ERROR_H
#define MUSICMAP_ERROR_H

#include <stdarg.h>

enum mm_err {
    MM_OK = 0,
    MM_ERR_NOT_FOUND = -1,   /* the thing named does not exist */
    MM_ERR_AGAIN = -2,       /* busy or passing fault: the same call may succeed later */
    MM_ERR_INPUT = -3,       /* what was read (file, reply, row) is not what it should be */
    MM_ERR_USAGE = -4,       /* what the caller asked for makes no sense */
    MM_ERR_UNSUPPORTED = -5, /* well-formed, but nothing here can handle it */
    MM_ERR_IO = -6,          /* the system refused: disk full, no permission, ... */
    MM_ERR_NO_MEMORY = -7,
    MM_ERR_LIMIT = -8,     /* a declared limit (size, time, depth) was reached */
    MM_ERR_CANCELLED = -9, /* the caller asked to stop */
    MM_ERR_CRASHED = -10,  /* a helper process died on this item */
    MM_ERR_BUG = -11,      /* an invariant of ours does not hold */
};

struct mm_error {
    enum mm_err code;
    char message[512]; /* UTF-8, one line, no final newline */
};

/* Fills err (may be NULL) and returns code, so that "return mm_error_set(...)" reads well. */
int mm_error_set(struct mm_error *err, enum mm_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Says outright what the call returns: compilers and analysers then know which paths fail. */
#ifdef __GNUC__
#define mm_error_set(err, code, ...)              \
    __extension__({                               \
        mm_error_set((err), (code), __VA_ARGS__); \
        (int)(code);                              \
    })
#endif

/* The same with ": strerror(errno_value)" behind; ENOMEM, EAGAIN, ENOENT choose their own code. */
int mm_error_errno(struct mm_error *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message that is there; returns the code. */
int mm_error_prefix(struct mm_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A code's name in words: "not found", "bad input", ... */
const char *mm_err_name(enum mm_err code);

#endif
