/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - strings: a growing buffer, and making strangers' bytes safe to show.
 *
 * Threads: a struct mm_text belongs to one thread; the functions share nothing.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Growing buffer, always NUL-terminated once anything was added. Zero-initialise it. After a failed
 * allocation `failed` stays set and further additions do nothing: check it once, at the end. */
struct mm_text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};
void mm_text_finish(struct mm_text *text);
void mm_text_add(struct mm_text *text, const char *string);
void mm_text_add_bytes(struct mm_text *text, const void *bytes, size_t count);
void mm_text_addf(struct mm_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Hands the string over (free it) and empties text; NULL when an addition failed. */
char *mm_text_steal(struct mm_text *text);

char *mm_strdup(const char *string); /* NULL in, NULL out */
char *mm_strndup(const char *bytes, size_t count);
char *mm_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Replaces control characters (a terminal would obey them) by '?', in place. */
void mm_text_clean_line(char *string);

/*
 * A heap copy of any bytes as clean UTF-8 for people: invalid sequences become U+FFFD, control
 * characters and NULs become blanks, runs of white space one blank, both ends trimmed, NFC.
 * NULL only when memory is out.
 */
char *mm_text_clean_utf8(const char *bytes, size_t count);

/* True when bytes are well-formed UTF-8. */
bool mm_text_is_utf8(const char *bytes, size_t count);

/* Case-folded, accents kept, NFC: for comparing and searching. NULL when memory is out. */
char *mm_text_fold(const char *utf8);

#endif
