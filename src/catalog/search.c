/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.c - which songs does a person mean? An id, then a path, then every song whose folded
 * "artist - title" holds all words of the text; those that hold it in one piece come first.
 *
 * The words are looked for in an index that holds nothing but the folded lines, so that a library
 * of 100,000 songs is searched in some ten milliseconds without an index of trigrams.
 */
#include "catalog/catalog_impl.h"

#include <errno.h>
#include <limits.h>

#include "base/array.h"
#include "base/text.h"

/* Best first. */
enum rank {
    RANK_ID,
    RANK_PATH,
    RANK_WHOLE, /* all of the title or of "artist - title" */
    RANK_START, /* the start of one of them */
    RANK_WORD,  /* from the start of a word */
    RANK_PART,
    RANK_WORDS, /* all words, but not in one piece */
};

struct hit {
    int64_t id;
    int rank;
    int state;
};

struct hits {
    struct hit *list;
    size_t n;
    size_t capacity;
};

static int add_hit(struct hits *hits, int64_t id, int rank, int state, struct mm_error *err)
{
    if (mm_array_reserve(&hits->list, &hits->capacity, hits->n + 1) < 0)
        return mm_no_memory(err);
    hits->list[hits->n++] = (struct hit){id, rank, state};
    return 0;
}

/* ---- ids and paths ---- */

/* "#12" or "12"; 0 when text is nothing of the kind. */
static int64_t parse_id(const char *text)
{
    if (*text == '#')
        text++;
    if (*text < '1' || *text > '9')
        return 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return *end || errno ? 0 : value;
}

static int find_id(struct mm_store *store, int64_t id, struct hits *hits, struct mm_error *err)
{
    struct mm_statement *statement;
    int result = mm_store_prepare(store, "SELECT id FROM song WHERE id = ?1", &statement, err);
    if (result < 0)
        return result;
    mm_bind_int(statement, 1, id);
    result = mm_statement_step(statement, err);
    if (result == 1)
        result = add_hit(hits, id, RANK_ID, 0, err);
    mm_statement_release(statement);
    return result;
}

static int find_path(struct mm_store *store, const char *path, struct hits *hits,
                     struct mm_error *err)
{
    struct mm_statement *statement;
    int result =
        mm_store_prepare(store, "SELECT id FROM song WHERE key = ?1 ORDER BY id", &statement, err);
    if (result < 0)
        return result;
    mm_bind_bytes(statement, 1, path, strlen(path));
    while ((result = mm_statement_step(statement, err)) == 1) {
        result = add_hit(hits, mm_column_int(statement, 0), RANK_PATH, 0, err);
        if (result < 0)
            break;
    }
    mm_statement_release(statement);
    return result;
}

/* ---- words ---- */

static bool is_word_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z');
}

/* line: folded "artist - title"; title: its title, at the end of line. */
static int rank_of(const char *line, const char *title, const char *folded)
{
    if (strcmp(line, folded) == 0 || strcmp(title, folded) == 0)
        return RANK_WHOLE;
    size_t length = strlen(folded);
    if (strncmp(line, folded, length) == 0 || strncmp(title, folded, length) == 0)
        return RANK_START;
    int rank = RANK_WORDS;
    for (const char *at = strstr(line, folded); at; at = strstr(at + 1, folded)) {
        if (at == line || !is_word_byte(at[-1]))
            return RANK_WORD;
        rank = RANK_PART;
    }
    return rank;
}

static bool has_all_words(const char *line, const char *words, size_t bytes)
{
    for (const char *word = words; word < words + bytes; word += strlen(word) + 1)
        if (*word && !strstr(line, word))
            return false;
    return true;
}

/* The line's title starts behind the first " - " when the song has an artist. */
static int rank_row(struct mm_statement *statement, const char *folded)
{
    const char *line = mm_column_text(statement, 1);
    if (!line)
        return RANK_WORDS;
    const char *dash = strstr(line, " - ");
    return rank_of(line, dash ? dash + 3 : line, folded);
}

/* The longest word picks the rows inside the engine; the others are looked for here. */
static const char *longest_word(const char *words, size_t bytes)
{
    const char *best = words;
    for (const char *word = words; word < words + bytes; word += strlen(word) + 1)
        if (strlen(word) > strlen(best))
            best = word;
    return best;
}

static int find_words(struct mm_store *store, const char *folded, struct hits *hits,
                      struct mm_error *err)
{
    size_t bytes = strlen(folded);
    char *words = mm_strndup(folded, bytes);
    if (!words)
        return mm_no_memory(err);
    for (size_t i = 0; i < bytes; i++)
        if (words[i] == ' ')
            words[i] = '\0';
    struct mm_statement *statement;
    int result = mm_store_prepare(
        store, "SELECT id, search, state FROM song WHERE instr(search, ?1) > 0", &statement, err);
    if (result == 0)
        mm_bind_text(statement, 1, longest_word(words, bytes));
    while (result == 0 && (result = mm_statement_step(statement, err)) == 1) {
        const char *line = mm_column_text(statement, 1);
        result = line && has_all_words(line, words, bytes)
                     ? add_hit(hits, mm_column_int(statement, 0), rank_row(statement, folded),
                               (int)mm_column_int(statement, 2), err)
                     : 0;
    }
    mm_statement_release(statement);
    free(words);
    return result;
}

/* ---- the answer ---- */

static int by_rank(const void *a, const void *b)
{
    const struct hit *x = a;
    const struct hit *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->state != y->state) /* present, missing, hidden */
        return x->state < y->state ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool contains(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static int search(struct mm_store *store, const char *text, const char *folded, struct hits *hits,
                  struct mm_error *err)
{
    int64_t id = parse_id(text);
    int result = id ? find_id(store, id, hits, err) : 0;
    if (*text == '#' && (result < 0 || id))
        return result; /* nothing else is meant */
    if (result == 0)
        result = find_path(store, text, hits, err);
    char *path = result == 0 ? realpath(text, NULL) : NULL;
    if (path && strcmp(path, text) != 0)
        result = find_path(store, path, hits, err);
    free(path);
    if (result == 0 && *folded)
        result = find_words(store, folded, hits, err);
    return result;
}

int mm_catalog_search(struct mm_catalog *catalog, const char *text, int64_t *ids, size_t max,
                      size_t *count, struct mm_error *err)
{
    *count = 0;
    char *clean = mm_text_clean_utf8(text, strlen(text));
    char *folded = clean ? mm_text_fold(clean) : NULL;
    free(clean);
    if (!folded)
        return mm_no_memory(err);
    struct hits hits = {0};
    struct mm_store *store;
    int result = mm_catalog_enter_read(catalog, &store, err);
    if (result == 0) {
        result = search(store, text, folded, &hits, err);
        mm_catalog_leave_read(catalog);
    }
    if (result == 0 && hits.n) {
        qsort(hits.list, hits.n, sizeof *hits.list, by_rank);
        /* Only ids and paths, the first few, can be there a second time. */
        size_t special = 0;
        for (size_t i = 0; i < hits.n && *count < max; i++) {
            if (contains(ids, special, hits.list[i].id))
                continue;
            ids[(*count)++] = hits.list[i].id;
            if (hits.list[i].rank <= RANK_PATH)
                special = *count;
        }
    }
    free(hits.list);
    free(folded);
    return result;
}
