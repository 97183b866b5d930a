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
    size_t *size;  /* [n_clusters] songs */
    char **names;  /* [n_clusters] */
    char **folded; /* [n_taken] names given away, for comparing */
    size_t n_taken;
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
static const char *frequent_word(const struct mm_words *words, size_t cluster)
{
    const struct mm_word_use *best = NULL;
    for (size_t i = words->first[cluster]; i < words->first[cluster + 1]; i++)
        if (!best || words->uses[i].songs > best->songs)
            best = &words->uses[i];
    return best ? words->word[best->word] : NULL;
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
    for (size_t i = 0; i < n->n_taken; i++)
        if (strcmp(n->folded[i], folded) == 0) {
            free(folded);
            free(name);
            return 0;
        }
    n->folded[n->n_taken++] = folded;
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

static int take_number(struct namer *n, size_t cluster, const char *word)
{
    int taken = 0;
    for (size_t i = 2; taken == 0; i++)
        taken = take(n, cluster, mm_format("%s %zu", word, i));
    return taken;
}

static int name_cluster(struct namer *n, size_t cluster)
{
    const struct mm_word_use *uses[MOST_WORDS];
    const char *genre = NULL;
    int taken = take_words(n, cluster, n->genres);
    if (taken == 0 && good_uses(n, n->genres, cluster, uses) > 0) {
        genre = n->genres->word[uses[0]->word];
        taken = take_with_artist(n, cluster, genre);
    }
    if (taken == 0 && !genre)
        taken = take_words(n, cluster, n->artists);
    if (taken == 0 && !genre) { /* nothing telling: what is there */
        genre = frequent_word(n->genres, cluster);
        if (genre)
            taken = take(n, cluster, mm_strdup(genre));
        if (taken == 0 && genre)
            taken = take_with_artist(n, cluster, genre);
    }
    if (taken == 0 && !genre) {
        genre = frequent_word(n->artists, cluster);
        if (genre)
            taken = take(n, cluster, mm_strdup(genre));
    }
    if (taken == 0 && !genre) {
        genre = "Region";
        taken = take(n, cluster, mm_format("Region %zu", cluster + 1));
    }
    if (taken == 0)
        taken = take_number(n, cluster, genre);
    return taken < 0 ? taken : 0;
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
        result = name_cluster(n, turns[c].cluster);
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
    if (result < 0)
        goto out;
    namer.size = mm_calloc3(n_clusters, 1, sizeof *namer.size);
    namer.names = mm_calloc3(n_clusters, 1, sizeof *namer.names);
    namer.folded = mm_calloc3(n_clusters, 1, sizeof *namer.folded);
    if (!namer.size || !namer.names || !namer.folded) {
        result = mm_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        namer.size[cluster[i]]++;
    if (name_all(&namer) < 0)
        result = mm_no_memory(err);

out:
    for (size_t i = 0; i < namer.n_taken; i++)
        free(namer.folded[i]);
    free(namer.folded);
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
