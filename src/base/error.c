/* SPDX-License-Identifier: BSD-2-Clause */
#include "musicmap/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void write_message(struct mm_error *err, enum mm_err code, const char *format, va_list ap)
{
    err->code = code;
    vsnprintf(err->message, sizeof err->message, format, ap);
    mm_text_clean_line(err->message);
}

int(mm_error_set)(struct mm_error *err, enum mm_err code, const char *format, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, format);
        write_message(err, code, format, ap);
        va_end(ap);
    }
    return code;
}

static enum mm_err code_of_errno(int value)
{
    switch (value) {
    case ENOENT:
    case ENOTDIR:
        return MM_ERR_NOT_FOUND;
    case ENOMEM:
        return MM_ERR_NO_MEMORY;
    case EAGAIN:
    case EINTR:
    case EBUSY:
        return MM_ERR_AGAIN;
    default:
        return MM_ERR_IO;
    }
}

int mm_error_errno(struct mm_error *err, int errno_value, const char *format, ...)
{
    enum mm_err code = code_of_errno(errno_value);
    if (err) {
        char head[384];
        char reason[96];
        va_list ap;
        va_start(ap, format);
        vsnprintf(head, sizeof head, format, ap);
        va_end(ap);
        /* The XSI strerror_r fills the buffer; the GNU one may return a static string instead. */
        const char *said = strerror_r(errno_value, reason, sizeof reason);
        mm_error_set(err, code, "%s: %s", head, said);
    }
    return code;
}

int mm_error_prefix(struct mm_error *err, const char *format, ...)
{
    if (!err)
        return MM_ERR_BUG;
    char head[256];
    char tail[sizeof err->message];
    va_list ap;
    va_start(ap, format);
    vsnprintf(head, sizeof head, format, ap);
    va_end(ap);
    memcpy(tail, err->message, sizeof tail);
    return mm_error_set(err, err->code, "%s: %s", head, tail);
}

const char *mm_err_name(enum mm_err code)
{
    static const char *const names[] = {
        [-MM_OK] = "done",
        [-MM_ERR_NOT_FOUND] = "not found",
        [-MM_ERR_AGAIN] = "try again",
        [-MM_ERR_INPUT] = "bad input",
        [-MM_ERR_USAGE] = "wrong usage",
        [-MM_ERR_UNSUPPORTED] = "not supported",
        [-MM_ERR_IO] = "input/output error",
        [-MM_ERR_NO_MEMORY] = "out of memory",
        [-MM_ERR_LIMIT] = "limit reached",
        [-MM_ERR_CANCELLED] = "cancelled",
        [-MM_ERR_CRASHED] = "helper crashed",
        [-MM_ERR_BUG] = "internal error",
    };
    const int index = -(int)code;
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index]
                                                                     : "unknown error";
}
