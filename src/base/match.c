/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * match.c - titles as services and taggers write them, brought to one form.
 *
 * A title is cut at brackets and at " - " into a head and parts. A part that names a guest or an
 * edition is dropped, one that has a version word is set apart, any other belongs to the title
 * ("(I Can't Get No) Satisfaction"). The head itself is never searched for version words, so that
 * "Live and Let Die" stays whole.
 */
#include "base/match.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

/* In the order of the alphabet, for the eye only. */
static const char *const version_words[] = {
    "8d",           "acapella",   "acoustic", "bootleg",   "cappella", "chopped",
    "cover",        "demo",       "dub",      "edit",      "extended", "flip",
    "instrumental", "karaoke",    "live",     "mashup",    "medley",   "mix",
    "nightcore",    "orchestral", "piano",    "remake",    "remix",    "reprise",
    "rework",       "session",    "sessions", "slowed",    "sped",     "speed",
    "symphonic",    "take",       "tribute",  "unplugged", "version",  "vip",
};
/* These say which issue it is, not which recording. Longer phrases stand before their parts. */
static const char *const edition_phrases[] = {
    "album version", "bonus track",      "clean",          "deluxe",
    "explicit",      "lp version",       "mono",           "official",
    "original mix",  "original version", "radio edit",     "remaster",
    "remastered",    "single edit",      "single version", "stereo",
};
static const char *const guest_words[] = {"feat", "ft", "featuring", "with"};

/* ---- words ---- */

/* Compatibility forms, case and accents gone; white space and brackets still there. */
static char *plain(const char *text)
{
    utf8proc_uint8_t *out = NULL;
    const utf8proc_option_t options = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                      UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
    if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &out, options) < 0)
        return mm_strdup(text);
    return (char *)out;
}

static bool is_word(utf8proc_int32_t code)
{
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

/* Appends the words in [at, at + n), one blank between any two; apostrophes join ("don't"). */
static void add_words(struct mm_text *out, const char *at, size_t n)
{
    bool gap = out->length > 0 && out->data[out->length - 1] != '\t';
    while (n) {
        utf8proc_int32_t code;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)at, (utf8proc_ssize_t)n, &code);
        if (used < 1) {
            used = 1;
            code = ' ';
        }
        if (is_word(code) || code == '&' || code == '+') {
            if (gap)
                mm_text_add(out, " ");
            gap = false;
            if (code == '&' || code == '+')
                mm_text_add(out, "and");
            else
                mm_text_add_bytes(out, at, (size_t)used);
        } else if (code != '\'' && code != 0x2019) {
            gap = out->length > 0 && out->data[out->length - 1] != '\t';
        }
        at += used;
        n -= (size_t)used;
    }
}

static bool has_phrase(const char *words, const char *phrase)
{
    size_t n = strlen(phrase);
    for (const char *at = words; (at = strstr(at, phrase)); at++)
        if ((at == words || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
            return true;
    return false;
}

static bool has_any(const char *words, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_phrase(words, list[i]))
            return true;
    return false;
}
#define HAS_ANY(words, list) has_any((words), (list), sizeof(list) / sizeof *(list))

static bool starts_with_guest(const char *words)
{
    size_t n = strcspn(words, " ");
    for (size_t i = 0; i < sizeof guest_words / sizeof *guest_words; i++)
        if (strlen(guest_words[i]) == n && memcmp(words, guest_words[i], n) == 0)
            return words[n] != '\0';
    return false;
}

/* ---- titles ---- */

struct title {
    struct mm_text name;
    struct mm_text version;
};

static void add_part(struct title *title, const char *at, size_t n, bool head)
{
    struct mm_text words = {0};
    add_words(&words, at, n);
    if (words.length && !words.failed) {
        struct mm_text *to = &title->name;
        bool drop = false;
        if (!head || title->name.length) {
            drop = starts_with_guest(words.data) || HAS_ANY(words.data, edition_phrases);
            if (!drop && HAS_ANY(words.data, version_words))
                to = &title->version;
        }
        if (!drop) {
            if (to->length)
                mm_text_add(to, " ");
            mm_text_add(to, words.data);
        }
    }
    title->name.failed |= words.failed;
    mm_text_finish(&words);
}

/* Where "feat. X" begins outside of brackets; the end of the text when it does not. */
static size_t guest_at(const char *text, size_t n)
{
    static const char *const marks[] = {" feat. ", " feat ", " ft. ", " ft ", " featuring "};
    size_t first = n;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *at = memmem(text, n, marks[i], strlen(marks[i]));
        if (at && (size_t)(at - text) < first)
            first = (size_t)(at - text);
    }
    return first;
}

static bool opens(char c)
{
    return c == '(' || c == '[' || c == '{';
}

static bool closes(char c)
{
    return c == ')' || c == ']' || c == '}';
}

static void read_title(const char *text, struct title *out)
{
    const char *from = text;
    bool head = true;
    const char *at = text;
    for (;; at++) {
        bool dash = at[0] == ' ' && at[1] == '-' && at[2] == ' ';
        if (*at && !opens(*at) && !closes(*at) && !dash)
            continue;
        size_t n = (size_t)(at - from);
        add_part(out, from, head ? guest_at(from, n) : n, head);
        if (!*at)
            return;
        /* Outside of brackets, and not behind a dash, it is the title that goes on. */
        head = closes(*at);
        if (dash)
            at += 2;
        from = at + 1;
    }
}

/* The first of several artists, without "the" and without guests. */
static void add_artist(struct mm_text *out, const char *artist)
{
    size_t n = strcspn(artist, ",;/");
    struct mm_text words = {0};
    add_words(&words, artist, guest_at(artist, n));
    const char *at = words.data ? words.data : "";
    if (strncmp(at, "the ", 4) == 0)
        at += 4;
    mm_text_add(out, at);
    out->failed |= words.failed;
    mm_text_finish(&words);
}

static char *key(const char *artist, const char *title, bool with_version)
{
    char *plain_artist = plain(artist ? artist : "");
    char *plain_title = plain(title ? title : "");
    struct mm_text out = {0};
    struct title parts = {0};
    if (plain_artist && plain_title) {
        add_artist(&out, plain_artist);
        read_title(plain_title, &parts);
        if (!out.length || !parts.name.length) {
            out.length = 0; /* half a name would match too much */
            if (out.data)
                *out.data = '\0';
        } else {
            mm_text_addf(&out, "\t%s", parts.name.data);
            if (with_version && parts.version.length)
                mm_text_addf(&out, "\t%s", parts.version.data);
        }
    }
    out.failed |= !plain_artist || !plain_title || parts.name.failed || parts.version.failed;
    mm_text_finish(&parts.name);
    mm_text_finish(&parts.version);
    free(plain_artist);
    free(plain_title);
    return mm_text_steal(&out);
}

char *mm_match_recording(const char *artist, const char *title)
{
    return key(artist, title, true);
}

char *mm_match_work(const char *artist, const char *title)
{
    return key(artist, title, false);
}

bool mm_match_duration(double a_s, double b_s)
{
    return a_s > 0 && b_s > 0 && fabs(a_s - b_s) <= MM_MATCH_SECONDS + 1e-6;
}

bool mm_match_isrc(const char *text, char out[13])
{
    size_t n = 0;
    for (; text && *text; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        if (n == 12 || !isalnum((unsigned char)*text))
            return false;
        out[n++] = (char)toupper((unsigned char)*text);
    }
    if (n != 12)
        return false;
    for (size_t i = 5; i < 12; i++)
        if (!isdigit((unsigned char)out[i]))
            return false;
    out[12] = '\0';
    return true;
}
