/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * categories.h - words given to songs (genres, sources), numbered: the commonest first.
 *
 *     mm_categories_init(&c, n);  mm_categories_put(&c, i, "Rock", err);  mm_categories_sort(&c,
 * err);
 */
#ifndef VIEW_CATEGORIES_H
#define VIEW_CATEGORIES_H

#include <stddef.h>
#include <stdint.h>

#include "musicmap/error.h"

enum { MM_NO_CATEGORY = 0xffff };

struct mm_categories {
    size_t n;        /* categories, below 65,535: further ones are not told apart */
    char **names;    /* [n] */
    uint16_t *value; /* [songs] MM_NO_CATEGORY = none */
    size_t songs;
    uint32_t *count;   /* [n] songs */
    size_t capacity;   /* of names and count */
    uint16_t *table;   /* hashed names -> category; MM_NO_CATEGORY = free */
    size_t table_size; /* a power of two */
};

int mm_categories_init(struct mm_categories *c, size_t songs);
void mm_categories_finish(struct mm_categories *c);
/* song < songs; the word is copied. Letters A to Z count as a to z. */
int mm_categories_put(struct mm_categories *c, size_t song, const char *word, struct mm_error *err);
/* Renumbers: the commonest first, of equals in the order of their letters. */
int mm_categories_sort(struct mm_categories *c, struct mm_error *err);

#endif
