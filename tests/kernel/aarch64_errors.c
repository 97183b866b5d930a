/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of base/error.c that the kernels use, without the libraries behind it. */
#include <stdarg.h>
#include <stdio.h>

#include "musicmap/error.h"

#undef mm_error_set /* it is a macro, too, for the sake of lints */
int mm_error_set(struct mm_error *err, enum mm_err code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (err)
        vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

int mm_no_memory(struct mm_error *err)
{
    return mm_error_set(err, MM_ERR_NO_MEMORY, "%s", "out of memory");
}

int mm_error_errno(struct mm_error *err, int errno_value, const char *format, ...)
{
    (void)errno_value;
    return mm_error_set(err, MM_ERR_IO, "%s", format);
}
