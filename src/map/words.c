/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.c - counts of words in clusters, and their log-odds against the rest with an informative
 * Dirichlet prior (Monroe, Colaresi, Quinn 2008, "Fightin' words", equations 15, 16, 22): the prior
 * is how frequent the word is over all, so a rare word must earn its place.
 */
#include "map/words.h"

#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/text.h"

/* A word longer than this is no name: it is cut. */
#define MOST_BYTES 64

struct spelling {
    char *clean;
    char *folded;
    size_t count;
    size_t number; /* of the spelling, as tokens know it */
};

static int compare_tokens(const void *one, const void *two)
{
    const struct mm_word_token *a = one;
    const struct mm_word_token *b = two;
    int order = strcmp(a->word, b->word);
    return order ? order : (a->song > b->song) - (a->song < b->song);
}

static int compare_spellings(const void *one, const void *two)
{
    const struct spelling *a = one;
    const struct spelling *b = two;
    int order = strcmp(a->folded, b->folded);
    if (order)
        return order;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* By cluster, word, song: to count. */
struct count_key {
    uint32_t cluster, word, song;
};

static int compare_keys(const void *one, const void *two)
{
    const struct count_key *a = one;
    const struct count_key *b = two;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    if (a->word != b->word)
        return a->word < b->word ? -1 : 1;
    return (a->song > b->song) - (a->song < b->song);
}

static int compare_uses(const void *one, const void *two)
{
    const struct mm_word_use *a = one;
    const struct mm_word_use *b = two;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    if (a->strength != b->strength)
        return a->strength > b->strength ? -1 : 1;
    if (a->songs != b->songs)
        return a->songs > b->songs ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

/* Clean, and cut at a character's boundary where it is too long. */
static char *clean_word(const char *word)
{
    char *clean = mm_text_clean_utf8(word, strlen(word));
    if (!clean || strlen(clean) <= MOST_BYTES)
        return clean;
    size_t end = MOST_BYTES - 3;
    while (end > 0 && ((unsigned char)clean[end] & 0xC0) == 0x80)
        end--;
    memcpy(clean + end, "\xE2\x80\xA6", 4); /* an ellipsis */
    return clean;
}

static void free_spellings(struct spelling *spellings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(spellings[i].clean);
        free(spellings[i].folded);
    }
    free(spellings);
}

/* tokens: sorted. Lists the different spellings; number_of[token] = its spelling. */
static int list_spellings(const struct mm_word_token *tokens, size_t n, struct spelling **out,
                          size_t *n_out, uint32_t *number_of)
{
    size_t capacity = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(tokens[i].word, tokens[i - 1].word) == 0) {
            (*out)[*n_out - 1].count++;
        } else {
            if (mm_array_reserve(out, &capacity, *n_out + 1) < 0)
                return MM_ERR_NO_MEMORY;
            struct spelling *s = &(*out)[*n_out];
            *s = (struct spelling){.count = 1, .number = *n_out};
            ++*n_out;
            s->clean = clean_word(tokens[i].word);
            s->folded = s->clean ? mm_text_fold(s->clean) : NULL;
            if (!s->folded)
                return MM_ERR_NO_MEMORY;
        }
        number_of[i] = (uint32_t)(*n_out - 1);
    }
    return 0;
}

/* Spellings become words: those that fold to the same are one, shown as the most frequent. */
static int list_words(struct spelling *spellings, size_t n, struct mm_words *out, uint32_t *word_of)
{
    out->word = mm_calloc3(n, 1, sizeof *out->word);
    if (!out->word)
        return MM_ERR_NO_MEMORY;
    if (n > 1)
        qsort(spellings, n, sizeof *spellings, compare_spellings);
    for (size_t i = 0; i < n; i++) {
        word_of[spellings[i].number] = UINT32_MAX;
        if (!*spellings[i].folded)
            continue; /* only white space */
        if (i == 0 || strcmp(spellings[i].folded, spellings[i - 1].folded) != 0) {
            out->word[out->n_words++] = spellings[i].clean;
            spellings[i].clean = NULL;
        }
        word_of[spellings[i].number] = (uint32_t)(out->n_words - 1);
    }
    return 0;
}

static int count_uses(struct count_key *keys, size_t n, struct mm_words *out)
{
    size_t capacity = 0;
    if (n > 1)
        qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++) {
        const struct count_key *k = &keys[i];
        bool same = i > 0 && k->cluster == keys[i - 1].cluster && k->word == keys[i - 1].word;
        if (same && k->song == keys[i - 1].song)
            continue; /* said twice of one song */
        if (same) {
            out->uses[out->n_uses - 1].songs++;
            continue;
        }
        if (mm_array_reserve(&out->uses, &capacity, out->n_uses + 1) < 0)
            return MM_ERR_NO_MEMORY;
        out->uses[out->n_uses++] =
            (struct mm_word_use){.cluster = k->cluster, .word = k->word, .songs = 1};
    }
    return 0;
}

/*
 * alpha_w = prior * (f_w + 1/2) / (F + (W + 1)/2): the word's share of all, with half a count for
 * words never seen, so that nothing is divided by 0 when all songs have the same word.
 */
static int measure_strength(struct mm_words *words, size_t n_clusters)
{
    double *total = mm_calloc3(words->n_words, 1, sizeof *total);
    double *in_cluster = mm_calloc3(n_clusters, 1, sizeof *in_cluster);
    if (!total || !in_cluster) {
        free(total);
        free(in_cluster);
        return MM_ERR_NO_MEMORY;
    }
    double all = 0;
    for (size_t i = 0; i < words->n_uses; i++) {
        const struct mm_word_use *u = &words->uses[i];
        total[u->word] += u->songs;
        in_cluster[u->cluster] += u->songs;
        all += u->songs;
    }
    /* The prior weighs as much as a cluster of middle size, but does not drown a small one. */
    double prior = fmin(fmax(all / (double)n_clusters, 1), 50);
    for (size_t i = 0; i < words->n_uses; i++) {
        struct mm_word_use *u = &words->uses[i];
        double alpha = prior * (total[u->word] + 0.5) / (all + 0.5 * ((double)words->n_words + 1));
        double here = u->songs + alpha;
        double there = total[u->word] - u->songs + alpha;
        double odds_here = here / (in_cluster[u->cluster] + prior - here);
        double odds_there = there / (all - in_cluster[u->cluster] + prior - there);
        u->strength = log(odds_here / odds_there) / sqrt(1 / here + 1 / there);
    }
    free(total);
    free(in_cluster);
    return 0;
}

static int index_clusters(struct mm_words *words, size_t n_clusters)
{
    if (words->n_uses > 1)
        qsort(words->uses, words->n_uses, sizeof *words->uses, compare_uses);
    words->first = mm_calloc3(n_clusters + 1, 1, sizeof *words->first);
    if (!words->first)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < words->n_uses; i++)
        words->first[words->uses[i].cluster + 1]++;
    for (size_t c = 0; c < n_clusters; c++)
        words->first[c + 1] += words->first[c];
    return 0;
}

int mm_words_measure(struct mm_word_token *tokens, size_t n_tokens, const uint32_t *cluster,
                     size_t n_clusters, struct mm_words *out, struct mm_error *err)
{
    *out = (struct mm_words){0};
    size_t n = 0;
    for (size_t i = 0; i < n_tokens; i++)
        if (tokens[i].word && *tokens[i].word)
            tokens[n++] = tokens[i];
    if (n > 1)
        qsort(tokens, n, sizeof *tokens, compare_tokens);
    struct spelling *spellings = NULL;
    size_t n_spellings = 0;
    int result = MM_ERR_NO_MEMORY;
    uint32_t *number_of = mm_calloc3(n, 1, sizeof *number_of);
    struct count_key *keys = mm_calloc3(n, 1, sizeof *keys);
    uint32_t *word_of = NULL;
    if (!number_of || !keys || list_spellings(tokens, n, &spellings, &n_spellings, number_of) < 0)
        goto out;
    word_of = mm_calloc3(n_spellings, 1, sizeof *word_of);
    if (!word_of || list_words(spellings, n_spellings, out, word_of) < 0)
        goto out;
    size_t n_keys = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t word = word_of[number_of[i]];
        if (word != UINT32_MAX)
            keys[n_keys++] = (struct count_key){cluster[tokens[i].song], word, tokens[i].song};
    }
    if (count_uses(keys, n_keys, out) < 0 || measure_strength(out, n_clusters) < 0 ||
        index_clusters(out, n_clusters) < 0)
        goto out;
    result = 0;

out:
    free(word_of);
    free(keys);
    free(number_of);
    free_spellings(spellings, n_spellings);
    if (result < 0) {
        mm_words_finish(out);
        return mm_no_memory(err);
    }
    return 0;
}

void mm_words_finish(struct mm_words *words)
{
    for (size_t i = 0; i < words->n_words; i++)
        free(words->word[i]);
    free(words->word);
    free(words->uses);
    free(words->first);
    *words = (struct mm_words){0};
}
