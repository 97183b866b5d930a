/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - names as small numbers, and what makes two names mean the same. */
#ifndef SET_NAMES_H
#define SET_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

/* Gives every different text a number 0, 1, ... Zero-initialise it. */
struct mm_intern {
    char **texts; /* [n] */
    size_t n;
    size_t capacity;
    uint32_t *slots; /* [n_slots], a power of two; number + 1, 0 = empty */
    size_t n_slots;
};
void mm_intern_finish(struct mm_intern *names);
/* The text's number, a new one when it is new. */
int mm_intern_add(struct mm_intern *names, const char *text, uint32_t *out, struct mm_error *err);
/* UINT32_MAX when it was never added. */
uint32_t mm_intern_find(const struct mm_intern *names, const char *text);

/*
 * The artist whom separation and limits mean: folded, without what follows "feat." and the like, so
 * that "Ada" and "ADA feat. Bob" are one. NULL when memory is out; "" for NULL.
 */
char *mm_artist_key(const char *artist);

/*
 * What two versions of one work share: the artist and the title without "(Live)", "- 2011
 * Remaster", "[Radio Edit]", "feat. X", case and punctuation. "" when there is no title.
 */
char *mm_work_key(const char *artist, const char *title);

#endif
