/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - a name for each cluster, and for each region of clusters.
 *
 * A cluster takes the word that sets it apart most. Where two want the same one, the cluster for
 * which it is stronger gets it; the other takes its next word, or, where all of its words are
 * taken, two together: "Rock · Blues". Artists help out where genres do not.
 *
 * Regions come first: they take the broad words, which many of their songs have in several of their
 * clusters, and leave the narrow ones to the clusters. A region without such a word is called after
 * its two largest clusters: "Tango & Salsa".
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
/* What another word than the strongest must have to stand alone. */
#define ALONE_SHARE 0.34
/* What a region's word must have. */
#define REGION_SHARE    0.3
#define REGION_CLUSTERS 2
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

/* Takes the name unless another has it. 1: taken, 0: not free, < 0: error. name is freed or kept in
 * *out; NULL stands for "out of memory". */
static int take(struct namer *n, char **out, char *name)
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
    *out = name;
    return 1;
}

/* Does one of them say all that the other says ("Jazz", "Gypsy Jazz")? */
static bool redundant(const char *one, const char *two)
{
    return strcasestr(one, two) != NULL || strcasestr(two, one) != NULL;
}

static int take_pair(struct namer *n, size_t cluster, const char *first, const char *second)
{
    if (redundant(first, second))
        return 0;
    return take(n, &n->names[cluster], mm_format("%s \xC2\xB7 %s", first, second));
}

/* The strongest word, or another that many of the songs have; else two together. */
static int take_words(struct namer *n, size_t cluster, const struct mm_words *words)
{
    const struct mm_word_use *uses[MOST_WORDS];
    size_t count = good_uses(n, words, cluster, uses);
    int taken = 0;
    for (size_t i = 0; i < count && taken == 0; i++)
        if (i == 0 || (double)uses[i]->songs >= ALONE_SHARE * (double)n->size[cluster])
            taken = take(n, &n->names[cluster], mm_strdup(words->word[uses[i]->word]));
    for (size_t i = 1; i < count && taken == 0; i++)
        taken = take_pair(n, cluster, words->word[uses[0]->word], words->word[uses[i]->word]);
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
        taken = take(n, &n->names[cluster], mm_format("%s %zu", text, ++n->number[word]));
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
    int taken =
        take(n, &n->names[cluster], text ? mm_strdup(text) : mm_format("Country %zu", cluster + 1));
    if (taken == 0 && text && word < n->genres->n_words)
        taken = take_with_artist(n, cluster, text);
    return taken ? taken : take_number(n, cluster, text ? text : "Country", word);
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

static int measure_genres(const struct mm_naming *in, const uint32_t *cluster, size_t n_clusters,
                          struct mm_words *out, struct mm_error *err)
{
    size_t n = in->n;
    const char *const *const *labels = in->labels;
    const size_t *n_labels = in->n_labels;
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

/* ---- regions ---- */

struct regions {
    const uint32_t *of; /* [n_clusters] */
    size_t n;
    uint32_t *cluster; /* [songs] region of each song */
    size_t *size;      /* [n] songs */
    char **names;      /* [n] */
};

/* A word's songs in all of the library, and how many clusters of the region have some. */
static void measure_breadth(const struct namer *n, const struct regions *r, size_t region,
                            uint32_t word, size_t *songs, size_t *clusters)
{
    *songs = *clusters = 0;
    for (size_t i = 0; i < n->genres->n_uses; i++) {
        const struct mm_word_use *u = &n->genres->uses[i];
        *songs += u->word == word ? u->songs : 0;
        *clusters += u->word == word && r->of[u->cluster] == region;
    }
}

struct broad_word {
    uint32_t word;
    size_t songs;
};

/* The region's words that several of its clusters share, the most common of all first. uses: by
 * region, but of words numbered as in genres, since both are of the same labels. */
static size_t broad_words(const struct namer *n, const struct regions *r,
                          const struct mm_words *words, size_t region, struct broad_word *out)
{
    size_t count = 0;
    for (size_t i = words->first[region]; i < words->first[region + 1] && count < MOST_WORDS; i++) {
        const struct mm_word_use *u = &words->uses[i];
        size_t songs;
        size_t clusters;
        if (u->strength < LEAST_STRENGTH ||
            (double)u->songs < REGION_SHARE * (double)r->size[region])
            continue;
        measure_breadth(n, r, region, u->word, &songs, &clusters);
        if (clusters < REGION_CLUSTERS)
            continue;
        size_t at = count++;
        for (; at > 0 && out[at - 1].songs < songs; at--)
            out[at] = out[at - 1];
        out[at] = (struct broad_word){u->word, songs};
    }
    return count;
}

static int name_by_words(struct namer *n, struct regions *r, const struct mm_words *words)
{
    for (size_t region = 0; region < r->n; region++) {
        struct broad_word broad[MOST_WORDS];
        size_t count = broad_words(n, r, words, region, broad);
        int taken = 0;
        for (size_t i = 0; i < count && taken == 0; i++)
            taken = take(n, &r->names[region], mm_strdup(words->word[broad[i].word]));
        if (taken < 0)
            return taken;
    }
    return 0;
}

/* Clusters come in order of falling size. */
static int name_by_clusters(struct namer *n, struct regions *r)
{
    for (size_t region = 0; region < r->n; region++) {
        const char *largest[2] = {NULL, NULL};
        size_t count = 0;
        for (size_t c = 0; c < n->n_clusters && count < 2 && !r->names[region]; c++)
            if (r->of[c] == region)
                largest[count++] = n->names[c];
        if (r->names[region])
            continue;
        int taken = 0;
        if (count == 2)
            taken = take(n, &r->names[region], mm_format("%s & %s", largest[0], largest[1]));
        for (size_t number = region + 1; taken == 0; number++)
            taken = take(n, &r->names[region], mm_format("Region %zu", number));
        if (taken < 0)
            return taken;
    }
    return 0;
}

static int regions_init(struct regions *r, const uint32_t *cluster, size_t n)
{
    r->cluster = mm_calloc3(n, 1, sizeof *r->cluster);
    r->size = mm_calloc3(r->n, 1, sizeof *r->size);
    r->names = mm_calloc3(r->n, 1, sizeof *r->names);
    if (!r->cluster || !r->size || !r->names)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        r->cluster[i] = r->of[cluster[i]];
        r->size[r->cluster[i]]++;
    }
    return 0;
}

/* ---- both ---- */

static int namer_init(struct namer *n, const uint32_t *cluster, size_t songs, size_t n_regions)
{
    size_t names = n->n_clusters + n_regions;
    n->size = mm_calloc3(n->n_clusters, 1, sizeof *n->size);
    n->names = mm_calloc3(n->n_clusters, 1, sizeof *n->names);
    for (n->slots = 16; n->slots <= 2 * names;)
        n->slots *= 2;
    n->taken = mm_calloc3(n->slots, 1, sizeof *n->taken);
    n->number = mm_calloc3(n->genres->n_words + n->artists->n_words + 1, 1, sizeof *n->number);
    if (!n->size || !n->names || !n->taken || !n->number)
        return MM_ERR_NO_MEMORY;
    for (size_t i = 0; i < songs; i++)
        n->size[cluster[i]]++;
    return 0;
}

static void namer_finish(struct namer *n)
{
    for (size_t i = 0; n->taken && i < n->slots; i++)
        free(n->taken[i]);
    free(n->taken);
    free(n->number);
    free(n->size);
}

static int check_groups(const struct mm_naming *in, struct mm_error *err)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->cluster[i] >= in->n_clusters)
            return mm_error_set(err, MM_ERR_USAGE, "song %zu is in no cluster", i);
    for (size_t c = 0; c < in->n_clusters && in->n_regions > 0; c++)
        if (in->region[c] >= in->n_regions)
            return mm_error_set(err, MM_ERR_USAGE, "cluster %zu is in no region", c);
    return 0;
}

int mm_names_choose(const struct mm_naming *in, char ***out, char ***out_regions,
                    struct mm_error *err)
{
    *out = NULL;
    *out_regions = NULL;
    int result = check_groups(in, err);
    if (result < 0)
        return result;
    struct mm_words genres = {0};
    struct mm_words artists = {0};
    struct mm_words broad = {0};
    struct regions regions = {.of = in->region, .n = in->n_regions};
    struct namer namer = {.genres = &genres, .artists = &artists, .n_clusters = in->n_clusters};
    result = measure_genres(in, in->cluster, in->n_clusters, &genres, err);
    if (result == 0)
        result = measure_artists(in->fallback, in->cluster, in->n, in->n_clusters, &artists, err);
    if (result < 0)
        goto out;
    result = mm_no_memory(err);
    if (namer_init(&namer, in->cluster, in->n, in->n_regions) < 0)
        goto out;
    if (in->n_regions > 0 && (regions_init(&regions, in->cluster, in->n) < 0 ||
                              measure_genres(in, regions.cluster, in->n_regions, &broad, err) < 0 ||
                              name_by_words(&namer, &regions, &broad) < 0))
        goto out;
    if (name_all(&namer) < 0 || name_by_clusters(&namer, &regions) < 0)
        goto out;
    result = 0;

out:
    namer_finish(&namer);
    free(regions.cluster);
    free(regions.size);
    if (result < 0) {
        mm_names_destroy(namer.names, in->n_clusters);
        mm_names_destroy(regions.names, in->n_regions);
    } else {
        *out = namer.names;
        *out_regions = regions.names;
    }
    mm_words_finish(&broad);
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
