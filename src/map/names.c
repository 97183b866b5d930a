/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - a name for each cluster.
 *
 * A cluster takes the word that sets it apart most. Where two want the same one, the cluster for
 * which it is stronger gets it; the other takes its next word if that one is nearly as telling,
 * else both together: "Jazz · Swing". Artists help out where genres do not.
 */
#include <math.h>
#include <stdbool.h>

#include "base/array.h"
#include "base/text.h"
#include "map/words.h"
#include "musicmap/map.h"

/* A word names a cluster when at least this share of its songs has it and it is stronger than
 * chance. */
#define LEAST_SHARE    0.15
#define LEAST_STRENGTH 0.5
/* What a second word must have to stand in for the first. */
#define NEARLY_STRENGTH 0.5
#define NEARLY_SHARE    0.34
#define MOST_WORDS      ((size_t)12) /* of a cluster that are considered */

struct namer {
    const struct mm_words *genres;
    const struct mm_words *artists;
    size_t n_clusters;
    size_t *size;   /* [n_clusters] songs */
    char **names;   /* [n_clusters] */
    char **taken;   /* [slots] hash table of the names given away, folded */
    size_t slots;   /* a power of two, more than twice n_clusters */
    size_t *number; /* [words of genres + words of artists + 1] the last number put behind a word */
};

/* The cluster's uses that can be names, strongest first: only[MOST_WORDS]. */
static size_t good_uses(const struct namer *n, const struct mm_words *words, size_t cluster,
                        const struct mm_word_use **only)
{
    size_t count = 0;
    for (size_t i = words->first[cluster]; i < words->first[cluster + 1]; i++) {
        const struct mm_word_use *u = &words->uses[i];
        if (u->strength >= LEAST_STRENGTH &&
            (double)u->songs >= LEAST_SHARE * (double)n->size[cluster] && count < MOST_WORDS)
            only[count++] = u;
    }
    return count;
}

/* The word that most songs of the cluster have, telling or not; NULL: none has any. */
static const struct mm_word_use *frequent_use(const struct mm_words *words, size_t cluster)
{
    const struct mm_word_use *best = NULL;
    for (size_t i = words->first[cluster]; i < words->first[cluster + 1]; i++)
        if (!best || words->uses[i].songs > best->songs)
            best = &words->uses[i];
    return best;
}

/* Where the folded name is in the table, or the free slot where it belongs (FNV-1a). */
static char **find_taken(const struct namer *n, const char *folded)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (const char *c = folded; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
    for (;; hash++) {
        char **slot = &n->taken[(hash ^ hash >> 32) & (n->slots - 1)];
        if (!*slot || strcmp(*slot, folded) == 0)
            return slot;
    }
}

/* Takes the name for the cluster unless another has it. 1: taken, 0: not free, < 0: error.
 * name is freed or kept; NULL stands for "out of memory". */
static int take(struct namer *n, size_t cluster, char *name)
{
    char *folded = name ? mm_text_fold(name) : NULL;
    if (!folded) {
        free(name);
        return MM_ERR_NO_MEMORY;
    }
    char **slot = find_taken(n, folded);
    if (*slot) {
        free(folded);
        free(name);
        return 0;
    }
    *slot = folded;
    n->names[cluster] = name;
    return 1;
}

static int take_pair(struct namer *n, size_t cluster, const char *first, const char *second)
{
    return take(n, cluster, mm_format("%s \xC2\xB7 %s", first, second));
}

/* The word, or the next that is nearly as telling, or the word with another. */
static int take_words(struct namer *n, size_t cluster, const struct mm_words *words)
{
    const struct mm_word_use *uses[MOST_WORDS];
    size_t count = good_uses(n, words, cluster, uses);
    if (count == 0)
        return 0;
    const char *first = words->word[uses[0]->word];
    int taken = take(n, cluster, mm_strdup(first));
    for (size_t i = 1; i < count && taken == 0; i++)
        if (uses[i]->strength >= NEARLY_STRENGTH * uses[0]->strength &&
            (double)uses[i]->songs >= NEARLY_SHARE * (double)n->size[cluster])
            taken = take(n, cluster, mm_strdup(words->word[uses[i]->word]));
    for (size_t i = 1; i < count && taken == 0; i++)
        taken = take_pair(n, cluster, first, words->word[uses[i]->word]);
    return taken;
}

/* A genre that is taken already, with an artist: "Jazz · Ella Fitzgerald". */
static int take_with_artist(struct namer *n, size_t cluster, const char *genre)
{
    int taken = 0;
    for (size_t i = n->artists->first[cluster];
         i < n->artists->first[cluster + 1] && i < n->artists->first[cluster] + MOST_WORDS &&
         taken == 0;
         i++)
        taken = take_pair(n, cluster, genre, n->artists->word[n->artists->uses[i].word]);
    return taken;
}

/* "Rock 2"; word: its place in number[]. */
static int take_number(struct namer *n, size_t cluster, const char *text, size_t word)
{
    int taken = 0;
    if (n->number[word] == 0)
        n->number[word] = 1;
    while (taken == 0)
        taken = take(n, cluster, mm_format("%s %zu", text, ++n->number[word]));
    return taken;
}

/* Nothing sets the cluster apart: what most of its songs have, if anything. */
static int take_any(struct namer *n, size_t cluster)
{
    const struct mm_word_use *use = frequent_use(n->genres, cluster);
    const char *text = use ? n->genres->word[use->word] : NULL;
    size_t word = use ? use->word : 0;
    if (!use) {
        use = frequent_use(n->artists, cluster);
        text = use ? n->artists->word[use->word] : NULL;
        word = n->genres->n_words + (use ? use->word : n->artists->n_words);
    }
    int taken = take(n, cluster, text ? mm_strdup(text) : mm_format("Region %zu", cluster + 1));
    if (taken == 0 && text && word < n->genres->n_words)
        taken = take_with_artist(n, cluster, text);
    return taken ? taken : take_number(n, cluster, text ? text : "Region", word);
}

static int name_cluster(struct namer *n, size_t cluster)
{
    const struct mm_word_use *uses[MOST_WORDS];
    int taken = take_words(n, cluster, n->genres);
    if (taken != 0)
        return taken;
    if (good_uses(n, n->genres, cluster, uses) > 0) {
        const char *genre = n->genres->word[uses[0]->word];
        taken = take_with_artist(n, cluster, genre);
        return taken ? taken : take_number(n, cluster, genre, uses[0]->word);
    }
    taken = take_words(n, cluster, n->artists);
    return taken ? taken : take_any(n, cluster);
}

struct turn {
    double strength; /* of the cluster's best word */
    uint32_t cluster;
};

static int compare_turns(const void *one, const void *two)
{
    const struct turn *a = one;
    const struct turn *b = two;
    if (a->strength != b->strength)
        return a->strength > b->strength ? -1 : 1;
    return (a->cluster > b->cluster) - (a->cluster < b->cluster);
}

/* The strongest claim first. */
static int name_all(struct namer *n)
{
    struct turn *turns = mm_calloc3(n->n_clusters, 1, sizeof *turns);
    if (!turns)
        return MM_ERR_NO_MEMORY;
    for (size_t c = 0; c < n->n_clusters; c++) {
        const struct mm_word_use *uses[MOST_WORDS];
        turns[c] = (struct turn){-INFINITY, (uint32_t)c};
        if (good_uses(n, n->genres, c, uses) > 0)
            turns[c].strength = uses[0]->strength;
    }
    qsort(turns, n->n_clusters, sizeof *turns, compare_turns);
    int result = 0;
    for (size_t c = 0; c < n->n_clusters && result == 0; c++)
        result = name_cluster(n, turns[c].cluster) < 0 ? MM_ERR_NO_MEMORY : 0;
    free(turns);
    return result;
}

static int measure_genres(const char *const *const *labels, const size_t *n_labels,
                          const uint32_t *cluster, size_t n, size_t n_clusters,
                          struct mm_words *out, struct mm_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += n_labels[i];
    struct mm_word_token *tokens = mm_calloc3(count, 1, sizeof *tokens);
    if (!tokens)
        return mm_no_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_labels[i]; k++)
            tokens[at++] = (struct mm_word_token){labels[i][k], (uint32_t)i};
    int result = mm_words_measure(tokens, count, cluster, n_clusters, out, err);
    free(tokens);
    return result;
}

static int measure_artists(const char *const *fallback, const uint32_t *cluster, size_t n,
                           size_t n_clusters, struct mm_words *out, struct mm_error *err)
{
    struct mm_word_token *tokens = mm_calloc3(n, 1, sizeof *tokens);
    if (!tokens)
        return mm_no_memory(err);
    for (size_t i = 0; i < n; i++)
        tokens[i] = (struct mm_word_token){fallback ? fallback[i] : NULL, (uint32_t)i};
    int result = mm_words_measure(tokens, n, cluster, n_clusters, out, err);
    free(tokens);
    return result;
}

int mm_names_choose(const char *const *const *labels, const size_t *n_labels,
                    const char *const *fallback, const uint32_t *cluster, size_t n,
                    size_t n_clusters, char ***out, struct mm_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < n; i++)
        if (cluster[i] >= n_clusters)
            return mm_error_set(err, MM_ERR_USAGE, "song %zu is in no cluster", i);
    struct mm_words genres = {0};
    struct mm_words artists = {0};
    struct namer namer = {.genres = &genres, .artists = &artists, .n_clusters = n_clusters};
    int result = measure_genres(labels, n_labels, cluster, n, n_clusters, &genres, err);
    if (result == 0)
        result = measure_artists(fallback, cluster, n, n_clusters, &artists, err);
    if (result != 0)
        goto out;
    namer.size = mm_calloc3(n_clusters, 1, sizeof *namer.size);
    namer.names = mm_calloc3(n_clusters, 1, sizeof *namer.names);
    for (namer.slots = 16; namer.slots <= 2 * n_clusters;)
        namer.slots *= 2;
    namer.taken = mm_calloc3(namer.slots, 1, sizeof *namer.taken);
    namer.number = mm_calloc3(genres.n_words + artists.n_words + 1, 1, sizeof *namer.number);
    if (!namer.size || !namer.names || !namer.taken || !namer.number) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        namer.size[cluster[i]]++;
    if (name_all(&namer) < 0)
        result = mm_no_memory(err);

out:
    for (size_t i = 0; namer.taken && i < namer.slots; i++)
        free(namer.taken[i]);
    free(namer.taken);
    free(namer.number);
    free(namer.size);
    if (result < 0)
        mm_names_destroy(namer.names, n_clusters);
    else
        *out = namer.names;
    mm_words_finish(&artists);
    mm_words_finish(&genres);
    return result;
}

void mm_names_destroy(char **names, size_t n_clusters)
{
    for (size_t i = 0; names && i < n_clusters; i++)
        free(names[i]);
    free(names);
}
