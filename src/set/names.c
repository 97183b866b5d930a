/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interning is an open hash table with linear probing over FNV-1a. Keys of artists and works are
 * folded text from which the words that name a version are cut: songs come from many services,
 * each with its own habit of writing them.
 */
#include "set/names.h"

#include <stdbool.h>

#include "base/array.h"
#include "base/text.h"

/* ---- interning ---- */

static uint64_t hash_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return h ^ (h >> 29);
}

void mm_intern_finish(struct mm_intern *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->texts[i]);
    free(names->texts);
    free(names->slots);
    *names = (struct mm_intern){0};
}

/* The slot that holds text or the empty one where it belongs. */
static size_t find_slot(const struct mm_intern *names, const char *text)
{
    size_t at = hash_text(text) & (names->n_slots - 1);
    while (names->slots[at] && strcmp(names->texts[names->slots[at] - 1], text) != 0)
        at = (at + 1) & (names->n_slots - 1);
    return at;
}

static int grow(struct mm_intern *names)
{
    size_t n_slots = names->n_slots ? 2 * names->n_slots : 64;
    uint32_t *slots = mm_calloc3(n_slots, 1, sizeof *slots);
    if (!slots)
        return MM_ERR_NO_MEMORY;
    free(names->slots);
    names->slots = slots;
    names->n_slots = n_slots;
    for (size_t i = 0; i < names->n; i++)
        slots[find_slot(names, names->texts[i])] = (uint32_t)i + 1;
    return 0;
}

int mm_intern_add(struct mm_intern *names, const char *text, uint32_t *out, struct mm_error *err)
{
    if (2 * (names->n + 1) > names->n_slots && grow(names) < 0)
        return mm_no_memory(err);
    size_t slot = find_slot(names, text);
    if (!names->slots[slot]) {
        char *copy = mm_strdup(text);
        if (!copy || mm_array_reserve(&names->texts, &names->capacity, names->n + 1) < 0) {
            free(copy);
            return mm_no_memory(err);
        }
        names->texts[names->n++] = copy;
        names->slots[slot] = (uint32_t)names->n;
    }
    *out = names->slots[slot] - 1;
    return 0;
}

uint32_t mm_intern_find(const struct mm_intern *names, const char *text)
{
    return names->n_slots ? names->slots[find_slot(names, text)] - 1u : UINT32_MAX;
}

/* ---- keys ---- */

static bool is_word_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z');
}

/* Where word begins in text as a whole word, NULL = nowhere. */
static char *find_word(char *text, const char *word)
{
    size_t length = strlen(word);
    for (char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !is_word_byte(at[-1])) && !is_word_byte(at[length]))
            return at;
    return NULL;
}

/* Cuts "feat. X" and what follows, and a bracket opened just before it. */
static void cut_guests(char *text)
{
    static const char *const words[] = {"feat", "ft", "featuring"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *at = find_word(text, words[i]);
        if (!at || at == text)
            continue;
        while (at > text && (at[-1] == ' ' || at[-1] == '(' || at[-1] == '['))
            at--;
        if (at > text)
            *at = '\0';
    }
}

char *mm_artist_key(const char *artist)
{
    char *key = mm_text_fold(artist ? artist : "");
    if (key)
        cut_guests(key);
    return key;
}

static bool names_version(char *text)
{
    static const char *const words[] = {
        "live",    "remaster", "remastered", "remix",       "mix",       "edit",
        "version", "demo",     "acoustic",   "unplugged",   "mono",      "stereo",
        "session", "sessions", "take",       "extended",    "radio",     "instrumental",
        "karaoke", "bonus",    "single",     "deluxe",      "explicit",  "clean",
        "sped",    "slowed",   "dub",        "anniversary", "rerecorded"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (find_word(text, words[i]))
            return true;
    return false;
}

/* Cuts bracketed parts that name a version. */
static void cut_brackets(char *title)
{
    static const char pairs[][2] = {{'(', ')'}, {'[', ']'}};
    for (size_t i = 0; i < 2; i++) {
        char *open = strchr(title, pairs[i][0]);
        while (open) {
            char *close = strchr(open, pairs[i][1]);
            if (!close)
                break;
            *close = '\0';
            bool cut = open > title && names_version(open + 1);
            *close = pairs[i][1];
            if (cut)
                memmove(open, close + 1, strlen(close + 1) + 1);
            open = strchr(cut ? open : close + 1, pairs[i][0]);
        }
    }
}

/* Cuts " - 2011 Remaster" and the like, all there are: " - Live - 2011 Remaster". */
static void cut_suffix(char *title)
{
    for (;;) {
        char *last = NULL;
        for (char *at = strstr(title, " - "); at; at = strstr(at + 1, " - "))
            last = at;
        if (!last || last == title || !names_version(last + 3))
            return;
        *last = '\0';
    }
}

char *mm_work_key(const char *artist, const char *title)
{
    char *who = mm_artist_key(artist);
    char *what = mm_text_fold(title ? title : "");
    char *key = NULL;
    if (who && what) {
        cut_guests(what);
        cut_brackets(what);
        cut_suffix(what);
        char *to = what;
        for (const char *from = what; *from; from++)
            if (is_word_byte(*from))
                *to++ = *from;
        *to = '\0';
        key = *what ? mm_format("%s\n%s", who, what) : mm_strdup("");
    }
    free(who);
    free(what);
    return key;
}
