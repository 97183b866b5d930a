/* SPDX-License-Identifier: BSD-2-Clause */
#include "work/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/match.h"
#include "base/text.h"
#include "musicmap/source.h"

/* A row of a chained hash table. Keys are "i" + ISRC or "r" + recording key. */
struct row {
    char *key;
    int64_t song;
    double duration_s;
    uint32_t next; /* row + 1; 0 = the chain ends */
};

struct mm_known {
    struct row *rows;
    size_t n, capacity;
    uint32_t *heads; /* [n_heads] row + 1, a power of two */
    uint32_t *tails;
    size_t n_heads;
};

static uint64_t hash(const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

/* Rows keep their order within a chain, so that the first one added is the first one found. */
static void link_row(struct mm_known *known, uint32_t row)
{
    size_t slot = hash(known->rows[row].key) & (known->n_heads - 1);
    known->rows[row].next = 0;
    if (known->heads[slot])
        known->rows[known->tails[slot] - 1].next = row + 1;
    else
        known->heads[slot] = row + 1;
    known->tails[slot] = row + 1;
}

static int grow(struct mm_known *known)
{
    size_t wanted = known->n_heads ? 2 * known->n_heads : 1024;
    uint32_t *heads = calloc(wanted, sizeof *heads);
    uint32_t *tails = calloc(wanted, sizeof *tails);
    if (!heads || !tails) {
        free(heads);
        free(tails);
        return MM_ERR_NO_MEMORY;
    }
    free(known->heads);
    free(known->tails);
    known->heads = heads;
    known->tails = tails;
    known->n_heads = wanted;
    for (uint32_t i = 0; i < known->n; i++)
        link_row(known, i);
    return 0;
}

/* Takes key over, also when it fails. */
static int add_row(struct mm_known *known, char *key, int64_t song, double duration_s)
{
    if (!key)
        return MM_ERR_NO_MEMORY;
    if (known->n >= UINT32_MAX - 1 || (known->n >= known->n_heads && grow(known) < 0) ||
        mm_array_reserve(&known->rows, &known->capacity, known->n + 1) < 0) {
        free(key);
        return MM_ERR_NO_MEMORY;
    }
    known->rows[known->n] = (struct row){.key = key, .song = song, .duration_s = duration_s};
    link_row(known, (uint32_t)known->n++);
    return 0;
}

/* "" when the recording cannot be told by its names. */
static char *names_key(const struct mm_recording *recording)
{
    char *names = mm_match_recording(recording->artist, recording->title);
    char *key = names && *names ? mm_format("r%s", names) : names ? mm_strdup("") : NULL;
    free(names);
    return key;
}

int mm_known_add(struct mm_known *known, int64_t song, const struct mm_recording *recording,
                 struct mm_error *err)
{
    char isrc[13];
    int result = 0;
    if (mm_match_isrc(recording->isrc, isrc))
        result = add_row(known, mm_format("i%s", isrc), song, 0);
    char *key = names_key(recording);
    if (!key)
        result = MM_ERR_NO_MEMORY;
    if (result == 0 && *key)
        result = add_row(known, key, song, recording->duration_s);
    else
        free(key);
    return result < 0 ? mm_no_memory(err) : 0;
}

static const struct row *first(const struct mm_known *known, const char *key)
{
    uint32_t at = known->n_heads ? known->heads[hash(key) & (known->n_heads - 1)] : 0;
    while (at && strcmp(known->rows[at - 1].key, key) != 0)
        at = known->rows[at - 1].next;
    return at ? &known->rows[at - 1] : NULL;
}

static const struct row *next(const struct mm_known *known, const struct row *row)
{
    const char *key = row->key;
    uint32_t at = row->next;
    while (at && strcmp(known->rows[at - 1].key, key) != 0)
        at = known->rows[at - 1].next;
    return at ? &known->rows[at - 1] : NULL;
}

int mm_known_find(const struct mm_known *known, const struct mm_recording *recording, bool loose,
                  int64_t *song, struct mm_error *err)
{
    char isrc[13];
    *song = 0;
    if (mm_match_isrc(recording->isrc, isrc)) {
        char key[16] = "i";
        memcpy(key + 1, isrc, sizeof isrc);
        const struct row *row = first(known, key);
        if (row) {
            *song = row->song;
            return 0;
        }
    }
    char *key = names_key(recording);
    if (!key)
        return mm_no_memory(err);
    for (const struct row *r = *key ? first(known, key) : NULL; r && !*song; r = next(known, r)) {
        bool unknown = !(r->duration_s > 0) || !(recording->duration_s > 0);
        if (mm_match_duration(r->duration_s, recording->duration_s) || (loose && unknown))
            *song = r->song;
    }
    free(key);
    return 0;
}

/* Where the rows of song begin: they stand in order of songs. */
static size_t rows_of(const struct mm_known *known, int64_t song)
{
    size_t low = 0;
    size_t high = known->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known->rows[middle].song < song)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The earliest song that has a row like one of song's. */
static int64_t earlier(const struct mm_known *known, int64_t song)
{
    int64_t best = song;
    for (size_t i = rows_of(known, song); i < known->n && known->rows[i].song == song; i++) {
        const struct row *own = &known->rows[i];
        for (const struct row *r = first(known, own->key); r && r->song < best; r = next(known, r))
            if (own->key[0] == 'i' || mm_match_duration(own->duration_s, r->duration_s))
                best = r->song;
    }
    return best;
}

int mm_known_first(const struct mm_known *known, int64_t song, int64_t *out, struct mm_error *err)
{
    (void)err;
    /* A copy's copy is a copy, too. */
    for (int64_t at = song;; at = *out) {
        *out = earlier(known, at);
        if (*out == at)
            return 0;
    }
}

/* The recording's length where a service has told it: the song's own may be a preview's. */
struct lengths {
    struct length {
        int64_t song;
        double seconds;
    } * list;
    size_t n, capacity;
};

struct filling {
    struct mm_known *known;
    struct lengths lengths;
};

static int add_length(void *ctx, const struct mm_origin *origin, struct mm_error *err)
{
    struct lengths *lengths = &((struct filling *)ctx)->lengths;
    if (!(origin->duration_s > 0))
        return 0;
    if (mm_array_reserve(&lengths->list, &lengths->capacity, lengths->n + 1) < 0)
        return mm_no_memory(err);
    lengths->list[lengths->n++] = (struct length){origin->song, origin->duration_s};
    return 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = ((const struct length *)a)->song;
    int64_t y = ((const struct length *)b)->song;
    return (x > y) - (x < y);
}

static int add_song(void *ctx, const struct mm_song *song, struct mm_error *err)
{
    struct filling *filling = ctx;
    const struct lengths *lengths = &filling->lengths;
    const struct length wanted = {.song = song->id};
    const struct length *found =
        lengths->n && !mm_source_is_files(song->source)
            ? bsearch(&wanted, lengths->list, lengths->n, sizeof wanted, compare)
            : NULL;
    const struct mm_recording recording = {song->tags.isrc, song->tags.artist, song->tags.title,
                                           found ? found->seconds : song->duration_s};
    return mm_known_add(filling->known, song->id, &recording, err);
}

static int fill(struct mm_catalog *catalog, struct mm_known *known, struct mm_error *err)
{
    struct filling filling = {.known = known};
    int result = mm_catalog_each_origin(catalog, 0, add_length, &filling, err);
    if (filling.lengths.n)
        qsort(filling.lengths.list, filling.lengths.n, sizeof *filling.lengths.list, compare);
    if (result == 0)
        result = mm_catalog_each_song(catalog, MM_SONGS_ALL, NULL, add_song, &filling, err);
    free(filling.lengths.list);
    return result;
}

int mm_known_create(struct mm_catalog *catalog, struct mm_known **out, struct mm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return mm_no_memory(err);
    int result = catalog ? fill(catalog, *out, err) : 0;
    if (result < 0) {
        mm_known_destroy(*out);
        *out = NULL;
    }
    return result;
}

void mm_known_destroy(struct mm_known *known)
{
    if (!known)
        return;
    for (size_t i = 0; i < known->n; i++)
        free(known->rows[i].key);
    free(known->rows);
    free(known->heads);
    free(known->tails);
    free(known);
}
