/* SPDX-License-Identifier: BSD-2-Clause */
#include "view/categories.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"

int mm_categories_init(struct mm_categories *c, size_t songs)
{
    *c = (struct mm_categories){.songs = songs};
    c->value = mm_calloc3(songs, 1, sizeof *c->value);
    if (!c->value)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < songs; i++)
        c->value[i] = MM_NO_CATEGORY;
    return 0;
}

void mm_categories_finish(struct mm_categories *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->names[i]);
    free(c->names);
    free(c->value);
    free(c->count);
    free(c->table);
    *c = (struct mm_categories){0};
}

/* FNV-1a (Fowler, Noll, Vo), letters folded. */
static uint32_t hash(const char *word)
{
    uint32_t h = 2166136261U;
    for (const unsigned char *p = (const unsigned char *)word; *p; p++)
        h = (h ^ (uint32_t)tolower(*p)) * 16777619U;
    return h;
}

/* Where a word stands in the table, or the free place where it belongs. */
static uint16_t *slot(struct mm_categories *c, const char *word)
{
    size_t at = hash(word) & (c->table_size - 1);
    while (c->table[at] != MM_NO_CATEGORY && strcasecmp(c->names[c->table[at]], word) != 0)
        at = (at + 1) & (c->table_size - 1);
    return &c->table[at];
}

static int grow(struct mm_categories *c)
{
    size_t capacity = c->capacity ? 2 * c->capacity : 64;
    char **names = realloc(c->names, capacity * sizeof *names);
    if (names)
        c->names = names;
    uint32_t *count = realloc(c->count, capacity * sizeof *count);
    if (count)
        c->count = count;
    uint16_t *table = mm_calloc3(2 * capacity, 1, sizeof *table);
    if (!names || !count || !table) {
        free(table);
        return MM_ERR_NO_MEMORY;
    }
    free(c->table);
    c->table = table;
    c->table_size = 2 * capacity;
    c->capacity = capacity;
    for (size_t i = 0; i < c->table_size; i++)
        table[i] = MM_NO_CATEGORY;
    for (size_t i = 0; i < c->n; i++)
        *slot(c, c->names[i]) = (uint16_t)i;
    return 0;
}

int mm_categories_put(struct mm_categories *c, size_t song, const char *word, struct mm_error *err)
{
    if (c->n == c->capacity && c->n < MM_NO_CATEGORY && grow(c) < 0)
        return mm_no_memory(err);
    uint16_t *at = slot(c, word);
    if (*at == MM_NO_CATEGORY) {
        if (c->n == MM_NO_CATEGORY)
            return 0; /* more words than the page can number */
        c->names[c->n] = mm_strndup(word, strlen(word));
        if (!c->names[c->n])
            return mm_no_memory(err);
        c->count[c->n] = 0;
        *at = (uint16_t)c->n++;
    }
    c->value[song] = *at;
    c->count[*at]++;
    return 0;
}

struct ranked {
    char *name;
    uint32_t count;
    uint16_t old;
};

static int by_count(const void *one, const void *two)
{
    const struct ranked *a = one;
    const struct ranked *b = two;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->name, b->name);
}

int mm_categories_sort(struct mm_categories *c, struct mm_error *err)
{
    struct ranked *ranked = mm_calloc3(c->n + 1, 1, sizeof *ranked);
    uint16_t *fresh = mm_calloc3(c->n + 1, 1, sizeof *fresh);
    int result = ranked && fresh ? 0 : mm_no_memory(err);
    for (size_t i = 0; i < c->n && result == 0; i++)
        ranked[i] = (struct ranked){c->names[i], c->count[i], (uint16_t)i};
    if (result == 0 && c->n > 1)
        qsort(ranked, c->n, sizeof *ranked, by_count);
    for (size_t i = 0; i < c->n && result == 0; i++) {
        fresh[ranked[i].old] = (uint16_t)i;
        c->names[i] = ranked[i].name;
        c->count[i] = ranked[i].count;
    }
    for (size_t i = 0; i < c->songs && result == 0; i++)
        if (c->value[i] != MM_NO_CATEGORY)
            c->value[i] = fresh[c->value[i]];
    for (size_t i = 0; i < c->table_size && result == 0; i++)
        if (c->table[i] != MM_NO_CATEGORY)
            c->table[i] = fresh[c->table[i]];
    free(fresh);
    free(ranked);
    return result;
}
